/* For tests/witness_test.py: a log that makes checkpoints and requests, and the client that gathers
 * cosignatures. A log is given as ORIGIN SEED FORK (tests/unit/log_support.h).
 *     witness_tool vkey ORIGIN SEED FORK
 *     witness_tool request ORIGIN SEED FORK OLD SIZE     the body of an add-checkpoint
 *     witness_tool verify ORIGIN SEED FORK SIZE VKEY     an answer on standard input; prints its
 * time witness_tool gather ORIGIN SEED FORK SIZE TIMEOUT_MS POLICY|URL... prints what became of it
 * as JSON */

#include "cli/gather.h"
#include "text/text.h"
#include "core/base/status.h"
#include "tests/unit/log_support.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static uint64_t number(const char *text)
{
    uint64_t out = 0;
    TIJORI_REQUIRE(text_parse_number(&out, text, UINT32_MAX));
    return out;
}

static int print_vkey(const struct test_log *log)
{
    char text[512];
    const struct tj_verifier_key key = test_log_key(log);
    TIJORI_REQUIRE(tj_verifier_key_encode(&key, text, sizeof text));
    printf("%s\n", text);
    return 0;
}

static int print_request(const struct test_log *log, uint64_t old, uint64_t size)
{
    static char request[TJ_WITNESS_REQUEST_MAX];
    const size_t written = test_log_request(log, request, old, size);
    return fwrite(request, 1, written, stdout) == written ? 0 : 1;
}

static int verify(const struct test_log *log, uint64_t size, const char *vkey)
{
    static char note[2 * TJ_CHECKPOINT_NOTE_MAX];
    struct tj_verifier_key key;
    struct tj_note_view view;
    uint64_t time_s = 0;
    size_t note_size = test_log_checkpoint(log, note, size);
    note_size += fread(note + note_size, 1, TJ_CHECKPOINT_NOTE_MAX, stdin);
    if (!tj_verifier_key_decode(&key, vkey, strlen(vkey)) ||
        !tj_note_decode(&view, note, note_size) ||
        tj_cosignature_verify(&view, &time_s, &key) != TJ_NOTE_VALID) {
        return 1;
    }
    printf("%" PRIu64 "\n", time_s);
    return 0;
}

/* ---- gathering ---- */

struct prover {
    const struct test_log *log;
    uint64_t size;
};

static bool prove(void *context, struct tj_hash *proof, size_t *count, uint64_t old_size)
{
    const struct prover *prover = context;
    *count = test_log_proof(prover->log, proof, old_size, prover->size);
    return old_size != 13; /* the one size from which this log has no proof */
}

static void read_policy(struct tj_policy *policy, const char *path)
{
    static char text[TJ_POLICY_SIZE_MAX];
    struct tj_policy_error error;
    FILE *file = fopen(path, "rb");
    TIJORI_REQUIRE(file != NULL);
    const size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    TIJORI_REQUIRE(tj_policy_decode(policy, &error, text, size));
}

static json_t *result_of(const struct gather_witness *witness)
{
    return json_pack("{s:s, s:s, s:I, s:i, s:i, s:I, s:s}", "url", witness->url, "outcome",
                     gather_outcome_text(witness->outcome), "old_size",
                     (json_int_t)witness->old_size, "tries", (int)witness->tries, "http_code",
                     (int)witness->http_code, "time", (json_int_t)witness->time_s, "detail",
                     witness->detail);
}

static int gather(const struct test_log *log, uint64_t size, unsigned timeout_ms,
                  const char *const *sources, size_t source_count)
{
    static struct tj_policy policy;
    static struct gather_witness witnesses[GATHER_WITNESSES_MAX];
    static char note[TJ_CHECKPOINT_NOTE_MAX];
    struct prover prover = {.log = log, .size = size};
    struct tj_policy_result result;
    struct tj_note_view view;
    size_t count = 0;
    size_t note_size = test_log_checkpoint(log, note, size);
    if (source_count == 1 && strstr(sources[0], "://") == NULL) {
        read_policy(&policy, sources[0]);
        count = gather_of_policy(witnesses, &policy);
    } else {
        policy.quorum = TJ_POLICY_NODE_NONE;
        for (; count < source_count; count++) {
            witnesses[count].url = sources[count];
        }
    }
    const size_t cosigned = gather_cosignatures(witnesses, note, &note_size, prove, &prover, count,
                                                sizeof note, timeout_ms);
    TIJORI_REQUIRE(tj_note_decode(&view, note, note_size));
    tj_policy_check(&policy, &result, &view);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, result_of(&witnesses[i]));
    }
    json_t *all = json_pack("{s:I, s:b, s:I, s:s%, s:o}", "cosigned", (json_int_t)cosigned,
                            "quorum", (int)result.quorum, "lines", (json_int_t)view.signature_count,
                            "note", note, note_size, "witnesses", list);
    TIJORI_REQUIRE(all != NULL && json_dumpf(all, stdout, 0) == 0);
    json_decref(all);
    return 0;
}

int main(int argc, char **argv)
{
    const char *const *arguments = (const char *const *)argv;
    if (argc < 5) {
        return 2;
    }
    struct test_log log = test_log(argv[2], (unsigned)number(argv[3]));
    log.fork = (unsigned)number(argv[4]);
    if (strcmp(argv[1], "vkey") == 0) {
        return print_vkey(&log);
    }
    if (strcmp(argv[1], "request") == 0 && argc == 7) {
        return print_request(&log, number(argv[5]), number(argv[6]));
    }
    if (strcmp(argv[1], "verify") == 0 && argc == 7) {
        return verify(&log, number(argv[5]), argv[6]);
    }
    if (strcmp(argv[1], "gather") == 0 && argc >= 8) {
        return gather(&log, number(argv[5]), (unsigned)number(argv[6]), arguments + 7,
                      (size_t)argc - 7);
    }
    return 2;
}
