#ifndef TIJORI_CORE_AUDIT_WALK_H
#define TIJORI_CORE_AUDIT_WALK_H

/* The one walk over the records of an entry that was accepted. Each record is decoded once and
 * given to all that want it: the tally, the figures, a period, the check of statements, the
 * documents that are cited, and the check of what had to wait before its post.
 *
 * The walk comes after the judgement, so nothing of a refused entry is counted. What has to be
 * asked of the state as it was before the entry is asked by tj_walk_recoveries. */

#include "core/audit/anchor.h"
#include "core/audit/documents.h"
#include "core/audit/period.h"

struct tj_walk {
    const struct tj_state *state;
    const struct tj_past *past;
    struct tj_progress *progress; /* whose report has the tally */
    struct tj_anchor *anchor;
    struct tj_documents *documents;
    struct tj_figures *figures;
    struct tj_period *period; /* NULL: none is wanted */
    uint64_t received_ns;     /* of the entry walked last; 0: none in this audit */
    uint64_t lifted_ns;       /* no rule's notice ends before; 0: to be looked for */
};

/* To be called before the judgement of an entry of directives by the authority (party 0). The
 * authority may give a new quorum to a party whose recovery is open. That had to wait, and it ends
 * the recovery. */
void tj_walk_recoveries(struct tj_walk *walk, uint64_t index, const uint8_t *records,
                        uint32_t count);

/* To be called after the judgement: the state is that after entry `index`. False: no memory. */
bool tj_walk_entry(struct tj_walk *walk, uint64_t index, uint64_t received_ns,
                   const uint8_t *records, uint32_t count) TJ_MUST_USE;

#endif
