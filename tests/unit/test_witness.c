/* A witness: each answer of tlog-witness and that none of them lets a log tell two histories:
 * after a restart, beside another process, from many threads, or when the disk fails. */

#include "cli/exit.h" /* before cmocka, whose macro `fail` hides a function of it */

#include "crypto_support.h"

#include "core/exchange/witness.h"
#include "core/audit/anchor.h"
#include "log_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NAME "witness.example/w"

static char dir[] = "/tmp/tijori-witness-XXXXXX";
static char state_dir[64];
static struct test_log honest;
static struct test_log forged; /* from entry 5 on */
static uint64_t clock_s;
static uint8_t secret32[32];

static uint64_t now_s(void *context)
{
    (void)context;
    return clock_s;
}

/* ---- set-up ---- */

static int remove_tree(const char *path)
{
    char child[512];
    DIR *stream = opendir(path);
    if (stream == NULL) {
        return unlink(path);
    }
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)snprintf(child, sizeof child, "%s/%.200s", path, entry->d_name);
            struct stat info;
            if (lstat(child, &info) == 0 && S_ISDIR(info.st_mode)) {
                remove_tree(child);
            } else {
                unlink(child);
            }
        }
    }
    closedir(stream);
    return rmdir(path);
}

static int make_dir(void **state)
{
    (void)state;
    honest = test_log("log.example/one", 1);
    forged = honest;
    forged.fork = 5;
    memset(secret32, 9, sizeof secret32);
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return remove_tree(dir);
}

static int fresh_state(void **state)
{
    (void)state;
    (void)snprintf(state_dir, sizeof state_dir, "%s/state", dir);
    (void)remove_tree(state_dir);
    clock_s = 1700000000;
    return 0;
}

static struct tj_witness_config configuration(const struct tj_verifier_key *log)
{
    return (struct tj_witness_config){.dir = state_dir,
                                      .name = NAME,
                                      .secret32 = secret32,
                                      .logs = log,
                                      .log_count = 1,
                                      .now_s = now_s};
}

static struct tj_witness *open_witness(void)
{
    struct tj_witness *witness = NULL;
    const struct tj_verifier_key log = test_log_key(&honest);
    const struct tj_witness_config config = configuration(&log);
    assert_int_equal(tj_witness_open(&witness, &config, NULL), TIJORI_OK);
    return witness;
}

static struct tj_witness_reply last_reply;

/* The code; what else was said is in last_reply. Requests are read from memory of their size. */
static unsigned ask_bytes(struct tj_witness *witness, const char *request, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, request, size);
    tj_witness_add_checkpoint(witness, &last_reply, exact, size);
    free(exact);
    assert_true(last_reply.body_size > 0 && last_reply.log[0] != '\0');
    return last_reply.code;
}

static unsigned ask(struct tj_witness *witness, const struct test_log *log, uint64_t old,
                    uint64_t size)
{
    char request[TJ_WITNESS_REQUEST_MAX];
    return ask_bytes(witness, request, test_log_request(log, request, old, size));
}

/* The time of the cosignature in last_reply over this checkpoint; fails when it is none. */
static uint64_t cosigned_at(const struct test_log *log, uint64_t size)
{
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_note_view view;
    uint64_t time_s = 0;
    const struct tj_verifier_key key = test_witness_key(NAME, secret32);
    size_t note_size = test_log_checkpoint(log, note, size);
    memcpy(note + note_size, last_reply.body, last_reply.body_size);
    assert_true(tj_note_decode(&view, note, note_size + last_reply.body_size));
    assert_int_equal(view.signature_count, 2);
    assert_int_equal(tj_cosignature_verify(&view, &time_s, &key), TJ_NOTE_VALID);
    return time_s;
}

static void assert_conflict(uint64_t size)
{
    char body[32];
    assert_int_equal(last_reply.code, 409);
    assert_string_equal(last_reply.content_type, "text/x.tlog.size");
    (void)snprintf(body, sizeof body, "%" PRIu64 "\n", size);
    assert_int_equal(last_reply.body_size, strlen(body));
    assert_memory_equal(last_reply.body, body, strlen(body));
}

