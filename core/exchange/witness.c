#include "core/exchange/witness.h"

#include "core/audit/anchor.h"
#include "core/format/folder_layout.h"
#include "crypto/hex.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    VKEY_MAX = 512,
    FILE_NAME_MAX = 128, /* HASH-SIZE-stored.new */
    LINE_MAX_SIZE = 400, /* of a log or a witness: name of 255, base64 of 108 */
    NOTE_MAX = TJ_CHECKPOINT_TEXT_MAX + 1 + 2 * LINE_MAX_SIZE,
    STATE_MAX = 4096,
};
_Static_assert(STATE_MAX > 20 + 10 + TJ_NOTE_NAME_MAX + 5 + VKEY_MAX + NOTE_MAX,
               "every state fits, and one byte more");
_Static_assert((int)LINE_MAX_SIZE <= (int)TJ_WITNESS_BODY_MAX,
               "a cosignature's line fits into a reply");

static const char state_magic[] = "tijori/witness/v1\nwitness ";

struct tj_witness {
    int dir; /* descriptors */
    int lock;
    pthread_mutex_t mutex; /* from reading a log's state to the new one on the disk */
    struct tj_verifier_key key;
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    uint64_t (*now_s)(void *context);
    void *now_context;
    size_t log_count;
    struct tj_verifier_key logs[];
};

/* The state of one log, as it is stored. */
struct memory {
    enum tj_witness_memory kind; /* NEVER, KNOWN or DAMAGED */
    char why[128];               /* DAMAGED */
    enum tijori_status trouble; /* DAMAGED: OK when it was read, and is none; else why it was not */
    struct tj_checkpoint checkpoint;
    uint64_t time_s; /* of our cosignature; 0 when it is by an earlier key of this name */
    size_t note_size;
    char note[STATE_MAX];
};

static uint64_t system_now_s(void *context)
{
    (void)context;
    return (uint64_t)time(NULL);
}

/* ---- files ---- */

static bool write_file(int dir, const char *name, const char *bytes, size_t size)
{
    errno = tj_file_write(dir, name, TJ_FILE_REPLACE_ALONE, 0600, bytes, size);
    return errno == 0;
}

/* The size, at most `size`; -1 with errno. */
static ssize_t read_file(char *out, size_t size, int dir, const char *name)
{
    size_t got = 0;
    errno = tj_file_read(out, size, &got, dir, name);
    if (errno == 0) {
        return (ssize_t)got;
    }
    return -1;
}

/* False: no memory. */
static bool file_of_origin(char out[TJ_HASH_DIGITS + 1], const char *origin)
{
    struct tj_hash hash;
    if (!tj_sha256_alone(&hash, origin, strlen(origin))) {
        return false;
    }
    tj_hex_encode(out, hash.bytes, TJ_HASH_SIZE);
    return true;
}

/* ---- the state of a log ---- */

/* What follows `prefix` up to the newline; *at moves on behind it. */
static bool take(const char **at, const char **value, size_t *size, const char *end,
                 const char *prefix)
{
    const size_t length = strlen(prefix);
    if ((size_t)(end - *at) < length || memcmp(*at, prefix, length) != 0) {
        return false;
    }
    *value = *at + length;
    const char *newline = memchr(*value, '\n', (size_t)(end - *value));
    if (newline == NULL) {
        return false;
    }
    *size = (size_t)(newline - *value);
    *at = newline + 1;
    return true;
}

static bool damaged(struct memory *memory, const char *why)
{
    memory->kind = TJ_WITNESS_DAMAGED;
    snprintf(memory->why, sizeof memory->why, "%s", why);
    return false;
}

/* Only what was read is set in *memory. Signatures are verified again: what a disk gives back is
 * trusted no more than what a stranger sends. */
