#ifndef TIJORI_TESTS_UNIT_HISTORY_SUPPORT_H
#define TIJORI_TESTS_UNIT_HISTORY_SUPPORT_H

/* Histories on the world of ledger_support.h, for tests of what is stored: a fixed sequence of
 * envelopes, so that the same log comes out each time, and the whole log as bytes. */

#include "ledger_support.h"

struct history {
    struct fixture *f;
    void (*after)(void *context); /* after each accepted envelope; may be NULL */
    void *context;
    uint32_t custodian_key; /* ordinal of the key of party 2 that moves; it is rotated on the way */
};

/* An accepted record, as a later one names it. */
struct named_record {
    struct tj_record record;
    uint64_t id;
    struct tj_hash group;
};

/* Every kind of record that can be accepted today (activate_rules cannot: there is one set of rules
 * only), public and restricted, with countersignatures, a document that is attached and one that is
 * not, several lanes, on fixture_parties. Kinds 16 and 17 are the genesis's. */
void history_every_kind(struct history *h);
/* After it: rules that counted end, others like them begin, and end too. */
void history_rules_end(struct history *h);
/* After either: parties that come later bring in what they held, and their openings are closed. */
void history_openings(struct history *h);
/* After either: marks on both sides of the border of a block (4,096), posted, voided, corrected. */
void history_marks(struct history *h);
/* After either: records with details that are named, corrected and restricted, and an account that
 * is lent. */
void history_details(struct history *h);
/* Any number of small moves after either, alternating between two parties. */
void history_moves(struct history *h, uint32_t count);

/* ---- the log as bytes ---- */

struct log_row {
    uint8_t *key;
    size_t key_size;
    uint8_t *value;
    size_t size;
};
struct log_table {
    struct log_row *rows;
    size_t count;
};
struct log_copy {
    struct log_table tables[TJ_J_COUNT]; /* by enum tj_journal_table */
};
/* All rows of the store at `dir`, which this process does not have open. */
void log_read(struct log_copy *out, const char *dir, uint64_t map_size);
void log_free(struct log_copy *log);
/* A new store at `dir` with these rows; numbered tables get the number of a row from its key. */
void log_write(const char *dir, const struct log_copy *log);
/* The same with these tables (as many, of the same kinds) and this format. */
void log_write_as(const char *dir, const struct log_copy *log,
                  const struct tj_store_options *options);

/* Where the file of a store that this process has open is mapped. */
const uint8_t *store_map(const char *dir);

/* Copies data.mdb of a ledger that may be open (but commits nothing now) into the new directory
 * `to`: what a crash leaves. */
void copy_ledger(const char *from, const char *to);
/* Deletes a ledger's directory and the files a ledger has. */
void remove_ledger(const char *dir);

/* Opens, digests the state, closes. */
void digest_as_opened(struct tj_digester *digester, struct tj_hash *out, const char *dir);
/* Of the open ledger of a fixture. */
void digest_live(struct fixture *f, struct tj_hash *out);

/* Audits a directory that is not open. */
void audit_dir(struct tj_replay_report *report, const char *dir, const struct tj_hash *ledger_id,
               uint32_t threads);
void must_pass(const struct tj_replay_report *report);

/* The bytes of the envelope that became entry `index`, without attachments; malloc'ed. */
uint8_t *envelope_of(const struct log_copy *log, size_t *size, uint64_t index);

/* A number from the environment, or a default. */
uint64_t number_from_env(const char *name, uint64_t otherwise);

#endif
