#ifndef TIJORI_CORE_BASE_MESSAGE_H
#define TIJORI_CORE_BASE_MESSAGE_H

/* The sentence that goes with a status. Whoever fails writes it; whoever has a terminal prints it.
 *
 * Each of these functions answers the status that it was given or found, so that a failure reads
 * `return tj_say(...)`. `message` may be NULL; then nothing is written. A sentence that does not
 * fit is cut. */

#include "core/base/status.h"

enum tijori_status tj_say(struct tijori_message *message, enum tijori_status status,
                          const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "what: NAME: the status's text (detail)". `detail` may be NULL or empty. */
enum tijori_status tj_say_status(struct tijori_message *message, enum tijori_status status,
                                 const char *what, const char *detail);
/* The error of a system call on a file: "what: No such file or directory". The status is NOT_FOUND,
 * DENIED, FULL, MEMORY, EXISTS or IO. */
enum tijori_status tj_say_errno(struct tijori_message *message, int error,
                                const char *what) TJ_MUST_USE;

#endif
