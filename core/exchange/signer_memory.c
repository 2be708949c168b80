#include "core/exchange/signer_memory.h"

#include "core/base/memory.h"
#include "crypto/hex.h"

#include <inttypes.h>
#include <string.h>

static const char magic[] = "tijori/signer/v1\n";
static const char magic_of_any[] = "tijori/signer/v";
static const char last_word[] = "sha256 ";

void tj_signer_begin(struct tj_signer_memory *out, const struct tj_hash *ledger_id)
{
    memset(out, 0, sizeof *out);
    out->ledger_id = *ledger_id;
}

void tj_signer_clear(struct tj_signer_memory *memory)
{
    free(memory->lanes);
    memset(memory, 0, sizeof *memory);
}

/* ---- pairs ---- */

static const struct tj_signer_pair *find(const struct tj_signer_pair *pairs, size_t count,
                                         uint64_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].number == number) {
            return &pairs[i];
        }
    }
    return NULL;
}

/* Puts a pair in its place; the one with the lowest number gives way. */
static void insert(struct tj_signer_pair *pairs, size_t *count, size_t most, uint64_t number,
                   const struct tj_hash *hash)
{
    size_t at = *count;
    while (at > 0 && pairs[at - 1].number > number) {
        at--;
    }
    if (at > 0 && pairs[at - 1].number == number) {
        pairs[at - 1].hash = *hash;
        return;
    }
    if (*count == most && at == 0) {
        return;
    }
    if (*count == most) {
        memmove(pairs, pairs + 1, (at - 1) * sizeof *pairs);
        at--;
    } else {
        memmove(pairs + at + 1, pairs + at, (*count - at) * sizeof *pairs);
        ++*count;
    }
    pairs[at] = (struct tj_signer_pair){number, *hash};
}

/* ---- lanes ---- */

/* Where a lane stands, or has to. */
static size_t place_of(const struct tj_signer_memory *memory, uint32_t party, uint16_t lane)
{
    size_t at = 0;
    while (at < memory->lane_count &&
           (memory->lanes[at].party < party ||
            (memory->lanes[at].party == party && memory->lanes[at].lane < lane))) {
        at++;
    }
    return at;
}

static struct tj_signer_lane *lane_of(const struct tj_signer_memory *memory, uint32_t party,
                                      uint16_t lane)
{
    const size_t at = place_of(memory, party, lane);
    const bool there = at < memory->lane_count && memory->lanes[at].party == party &&
                       memory->lanes[at].lane == lane;
    return there ? &memory->lanes[at] : NULL;
}

/* NULL: no memory. */
static struct tj_signer_lane *lane_needed(struct tj_signer_memory *memory, uint32_t party,
                                          uint16_t lane)
{
    const size_t at = place_of(memory, party, lane);
    struct tj_signer_lane *found = lane_of(memory, party, lane);
    if (found != NULL) {
        return found;
    }
    if (!tj_grow(&memory->lanes, &memory->lane_capacity, memory->lane_count + 1,
                 sizeof *memory->lanes)) {
        return NULL;
    }
    found = &memory->lanes[at];
    memmove(found + 1, found, (memory->lane_count - at) * sizeof *found);
    memory->lane_count++;
    memset(found, 0, sizeof *found);
    found->party = party;
    found->lane = lane;
    return found;
}

/* ---- judging ---- */

static bool differs(const struct tj_signer_pair *seen, const struct tj_hash *hash)
{
    return seen != NULL && !tj_hash_equal(&seen->hash, hash);
}

static struct tj_signer_finding judge_lane(const struct tj_signer_lane *lane,
                                           const struct tj_header *header, const struct tj_hash *id)
{
    const struct tj_signer_pair *own = find(lane->chain, lane->count, header->sequence);
    const struct tj_signer_pair *before = find(lane->chain, lane->count, header->sequence - 1);
    const struct tj_signer_pair *newest = &lane->chain[lane->count - 1];
    if (differs(own, id)) {
        return (struct tj_signer_finding){TJ_SIGNER_TAKEN, *own};
    }
    if (differs(before, &header->previous_id)) {
        return (struct tj_signer_finding){TJ_SIGNER_FOLLOWS, *before};
    }
    if (own == NULL && header->sequence < newest->number) {
        return (struct tj_signer_finding){TJ_SIGNER_BEHIND, *newest};
    }
    return (struct tj_signer_finding){.objection = TJ_SIGNER_AGREES};
}

