#ifndef TIJORI_CORE_FORMAT_RECORD_H
#define TIJORI_CORE_FORMAT_RECORD_H

/* The record: 112 bytes that change state. Its layouts are docs/FORMAT.md section 3; one table per
 * kind (tj_record_layout) drives decoding, encoding, the check of reserved bytes, and the names in
 * input files and in what is shown.
 *
 *     OFFSET SIZE FIELD       UNIT            (movements; directives: the table in record.c)
 *          0    1 kind
 *          1    1 flags       zero
 *          2    1 purpose     1..13
 *          3    1 zero
 *          4    8 from        account: party << 32 | local
 *         12    8 to          account
 *         20    8 amount      base units
 *         28    4 value_date  days since 1970-01-01, 0 not stated
 *         32    4 timeout_s   POSIX seconds, 0 none; pending only
 *         36    8 refers_to   record id: entry << 13 | position
 *         44   16 reference   text
 *         60   32 hash        document, or leaf hash of the record named by refers_to
 *         92    4 zero
 *         96   16 blind
 */

#include "core/base/amount.h"
#include "core/base/cursor.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "crypto/hash.h"

enum tj_kind {
    TJ_MOVE = 1,
    TJ_PENDING = 2,
    TJ_POST = 3,
    TJ_VOID = 4,
    TJ_CORRECT = 5,
    TJ_APPROVAL = 6,
    TJ_LEDGER = 16,
    TJ_PREDECESSOR = 17,
    TJ_REGISTER_PARTY = 18,
    TJ_ADD_KEY = 19,
    TJ_REVOKE_KEY = 20,
    TJ_SET_THRESHOLD = 21,
    TJ_SUSPEND_PARTY = 22,
    TJ_REINSTATE_PARTY = 23,
    TJ_GRANT_CLASSES = 24,
    TJ_OPEN_ASSET = 25,
    TJ_OPEN_ACCOUNT = 26,
    TJ_FREEZE_ACCOUNT = 27,
    TJ_UNFREEZE_ACCOUNT = 28,
    TJ_CLOSE_ACCOUNT = 29,
    TJ_ACTIVATE_RULES = 30,
    TJ_ADD_LOG_KEY = 31,
    TJ_RETIRE_LOG_KEY = 32,
    TJ_ENDORSE = 33,
    TJ_RENAME_PARTY = 34,
    TJ_CLOSE_PARTY = 35,
    TJ_RECOVER_PARTY = 36,
    TJ_OBJECT_RECOVERY = 37,
    TJ_END_RULE = 38,
    TJ_SET_TIER = 39,
    TJ_SET_LIMIT = 64,
    TJ_PROGRAMME = 65,
    TJ_STATEMENT = 66,
    TJ_KIND_END = 67,
    /* Reserved, fixed now: what a later version writes must not collide with anything else. */
    TJ_RESERVED_WATCH_SCRIPT = 67,
    TJ_RESERVED_BITCOIN_HEADER = 68,
    TJ_RESERVED_EVIDENCE = 69,
    TJ_RESERVED_CLAIM_OUTPOINT = 70,
    TJ_RESERVED_COIN = 71,
    TJ_RESERVED_SPEND = 72,
    TJ_RESERVED_ERASED = 73,
    TJ_RESERVED_STATE_DIGEST = 74,
    TJ_RESERVED_EQUIVOCATION = 75,
    TJ_RESERVED_CLOSE_LEDGER = 76,
};

enum tj_purpose {
    TJ_PURCHASE = 1,
    TJ_MINING = 2,
    TJ_SEIZURE = 3,
    TJ_DONATION = 4,
    TJ_UNSOLICITED_INFLOW = 5,
    TJ_INTERNAL_TRANSFER = 6,
    TJ_SALE = 7,
    TJ_PAYMENT = 8,
    TJ_FEE = 9,
    TJ_CUSTOMER_DEPOSIT = 10,
    TJ_CUSTOMER_WITHDRAWAL = 11,
    TJ_CUSTOMER_TRANSFER = 12,
    TJ_CORRECTION = 13,
    TJ_PURPOSE_END = 14,
};

