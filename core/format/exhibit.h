#ifndef TIJORI_CORE_FORMAT_EXHIBIT_H
#define TIJORI_CORE_FORMAT_EXHIBIT_H

/* Exhibits. A proof is a file in the open format tlog-proof (crypto/proof.h). Its `extra` line
 * holds exhibits: what there is to know of the entry that is proven, so that the proof can be read
 * alone. docs/FORMAT.md section 16.
 *
 *     magic "TJP" || version u8 (1) || count u16 (1 to 64), then each exhibit:
 *     SIZE       FIELD
 *          8     index       of the entry
 *          2     size        of the entry, bytes
 *       size     entry
 *          4     position    of the record; 0xffffffff: the entry alone, and all up to the last
 * path is missing 112     record 1     count       at most 64 32 each    path        of the
 * record's leaf hash in body_root 1     details     of the record, at most 16; each is then a
 * record with a count and a path as above 1     count       at most 64 32 each    path        of
 * the entry's leaf hash in the checkpoint's tree; the first exhibit's is the tlog-proof's own
 *
 * The first exhibit is what is proven. The others are what it rests on: whom the keys under it
 * belong to, and what the accounts in it are.
 *
 * Threads: none; pure functions. */

#include "core/format/detail.h"
#include "core/format/entry.h"
#include "crypto/checkpoint.h"
#include "crypto/tile.h"

enum {
    TJ_EXHIBITS_MAX = 64,
    TJ_DETAIL_PATH_MAX = TJ_POSITION_BITS, /* hashes: an entry has no more records */
    TJ_EXHIBIT_DETAIL_SIZE_MAX = TJ_RECORD_SIZE + 1 + TJ_DETAIL_PATH_MAX * TJ_HASH_SIZE,
    TJ_EXHIBIT_SIZE_MAX = 8 + 2 + TJ_ENTRY_SIZE_MAX + 4 + TJ_RECORD_SIZE +
                          2 * (1 + TJ_PATH_MAX * TJ_HASH_SIZE) + 1 +
                          TJ_DETAILS_MAX * TJ_EXHIBIT_DETAIL_SIZE_MAX,
    TJ_EXHIBITS_SIZE_MAX = 6 + TJ_EXHIBITS_MAX * TJ_EXHIBIT_SIZE_MAX,
};

struct tj_exhibit {
    struct tj_entry_view entry;
    uint32_t position;       /* of the record; TJ_NOWHERE: the entry alone */
    const uint8_t *record;   /* TJ_RECORD_SIZE bytes; NULL: the entry alone */
    struct tj_record fields; /* of the record, decoded; all zero: the entry alone */
    uint8_t record_path_count;
    uint8_t entry_path_count;
    struct tj_hash record_path[TJ_PATH_MAX];
    struct tj_hash entry_path[TJ_PATH_MAX];
    uint8_t detail_count;
    uint8_t detail_path_count[TJ_DETAILS_MAX];
    struct tj_hash detail_path[TJ_DETAILS_MAX][TJ_DETAIL_PATH_MAX];
    uint8_t details[TJ_DETAILS_MAX * TJ_RECORD_SIZE]; /* a copy, one behind the other */
};
/* About 1 MiB: not for the stack. */
struct tj_exhibits {
    uint32_t count;
    struct tj_exhibit list[TJ_EXHIBITS_MAX];
};

/* What is wrong: the rule in words (a constant), the exhibit, and the slot where it is about
 * one. */
struct tj_exhibit_fault {
    const char *rule;
    uint32_t exhibit;
    uint32_t slot;  /* TJ_NOWHERE: none */
    bool undecided; /* nothing is wrong: this machine could not verify a signature */
};

/* Writes the exhibits and returns the size; 0 when `out` is too small (TJ_EXHIBITS_SIZE_MAX always
 * suffices). */
size_t tj_exhibits_encode(const struct tj_exhibits *exhibits, uint8_t *out, size_t out_size);

/* Reads exactly `size` bytes. Checks the form of every entry and record, and the order of the
 * exhibits. Entries and records point into `bytes`. Nothing is hashed. */
bool tj_exhibits_decode(struct tj_exhibits *out, const uint8_t *bytes, size_t size,
                        struct tj_exhibit_fault *fault) TJ_MUST_USE;

/* A detail of the exhibit's record. */
static inline const uint8_t *tj_exhibit_detail(const struct tj_exhibit *exhibit, uint32_t i)
{
    return exhibit->details + (size_t)i * TJ_RECORD_SIZE;
}

/* ---- what the first exhibit rests on; NULL when it is not among the others ---- */

const struct tj_exhibit *tj_exhibit_of_key(const struct tj_exhibits *exhibits,
                                           const struct tj_slot *slot);
const struct tj_exhibit *tj_exhibit_of_party(const struct tj_exhibits *exhibits, uint32_t party);
const struct tj_exhibit *tj_exhibit_of_account(const struct tj_exhibits *exhibits,
                                               uint64_t account);
const struct tj_exhibit *tj_exhibit_of_asset(const struct tj_exhibits *exhibits, uint32_t asset);

/* The accounts that a record names, without one that it opens. Returns how many, at most two. */
enum { TJ_ACCOUNTS_NAMED_MAX = 2 };
uint32_t tj_accounts_named(const struct tj_record *record, uint64_t out[TJ_ACCOUNTS_NAMED_MAX]);

#endif
