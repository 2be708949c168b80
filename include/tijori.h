#ifndef TIJORI_INCLUDE_TIJORI_H
#define TIJORI_INCLUDE_TIJORI_H

/* libtijori: a national reserve ledger. The one public header.
 *
 * A ledger is a directory. One process has it open for writing at a time, any number for reading.
 * What goes in are envelopes (docs/FORMAT.md section 4), bytes that a party made and signed; what
 * comes out of a submit is a receipt, given only once the envelope is on the disk or refused. What
 * a ledger holds is exported as a folder of plain files, which anybody verifies with tijori_verify,
 * and proven piece by piece with tijori_prove.
 *
 * Arguments stand in one order: what is worked on, what is written, what is read and written, what
 * is read. A length follows its array.
 *
 * Threads. A ledger opened for writing has threads of its own: some that verify, and two that take
 * turns in deciding and committing. A tijori_receive that waits for the only envelope there is may
 * do all of that on the caller's thread. tijori_submit may be called by any number of threads; the
 * order in which calls take their place in the queue is the order of decision. tijori_receive may
 * be called by any number of threads; receipts come in the order of submission. The reading calls
 * may be made by any thread at any time and see what is durable, never less than the receipts
 * already given out. A ledger is closed once, when no other call on it is running. Calls that take
 * no ledger may be made by any thread at any time.
 *
 * Memory. The caller allocates what is written to. Nothing returned points into the ledger, and
 * nothing given is kept, but where a comment says so. A `message` may be NULL; it is written only
 * when the status is another than OK.
 *
 * Integers are 64-bit base units of the asset (satoshi for BTC); sums have 128 bits. Times are
 * POSIX, with the unit in the name. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIJORI_API __attribute__((visibility("default")))
/* To leave the answer unread is a fault that the compiler names. */
#define TIJORI_MUST_USE __attribute__((warn_unused_result))

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
    X(RESTRICTED_DIRECTIVE, "directives are public, but those that open or close a restricted account") \
    X(RESTRICTED_ACCOUNT, "a restricted account stands in restricted envelopes only") \
    X(RESTRICTED_PARTIES, "a restricted envelope touches accounts of two parties at most") \
    X(VALUE, "the value is outside what this field allows") \
    X(TEXT, "not valid text: UTF-8 without control or hidden characters, or a space at an end") \
    X(AMOUNT_ZERO, "an amount is never 0") \
    X(SAME_ACCOUNT, "from and to are the same account") \
    X(RESERVED_NOT_ZERO, "bytes that must be zero are not") \
    X(BLIND, "the blind is zero in public envelopes and random in restricted ones") \
    X(DETAIL, "a detail out of its place or order, of another number than was said, or that does not " \
              "fit its record") \
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
    X(CLOCK_JUMP, "the clock is more than 24 h ahead of all that it was held against: confirm that it is right") \
    X(SEQUENCE, "not the next sequence of this party and lane") \
    X(PREVIOUS_ID, "previous_id is not the lane's last envelope") \
    X(KNOWN_AHEAD, "names an entry that this ledger does not have: rolled back or forked") \
    X(FORK, "names an entry with another leaf hash: the ledger was forked") \
    X(LIFETIME, "expires before it is created, or lives longer than the ledger allows") \
    X(CREATED_IN_FUTURE, "created more than 300 s in the future") \
    X(EXPIRED, "expired before it was received") \
    X(KEY_UNKNOWN, "no such key") \
    X(SIGNATURE, "a signature does not verify") \
    X(PARTY_SUSPENDED, "the party is suspended") \
    X(PARTY_CLOSED, "the party is closed") \
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
    X(OPENING, "not an opening that may be, or the party's opening is closed") \
    X(RESTRICTED, "movements of the public sector are public") \
    X(COUNTERSIGN_MISSING, "a party that must countersign did not") \
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
    X(NAMED_PARTY, "a rule names no party that is public, closed or has its keys from the authority") \
    X(RULES, "rules number not known, or not above the active one: newer software needed") \
    X(UNREACHABLE, "would leave a party without a reachable threshold") \
    X(NEW_QUORUM, "the authority's new quorum did not sign") \
    /* Operation. */ \
    X(FULL, "no space left: refused, nothing is lost; submit again once there is room") \
    X(NOT_FOUND, "no such ledger, entry or account") \
    X(EXISTS, "there is a ledger already") \
    X(KEY_INVALID, "not a public key") \
    X(LOCKED, "another process has the ledger open for writing") \
    X(FORMAT_UNKNOWN, "storage format unknown: newer software needed") \
    X(CORRUPT, "the stored ledger is damaged") \
    X(DENIED, "permission denied") \
    X(MEMORY, "out of memory") \
    X(BUSY, "as many programs read the ledger as can at once: try again when one has ended") \
    X(READ_ONLY, "the ledger is open for reading only") \
    X(FAILED, "a commit failed: close the ledger and open it again") \
    X(NO_ED25519, "the OpenSSL of this machine offers no Ed25519: signatures of logs and witnesses cannot be checked") \
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
/* 1 when what keeps that clock says that it is synchronised; 0 when it does not, or cannot be
 * asked. */
typedef int tijori_clock_synchronised(void *context);