struct tj_signer_finding tj_signer_judge(const struct tj_signer_memory *memory,
                                         const struct tj_header *header, const struct tj_hash *id)
{
    const struct tj_signer_lane *lane = lane_of(memory, header->party, header->lane);
    const struct tj_signer_pair *known =
        find(memory->known, memory->known_count, header->known_index);
    if (!tj_hash_equal(&memory->ledger_id, &header->ledger_id)) {
        return (struct tj_signer_finding){TJ_SIGNER_LEDGER, {0, memory->ledger_id}};
    }
    if (!tj_hash_zero(&header->known_leaf) && differs(known, &header->known_leaf)) {
        return (struct tj_signer_finding){TJ_SIGNER_FORK, *known};
    }
    if (lane == NULL) {
        return (struct tj_signer_finding){.objection = TJ_SIGNER_AGREES};
    }
    return judge_lane(lane, header, id);
}

bool tj_signer_remember(struct tj_signer_memory *memory, const struct tj_header *header,
                        const struct tj_hash *id)
{
    const bool replaces = tj_signer_may_replace(tj_signer_judge(memory, header, id).objection);
    struct tj_signer_lane *lane = lane_needed(memory, header->party, header->lane);
    if (lane == NULL) {
        return false;
    }
    if (replaces) {
        while (lane->count > 0 && lane->chain[lane->count - 1].number >= header->sequence) {
            lane->count--;
        }
    }
    if (header->sequence > 1) {
        insert(lane->chain, &lane->count, TJ_SIGNER_CHAIN_MAX, header->sequence - 1,
               &header->previous_id);
    }
    insert(lane->chain, &lane->count, TJ_SIGNER_CHAIN_MAX, header->sequence, id);
    if (!tj_hash_zero(&header->known_leaf)) {
        insert(memory->known, &memory->known_count, TJ_SIGNER_KNOWN_MAX, header->known_index,
               &header->known_leaf);
    }
    return true;
}

/* ---- reading ---- */

/* The text that is left to be read. */
struct rest {
    const char *at;
    const char *end;
};

static bool take(struct rest *rest, const char *word)
{
    const size_t size = strlen(word);
    if ((size_t)(rest->end - rest->at) < size || memcmp(rest->at, word, size) != 0) {
        return false;
    }
    rest->at += size;
    return true;
}

/* As it is written: without leading zeros. */
static bool take_number(struct rest *rest, uint64_t *out, uint64_t max)
{
    const char *begin = rest->at;
    uint64_t value = 0;
    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9') {
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*rest->at - '0'), &value)) {
            return false;
        }
        rest->at++;
    }
    *out = value;
    const ptrdiff_t digits = rest->at - begin;
    return digits > 0 && (digits == 1 || *begin != '0') && value <= max;
}

static bool take_hash(struct rest *rest, struct tj_hash *out)
{
    if (rest->end - rest->at < 2 * TJ_HASH_SIZE ||
        !tj_hex_decode(out->bytes, TJ_HASH_SIZE, rest->at, (size_t)2 * TJ_HASH_SIZE)) {
        return false;
    }
    rest->at += 2 * TJ_HASH_SIZE;
    return take(rest, "\n");
}

/* At the end of a list whose numbers rise. */
static bool add_last(struct tj_signer_pair *pairs, size_t *count, size_t most,
                     const struct tj_signer_pair *pair)
{
    if (*count == most || (*count > 0 && pairs[*count - 1].number >= pair->number)) {
        return false;
    }
    pairs[(*count)++] = *pair;
    return true;
}

static enum tijori_status read_lane(struct rest *rest, struct tj_signer_memory *out)
{
    uint64_t party;
    uint64_t lane;
    struct tj_signer_pair pair;
    if (!take_number(rest, &party, UINT32_MAX) || !take(rest, " ") ||
        !take_number(rest, &lane, TJ_LANES_MAX - 1) || !take(rest, " ") ||
        !take_number(rest, &pair.number, UINT64_MAX) || !take(rest, " ") ||
        !take_hash(rest, &pair.hash)) {
        return TIJORI_CORRUPT;
    }
    struct tj_signer_lane *found = lane_needed(out, (uint32_t)party, (uint16_t)lane);
    if (found == NULL) {
        return TIJORI_MEMORY;
    }
    const bool last = found == &out->lanes[out->lane_count - 1];
    return last && add_last(found->chain, &found->count, TJ_SIGNER_CHAIN_MAX, &pair)
               ? TIJORI_OK
               : TIJORI_CORRUPT;
}