static void assert_last(struct tj_witness *witness, const struct test_log *log, uint64_t size)
{
    struct tj_checkpoint checkpoint;
    const struct tj_hash root = test_log_root(log, size);
    assert_int_equal(tj_witness_last(witness, &checkpoint, log->origin), TJ_WITNESS_KNOWN);
    assert_true(checkpoint.size == size);
    assert_memory_equal(&checkpoint.root, &root, sizeof root);
}

/* Files in a folder of the state whose names hold `part`. */
static unsigned files(const char *folder, const char *part)
{
    char path[256];
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "%s/%s", state_dir, folder);
    DIR *stream = opendir(path);
    if (stream == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        count += entry->d_name[0] != '.' && strstr(entry->d_name, part) != NULL;
    }
    closedir(stream);
    return count;
}

static void state_file(char path[256])
{
    struct tj_hash hash;
    struct tj_hasher *hasher = tj_hasher_create();
    tj_sha256(hasher, &hash, honest.origin, strlen(honest.origin));
    tj_hasher_destroy(hasher);
    int at = snprintf(path, 256, "%s/", state_dir);
    for (int i = 0; i < TJ_HASH_SIZE; i++) {
        at += snprintf(path + at, 256 - (size_t)at, "%02x", hash.bytes[i]);
    }
}

/* ---- the answers ---- */

static void a_log_that_grows_is_cosigned(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    struct tj_checkpoint none;
    assert_int_equal(tj_witness_last(witness, &none, honest.origin), TJ_WITNESS_NEVER);
    assert_true(none.size == 0);
    assert_int_equal(tj_witness_last(witness, &none, "log.example/two"), TJ_WITNESS_UNKNOWN);
    uint64_t old = 0;
    for (uint64_t size = 1; size <= TEST_LOG_SIZE_MAX; size += 1 + size / 3) {
        clock_s++;
        assert_int_equal(ask(witness, &honest, old, size), 200);
        assert_true(cosigned_at(&honest, size) == clock_s);
        assert_last(witness, &honest, size);
        old = size;
    }
    /* The same again is a fresher cosignature of the same. */
    clock_s++;
    assert_int_equal(ask(witness, &honest, old, old), 200);
    assert_true(cosigned_at(&honest, old) == clock_s);
    assert_int_equal(files("", ""), 2); /* lock and one state */
    tj_witness_close(witness);
}

static void a_malformed_request_is_400(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    char request[TJ_WITNESS_REQUEST_MAX + 64];
    const size_t size = test_log_request(&honest, request, 3, 9);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(ask_bytes(witness, request, cut), 400);
    }
    static const char *const heads[] = {"old 03\n\n",
                                        "old -1\n\n",
                                        "old\n\n",
                                        "Old 0\n\n",
                                        "old  0\n\n",
                                        "old 0 \n\n",
                                        "old 0\r\n\n",
                                        " old 0\n\n",
                                        "\n\n",
                                        "old 0x0\n\n",
                                        "old 0\nAA==\n\n",
                                        "old 0\n",
                                        "old 18446744073709551616\n\n",
                                        "old 0\n\n\n"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const size_t head = strlen(heads[i]);
        memcpy(request, heads[i], head);
        const size_t note = test_log_checkpoint(&honest, request + head, 9);
        if (ask_bytes(witness, request, head + note) != 400) {
            fail_msg("accepted after '%s'", heads[i]);
        }
    }
    struct tj_hash proof[TJ_PROOF_HASHES_MAX] = {0};
    char note[TJ_CHECKPOINT_NOTE_MAX];
    const size_t note_size = test_log_checkpoint(&honest, note, 9);
    size_t most = tj_witness_request_encode(request, sizeof request, 0, proof, TJ_PROOF_HASHES_MAX,
                                            note, note_size);
    assert_int_equal(ask_bytes(witness, request, most), 422); /* 63 lines are read */
    memmove(request + 6 + 45, request + 6, most - 6);
    memcpy(request + 6, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 45);
    assert_int_equal(ask_bytes(witness, request, most + 45), 400);
    assert_non_null(strstr(last_reply.body, "63"));
    memset(request, 'x', sizeof request);
    assert_int_equal(ask_bytes(witness, request, sizeof request), 400);
    assert_int_equal(ask(witness, &honest, 10, 9), 400); /* old is larger than the checkpoint */
    assert_int_equal(files("", ""), 1);                  /* the lock */
    tj_witness_close(witness);
}

