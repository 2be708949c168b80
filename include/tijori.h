#ifndef TIJORI_INCLUDE_TIJORI_H
#define TIJORI_INCLUDE_TIJORI_H

/* libtijori: a national reserve ledger. The one public header.
 *
 * A ledger is a directory. One process has it open for writing at a time, any number for reading.
 * What goes in are envelopes (docs/FORMAT.md section 4), bytes that a party made and signed; what
 * comes out of a submit is a receipt, given only once the envelope is on the disk or refused.
 *
 * Threads. A ledger opened for writing has threads of its own: some that verify, and two that take
 * turns in deciding and committing. A tijori_receive that waits for the only envelope there is may
 * do all of that on the caller's thread. tijori_submit may be called by any number of threads; the
 * order in which calls take their place in the queue is the order of decision. tijori_receive may
 * be called by any number of threads; receipts come in the order of submission. The reading calls
 * may be made by any thread at any time and see what is durable, never less than the receipts
 * already given out. A ledger is closed once, when no other call on it is running.
 *
 * Memory. The caller allocates what `out` points to. Nothing returned points into the ledger, but
 * where a comment says so.
 *
 * Integers are 64-bit base units of the asset (satoshi for BTC); sums have 128 bits. Times are
 * POSIX, with the unit in the name. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIJORI_API __attribute__((visibility("default")))

/* Every status with its text, in the order of precedence (docs/FORMAT.md sections 7 and 12): of
 * several things wrong with an envelope the one that stands first here is reported. The numbers are
 * not part of any format; the names are. */
