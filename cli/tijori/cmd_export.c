/* tijori export: a log as a folder of plain files (core/exchange/export.h). */

#include "cli/progress.h"
#include "cli/tijori/commands.h"
#include "core/exchange/export.h"
#include "cli/tijori/reading.h"

#include <inttypes.h>

static int newest_of(const struct reading *reading, struct tj_stored_checkpoint *out)
{
    enum tijori_status status = tj_checkpoint_newest(reading->view.txn, out);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE,
                    "%s: no checkpoint was signed yet: tijori checkpoint %s --log-key FILE",
                    reading->dir, reading->dir);
    }
    return status == TIJORI_OK ? EXIT_PASS
                               : fail_status(status, reading->dir, "the newest checkpoint");
}

/* A checkpoint that `ingest --log-key` signed is kept until the next commit only. One that goes out
 * is to stay, since witnesses may cosign it; that wants the writer's lock. Where it cannot be had
 * the export is right all the same, and the one who asked is told. */
static int keep_newest(const struct arguments *arguments, struct reading *reading)
{
    struct tj_stored_checkpoint newest;
    struct tj_view kept;
    struct tijori *ledger;
    struct tijori_message why;
    int code = newest_of(reading, &newest);
    if (code != EXIT_PASS ||
        tj_checkpoint_stored(reading->view.txn, &kept, newest.checkpoint.size)) {
        return code;
    }
    reading_close(reading); /* a process has a ledger open once */
    enum tijori_status status =
        tijori_open(&ledger, arguments->operands[0], TIJORI_WRITE, NULL, &why);
    if (status == TIJORI_OK) {
        status = tj_ledger_publish(ledger);
        tijori_close(ledger);
    }
    if (status == TIJORI_LOCKED || status == TIJORI_DENIED || status == TIJORI_READ_ONLY) {
        message("the checkpoint that is exported could not be kept in the ledger: %s. Cosignatures "
                "of it cannot be added later",
                tijori_status_text(status));
    } else if (status != TIJORI_OK) {
        return fail_status(status, arguments->operands[0], "keeping the newest checkpoint");
    }
    return reading_open(arguments, reading);
}

static int export_to(const struct reading *reading, struct tj_export_done *done,
                     const struct tj_export_order *order)
{
    struct tj_stored_checkpoint newest;
    struct tijori_message said;
    int code = newest_of(reading, &newest);
    if (code != EXIT_PASS) {
        return code;
    }
    progress_begin("entries");
    enum tijori_status status = tj_export(&reading->view, done, &newest, order, &said);
    progress_end();
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
        .told = &progress_told,
    };
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = keep_newest(arguments, &reading);
    }
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