enum tj_class {
    TJ_CLASS_RESERVE = 1,
    TJ_CLASS_CUSTODY = 2,
    TJ_CLASS_MARKET = 3,
    TJ_CLASS_MINING = 4,
    TJ_CLASS_SEIZURE = 5,
    TJ_CLASS_DONATION = 6,
    TJ_CLASS_FEE = 7,
    TJ_CLASS_EXTERNAL = 8,
    TJ_CLASS_SUSPENSE = 9,
    TJ_CLASS_END = 10,
};

enum tj_party_type {
    TJ_AUTHORITY = 1,
    TJ_TREASURY = 2,
    TJ_CUSTODIAN = 3,
    TJ_OPERATOR = 4,
    TJ_AUDITOR = 5,
    TJ_PARTY_TYPE_END = 6,
};

enum tj_role { TJ_INITIATE = 1, TJ_APPROVE = 2, TJ_ADMINISTER = 3, TJ_ROLE_END = 4 };
enum tj_domain { TJ_DOMAIN_MOVE = 1, TJ_DOMAIN_ADMINISTER = 2, TJ_DOMAIN_END = 3 };
enum tj_direction { TJ_FREEZE_IN = 1, TJ_FREEZE_OUT = 2, TJ_FREEZE_BOTH = 3 };
enum tj_limit_type {
    TJ_LIMIT_OUTFLOW = 1,
    TJ_LIMIT_BALANCE = 2,
    TJ_LIMIT_COUNTERPARTY = 3,
    TJ_LIMIT_PURPOSES = 4,
    TJ_LIMIT_FREEZE = 5,
    TJ_LIMIT_END = 6,
};
enum tj_programme_type {
    TJ_PROGRAMME_CEILING = 1,
    TJ_PROGRAMME_MANDATE = 2,
    TJ_PROGRAMME_ALLOCATION = 3,
    TJ_PROGRAMME_MINIMUM = 4,
    TJ_PROGRAMME_END = 5,
};
enum tj_mode { TJ_MODE_ENFORCE = 1, TJ_MODE_REPORT = 2, TJ_MODE_END = 3 };
/* What one statement record gives the value of. */
enum tj_figure {
    TJ_FIGURE_OPENING = 1,
    TJ_FIGURE_CLOSING = 2,
    TJ_FIGURE_INFLOW = 3,
    TJ_FIGURE_OUTFLOW = 4,
    TJ_FIGURE_CUSTOMERS = 5,
    TJ_FIGURE_COUNTED = 6,
    TJ_FIGURE_UNCLASSIFIED = 7,
    TJ_FIGURE_BREACHES = 8,
    TJ_FIGURE_ATTESTED = 9,
    TJ_FIGURE_ADJUSTMENTS = 10,
    TJ_FIGURE_END = 11,
};
enum tj_network { TJ_MAINNET = 0, TJ_TESTNET4 = 1, TJ_SIGNET = 2, TJ_REGTEST = 3, TJ_NETWORK_END };

/* add_key: the key is shared by several persons who sign as one (MuSig2, FROST); it still counts
 * as the one key it is. */
enum { TJ_KEY_AGGREGATE = 1 };

/* The rules this program knows; every released number stays. */
enum { TJ_RULES_FIRST = 1, TJ_RULES_LAST = 1 };

