#ifndef TIJORI_CLI_LOG_SOURCE_H
#define TIJORI_CLI_LOG_SOURCE_H

/* What every command of tijori-audit needs: where the log is, and whom the auditor trusts.
 * Functions that answer an int answer an exit code and have said why on standard error. */

#include "cli/exit.h"
#include "cli/options.h"
#include "core/audit/anchor.h"

/* Opens SRC: an exported folder, or a ledger's directory. */
int audit_open_source(struct tj_source **out, const char *path);
/* The same for a replay, which says in its report what could not be listed. */
int audit_open_to_replay(struct tj_source **out, const char *path);

/* --log-key VKEY: a verifier key, or a file with one; and the same of a log, not of a witness. */
int audit_read_verifier_key(struct tj_verifier_key *out, const char *text);
int audit_read_log_key(struct tj_verifier_key *out, const char *text);

/* The whole of a small file; freed by the caller. "-" is standard input. */
int audit_read_file(char **out, size_t *size, const char *path, size_t max) TJ_MUST_USE;

/* A C2SP tlog-policy in a file; free() it. */
int audit_read_policy(struct tj_policy **out, const char *path);

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
 * hostile one can crash it; else here. The answer is the exit code; of a child that crashed on what
 * it read, -1, and *signal is what killed it. A child that was killed from outside, as for want of
 * memory, or that aborted, says nothing about the ledger: the answer is EXIT_TRY_AGAIN. */
int audit_guarded(int *signal, bool guard, int (*work)(void *context), void *context);
/* The same for what reads one log, and always in a child. A child that crashed while
 * somebody wrote the ledger, and had no lock to keep him off, is no crash but EXIT_TRY_AGAIN. */
int audit_guarded_at(int *signal, const char *path, int (*work)(void *context), void *context);

#endif
