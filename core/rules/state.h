#ifndef TIJORI_CORE_RULES_STATE_H
#define TIJORI_CORE_RULES_STATE_H

/* The state: tables of fixed-size objects in blocks, held in memory. docs/FORMAT.md sections 8, 9;
 * section 9.1 has every byte of the objects, and tests/unit/test_documents.c holds it to this.
 *
 * Objects are numbered by what records say of them (an account by its local number, a key by its
 * ordinal), never by the order they happen to arrive in, so that a redo of one record needs to know
 * only that record, its entry and the object. Marks are the one exception; their numbers stand in
 * the tail of each entry.
 *
 * A block is the unit of the stored snapshot. Its content is the objects' memory image, which is
 * why Tijori is built for little-endian machines only. A block knows how many entries its stored
 * form reflects (`stored_size`), and whether it has changed since.
 *
 * Out of memory is an answer. The state then says no_memory, and goes on saying it: from there on
 * it changes no more, and who writes to it writes to a spare object that nobody keeps. So effects
 * need not look. Who believes a verdict, or stores anything, looks: tj_apply and tj_reapply do.
 *
 * Threads: none of its own; one thread at a time. */

#include "core/rules/purpose.h"
#include "core/rules/state_arena.h"
#include "core/rules/state_index.h"
#include "crypto/signature.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Tijori stores its state as little-endian memory images"
#endif

enum tj_table_id {
    TJ_T_LEDGER = 1,
    TJ_T_PARTY = 2,
    TJ_T_ASSET = 3,
    TJ_T_LOG_KEY = 4,
    TJ_T_TOTAL = 5,
    TJ_T_MARK = 6,
    TJ_T_RULE = 7,
    TJ_T_APPROVAL = 8,
    TJ_T_KEY = 9, /* per party from here on */
    TJ_T_LANE = 10,
    TJ_T_ACCOUNT = 11,
    TJ_T_HOLDING = 12,
    TJ_T_RESTRICTED = 13, /* restricted accounts */
    TJ_T_END = 14,
};

/* 256 bytes. One object, number 0. */
struct tj_ledger_object {
    uint8_t nonce[32];
    char name[TJ_NAME_SIZE];
    uint32_t network;
    uint32_t rules;
    uint32_t lifetime_max_s;
    uint32_t checkpoint_delay_max_s;
    uint32_t parties;
    uint32_t assets; /* numbered from 1: this many */
    uint32_t log_keys;
    uint32_t log_keys_active;
    uint64_t marks;
    uint32_t rules_set; /* rules numbered so far */
    uint32_t founded;   /* the day of entry 0 */
    uint8_t reserved[128];
};

enum { TJ_PARTY_ACTIVE = 1, TJ_PARTY_SUSPENDED = 2, TJ_PARTY_CLOSED = 3 };
enum { TJ_PARTY_LIMITED = 1, TJ_PARTY_TIERED = 2 };
/* 128 bytes. Number: the party's. */
struct tj_party_object {
    char name[TJ_NAME_SIZE];
    uint8_t type;                     /* 0: not registered */
    uint8_t status;                   /* TJ_PARTY_* */
    uint8_t threshold[TJ_DOMAIN_END]; /* by enum tj_domain; [0] unused */
    uint8_t ruled; /* TJ_PARTY_LIMITED, _TIERED: such a rule names it or ever did */
    uint16_t classes;
    uint16_t keys_active[TJ_ROLE_END]; /* by enum tj_role; [0] unused */
    uint32_t keys;                     /* ordinals given out */
    uint32_t accounts;                 /* local numbers given out, of accounts not restricted */
    uint64_t registered;               /* record id */
    uint64_t recovery;                 /* record id of an open one, 0: none */
    uint64_t recovery_ns;              /* from when on the authority may give it keys */
    uint64_t tier_least;               /* TIERED: the least `above` of all its tiers ever */
    uint32_t accounts_open;            /* restricted ones too */
    uint32_t accounts_restricted;      /* numbers given out to restricted accounts */
    uint8_t opening_closed; /* 1: it brings in no more of what it held before the ledger */
    uint8_t reserved[15];
};

/* 128 bytes. Number: the asset's. */
struct tj_asset_object {
    tj_u128 reserve_in; /* to reserve accounts from others */
    tj_u128 reserve_out;
    uint64_t amount_max;
    uint64_t opened; /* record id */
    char code[TJ_ASSET_CODE_SIZE];
    uint8_t decimals;
    uint8_t reserved_0[3];
    uint32_t minimum_rule; /* the newest programme that is one; set: there is one */
    uint8_t minimum_set;
    uint8_t reserved[31];
    uint64_t breaches; /* of the minimum, since it was set; record ids of the first and the last */
    uint64_t breach_first;
    uint64_t breach_last;
    uint8_t reserved_1[8];
};