static void an_unknown_origin_is_404_and_nothing_is_stored(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    const struct test_log other = test_log("log.example/two", 1);
    assert_int_equal(ask(witness, &other, 0, 9), 404);
    assert_int_equal(ask(witness, &other, 10, 9), 404); /* before it looks at the sizes */
    assert_int_equal(files("", ""), 1);
    tj_witness_close(witness);
}

static void only_the_logs_own_signature_counts(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    char request[TJ_WITNESS_REQUEST_MAX];
    const struct test_log impostor = test_log(honest.origin, 2);
    assert_int_equal(ask(witness, &impostor, 0, 9), 403);
    size_t size = test_log_request(&honest, request, 0, 9);
    request[size - 10] = request[size - 10] == 'A' ? 'B' : 'A'; /* in the signature */
    assert_int_equal(ask_bytes(witness, request, size), 403);
    /* A type 0x04 line by the log's own key is not the log's signature. */
    size = test_log_request(&honest, request, 0, 9);
    struct tj_witness_request decoded;
    assert_null(tj_witness_request_decode(&decoded, request, size));
    char cosignature[512];
    const size_t line = tj_cosign(cosignature, sizeof cosignature, decoded.note.text,
                                  decoded.note.text_size, honest.origin, 1, honest.secret32);
    const size_t body = (size_t)(decoded.note.text - request) + decoded.note.text_size + 1;
    memcpy(request + body, cosignature, line);
    assert_int_equal(ask_bytes(witness, request, body + line), 403);
    assert_int_equal(files("", ""), 1);
    /* Lines of others do not matter, ours of earlier neither. */
    assert_int_equal(ask(witness, &honest, 0, 9), 200);
    size = test_log_request(&honest, request, 9, 9);
    memcpy(request + size, last_reply.body, last_reply.body_size);
    size += last_reply.body_size;
    memcpy(request + size, cosignature, line);
    assert_int_equal(ask_bytes(witness, request, size + line), 200);
    (void)cosigned_at(&honest, 9);
    tj_witness_close(witness);
    tj_witness_close(open_witness()); /* the state reads back */
}

static void another_old_size_is_409(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 3, 9), 409);
    assert_conflict(0);
    assert_int_equal(ask(witness, &honest, 0, 9), 200);
    static const uint64_t olds[] = {0, 1, 8, 10};
    for (size_t i = 0; i < sizeof olds / sizeof olds[0]; i++) {
        assert_int_equal(ask(witness, &honest, olds[i], 12), 409);
        assert_conflict(9);
    }
    /* What it cosigned is not gone back on. */
    assert_int_equal(ask(witness, &honest, 0, 5), 409);
    assert_conflict(9);
    assert_last(witness, &honest, 9);
    tj_witness_close(witness);
}