static bool memory_decode(const struct tj_witness *witness, struct memory *memory,
                          const char *origin, const char *bytes, size_t size)
{
    const char *at = bytes;
    const char *end = bytes + size;
    const char *value = NULL;
    size_t length = 0;
    struct tj_verifier_key log;
    struct tj_note_view note;
    if (!take(&at, &value, &length, end, state_magic)) {
        return damaged(memory, "not the state of a witness");
    }
    if (length != strlen(witness->key.name) || memcmp(value, witness->key.name, length) != 0) {
        return damaged(memory, "the state of a witness of another name");
    }
    if (!take(&at, &value, &length, end, "log ") || !tj_verifier_key_decode(&log, value, length) ||
        strcmp(log.name, origin) != 0 || !take(&at, &value, &length, end, "") || length != 0) {
        return damaged(memory, "no key of the log");
    }
    memory->note_size = (size_t)(end - at);
    memcpy(memory->note, at, memory->note_size);
    if (!tj_checkpoint_note_decode(&note, &memory->checkpoint, memory->note, memory->note_size) ||
        strcmp(memory->checkpoint.origin, origin) != 0) {
        return damaged(memory, "no checkpoint of the log");
    }
    const enum tj_note_verdict by_log = tj_note_verify(&note, &log);
    const enum tj_note_verdict own = tj_cosignature_verify(&note, &memory->time_s, &witness->key);
    if (by_log == TJ_NOTE_UNDECIDED || own == TJ_NOTE_UNDECIDED) {
        memory->trouble = tj_undecided();
        return damaged(memory, tijori_status_text(memory->trouble));
    }
    if (by_log != TJ_NOTE_VALID || own == TJ_NOTE_INVALID) {
        return damaged(memory, "a signature that does not verify");
    }
    memory->kind = TJ_WITNESS_KNOWN;
    return true;
}

static void memory_read(const struct tj_witness *witness, struct memory *memory, const char *file,
                        const char *origin)
{
    char bytes[STATE_MAX];
    memset(memory, 0, sizeof *memory);
    memory->kind = TJ_WITNESS_NEVER;
    ssize_t size = read_file(bytes, sizeof bytes, witness->dir, file);
    if (size < 0 && errno != ENOENT) {
        const int error = errno;
        if (error != EISDIR) { /* else something is there, and it is no state */
            memory->trouble = tj_say_errno(NULL, error, file);
        }
        damaged(memory, strerror(error));
    } else if (size == (ssize_t)sizeof bytes) {
        damaged(memory, "too large");
    } else if (size >= 0) {
        memory_decode(witness, memory, origin, bytes, (size_t)size);
    }
}

/* Keeps the checkpoint with the log's line alone. What else was sent has no place in the state. */
static size_t bare_note(char out[NOTE_MAX], const struct tj_note_view *note,
                        const struct tj_verifier_key *log)
{
    const struct tj_note_signature_view *line = tj_note_find(note, log);
    TIJORI_REQUIRE(line != NULL);
    const size_t line_size = tj_note_line_size(line);
    TIJORI_REQUIRE(note->text_size + 1 + line_size <= NOTE_MAX);
    memcpy(out, note->text, note->text_size);
    out[note->text_size] = '\n';
    memcpy(out + note->text_size + 1, tj_note_line_start(line), line_size);
    return note->text_size + 1 + line_size;
}

static bool memory_write(const struct tj_witness *witness, const char *file,
                         const struct tj_note_view *note, const struct tj_verifier_key *log,
                         const char *cosignature, size_t cosignature_size)
{
    char bytes[STATE_MAX];
    char bare[NOTE_MAX];
    char vkey[VKEY_MAX];
    TIJORI_REQUIRE(tj_verifier_key_encode(log, vkey, sizeof vkey));
    const size_t bare_size = bare_note(bare, note, log);
    int size =
        snprintf(bytes, sizeof bytes, "%s%s\nlog %s\n\n%.*s%.*s", state_magic, witness->key.name,
                 vkey, (int)bare_size, bare, (int)cosignature_size, cosignature);
    TIJORI_REQUIRE(size > 0 && (size_t)size < sizeof bytes);
    return write_file(witness->dir, file, bytes, (size_t)size);
}

/* Keeps two checkpoints that a log signed for one size. They prove its fault and need nothing else.
 * So one pair is enough, and nobody can fill the disk with more. */
