#ifndef TIJORI_CLI_PROGRESS_H
#define TIJORI_CLI_PROGRESS_H

/* How far a command is, in one line of a terminal's standard error: from the second second on, for
 * what is quicker needs none. On anything but a terminal nothing is said. A message takes the line
 * away first.
 *
 * Threads: any may step and any may wipe. */

#include "core/base/told.h"

#include <stdbool.h>

/* `unit`: what is counted where no total is known, "rows". */
void progress_begin(const char *unit);
/* A core function's tell(). The context is not looked at. */
void progress_step(void *context, uint64_t done, uint64_t total);
void progress_end(void);
/* Takes the line away until the next step. */
void progress_wipe(void);

/* For core functions that tell; it may be told before progress_begin, too. */
extern const struct tj_told progress_told;

#endif