static void what_is_not_consistent_is_422(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    char request[TJ_WITNESS_REQUEST_MAX];
    assert_int_equal(ask(witness, &honest, 0, 9), 200);
    assert_int_equal(ask(witness, &forged, 9, 12), 422);
    /* Each hash of the proof matters; so does one more, one less. */
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    const size_t note_size = test_log_checkpoint(&honest, note, 12);
    const size_t count = test_log_proof(&honest, proof, 9, 12);
    for (size_t i = 0; i < count; i++) {
        proof[i].bytes[7] ^= 1;
        assert_int_equal(ask_bytes(witness, request,
                                   tj_witness_request_encode(request, sizeof request, 9, proof,
                                                             count, note, note_size)),
                         422);
        proof[i].bytes[7] ^= 1;
    }
    proof[count] = proof[0];
    for (size_t i = 0; i <= count + 1; i++) { /* the right number comes last */
        const size_t given = i < count ? i : i == count ? count + 1 : count;
        const size_t size =
            tj_witness_request_encode(request, sizeof request, 9, proof, given, note, note_size);
        assert_int_equal(ask_bytes(witness, request, size), given == count ? 200 : 422);
    }
    assert_last(witness, &honest, 12);
    /* A proof where there is nothing to prove. */
    const size_t same = test_log_checkpoint(&honest, note, 12);
    assert_int_equal(
        ask_bytes(witness, request,
                  tj_witness_request_encode(request, sizeof request, 12, proof, 1, note, same)),
        422);
    assert_int_equal(files("evidence", ""), 0); /* anyone can send a wrong proof */
    tj_witness_close(witness);
}

static void the_empty_tree_has_one_root(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    char note[TJ_CHECKPOINT_NOTE_MAX];
    char request[TJ_WITNESS_REQUEST_MAX];
    struct tj_hash proof[TJ_PROOF_HASHES_MAX] = {0};
    struct tj_checkpoint empty = {.origin = "log.example/one", .size = 0};
    size_t size = tj_checkpoint_sign(note, sizeof note, &empty, honest.secret32);
    size_t written = tj_witness_request_encode(request, sizeof request, 0, NULL, 0, note, size);
    assert_int_equal(ask_bytes(witness, request, written), 422);
    assert_int_equal(files("", ""), 1);
    assert_int_equal(ask(witness, &honest, 0, 0), 200);
    (void)cosigned_at(&honest, 0);
    assert_last(witness, &honest, 0);
    assert_int_equal(ask_bytes(witness, request, written), 422);
    size = test_log_checkpoint(&honest, note, 4);
    written = tj_witness_request_encode(request, sizeof request, 0, proof, 1, note, size);
    assert_int_equal(ask_bytes(witness, request, written), 422);
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    assert_int_equal(ask(witness, &honest, 0, 0), 409);
    tj_witness_close(witness);
}

static void two_roots_of_one_size_are_kept_as_evidence(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 9), 200);
    assert_int_equal(ask(witness, &forged, 9, 9), 422);
    assert_int_equal(files("evidence", "-9-stored"), 1);
    assert_int_equal(files("evidence", "-9-other"), 1);
    assert_last(witness, &honest, 9);
    /* One pair is proof; a log with many histories does not fill the disk. */
    forged.fork = 4;
    assert_int_equal(ask(witness, &forged, 9, 9), 422);
    forged.fork = 5;
    assert_int_equal(files("evidence", ""), 2);
    /* It is kept whatever old size it was sent with, and whichever size it is of. */
    assert_int_equal(ask(witness, &honest, 9, 11), 200);
    assert_int_equal(ask(witness, &forged, 0, 11), 409);
    assert_int_equal(files("evidence", "-11-"), 2);
    assert_int_equal(files("evidence", ".new"), 0);
    /* Both verify by the log's key alone. */
    char path[256];
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_note_view view;
    const struct tj_verifier_key log = test_log_key(&honest);
    state_file(path);
    const char *hash = strrchr(path, '/') + 1;
    for (int other = 0; other < 2; other++) {
        char name[400];
        (void)snprintf(name, sizeof name, "%s/evidence/%s-9-%s", state_dir, hash,
                       other ? "other" : "stored");
        FILE *file = fopen(name, "rb");
        assert_non_null(file);
        const size_t size = fread(note, 1, sizeof note, file);
        (void)fclose(file);
        assert_true(tj_note_decode(&view, note, size));
        assert_int_equal(tj_note_verify(&view, &log), TJ_NOTE_VALID);
    }
    tj_witness_close(witness);
}