static bool keep_evidence(const struct tj_witness *witness, const char *file,
                          const struct memory *memory, const struct tj_note_view *other,
                          const struct tj_verifier_key *log)
{
    char name[FILE_NAME_MAX];
    char bare[NOTE_MAX];
    struct stat known;
    errno = tj_folder_make(witness->dir, "evidence", 0700);
    if (errno != 0) {
        return false;
    }
    int dir = openat(witness->dir, "evidence", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return false;
    }
    const uint64_t size = memory->checkpoint.size;
    snprintf(name, sizeof name, "%s-%" PRIu64 "-other", file, size);
    bool kept = fstatat(dir, name, &known, 0) == 0;
    if (!kept) {
        char stored[FILE_NAME_MAX];
        snprintf(stored, sizeof stored, "%s-%" PRIu64 "-stored", file, size);
        kept = fsync(witness->dir) == 0 &&
               write_file(dir, stored, memory->note, memory->note_size) &&
               write_file(dir, name, bare, bare_note(bare, other, log));
    }
    close(dir);
    return kept;
}

/* ---- replies ---- */

static void reply(struct tj_witness_reply *out, unsigned code,
                  const struct tj_witness_request *request, const char *what)
{
    const struct tj_checkpoint *checkpoint = &request->checkpoint;
    out->code = code;
    out->content_type = "text/plain; charset=utf-8";
    out->body_size = (size_t)snprintf(out->body, sizeof out->body, "%s\n", what);
    TIJORI_REQUIRE(out->body_size < sizeof out->body);
    snprintf(out->log, sizeof out->log, "%u %s, size %" PRIu64 " from %" PRIu64 ": %s", code,
             checkpoint->origin, checkpoint->size, request->old_size, what);
}

static void reply_size(struct tj_witness_reply *out, const struct tj_witness_request *request,
                       uint64_t size)
{
    char what[64];
    snprintf(what, sizeof what, "the last size is %" PRIu64, size);
    reply(out, 409, request, what);
    out->last_size = size;
    out->content_type = "text/x.tlog.size";
    out->body_size = (size_t)snprintf(out->body, sizeof out->body, "%" PRIu64 "\n", size);
}

static void reply_cosignature(struct tj_witness_reply *out,
                              const struct tj_witness_request *request, const char *line,
                              size_t size)
{
    reply(out, 200, request, "cosigned");
    memcpy(out->body, line, size);
    out->body_size = size;
}

static void trouble(struct tj_witness_reply *out, const char *what, const char *why)
{
    snprintf(out->trouble, sizeof out->trouble, "%s: %s", what, why);
}

/* ---- add-checkpoint ---- */

/* The key of the log that signed; NULL when the reply says why there is none. */
static const struct tj_verifier_key *signer(const struct tj_witness *witness,
                                            struct tj_witness_reply *out,
                                            const struct tj_witness_request *request)
{
    const struct tj_verifier_key *found = NULL;
    bool known = false;
    for (size_t i = 0; i < witness->log_count; i++) {
        const struct tj_verifier_key *log = &witness->logs[i];
        if (strcmp(log->name, request->checkpoint.origin) != 0) {
            continue;
        }
        known = true;
        const enum tj_note_verdict verdict = tj_note_verify(&request->note, log);
        if (verdict == TJ_NOTE_UNDECIDED) {
            trouble(out, "a signature", tijori_status_text(tj_undecided()));
            reply(out, 500, request, "the log's signature cannot be verified now");
            return NULL;
        }
        if (verdict == TJ_NOTE_INVALID) {
            reply(out, 403, request, "the log's signature does not verify");
            return NULL;
        }
        if (verdict == TJ_NOTE_VALID && found == NULL) {
            found = log;
        }
    }
    if (!known) {
        reply(out, 404, request, "no log of this origin is witnessed here");
    } else if (found == NULL) {
        reply(out, 403, request, "no signature by a key of the log");
    }
    return found;
}

/* NULL when the checkpoint is consistent with the remembered one, whose size is the request's
 * `old`. */
