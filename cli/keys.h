#ifndef TIJORI_CLI_KEYS_H
#define TIJORI_CLI_KEYS_H

/* Keys as a command is given them: files, which may want a passphrase, and bare public keys.
 * Functions that answer an int answer an exit code and have said why on standard error. Secrets are
 * the caller's to cleanse. */

#include "cli/exit.h"
#include "cli/options.h"
#include "crypto/keyfile.h"

enum { PASSPHRASE_SIZE = 1024 };

/* The first line of a file, without its LF or CRLF; /dev/fd/N works. What cannot be used whole (a
 * NUL in it, too long) is refused. */
int passphrase_read(char out[PASSPHRASE_SIZE], const char *path);
/* Asks on the terminal with the echo off (cli/prompt.h); `twice`: both have to be the same. */
int passphrase_ask(char out[PASSPHRASE_SIZE], const char *prompt, bool twice);

/* clang-format off */
#define PASSPHRASE_FILE_OPTION                                                                     \
    {"passphrase-file", 0, OPTION_LIST, false, "F",                                                \
     "the first line of F is the passphrase; several are tried in turn. /dev/fd/N names a "        \
     "descriptor. Without this an encrypted key asks on the terminal"}
/* clang-format on */

/* A key file; an encrypted one is opened with the passphrases of --passphrase-file in turn, or
 * asks on the terminal. */
int key_load(const struct arguments *arguments, struct tj_secret_key *out, const char *path);

/* It begins as a bare public key does, with "ecdsa:", "bip340:" or "ed25519:". */
bool key_is_public_text(const char *text);
/* "ecdsa:HEX", "bip340:HEX", "ed25519:HEX", or the public half of a key file. */
int key_load_public(const struct arguments *arguments, struct tj_public_key *out, const char *text);

#endif
