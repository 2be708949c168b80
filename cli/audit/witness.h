#ifndef TIJORI_CLI_AUDIT_WITNESS_H
#define TIJORI_CLI_AUDIT_WITNESS_H

/* tijori-audit witness: a witness (cli/witness.h) behind HTTP, by libmicrohttpd. Plain HTTP for a
 * loopback address, where the site's proxy adds TLS, names and limits for each client. */

#include "cli/exit.h"
#include "cli/options.h"

/* Runs until SIGTERM or SIGINT. */
int audit_witness(const struct arguments *arguments);

#endif