/* Zero is the default of every member. */
struct tijori_options {
    uint32_t threads;    /* that verify signatures; 0: one a core, at most 64 */
    tijori_clock *clock; /* NULL: the system's */
    tijori_clock_synchronised *clock_synchronised; /* NULL: of the system's clock the kernel is
                                                    * asked, of another nothing is known */
    void *clock_context;                           /* for both */
    uint64_t map_size; /* bytes of address space for the log; 0: 1 TiB. The ledger is full there */
    int accept_clock_jump;  /* 1: the operator has confirmed the clock (CLOCK_JUMP, docs/FORMAT.md
                             * section 7) */
    const uint8_t *log_key; /* 32 bytes, the secret of an active log key: every commit then signs a
                             * checkpoint (tijori_signed), until an entry retires that key. NULL:
                             * none. Kept until close */
};

/* What came of checking something that others made. */
enum tijori_verdict {
    TIJORI_PASS,       /* all that was asked for was checked, and holds */
    TIJORI_INCOMPLETE, /* nothing failed, but not everything was checked */
    TIJORI_FINDING,    /* nothing failed, and there is something that a reader must know, such as a
                        * statement that the log contradicts; not everything may have been checked */
    TIJORI_FAIL,       /* something does not hold */
};

/* A sentence that says more than the status: which file, which version, which record. Terminated;
 * one that does not fit is cut. */
struct tijori_message {
    char text[1024];
};

/* Makes a ledger in DIR (created when missing; its parent must exist) and closes it again.
 * Returns OK; EXISTS, GENESIS and those of docs/FORMAT.md section 7, DENIED, FULL, MEMORY, IO: no
 *     ledger is left behind then.
 * Out: message     which record and field, or which file
 * In:  entry_0     the bytes of entry 0 (docs/FORMAT.md section 6)
 *      genesis_records  its records, 112 bytes each
 *      opening     the signed envelope that becomes entry 1
 *      options     NULL: the defaults */
TIJORI_API enum tijori_status tijori_create(struct tijori_message *message, const char *dir,
                                            const uint8_t *entry_0, size_t entry_0_size,
                                            const uint8_t *genesis_records,
                                            size_t genesis_records_size, const uint8_t *opening,
                                            size_t opening_size,
                                            const struct tijori_options *options) TIJORI_MUST_USE;

/* Opens the ledger in DIR.
 * Returns OK; NOT_FOUND, LOCKED, FORMAT_UNKNOWN, RULES (newer software needed), CORRUPT, DENIED,
 *     MEMORY, BUSY, IO.
 * Out: out         OK: to be closed with tijori_close
 * In:  options     NULL: the defaults */
TIJORI_API enum tijori_status tijori_open(struct tijori **out, const char *dir,
                                          enum tijori_mode mode,
                                          const struct tijori_options *options,
                                          struct tijori_message *message) TIJORI_MUST_USE;

/* Waits for what was submitted, stores the state so that the next open is quick, and closes. NULL
 * is accepted. Receipts not yet received are lost; what they would have said stays true. */
TIJORI_API void tijori_close(struct tijori *ledger);

/* ---- writing ---- */

/* The size of the largest envelope, bytes. */
TIJORI_API size_t tijori_envelope_size_max(void);

/* Takes the bytes of one envelope (copied). Waits while the queue is full. `tag` comes back in the
 * receipt.
 * Returns OK: a receipt will follow. OVERSIZED, READ_ONLY and FAILED take nothing. */
TIJORI_API enum tijori_status tijori_submit(struct tijori *ledger, const uint8_t *bytes,
                                            size_t size, uint64_t tag) TIJORI_MUST_USE;

