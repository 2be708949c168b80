#ifndef TIJORI_CLI_TRUST_H
#define TIJORI_CLI_TRUST_H

/* What a verifier is told to trust: a log's verifier key and a policy of witnesses, as options give
 * them. Functions answer an exit code and have said why on standard error. */

#include "cli/exit.h"
#include "cli/options.h"
#include "crypto/policy.h"

struct trust {
    bool has_log;
    struct tj_verifier_key log; /* type 0x01, its name ends in a ledger id */
    struct tj_hash ledger_id;   /* that */
    struct tj_policy *policy;   /* NULL: none was given */
};

/* --log-key VKEY (its text, or a file whose first line it is) and, where the command has it,
 * --policy FILE. Clear in any case. */
int trust_read(const struct arguments *arguments, bool with_policy, struct trust *out);
void trust_clear(struct trust *trust);

#endif
