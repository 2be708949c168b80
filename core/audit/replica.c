#include "core/audit/replica.h"

#include "core/base/memory.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 5, END_OF_BLOCKS = 0, END_OF_FIGURES = 0 };
static const char magic[8] = "TJREPLIC";

static enum tijori_status status_of(int error)
{
    switch (error) {
    case 0:
        return TIJORI_OK;
    case ENOENT:
        return TIJORI_NOT_FOUND;
    case EACCES:
    case EPERM:
        return TIJORI_DENIED;
    case ENOSPC:
    case EDQUOT:
        return TIJORI_FULL;
    case ENOMEM:
        return TIJORI_MEMORY;
    }
    return TIJORI_IO;
}

static enum tijori_status from_errno(void)
{
    return status_of(errno);
}

/* ---- a file that is hashed as it is read or written ---- */

struct stream {
    FILE *file;
    struct tj_hasher *hasher;
    bool failed;
    int error;      /* of the write that failed */
    bool no_memory; /* for what was read; failed then too */
};

static void put_plain(struct stream *s, const void *bytes, size_t size)
{
    if (s->failed) {
        return;
    }
    if (fwrite(bytes, 1, size, s->file) != size) {
        s->failed = true;
        s->error = errno;
    }
}

static void put(struct stream *s, const void *bytes, size_t size)
{
    tj_sha256_update(s->hasher, bytes, size);
    put_plain(s, bytes, size);
}

static void put64(struct stream *s, uint64_t value)
{
    uint8_t bytes[8];
    tj_store64(bytes, value);
    put(s, bytes, sizeof bytes);
}

static void get(struct stream *s, void *bytes, size_t size)
{
    if (s->failed || fread(bytes, 1, size, s->file) != size) {
        s->failed = true;
        memset(bytes, 0, size);
        return;
    }
    tj_sha256_update(s->hasher, bytes, size);
}

static uint64_t get64(struct stream *s)
{
    uint8_t bytes[8];
    get(s, bytes, sizeof bytes);
    return tj_load64(bytes);
}

/* ---- what both directions share: the order of the fixed fields ---- */

typedef void field_function(struct stream *s, uint64_t *value);

static void put_field(struct stream *s, uint64_t *value)
{
    put64(s, *value);
}

static void get_field(struct stream *s, uint64_t *value)
{
    *value = get64(s);
}

/* There is one list for writing and reading, so that the two cannot differ. A damaged file may say
 * anything: no count in it is used before it is known to fit. */
static void fixed_fields(struct stream *s, struct tj_replica *r, field_function *field)
{
    uint64_t count = r->frontier.count;
    uint64_t note_size = r->note_size;
    field(s, &r->size);
    field(s, &r->received_ns);
    field(s, &r->term);
    field(s, &r->directives.in_public);
    field(s, &r->directives.in_restricted);
    field(s, &r->covered);
    field(s, &r->covered_by);
    field(s, &r->left_open);
    field(s, &count);
    field(s, &note_size);
    r->frontier.size = r->size;
    s->failed = s->failed || count > TJ_FRONTIER_MAX || note_size > sizeof r->note;
    if (s->failed) {
        count = 0;
        note_size = 0;
    }
    r->frontier.count = (uint32_t)count;
    r->note_size = (size_t)note_size;
}

/* ---- writing ---- */

static bool put_block(void *context, const struct tj_block *block)
{
    struct stream *s = context;
    put64(s, block->table);
    put64(s, (uint64_t)block->party << 32 | block->number);
    put(s, block->content, tj_block_bytes(block->table));
    return !s->failed;
}

static void put_lanes(struct stream *s, const struct tj_lane_jumps *jumps)
{
    size_t count = tj_lane_jumps_count(jumps);
    put64(s, count);
    for (size_t i = 0; i < count; i++) {
        const struct tj_lane_stack *stack = tj_lane_jumps_at(jumps, i);
        put64(s, (uint64_t)stack->party << 32 | (uint32_t)stack->lane << 16 | stack->count);
        put64(s, stack->sequence);
        for (uint16_t e = 0; e < stack->count; e++) {
            put64(s, stack->entries[e]);
        }
    }
}

