#ifndef TIJORI_CLI_GENESIS_FILE_H
#define TIJORI_CLI_GENESIS_FILE_H

/* The genesis as people write and keep it: JSON, which is never hashed. docs/FORMAT.md section 11.
 *
 *     {"format": "tijori-genesis-1", "created": "2026-01-31T12:00:00Z", "records": [ ... ]}
 */

#include "cli/exit.h"
#include "text/text.h"
#include "core/rules/genesis.h"

enum { GENESIS_RECORDS_MAX = 64 };

struct genesis_file {
    uint64_t created_s;
    uint32_t record_count;
    uint8_t records[GENESIS_RECORDS_MAX * TJ_RECORD_SIZE];
    struct tj_genesis built; /* entry 0 and the ledger id that follow */
};

/* Reads FILE ("-" is standard input), checks it against section 6, and builds entry 0. */
int genesis_file_read(const char *path, struct tj_digester *digester, struct genesis_file *out);
/* Writes FILE, which must not exist; "-" is standard output. */
int genesis_file_write(const char *path, const struct genesis_file *genesis);
/* Checks and builds, for records made in memory. */
int genesis_file_build(const char *name, struct tj_digester *digester,
                       struct genesis_file *genesis);

/* The assets it opens. */
struct assets genesis_file_assets(const struct genesis_file *genesis);

#endif
