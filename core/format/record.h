#ifndef TIJORI_CORE_FORMAT_RECORD_H
#define TIJORI_CORE_FORMAT_RECORD_H

/* The record: 112 bytes that change the ledger's state. The layouts of its kinds are docs/FORMAT.md
 * section 3. record_tables.h writes them once. Decoding, encoding, the check of reserved bytes and
 * the names in input and output are all driven by them. So are the accessors below, which read a
 * field straight from a record's bytes.
 *
 * Pure functions of their arguments: any thread may call them. */

#include "core/base/amount.h"
#include "core/base/cursor.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/format/record_tables.h"
#include "crypto/hash.h"

#define TJ_ENUMERATOR(constant, number, ...) constant = number,
#define TJ_PLACE(constant, number, ...)      constant##_PLACE = number,

enum tj_kind { TJ_KINDS(TJ_ENUMERATOR) };
enum tj_detail_kind { TJ_DETAIL_KINDS(TJ_ENUMERATOR) };
enum tj_reserved_kind { TJ_RESERVED_KINDS(TJ_ENUMERATOR) };
/* One past the last of each. It is not among the kinds, so that a switch over kinds has no case for
 * it. */
enum { TJ_MOVEMENTS(TJ_PLACE) TJ_MOVEMENT_END };
enum { TJ_DIRECTIVES(TJ_PLACE) TJ_KIND_END };

enum tj_purpose { TJ_PURPOSES(TJ_ENUMERATOR) TJ_PURPOSE_END };
enum tj_class { TJ_CLASSES(TJ_ENUMERATOR) TJ_CLASS_END };
enum tj_party_type { TJ_PARTY_TYPES(TJ_ENUMERATOR) TJ_PARTY_TYPE_END };
enum tj_role { TJ_ROLES(TJ_ENUMERATOR) TJ_ROLE_END };
enum tj_domain { TJ_DOMAINS(TJ_ENUMERATOR) TJ_DOMAIN_END };
enum tj_direction { TJ_DIRECTIONS(TJ_ENUMERATOR) TJ_DIRECTION_END };
enum tj_limit_type { TJ_LIMIT_TYPES(TJ_ENUMERATOR) TJ_LIMIT_END };
enum tj_programme_type { TJ_PROGRAMME_TYPES(TJ_ENUMERATOR) TJ_PROGRAMME_END };
enum tj_mode { TJ_MODES(TJ_ENUMERATOR) TJ_MODE_END };
enum tj_figure { TJ_FIGURES(TJ_ENUMERATOR) TJ_FIGURE_END };
enum tj_network { TJ_NETWORKS(TJ_ENUMERATOR) TJ_NETWORK_END };
enum tj_encumbrance { TJ_ENCUMBRANCES(TJ_ENUMERATOR) TJ_ENCUMBRANCE_END };

/* Masks, by 1 << number. */
enum {
    TJ_CLASSES_ALL = (1 << TJ_CLASS_END) - 2,
    TJ_GROUPS_ALL = (2 << TJ_GROUP_MAX) - 2, /* group 0 says "none" */
    /* The purposes that a limit may name, and those that a programme may. Neither names correction:
     * a correction has the purpose of what it corrects. A programme names nothing that stays within
     * the reserve. */
    TJ_PURPOSES_LIMITED = (1 << TJ_PURPOSE_END) - 2 - (1 << TJ_CORRECTION),
    TJ_PURPOSES_COUNTED = TJ_PURPOSES_LIMITED - (1 << TJ_INTERNAL_TRANSFER),
    TJ_FIGURES_OF_PURPOSE = 1 << TJ_FIGURE_INFLOW | 1 << TJ_FIGURE_OUTFLOW,
    TJ_FIGURES_OF_PARTY = 1 << TJ_FIGURE_CUSTOMERS | 1 << TJ_FIGURE_ATTESTED,
    TJ_FIGURES_OF_RULE =
        1 << TJ_FIGURE_COUNTED | 1 << TJ_FIGURE_UNCLASSIFIED | 1 << TJ_FIGURE_BREACHES,
};
static_assert(TJ_PURPOSE_END <= 16 && TJ_CLASS_END <= 16, "masks have 16 bits");

