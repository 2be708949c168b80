#ifndef TIJORI_CLI_SIGNER_H
#define TIJORI_CLI_SIGNER_H

/* Keys that sign envelopes: key files, and keys that are elsewhere (a hardware module, another
 * machine), for which the command of --signer signs. Functions that answer an int answer an exit
 * code and have said why on standard error.
 *
 * The command is run by /bin/sh -c, once a signature. Nothing of an envelope is put into it: what
 * is to be signed goes to its standard input, as one line of JSON. Its standard error stays the
 * program's own, so that what it says is seen and it may ask on the terminal. On its standard
 * output it prints the signature in hex: 64 bytes (ECDSA: r and s), or for ECDSA the DER of it.
 * That is verified before it is used. */

#include "cli/keys.h"
#include "core/format/envelope.h"

/* clang-format off */
#define SIGNER_OPTION                                                                              \
    {"signer", 0, OPTION_VALUE, false, "CMD",                                                      \
     "signs with keys that are given as public keys (ecdsa:HEX, bip340:HEX): /bin/sh -c CMD gets "  \
     "one line of JSON (envelope_id, algorithm, public_key, what_for) on standard input, and "      \
     "prints the signature of the 32 bytes of envelope_id in hex, 64 bytes or DER. It is verified " \
     "before it is used"}
/* clang-format on */

struct signer {
    const char *name;    /* as the key was given */
    const char *command; /* NULL: the secret is here */
    struct tj_public_key key;
    struct tj_secret_key secret;
};

/* --signer is given with a public key among those of the option `keys`, and only then. */
int signer_check(const struct arguments *arguments, const char *keys);
/* A key file, or a public key behind --signer. Wants tj_cleanse(), whatever it answers. */
int signer_load(const struct arguments *arguments, struct signer *out, const char *text);
/* Signs the envelope of this header and id for a party, and puts the signature into the slots. */
int signer_sign(const struct signer *signer, struct tj_slots *slots, uint32_t party, uint8_t use,
                const struct tj_header *header, const struct tj_hash *id);

#endif