static void a_log_may_have_several_keys(void **state)
{
    (void)state;
    struct tj_witness *witness = NULL;
    const struct test_log rotated = test_log(honest.origin, 3);
    struct tj_verifier_key logs[] = {test_log_key(&honest), test_log_key(&rotated)};
    struct tj_witness_config config = configuration(logs);
    config.log_count = 2;
    assert_int_equal(tj_witness_open(&witness, &config, NULL), TIJORI_OK);
    assert_int_equal(ask(witness, &honest, 0, 5), 200);
    assert_int_equal(ask(witness, &rotated, 5, 9), 200);
    /* One line that verifies does not make up for one that does not. */
    char note[TJ_CHECKPOINT_NOTE_MAX];
    char wrong[TJ_CHECKPOINT_NOTE_MAX];
    char request[TJ_WITNESS_REQUEST_MAX];
    size_t size = test_log_checkpoint(&rotated, note, 9);
    const size_t wrong_size = test_log_checkpoint(&honest, wrong, 9);
    wrong[wrong_size - 10] = wrong[wrong_size - 10] == 'A' ? 'B' : 'A';
    assert_true(tj_note_merge(note, &size, sizeof note, wrong, wrong_size));
    assert_int_equal(
        ask_bytes(witness, request,
                  tj_witness_request_encode(request, sizeof request, 9, NULL, 0, note, size)),
        403);
    tj_witness_close(witness);
    /* The old key is gone; what was cosigned under it still binds. */
    config.logs = logs + 1;
    config.log_count = 1;
    assert_int_equal(tj_witness_open(&witness, &config, NULL), TIJORI_OK);
    assert_int_equal(ask(witness, &honest, 9, 12), 403);
    assert_int_equal(ask(witness, &rotated, 0, 12), 409);
    assert_conflict(9);
    assert_int_equal(ask(witness, &rotated, 9, 12), 200);
    tj_witness_close(witness);
}

/* ---- time ---- */

static void time_does_not_go_back(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    clock_s = 2000;
    assert_int_equal(ask(witness, &honest, 0, 5), 200);
    clock_s = 1000;
    assert_int_equal(ask(witness, &honest, 5, 6), 200);
    assert_true(cosigned_at(&honest, 6) == 2000);
    tj_witness_close(witness);
    witness = open_witness();
    assert_int_equal(ask(witness, &honest, 6, 7), 200);
    assert_true(cosigned_at(&honest, 7) == 2000);
    clock_s = 2001;
    assert_int_equal(ask(witness, &honest, 7, 8), 200);
    assert_true(cosigned_at(&honest, 8) == 2001);
    tj_witness_close(witness);
}

/* ---- restarts ---- */

static uint64_t die(void *context)
{
    (void)context;
    _exit(7);
}

/* Asks in a process of its own that ends before the answer gets anywhere: after the check and
 * before the state is written, or right after it was. */
static void ask_and_die(uint64_t old, uint64_t size, bool before_writing)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct tj_witness *witness = NULL;
        const struct tj_verifier_key log = test_log_key(&honest);
        struct tj_witness_config config = configuration(&log);
        config.now_s = before_writing ? die : now_s;
        if (tj_witness_open(&witness, &config, NULL) == TIJORI_OK) {
            (void)ask(witness, &honest, old, size);
        }
        _exit(last_reply.code == 200 ? 8 : 9);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (before_writing ? 7 : 8));
}

static void a_crash_never_lets_a_second_root_through(void **state)
{
    (void)state;
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    tj_witness_close(witness);
    /* Before the state was written: as if nothing had been asked. */
    ask_and_die(4, 9, true);
    witness = open_witness();
    assert_last(witness, &honest, 4);
    tj_witness_close(witness);
    /* After: the answer is lost, and what it said stands. */
    ask_and_die(4, 9, false);
    witness = open_witness();
    assert_last(witness, &honest, 9);
    assert_int_equal(ask(witness, &honest, 4, 9), 409);
    assert_conflict(9);
    assert_int_equal(ask(witness, &forged, 4, 9), 409);
    assert_int_equal(ask(witness, &forged, 9, 9), 422);
    assert_int_equal(ask(witness, &honest, 9, 9), 200); /* so the log gets what it missed */
    (void)cosigned_at(&honest, 9);
    tj_witness_close(witness);
}

