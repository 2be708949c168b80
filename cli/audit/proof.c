#include "cli/audit/proof.h"

#include "cli/file.h"
#include "cli/log_source.h"
#include "text/proof_print.h"

#include <errno.h>

static int judge_and_print(const struct tj_proof_file *file, const struct tj_verifier_key *key,
                           const struct tj_policy *policy, bool json)
{
    struct tj_digester digester;
    struct proof_result *result = memory_needed(calloc(1, sizeof *result));
    digester_needed(&digester);
    result->file = file;
    result->digester = &digester;
    enum tijori_status status = tj_proof_judge(&digester, &result->judged, file, key, policy);
    int code = EXIT_PASS;
    if (status != TIJORI_OK) {
        code = fail_status(status, "the proof could not be verified", NULL);
    } else {
        code = exit_code_of_verdict(result->judged.verdict);
        if (!proof_print(stdout, result, json, code)) {
            code = fail_errno(errno, "proof");
        }
    }
    tj_digester_clear(&digester);
    free(result);
    return code;
}

static int decode_and_judge(const struct arguments *arguments, const char *bytes, size_t size,
                            const struct tj_verifier_key *key, const struct tj_policy *policy)
{
    struct tijori_message why;
    struct tj_proof_file *file = memory_needed(calloc(1, sizeof *file));
    enum tijori_status status = tj_proof_decode(file, bytes, size, &why);
    int code = status == TIJORI_OK
                   ? judge_and_print(file, key, policy, argument_choice(arguments, "format") == 1)
               : status == TIJORI_VALUE
                   ? fail_text(arguments->operands[0], why.text, bytes, size)
                   : fail(exit_code_of(status), "%s: %s", arguments->operands[0], why.text);
    tj_proof_clear(file);
    free(file);
    return code;
}

int audit_proof(const struct arguments *arguments)
{
    const char *key_text = argument_value(arguments, "log-key");
    const char *policy_path = argument_value(arguments, "policy");
    struct tj_verifier_key key;
    struct tj_policy *policy = NULL;
    char *bytes = NULL;
    size_t size = 0;
    int code = key_text != NULL ? audit_read_log_key(&key, key_text) : EXIT_PASS;
    if (code == EXIT_PASS && policy_path != NULL) {
        code = audit_read_policy(&policy, policy_path);
    }
    if (code == EXIT_PASS) {
        code = audit_read_file(&bytes, &size, arguments->operands[0], TJ_TLOG_PROOF_SIZE_MAX);
    }
    if (code == EXIT_PASS) {
        code = decode_and_judge(arguments, bytes, size, key_text != NULL ? &key : NULL, policy);
    }
    free(bytes);
    free(policy);
    return code;
}