static inline bool tj_in_mask(uint32_t mask, uint8_t number)
{
    return number < 32 && (mask >> number & 1) != 0;
}

/* A flag of add_key: several persons share the key and sign as one (MuSig2, FROST). It still counts
 * as the one key that it is. */
enum { TJ_KEY_AGGREGATE = 1 };

/* The versions of the rules that this program knows. Every released number stays. */
enum { TJ_RULES_FIRST = 1, TJ_RULES_LAST = 1 };

/* ---- kinds ---- */

/* What record_tables.h says of a kind beside its name. */
enum { TJ_NAMES = 1, TJ_POSTS = 2, TJ_FOUNDS = 4 };

static inline uint8_t tj_record_kind(const uint8_t *record)
{
    return record[0];
}

static inline bool tj_kind_is_movement(uint8_t kind)
{
    return kind >= TJ_MOVE && kind < TJ_MOVEMENT_END;
}

#define TJ_IF_NAMES(kind, number, name, says) | ((says)&TJ_NAMES ? 1 << number : 0)
#define TJ_IF_POSTS(kind, number, name, says) | ((says)&TJ_POSTS ? 1 << number : 0)
enum {
    TJ_KINDS_NAMING = 0 TJ_MOVEMENTS(TJ_IF_NAMES),
    TJ_KINDS_POSTING = 0 TJ_MOVEMENTS(TJ_IF_POSTS),
};

/* Belongs to the record before it: core/format/detail.h. */
static inline bool tj_kind_is_detail(uint8_t kind)
{
    return kind == TJ_DETAIL;
}

/* A movement that names an earlier record: post, void, correct, approve. */
static inline bool tj_kind_names(uint8_t kind)
{
    return tj_in_mask(TJ_KINDS_NAMING, kind);
}

/* A movement that reaches the balances: move, post, correct. */
static inline bool tj_kind_posts(uint8_t kind)
{
    return tj_in_mask(TJ_KINDS_POSTING, kind);
}

/* ---- accounts and record ids as numbers ---- */

static inline uint64_t tj_account_id(uint32_t party, uint32_t local)
{
    return (uint64_t)party << 32 | local;
}

static inline uint32_t tj_account_party(uint64_t account)
{
    return (uint32_t)(account >> 32);
}

static inline uint32_t tj_account_local(uint64_t account)
{
    return (uint32_t)account;
}

/* A holder is one account, or all accounts of a party. The latter is written with this local
 * number. */
#define TJ_LOCAL_ALL UINT32_MAX

static inline bool tj_holder_is_party(uint64_t holder)
{
    return tj_account_local(holder) == TJ_LOCAL_ALL;
}

/* A restricted account: its bytes alone say so. They have numbers of their own, from this one on.
 */
#define TJ_LOCAL_RESTRICTED (UINT32_C(1) << 31)

static inline bool tj_account_restricted(uint64_t account)
{
    return tj_account_local(account) >= TJ_LOCAL_RESTRICTED && !tj_holder_is_party(account);
}

/* Its number among those of its party that are restricted, or among those that are not. */
static inline uint32_t tj_account_number(uint64_t account)
{
    return tj_account_local(account) & ~TJ_LOCAL_RESTRICTED;
}

/* As people write it: party:local, and of a restricted account party:rN. Of a holder that is all of
 * a party, party:*. */
#define TJ_ACCOUNT_TEXT_SIZE 24u
void tj_account_format(char out[TJ_ACCOUNT_TEXT_SIZE], uint64_t account);

static inline uint64_t tj_record_id(uint64_t entry, uint32_t position)
{
    return entry << TJ_POSITION_BITS | position;
}

static inline uint64_t tj_record_entry(uint64_t id)
{
    return id >> TJ_POSITION_BITS;
}

static inline uint32_t tj_record_position(uint64_t id)
{
    return (uint32_t)(id & ((1u << TJ_POSITION_BITS) - 1));
}

