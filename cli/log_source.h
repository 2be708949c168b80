#ifndef TIJORI_CLI_LOG_SOURCE_H
#define TIJORI_CLI_LOG_SOURCE_H

/* What every command of tijori-audit needs: where the log is, and whom the auditor trusts.
 * Functions that answer an int answer an exit code and have said why on standard error. */

#include "cli/exit.h"
#include "cli/options.h"
#include "core/audit/anchor.h"

/* Opens SRC: an exported folder, or a ledger's directory. */
int audit_open_source(const char *path, struct tj_source **out);

/* --log-key VKEY: a verifier key, or a file with one; and the same of a log, not of a witness. */
int audit_read_verifier_key(const char *text, struct tj_verifier_key *out);
int audit_read_log_key(const char *text, struct tj_verifier_key *out);

/* The whole of a small file; freed by the caller. "-" is standard input. */
int audit_read_file(const char *path, size_t max, char **out, size_t *size) TJ_MUST_USE;

/* A C2SP tlog-policy in a file; free() it. */
int audit_read_policy(const char *path, struct tj_policy **out);

/* --ledger-id, --log-key and --policy as they were given. */
struct audit_pins {
    struct tj_pins pins; /* points into this struct */
    struct tj_hash ledger_id;
    struct tj_verifier_key log_key;
    struct tj_policy *policy;
};
int audit_read_pins(const struct arguments *arguments, struct audit_pins *out);
void audit_free_pins(struct audit_pins *pins);

/* Runs `work` in a child process when `guard` is set, since LMDB trusts a ledger's bytes and a
 * hostile one can crash it; else here. The answer is the exit code; of a child that died, -1, and
 * *signal is what killed it (0: it ended by itself, without a word). */
int audit_guarded(bool guard, int (*work)(void *context), void *context, int *signal);

#endif
