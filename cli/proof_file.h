#ifndef TIJORI_CLI_PROOF_FILE_H
#define TIJORI_CLI_PROOF_FILE_H

/* A .tlog-proof of Tijori, taken apart: the C2SP tlog-proof, its checkpoint, and the exhibits of
 * its extra line (docs/FORMAT.md section 16). For who makes one and who checks one. */

#include "core/format/exhibit.h"
#include "crypto/proof.h"

/* About 400 KiB: not for the stack. */
struct proof_file {
    struct tj_tlog_proof proof; /* this and the note point into the file's bytes */
    struct tj_note_view note;
    struct tj_checkpoint checkpoint;
    struct tj_exhibits exhibits;
    uint8_t *extra; /* what the exhibits point into */
};

enum { PROOF_WHY_SIZE = 256 };

/* Checks the form of everything in it. On false `why` says what is wrong. Clear either way. */
bool proof_file_decode(struct proof_file *out, const char *bytes, size_t size,
                       char why[PROOF_WHY_SIZE]);
void proof_file_clear(struct proof_file *file);

/* Checks everything but who signed the checkpoint. On false `why` names the rule and the place. */
bool proof_file_verify(const struct proof_file *file, struct tj_digester *digester,
                       char why[PROOF_WHY_SIZE]);

/* Writes the bytes of the file; free() them. `proof` has no extra yet. */
char *proof_file_encode(const struct tj_tlog_proof *proof, const struct tj_exhibits *exhibits,
                        size_t *size);

#endif
