#ifndef TIJORI_CLI_AUDIT_PROOF_PRINT_H
#define TIJORI_CLI_AUDIT_PROOF_PRINT_H

/* What a proof was found to say, as text and as JSON. */

#include "core/exchange/proof_file.h"

/* What was found of a proof that is well-formed. */
struct audit_proof_result {
    const struct tj_proof_file *file;
    struct tj_digester *digester;
    struct tj_proof_judgement judged;
};

/* Prints it and returns the exit code. */
int audit_proof_print(const struct audit_proof_result *result, bool json);

#endif
