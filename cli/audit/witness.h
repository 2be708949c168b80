#ifndef TIJORI_CLI_AUDIT_WITNESS_H
#define TIJORI_CLI_AUDIT_WITNESS_H

/* tijori-audit witness: a witness (core/exchange/witness.h) behind HTTP, by libmicrohttpd. Plain
 * HTTP for a loopback address, where the site's proxy adds TLS, names and limits for each client.
 */

#include "cli/exit.h"
#include "cli/options.h"
#include "core/exchange/witness.h"

/* Opens a witness's state; an exit code. What is wrong with the name or the key is a matter of the
 * configuration, and a state that cannot be read is bad input: it says nothing about a log. */
int audit_open_witness(struct tj_witness **out, const struct tj_witness_config *config);
/* Asks the witness, and says what its disk says. */
void audit_ask_witness(struct tj_witness *witness, struct tj_witness_reply *out,
                       const char *request, size_t size);

/* Runs until SIGTERM or SIGINT. */
int audit_witness(const struct arguments *arguments);

#endif