static void what_a_crash_leaves_half_written_is_ignored(void **state)
{
    (void)state;
    char path[256];
    char temporary[300];
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    tj_witness_close(witness);
    state_file(path);
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "wb");
    assert_non_null(file);
    assert_true(fputs("tijori/witness/v1\nwit", file) >= 0 && fclose(file) == 0);
    witness = open_witness();
    assert_last(witness, &honest, 4);
    assert_int_equal(ask(witness, &honest, 4, 5), 200);
    assert_last(witness, &honest, 5);
    assert_int_equal(files("", ".new"), 0);
    tj_witness_close(witness);
}

static void a_disk_that_fails_is_500_and_hands_out_nothing(void **state)
{
    (void)state;
    struct rlimit before;
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit none = {.rlim_cur = 100, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const unsigned code = ask(witness, &honest, 4, 9);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(code, 500);
    assert_null(strstr(last_reply.body, "\xe2\x80\x94"));
    assert_last(witness, &honest, 4);
    assert_int_equal(files("", ".new"), 0);
    assert_int_equal(ask(witness, &honest, 4, 9), 200);
    tj_witness_close(witness);
}

/* ---- damage, and whose state it is ---- */

static enum tijori_status reopen(const char *name, bool replays)
{
    struct tj_witness *witness = NULL;
    const struct tj_verifier_key log = test_log_key(&honest);
    struct tj_witness_config config = configuration(&log);
    config.name = name;
    config.replays = replays;
    const enum tijori_status status = tj_witness_open(&witness, &config, NULL);
    assert_int_equal(witness == NULL, status != TIJORI_OK);
    tj_witness_close(witness);
    return status;
}

static void a_damaged_state_is_not_taken_for_none(void **state)
{
    (void)state;
    char path[256];
    char whole[4096];
    struct tj_checkpoint checkpoint;
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    state_file(path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(whole, 1, sizeof whole, file);
    (void)fclose(file);
    for (size_t cut = 0; cut < size; cut++) { /* any byte changed, any byte the last */
        char bytes[4096];
        memcpy(bytes, whole, size);
        bytes[cut] ^= 4;
        for (int truncated = 0; truncated < 2; truncated++) {
            file = fopen(path, "wb");
            assert_non_null(file);
            const size_t part = truncated ? cut : size;
            assert_int_equal(fwrite(truncated ? whole : bytes, 1, part, file), part);
            (void)fclose(file);
            const enum tj_witness_memory kind =
                tj_witness_last(witness, &checkpoint, honest.origin);
            if (kind == TJ_WITNESS_KNOWN) { /* our own line may be missing, or another key's */
                assert_true(checkpoint.size == 4);
            } else {
                assert_int_equal(kind, TJ_WITNESS_DAMAGED);
            }
        }
    }
    assert_int_equal(ask(witness, &honest, 0, 4), 500);
    assert_int_equal(ask(witness, &honest, 4, 5), 500);
    /* What cannot be read at all is not missing. */
    assert_true(unlink(path) == 0 && mkdir(path, 0700) == 0);
    assert_int_equal(ask(witness, &honest, 0, 4), 500);
    tj_witness_close(witness);
    assert_int_equal(reopen(NAME, false), TIJORI_CORRUPT);
}

static void a_name_says_how_a_witness_works(void **state)
{
    (void)state;
    assert_true(tj_name_replays("auditor.example/2025/replayed"));
    assert_true(tj_name_replays("/replayed"));
    assert_false(tj_name_replays("replayed"));
    assert_false(tj_name_replays("auditor.example/replayed/1"));
    assert_false(tj_name_replays(""));
    assert_int_equal(reopen("auditor.example/replayed", false), TIJORI_TEXT);
    assert_int_equal(reopen("auditor.example", true), TIJORI_TEXT);
    assert_int_equal(reopen("two words", false), TIJORI_TEXT);
    assert_int_equal(reopen("", false), TIJORI_TEXT);
    assert_int_equal(files("", ""), 0);
    assert_int_equal(reopen("auditor.example/replayed", true), TIJORI_OK);
    struct tj_witness *witness = open_witness();
    assert_int_equal(ask(witness, &honest, 0, 4), 200);
    tj_witness_close(witness);
    /* What was cosigned by consistency alone is not the memory of one who replays. */
    assert_int_equal(reopen(NAME "/replayed", true), TIJORI_CORRUPT);
    assert_int_equal(reopen(NAME, false), TIJORI_OK);
}

static void one_process_at_a_time(void **state)
{
    (void)state;
    int ready[2];
    int done[2];
    char c = 0;
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(done[1]); /* so that it ends when the test does */
        struct tj_witness *witness = open_witness();
        if (write(ready[1], "r", 1) != 1 || read(done[0], &c, 1) != 1) {
            _exit(1);
        }
        tj_witness_close(witness);
        _exit(0);
    }
    assert_true(read(ready[0], &c, 1) == 1);
    assert_int_equal(reopen(NAME, false), TIJORI_LOCKED);
    assert_true(write(done[1], "d", 1) == 1);
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child && status == 0);
    assert_int_equal(reopen(NAME, false), TIJORI_OK);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

static void a_state_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    (void)snprintf(state_dir, sizeof state_dir, "%s/missing/state", dir);
    assert_int_equal(reopen(NAME, false), TIJORI_NOT_FOUND);
    (void)snprintf(state_dir, sizeof state_dir, "/dev/null");
    assert_int_equal(reopen(NAME, false), TIJORI_NOT_FOUND);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 20 };

