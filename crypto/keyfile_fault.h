#ifndef TIJORI_CRYPTO_KEYFILE_FAULT_H
#define TIJORI_CRYPTO_KEYFILE_FAULT_H

/* What reading or writing a key file comes to, and what a file is that is no key. What is inside of
 * a PEM block, crypto/keyfile.c finds; what the text around it tells is found here. */

#include <stddef.h>

enum tj_keyfile_status {
    TJ_KEYFILE_OK = 0,
    TJ_KEYFILE_NOT_FOUND,
    TJ_KEYFILE_EXISTS, /* a key is never overwritten */
    TJ_KEYFILE_DENIED, /* permissions */
    TJ_KEYFILE_IO,
    TJ_KEYFILE_FORMAT,     /* not a PEM private key, or of a type Tijori does not use */
    TJ_KEYFILE_PASSPHRASE, /* encrypted, and the passphrase is missing or wrong */
};

const char *tj_keyfile_status_text(enum tj_keyfile_status status);

/* What a file is that is no key (FORMAT), for a person. */
struct tj_keyfile_fault {
    char found[320];    /* "a public key: ..." */
    const char *remedy; /* the command that helps, in which FILE stands for the file's name:
                         * "openssl pkcs8 -topk8 -in FILE -out NEW.pem"; NULL when none does */
};

/* The remedy for a key of a type that is not used here: another one. */
extern const char tj_keyfile_new_key[];

/* Says what was found, in words of printf; returns FORMAT. `fault` may be NULL. */
enum tj_keyfile_status tj_keyfile_blame(struct tj_keyfile_fault *fault, const char *remedy,
                                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A text without the beginning of a PEM block at the start of a line. */
enum tj_keyfile_status tj_keyfile_blame_text(struct tj_keyfile_fault *fault, const char *text,
                                             size_t size);

/* A PEM block of another label than a private key of ours has, such as "RSA PRIVATE KEY"; `rest`
 * is what follows its boundary. */
enum tj_keyfile_status tj_keyfile_blame_label(struct tj_keyfile_fault *fault, const char *label,
                                              size_t label_size, const char *rest,
                                              size_t rest_size);

#endif