/* 64 bytes. */
struct tj_log_key_object {
    uint8_t key[32];
    uint64_t added;   /* record id */
    uint64_t retired; /* record id, 0 while active */
    uint8_t present;
    uint8_t reserved[7];
    /* Not 0: compromised. What it signed counts for the first so many entries at most. */
    uint64_t last_good_size;
};

/* What a purpose's rows are shown by: how well the purpose is founded; what was brought in stands
 * beside that. */
enum tj_basis {
    TJ_BASIS_DECLARED = 1,
    TJ_BASIS_DOCUMENT = 2,
    TJ_BASIS_COUNTERSIGNED = 3,
    TJ_BASIS_BROUGHT_IN = 4, /* none: an opening */
};
extern const char *const tj_basis_names[TJ_BASIS_BROUGHT_IN + 1];

/* 128 bytes. Number: tj_total_number(asset, purpose, basis). */
struct tj_total_object {
    tj_u128 amount[4]; /* by enum tj_flow */
    uint64_t count[4];
    uint64_t corrections;
    uint8_t reserved[24];
};

/* 64 numbers an asset: 16 purposes by 4 bases. */
static inline uint64_t tj_total_number(uint32_t asset, uint8_t purpose, uint8_t basis)
{
    TJ_VERIFY_CHECK(basis >= TJ_BASIS_DECLARED && basis <= TJ_BASIS_BROUGHT_IN);
    TJ_VERIFY_CHECK(purpose < 16); /* else it is the next asset's */
    return (uint64_t)asset * 64 + (uint64_t)purpose * 4 + (basis - 1u);
}

/* A mark's value: a pending movement has the top bit and one of these, a corrected record the
 * amount corrected so far. */
#define TJ_MARK_PENDING (UINT64_C(1) << 63)
enum { TJ_MARK_OPEN = 1, TJ_MARK_POSTED = 2, TJ_MARK_VOIDED = 3 };
/* 16 bytes. */
struct tj_mark_object {
    uint64_t record;
    uint64_t value;
};

enum { TJ_KEY_ACTIVE = 1, TJ_KEY_REVOKED = 2 };
/* 64 bytes. Number: the key's ordinal. */
struct tj_key_object {
    uint8_t key[TJ_SLOT_KEY_MAX];
    uint8_t algorithm;
    uint8_t role;
    uint8_t status; /* 0: none */
    uint8_t flags;
    uint8_t group; /* 0: none */
    uint8_t reserved[2];
    uint32_t ordinal;
    uint32_t party;
    uint64_t added; /* record ids */
    uint64_t revoked;
};

/* Its x-coordinate, which it is found by: an ecdsa key has one byte before it. */
static inline const uint8_t *tj_key_object_x(const struct tj_key_object *key)
{
    if (key->algorithm == TJ_ALGORITHM_ECDSA) {
        return key->key + 1;
    }
    return key->key;
}

/* 64 bytes. Number: the lane's. */
struct tj_lane_object {
    uint64_t sequence; /* of the last envelope; 0: none yet */
    uint64_t entry;
    uint64_t jump; /* entry of sequence tj_lane_jump(sequence) */
    uint8_t envelope_id[32];
    uint64_t reserved;
};

enum {
    TJ_ACCOUNT_FROZEN_IN = TJ_FREEZE_IN,
    TJ_ACCOUNT_FROZEN_OUT = TJ_FREEZE_OUT,
    TJ_ACCOUNT_CLOSED = 4,
    TJ_ACCOUNT_RULED = 8, /* a limit names it or ever did */
};
/* 64 bytes. Two tables have them; number: tj_account_number. */
struct tj_account_object {
    tj_u128 in;
    tj_u128 out;
    uint64_t pending_in;
    uint64_t pending_out;
    uint64_t latest; /* record id of the latest movement, 0 for none */
    uint16_t asset;
    uint8_t class; /* 0: not opened */
    uint8_t flags;
    uint8_t encumbrance; /* enum tj_encumbrance; 0: none */
    uint8_t reserved[3];
};

/* 64 bytes. Number: the asset's. All reserve and custody accounts of a party in one asset. */
struct tj_holding_object {
    tj_u128 in; /* from accounts that are none of them */
    tj_u128 out;
    uint8_t reserved[32];
};

