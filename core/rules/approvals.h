#ifndef TIJORI_CORE_RULES_APPROVALS_H
#define TIJORI_CORE_RULES_APPROVALS_H

/* What a movement's amount wants before it is posted, and how much of it is there: docs/FORMAT.md
 * section 7.3, step 6, for people to look at before the ledger judges. */

#include "core/rules/effect.h"

struct approvals {
    const struct tj_rule_object *tier; /* NULL: nothing is wanted */
    uint32_t rule;                     /* its number */
    uint8_t keys[TJ_KEYS_MAX / 8];     /* who approved, bit by ordinal of the owner's keys */
    uint32_t count;                    /* of those that are not revoked */
    uint32_t groups_missing;           /* mask */
};

/* Of `record` (a move, pending, post or correct whose accounts exist), were it posted as record
 * `id`. `given` are approvals that the state does not have yet, TJ_KEYS_MAX / 8 bytes, or NULL;
 * `mark` is the number of the pending movement's mark, or UINT64_MAX. */
void approvals_of(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE], uint64_t id,
                  const uint8_t *given, uint64_t mark, struct approvals *out);

/* Nothing is missing but, perhaps, time. */
bool approvals_complete(const struct approvals *approvals);

/* "2 approvals, one each of groups 1 and 2"; of what a tier says. */
void approvals_wanted(char *out, size_t size, uint32_t approvals, uint32_t groups);

#endif
