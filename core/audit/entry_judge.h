#ifndef TIJORI_CORE_AUDIT_ENTRY_JUDGE_H
#define TIJORI_CORE_AUDIT_ENTRY_JUDGE_H

/* The judgement of one entry, in the order of the log. First come its place and its bytes
 * (docs/FORMAT.md section 7, steps 0 and 1), then the rules (from step 2 on), then what is derived
 * from it (section 9). What is accepted is counted. */

#include "core/audit/entry_check.h"
#include "core/audit/replaying.h"

/* Judges the entry that follows the last accepted one. False: it is not accepted, and the report
 * says why; or memory is out. */
bool tj_replay_entry(struct tj_replaying *r, struct tj_read_entry *item) TJ_MUST_USE;

/* Whether all that was asked of earlier entries could be read, and was as it had been judged.
 * False: the replay stops, and the report says why. */
bool tj_past_holds(struct tj_replaying *r) TJ_MUST_USE;

#endif