static const char *inconsistency(struct tj_hasher *hasher, const struct tj_witness_request *request,
                                 const struct memory *memory)
{
    const struct tj_checkpoint *new = &request->checkpoint;
    struct tj_hash of_nothing;
    tj_sha256(hasher, &of_nothing, NULL, 0);
    if (new->size == 0 && memcmp(&new->root, &of_nothing, sizeof of_nothing) != 0) {
        return "the root of an empty tree is the hash of nothing";
    }
    if (request->old_size == 0) {
        if (request->proof_count == 0) {
            return NULL;
        }
        return "from size 0 the proof is empty";
    }
    if (tj_verify_consistency(hasher, request->old_size, &memory->checkpoint.root, new->size,
                              &new->root, request->proof, request->proof_count)) {
        return NULL;
    }
    if (new->size == request->old_size &&
        memcmp(&new->root, &memory->checkpoint.root, sizeof new->root) != 0) {
        return "another root was cosigned at this size";
    }
    return "the consistency proof does not verify";
}

static void cosign(struct tj_witness *witness, struct tj_witness_reply *out, const char *file,
                   const struct tj_witness_request *request, const struct tj_verifier_key *log,
                   const struct memory *memory)
{
    char line[LINE_MAX_SIZE];
    const uint64_t now_s = witness->now_s(witness->now_context);
    const uint64_t time_s = now_s > memory->time_s ? now_s : memory->time_s;
    const size_t size = tj_cosign(line, sizeof line, request->note.text, request->note.text_size,
                                  witness->key.name, time_s, witness->secret32);
    if (size == 0) {
        reply(out, 500, request, "signing failed");
    } else if (!memory_write(witness, file, &request->note, log, line, size)) {
        trouble(out, "the state cannot be written", strerror(errno));
        reply(out, 500, request, "the state cannot be written");
    } else {
        reply_cosignature(out, request, line, size);
    }
}

/* With the mutex held. */
static void decide(struct tj_witness *witness, struct tj_hasher *hasher,
                   struct tj_witness_reply *out, const struct tj_witness_request *request,
                   const struct tj_verifier_key *log)
{
    const struct tj_checkpoint *new = &request->checkpoint;
    char file[TJ_HASH_DIGITS + 1];
    struct memory memory;
    if (!file_of_origin(file, new->origin)) {
        reply(out, 500, request, "out of memory");
        return;
    }
    memory_read(witness, &memory, file, new->origin);
    if (memory.kind == TJ_WITNESS_DAMAGED) {
        trouble(out, file, memory.why);
        reply(out, 500, request, "the state cannot be read");
        return;
    }
    if (memory.kind == TJ_WITNESS_KNOWN && new->size == memory.checkpoint.size &&
        memcmp(&new->root, &memory.checkpoint.root, sizeof new->root) != 0 &&
        !keep_evidence(witness, file, &memory, &request->note, log)) {
        trouble(out, "the evidence cannot be written", strerror(errno));
    }
    if (request->old_size != memory.checkpoint.size) {
        reply_size(out, request, memory.checkpoint.size);
        return;
    }
    const char *why = inconsistency(hasher, request, &memory);
    if (why != NULL) {
        reply(out, 422, request, why);
        return;
    }
    cosign(witness, out, file, request, log, &memory);
}

void tj_witness_add_checkpoint(struct tj_witness *witness, struct tj_witness_reply *out,
                               const char *bytes, size_t size)
{
    struct tj_witness_request request;
    memset(&request, 0, sizeof request);
    memset(out, 0, sizeof *out);
    const char *why = tj_witness_request_decode(&request, bytes, size);
    if (why != NULL) {
        request.checkpoint = (struct tj_checkpoint){.origin = "-"};
        reply(out, 400, &request, why);
        return;
    }
    const struct tj_verifier_key *log = signer(witness, out, &request);
    if (log == NULL) {
        return;
    }
    if (request.old_size > request.checkpoint.size) {
        reply(out, 400, &request, "the old size is larger than the checkpoint's");
        return;
    }
    struct tj_hasher *hasher = tj_hasher_create();
    if (hasher == NULL) {
        trouble(out, "the request", tijori_status_text(TIJORI_MEMORY));
        reply(out, 500, &request, "out of memory");
        return;
    }
    pthread_mutex_lock(&witness->mutex);
    decide(witness, hasher, out, &request, log);
    pthread_mutex_unlock(&witness->mutex);
    tj_hasher_destroy(hasher);
}

