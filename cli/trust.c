#include "cli/trust.h"

#include "cli/envelope_file.h"
#include "core/stored_checkpoint.h"

#include <string.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 4096 };

static int read_log_key(const char *text, struct trust *out)
{
    struct buffer file = {0};
    const char *key = text;
    /* A key has plus signs; a file that is named so as well is still a file. */
    if (access(text, F_OK) == 0 || strchr(text, '+') == NULL) {
        int code = file_read(text, KEY_FILE_MAX, &file);
        if (code != EXIT_PASS) {
            free(file.bytes);
            return code;
        }
        buffer_add(&file, "", 1);
        key = (const char *)file.bytes;
    }
    bool right = tj_verifier_key_decode(&out->log, key, strcspn(key, "\r\n")) &&
                 out->log.type == TJ_NOTE_TYPE_ED25519;
    free(file.bytes);
    if (!right) {
        return fail(EXIT_USAGE,
                    "--log-key: %s: not the verifier key of a log (NAME+ID+KEY of type ed25519, "
                    "as 'tijori key show --origin' prints it)",
                    text);
    }
    if (!tj_origin_ledger_id(out->log.name, &out->ledger_id)) {
        return fail(EXIT_USAGE,
                    "--log-key: the name %s does not end in a ledger id (NAME/<64 hex "
                    "digits>)",
                    out->log.name);
    }
    out->has_log = true;
    return EXIT_PASS;
}

static int read_policy(const char *path, struct trust *out)
{
    struct buffer file = {0};
    struct tj_policy_error error;
    int code = file_read(path, TJ_POLICY_SIZE_MAX, &file);
    if (code == EXIT_PASS) {
        out->policy = malloc(sizeof *out->policy);
        TIJORI_REQUIRE(out->policy != NULL);
        buffer_add(&file, "", 1); /* so that there are bytes */
        if (!tj_policy_decode(out->policy, (const char *)file.bytes, file.size - 1, &error)) {
            code = fail(EXIT_CONFIG, "%s: line %u: %s", path, error.line, error.text);
        }
    }
    free(file.bytes);
    return code;
}

int trust_read(const struct arguments *arguments, bool with_policy, struct trust *out)
{
    const char *key = argument_value(arguments, "log-key");
    const char *policy = with_policy ? argument_value(arguments, "policy") : NULL;
    *out = (struct trust){.has_log = false};
    int code = key != NULL ? read_log_key(key, out) : EXIT_PASS;
    return code == EXIT_PASS && policy != NULL ? read_policy(policy, out) : code;
}

void trust_clear(struct trust *trust)
{
    free(trust->policy);
    trust->policy = NULL;
}
