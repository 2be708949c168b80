#ifndef TIJORI_CORE_AUDIT_WALK_H
#define TIJORI_CORE_AUDIT_WALK_H

/* The one walk over the records of an entry that was accepted: each is taken apart once, and given
 * to all that want it: the tally, the figures, a period, the check of statements, the documents
 * that are cited, and what had to wait for its post.
 *
 * It comes after the judgement, so nothing is counted of an entry that is refused. What has to be
 * asked of the state as it was before is asked by tj_walk_recoveries. */

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
};

/* Before the judgement of an entry of directives by the authority (party 0): a quorum that it gives
 * a party whose recovery is open had to wait, and ends that recovery. */
void tj_walk_recoveries(struct tj_walk *walk, uint64_t index, const uint8_t *records,
                        uint32_t count);

/* After the judgement: the state is that after entry `index`. False: no memory. */
bool tj_walk_entry(struct tj_walk *walk, uint64_t index, uint64_t received_ns,
                   const uint8_t *records, uint32_t count) TJ_MUST_USE;

#endif