bool tj_witness_keep_evidence(struct tj_witness *witness, const char *bytes, size_t size)
{
    struct tj_witness_request request;
    struct tj_witness_reply unused;
    struct memory memory;
    char file[TJ_HASH_DIGITS + 1];
    memset(&request, 0, sizeof request);
    const struct tj_verifier_key *log = tj_witness_request_decode(&request, bytes, size) == NULL
                                            ? signer(witness, &unused, &request)
                                            : NULL;
    if (log == NULL) {
        return false;
    }
    if (!file_of_origin(file, request.checkpoint.origin)) {
        return false;
    }
    pthread_mutex_lock(&witness->mutex);
    memory_read(witness, &memory, file, request.checkpoint.origin);
    bool kept = memory.kind == TJ_WITNESS_KNOWN &&
                keep_evidence(witness, file, &memory, &request.note, log);
    pthread_mutex_unlock(&witness->mutex);
    return kept;
}

enum tj_witness_memory tj_witness_last(struct tj_witness *witness, struct tj_checkpoint *out,
                                       const char *origin)
{
    char file[TJ_HASH_DIGITS + 1];
    struct memory memory;
    bool known = false;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < witness->log_count && !known; i++) {
        known = strcmp(witness->logs[i].name, origin) == 0;
    }
    if (!known) {
        return TJ_WITNESS_UNKNOWN;
    }
    if (!file_of_origin(file, origin)) {
        return TJ_WITNESS_DAMAGED;
    }
    pthread_mutex_lock(&witness->mutex);
    memory_read(witness, &memory, file, origin);
    pthread_mutex_unlock(&witness->mutex);
    *out = memory.checkpoint;
    return memory.kind;
}

/* ---- opening ---- */

static enum tijori_status check_config(struct tijori_message *message,
                                       const struct tj_witness_config *config)
{
    if (!tj_note_name_valid(config->name, strlen(config->name))) {
        return tj_say(message, TIJORI_TEXT,
                      "'%s': a name has no space, no plus sign and is not empty", config->name);
    }
    if (config->replays && !tj_name_replays(config->name)) {
        return tj_say(message, TIJORI_TEXT,
                      "'%s': the name of a key by which an auditor cosigns what was replayed ends "
                      "with /replayed",
                      config->name);
    }
    if (!config->replays && tj_name_replays(config->name)) {
        return tj_say(message, TIJORI_TEXT,
                      "'%s': a name that ends with /replayed belongs to an auditor who replays the "
                      "log before each cosignature, which a witness of consistency does not",
                      config->name);
    }
    for (size_t i = 0; i < config->log_count; i++) {
        TIJORI_REQUIRE(config->logs[i].type == TJ_NOTE_TYPE_ED25519);
    }
    return TIJORI_OK;
}

