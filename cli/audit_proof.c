#include "cli/audit_proof.h"

#include "cli/envelope_file.h"

#include <string.h>

/* The rule that is broken, in result->failure. */
static bool fails(struct audit_proof_result *result, const char *what, const char *why)
{
    snprintf(result->failure, sizeof result->failure, "%s: %s", what, why);
    return false;
}

static bool check_signature(struct audit_proof_result *result)
{
    const struct trust *trust = result->trust;
    if (!trust->has_log) {
        return true; /* said when it is printed */
    }
    if (strcmp(result->file->checkpoint.origin, trust->log.name) != 0) {
        return fails(result, "checkpoint", "of another log than --log-key names");
    }
    switch (tj_note_verify(&result->file->note, &trust->log)) {
    case TJ_NOTE_UNKNOWN:
        return fails(result, "checkpoint", "not signed by --log-key");
    case TJ_NOTE_VALID:
        return true;
    case TJ_NOTE_INVALID:
        return fails(result, "checkpoint", "the log's signature does not verify");
    }
    abort();
}

static bool check_witnesses(struct audit_proof_result *result)
{
    if (result->trust->policy == NULL) {
        return true;
    }
    tj_policy_check(result->trust->policy, &result->file->note, &result->witness);
    result->witnessed = true;
    return result->witness.invalid == 0 ||
           fails(result, "checkpoint", "a witness' cosignature does not verify");
}

static void check(struct audit_proof_result *result)
{
    char why[PROOF_WHY_SIZE];
    if (check_signature(result) && check_witnesses(result) &&
        !proof_file_verify(result->file, result->digester, why)) {
        fails(result, "proof", why);
    }
}

static int check_and_print(const struct proof_file *file, const struct trust *trust, bool json)
{
    struct tj_digester digester;
    struct audit_proof_result *result = calloc(1, sizeof *result);
    TIJORI_REQUIRE(result != NULL);
    tj_digester_init(&digester);
    result->file = file;
    result->trust = trust;
    result->digester = &digester;
    check(result);
    int code = audit_proof_print(result, json);
    tj_digester_clear(&digester);
    free(result);
    return code;
}

int audit_proof(const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    struct trust trust;
    struct buffer bytes = {0};
    char why[PROOF_WHY_SIZE];
    struct proof_file *file = calloc(1, sizeof *file);
    TIJORI_REQUIRE(file != NULL);
    int code = trust_read(arguments, true, &trust);
    if (code == EXIT_PASS) {
        code = file_read(path, TJ_TLOG_PROOF_SIZE_MAX, &bytes);
    }
    if (code == EXIT_PASS) {
        code = proof_file_decode(file, bytes.size > 0 ? (const char *)bytes.bytes : "", bytes.size,
                                 why)
                   ? check_and_print(file, &trust, argument_choice(arguments, "format") == 1)
                   : fail(EXIT_DATA, "%s: %s", path, why);
    }
    proof_file_clear(file);
    free(file);
    free(bytes.bytes);
    trust_clear(&trust);
    return code;
}