/* ---- any record, decoded ---- */

/* The fields of all kinds together. Those that a kind does not have are zero. */
struct tj_record {
    uint8_t kind;
    uint8_t flags;
    uint8_t opening; /* 1: of a move or a correct */
    uint8_t purpose;
    uint8_t network;
    uint8_t type;
    uint8_t algorithm;
    uint8_t role;
    uint8_t domain;
    uint8_t threshold;
    uint8_t decimals;
    uint8_t class;
    uint8_t directions;
    uint8_t group;
    uint8_t approvals;
    uint8_t mode;
    uint8_t figure;
    uint8_t details; /* how many follow a movement */
    uint16_t classes;
    uint16_t purposes;
    uint16_t notice_days; /* 0: none; of a rule */
    uint16_t wait_days;   /* 0: none */
    uint32_t named_party; /* 0: none */
    uint16_t groups;
    uint32_t party;
    uint32_t ordinal;
    uint32_t asset;
    uint32_t number;
    uint32_t rules;
    uint32_t lifetime_max_s;
    uint32_t checkpoint_delay_max_s;
    uint32_t value_date;
    uint32_t timeout_s;
    uint32_t rule;
    uint32_t delay_s;
    uint32_t window_s;
    uint32_t starts;
    uint32_t ends;
    uint32_t power_mw;
    uint32_t period_from;
    uint32_t as_of;
    uint64_t from;
    uint64_t to;
    uint64_t amount;
    uint64_t refers_to;
    uint64_t account;
    uint64_t holder;
    uint64_t counterparty;
    uint64_t above;
    uint64_t amount_day;
    uint64_t amount_max;
    union {
        uint64_t size;           /* predecessor */
        uint64_t last_good_size; /* retire_log_key */
    };
    uint64_t entry;
    char name[TJ_NAME_SIZE + 1]; /* texts are NUL-terminated here */
    char label[TJ_LABEL_SIZE + 1];
    char code[TJ_ASSET_CODE_SIZE + 1];
    char reference[TJ_REFERENCE_SIZE + 1];
    uint8_t key[TJ_SLOT_KEY_MAX]; /* unused bytes zero */
    struct tj_hash hash;          /* movements */
    struct tj_hash leaf;          /* endorse */
    struct tj_hash envelope_id;   /* endorse */
    struct tj_hash ledger_id;     /* predecessor */
    union {
        struct tj_hash root;           /* predecessor */
        struct tj_hash last_good_root; /* retire_log_key */
    };
    struct tj_hash nonce;    /* ledger */
    struct tj_hash document; /* statement */
    uint8_t value[16];       /* statement: two's complement, little-endian */
    uint8_t blind[TJ_BLIND_SIZE];
};

/* ---- fields, straight from a record's bytes ---- */

#define TJ_OFFSET(kind, field, offset, size, ...) kind##_AT_##field = offset,
#define TJ_OFFSETS_OF(kind, ...)                  kind##_FIELDS(TJ_OFFSET)
enum { TJ_KINDS(TJ_OFFSETS_OF) };

/* Where a field of a record of this kind begins: TJ_AT(record, TJ_ADD_KEY, key). */
#define TJ_AT(record, kind, field) ((record) + kind##_AT_##field)
/* The number there, of its type in struct tj_record: TJ_GET(record, TJ_ADD_KEY, party). */
#define TJ_GET(record, kind, field)                                                                \
    ((__typeof__(((struct tj_record *)0)->field))tj_load_number(                                   \
        TJ_AT(record, kind, field), sizeof((struct tj_record *)0)->field))
/* Writes a number there. */
#define TJ_PUT(record, kind, field, value)                                                         \
    tj_store_number(TJ_AT(record, kind, field), sizeof((struct tj_record *)0)->field, value)

/* Records that name a party, a key or an algorithm at the same place are read alike. */
static_assert(TJ_REVOKE_KEY_AT_party == TJ_ADD_KEY_AT_party &&
                  TJ_SET_THRESHOLD_AT_party == TJ_ADD_KEY_AT_party &&
                  TJ_OBJECT_RECOVERY_AT_party == TJ_ADD_KEY_AT_party,
              "one accessor serves them");
