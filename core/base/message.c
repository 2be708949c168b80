#include "core/base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum tijori_status tj_say(struct tijori_message *message, enum tijori_status status,
                          const char *format, ...)
{
    va_list args;
    if (message != NULL) {
        va_start(args, format);
        vsnprintf(message->text, sizeof message->text, format, args);
        va_end(args);
    }
    return status;
}

enum tijori_status tj_say_status(struct tijori_message *message, enum tijori_status status,
                                 const char *what, const char *detail)
{
    if (detail == NULL || detail[0] == '\0') {
        return tj_say(message, status, "%s: %s: %s", what, tijori_status_name(status),
                      tijori_status_text(status));
    }
    return tj_say(message, status, "%s: %s: %s (%s)", what, tijori_status_name(status),
                  tijori_status_text(status), detail);
}

static enum tijori_status status_of(int error)
{
    if (error == ENOENT || error == ENOTDIR || error == EISDIR) {
        return TIJORI_NOT_FOUND;
    }
    if (error == EACCES || error == EPERM || error == EROFS) {
        return TIJORI_DENIED;
    }
    if (error == ENOSPC || error == EDQUOT) {
        return TIJORI_FULL;
    }
    if (error == ENOMEM) {
        return TIJORI_MEMORY;
    }
    if (error == EEXIST) {
        return TIJORI_EXISTS;
    }
    return TIJORI_IO;
}

enum tijori_status tj_say_errno(struct tijori_message *message, int error, const char *what)
{
    return tj_say(message, status_of(error), "%s: %s", what, strerror(error));
}