static void put_figure(void *context, uint64_t series, uint32_t day, tj_i128 value)
{
    struct stream *s = context;
    put64(s, series);
    put64(s, day);
    put64(s, (uint64_t)value);
    put64(s, (uint64_t)(value >> 64));
}

static void put_findings(struct stream *s, const struct tj_replica *r)
{
    put64(s, r->finding_count);
    put64(s, r->findings_kept);
    for (size_t i = 0; i < r->findings_kept; i++) {
        put64(s, r->findings[i].entry);
        put(s, r->findings[i].text, sizeof r->findings[i].text);
    }
}

/* The order of the file: what the state has besides its blocks, then the blocks, and last what
 * grows. The digest covers all of it, and stands outside what it covers. */
static void put_replica(struct stream *s, struct tj_replica *r)
{
    char vkey[512] = "";
    struct tj_hash digest;
    put(s, magic, sizeof magic);
    put64(s, VERSION);
    fixed_fields(s, r, put_field);
    put(s, r->leaf.bytes, TJ_HASH_SIZE);
    put(s, r->frontier.nodes, r->frontier.count * sizeof r->frontier.nodes[0]);
    if (r->log_key.name[0] != '\0' && !tj_verifier_key_encode(&r->log_key, vkey, sizeof vkey)) {
        s->failed = true;
    }
    put(s, vkey, sizeof vkey);
    put(s, r->note, r->note_size);
    put(s, r->state->ledger_id.bytes, TJ_HASH_SIZE);
    put64(s, r->state->partial);
    put64(s, r->state->unjudged);
    tj_state_visit(r->state, put_block, s);
    put64(s, END_OF_BLOCKS);
    put_lanes(s, r->jumps);
    tj_figures_visit(r->figures, put_figure, s);
    put64(s, END_OF_FIGURES);
    put_findings(s, r);
    tj_sha256_finish(s->hasher, &digest);
    put_plain(s, digest.bytes, TJ_HASH_SIZE);
}

/* A rename replaces the old one as a whole: an audit that is killed leaves the replica of the one
 * before. It comes after the leaves, which say nothing by themselves. */
static enum tijori_status write_replica(struct tj_replica *r)
{
    struct tj_file_writer file;
    int error = tj_file_begin(&file, r->lock_fd, "replica", TJ_FILE_REPLACE_ALONE, 0644);
    if (error != 0) {
        return status_of(error);
    }
    struct stream s = {.file = file.stream, .hasher = tj_hasher_create()};
    if (s.hasher != NULL) {
        tj_sha256_begin(s.hasher);
        put_replica(&s, r);
    } else {
        s.failed = true;
        s.error = ENOMEM;
    }
    tj_hasher_destroy(s.hasher);
    if (s.failed) {
        tj_file_abandon(&file);
        return status_of(s.error);
    }
    return status_of(tj_file_end(&file));
}

/* Leaves are written at their places and not at the end. Leaves that an audit wrote and no replica
 * counts are thus written over. */
static enum tijori_status append_leaves(struct tj_replica *r)
{
    const uint8_t *at = (const uint8_t *)r->fresh;
    size_t size = r->fresh_count * TJ_HASH_SIZE;
    off_t place = (off_t)(r->leaves_stored * TJ_HASH_SIZE);
    while (size > 0) {
        ssize_t put_now = pwrite(r->leaves_fd, at, size, place);
        if (put_now < 0 && errno != EINTR) {
            return from_errno();
        }
        if (put_now > 0) {
            at += put_now;
            place += put_now;
            size -= (size_t)put_now;
        }
    }
    if (fsync(r->leaves_fd) != 0) {
        return from_errno();
    }
    r->leaves_stored += r->fresh_count;
    r->fresh_count = 0;
    return TIJORI_OK;
}

