#ifndef TIJORI_CORE_RULES_EXHIBIT_CHECK_H
#define TIJORI_CORE_RULES_EXHIBIT_CHECK_H

/* Whether exhibits (core/format/exhibit.h) show what they say. docs/FORMAT.md section 16.
 *
 * Threads: none; a pure function. */

#include "core/format/exhibit.h"

/* True when, given the checkpoint (whose signature is for the caller to check) and the tlog-proof's
 * path, every exhibit is in the log that the checkpoint's origin names; every signature under the
 * first entry verifies, by keys whose registration is among the exhibits; the parties, accounts
 * and asset of the first are, too; and nothing else is. */
bool tj_exhibits_verify(struct tj_digester *digester, const struct tj_exhibits *exhibits,
                        const struct tj_checkpoint *checkpoint, const struct tj_hash *path,
                        size_t path_count, struct tj_exhibit_fault *fault) TJ_MUST_USE;

#endif