/* 64 bytes. Number: that of the pending movement's mark. Who approved it. */
struct tj_approval_object {
    uint8_t keys[TJ_KEYS_MAX / 8]; /* bit by ordinal, of its owner's keys */
    uint8_t reserved[32];
};

/* What a programme counts. */
struct tj_programme_sums {
    tj_u128 counted_in;
    tj_u128 counted_out;
    tj_u128 unclassified;
    tj_u128 corrected;
    uint64_t day_amount;
    uint32_t day; /* that day_amount is of */
    uint32_t reserved;
    uint64_t breaches;
    uint64_t breach_first; /* record ids, 0: none */
    uint64_t breach_last;
    uint8_t reserved_1[8];
    tj_i128 brought_in; /* net */
    uint8_t reserved_2[16];
};
/* What an outflow limit counts: sums by step, a ring. */
struct tj_window_sums {
    uint64_t step; /* the newest one with a sum */
    uint64_t sums[TJ_WINDOW_STEPS + 1];
};

/* 256 bytes. Number: the rule's. A tier, a limit or a programme: what its record says never
 * changes, so that a redo may ask whether it was in force at an entry. */
struct tj_rule_object {
    uint64_t set;   /* record id; 0: no such rule */
    uint64_t ended; /* record id, 0: in force */
    uint8_t kind;   /* TJ_SET_TIER, TJ_SET_LIMIT, TJ_PROGRAMME */
    uint8_t type;   /* enum tj_limit_type, enum tj_programme_type */
    uint8_t directions;
    uint8_t mode;
    uint8_t approvals;
    uint8_t reserved_0;
    uint16_t purposes;
    uint16_t groups;
    uint16_t reserved_1;
    uint32_t asset;
    uint32_t window_s; /* or delay_s of a tier */
    uint32_t starts;
    uint32_t ends;
    uint32_t power_mw;
    uint64_t holder; /* of a tier: all of the party; of a programme: tj_programmes_of its asset */
    uint64_t amount; /* or `above` of a tier */
    uint64_t amount_day;
    uint64_t counterparty;
    uint64_t from_ns;  /* in force from this time on; 0: from its record on */
    uint64_t until_ns; /* ended: in force for entries received before it */
    uint32_t named_party;
    uint16_t notice_days;
    uint16_t wait_days;
    uint64_t reserved_2;
    union {
        struct tj_programme_sums programme;
        struct tj_window_sums window;
    };
};

static inline tj_i128 tj_account_balance(const struct tj_account_object *account)
{
    return (tj_i128)(account->in - account->out);
}

static_assert(sizeof(struct tj_ledger_object) == 256, "no padding");
static_assert(sizeof(struct tj_party_object) == 128, "no padding");
static_assert(sizeof(struct tj_asset_object) == 128, "no padding");
static_assert(sizeof(struct tj_holding_object) == 64, "no padding");
static_assert(sizeof(struct tj_approval_object) == 64, "no padding");
static_assert(sizeof(struct tj_rule_object) == 256, "no padding");
static_assert(sizeof(struct tj_log_key_object) == 64, "no padding");
static_assert(sizeof(struct tj_total_object) == 128, "no padding");
static_assert(sizeof(struct tj_mark_object) == 16, "no padding");
static_assert(sizeof(struct tj_key_object) == 64, "no padding");
static_assert(sizeof(struct tj_lane_object) == 64, "no padding");
static_assert(sizeof(struct tj_account_object) == 64, "64 bytes an account");
static_assert(TJ_PURPOSE_END <= 16, "purposes fit a row of totals");

/* ---- blocks ---- */

struct tj_block {
    struct tj_block *next_dirty;
    struct tj_block *before_dirty;
    uint64_t stored_size; /* entries its stored form reflects; 0: never stored */
    uint64_t dirty_since; /* first entry that changed it after that; valid while dirty */
    uint32_t party;
    uint32_t number;
    uint8_t table; /* enum tj_table_id */
    bool dirty;
    uint8_t reserved[22];
    uint8_t content[];
};
static_assert(offsetof(struct tj_block, content) == 64, "content keeps the objects aligned");

struct tj_table {
    struct tj_block **blocks; /* NULL where nothing was ever written */
    size_t capacity;
};

/* By enum tj_table_id: bytes of an object and log2 of the objects in a block. */
struct tj_table_shape {
    const char *name;
    uint16_t object_size;
    uint8_t shift;
    bool per_party;
};
extern const struct tj_table_shape tj_table_shapes[TJ_T_END];

static inline uint32_t tj_block_bytes(uint8_t table)
{
    TJ_VERIFY_CHECK(table >= TJ_T_LEDGER && table < TJ_T_END);
    return (uint32_t)tj_table_shapes[table].object_size << tj_table_shapes[table].shift;
}

