#ifndef TIJORI_TEXT_PROOF_PRINT_H
#define TIJORI_TEXT_PROOF_PRINT_H

/* What a proof was found to say, as text and as JSON. */

#include "core/exchange/proof_file.h"

#include <stdio.h>

/* What was found of a proof that is well-formed. */
struct proof_result {
    const struct tj_proof_file *file;
    struct tj_digester *digester;
    struct tj_proof_judgement judged;
};

/* Prints it as JSON or as text. `exit` is what the program will answer. False with errno when there
 * was no memory for all of it, or writing failed. */
bool proof_print(FILE *out, const struct proof_result *result, bool json, int exit) TJ_MUST_USE;

#endif
