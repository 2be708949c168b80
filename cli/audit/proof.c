#include "cli/audit/proof.h"

#include "cli/audit/proof_print.h"
#include "cli/log_source.h"

#include <string.h>

/* The rule that is broken, in result->failure. */
static bool fails(struct audit_proof_result *result, const char *what, const char *why)
{
    snprintf(result->failure, sizeof result->failure, "%s: %s", what, why);
    return false;
}

/* The policy's log of this origin, when no key was given; of several keys, the one that signed. */
static const struct tj_verifier_key *policy_log(const struct tj_policy *policy,
                                                const struct proof_file *file)
{
    const struct tj_verifier_key *of_origin = NULL;
    for (size_t i = 0; policy != NULL && i < policy->log_count; i++) {
        const struct tj_verifier_key *key = &policy->logs[i].key;
        if (strcmp(key->name, file->checkpoint.origin) == 0 &&
            (of_origin == NULL || tj_note_verify(&file->note, key) != TJ_NOTE_UNKNOWN)) {
            of_origin = key;
        }
    }
    return of_origin;
}

static bool check_signature(struct audit_proof_result *result)
{
    const struct tj_verifier_key *key = result->log_key;
    if (key == NULL) {
        return true; /* said when it is printed */
    }
    if (strcmp(result->file->checkpoint.origin, key->name) != 0) {
        return fails(result, "checkpoint", "of another log than the key's");
    }
    switch (tj_note_verify(&result->file->note, key)) {
    case TJ_NOTE_UNKNOWN:
        return fails(result, "checkpoint", "not signed by the log's key");
    case TJ_NOTE_VALID:
        return true;
    case TJ_NOTE_INVALID:
        return fails(result, "checkpoint", "the log's signature does not verify");
    }
    abort();
}

static bool check_witnesses(struct audit_proof_result *result)
{
    if (result->policy == NULL) {
        return true;
    }
    tj_policy_check(result->policy, &result->file->note, &result->witness);
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

static int check_and_print(const struct proof_file *file, const struct tj_verifier_key *key,
                           const struct tj_policy *policy, bool json)
{
    struct tj_digester digester;
    struct audit_proof_result *result = calloc(1, sizeof *result);
    TIJORI_REQUIRE(result != NULL);
    tj_digester_init(&digester);
    result->file = file;
    result->log_key = key != NULL ? key : policy_log(policy, file);
    result->policy = policy;
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
    const char *key_text = argument_value(arguments, "log-key");
    const char *policy_path = argument_value(arguments, "policy");
    struct tj_verifier_key key;
    struct tj_policy *policy = NULL;
    char *bytes = NULL;
    size_t size = 0;
    char why[PROOF_WHY_SIZE];
    struct proof_file *file = calloc(1, sizeof *file);
    TIJORI_REQUIRE(file != NULL);
    int code = key_text != NULL ? audit_read_log_key(key_text, &key) : EXIT_PASS;
    if (code == EXIT_PASS && policy_path != NULL) {
        code = audit_read_policy(policy_path, &policy);
    }
    if (code == EXIT_PASS) {
        code = audit_read_file(path, TJ_TLOG_PROOF_SIZE_MAX, &bytes, &size);
    }
    if (code == EXIT_PASS) {
        code = proof_file_decode(file, bytes, size, why)
                   ? check_and_print(file, key_text != NULL ? &key : NULL, policy,
                                     argument_choice(arguments, "format") == 1)
                   : fail(EXIT_DATA, "%s: %s", path, why);
    }
    proof_file_clear(file);
    free(file);
    free(bytes);
    free(policy);
    return code;
}