/* clang-format off */
#define TIJORI_STATUSES(X) \
    X(OK, "accepted") \
    X(ALREADY, "already in the ledger; its first receipt is given again") \
    /* Form: a pure function of the bytes. */ \
    X(TRUNCATED, "the bytes end before the envelope does") \
    X(OVERSIZED, "larger than an envelope may be") \
    X(MAGIC, "not a Tijori envelope or entry") \
    X(VERSION_UNKNOWN, "format version unknown: newer software needed") \
    X(FLAGS_UNKNOWN, "a flag is set that this version does not know") \
    X(RECORD_COUNT, "an envelope holds 1 to 8,190 records") \
    X(KIND_UNKNOWN, "record kind unknown: newer software needed") \
    X(KIND_RESERVED, "this record kind is reserved for a later version: newer software needed") \
    X(KIND_MIXED, "directives, movements and approvals do not share an envelope") \
    X(GENESIS_ONLY, "this record stands in the genesis only") \
    X(RESTRICTED_DIRECTIVE, "directives are always public") \
    X(VALUE, "the value is outside what this field allows") \
    X(TEXT, "not valid text: UTF-8 without control characters, zero padded") \
    X(AMOUNT_ZERO, "an amount is never 0") \
    X(SAME_ACCOUNT, "from and to are the same account") \
    X(RESERVED_NOT_ZERO, "bytes that must be zero are not") \
    X(BLIND, "the blind is zero in public envelopes and random in restricted ones") \
    X(SLOT_COUNT, "an envelope carries at most 16 signatures") \
    X(SLOT_ALGORITHM, "signature algorithm unknown: newer software needed") \
    X(SLOT_USE, "signature use unknown, or not for this party or algorithm") \
    X(SLOT_SIZE, "key or signature size is not the algorithm's") \
    X(SLOT_ORDER, "signatures are not in their order") \
    X(SLOT_DUPLICATE, "duplicate signature: the same key twice") \
    X(ATTACHMENT, "attachment of a size or number that is not allowed") \
    X(TRAILING_BYTES, "bytes after the end of the envelope") \
    X(ATTACHMENT_ORDER, "attachments are not in the order of their SHA-256") \
    X(ATTACHMENT_UNNAMED, "no record of the envelope names this attachment") \
    X(BODY_ROOT, "body_root is not the tree hash of the records") \
    /* Against the ledger. */ \
    X(LEDGER_ID, "made for another ledger") \
    X(PARTY_UNKNOWN, "no such party") \
    X(CONFLICT, "another envelope already has this sequence") \
    X(PREDECESSOR_REFUSED, "the envelope before it was refused") \
    X(CLOCK_JUMP, "the clock is more than 24 h ahead of the last entry: confirm that it is right") \
    X(SEQUENCE, "not the next sequence of this party and lane") \
    X(PREVIOUS_ID, "previous_id is not the lane's last envelope") \
    X(KNOWN_AHEAD, "names an entry that this ledger does not have: rolled back or forked") \
    X(FORK, "names an entry with another leaf hash: the ledger was forked") \
    X(LIFETIME, "expires before it is created, or lives longer than the ledger allows") \
    X(CREATED_IN_FUTURE, "created more than 300 s in the future") \
    X(EXPIRED, "expired before it was received") \
    X(SIGNATURE, "a signature does not verify") \
    X(PARTY_SUSPENDED, "the party is suspended") \
    X(PARTY_CLOSED, "the party is closed") \
    X(KEY_UNKNOWN, "no such key") \
    X(KEY_PARTY, "the key is registered differently: party, algorithm, role or encoding") \
    X(KEY_REVOKED, "the key is revoked or retired") \
    X(KEY_ROLE, "the key's role does not count here") \
    X(POSSESSION, "a key and its proof of possession do not match") \
    X(THRESHOLD, "not enough signatures of the party") \
    X(COUNTERSIGN_THRESHOLD, "not enough countersignatures of the party") \
    X(NOT_OPENED, "entry 1 is the authority's endorsement of the genesis, by every key, and nothing else") \
    X(GENESIS, "the genesis does not follow its rules") \
    /* Movements. */ \
    X(LANE, "lane 0 takes no movement but void") \
    X(ACCOUNT_UNKNOWN, "no such account") \
    X(NOT_OWNER, "moves only from accounts of the party that submits") \
    X(NAMED_UNKNOWN, "names a record or entry that is not in the ledger") \
    X(NAMED_HASH, "names a record or entry with another hash") \
    X(NAMED_KIND, "names a record of a kind that this cannot refer to") \
    X(NAMED_DIFFERS, "differs from the record it names") \
    X(SETTLED, "the pending movement was posted or voided before") \
    X(ACCOUNT_CLOSED, "the account is closed") \
    X(ACCOUNT_FROZEN, "the account is frozen in this direction") \
    X(ASSET_MIXED, "the accounts hold different assets") \
    X(AMOUNT_MAX, "above the asset's largest amount for one movement") \
    X(PURPOSE, "this purpose does not allow this pair of account classes") \
    X(RESTRICTED, "movements of the public sector are public") \
    X(COUNTERSIGN_MISSING, "the receiving party must countersign") \
    X(TIMEOUT, "the timeout has passed") \
    X(CORRECTION, "corrects more than is left of the record") \
    X(BALANCE, "the balance, less what is pending, does not cover it") \
    X(OVERFLOW, "the sum of pending amounts would overflow") \
    X(APPROVED, "one of these keys approved it before") \
    X(PARTY_FROZEN, "a rule freezes the party in this direction") \
    X(LIMIT_PURPOSES, "a limit does not allow this purpose here") \
    X(LIMIT_COUNTERPARTY, "a limit does not allow this counterparty") \
    X(LIMIT_OUTFLOW, "more than a limit lets out in its window") \
    X(LIMIT_BALANCE, "more than a limit lets the balance grow to") \
    X(APPROVALS, "not enough approvals for this amount") \
    X(DELAY, "an amount like this waits: submit it as pending, and post it when its delay has passed") \
    X(PROGRAMME, "a programme in force does not allow it") \
    /* Directives. */ \
    X(NOT_ALLOWED, "this party may not give this directive here") \
    X(NUMBER, "not the next number") \
    X(NAME_TAKEN, "the name or code is taken") \
    X(ASSET_UNKNOWN, "no such asset") \
    X(KEY_INVALID, "not a public key") \
    X(KEY_TAKEN, "this key was registered before") \
    X(PARTY_STATUS, "the party is not in the state that this changes") \
    X(CLASS, "the class is not granted to the party, or cannot be") \
    X(ACCOUNT_STATUS, "the account is not in the state that this changes") \
    X(ACCOUNT_PENDING, "the account has pending movements") \
    X(ACCOUNT_BALANCE, "the account's balance is not 0") \
    X(ACCOUNTS_OPEN, "the party has open accounts") \
    X(RECOVERY, "the party is not in the state of recovery that this needs") \
    X(RULE_UNKNOWN, "no such rule, or not of this kind") \
    X(RULE_STATUS, "the rule has ended, or another like it is in force") \
    X(RULES, "rules number not known, or not above the active one: newer software needed") \
    X(UNREACHABLE, "would leave a party without a reachable threshold") \
    X(NEW_QUORUM, "the authority's new quorum did not sign") \
    /* Operation. */ \
    X(FULL, "no space left: refused, nothing is lost; submit again once there is room") \
    X(NOT_FOUND, "no such ledger, entry or account") \
    X(EXISTS, "there is a ledger already") \
    X(LOCKED, "another process has the ledger open for writing") \
    X(FORMAT_UNKNOWN, "storage format unknown: newer software needed") \
    X(CORRUPT, "the stored ledger is damaged") \
    X(DENIED, "permission denied") \
    X(MEMORY, "out of memory") \
    X(READ_ONLY, "the ledger is open for reading only") \
    X(FAILED, "a commit failed: close the ledger and open it again") \
    X(IO, "input or output failed")