static inline bool tj_kind_is_movement(uint8_t kind)
{
    return kind >= TJ_MOVE && kind <= TJ_APPROVAL;
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

/* A holder: one account, or all of a party, which has this local number. */
#define TJ_LOCAL_ALL UINT32_MAX

static inline bool tj_holder_is_party(uint64_t holder)
{
    return tj_account_local(holder) == TJ_LOCAL_ALL;
}

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

/* ---- a movement's fields, straight from its bytes (the hot path) ---- */

static inline uint8_t tj_movement_purpose(const uint8_t *record)
{
    return record[2];
}

static inline uint64_t tj_movement_from(const uint8_t *record)
{
    return tj_load64(record + 4);
}

static inline uint64_t tj_movement_to(const uint8_t *record)
{
    return tj_load64(record + 12);
}

static inline struct tj_amount tj_movement_amount(const uint8_t *record)
{
    return (struct tj_amount){tj_load64(record + 20)};
}

static inline uint32_t tj_movement_timeout_s(const uint8_t *record)
{
    return tj_load32(record + 32);
}

static inline uint64_t tj_movement_refers_to(const uint8_t *record)
{
    return tj_load64(record + 36);
}

static inline const uint8_t *tj_movement_hash(const uint8_t *record)
{
    return record + 60;
}

/* The document a movement cites (its SHA-256, 32 bytes), or NULL: only new movements cite one. */
static inline const uint8_t *tj_movement_document(const uint8_t *record)
{
    bool cites = (record[0] == TJ_MOVE || record[0] == TJ_PENDING) &&
                 !tj_all_zero(tj_movement_hash(record), TJ_HASH_SIZE);
    return cites ? tj_movement_hash(record) : NULL;
}

/* ---- any record, decoded ---- */

/* The union of all kinds' fields; those a kind does not have are zero. */
struct tj_record {
    uint8_t kind;
    uint8_t flags;
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
    uint16_t classes;
    uint16_t purposes;
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
    uint64_t size;
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
    struct tj_hash root;          /* predecessor, retire_log_key */
    struct tj_hash nonce;         /* ledger */
    struct tj_hash document;      /* statement */
    uint8_t value[16];            /* statement: two's complement, little-endian */
    uint8_t blind[TJ_BLIND_SIZE];
};

enum tj_field_type { TJ_FIELD_NUMBER, TJ_FIELD_TEXT, TJ_FIELD_BYTES };

/* How a number reads in input and output. */
enum tj_field_unit {
    TJ_UNIT_PLAIN,
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
    uint64_t min; /* numbers: least value; texts and bytes: 1 when empty (all zero) is refused */
    uint64_t max;
    const char *const *names; /* for TJ_UNIT_NAME, by number */
};

enum { TJ_FIELDS_MAX = 11 };
struct tj_layout {
    const char *name; /* of the kind */
    struct tj_field fields[TJ_FIELDS_MAX];
    uint8_t count;
};

/* The layout of a kind; NULL for an unknown or reserved one. */
const struct tj_layout *tj_record_layout(uint8_t kind);
/* The kind of a name, 0 when there is none. */
uint8_t tj_kind_by_name(const char *name);

extern const char *const tj_purpose_names[TJ_PURPOSE_END];
extern const char *const tj_class_names[TJ_CLASS_END];
extern const char *const tj_party_type_names[TJ_PARTY_TYPE_END];
extern const char *const tj_role_names[TJ_ROLE_END];
extern const char *const tj_network_names[TJ_NETWORK_END];
extern const char *const tj_limit_names[TJ_LIMIT_END];
extern const char *const tj_programme_names[TJ_PROGRAMME_END];
extern const char *const tj_mode_names[TJ_MODE_END];
extern const char *const tj_figure_names[TJ_FIGURE_END];
extern const char *const tj_algorithm_names[4];

/* The number of a name in such a table, or 0 with false. */
bool tj_name_find(const char *const *names, size_t count, const char *name, uint64_t *number);

/* Checks the form of one record as docs/FORMAT.md section 3 has it (step 1 of section 7): kind,
 * ranges, reserved bytes, texts, blind. A pure function of the bytes. */
enum tijori_status tj_record_check(const uint8_t record[TJ_RECORD_SIZE], bool restricted,
                                   struct tj_verdict *verdict) TJ_MUST_USE;

/* False for a field of a limit, a programme or a statement that its type or figure does not use
 * (docs/FORMAT.md section 3.2): it is then zero. True for any other. */
bool tj_record_uses(const uint8_t record[TJ_RECORD_SIZE], const char *field);

/* Decodes a record whose form was checked. */
void tj_record_decode(const uint8_t record[TJ_RECORD_SIZE], struct tj_record *out);

/* Encodes; what the kind does not have is left zero. The form is not checked here. */
void tj_record_encode(const struct tj_record *record, uint8_t out[TJ_RECORD_SIZE]);

/* True for text as docs/FORMAT.md has it: UTF-8, shortest form, no controls, zero padded. */
bool tj_text_valid(const uint8_t *text, size_t size);

#endif
