#ifndef TIJORI_CORE_AUDIT_ENTRY_CHECK_H
#define TIJORI_CORE_AUDIT_ENTRY_CHECK_H

/* What can be said of an entry by its bytes alone: its form and that of its records (docs/FORMAT.md
 * section 7, step 1), its hashes, its signatures. This is the costly part of an audit. It depends
 * on no other entry, so all cores do it at once and in any order. */

#include "core/audit/source.h"
#include "core/base/pipeline.h"

/* One entry as read, and what was found. */
struct tj_read_entry {
    struct tj_source_item source;
    struct tj_entry_view entry;
    struct tj_verdict form;
    struct tj_hash leaf;
    struct tj_hash body_root;
    struct tj_hash envelope_id;
    uint32_t invalid_slot; /* the first whose signature is wrong; TJ_NOWHERE: none */
    bool undecided;        /* a signature could not be verified on this machine */
    bool entry_formed;     /* it was decoded; hashes are set, body_root if not absent */
    bool absent;           /* restricted, and its body is not in the source */
    bool body_missing;     /* not restricted, and its body is not there all the same */
};

/* Checks up to TJ_PIPELINE_BATCH_MAX entries that were read. It is a tj_pipeline_work; `context` is
 * not used. */
void tj_check_entries(void *context, struct tj_digester *digester, void **items, size_t count);

#endif
