#ifndef TIJORI_CORE_AUDIT_DOCUMENTS_H
#define TIJORI_CORE_AUDIT_DOCUMENTS_H

/* Compares the attachments that a source has with the records that cite them (docs/FORMAT.md
 * section 4.3). No rule depends on the bytes of an attachment, and attachments travel apart from
 * the log. So one that is missing is a skip. One that does not hash to its name is a failure, and
 * so is one that nothing cites.
 *
 * Threads: none of its own. */

#include "core/audit/source.h"

struct tj_document {
    uint8_t name[TJ_HASH_SIZE];
    bool cited; /* by a record of this audit's entries */
};

struct tj_documents {
    struct tj_document *of; /* in order of their names */
    size_t count;
    size_t capacity;
    uint64_t missing; /* citations of documents that the source does not have */
};

/* Before the first entry: lists what the source has. `documents` is zeroed beforehand. A name that
 * is no hash is a failure in the report. False: no memory. */
bool tj_documents_list(struct tj_documents *documents, struct tj_source *source,
                       struct tj_replay_report *report) TJ_MUST_USE;
void tj_documents_clear(struct tj_documents *documents);

/* Notes that a record of an accepted entry cites the document of this name (tj_record_attachment).
 * One that is not `wanted` may be missing: a statement's own document, which anybody can make again
 * from the log, and a descriptor, which its owner may keep back. */
void tj_documents_cite(struct tj_documents *documents, const uint8_t name[TJ_HASH_SIZE],
                       bool wanted);

/* After the last entry, when nothing failed: hashes each of them. */
void tj_documents_check(const struct tj_documents *documents, struct tj_source *source,
                        struct tj_progress *progress);

#endif
