#ifndef TIJORI_CORE_FORMAT_ENTRY_H
#define TIJORI_CORE_FORMAT_ENTRY_H

/* The entry: what the ledger appends for one accepted envelope. docs/FORMAT.md section 5.
 *
 *     OFFSET SIZE FIELD        UNIT
 *          0    3 magic        "TJN"
 *          3    1 version      1
 *          4    4 zero
 *          8    8 index
 *         16    8 term
 *         24    8 received_ns  POSIX nanoseconds
 *         32   32 previous     leaf hash of entry index - 1
 *         64  176 header       as submitted
 *        240      slots        as submitted
 *
 * Two derived parts are stored beside an entry's records: the links and the tail (docs/FORMAT.md
 * section 9). They are here too. */

#include "core/format/envelope.h"

enum { TJ_ENTRY_VERSION = 1 };

/* Offsets of an entry's fields. */
enum {
    TJ_ENTRY_AT_VERSION = 3,
    TJ_ENTRY_AT_ZERO = 4,
    TJ_ENTRY_AT_INDEX = 8,
    TJ_ENTRY_AT_TERM = 16,
    TJ_ENTRY_AT_RECEIVED_NS = 24,
    TJ_ENTRY_AT_PREVIOUS = 32,
    TJ_ENTRY_AT_HEADER = 64,
};
static_assert(TJ_ENTRY_AT_HEADER + TJ_HEADER_SIZE == TJ_ENTRY_FIXED_SIZE,
              "slots follow the header");

/* Where the leaf hash of the entry before (32 bytes) and the header (176 bytes) stand in an entry's
 * bytes. The bytes hold at least the fixed part. */
static inline const uint8_t *tj_entry_previous(const uint8_t *entry)
{
    return entry + TJ_ENTRY_AT_PREVIOUS;
}

static inline const uint8_t *tj_entry_header(const uint8_t *entry)
{
    return entry + TJ_ENTRY_AT_HEADER;
}

struct tj_entry_view {
    const uint8_t *bytes;
    size_t size;
    uint64_t index;
    uint64_t term;
    uint64_t received_ns;
    struct tj_hash previous;
    const uint8_t *header_bytes;
    struct tj_header header;
    struct tj_slots slots;
};

/* Reads an entry of exactly `size` bytes and checks its form. */
enum tijori_status tj_entry_decode(struct tj_entry_view *out, const uint8_t *bytes, size_t size,
                                   struct tj_verdict *verdict) TJ_MUST_USE;

static inline size_t tj_entry_size(size_t slot_bytes_size)
{
    return TJ_ENTRY_FIXED_SIZE + slot_bytes_size;
}

/* Writes an entry of tj_entry_size(slot_bytes_size) bytes. */
void tj_entry_encode(uint8_t *out, uint64_t index, uint64_t term, uint64_t received_ns,
                     const struct tj_hash *previous, const uint8_t header[TJ_HEADER_SIZE],
                     const uint8_t *slot_bytes, size_t slot_bytes_size);

/* ---- beside the records ---- */

/* A link, 16 bytes a record. It holds the record ids of the last movements before this one that
 * touched its `from` and its `to`. It is zero for a directive. */
enum { TJ_LINK_AT_FROM = 0, TJ_LINK_AT_TO = 8 };

static inline uint64_t tj_link_from(const uint8_t link[TJ_LINK_SIZE])
{
    return tj_load64(link + TJ_LINK_AT_FROM);
}

static inline uint64_t tj_link_to(const uint8_t link[TJ_LINK_SIZE])
{
    return tj_load64(link + TJ_LINK_AT_TO);
}

static inline void tj_link_encode(uint8_t out[TJ_LINK_SIZE], uint64_t from, uint64_t to)
{
    tj_store64(out + TJ_LINK_AT_FROM, from);
    tj_store64(out + TJ_LINK_AT_TO, to);
}

/* The newest entries that hold directives. Restricted ones are told apart, because who has not seen
 * their records cannot know which these are. */
struct tj_directives {
    uint64_t in_public;     /* entry 0 is one */
    uint64_t in_restricted; /* 0: none */
};

struct tj_tail {
    uint64_t lane_previous;
    uint64_t lane_jump;
    uint64_t marks_base;
    struct tj_directives previous; /* before this entry */
};

/* With one more entry, whose records are `records`. */
static inline struct tj_directives tj_directives_after(struct tj_directives before,
                                                       const struct tj_header *header,
                                                       const uint8_t *records, uint64_t index)
{
    struct tj_directives after = before;
    if (tj_kind_is_movement(tj_record_kind(records))) {
        return after;
    }
    if (tj_header_restricted(header)) {
        after.in_restricted = index;
    } else {
        after.in_public = index;
    }
    return after;
}

static inline bool tj_directives_equal(struct tj_directives a, struct tj_directives b)
{
    return a.in_public == b.in_public && a.in_restricted == b.in_restricted;
}

static inline uint64_t tj_directives_of(struct tj_directives directives, bool restricted)
{
    if (restricted) {
        return directives.in_restricted;
    }
    return directives.in_public;
}

static inline size_t tj_body_size(uint32_t record_count)
{
    return (size_t)record_count * (TJ_RECORD_SIZE + TJ_LINK_SIZE) + TJ_TAIL_SIZE;
}

void tj_tail_encode(uint8_t out[TJ_TAIL_SIZE], const struct tj_tail *tail);

/* A stored body, taken apart; false when `size` is not that of `record_count` records. */
struct tj_body_view {
    const uint8_t *records;
    const uint8_t *links;
    struct tj_tail tail;
};
bool tj_body_decode(struct tj_body_view *out, const uint8_t *bytes, size_t size,
                    uint32_t record_count) TJ_MUST_USE;

/* Writes a body of tj_body_size bytes; `links` are record_count x 16 bytes. */
void tj_body_encode(uint8_t *out, const uint8_t *records, uint32_t record_count,
                    const uint8_t *links, const struct tj_tail *tail);

/* J(s) of docs/FORMAT.md section 9, which says how far back a lane's entry jumps. Write s as a sum
 * of numbers 2^k - 1, largest first: J(s) is s less the last term. That is a skew binary number,
 * and these are the jump pointers of Myers ("An applicative random-access stack", 1983). Following
 * them finds any sequence in O(log n) steps. */
uint64_t tj_lane_jump(uint64_t sequence);

#endif