enum tj_undo_kind {
    TJ_UNDO_OBJECT = 1, /* an object was written: what it held before */
    TJ_UNDO_BLOCK,      /* a block was made */
    TJ_UNDO_DIRTY,      /* a block came into the list of dirty ones */
    TJ_UNDO_ROOM,       /* a table, or the array of parties, got more room */
    TJ_UNDO_SLOT,       /* a pair was put into an index */
};
/* What entries did to the state, newest last, so that it can be taken back: of one group, or of one
 * entry. */
struct tj_undo_log {
    struct tj_undo {
        void *at;      /* the object, the block or the index */
        uint32_t size; /* of what `bytes` has of it */
        uint32_t kind;
    } * undo;
    uint8_t *bytes;
    size_t count, capacity;
    size_t bytes_count, bytes_capacity;
};
void tj_undo_log_free(struct tj_undo_log *log);

struct tj_party_tables {
    struct tj_table tables[TJ_T_END - TJ_T_KEY];
};

struct tj_state {
    struct tj_hash ledger_id;
    struct tj_table tables[TJ_T_KEY]; /* the global ones, by enum tj_table_id */
    struct tj_party_tables *parties;
    size_t parties_capacity;
    struct tj_index key_index;  /* first 8 bytes of the x-coordinate -> party << 32 | ordinal */
    struct tj_index mark_index; /* record id -> number of the mark */
    struct tj_index rule_index; /* a rule's holder -> its number */
    /* Blocks changed since they were stored, oldest change first. */
    struct tj_block *dirty_first;
    struct tj_block *dirty_last;
    uint64_t dirty_count;
    /* The entry being applied. In a redo, objects of blocks whose stored form reflects it already
     * are left alone. */
    uint64_t entry;
    bool redo;
    /* An audit without the bodies of restricted entries: balances of accounts outside the public
     * sector are not known from the first of them on, and rules on those are not judged but
     * counted. */
    bool partial;
    uint64_t unjudged;
    bool no_memory; /* once there was none; what was to be written since was not */
    /* Where what objects held before goes: undo_own, or what its user put here. */
    struct tj_undo_log *undo;
    struct tj_undo_log undo_own;
    /* The purpose total that was remembered last in this entry: most movements of one add to the
     * same, and it needs to be remembered once only. And for each rule the turn in which it was:
     * turns are entries, and what follows a rollback. */
    const void *total_remembered;
    uint64_t *rules_remembered; /* by number; NULL until a rule counts */
    uint64_t remembering;
    struct tj_arena arena;             /* where blocks come from */
    uint64_t room_bytes;               /* of the tables and the array of parties */
    _Alignas(16) uint8_t scratch[256]; /* the largest object */
};

/* What its objects say can be counted on when an effect begins: it has seen every record in order,
 * each judged. In a redo records may be damaged, and objects newer; in a partial audit some are not
 * there; without memory an object may be the spare one. */
static inline bool tj_state_exact(const struct tj_state *state)
{
    return !state->redo && !state->partial && !state->no_memory;
}

/* NULL when there is no memory. */
struct tj_state *tj_state_create(void) TJ_MUST_USE;
void tj_state_destroy(struct tj_state *state);

/* An object for reading; NULL when its block does not exist. (An object that was never written is
 * all zero.) Valid until the entry that made its block is taken back, or the state is destroyed:
 * blocks do not move. */
const void *tj_state_peek(const struct tj_state *state, enum tj_table_id table, uint32_t party,
                          uint64_t number);

static inline enum tj_table_id tj_table_of_account(uint64_t account)
{
    return tj_account_local(account) < TJ_LOCAL_RESTRICTED ? TJ_T_ACCOUNT : TJ_T_RESTRICTED;
}

/* Asks the processor for an account that will be written soon; answers nothing. Of millions of
 * accounts none is in a cache, and waiting for it takes longer than all a movement does. */
void tj_state_prefetch_account(const struct tj_state *state, uint64_t account);

/* An object for writing in the entry set by state->entry: its old content goes to the undo log and
 * its block is dirty. In a redo, when the stored block reflects the entry already, a scratch object
 * is given instead, so that the effect is written nowhere; and without memory an empty one. Never
 * NULL. */
void *tj_state_touch(struct tj_state *state, enum tj_table_id table, uint32_t party,
                     uint64_t number);

struct tj_account_object *tj_state_touch_account(struct tj_state *state, uint64_t account);

/* In a redo: is the object in a block whose stored form lacks the entry that is applied? Then it is
 * as it was before that entry. */
