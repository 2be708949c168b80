/* tijori scrub: looks at every row that a ledger stores, and mends what follows from its log
 * (core/log/scrub.h, core/ingest/mend.h). */

#include "cli/progress.h"
#include "cli/tijori/commands.h"
#include "core/ingest/ledger.h"

#include <inttypes.h>

static void print_found(const struct tj_repairs *found, const char *what)
{
    for (uint64_t i = 0; i < found->count && i < TJ_REPAIRS_TEXTS; i++) {
        printf("%-14s %s\n", what, found->text[i]);
    }
    if (found->count > TJ_REPAIRS_TEXTS) {
        printf("%-14s and %" PRIu64 " more\n", what, found->count - TJ_REPAIRS_TEXTS);
    }
}

static void print_scrub(const struct tj_scrub *scrub, const struct tj_repairs *opening,
                        const char *derived)
{
    uint64_t repairs = scrub->derived.count + (opening != NULL ? opening->count : 0);
    printf("entries        %" PRIu64 ", with %" PRIu64 " records\n", scrub->entries,
           scrub->records);
    printf("nodes          %" PRIu64 "\n", scrub->nodes);
    printf("blocks         %" PRIu64 "\n", scrub->blocks);
    printf("attachments    %" PRIu64 "\n", scrub->attachments);
    print_found(&scrub->log, "damaged");
    if (opening != NULL) {
        print_found(opening, derived);
    }
    print_found(&scrub->derived, derived);
    printf("%" PRIu64 " rows of the log damaged, %" PRIu64 " rows beside it %s\n", scrub->log.count,
           repairs, derived);
}

/* A log that is damaged opens no ledger. What else there is to say of it is read from the store,
 * and nothing is mended: what would be worked out would follow from damaged entries. */
static int scrub_damaged(const char *dir)
{
    struct tj_store_options options = tj_journal_options(0);
    struct tj_store *store;
    struct tj_txn *txn;
    struct tj_digester digester;
    struct tj_scrub scrub;
    enum tijori_status status = tj_from_storage(tj_store_open_read(&store, NULL, dir, &options));
    if (status != TIJORI_OK) {
        return fail_status(status, dir, NULL);
    }
    digester_needed(&digester);
    status = tj_from_storage(tj_read_begin(store, &txn));
    if (status == TIJORI_OK) {
        status = tj_scrub_all(txn, &digester, &scrub);
        tj_read_end(txn);
    }
    tj_digester_clear(&digester);
    tj_store_close(store);
    if (status != TIJORI_OK) {
        return fail_status(status, dir, NULL);
    }
    print_scrub(&scrub, NULL, "not mended");
    return EXIT_FAIL;
}

int cmd_scrub(const struct arguments *arguments)
{
    const char *dir = arguments->operands[0];
    struct tijori *ledger;
    struct tijori_message why;
    struct tj_scrub scrub;
    enum tijori_status status = tijori_open(&ledger, dir, TIJORI_WRITE, NULL, &why);
    if (status == TIJORI_CORRUPT) {
        message("%s", why.text);
        return scrub_damaged(dir);
    }
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "%s", why.text);
    }
    const struct tj_repairs opening = *tj_ledger_repairs(ledger);
    progress_begin("rows");
    status = tj_ledger_scrub(ledger, &scrub, &progress_told);
    progress_end();
    tijori_close(ledger);
    if (status != TIJORI_OK) {
        return fail_status(status, dir, NULL);
    }
    print_scrub(&scrub, &opening, "mended");
    return scrub.log.count > 0 ? EXIT_FAIL : EXIT_PASS;
}
