/* flip_proof FILE VKEY: what check-proof says of a proof (docs/FORMAT.md section 16) when one bit
 * of it is flipped, for every byte of the file in turn: bit `at` % 8 of byte `at`. Prints one
 * character a byte: m when it is malformed then, f when the proof fails, and ! when it still
 * passes, which it must not. For cli_proof_test.py, which sees the program say the same of some of
 * them. */

#include "core/exchange/proof_file.h"
#include "crypto/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = TJ_TLOG_PROOF_SIZE_MAX };

static bool checkpoint_holds(const struct tj_proof_file *file, const struct tj_verifier_key *key)
{
    return strcmp(file->checkpoint.origin, key->name) == 0 &&
           tj_note_verify(&file->note, key) == TJ_NOTE_VALID;
}

static char verdict(struct tj_digester *digester, struct tj_proof_file *file,
                    const struct tj_verifier_key *key, const char *bytes, size_t size)
{
    struct tijori_message why;
    char said = '!';
    memset(file, 0, sizeof *file);
    if (tj_proof_decode(file, bytes, size, &why) != TIJORI_OK) {
        said = 'm';
    } else if (!checkpoint_holds(file, key) || tj_proof_verify(digester, file, &why) != TIJORI_OK) {
        said = 'f';
    }
    tj_proof_clear(file);
    return said;
}

static char *read_file(size_t *size, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(FILE_SIZE_MAX);
    TIJORI_REQUIRE(file != NULL && bytes != NULL);
    *size = fread(bytes, 1, FILE_SIZE_MAX, file);
    TIJORI_REQUIRE(ferror(file) == 0 && feof(file) != 0);
    fclose(file);
    return bytes;
}

int main(int count, char **arguments)
{
    struct tj_verifier_key key;
    struct tj_digester digester;
    struct tj_proof_file *file = calloc(1, sizeof *file);
    TIJORI_REQUIRE(file != NULL && count == 3);
    TIJORI_REQUIRE(tj_verifier_key_decode(&key, arguments[2], strlen(arguments[2])));
    size_t size = 0;
    char *bytes = read_file(&size, arguments[1]);
    TIJORI_REQUIRE(tj_digester_init(&digester));
    TIJORI_REQUIRE(verdict(&digester, file, &key, bytes, size) == '!');
    for (size_t at = 0; at < size; at++) {
        const char before = bytes[at];
        bytes[at] = (char)(before ^ 1 << at % 8);
        putchar(verdict(&digester, file, &key, bytes, size));
        bytes[at] = before;
    }
    tj_digester_clear(&digester);
    free(bytes);
    free(file);
    return EXIT_SUCCESS;
}
