/* What a ledger that was just opened had to work out anew (core/log/repairs.h). */

#include "cli/tijori/repairs_print.h"

#include "cli/exit.h"

#include <inttypes.h>

void repairs_say(const struct tijori *ledger, const char *dir)
{
    const struct tj_repairs *repairs = tj_ledger_repairs(ledger);
    for (uint64_t i = 0; i < repairs->count && i < TJ_REPAIRS_TEXTS; i++) {
        message("%s: %s: worked out anew from the log", dir, repairs->text[i]);
    }
    if (repairs->count > TJ_REPAIRS_TEXTS) {
        message("%s: and %" PRIu64 " more rows", dir, repairs->count - TJ_REPAIRS_TEXTS);
    }
    if (repairs->count > 0) {
        message(
            "%s: stored rows were damaged: look at the disk and the memory of this machine, and "
            "run 'tijori scrub'",
            dir);
    }
}
