/* A witness that has cosigned size 7, and one request. The first byte says how the rest is read: as
 * the bytes of a request, or as what a log with the right key would sign: old size, size, fork, and
 * which bit of the proof is wrong. No input may crash; only what is consistent is cosigned, and
 * what was cosigned stays. */

#include "core/exchange/witness.h"
#include "core/base/status.h"
#include "tests/unit/log_support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIGNED = 's', FIRST_SIZE = 7 };

static char dir[64];
static struct tj_witness *witness;
static struct test_log honest;
static char state_path[256];
static char evidence_path[512];

static uint64_t now_s(void *context)
{
    (void)context;
    return 1700000000;
}

static void clean_up(void)
{
    char path[128];
    tj_witness_close(witness);
    unlink(state_path);
    snprintf(path, sizeof path, "%s/lock", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/evidence", dir);
    rmdir(path);
    rmdir(dir);
}

static void start(void)
{
    static const uint8_t secret32[32] = {9};
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    struct stat memory;
    honest = test_log("log.example/one", 1);
    /* In memory where there is such a place: every input is written and synced. */
    snprintf(dir, sizeof dir, "%s/tijori-fuzz-witness-XXXXXX",
             stat("/dev/shm", &memory) == 0 ? "/dev/shm" : "/tmp");
    TIJORI_REQUIRE(mkdtemp(dir) != NULL);
    const struct tj_verifier_key log = test_log_key(&honest);
    const struct tj_witness_config config = {.dir = dir,
                                             .name = "witness.example/w",
                                             .secret32 = secret32,
                                             .logs = &log,
                                             .log_count = 1,
                                             .now_s = now_s};
    TIJORI_REQUIRE(tj_witness_open(&witness, &config, NULL) == TIJORI_OK);
    tj_sha256(hasher, &hash, honest.origin, strlen(honest.origin));
    tj_hasher_destroy(hasher);
    int at = snprintf(state_path, sizeof state_path, "%s/", dir);
    for (int i = 0; i < TJ_HASH_SIZE; i++) {
        at += snprintf(state_path + at, sizeof state_path - (size_t)at, "%02x", hash.bytes[i]);
    }
    TIJORI_REQUIRE(atexit(clean_up) == 0);
}

/* Back to one cosignature, at FIRST_SIZE. */
static void reset(void)
{
    static char first[TJ_WITNESS_REQUEST_MAX];
    static size_t first_size;
    struct tj_witness_reply reply;
    if (first_size == 0) {
        first_size = test_log_request(&honest, first, 0, FIRST_SIZE);
    }
    unlink(state_path);
    tj_witness_add_checkpoint(witness, &reply, first, first_size);
    TIJORI_REQUIRE(reply.code == 200);
}

static void forget_evidence(void)
{
    static const char *const kinds[] = {"stored", "other"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(evidence_path, sizeof evidence_path, "%s/evidence/%s-%u-%s", dir,
                 strrchr(state_path, '/') + 1, (unsigned)FIRST_SIZE, kinds[i]);
        unlink(evidence_path);
    }
}

/* A cosignature of what was asked for, over a checkpoint that is now the last one. */
static void check_cosigned(const struct tj_witness_request *request,
                           const struct tj_witness_reply *reply)
{
    static char note[TJ_CHECKPOINT_NOTE_MAX + TJ_WITNESS_BODY_MAX];
    struct tj_checkpoint last;
    struct tj_note_view view;
    const size_t text_size = request->note.text_size;
    memcpy(note, request->note.text, text_size);
    note[text_size] = '\n';
    memcpy(note + text_size + 1, reply->body, reply->body_size);
    TIJORI_REQUIRE(tj_note_decode(&view, note, text_size + 1 + reply->body_size));
    TIJORI_REQUIRE(tj_cosignature_verify(&view, NULL, tj_witness_key(witness)) == TJ_NOTE_VALID);
    TIJORI_REQUIRE(tj_witness_last(witness, &last, honest.origin) == TJ_WITNESS_KNOWN);
    TIJORI_REQUIRE(last.size == request->checkpoint.size && last.size >= FIRST_SIZE);
    TIJORI_REQUIRE(memcmp(&last.root, &request->checkpoint.root, sizeof last.root) == 0);
    TIJORI_REQUIRE(request->old_size == FIRST_SIZE);
}

static void check_request(const char *bytes, size_t size, bool may_be_cosigned)
{
    static struct tj_witness_request request;
    static char again[TJ_WITNESS_REQUEST_MAX];
    struct tj_witness_reply reply;
    struct tj_checkpoint last;
    reset();
    tj_witness_add_checkpoint(witness, &reply, bytes, size);
    const bool well_formed = tj_witness_request_decode(&request, bytes, size) == NULL;
    TIJORI_REQUIRE(reply.body_size > 0 && reply.body_size <= sizeof reply.body);
    TIJORI_REQUIRE(well_formed || reply.code == 400);
    if (well_formed) {
        const char *note = request.note.text;
        const size_t note_size = size - (size_t)(note - bytes);
        TIJORI_REQUIRE(tj_witness_request_encode(again, sizeof again, request.old_size,
                                                 request.proof, request.proof_count, note,
                                                 note_size) == size);
        TIJORI_REQUIRE(memcmp(again, bytes, size) == 0);
    }
    if (reply.code == 200) {
        TIJORI_REQUIRE(may_be_cosigned);
        check_cosigned(&request, &reply);
        return;
    }
    TIJORI_REQUIRE(reply.code == 400 || reply.code == 403 || reply.code == 404 ||
                   reply.code == 409 || reply.code == 422);
    TIJORI_REQUIRE(tj_witness_last(witness, &last, honest.origin) == TJ_WITNESS_KNOWN);
    TIJORI_REQUIRE(last.size == FIRST_SIZE);
}

/* old, size, fork, hashes left out or added, bit of the proof. */
static void check_signed(const uint8_t *data)
{
    static char request[TJ_WITNESS_REQUEST_MAX];
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    struct test_log log = honest;
    const uint64_t old = data[0];
    const uint64_t size = data[1];
    log.fork = data[2];
    memset(proof, 0, sizeof proof);
    size_t count = test_log_proof(&log, proof, old, size);
    const size_t right = count;
    count = data[3] % 3 == 1 && count > 0 ? count - 1 : count + (data[3] % 3 == 2);
    const unsigned bit = data[4] | (unsigned)data[5] << 8;
    const bool wrong_bit = bit < 256 * count;
    if (wrong_bit) {
        proof[bit / 256].bytes[bit / 8 % 32] ^= (uint8_t)(1u << bit % 8);
    }
    const size_t note_size = test_log_checkpoint(&log, note, size);
    const size_t written =
        tj_witness_request_encode(request, sizeof request, old, proof, count, note, note_size);
    check_request(request, written,
                  old == FIRST_SIZE && size >= old && log.fork >= FIRST_SIZE && count == right &&
                      !wrong_bit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (witness == NULL) {
        start();
    }
    if (size == 7 && data[0] == SIGNED) {
        check_signed(data + 1);
    } else {
        /* The corpus holds requests that are right, and a fuzzer can cut and join them; it cannot
         * sign, so what it makes of them is cosigned only where a signature allows it. */
        check_request((const char *)data, size, true);
    }
    forget_evidence();
    return 0;
}
