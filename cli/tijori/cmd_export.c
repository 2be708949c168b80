/* tijori export: a log as a folder of plain files (cli/export.h). */

#include "cli/tijori/commands.h"
#include "cli/export.h"
#include "cli/tijori/reading.h"

#include <inttypes.h>

int cmd_export(const struct arguments *arguments)
{
    struct reading reading;
    struct export_done done;
    struct export_order order = {
        .out = arguments->operands[1],
        .public = argument_flag(arguments, "public"),
        .attachments = argument_flag(arguments, "attachments"),
    };
    int code = reading_open(arguments, &reading);
    order.dir = reading.dir;
    if (code == EXIT_PASS) {
        code = export_folder(&reading.view, &order, &done);
    }
    if (code == EXIT_PASS) {
        message("%s: %" PRIu64 " entries, %" PRIu64 " files and %" PRIu64 " bytes written",
                order.out, done.entries, done.files, done.bytes);
        if (done.restricted > 0) {
            message("%" PRIu64 " restricted bodies left out", done.restricted);
        }
    }
    reading_close(&reading);
    return code;
}