static enum tijori_status read_lines(struct rest *rest, struct tj_signer_memory *out)
{
    struct tj_signer_pair pair;
    if (!take(rest, magic) || !take(rest, "ledger ") || !take_hash(rest, &out->ledger_id)) {
        return TIJORI_CORRUPT;
    }
    while (take(rest, "known ")) {
        if (!take_number(rest, &pair.number, UINT64_MAX) || !take(rest, " ") ||
            !take_hash(rest, &pair.hash) ||
            !add_last(out->known, &out->known_count, TJ_SIGNER_KNOWN_MAX, &pair)) {
            return TIJORI_CORRUPT;
        }
    }
    while (take(rest, "lane ")) {
        enum tijori_status status = read_lane(rest, out);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    return rest->at == rest->end ? TIJORI_OK : TIJORI_CORRUPT;
}

enum tijori_status tj_signer_decode(struct tj_hasher *hasher, struct tj_signer_memory *out,
                                    const char *text, size_t size)
{
    const size_t tail = strlen(last_word) + 2 * TJ_HASH_SIZE + 1;
    struct rest rest = {text, text + size};
    struct rest check = {text + (size < tail ? size : size - tail), text + size};
    struct tj_hash stated;
    struct tj_hash hash;
    memset(out, 0, sizeof *out);
    if (take(&rest, magic_of_any) && !take(&rest, magic + strlen(magic_of_any))) {
        return TIJORI_VERSION_UNKNOWN;
    }
    rest = (struct rest){text, check.at};
    tj_sha256(hasher, &hash, text, (size_t)(check.at - text));
    if (!take(&check, last_word) || !take_hash(&check, &stated) || !tj_hash_equal(&hash, &stated)) {
        return TIJORI_CORRUPT;
    }
    enum tijori_status status = read_lines(&rest, out);
    if (status != TIJORI_OK) {
        tj_signer_clear(out);
    }
    return status;
}

/* ---- writing ---- */

static const char *hex_of(char out[2 * TJ_HASH_SIZE + 1], const struct tj_hash *hash)
{
    tj_hex_encode(out, hash->bytes, TJ_HASH_SIZE);
    return out;
}

static void write_lines(FILE *out, const struct tj_signer_memory *memory)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    fprintf(out, "%sledger %s\n", magic, hex_of(hex, &memory->ledger_id));
    for (size_t i = 0; i < memory->known_count; i++) {
        const struct tj_signer_pair *pair = &memory->known[i];
        fprintf(out, "known %" PRIu64 " %s\n", pair->number, hex_of(hex, &pair->hash));
    }
    for (size_t i = 0; i < memory->lane_count; i++) {
        const struct tj_signer_lane *lane = &memory->lanes[i];
        for (size_t at = 0; at < lane->count; at++) {
            const struct tj_signer_pair *pair = &lane->chain[at];
            fprintf(out, "lane %" PRIu32 " %" PRIu16 " %" PRIu64 " %s\n", lane->party, lane->lane,
                    pair->number, hex_of(hex, &pair->hash));
        }
    }
}

char *tj_signer_encode(struct tj_hasher *hasher, size_t *size,
                       const struct tj_signer_memory *memory)
{
    char *text = NULL;
    char hex[2 * TJ_HASH_SIZE + 1];
    struct tj_hash hash;
    FILE *out = open_memstream(&text, size);
    if (out == NULL) {
        return NULL;
    }
    write_lines(out, memory);
    bool whole = fflush(out) == 0;
    if (whole) {
        tj_sha256(hasher, &hash, text, *size);
        fprintf(out, "%s%s\n", last_word, hex_of(hex, &hash));
    }
    whole = ferror(out) == 0 && whole;
    if (fclose(out) != 0 || !whole) {
        free(text);
        return NULL;
    }
    return text;
}
