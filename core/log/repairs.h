#ifndef TIJORI_CORE_LOG_REPAIRS_H
#define TIJORI_CORE_LOG_REPAIRS_H

/* What of a ledger's derived rows (docs/FORMAT.md section 9) was found damaged and worked out anew
 * from the log, and what of the log itself was found damaged, which nothing can mend.
 *
 * Threads: none; plain data. */

#include "core/base/status.h"

enum { TJ_REPAIRS_TEXTS = 8, TJ_REPAIR_TEXT_SIZE = 160 };

struct tj_repairs {
    uint64_t count;
    char text[TJ_REPAIRS_TEXTS][TJ_REPAIR_TEXT_SIZE]; /* of the first so many: row and fault */
    char damage[TJ_REPAIR_TEXT_SIZE]; /* why the ledger is not opened; "": it is not known */
};

/* Counts one, and keeps the text while there is room. `repairs` may be NULL. */
void tj_repairs_note(struct tj_repairs *repairs, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what is damaged, the first time that it is called, and returns CORRUPT. `repairs` may be
 * NULL. */
enum tijori_status tj_repairs_damage(struct tj_repairs *repairs, const char *format, ...)
    __attribute__((format(printf, 2, 3))) TJ_MUST_USE;

#endif
