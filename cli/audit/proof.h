#ifndef TIJORI_CLI_AUDIT_PROOF_H
#define TIJORI_CLI_AUDIT_PROOF_H

/* tijori-audit check-proof: a proof of one entry or record, checked alone and offline, and in words
 * what it proves. */

#include "cli/options.h"

int audit_proof(const struct arguments *arguments);

#endif
