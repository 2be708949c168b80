/* Key files from memory. Without a passphrase only: deriving a key takes longer than a fuzzer
 * should wait. What does not decode leaves nothing of the secret. */

#include "crypto/keyfile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tj_secret_key zero;
    struct tj_secret_key key;
    struct tj_public_key public_key;
    bool encrypted = false;
    struct tj_keyfile_fault fault;
    if (tj_keyfile_decode(&key, &encrypted, data, size, NULL, &fault) == TJ_KEYFILE_OK) {
        if (encrypted || !tj_public_key_of(&public_key, key.algorithm, key.secret32)) {
            abort();
        }
    } else if (memcmp(&key, &zero, sizeof key) != 0) {
        abort();
    }
    return 0;
}