enum tijori_status tj_replica_save(struct tj_replica *replica)
{
    TJ_VERIFY_CHECK(replica->leaves_stored + replica->fresh_count == replica->size);
    TJ_VERIFY_CHECK(replica->frontier.size == replica->size);
    enum tijori_status status = append_leaves(replica);
    if (status != TIJORI_OK) {
        return status;
    }
    return write_replica(replica);
}

/* ---- reading ---- */

static void note_status(struct stream *s, enum tijori_status status)
{
    s->failed = s->failed || status != TIJORI_OK;
    s->no_memory = s->no_memory || status == TIJORI_MEMORY;
}

/* Blocks come in any order, and what a number may be is not asked: the digest was found right, so
 * these are the bytes of an auditor's own state. */
static void get_blocks(struct stream *s, struct tj_state *state)
{
    for (;;) {
        uint64_t table = get64(s);
        if (table == END_OF_BLOCKS || s->failed) {
            return;
        }
        uint64_t place = get64(s);
        if (table >= TJ_T_END || place >> 32 >= TJ_PARTIES_MAX) {
            s->failed = true;
            return;
        }
        struct tj_block *block =
            tj_state_block(state, (uint8_t)table, (uint32_t)(place >> 32), (uint32_t)place);
        if (block == NULL) {
            note_status(s, TIJORI_MEMORY);
            return;
        }
        get(s, block->content, tj_block_bytes((uint8_t)table));
    }
}

static void get_lanes(struct stream *s, struct tj_lane_jumps *jumps)
{
    uint64_t count = get64(s);
    for (uint64_t i = 0; i < count && !s->failed; i++) {
        uint64_t entries[TJ_LANE_STACK_MAX];
        uint64_t head = get64(s);
        struct tj_lane_stack stack = {.party = (uint32_t)(head >> 32),
                                      .lane = (uint16_t)(head >> 16),
                                      .count = (uint16_t)head,
                                      .sequence = get64(s),
                                      .entries = entries};
        for (uint16_t e = 0; e < stack.count && e < TJ_LANE_STACK_MAX; e++) {
            entries[e] = get64(s);
        }
        if (!s->failed) {
            note_status(s, tj_lane_jumps_put(jumps, &stack));
        }
    }
}

static void get_figures(struct stream *s, struct tj_figures *figures)
{
    for (;;) {
        uint64_t series = get64(s);
        if (series == END_OF_FIGURES || s->failed) {
            return;
        }
        uint32_t day = (uint32_t)get64(s);
        uint64_t low = get64(s);
        tj_i128 value = (tj_i128)((tj_u128)get64(s) << 64 | low);
        if (!tj_figures_put(figures, series, day, value)) {
            note_status(s, TIJORI_MEMORY);
        }
    }
}

static void get_findings(struct stream *s, struct tj_replica *r)
{
    r->finding_count = get64(s);
    uint64_t kept = get64(s);
    if (kept > TJ_FINDINGS_MAX || kept > r->finding_count) {
        s->failed = true;
        return;
    }
    r->findings_kept = (size_t)kept;
    for (size_t i = 0; i < r->findings_kept; i++) {
        struct tj_finding *finding = &r->findings[i];
        finding->entry = get64(s);
        get(s, finding->text, sizeof finding->text);
        finding->text[sizeof finding->text - 1] = '\0';
    }
}

/* In the order of put_replica. Its digest was found right, so what is wrong here was written by
 * another version. */
