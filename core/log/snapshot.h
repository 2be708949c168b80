#ifndef TIJORI_CORE_LOG_SNAPSHOT_H
#define TIJORI_CORE_LOG_SNAPSHOT_H

/* Loading the state. First the blocks are read as they were stored, each at another time. Then the
 * journal is redone over them, and every block takes the effects that it does not have yet.
 * docs/FORMAT.md section 9, ARCHITECTURE.md "The fuzzy snapshot". core/ingest/commit.c stores the
 * blocks. */

#include "core/rules/reapply.h"
#include "core/log/journal.h"

/* Sizes of the key and the header of a block's row. */
enum { TJ_BLOCK_KEY_SIZE = 9, TJ_BLOCK_HEADER_SIZE = 16 };

/* Writes what stands before a stored block's content: `as_of u64 || check u32 || zero u32`. */
void tj_block_header_encode(uint8_t out[TJ_BLOCK_HEADER_SIZE], const uint8_t key[TJ_BLOCK_KEY_SIZE],
                            uint64_t as_of, const uint8_t *content, uint32_t bytes);
void tj_block_key(const struct tj_block *block, uint8_t key[TJ_BLOCK_KEY_SIZE]);

/* A row of the blocks table, taken apart. Decoding answers false when it is not one, and when its
 * check is wrong. */
struct tj_block_row {
    uint8_t table;
    uint32_t party;
    uint32_t number;
    uint64_t as_of;         /* the last entry whose effects are in the block */
    const uint8_t *content; /* tj_block_bytes(table) */
};
/* The key alone: table, party and number. */
bool tj_block_key_decode(const struct tj_view *key, struct tj_block_row *out) TJ_MUST_USE;
bool tj_block_row_decode(const struct tj_view *key, struct tj_block_row *out,
                         const struct tj_view *value) TJ_MUST_USE;

/* "the block of accounts, party 1, number 0", or what there is to say of a key that is none. */
enum { TJ_BLOCK_NAME_SIZE = 80 };
void tj_block_name(char out[TJ_BLOCK_NAME_SIZE], const struct tj_view *key);

/* The state as of the transaction's newest entry, from blocks and redo. A block that is damaged or
 * missing is left out and worked out anew from entry 0 on, which `repairs` says (it may be NULL).
 * The entries that are redone are verified: chain, records, and what is derived of them. CORRUPT
 * when they are not sound; `repairs` has which. */
enum tijori_status tj_snapshot_mend(struct tj_txn *txn, struct tj_digester *digester,
                                    struct tj_state **out, struct tj_repairs *repairs,
                                    const struct tj_head_row *head) TJ_MUST_USE;
/* The same, and nobody asks what was mended. */
enum tijori_status tj_snapshot_load(struct tj_txn *txn, struct tj_digester *digester,
                                    struct tj_state **out,
                                    const struct tj_head_row *head) TJ_MUST_USE;

/* The state after the first `size` entries, from the journal alone. */
enum tijori_status tj_snapshot_at(struct tj_txn *txn, struct tj_digester *digester,
                                  struct tj_state **out, uint64_t size) TJ_MUST_USE;

#endif
