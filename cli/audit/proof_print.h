#ifndef TIJORI_CLI_AUDIT_PROOF_PRINT_H
#define TIJORI_CLI_AUDIT_PROOF_PRINT_H

/* What a proof was found to say, as text and as JSON. */

#include "cli/proof_file.h"
#include "crypto/policy.h"

/* What was found of a proof that is well-formed. */
struct audit_proof_result {
    const struct proof_file *file;
    const struct tj_verifier_key *log_key; /* NULL: none was given */
    const struct tj_policy *policy;        /* the same */
    struct tj_digester *digester;
    bool witnessed;                  /* there is a policy, and this is set */
    struct tj_policy_result witness; /* what it says */
    char failure[512];               /* empty: nothing failed */
};

/* Prints it and returns the exit code. */
int audit_proof_print(const struct audit_proof_result *result, bool json);

#endif