static_assert(TJ_ADD_LOG_KEY_AT_algorithm == TJ_ADD_KEY_AT_algorithm &&
                  TJ_RETIRE_LOG_KEY_AT_algorithm == TJ_ADD_KEY_AT_algorithm &&
                  TJ_ADD_LOG_KEY_AT_key == TJ_ADD_KEY_AT_key &&
                  TJ_RETIRE_LOG_KEY_AT_key == TJ_ADD_KEY_AT_key,
              "one accessor serves them");

/* The party of an add_key, revoke_key, set_threshold or object_recovery. */
static inline uint32_t tj_record_party(const uint8_t *record)
{
    return TJ_GET(record, TJ_ADD_KEY, party);
}

/* A movement's. */
static inline uint8_t tj_movement_purpose(const uint8_t *record)
{
    return TJ_GET(record, TJ_MOVE, purpose);
}

static inline uint64_t tj_movement_from(const uint8_t *record)
{
    return TJ_GET(record, TJ_MOVE, from);
}

static inline uint64_t tj_movement_to(const uint8_t *record)
{
    return TJ_GET(record, TJ_MOVE, to);
}

static inline struct tj_amount tj_movement_amount(const uint8_t *record)
{
    return (struct tj_amount){TJ_GET(record, TJ_MOVE, amount)};
}

/* Only a move and a correct have the flag, which their form sees to. */
static inline bool tj_movement_opening(const uint8_t *record)
{
    return TJ_GET(record, TJ_MOVE, opening) != 0;
}

static inline uint32_t tj_movement_timeout_s(const uint8_t *record)
{
    return TJ_GET(record, TJ_PENDING, timeout_s);
}

static inline uint64_t tj_movement_refers_to(const uint8_t *record)
{
    return TJ_GET(record, TJ_POST, refers_to);
}

/* How many details follow it, as it says itself. */
static inline uint8_t tj_movement_details(const uint8_t *record)
{
    return TJ_GET(record, TJ_MOVE, details);
}

static inline const uint8_t *tj_movement_hash(const uint8_t *record)
{
    return TJ_AT(record, TJ_MOVE, hash);
}

/* The value of a statement: 16 bytes, two's complement. */
static inline tj_i128 tj_statement_value(const uint8_t value[16])
{
    return (tj_i128)((tj_u128)tj_load64(value + 8) << 64 | tj_load64(value));
}

static inline void tj_statement_value_store(uint8_t out[16], tj_i128 value)
{
    tj_store64(out, (uint64_t)value);
    tj_store64(out + 8, (uint64_t)((tj_u128)value >> 64));
}

/* The document that a movement cites (its SHA-256, 32 bytes), or NULL. Only new movements cite one,
 * not those that name an earlier record. */
static inline const uint8_t *tj_movement_document(const uint8_t *record)
{
    uint8_t kind = tj_record_kind(record);
    const uint8_t *document = tj_movement_hash(record);
    if (!tj_kind_is_movement(kind) || tj_kind_names(kind)) {
        return NULL;
    }
    return tj_all_zero(document, TJ_HASH_SIZE) ? NULL : document;
}

/* ---- the layouts as data ---- */

enum tj_field_type { TJ_FIELD_NUMBER, TJ_FIELD_TEXT, TJ_FIELD_BYTES };

/* How a number reads in input and output. */
enum tj_field_unit {
    TJ_UNIT_PLAIN,
    TJ_UNIT_FLAG,         /* 0 or 1 */
    TJ_UNIT_NAME,         /* by `names` */
    TJ_UNIT_CLASSES,      /* a mask of class names */
    TJ_UNIT_ACCOUNT,      /* party:local */
    TJ_UNIT_AMOUNT,       /* base units of the accounts' asset */
    TJ_UNIT_DATE,         /* days */
    TJ_UNIT_TIME_S,       /* POSIX seconds */
    TJ_UNIT_RECORD,       /* entry:position */
    TJ_UNIT_HOLDER,       /* party:local or party:* */
    TJ_UNIT_ASSET_AMOUNT, /* base units of the record's own asset */
    TJ_UNIT_PURPOSES,     /* a mask of purpose names */
    TJ_UNIT_GROUPS,       /* a mask of group numbers */
    TJ_UNIT_DETAILS,      /* how many follow: nobody writes it, they are written */
    TJ_UNIT_VALUE,        /* 16 bytes, signed: base units of the record's asset, or a count */
};

