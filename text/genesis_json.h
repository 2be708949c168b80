#ifndef TIJORI_TEXT_GENESIS_JSON_H
#define TIJORI_TEXT_GENESIS_JSON_H

/* The genesis as people write and keep it: JSON, which is never hashed. docs/FORMAT.md section 11.
 *
 *     {"format": "tijori-genesis-1", "created": "2026-01-31T12:00:00Z", "records": [ ... ]}
 */

#include "core/rules/genesis.h"
#include "text/text.h"

enum { GENESIS_RECORDS_MAX = 64 };

struct genesis_file {
    uint64_t created_s;
    uint32_t record_count;
    uint8_t records[GENESIS_RECORDS_MAX * TJ_RECORD_SIZE];
    struct tj_genesis built; /* entry 0 and the ledger id that follow */
};

/* What is wrong with a genesis, as a sentence. */
struct genesis_message {
    char text[512];
};

/* Reads all of `in`, checks it against section 6, and builds entry 0. On false *why says what is
 * wrong. */
bool genesis_read(struct genesis_message *why, struct genesis_file *out,
                  struct tj_digester *digester, FILE *in) TJ_MUST_USE;
/* Checks and builds, for records made in memory. The same on false. */
bool genesis_build(struct genesis_message *why, struct tj_digester *digester,
                   struct genesis_file *genesis) TJ_MUST_USE;

/* Writes it and flushes. False, with errno, when that failed. */
bool genesis_print(FILE *out, const struct genesis_file *genesis) TJ_MUST_USE;

/* The assets it opens. */
struct assets genesis_file_assets(const struct genesis_file *genesis);

#endif
