#include "bench/results.h"

#include "bench/plot.h"
#include "bench/report_print.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4200 };

/* ---- plots ---- */

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

/* A line of a section's rows; `low` and `high` may be NULL. */
static void add_line(struct plot *plot, const char *name, const json_t *rows, const char *x,
                     const char *y, double y_factor, const char *low, const char *high)
{
    struct plot_line *line = &plot->lines[plot->count++];
    size_t i;
    json_t *row;
    line->name = name;
    json_array_foreach(rows, i, row)
    {
        if (i < PLOT_POINTS_MAX) {
            line->x[i] = number(row, x);
            line->y[i] = number(row, y) * y_factor;
            line->low[i] = low != NULL ? number(row, low) * y_factor : 0;
            line->high[i] = high != NULL ? number(row, high) * y_factor : 0;
            line->count = i + 1;
        }
    }
}

static bool plot_throughput(const char *dir, const char *file, const char *title,
                            struct plot_axis x_axis, bool y_logarithmic, const json_t *rows,
                            const char *x)
{
    static struct plot plot;
    char path[PATH_SIZE];
    plot = (struct plot){.title = title, .x = x_axis, .y = {"movements a second", y_logarithmic}};
    snprintf(path, sizeof path, "%s/%s", dir, file);
    add_line(&plot, "Tijori", rows, x, "movements_per_s", 1, "movements_per_s_min",
             "movements_per_s_max");
    return plot_write(path, &plot);
}

static bool plot_latency(const char *dir, const json_t *rows)
{
    static struct plot plot;
    char path[PATH_SIZE];
    plot = (struct plot){.title = "Latency against offered load, envelopes of one record",
                         .x = {"offered envelopes a second", false},
                         .y = {"milliseconds from intended arrival to receipt", true}};
    snprintf(path, sizeof path, "%s/latency_load.svg", dir);
    add_line(&plot, "largest", rows, "offered_per_s", "latency_p100_us", 1e-3, NULL, NULL);
    add_line(&plot, "99 %", rows, "offered_per_s", "latency_p99_us", 1e-3, NULL, NULL);
    add_line(&plot, "median", rows, "offered_per_s", "latency_p50_us", 1e-3, NULL, NULL);
    add_line(&plot, "1 %", rows, "offered_per_s", "latency_p1_us", 1e-3, NULL, NULL);
    return plot_write(path, &plot);
}

/* ---- files ---- */

static bool write_json(const char *dir, const json_t *report)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/results.json", dir);
    FILE *out = fopen(path, "we");
    if (out != NULL) {
        report_print_json(out, report);
    }
    return out != NULL && fclose(out) == 0;
}

static bool write_markdown(const char *dir, const json_t *report)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/RESULTS.md", dir);
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return false;
    }
    const char *command =
        json_string_value(json_object_get(json_object_get(report, "machine"), "command"));
    fprintf(out,
            "# Results\n\n"
            "One run of `%s`, written by the program itself; `scripts/bench` makes it anew. Every\n"
            "envelope was signature-checked, hashed, applied by double entry and synced before its "
            "receipt.\n"
            "Floors and what is judged by them took turns; rates and ratios are medians of rounds, "
            "with the\n"
            "least and the most beside them. The same figures are in `results.json`.\n\n"
            "![Throughput against records an envelope](throughput_batch.svg)\n"
            "![Throughput against accounts](throughput_accounts.svg)\n"
            "![Latency against offered load](latency_load.svg)\n\n"
            "```\n",
            command);
    report_print_text(out, report);
    fprintf(out, "```\n");
    bool written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}

bool results_write(const char *dir, const json_t *report)
{
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        return false;
    }
    return write_json(dir, report) && write_markdown(dir, report) &&
           plot_throughput(dir, "throughput_batch.svg",
                           "Throughput against records an envelope, one signature each",
                           (struct plot_axis){"records an envelope", true}, true,
                           json_object_get(report, "scale_batch"), "batch") &&
           plot_throughput(dir, "throughput_accounts.svg",
                           "Throughput against accounts touched at random, envelopes of 8,190",
                           (struct plot_axis){"accounts", true}, false,
                           json_object_get(report, "scale_accounts"), "accounts") &&
           plot_latency(dir, json_object_get(report, "open_loop"));
}