struct tj_field {
    const char *name;
    uint8_t offset;
    uint8_t size;
    uint8_t type;    /* enum tj_field_type */
    uint8_t unit;    /* enum tj_field_unit */
    uint16_t member; /* offset in struct tj_record */
    uint8_t member_size;
    bool optional;   /* all zero says "none" */
    bool selects;    /* the type (or figure) that says which other fields are used */
    uint16_t used;   /* mask of the types that use it; 0: every record of the kind does */
    uint16_t filled; /* mask of the types that do not take 0 in it */
    uint64_t min;    /* numbers: least value; texts and bytes: 1 when empty (all zero) is refused */
    uint64_t max;
    const char *const *names; /* for TJ_UNIT_NAME, by number */
};

enum { TJ_FIELDS_MAX = 13 };
struct tj_layout {
    const char *name; /* of the kind */
    uint8_t says;     /* TJ_NAMES, TJ_POSTS, TJ_FOUNDS */
    struct tj_field fields[TJ_FIELDS_MAX];
    uint8_t count;
};

/* The layout of a kind; NULL for an unknown or reserved one, and for a detail, whose layout depends
 * on its type. */
const struct tj_layout *tj_record_layout(uint8_t kind);
/* The name of a kind that is not unknown or reserved, details too. */
const char *tj_kind_name(uint8_t kind);
/* The kind of a name, 0 when there is none. */
uint8_t tj_kind_by_name(const char *name);

/* By number; NULL where there is none. */
extern const char *const tj_purpose_names[TJ_PURPOSE_END];
extern const char *const tj_class_names[TJ_CLASS_END];
extern const char *const tj_party_type_names[TJ_PARTY_TYPE_END];
extern const char *const tj_role_names[TJ_ROLE_END];
extern const char *const tj_domain_names[TJ_DOMAIN_END];
extern const char *const tj_direction_names[TJ_DIRECTION_END];
extern const char *const tj_network_names[TJ_NETWORK_END];
extern const char *const tj_encumbrance_names[TJ_ENCUMBRANCE_END];
extern const char *const tj_limit_names[TJ_LIMIT_END];
extern const char *const tj_programme_names[TJ_PROGRAMME_END];
extern const char *const tj_mode_names[TJ_MODE_END];
extern const char *const tj_figure_names[TJ_FIGURE_END];
extern const char *const tj_algorithm_names[4];

/* Finds the number of a name in such a table. False, and 0, when it is not there. */
bool tj_name_find(uint64_t *number, const char *const *names, size_t count,
                  const char *name) TJ_MUST_USE;

/* Checks the form of one record as docs/FORMAT.md section 3 has it (step 1 of section 7): kind,
 * ranges, reserved bytes, texts, blind. A pure function of the bytes. */
enum tijori_status tj_record_check(const uint8_t record[TJ_RECORD_SIZE], bool restricted,
                                   struct tj_verdict *verdict) TJ_MUST_USE;

/* False for a field of a limit, a programme or a statement that its type or figure does not use
 * (docs/FORMAT.md section 3.2): it is then zero. True for any other. `field` is of the record's
 * layout. */
bool tj_record_uses(const uint8_t record[TJ_RECORD_SIZE], const struct tj_field *field) TJ_MUST_USE;

/* Decodes a record whose form was checked. */
void tj_record_decode(struct tj_record *out, const uint8_t record[TJ_RECORD_SIZE]);

/* Encodes a record. What the kind does not have is left zero. The form is not checked here. */
void tj_record_encode(const struct tj_record *record, uint8_t out[TJ_RECORD_SIZE]);

#endif