struct contender {
    pthread_t thread;
    struct tj_witness *witness;
    pthread_barrier_t *barrier;
    char request[TJ_WITNESS_REQUEST_MAX];
    size_t size;
    struct tj_witness_reply reply;
};

static void *contend(void *context)
{
    struct contender *self = context;
    pthread_barrier_wait(self->barrier);
    tj_witness_add_checkpoint(self->witness, &self->reply, self->request, self->size);
    return NULL;
}

static void of_many_at_once_one_wins(void **state)
{
    (void)state;
    static struct contender contenders[THREADS];
    struct tj_witness *witness = open_witness();
    uint64_t old = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_t barrier;
        assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
        for (unsigned i = 0; i < THREADS; i++) {
            struct contender *self = &contenders[i];
            self->witness = witness;
            self->barrier = &barrier;
            self->size = test_log_request(&honest, self->request, old, old + 1 + i);
            assert_int_equal(pthread_create(&self->thread, NULL, contend, self), 0);
        }
        unsigned winners = 0;
        uint64_t won = 0;
        for (unsigned i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(contenders[i].thread, NULL), 0);
            if (contenders[i].reply.code == 200) {
                winners++;
                won = old + 1 + i;
            } else {
                assert_int_equal(contenders[i].reply.code, 409);
            }
        }
        pthread_barrier_destroy(&barrier);
        assert_int_equal(winners, 1);
        assert_last(witness, &honest, won);
        old = won;
    }
    tj_witness_close(witness);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh_state)
    const struct CMUnitTest tests[] = {
        TEST(a_log_that_grows_is_cosigned),
        TEST(a_malformed_request_is_400),
        TEST(an_unknown_origin_is_404_and_nothing_is_stored),
        TEST(only_the_logs_own_signature_counts),
        TEST(another_old_size_is_409),
        TEST(what_is_not_consistent_is_422),
        TEST(the_empty_tree_has_one_root),
        TEST(two_roots_of_one_size_are_kept_as_evidence),
        TEST(a_log_may_have_several_keys),
        TEST(time_does_not_go_back),
        TEST(a_crash_never_lets_a_second_root_through),
        TEST(what_a_crash_leaves_half_written_is_ignored),
        TEST(a_disk_that_fails_is_500_and_hands_out_nothing),
        TEST(a_damaged_state_is_not_taken_for_none),
        TEST(a_name_says_how_a_witness_works),
        TEST(one_process_at_a_time),
        TEST(a_state_that_cannot_be_made_is_said),
        TEST(of_many_at_once_one_wins),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
