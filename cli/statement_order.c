#include "cli/statement_order.h"

#include "text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int read_period(const char *text, struct statement_order *out)
{
    char from[TEXT_SIZE];
    const char *dots = strstr(text, "..");
    uint32_t to = 0;
    if (dots == NULL || (size_t)(dots - text) >= sizeof from) {
        return fail(EXIT_USAGE, "--period: give FROM..TO, two dates: 2025-01-01..2025-03-31");
    }
    snprintf(from, sizeof from, "%.*s", (int)(dots - text), text);
    if (!text_parse_date(from, &out->from) || !text_parse_date(dots + 2, &to) || out->from == 0) {
        return fail(EXIT_USAGE, "--period: give FROM..TO, two dates: 2025-01-01..2025-03-31");
    }
    if (to != out->as_of) {
        return fail(EXIT_USAGE, "--period: it ends with the day of --as-of");
    }
    return out->from <= to ? EXIT_PASS : fail(EXIT_USAGE, "--period: it ends before it begins");
}

int statement_order_read(const struct arguments *arguments, struct statement_order *out)
{
    const char *period = argument_value(arguments, "period");
    uint64_t threads = 0;
    *out = (struct statement_order){.output = argument_value(arguments, "output")};
    if (!text_parse_date(argument_value(arguments, "as-of"), &out->as_of)) {
        return fail(EXIT_USAGE, "--as-of: a date: 2025-03-31");
    }
    if (!argument_number(arguments, "threads", 1, TJ_THREADS_MAX, &threads)) {
        return EXIT_USAGE;
    }
    out->threads = (uint32_t)threads;
    out->format = (enum statement_format)argument_choice(arguments, "format");
    if (out->output != NULL && access(out->output, F_OK) == 0) {
        return fail(EXIT_USAGE, "%s: there is such a file already", out->output);
    }
    int code = period != NULL ? read_period(period, out) : EXIT_PASS;
    for (size_t i = 0; i < argument_count(arguments, "price") && code == EXIT_PASS; i++) {
        code = statement_add_price(argument_item(arguments, "price", i), &out->prices);
    }
    return code;
}

int statement_collect(struct tj_source *source, const struct statement_order *order,
                      const struct tj_pins *pins, struct tj_replay_report *report,
                      struct tj_period **period)
{
    *period = tj_period_create(order->from, order->as_of);
    tj_report_init(report);
    if (*period == NULL) {
        return fail(exit_code_of(TIJORI_MEMORY), "reading stopped: %s",
                    tijori_status_text(TIJORI_MEMORY));
    }
    struct tj_replay_options options = {.threads = order->threads, .period = *period};
    if (pins != NULL) {
        options.pins = *pins;
    }
    enum tijori_status status = tj_replay(source, &options, report, NULL);
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "reading stopped: %s", tijori_status_text(status));
    }
    if (report->failed) {
        return fail(EXIT_FAIL, "the log does not verify, so there is no statement of it: %s: %s",
                    tj_check_text(report->first_check), report->failure);
    }
    if ((*period)->entries == 0 || (*period)->from > order->as_of) {
        return fail(EXIT_DATA, "--as-of: the ledger begins after that day");
    }
    return statement_know_prices(*period, &order->prices);
}

bool statement_day_over(const struct statement_order *order)
{
    return order->as_of < (uint64_t)time(NULL) / 86400;
}

int statement_put(const struct statement_order *order, const struct tj_period *period,
                  const struct tj_hash *ledger_id)
{
    int fd = order->output == NULL
                 ? -1
                 : open(order->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *out = order->output == NULL ? stdout : fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) {
        return fail(EXIT_IO, "%s: %s", order->output, strerror(errno));
    }
    bool written = statement_write(out, order->format, period, ledger_id, &order->prices) &&
                   fflush(out) == 0 && (fd < 0 || fsync(fd) == 0);
    if (fd >= 0) {
        written = fclose(out) == 0 && written;
    }
    if (written && !statement_day_over(order)) {
        message("provisional: the day of --as-of is not over, and what is received until then "
                "changes this document");
    }
    if (written) {
        return EXIT_PASS;
    }
    int code =
        fail(EXIT_IO, "%s: %s", order->output != NULL ? order->output : "output", strerror(errno));
    statement_take_back(order);
    return code;
}

void statement_take_back(const struct statement_order *order)
{
    if (order->output != NULL) {
        (void)unlink(order->output);
    }
}
