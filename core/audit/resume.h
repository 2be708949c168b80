#ifndef TIJORI_CORE_AUDIT_RESUME_H
#define TIJORI_CORE_AUDIT_RESUME_H

/* From one audit to the next: a replay goes on where an earlier one ended, by what the auditor's
 * replica kept of it. */

#include "core/audit/replaying.h"

/* Begins where r->replica ended, and takes over what it holds. */
void tj_resume(struct tj_replaying *r);

/* The log must have at least what was verified before, and end it alike. False: it does not, and
 * the report says from which entry on. */
bool tj_check_extends(struct tj_replaying *r) TJ_MUST_USE;

/* After an audit in which nothing failed: r->replica is as of the last entry, and takes the state
 * over. */
void tj_keep_replica(struct tj_replaying *r);

#endif
