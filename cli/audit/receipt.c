#include "cli/audit/receipt.h"

#include "cli/file.h"
#include "cli/log_source.h"

#include "crypto/hex.h"
#include "text/receipt_print.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

struct checking {
    bool json;
    struct tj_verifier_key key;
    struct tj_policy *policy; /* NULL: none */
    uint64_t at_ns;
    char *file; /* the receipt is in it, or it is the receipt */
    json_t *line;
    struct tj_receipt receipt;
    struct receipt_result result;
};

/* ---- the receipt ---- */

/* A note as it is, or the member `receipt` of a line of tijori ingest. */
static int read_receipt(struct checking *c, const char *path)
{
    size_t size;
    json_error_t error;
    int code = audit_read_file(&c->file, &size, path, TJ_NOTE_SIZE_MAX);
    if (code != EXIT_PASS) {
        return code;
    }
    c->result.note = c->file;
    c->result.note_size = size;
    if (c->file[strspn(c->file, " \t\r\n")] != '{') {
        return EXIT_PASS;
    }
    c->line = json_loadb(c->file, size, JSON_REJECT_DUPLICATES, &error);
    if (c->line == NULL) {
        return fail(EXIT_DATA, "%s: not one JSON object (line %d: %s)", path, error.line,
                    error.text);
    }
    const json_t *receipt = json_object_get(c->line, "receipt");
    if (!json_is_string(receipt)) {
        return fail(EXIT_DATA,
                    "%s: has no member 'receipt': it was not ingested with "
                    "--sign-receipts, or nothing was decided",
                    path);
    }
    c->result.note = json_string_value(receipt);
    c->result.note_size = json_string_length(receipt);
    return EXIT_PASS;
}

static int verify_receipt(struct checking *c, const char *path)
{
    enum tijori_status status = tj_receipt_read(&c->receipt, &c->result.finding, c->result.note,
                                                c->result.note_size, &c->key);
    if (status == TIJORI_VALUE) {
        return fail_text(path, "not a signed receipt (docs/FORMAT.md section 15)", c->result.note,
                         c->result.note_size);
    }
    return status == TIJORI_OK ? EXIT_PASS
                               : fail_status(status, "the receipt could not be verified", NULL);
}

/* ---- the command ---- */

static int print_result(const struct checking *c)
{
    int code = exit_code_of_verdict(tj_receipt_judgement(c->result.finding.outcome));
    if (c->json) {
        receipt_print_json(stdout, &c->result, code);
    } else {
        receipt_print_text(stdout, &c->result);
    }
    return code;
}

static int check_here(void *context)
{
    struct checking *c = context;
    struct tj_source *source;
    struct tj_digester digester;
    int code = audit_open_source(&source, c->result.path);
    if (code != EXIT_PASS) {
        return code;
    }
    digester_needed(&digester);
    enum tijori_status status = tj_receipt_check(source, &digester, &c->result.finding, &c->receipt,
                                                 &c->key, c->policy, c->at_ns);
    code = status == TIJORI_OK ? print_result(c) : fail_status(status, c->result.path, NULL);
    tj_digester_clear(&digester);
    tj_source_close(source);
    free(c->result.finding.contrary);
    return code;
}

static int read_options(struct checking *c, const struct arguments *arguments)
{
    const char *at = argument_value(arguments, "at");
    const char *policy = argument_value(arguments, "policy");
    c->result.path = arguments->operands[1];
    c->json = argument_choice(arguments, "format") == 1;
    c->result.receipt = &c->receipt;
    c->at_ns = (uint64_t)time(NULL) * TJ_NS_PER_S;
    if (at != NULL && !text_parse_time_ns(&c->at_ns, at)) {
        return fail(EXIT_USAGE, "--at: '%s' is not an RFC 3339 time (2026-01-31T12:00:00Z)", at);
    }
    int code = audit_read_log_key(&c->key, argument_value(arguments, "log-key"));
    return code == EXIT_PASS && policy != NULL ? audit_read_policy(&c->policy, policy) : code;
}

int audit_receipt(const struct arguments *arguments)
{
    int signal;
    struct checking *c = memory_needed(calloc(1, sizeof *c));
    int code = read_options(c, arguments);
    if (code == EXIT_PASS) {
        code = read_receipt(c, arguments->operands[0]);
    }
    if (code == EXIT_PASS) {
        code = verify_receipt(c, arguments->operands[0]);
    }
    if (code == EXIT_PASS && c->result.finding.outcome != TJ_RECEIPT_KEPT) {
        code = print_result(c);
    } else if (code == EXIT_PASS) {
        code = audit_guarded(&signal, !tj_source_is_folder(c->result.path), check_here, c);
        code = code >= 0 ? code : fail(EXIT_FAIL, "reading crashed: %s", strsignal(signal));
    }
    json_decref(c->line);
    free(c->file);
    free(c->policy);
    free(c);
    return code;
}