bool tj_state_lacks(const struct tj_state *state, enum tj_table_id table, uint32_t party,
                    uint64_t number) TJ_MUST_USE;
/* A block that exists; NULL when there is none. */
struct tj_block *tj_state_find_block(const struct tj_state *state, uint8_t table, uint32_t party,
                                     uint32_t number);

/* The block itself, made when missing (loading a snapshot). NULL when there is no memory. */
struct tj_block *tj_state_block(struct tj_state *state, uint8_t table, uint32_t party,
                                uint32_t number);

/* Before an entry is applied or redone. */
void tj_state_begin_entry(struct tj_state *state, uint64_t entry);

/* ---- undo ---- */

static inline size_t tj_state_mark_undo(const struct tj_state *state)
{
    return state->undo->count;
}
/* Takes back everything after `mark`: what objects held, and all memory that the state has got
 * since. Of two undo logs the later one is taken back first. */
void tj_state_rollback(struct tj_state *state, size_t mark);
/* Forgets what an undo log covers: it is durable. Touches nothing else. */
void tj_undo_log_settle(struct tj_undo_log *log);

/* ---- dirty blocks, oldest first ---- */

/* Takes the oldest dirty block off the list; NULL when there is none. */
struct tj_block *tj_state_pop_dirty(struct tj_state *state);
/* Puts one back at the front, as changed since entry `since`: it could not be stored. */
void tj_state_unpop_dirty(struct tj_state *state, struct tj_block *block, uint64_t since);

/* ---- typed readers (NULL when there is no such thing) ---- */

const struct tj_ledger_object *tj_state_ledger(const struct tj_state *state);
const struct tj_party_object *tj_state_party(const struct tj_state *state, uint32_t party);
const struct tj_asset_object *tj_state_asset(const struct tj_state *state, uint32_t asset);
const struct tj_account_object *tj_state_account(const struct tj_state *state, uint64_t account);
const struct tj_lane_object *tj_state_lane(const struct tj_state *state, uint32_t party,
                                           uint16_t lane);
/* By ordinal, and by x-coordinate. */
const struct tj_key_object *tj_state_key(const struct tj_state *state, uint32_t party,
                                         uint32_t ordinal);
const struct tj_key_object *tj_state_find_key(const struct tj_state *state, const uint8_t x32[32]);
/* The mark of a record and its number. */
const struct tj_mark_object *tj_state_find_mark(const struct tj_state *state, uint64_t *number,
                                                uint64_t record);

/* A rule by its number; and the number of the next rule that was ever set for this holder, from
 * *step on (0 at first), false when there is no more: a hint, the caller asks the rule itself. */
const struct tj_rule_object *tj_state_rule(const struct tj_state *state, uint32_t rule);
bool tj_state_next_rule(const struct tj_state *state, size_t *step, uint32_t *rule,
                        uint64_t holder) TJ_MUST_USE;
const struct tj_holding_object *tj_state_holding(const struct tj_state *state, uint32_t party,
                                                 uint32_t asset);

/* Without memory what is to be inserted is left out, and the state says no_memory. */
void tj_state_index_rule(struct tj_state *state, uint64_t holder, uint32_t rule);
void tj_state_index_key(struct tj_state *state, const struct tj_key_object *key);
void tj_state_index_mark(struct tj_state *state, uint64_t record, uint64_t number);
/* Builds the three indexes from the tables, after a snapshot was loaded. */
void tj_state_index_all(struct tj_state *state);

/* Calls `visit` for every block, in order of (table, party, number). Stops when it answers false
 * and answers that. */
typedef bool tj_block_visitor(void *context, const struct tj_block *block);
bool tj_state_visit(const struct tj_state *state, tj_block_visitor *visit, void *context);

/* SHA-256 over (table u8 || party u32 || number u32 || content) of every block that is not all
 * zero, in that order: two states are the same bit for bit when their digests are (I4). */
void tj_state_digest(const struct tj_state *state, struct tj_hasher *hasher, struct tj_hash *out);

/* Bytes of memory that the state holds: blocks, tables, the array of parties, indexes. */
uint64_t tj_state_bytes(const struct tj_state *state);

/* For checks that everything is as it was: a number made from all objects, of one entry in 16 and
 * of a state that is not large; else 0. Again: without asking which entry it is. */
uint64_t tj_state_sample(const struct tj_state *state);
uint64_t tj_state_sample_again(const struct tj_state *state);

/* The list of dirty blocks is in order of what changed them first, has each block once and ends
 * where it says. For assertions. */
bool tj_dirty_in_order(const struct tj_state *state) TJ_MUST_USE;

#endif
