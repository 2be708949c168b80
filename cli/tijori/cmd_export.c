/* tijori export: a log as a folder of plain files (core/exchange/export.h). */

#include "cli/tijori/commands.h"
#include "core/exchange/export.h"
#include "cli/tijori/reading.h"

#include <inttypes.h>

static int export_to(const struct reading *reading, struct tj_export_done *done,
                     const struct tj_export_order *order)
{
    struct tj_stored_checkpoint newest;
    struct tijori_message said;
    enum tijori_status status = tj_checkpoint_public(reading->view.txn, &newest);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE,
                    "%s: no checkpoint was signed yet: tijori checkpoint %s --log-key FILE",
                    order->dir, order->dir);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, order->dir, "the newest checkpoint");
    }
    status = tj_export(&reading->view, done, &newest, order, &said);
    return status == TIJORI_OK ? EXIT_PASS : fail_said(status, &said);
}

int cmd_export(const struct arguments *arguments)
{
    struct reading reading;
    struct tj_export_done done;
    struct tj_export_order order = {
        .out = arguments->operands[1],
        .kind = argument_flag(arguments, "public") ? TJ_FOLDER_PUBLIC : TJ_FOLDER_FULL,
        .change_kind = argument_flag(arguments, "change-kind"),
        .attachments = argument_flag(arguments, "attachments"),
    };
    int code = reading_open(arguments, &reading);
    order.dir = reading.dir;
    if (code == EXIT_PASS) {
        code = export_to(&reading, &done, &order);
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