static enum tijori_status open_dir(struct tj_witness *witness, const char *path,
                                   struct tijori_message *message)
{
    /* A directory that a power cut takes back would take along what must not be forgotten. */
    int error = tj_folder_make(AT_FDCWD, path, 0700);
    if (error != 0) {
        return tj_say_errno(message, error, path);
    }
    witness->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (witness->dir < 0) {
        return tj_say_errno(message, errno, path);
    }
    witness->lock = openat(witness->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (witness->lock < 0) {
        return tj_say_errno(message, errno, path);
    }
    if (flock(witness->lock, LOCK_EX | LOCK_NB) == 0) {
        return TIJORI_OK;
    }
    if (errno == EWOULDBLOCK) {
        return tj_say(message, TIJORI_LOCKED, "%s: another process uses this state", path);
    }
    return tj_say_errno(message, errno, path);
}

static enum tijori_status check_memories(struct tj_witness *witness, const char *path,
                                         struct tijori_message *message)
{
    enum tijori_status status = TIJORI_OK;
    for (size_t i = 0; i < witness->log_count && status == TIJORI_OK; i++) {
        char file[TJ_HASH_DIGITS + 1];
        struct memory memory;
        if (!file_of_origin(file, witness->logs[i].name)) {
            return tj_say_status(message, TIJORI_MEMORY, path, NULL);
        }
        memory_read(witness, &memory, file, witness->logs[i].name);
        if (memory.kind == TJ_WITNESS_DAMAGED) {
            status = tj_say(message, memory.trouble != TIJORI_OK ? memory.trouble : TIJORI_CORRUPT,
                            "%s/%s, of %s: %s", path, file, witness->logs[i].name, memory.why);
        }
    }
    return status;
}

static enum tijori_status set_key(struct tj_witness *witness,
                                  const struct tj_witness_config *config,
                                  struct tijori_message *message)
{
    struct tj_public_key public;
    if (!tj_public_key_of(&public, TJ_ALGORITHM_ED25519, config->secret32)) {
        return tj_say_status(message, tj_undecided(), config->name,
                             NULL); /* all 32 bytes are one */
    }
    memcpy(witness->secret32, config->secret32, sizeof witness->secret32);
    tj_verifier_key_make(&witness->key, config->name, TJ_NOTE_TYPE_COSIGNATURE, public.bytes);
    return TIJORI_OK;
}

static struct tj_witness *witness_new(const struct tj_witness_config *config)
{
    struct tj_witness *witness =
        calloc(1, sizeof *witness + config->log_count * sizeof witness->logs[0]);
    if (witness == NULL || pthread_mutex_init(&witness->mutex, NULL) != 0) {
        free(witness);
        return NULL;
    }
    witness->dir = -1;
    witness->lock = -1;
    witness->now_s = config->now_s != NULL ? config->now_s : system_now_s;
    witness->now_context = config->now_context;
    witness->log_count = config->log_count;
    for (size_t i = 0; i < config->log_count; i++) {
        witness->logs[i] = config->logs[i];
    }
    return witness;
}

enum tijori_status tj_witness_open(struct tj_witness **out, const struct tj_witness_config *config,
                                   struct tijori_message *message)
{
    *out = NULL;
    enum tijori_status status = check_config(message, config);
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_witness *witness = witness_new(config);
    if (witness == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, config->dir, NULL);
    }
    status = set_key(witness, config, message);
    if (status == TIJORI_OK) {
        status = open_dir(witness, config->dir, message);
    }
    if (status == TIJORI_OK) {
        status = check_memories(witness, config->dir, message);
    }
    if (status != TIJORI_OK) {
        tj_witness_close(witness);
        return status;
    }
    *out = witness;
    return TIJORI_OK;
}

void tj_witness_close(struct tj_witness *witness)
{
    if (witness == NULL) {
        return;
    }
    if (witness->lock >= 0) {
        close(witness->lock);
    }
    if (witness->dir >= 0) {
        close(witness->dir);
    }
    pthread_mutex_destroy(&witness->mutex);
    tj_cleanse(witness->secret32, sizeof witness->secret32);
    free(witness);
}

const struct tj_verifier_key *tj_witness_key(const struct tj_witness *witness)
{
    return &witness->key;
}

bool tj_witness_remembered_key(struct tj_verifier_key *out, const char *dir, const char *origin)
{
    char file[TJ_HASH_DIGITS + 1];
    char bytes[STATE_MAX];
    if (!file_of_origin(file, origin)) {
        return false;
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read_file(bytes, sizeof bytes, fd, file) : -1;
    if (fd >= 0) {
        close(fd);
    }
    const char *at = bytes;
    const char *end = bytes + (size > 0 ? size : 0);
    const char *value;
    size_t length;
    return take(&at, &value, &length, end, state_magic) &&
           take(&at, &value, &length, end, "log ") && tj_verifier_key_decode(out, value, length) &&
           strcmp(out->name, origin) == 0;
}