/* clang-format on */

enum tijori_status {
#define TIJORI_STATUS_ENUM(name, text) TIJORI_##name,
    TIJORI_STATUSES(TIJORI_STATUS_ENUM)
#undef TIJORI_STATUS_ENUM
        TIJORI_STATUS_COUNT
};

/* "BALANCE"; "UNKNOWN" for a number that is none. The string is constant. */
TIJORI_API const char *tijori_status_name(enum tijori_status status);
/* The sentence above. */
TIJORI_API const char *tijori_status_text(enum tijori_status status);

struct tijori;

enum tijori_mode { TIJORI_READ, TIJORI_WRITE };

/* Nanoseconds since 1970-01-01 UTC. */
typedef uint64_t tijori_clock(void *context);

/* Zero is the default of every member. */
struct tijori_options {
    uint32_t threads;    /* that verify signatures; 0: one a core, at most 64 */
    tijori_clock *clock; /* NULL: the system's */
    void *clock_context;
    uint64_t map_size; /* bytes of address space for the log; 0: 1 TiB. The ledger is full there */
    int accept_clock_jump;  /* 1: the operator has confirmed a clock over 24 h ahead of the log */
    const uint8_t *log_key; /* 32 bytes, the secret of an active log key: every commit then signs a
                             * checkpoint (tijori_signed). NULL: none. Kept until close */
};

/* What came of checking something that others made. */
enum tijori_verdict {
    TIJORI_PASS,       /* all that was asked for was checked, and holds */
    TIJORI_FINDING,    /* the same, and there is something that a reader must know */
    TIJORI_INCOMPLETE, /* nothing failed, but not everything was checked */
    TIJORI_FAIL,       /* something does not hold */
};

/* A sentence that says more than the status: which file, which version, which record. */
struct tijori_message {
    char text[1024];
};

/* Makes a ledger in DIR (created when missing; its parent must exist) from the bytes of entry 0 and
 * of the signed envelope that becomes entry 1 (docs/FORMAT.md section 6), and closes it again.
 * Statuses: EXISTS, GENESIS and those of section 7, DENIED, FULL, IO. On any of them no ledger is
 * left behind. */
TIJORI_API enum tijori_status tijori_create(const char *dir, const uint8_t *entry_0,
                                            size_t entry_0_size, const uint8_t *genesis_records,
                                            size_t genesis_records_size, const uint8_t *opening,
                                            size_t opening_size,
                                            const struct tijori_options *options,
                                            struct tijori_message *message);

/* Opens the ledger in DIR. `options` and `message` may be NULL.
 * Statuses: NOT_FOUND, LOCKED, FORMAT_UNKNOWN, RULES (newer software needed), CORRUPT, DENIED,
 * MEMORY, IO. */
TIJORI_API enum tijori_status tijori_open(const char *dir, enum tijori_mode mode,
                                          const struct tijori_options *options, struct tijori **out,
                                          struct tijori_message *message);

/* Waits for what was submitted, stores the state so that the next open is quick, and closes. NULL
 * is accepted. Receipts not yet received are lost; what they would have said stays true. */
TIJORI_API void tijori_close(struct tijori *ledger);

/* ---- writing ---- */

/* The size of the largest envelope, bytes. */
TIJORI_API size_t tijori_envelope_size_max(void);

/* Takes the bytes of one envelope (copied). Waits while the queue is full. `tag` comes back in the
 * receipt. OVERSIZED, READ_ONLY and FAILED take nothing; OK means that a receipt will follow. */
TIJORI_API enum tijori_status tijori_submit(struct tijori *ledger, const uint8_t *bytes,
                                            size_t size, uint64_t tag);

struct tijori_receipt {
    uint64_t tag;
    /* OK and ALREADY: in the ledger and on the disk, as `entry`. FULL, FAILED: see their text.
     * Anything else: refused, and the ledger is as it was. */
    enum tijori_status status;
    uint8_t envelope_id[32]; /* zero when the bytes do not have one */
    uint64_t entry;          /* OK, ALREADY; and CONFLICT: the entry that has the sequence */
    uint8_t leaf[32];        /* OK, ALREADY: leaf hash of the entry */
    uint64_t received_ns;    /* OK, ALREADY */
    uint8_t conflict_id[32]; /* CONFLICT: the envelope id that has the sequence */
    uint32_t record;         /* the record, from 0, that was refused; UINT32_MAX: none */
    char field[32];          /* the field, or empty */
    char text[320];          /* all of it in one sentence */
};

/* The next receipt, in the order of submission; waits for it. NOT_FOUND when nothing is
 * outstanding. */
