#ifndef TIJORI_CORE_AUDIT_LANEJUMPS_H
#define TIJORI_CORE_AUDIT_LANEJUMPS_H

/* Works out from the log alone to which earlier entry of its lane each new entry's tail jumps
 * (docs/FORMAT.md section 9). The stored jumps can then be compared. And an exported folder, which
 * has no tails, gives the same state as a ledger.
 *
 * A sequence s is written as a sum of terms 2^k - 1, largest first. The partial sums are sequences
 * too. For each lane the entries at the partial sums of its last sequence are kept: O(log s) a
 * lane.
 *
 * Threads: one at a time. What can fail answers false when memory is out. */

#include "core/format/entry.h"

struct tj_lane_jumps;

/* NULL when memory is out. */
struct tj_lane_jumps *tj_lane_jumps_create(void) TJ_MUST_USE;
void tj_lane_jumps_destroy(struct tj_lane_jumps *jumps);

/* Adds a new entry to a lane. Its sequence is the lane's last + 1; the first is 1. */
bool tj_lane_jumps_push(struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane,
                        uint64_t entry) TJ_MUST_USE;

/* Gets the entry that `entry` jumps to. False when `entry` is not one of those kept of this lane.
 */
bool tj_lane_jumps_before(const struct tj_lane_jumps *jumps, uint64_t *jump, uint32_t party,
                          uint16_t lane, uint64_t entry) TJ_MUST_USE;

/* ---- for an auditor's replica: every lane, in no order ---- */

enum { TJ_LANE_STACK_MAX = 64 };
struct tj_lane_stack {
    uint32_t party;
    uint16_t lane;
    uint16_t count; /* TJ_LANE_STACK_MAX at most */
    uint64_t sequence;
    uint64_t *entries; /* count of them; the jumps' own */
};
size_t tj_lane_jumps_count(const struct tj_lane_jumps *jumps);
const struct tj_lane_stack *tj_lane_jumps_at(const struct tj_lane_jumps *jumps, size_t i);
/* Adds a lane as it was when it was kept. CORRUPT when its count does not fit its sequence, or when
 * the lane is there already; MEMORY. */
enum tijori_status tj_lane_jumps_put(struct tj_lane_jumps *jumps,
                                     const struct tj_lane_stack *stack) TJ_MUST_USE;

#endif
