#ifndef TIJORI_CORE_AUDIT_RESUME_H
#define TIJORI_CORE_AUDIT_RESUME_H

/* From one audit to the next: a replay goes on where an earlier one ended. It has that from the
 * auditor's replica. */

#include "core/audit/replaying.h"

/* Makes the replay begin where r->replica ended, and takes over what that holds. */
void tj_resume(struct tj_replaying *r);

/* Checks that the log still has what was verified before, up to the same last entry. False: it does
 * not, and the report says from which entry on. */
bool tj_check_extends(struct tj_replaying *r) TJ_MUST_USE;

/* To be called after an audit in which nothing failed. r->replica then stands at the last entry,
 * and takes the state over. */
void tj_keep_replica(struct tj_replaying *r);

#endif