TIJORI_API enum tijori_status tijori_receive(struct tijori *ledger, struct tijori_receipt *out);

/* ---- checkpoints: docs/FORMAT.md section 14 ---- */

/* Bytes of the longest note. */
#define TIJORI_NOTE_MAX 32768

/* The newest checkpoint that is on the disk, signed by options->log_key or by tijori_checkpoint. It
 * covers every receipt given out before the call when options->log_key is set. *size: the room in
 * `note`, then the bytes of the note. NOT_FOUND when nothing was signed yet, FULL when the room
 * does not suffice (TIJORI_NOTE_MAX always does). Reading and writing. */
TIJORI_API enum tijori_status tijori_signed(struct tijori *ledger, char *note, size_t *size);

/* Signs the log as it is on the disk with the 32-byte secret of an active log key, and stores that
 * as a public checkpoint; the one that is stored already, with its cosignatures, when nothing was
 * appended since. KEY_UNKNOWN; FORK when what was signed last is not a beginning of this log:
 * nothing is signed then. */
TIJORI_API enum tijori_status tijori_checkpoint(struct tijori *ledger, const uint8_t *log_key,
                                                char *note, size_t *size);

/* Adds the signatures of `other`, a note of the same text as a public checkpoint, to it, and gives
 * the result. Whether they count is for who verifies. NOT_FOUND when there is none of that text. */
TIJORI_API enum tijori_status tijori_add_cosignatures(struct tijori *ledger, const char *other,
                                                      size_t other_size, char *note, size_t *size);

/* Judges one envelope as if it were submitted now, changes nothing, and gives the receipt it would
 * get (entry: the one it would become). Not while submits are outstanding. */
TIJORI_API enum tijori_status tijori_dry_run(struct tijori *ledger, const uint8_t *bytes,
                                             size_t size, struct tijori_receipt *out);

/* ---- reading ---- */

struct tijori_head {
    uint8_t ledger_id[32];
    uint64_t size;        /* entries */
    uint8_t leaf[32];     /* leaf hash of the last */
    uint8_t root[32];     /* RFC 6962 tree root over all */
    uint64_t received_ns; /* of the last */
};
TIJORI_API void tijori_head(struct tijori *ledger, struct tijori_head *out);

struct tijori_int128 {
    uint64_t low;
    int64_t high; /* value = high * 2^64 + low */
};

/* Base units as decimal text, with `decimals` digits after the point; 48 bytes always suffice. */
TIJORI_API void tijori_amount_text(struct tijori_int128 amount, unsigned decimals, char *out,
                                   size_t out_size);

struct tijori_balance {
    struct tijori_int128 balance; /* in - out */
    struct tijori_int128 in;
    struct tijori_int128 out;
    uint64_t pending_in;
    uint64_t pending_out;
    uint32_t asset;
    uint32_t decimals;
    char asset_code[9];
    uint8_t account_class; /* docs/FORMAT.md section 1 */
    uint8_t frozen;        /* 1 inwards, 2 outwards */
    uint8_t closed;
};

/* An account by party and local number. NOT_FOUND when there is none. */
TIJORI_API enum tijori_status tijori_balance(struct tijori *ledger, uint32_t party, uint32_t local,
                                             struct tijori_balance *out);

struct tijori_movement {
    uint64_t entry;
    uint32_t record; /* position in the entry */
    uint8_t kind;    /* docs/FORMAT.md section 1 */
    uint8_t purpose;
    uint64_t from; /* party << 32 | local */
    uint64_t to;
    uint64_t amount;
    uint32_t value_date;
    char reference[17];
    uint64_t received_ns;
    struct tijori_int128 balance; /* of the account, after this movement */
};

/* The movements of an account, newest first. `cursor` is set to 0 for the first call and moved on
 * by each; NOT_FOUND at the end. The balance starts from the account's balance at the first call:
 * movements that arrive in between are not seen. */
struct tijori_history_cursor {
    uint64_t started;
    uint64_t next;
    struct tijori_int128 balance;
};
TIJORI_API enum tijori_status tijori_history(struct tijori *ledger, uint32_t party, uint32_t local,
                                             struct tijori_history_cursor *cursor,
                                             struct tijori_movement *out);

/* One entry: the bytes as stored, in buffers the caller gives. Sizes in, sizes out; FULL when a
 * buffer is too small (the sizes needed are then given). */
struct tijori_entry {
    uint8_t *entry;
    size_t entry_size; /* at most 65,535 */
    uint8_t *body;     /* records, links, tail: docs/FORMAT.md section 9 */
    size_t body_size;  /* at most 1,048,352 */
};
TIJORI_API enum tijori_status tijori_entry(struct tijori *ledger, uint64_t index,
                                           struct tijori_entry *out);

#ifdef __cplusplus
}
#endif

#endif
