#include "core/base/status.h"

#include "crypto/ed25519.h"

#include <stdarg.h>

static const struct {
    const char *name;
    const char *text;
} statuses[TIJORI_STATUS_COUNT] = {
#define TIJORI_STATUS_ROW(name, text) {#name, text},
    TIJORI_STATUSES(TIJORI_STATUS_ROW)
#undef TIJORI_STATUS_ROW
};

const char *tijori_status_name(enum tijori_status status)
{
    if ((unsigned)status < TIJORI_STATUS_COUNT) {
        return statuses[status].name;
    }
    return "UNKNOWN";
}

const char *tijori_status_text(enum tijori_status status)
{
    if ((unsigned)status < TIJORI_STATUS_COUNT) {
        return statuses[status].text;
    }
    return "unknown status";
}

enum tijori_status tj_undecided(void)
{
    return tj_ed25519_offered() ? TIJORI_MEMORY : TIJORI_NO_ED25519;
}

void tj_verdict_init(struct tj_verdict *verdict)
{
    verdict->status = TIJORI_OK;
    verdict->record = TJ_NOWHERE;
    verdict->slot = TJ_NOWHERE;
    verdict->field = NULL;
    verdict->detail[0] = '\0';
}

enum tijori_status tj_refuse(struct tj_verdict *verdict, enum tijori_status status,
                             const char *field)
{
    verdict->status = status;
    verdict->field = field;
    verdict->detail[0] = '\0';
    return status;
}

enum tijori_status tj_refuse_detail(struct tj_verdict *verdict, enum tijori_status status,
                                    const char *field, const char *format, ...)
{
    va_list args;
    tj_refuse(verdict, status, field);
    va_start(args, format);
    vsnprintf(verdict->detail, sizeof verdict->detail, format, args);
    va_end(args);
    return status;
}

void tj_verdict_format(const struct tj_verdict *verdict, char *out, size_t size)
{
    char where[48] = "";
    if (verdict->record != TJ_NOWHERE) {
        snprintf(where, sizeof where, "record %u, ", verdict->record);
    } else if (verdict->slot != TJ_NOWHERE) {
        snprintf(where, sizeof where, "signature %u, ", verdict->slot);
    }
    bool has_detail = verdict->detail[0] != '\0';
    snprintf(out, size, "%s%s%s%s: %s%s%s%s", where, verdict->field ? verdict->field : "",
             verdict->field ? ": " : "", tijori_status_name(verdict->status),
             tijori_status_text(verdict->status), has_detail ? " (" : "", verdict->detail,
             has_detail ? ")" : "");
}
