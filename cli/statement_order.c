#include "cli/statement_order.h"

#include "cli/progress.h"

#include "storage/file.h"
#include "text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int read_period(struct statement_order *out, const char *text)
{
    char from[TEXT_SIZE];
    const char *dots = strstr(text, "..");
    uint32_t to = 0;
    if (dots == NULL || (size_t)(dots - text) >= sizeof from) {
        return fail(EXIT_USAGE, "--period: give FROM..TO, two dates: 2025-01-01..2025-03-31");
    }
    snprintf(from, sizeof from, "%.*s", (int)(dots - text), text);
    if (!text_parse_date(&out->from, from) || !text_parse_date(&to, dots + 2) || out->from == 0) {
        return fail(EXIT_USAGE, "--period: give FROM..TO, two dates: 2025-01-01..2025-03-31");
    }
    if (to != out->as_of) {
        return fail(EXIT_USAGE, "--period: it ends with the day of --as-of");
    }
    return out->from <= to ? EXIT_PASS : fail(EXIT_USAGE, "--period: it ends before it begins");
}

static int read_prices(const struct arguments *arguments, struct statement_order *out)
{
    struct statement_message why;
    for (size_t i = 0; i < argument_count(arguments, "price"); i++) {
        if (!statement_add_price(&why, &out->prices, argument_item(arguments, "price", i))) {
            return fail(EXIT_USAGE, "--price: %s", why.text);
        }
    }
    return EXIT_PASS;
}

int statement_order_read(const struct arguments *arguments, struct statement_order *out)
{
    const char *period = argument_value(arguments, "period");
    uint64_t threads = 0;
    *out = (struct statement_order){.output = argument_value(arguments, "output")};
    if (!text_parse_date(&out->as_of, argument_value(arguments, "as-of"))) {
        return fail(EXIT_USAGE, "--as-of: a date: 2025-03-31");
    }
    if (!argument_number(arguments, &threads, "threads", 1, TJ_THREADS_MAX)) {
        return EXIT_USAGE;
    }
    out->threads = (uint32_t)threads;
    out->format = (enum statement_format)argument_choice(arguments, "format");
    if (out->output != NULL && access(out->output, F_OK) == 0) {
        return fail(EXIT_USAGE, "%s: there is such a file already", out->output);
    }
    int code = period != NULL ? read_period(out, period) : EXIT_PASS;
    return code == EXIT_PASS ? read_prices(arguments, out) : code;
}

int statement_collect(struct tj_source *source, struct tj_replay_report *report,
                      struct tj_period **period, const struct statement_order *order,
                      const struct tj_pins *pins)
{
    *period = tj_period_create(order->from, order->as_of);
    tj_report_init(report);
    if (*period == NULL) {
        return fail(exit_code_of(TIJORI_MEMORY), "reading stopped: %s",
                    tijori_status_text(TIJORI_MEMORY));
    }
    struct tj_replay_options options = {
        .threads = order->threads, .period = *period, .told = &progress_told};
    if (pins != NULL) {
        options.pins = *pins;
    }
    progress_begin("entries");
    enum tijori_status status = tj_replay(source, report, NULL, &options);
    progress_end();
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "reading stopped: %s (%s)", tijori_status_text(status),
                    report->trouble.what);
    }
    if (report->failed) {
        return fail(EXIT_FAIL, "the log does not verify, so there is no statement of it: %s: %s",
                    tj_check_text(report->first_check), report->failure);
    }
    if ((*period)->entries == 0 || (*period)->from > order->as_of) {
        return fail(EXIT_DATA, "--as-of: the ledger begins after that day");
    }
    struct statement_message why;
    if (!statement_know_prices(&why, *period, &order->prices)) {
        return fail(EXIT_DATA, "--price: %s", why.text);
    }
    return EXIT_PASS;
}

bool statement_day_over(const struct statement_order *order)
{
    return order->as_of < (uint64_t)time(NULL) / 86400;
}

static int write_error(const struct statement_order *order, int error)
{
    return order->output != NULL ? fail_errno(error, order->output)
                                 : fail(EXIT_IO, "standard output: %s", strerror(error));
}

static bool write_to(FILE *out, const struct statement_order *order, const struct tj_period *period,
                     const struct tj_hash *ledger_id)
{
    return statement_write(out, order->format, period, ledger_id, &order->prices) &&
           fflush(out) == 0;
}

static int write_file(const struct statement_order *order, const struct tj_period *period,
                      const struct tj_hash *ledger_id)
{
    struct tj_file_writer file;
    int error = tj_file_begin(&file, AT_FDCWD, order->output, TJ_FILE_NEW, 0644);
    if (error != 0) {
        return write_error(order, error);
    }
    if (!write_to(file.stream, order, period, ledger_id)) {
        error = errno;
        tj_file_abandon(&file);
        return write_error(order, error);
    }
    error = tj_file_end(&file);
    return error == 0 ? EXIT_PASS : write_error(order, error);
}

int statement_put(const struct statement_order *order, const struct tj_period *period,
                  const struct tj_hash *ledger_id)
{
    if (order->output != NULL) {
        const int code = write_file(order, period, ledger_id);
        if (code != EXIT_PASS) {
            return code;
        }
    } else if (!write_to(stdout, order, period, ledger_id)) {
        return write_error(order, errno);
    }
    if (!statement_day_over(order)) {
        message("provisional: the day of --as-of is not over, and what is received until then "
                "changes this document");
    }
    return EXIT_PASS;
}

void statement_take_back(const struct statement_order *order)
{
    if (order->output != NULL) {
        (void)unlink(order->output);
    }
}
