#ifndef TIJORI_CLI_STATEMENT_ORDER_H
#define TIJORI_CLI_STATEMENT_ORDER_H

/* What `tijori statement` and `tijori-audit statement` have in common: the period that is asked
 * for, the replay that collects it, and where the document goes. Functions that answer an int
 * answer an exit code and have said why on standard error. */

#include "cli/exit.h"
#include "cli/options.h"
#include "text/statement_doc.h"
#include "core/audit/replay.h"

struct statement_order {
    uint32_t from; /* days; 0: from the ledger's first day on */
    uint32_t as_of;
    enum statement_format format;
    struct statement_prices prices;
    const char *output; /* NULL: standard output */
    uint32_t threads;
};
/* clang-format off */
#define STATEMENT_ORDER_OPTIONS                                                                    \
    {"as-of", 0, OPTION_VALUE, true, "DATE",                                                       \
     "the last day of the period (UTC); it should be over"},                                       \
    {"period", 0, OPTION_VALUE, false, "FROM..TO",                                                 \
     "both days included; default from the ledger's first day"},                                   \
    {"format", 0, OPTION_VALUE, false, "json|csv|html", "the form; json is what is signed"},       \
    {"output", 'o', OPTION_VALUE, false, "FILE",                                                   \
     "where the document goes; default standard output. Not overwritten"},                         \
    {"price", 0, OPTION_LIST, false, "TEXT",                                                       \
     "what one unit of an asset is worth and who says so: 'BTC=95000.00 USD, SOURCE'"},            \
    {"threads", 0, OPTION_VALUE, false, "N", "threads that verify; default one a core"}
/* clang-format on */
/* Reads --as-of, --period, --format, --price, --output, --threads. */
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
