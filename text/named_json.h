#ifndef TIJORI_TEXT_NAMED_JSON_H
#define TIJORI_TEXT_NAMED_JSON_H

/* The parts that an envelope and an entry have in common, as JSON with the names of what they
 * name, and that JSON as text for a person: what `tijori show` prints of both, and what a signer is
 * shown. */

#include "core/exchange/labels.h"

#include <jansson.h>

/* Where names are looked up. */
struct naming {
    struct tj_digester *digester;
    const struct tj_state *state; /* NULL: nothing is looked up, numbers stand alone */
    struct tj_labels *labels;     /* NULL: accounts go by their party's name alone */
};

/* ---- to JSON: new references ---- */

json_t *named_header(const struct naming *naming, const struct tj_header *header);
json_t *named_slots(const struct naming *naming, const struct tj_slots *slots);
/* Sets the members of one record: its fields, the names of the parties and accounts in them
 * (FIELD_name, FIELD_label), its details, its leaf hash, and its group hash when it has details. Or
 * "damaged", with its bytes. `details` are so many records behind it. */
void named_record(json_t *object, const struct naming *naming, const struct tj_header *header,
                  const uint8_t *record, uint32_t details);

/* ---- as text ---- */

enum { NAMED_LINE_SIZE = 1024 };

/* A value as it reads in text. NULL: nothing. */
void named_value(char out[NAMED_LINE_SIZE], const json_t *value);
/* "  name         value"; no line where there is no such member. */
void named_print_member(FILE *out, const json_t *object, const char *member, const char *name);
/* NULL prints nothing. A record is called by its "id" or, in an envelope, its "position". */
void named_print_header(FILE *out, const json_t *header);
void named_print_slots(FILE *out, const json_t *slots);
void named_print_records(FILE *out, const json_t *records);

#endif
