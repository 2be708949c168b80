#ifndef TIJORI_CLI_TIJORI_READINESS_PRINT_H
#define TIJORI_CLI_TIJORI_READINESS_PRINT_H

/* How far the signatures of an envelope have come and what it still lacks, in a line for people:
 * `sign`, `propose` and `show`. What it lacks is asked of core/rules/readiness.h. */

#include "cli/envelope_file.h"
#include "cli/genesis_file.h"
#include "core/ingest/ledger.h"
#include "core/rules/readiness.h"

/* Who is known to sign for whom. */
struct known_keys {
    const struct tj_state *state; /* NULL: nothing is known */
    uint64_t entries;             /* of the ledger; 0: of a genesis alone */
    const struct tj_past *past;   /* of the ledger; else NULL */
};

static inline struct known_keys known_from_ledger(const struct tj_ledger_view *view,
                                                  const struct tj_past *past)
{
    return (struct known_keys){view->state, view->head.size, past};
}

/* The envelope as if it were judged now. */
void readiness_find(const struct known_keys *known, struct tj_readiness *out,
                    const struct tj_envelope_view *view, const struct tj_hash *id);
/* The same with other slots, whose signatures count as valid: some may not have been given yet. */
void readiness_with(const struct known_keys *known, struct tj_readiness *out,
                    const struct tj_envelope_view *view, const struct tj_slots *slots,
                    const struct tj_hash *id);
/* "1 of 2 signatures; party 2 countersigns: 0 of 1". */
void readiness_words(FILE *out, const struct tj_readiness *readiness, const uint8_t *records);
/* "deal.tje: envelope 4f1c...: 1 of 2 signatures; party 2 countersigns: 0 of 1". */
void readiness_print(FILE *out, const char *path, const struct known_keys *known,
                     const struct tj_envelope_view *view, const struct tj_hash *id);
/* The same of every envelope in a file's bytes, whose form was checked. */
void readiness_print_all(FILE *out, const char *path, const struct known_keys *known,
                         const struct buffer *envelopes);

#endif