static void get_replica(struct stream *s, struct tj_replica *r)
{
    char head[sizeof magic];
    char vkey[512];
    get(s, head, sizeof head);
    s->failed = s->failed || memcmp(head, magic, sizeof magic) != 0 || get64(s) != VERSION;
    if (s->failed) {
        return;
    }
    fixed_fields(s, r, get_field);
    get(s, r->leaf.bytes, TJ_HASH_SIZE);
    get(s, r->frontier.nodes, r->frontier.count * sizeof r->frontier.nodes[0]);
    get(s, vkey, sizeof vkey);
    size_t vkey_size = strnlen(vkey, sizeof vkey);
    s->failed =
        s->failed || (vkey_size > 0 && !tj_verifier_key_decode(&r->log_key, vkey, vkey_size));
    get(s, r->note, r->note_size);
    get(s, r->state->ledger_id.bytes, TJ_HASH_SIZE);
    r->state->partial = get64(s) != 0;
    r->state->unjudged = get64(s);
    get_blocks(s, r->state);
    get_lanes(s, r->jumps);
    get_figures(s, r->figures);
    get_findings(s, r);
}

/* The digest is looked at before anything of the content is used, in a pass of its own: damage must
 * not be met as a strange block. */
static bool digest_holds(struct tj_hasher *hasher, FILE *file)
{
    uint8_t buffer[65536];
    struct tj_hash digest;
    struct tj_hash stored;
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || st.st_size < TJ_HASH_SIZE) {
        return false;
    }
    uint64_t left = (uint64_t)st.st_size - TJ_HASH_SIZE;
    tj_sha256_begin(hasher);
    bool whole = true;
    while (left > 0 && whole) {
        size_t size = left < sizeof buffer ? (size_t)left : sizeof buffer;
        whole = fread(buffer, 1, size, file) == size;
        tj_sha256_update(hasher, buffer, size);
        left -= size;
    }
    tj_sha256_finish(hasher, &digest);
    whole = whole && fread(stored.bytes, 1, TJ_HASH_SIZE, file) == TJ_HASH_SIZE;
    rewind(file);
    return whole && memcmp(digest.bytes, stored.bytes, TJ_HASH_SIZE) == 0;
}

/* The leaves must give the tree: who keeps damaged ones would accuse a log of a fork. */
static bool leaves_hold(struct tj_hasher *hasher, struct tj_replica *r)
{
    struct tj_hash leaves[2048];
    const uint64_t room = sizeof leaves / sizeof leaves[0];
    struct tj_frontier frontier;
    bool whole = true;
    tj_frontier_init(&frontier);
    while (frontier.size < r->size && whole) {
        uint64_t left = r->size - frontier.size;
        size_t count = (size_t)(left < room ? left : room);
        ssize_t size = (ssize_t)(count * sizeof leaves[0]);
        whole = pread(r->leaves_fd, leaves, (size_t)size, (off_t)(frontier.size * TJ_HASH_SIZE)) ==
                size;
        for (size_t i = 0; i < count && whole; i++) {
            tj_recent_append(hasher, &r->recent, &frontier, &leaves[i]);
        }
    }
    return whole && frontier.count == r->frontier.count &&
           memcmp(frontier.nodes, r->frontier.nodes, frontier.count * sizeof frontier.nodes[0]) ==
               0;
}

/* No file is the replica of an auditor who has verified nothing yet. */
static enum tijori_status read_replica(struct tj_replica *r)
{
    struct stream s = {0};
    int fd = openat(r->lock_fd, "replica", O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return TIJORI_OK; /* nothing was verified yet */
    }
    if (fd < 0) {
        return from_errno();
    }
    s.file = fdopen(fd, "rb");
    if (s.file == NULL) {
        close(fd);
        return TIJORI_MEMORY;
    }
    s.hasher = tj_hasher_create();
    if (s.hasher == NULL) {
        fclose(s.file);
        return TIJORI_MEMORY;
    }
    s.failed = !digest_holds(s.hasher, s.file);
    tj_sha256_begin(s.hasher);
    if (!s.failed) {
        get_replica(&s, r);
    }
    fclose(s.file);
    bool sound = !s.failed && leaves_hold(s.hasher, r);
    tj_hasher_destroy(s.hasher);
    if (s.no_memory) {
        return TIJORI_MEMORY;
    }
    if (!sound) {
        return TIJORI_CORRUPT;
    }
    r->leaves_stored = r->size; /* what a save that was cut short left beyond is written over */
    tj_state_index_all(r->state);
    if (r->state->no_memory) {
        return TIJORI_MEMORY;
    }
    return TIJORI_OK;
}

