#ifndef TIJORI_CLI_TIJORI_ENVELOPE_SHOW_H
#define TIJORI_CLI_TIJORI_ENVELOPE_SHOW_H

/* What an envelope says, decoded, with the names of what it names, the rules that its movements
 * meet, and what it still lacks: what `show` prints of a file, and what a signer is shown. */

#include "cli/envelope_file.h"
#include "cli/tijori/book.h"

#include <jansson.h>

/* More records than this are summed up for a signer. */
enum { ENVELOPE_SHOWN_MAX = 20 };

/* The envelope that `envelopes` stands at. A new reference; NULL: no memory. */
json_t *envelope_to_json(const struct book *book, struct envelopes *envelopes);

/* As text. With `summed`, more than ENVELOPE_SHOWN_MAX records are shown by their totals alone. */
void envelope_print(FILE *out, const json_t *envelope, bool summed);

#endif