struct tijori_receipt {
    uint64_t tag;
    /* OK and ALREADY: in the ledger and on the disk, as `entry`. FULL, BUSY, FAILED: see their
     * text. Anything else: refused, and the ledger is as it was. */
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

/* The next receipt, in the order of submission; waits for it.
 * Returns OK; NOT_FOUND when nothing is outstanding, READ_ONLY. */
TIJORI_API enum tijori_status tijori_receive(struct tijori *ledger,
                                             struct tijori_receipt *out) TIJORI_MUST_USE;

/* Judges one envelope as if it were submitted now, and changes nothing, in memory or on the disk.
 * Reading: as if submitted to the ledger as it was when opened. Writing: not while submits are
 * outstanding.
 * Returns OK; OVERSIZED.
 * Out: out         the receipt it would get; entry: the one it would become */
TIJORI_API enum tijori_status tijori_dry_run(struct tijori *ledger, struct tijori_receipt *out,
                                             const uint8_t *bytes, size_t size) TIJORI_MUST_USE;

/* ---- checkpoints: docs/FORMAT.md section 14 ---- */

/* Bytes of the longest note. */
#define TIJORI_NOTE_MAX 32768

/* The newest checkpoint that is on the disk, signed by options->log_key or by tijori_checkpoint. It
 * covers every receipt given out before the call when options->log_key is set and no entry has
 * retired that key: a key signs nothing of a size at which it is retired. Reading and writing.
 * Returns OK; NOT_FOUND when nothing was signed yet, FULL when the room does not suffice.
 * Out: note        not terminated
 * In/Out: size     the room in `note` (TIJORI_NOTE_MAX always suffices), then the note's bytes */
TIJORI_API enum tijori_status tijori_signed(struct tijori *ledger, char *note,
                                            size_t *size) TIJORI_MUST_USE;

/* Signs the log as it is on the disk with the 32-byte secret of an active log key, and stores that
 * as a public checkpoint; the one that is stored already, with its cosignatures, when nothing was
 * appended since.
 * Returns OK; KEY_UNKNOWN; FORK when what was signed last is not a beginning of this log: nothing
 * is signed then; FULL when the room does not suffice; READ_ONLY, MEMORY, IO. Out, In/Out: as
 * tijori_signed */
TIJORI_API enum tijori_status tijori_checkpoint(struct tijori *ledger, char *note, size_t *size,
                                                const uint8_t *log_key) TIJORI_MUST_USE;

/* Adds the signatures of `other`, a note of the same text as a public checkpoint, to it, and gives
 * the result. Whether they count is for who verifies. What was stored stays, so a cosignature whose
 * time an audit would hold against the log (docs/FORMAT.md section 14) is not taken.
 * Returns OK; NOT_FOUND when there is none of that text; VALUE when `other` is no checkpoint,
 *     or the time of a new line is wrong: nothing is stored; FULL, READ_ONLY, MEMORY, IO.
 * Out, In/Out: as tijori_signed */
TIJORI_API enum tijori_status tijori_add_cosignatures(struct tijori *ledger, char *note,
                                                      size_t *size, const char *other,
                                                      size_t other_size) TIJORI_MUST_USE;

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
TIJORI_API void tijori_amount_text(char *out, size_t out_size, struct tijori_int128 amount,
                                   unsigned decimals);

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

/* An account by party and local number.
 * Returns OK; NOT_FOUND when there is none. */
TIJORI_API enum tijori_status tijori_balance(struct tijori *ledger, struct tijori_balance *out,
                                             uint32_t party, uint32_t local) TIJORI_MUST_USE;

struct tijori_movement {
    uint64_t entry;
    uint32_t record; /* position in the entry */
    uint8_t kind;    /* docs/FORMAT.md section 1 */
    uint8_t purpose;
    uint64_t from; /* party << 32 | local */
    uint64_t to;
    uint64_t amount;
    uint32_t value_date;
    char reference[93]; /* terminated; a long one too */
    uint8_t opening;    /* 1: it brought in what was held before the ledger; else 0 */
    uint64_t received_ns;
    struct tijori_int128 balance; /* of the account, after this movement */
};

/* The movements of an account, newest first. The balance starts from the account's balance at the
 * first call: movements that arrive in between are not seen.
 * Returns OK; NOT_FOUND at the end, or when there is no such account; CORRUPT, IO.
 * In/Out: cursor   all zero for the first call; moved on by each */
struct tijori_history_cursor {
    uint64_t started;
    uint64_t next;
    struct tijori_int128 balance;
};
TIJORI_API enum tijori_status tijori_history(struct tijori *ledger, struct tijori_movement *out,
                                             struct tijori_history_cursor *cursor, uint32_t party,
                                             uint32_t local) TIJORI_MUST_USE;

/* One entry: the bytes as stored, in buffers the caller gives. Sizes in, sizes out.
 * Returns OK; NOT_FOUND; FULL when a buffer is too small (the sizes needed are then given). */
struct tijori_entry {
    uint8_t *entry;
    size_t entry_size; /* at most 65,535 */
    uint8_t *body;     /* records, links, tail: docs/FORMAT.md section 9 */
    size_t body_size;  /* at most 1,048,352 */
};
TIJORI_API enum tijori_status tijori_entry(struct tijori *ledger, struct tijori_entry *out,
                                           uint64_t index) TIJORI_MUST_USE;

/* Bytes of a record, and what a record id is: entry << 13 | position. */
#define TIJORI_RECORD_SIZE 112

/* One record by its id, and its group hash (what `hash` of a record that names it must hold): that
 * of the record and the details behind it, without details its leaf hash. A detail is a record with
 * an id of its own; it cannot be named.
 * Returns OK; NOT_FOUND when there is none; CORRUPT, IO.
 * Out: group32     may be NULL */
TIJORI_API enum tijori_status tijori_record(struct tijori *ledger,
                                            uint8_t record[TIJORI_RECORD_SIZE], uint8_t group32[32],
                                            uint64_t record_id) TIJORI_MUST_USE;

/* ---- lists ----
 *
 * Each call gives one and moves its cursor on, which is 0 for the first call; a cursor means
 * nothing else. NOT_FOUND at the end; CORRUPT, IO. What is added while a list is walked is listed,
 * or not; nothing is listed twice. Of a ledger that is open for reading the list is that of one
 * moment. Kinds, types, roles, classes and purposes are the numbers of docs/FORMAT.md section 1. */

struct tijori_party {
    uint32_t party; /* its number */
    uint8_t type;
    uint8_t status; /* 1 active, 2 suspended, 3 closed */
    uint8_t threshold_move;
    uint8_t threshold_administer;
    uint16_t classes;       /* granted: bit by class */
    uint16_t keys_initiate; /* active keys, by role */
    uint16_t keys_approve;
    uint16_t keys_administer;
    uint32_t keys; /* ever registered */
    uint32_t accounts;
    uint32_t accounts_open;
    uint64_t recovery_ns; /* from when on the authority may give it keys; 0: no recovery is open */
    char name[49];
};
TIJORI_API enum tijori_status tijori_parties(struct tijori *ledger, struct tijori_party *out,
                                             uint64_t *cursor) TIJORI_MUST_USE;

struct tijori_key {
    uint32_t party;
    uint32_t ordinal;
    uint8_t algorithm;
    uint8_t role;
    uint8_t group;   /* 0: none */
    uint8_t revoked; /* 1: it signs nothing any more */
    uint8_t key_size;
    uint8_t key[33];
    uint64_t added_id;   /* record ids */
    uint64_t revoked_id; /* 0: none */
    char label[33];
};
/* The keys of one party. */
TIJORI_API enum tijori_status tijori_keys(struct tijori *ledger, struct tijori_key *out,
                                          uint64_t *cursor, uint32_t party) TIJORI_MUST_USE;

struct tijori_account {
    uint32_t party;
    uint32_t local;
    uint64_t latest_id; /* record id of its latest movement; 0: none yet */
    struct tijori_balance balance;
};
TIJORI_API enum tijori_status tijori_accounts(struct tijori *ledger, struct tijori_account *out,
                                              uint64_t *cursor) TIJORI_MUST_USE;

/* The label that an account was opened with; empty when it has none. The entries with directives
 * are read from the newest on, until the one that opened it. Returns OK; NOT_FOUND, CORRUPT, IO. */
TIJORI_API enum tijori_status tijori_account_label(struct tijori *ledger, char label[49],
                                                   uint32_t party, uint32_t local) TIJORI_MUST_USE;

/* A tier, a limit or a programme: docs/FORMAT.md section 7.3. What its kind does not have is 0. */
struct tijori_rule {
    uint32_t number;
    uint8_t kind; /* 39 tier, 64 limit, 65 programme */
    uint8_t type; /* of a limit or a programme */
    uint8_t directions;
    uint8_t mode;
    uint8_t approvals;
    uint16_t purposes; /* bit by purpose */
    uint16_t groups;   /* bit by group */
    uint32_t asset;
    uint32_t window_s; /* of a tier: the delay */
    uint32_t starts;   /* days since 1970-01-01 */
    uint32_t ends;
    uint32_t power_mw;
    uint64_t holder; /* account, or party << 32 | 0xffffffff: all of a party */
    uint64_t counterparty;
    uint64_t amount; /* the bound; of a tier: above what it stands */
    uint64_t amount_day;
    uint64_t set_id;      /* record ids */
    uint64_t ended_id;    /* 0: no record ended it */
    uint64_t from_ns;     /* in force from then on; 0: since it was set */
    uint64_t until_ns;    /* ended: in force until then */
    uint32_t named_party; /* 0: none */
    uint16_t notice_days;
    uint16_t wait_days;
    /* How far it is used, at the time of the newest entry. */
    uint8_t bounded;           /* 1: it has a bound, and `used` and `left` count */
    struct tijori_int128 used; /* of a minimum: the reserve */
    struct tijori_int128 left; /* below 0: broken, where breaking is reported and not refused */
    uint64_t breaches;
};
TIJORI_API enum tijori_status tijori_rules(struct tijori *ledger, struct tijori_rule *out,
                                           uint64_t *cursor) TIJORI_MUST_USE;

/* A movement that was neither posted nor voided. */
struct tijori_pending {
    uint64_t record_id;
    uint64_t received_ns;
    uint64_t from; /* party << 32 | local */
    uint64_t to;
    uint64_t amount;
    uint32_t timeout_s; /* POSIX seconds; 0: none */
    uint8_t purpose;
    char reference[93]; /* terminated; a long one too */
    /* What its amount wants before it is posted (docs/FORMAT.md section 7.3). */
    uint32_t rule;             /* the tier that it falls in; UINT32_MAX: none */
    uint32_t approvals;        /* given, by keys that are not revoked */
    uint32_t approvals_wanted; /* in all */
    uint32_t groups_missing;   /* bit by group */
    uint64_t not_before_ns;    /* 0: it need not wait */
};
TIJORI_API enum tijori_status tijori_pending(struct tijori *ledger, struct tijori_pending *out,
                                             uint64_t *cursor) TIJORI_MUST_USE;

/* ---- making envelopes: docs/FORMAT.md sections 3 and 4 ----
 *
 * None of it needs a ledger but tijori_place: what a header says of one is a small struct that can
 * be carried to the machine that has the keys. */

/* What the next envelope of a party's lane says of its ledger. */
struct tijori_place {
    uint32_t party;
    uint16_t lane;        /* 0: directives; from 1 on: movements, accounts, endorsements */
    uint64_t sequence;    /* of the next envelope, from 1 */
    uint64_t known_index; /* the newest entry that the party knows of */
    uint32_t lifetime_max_s;
    uint8_t ledger_id[32];
    uint8_t previous_id[32]; /* zero when sequence is 1 */
    uint8_t known_leaf[32];
};

/* The place of the next envelope, from a ledger.
 * Returns OK; PARTY_UNKNOWN, LANE (above 4095), IO. */
TIJORI_API enum tijori_status tijori_place(struct tijori *ledger, struct tijori_place *out,
                                           uint32_t party, uint16_t lane) TIJORI_MUST_USE;

/* A movement in the making: what its kind does not have stays 0. */
struct tijori_order {
    uint8_t kind; /* 1 move, 2 pending, 3 post, 4 void, 5 correct, 6 approve */
    uint8_t purpose;
    uint64_t from; /* party << 32 | local */
    uint64_t to;
    uint64_t amount;     /* base units */
    uint32_t value_date; /* days since 1970-01-01; 0: not stated */
    uint32_t timeout_s;  /* pending: POSIX seconds; 0: none */
    uint64_t refers_to;  /* post, void, correct, approve: the record named */
    uint8_t hash[32];    /* the document cited; of what names a record: its group hash
                          * (tijori_record) */
    char reference[17];  /* the sender's own, terminated */
    uint8_t details; /* how many details the caller puts behind it (docs/FORMAT.md section 3.3) */
};

/* The record of a movement, as it stands in a public envelope; tijori_propose makes the blind of a
 * restricted one. Any other kind is made by hand: docs/FORMAT.md section 3.
 * Returns OK; KIND_UNKNOWN (no movement), VALUE, TEXT, AMOUNT_ZERO, SAME_ACCOUNT: the form is
 *     checked, not whether a ledger would take it. `message` names the field. */
TIJORI_API enum tijori_status tijori_order_record(uint8_t record[TIJORI_RECORD_SIZE],
                                                  const struct tijori_order *order,
                                                  struct tijori_message *message) TIJORI_MUST_USE;

struct tijori_attachment {
    const uint8_t *bytes;
    size_t size;
};

/* Zero is the default of every member that may be left out. */
struct tijori_proposal {
    const uint8_t *records; /* 112 bytes each */
    uint32_t record_count;  /* 1 to 8190 */
    int restricted;         /* 1: the records are for the parties and the authority alone */
    uint64_t created_s;     /* POSIX seconds; 0: now */
    uint32_t lifetime_s;    /* 0: a day, or less where the ledger wants less */
    const struct tijori_attachment *attachments; /* documents that records cite; in any order */
    size_t attachment_count;
};

/* Makes an envelope without signatures, and moves the place on to the one after it.
 * Returns OK; LIFETIME; FULL when the room does not suffice (*size is then what is needed); those
 * of docs/FORMAT.md section 7 step 1; MEMORY. On any but OK the place is as it was. Out: envelope
 * In/Out: size     the room in `envelope`, then the envelope's bytes
 *      place */
TIJORI_API enum tijori_status tijori_propose(uint8_t *envelope, size_t *size,
                                             struct tijori_place *place,
                                             const struct tijori_proposal *proposal,
                                             struct tijori_message *message) TIJORI_MUST_USE;

/* Bytes that one signature adds to an envelope at most. */
#define TIJORI_SIGNATURE_ROOM 107

struct tijori_signer {
    uint32_t party;    /* for whom */
    uint8_t algorithm; /* 1 ECDSA, 2 BIP-340; 3 Ed25519, a log key that proves possession */
    const uint8_t *secret32;
};

/* Adds a signature. It proves possession where a record of the envelope registers this key, and
 * counts as the party's own or as a countersignature otherwise. What does not hold together is not
 * signed. Whether the signatures suffice is the ledger's judgement (tijori_dry_run).
 * Returns OK; KEY_INVALID, SLOT_DUPLICATE (this key signed before), SLOT_COUNT; FULL when the room
 *     does not suffice; those of section 7 step 1; MEMORY. On any but OK the envelope is as it was.
 * In/Out: envelope, size (its bytes)
 * In:  room        bytes that `envelope` has room for */
TIJORI_API enum tijori_status tijori_sign(struct tijori_message *message, uint8_t *envelope,
                                          size_t *size, size_t room,
                                          const struct tijori_signer *signer) TIJORI_MUST_USE;

/* Adds the signatures of another copy of the same envelope; those of keys that signed both copies
 * stay as they are.
 * Returns OK; CONFLICT when it is another envelope; SLOT_COUNT, FULL, those of section 7 step 1,
 *     MEMORY. On any but OK the envelope is as it was.
 * In/Out, room: as tijori_sign */
TIJORI_API enum tijori_status tijori_merge(struct tijori_message *message, uint8_t *envelope,
                                           size_t *size, size_t room, const uint8_t *other,
                                           size_t other_size) TIJORI_MUST_USE;

/* How many bytes the first of several envelopes in a row takes.
 * Returns OK; TRUNCATED when `available` are too few to tell or to hold it, MAGIC, OVERSIZED. */
TIJORI_API enum tijori_status tijori_measure(size_t *size, const uint8_t *bytes,
                                             size_t available) TIJORI_MUST_USE;

/* The id of an envelope, which its signatures are over and a receipt names.
 * Returns OK; TRUNCATED when there is no whole header, MAGIC. */
TIJORI_API enum tijori_status tijori_envelope_id(uint8_t id32[32], const uint8_t *envelope,
                                                 size_t size) TIJORI_MUST_USE;

/* ---- export and proofs: docs/FORMAT.md sections 14 and 16 ---- */

/* Zero is the default of every member. */
struct tijori_export_options {
    int public_only; /* 1: without the bodies of restricted entries */
    int attachments; /* 1: with the documents that records cite */
    int change_kind; /* 1: a public folder becomes a full one; without it that is EXISTS */
};
struct tijori_exported {
    uint64_t entries; /* in the folder */
    uint64_t files;   /* written by this call */
    uint64_t bytes;
    uint64_t restricted; /* bodies left out */
};

/* Writes the log up to the newest checkpoint that was signed as a folder of plain files; into a
 * folder that was exported before, what is new, missing or damaged. A ledger that is open for
 * writing keeps that checkpoint, so that cosignatures can be added to it later. While it runs, a
 * ledger that is open for writing commits nothing: a long export is made from one that is open for
 * reading. Returns OK; NOT_FOUND when no checkpoint was signed yet, or the folder's parent is not
 * there; EXISTS, LEDGER_ID, KNOWN_AHEAD, FORK when the folder is no earlier export of this log;
 * CORRUPT, DENIED, FULL, MEMORY, IO. In:  folder      made when missing options     NULL: the
 * defaults */
TIJORI_API enum tijori_status tijori_export(struct tijori *ledger, struct tijori_exported *out,
                                            const char *folder,
                                            const struct tijori_export_options *options,
                                            struct tijori_message *message) TIJORI_MUST_USE;

/* Bytes of the longest proof. */
#define TIJORI_PROOF_MAX 4194304

/* A .tlog-proof (C2SP tlog-proof) of an entry or a record: that it stands in the log, who signed
 * it, and by which keys. Returns OK; NOT_FOUND when there is no such record; KNOWN_AHEAD when no
 * checkpoint covers it yet (tijori_checkpoint makes one); FULL when the room does not suffice
 * (*size is then what is needed); CORRUPT, MEMORY, IO. Out: proof       text, not terminated
 * In/Out: size     the room in `proof` (TIJORI_PROOF_MAX always suffices), then the proof's bytes
 * In:  record      the position in the entry; UINT32_MAX: the entry alone */
TIJORI_API enum tijori_status tijori_prove(struct tijori *ledger, char *proof, size_t *size,
                                           uint64_t entry, uint32_t record,
                                           struct tijori_message *message) TIJORI_MUST_USE;

/* Whom a verifier trusts. All may be NULL or empty. */
struct tijori_pins {
    const uint8_t *ledger_id; /* 32 bytes */
    const char *log_key;      /* a verifier key (C2SP signed-note): NAME+HASH+BASE64 */
    const char *policy;       /* the text of a C2SP tlog-policy: witnesses, and their quorum */
    size_t policy_size;
};

struct tijori_proof {
    enum tijori_verdict verdict; /* INCOMPLETE: no log key, or the policy's quorum did not cosign */
    uint64_t entry;
    uint32_t record; /* UINT32_MAX: the entry alone */
    uint64_t received_ns;
    uint8_t record_bytes[TIJORI_RECORD_SIZE]; /* zero: the entry alone */
    uint32_t party;                           /* that submitted it */
    uint32_t signatures;                      /* under it, all of which verify */
    uint64_t size;                            /* entries under the checkpoint */
    char origin[256];                         /* the log's name */
    uint32_t cosignatures;                    /* of the policy's witnesses that verify */
    char text[1024];                          /* FAIL: the rule that is broken, and the place */
};

/* Checks a proof with nothing but its bytes and whom to trust.
 * Returns OK: `out` has the verdict. VALUE when the bytes are no such proof, or a pin is malformed:
 *     `message` says which; MEMORY.
 * In:  pins        ledger_id is not looked at: the log key names the ledger */
TIJORI_API enum tijori_status tijori_check_proof(struct tijori_proof *out, const char *proof,
                                                 size_t size, const struct tijori_pins *pins,
                                                 struct tijori_message *message) TIJORI_MUST_USE;

/* ---- signed receipts: docs/FORMAT.md section 15 ---- */

/* Bytes of the longest signed receipt. */
#define TIJORI_SIGNED_RECEIPT_MAX 2048
/* Bytes of the longest evidence against a log that broke its word. */
#define TIJORI_CONTRARY_MAX 65536

/* What became of what a log signed. */
enum tijori_promise {
    /* PASS: the log keeps its word. */
    TIJORI_PROMISE_KEPT,    /* the entry stands in the log as promised */
    TIJORI_PROMISE_REFUSED, /* the envelope that was refused is not in the log */
    TIJORI_PROMISE_LATER,   /* it is: submitted again, it became entry `index` */
    /* INCOMPLETE: that is not known. */
    TIJORI_PROMISE_SIGNED,  /* the log signed it; no log was given to hold it against */
    TIJORI_PROMISE_UNBOUND, /* the log that was given has no checkpoint that the key signed */
    TIJORI_PROMISE_NOT_DUE, /* no checkpoint covers the entry yet; one does by due_ns */
    TIJORI_PROMISE_AHEAD,   /* the log had head_size entries by then, and fewer are shown here */
    /* FAIL: it does not, or what was given is damaged. */
    TIJORI_PROMISE_FOREIGN,     /* the receipt is not signed by the key, or of another log */
    TIJORI_PROMISE_FORGED,      /* the signature under it does not verify */
    TIJORI_PROMISE_DAMAGED,     /* entry `index` of the log that was given is damaged */
    TIJORI_PROMISE_GENESIS,     /* its entry 0 is not the genesis of the key's log */
    TIJORI_PROMISE_TREE,        /* its tree is not that of its checkpoint */
    TIJORI_PROMISE_ENTRIES,     /* its entries are not those of its checkpoint */
    TIJORI_PROMISE_FORKED,      /* the log of the receipt is no beginning of this one */
    TIJORI_PROMISE_OTHER_ENTRY, /* another entry, of hash found_leaf, stands in its place */
    TIJORI_PROMISE_CONTRADICTS, /* the receipt speaks against itself: the entry of that leaf hash is
                                 * another envelope's, or the status or the head is none that goes
                                 * with it */
    TIJORI_PROMISE_OVERDUE,     /* no checkpoint covers the entry, and one was due by due_ns */
    TIJORI_PROMISE_BROKEN,      /* the envelope that it says was refused was entry `index` then */
};

struct tijori_signed_receipt {
    enum tijori_verdict verdict;
    enum tijori_promise promise;
    /* What the receipt says. */
    char origin[256];          /* the log's name */
    enum tijori_status status; /* OK and ALREADY promise an entry; all others refuse */
    uint8_t envelope_id[32];
    uint64_t entry;       /* OK, ALREADY */
    uint8_t leaf[32];     /* OK, ALREADY: leaf hash of the entry */
    uint64_t received_ns; /* OK, ALREADY */
    uint64_t head_size;   /* entries that the log had when it decided */
    /* What was found, as `promise` says. */
    uint64_t size;  /* entries under the newest checkpoint that the key signed; 0: none */
    uint64_t index; /* LATER, DAMAGED, BROKEN */
    uint8_t found_leaf[32];
    uint64_t due_ns; /* NOT_DUE, OVERDUE */
    uint64_t seen_s; /* OVERDUE: a witness of the policy saw that checkpoint only then, after
                      * due_ns, in POSIX seconds; 0: no witness proves it, it may be an old copy */
};

/* Checks a receipt that a log signed: that the key signed it, and where a log is given, that the
 * log keeps what it says. Who has a receipt needs nothing of who gave it. Of FORKED and OTHER_ENTRY
 * the receipt and `contrary` together prove to anybody that the log signed two histories.
 * Returns OK: `out` has the verdict, FAIL too. VALUE when the bytes are no signed receipt, a pin is
 *     malformed or there is no log key; NOT_FOUND, CORRUPT (what is there cannot be read as a log),
 *     FORMAT_UNKNOWN, DENIED, MEMORY, IO; FULL when the room in `contrary` does not suffice: `out`
 *     has the verdict all the same, and *contrary_size is what is needed.
 * Out: contrary    a checkpoint or a .tlog-proof, not terminated; may be NULL
 * In/Out: contrary_size  the room in `contrary` (TIJORI_CONTRARY_MAX always suffices), then the
 *                  bytes of it, 0: there is none. NULL when `contrary` is
 * In:  receipt     a note, as `size` bytes; not kept
 *      path        an exported folder, or a ledger's directory (see tijori_verify for one from a
 *                  stranger); NULL: the signature alone is checked
 *      pins        log_key is needed; policy has the witnesses of OVERDUE and may be NULL;
 *                  ledger_id is not looked at
 *      at_ns       the time by which deadlines are judged; 0: now
 * Threads: any, at any time. */
TIJORI_API enum tijori_status tijori_check_receipt(struct tijori_signed_receipt *out,
                                                   char *contrary, size_t *contrary_size,
                                                   const char *receipt, size_t size,
                                                   const char *path, const struct tijori_pins *pins,
                                                   uint64_t at_ns,
                                                   struct tijori_message *message) TIJORI_MUST_USE;

/* ---- witnesses: C2SP tlog-witness, without the HTTP around it ----
 *
 * A witness remembers the last checkpoint that it cosigned of each log, and cosigns another only
 * when a consistency proof shows that it goes on from there. So no two checkpoints that it cosigned
 * contradict each other, while its state is neither lost nor set back. A log makes the request, a
 * witness answers it, and tijori_add_cosignatures takes the answer in. */

/* Bytes of the longest request. */
#define TIJORI_WITNESS_REQUEST_MAX 65536
/* Bytes of the longest verifier key of a witness. */
#define TIJORI_VERIFIER_KEY_MAX 512

/* The request for the newest public checkpoint: the size that the witness cosigned last, the proof
 * that leads from there to the checkpoint, and the checkpoint.
 * Returns OK; NOT_FOUND when no checkpoint was signed yet; KNOWN_AHEAD when old_size is larger than
 *     the checkpoint's; FULL when the room does not suffice; CORRUPT, IO.
 * Out: request     text, not terminated: the body of POST add-checkpoint
 * In/Out: size     the room in `request` (TIJORI_WITNESS_REQUEST_MAX always suffices), then its
 *                  bytes
 * In:  old_size    entries under the checkpoint that the witness cosigned last; 0: none. A witness
 *                  that remembers another answers with code 409 and that size
 * Threads: as the reading calls. */
TIJORI_API enum tijori_status
tijori_witness_request(struct tijori *ledger, char *request, size_t *size, uint64_t old_size,
                       struct tijori_message *message) TIJORI_MUST_USE;

struct tijori_witness;

/* Zero is the default of the members behind `log_keys`. */
struct tijori_witness_options {
    const char *name;            /* of the witness's key: no space, no plus sign, not empty */
    const uint8_t *secret32;     /* 32 bytes, an Ed25519 secret; copied */
    const char *const *log_keys; /* verifier keys (C2SP signed-note) of the logs that it cosigns;
                                  * several of one name are one log's keys */
    size_t log_key_count;
    int replays;         /* 1: the caller verifies each log before it asks, and the name ends with
                          * "/replayed"; 0: the name does not */
    tijori_clock *clock; /* NULL: the system's */
    void *clock_context;
};

/* Opens a witness whose state is the directory DIR. One process has it open at a time.
 * Returns OK; LOCKED; TEXT (the name is none, or does not go with `replays`), KEY_INVALID, VALUE (a
 *     log key is no verifier key of a log); CORRUPT when the state cannot be read or is of another
 *     name: a witness that went on without it could contradict itself; NOT_FOUND, DENIED, FULL,
 *     EXISTS, MEMORY, IO.
 * Out: out         OK: to be closed with tijori_witness_close; else NULL
 * In:  dir         made when missing; its parent must exist
 *      options     copied */
TIJORI_API enum tijori_status tijori_witness_open(struct tijori_witness **out, const char *dir,
                                                  const struct tijori_witness_options *options,
                                                  struct tijori_message *message) TIJORI_MUST_USE;

/* Closes it, and forgets the secret. NULL is accepted. No other call on it may be running. */
TIJORI_API void tijori_witness_close(struct tijori_witness *witness);

/* The key by which its cosignatures are verified, as a policy names it: NAME+HASH+BASE64.
 * Out: key         terminated */
TIJORI_API void tijori_witness_key(const struct tijori_witness *witness,
                                   char key[TIJORI_VERIFIER_KEY_MAX]);

struct tijori_witness_answer {
    unsigned code;         /* of HTTP: 200 cosigned, 400, 403, 404, 409, 422, 500 */
    uint64_t last_size;    /* 409: entries under the checkpoint cosigned last */
    char content_type[64]; /* of the body, terminated */
    size_t body_size;
    char body[512];    /* 200: the cosignature's line; else a line that says what is wrong. Not
                        * terminated */
    char log[512];     /* a line for who runs the witness, terminated, without a newline */
    char trouble[512]; /* another, or empty: what the disk says */
};

/* Answers one request. What it cosigns is on the disk before the answer is given.
 *     400  not a request, or the old size is larger than the checkpoint's
 *     404  a log that it does not know
 *     403  no signature by a key of the log, or one that does not verify
 *     409  the old size is not the one cosigned last, which is the body and last_size
 *     422  the checkpoint does not go on from the last one cosigned. Another root at the same size
 *          is kept in DIR as evidence against the log
 *     500  the state cannot be read or written: nothing was cosigned
 *     200  cosigned
 * In:  request     bytes from anybody, at most TIJORI_WITNESS_REQUEST_MAX; more is a 400; not kept
 * Threads: any number at once. */
TIJORI_API void tijori_witness_answer(struct tijori_witness *witness,
                                      struct tijori_witness_answer *out, const char *request,
                                      size_t size);

/* ---- verification ---- */

/* Zero is the default of every member. */
struct tijori_verify_options {
    uint32_t threads;      /* that hash and verify; 0: one a core, at most 64 */
    int public_only;       /* 1: restricted bodies need not be there */
    int without_documents; /* 1: nor need documents that records cite */
};

/* One check: how many things passed, failed, and could not be looked at. */
struct tijori_check {
    const char *name; /* constants: "SIGNATURES", and in words */
    const char *text;
    uint64_t passed;
    uint64_t failed;
    uint64_t skipped;
    char note[200]; /* why skipped, or more about a failure; empty: nothing to add */
};
#define TIJORI_CHECKS_MAX   32
#define TIJORI_FINDINGS_MAX 16

struct tijori_report {
    enum tijori_verdict verdict;
    int incomplete; /* 1: not everything was checked, with a FINDING too */
    uint32_t check_count;
    struct tijori_check checks[TIJORI_CHECKS_MAX]; /* the first check_count */
    /* The first failure, or empty; and its entry, UINT64_MAX: in none in particular. */
    char failure[400];
    uint64_t failed_entry;
    int newer_software_needed; /* 1: what failed is intact, and not known to this program */
    /* Sound, and yet something that a reader must know. */
    uint64_t finding_count; /* all; the first TIJORI_FINDINGS_MAX are here */
    char findings[TIJORI_FINDINGS_MAX][240];
    /* What was covered. */
    uint64_t entries;
    uint64_t records;
    uint64_t signatures;
    uint8_t ledger_id[32];
    uint8_t leaf[32]; /* of the last entry */
    uint8_t root[32]; /* tree over the entries */
    uint64_t last_received_ns;
    uint64_t checkpoint_size; /* entries under the newest checkpoint that holds; 0: there is none */
    uint32_t cosignatures;    /* on the newest one, of the policy's witnesses, that verify */
    char origin[256];         /* the log's name */
};

/* Replays an exported folder, or a ledger that nobody has open for writing: every byte is hashed
 * again, every link, signature and rule checked, and the whole state built anew. Nothing is
 * written. A folder is read by this library's own code. A ledger is read through LMDB, which a
 * hostile file can crash: verify one from a stranger in a child process, or ask for a folder.
 * Returns OK: `out` has the verdict, FAIL too. NOT_FOUND, CORRUPT (what is there cannot be read as
 * a log), FORMAT_UNKNOWN, DENIED, MEMORY, IO; VALUE when a pin is malformed. In:  path        the
 * folder, or the ledger's directory pins        NULL: nothing is pinned, and the verdict is
 * INCOMPLETE at best options     NULL: the defaults */
TIJORI_API enum tijori_status tijori_verify(struct tijori_report *out, const char *path,
                                            const struct tijori_pins *pins,
                                            const struct tijori_verify_options *options,
                                            struct tijori_message *message) TIJORI_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