/* One audit at a time: the directory is locked as long as the replica is open. */
static enum tijori_status open_directory(struct tj_replica *r, const char *dir)
{
    int error = tj_folder_make(AT_FDCWD, dir, 0755);
    if (error != 0) {
        return status_of(error);
    }
    r->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->lock_fd < 0) {
        return from_errno();
    }
    if (flock(r->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return TIJORI_LOCKED;
    }
    r->leaves_fd = openat(r->lock_fd, "leaves", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (r->leaves_fd < 0) {
        return from_errno();
    }
    return read_replica(r);
}

/* Whatever is missing when it fails, tj_replica_close can free the rest. */
enum tijori_status tj_replica_open(struct tj_replica **out, const char *dir)
{
    struct tj_replica *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return TIJORI_MEMORY;
    }
    r->lock_fd = -1;
    r->leaves_fd = -1;
    r->state = tj_state_create();
    r->jumps = tj_lane_jumps_create();
    r->figures = tj_figures_create();
    enum tijori_status status = TIJORI_MEMORY;
    if (r->state != NULL && r->jumps != NULL && r->figures != NULL) {
        status = open_directory(r, dir);
    }
    if (status != TIJORI_OK) {
        tj_replica_close(r);
        return status;
    }
    *out = r;
    return TIJORI_OK;
}

void tj_replica_close(struct tj_replica *replica)
{
    if (replica == NULL) {
        return;
    }
    if (replica->leaves_fd >= 0) {
        close(replica->leaves_fd);
    }
    if (replica->lock_fd >= 0) {
        close(replica->lock_fd);
    }
    tj_state_destroy(replica->state);
    tj_lane_jumps_destroy(replica->jumps);
    tj_figures_destroy(replica->figures);
    free(replica->fresh);
    free(replica);
}

/* ---- leaves ---- */

bool tj_replica_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct tj_replica *r = context;
    if (index < r->leaves_stored) {
        return pread(r->leaves_fd, leaf->bytes, TJ_HASH_SIZE, (off_t)(index * TJ_HASH_SIZE)) ==
               TJ_HASH_SIZE;
    }
    if (index - r->leaves_stored < r->fresh_count) {
        *leaf = r->fresh[index - r->leaves_stored];
        return true;
    }
    return false;
}

/* Leaves go to the file in the end. A long audit would keep most of them in memory for nothing, so
 * every million of them is written on the way. What no replica counts is not read. */
bool tj_replica_add_leaf(struct tj_replica *replica, const struct tj_hash *leaf)
{
    enum { WRITE_AT = 1 << 20 };
    if (!tj_grow(&replica->fresh, &replica->fresh_capacity, replica->fresh_count + 1,
                 sizeof *leaf)) {
        return false;
    }
    replica->fresh[replica->fresh_count++] = *leaf;
    if (replica->fresh_count >= WRITE_AT) {
        (void)!append_leaves(replica); /* a failure shows again when it is saved */
    }
    return true;
}

/* Evidence shows what a log's operator may wish away. It is therefore synced before anybody is told
 * of it. */
enum tijori_status tj_replica_keep(const char *dir, const char *name, const char *note, size_t size)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/evidence", dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        return TIJORI_IO;
    }
    int error = tj_folder_make(AT_FDCWD, path, 0755);
    if (error != 0) {
        return status_of(error);
    }
    length = snprintf(path, sizeof path, "%s/evidence/%s", dir, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        return TIJORI_IO;
    }
    return status_of(tj_file_write(AT_FDCWD, path, TJ_FILE_REPLACE_ALONE, 0644, note, size));
}
