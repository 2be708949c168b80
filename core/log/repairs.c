#include "core/log/repairs.h"

#include <stdarg.h>

void tj_repairs_note(struct tj_repairs *repairs, const char *format, ...)
{
    va_list args;
    if (repairs == NULL) {
        return;
    }
    if (repairs->count < TJ_REPAIRS_TEXTS) {
        va_start(args, format);
        vsnprintf(repairs->text[repairs->count], TJ_REPAIR_TEXT_SIZE, format, args);
        va_end(args);
    }
    repairs->count++;
    TJ_VERIFY_CHECK(repairs->text[0][0] != '\0');
}

enum tijori_status tj_repairs_damage(struct tj_repairs *repairs, const char *format, ...)
{
    va_list args;
    if (repairs != NULL && repairs->damage[0] == '\0') {
        va_start(args, format);
        vsnprintf(repairs->damage, sizeof repairs->damage, format, args);
        va_end(args);
    }
    return TIJORI_CORRUPT;
}
