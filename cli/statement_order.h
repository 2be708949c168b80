#ifndef TIJORI_CLI_STATEMENT_ORDER_H
#define TIJORI_CLI_STATEMENT_ORDER_H

/* What `tijori statement` and `tijori-audit statement` have in common: the period that is asked
 * for, the replay that collects it, and where the document goes. Functions that answer an int
 * answer an exit code and have said why on standard error. */

#include "cli/options.h"
#include "cli/statement_doc.h"
#include "core/audit/replay.h"

struct statement_order {
    uint32_t from; /* days; 0: from the ledger's first day on */
    uint32_t as_of;
    enum statement_format format;
    struct statement_prices prices;
    const char *output; /* NULL: standard output */
    uint32_t threads;
};
/* --as-of, --period, --format, --price, --output, --threads. */
int statement_order_read(const struct arguments *arguments, struct statement_order *out);

/* Replays the log from entry 0 and verifies all of it. A log that does not verify gives no period:
 * EXIT_FAIL. The report is the caller's to clear, the period to destroy, either way. */
int statement_collect(struct tj_source *source, const struct statement_order *order,
                      const struct tj_pins *pins, struct tj_replay_report *report,
                      struct tj_period **period);

/* By this machine's clock, the day of --as-of has ended: nothing more will be received on it. */
bool statement_day_over(const struct statement_order *order);

/* Writes the document to where the order says; a file is not overwritten, and not left half
 * written. Says so when the day is not over: the document itself holds nothing that comes from a
 * clock. */
int statement_put(const struct statement_order *order, const struct tj_period *period,
                  const struct tj_hash *ledger_id);
/* Removes the file that was put. */
void statement_take_back(const struct statement_order *order);

#endif
