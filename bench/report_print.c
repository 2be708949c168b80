#include "bench/report_print.h"

#include "core/base/status.h"

#include <string.h>

enum { COLUMNS_MAX = 14, TEXT = -1 };

/* A column: the member of a row that it shows, its heading, and digits after the point (TEXT: not a
 * number). A member that a row does not have is left blank. */
struct column {
    const char *key;
    const char *heading;
    int decimals;
};

struct table {
    const char *section;
    const char *title;
    struct column columns[COLUMNS_MAX];
};

static const struct table tables[] = {
    {"floors",
     "What the machine can do at best",
     {{"floor", "floor", TEXT}, {"value", "median", 1}, {"unit", "unit", TEXT}}},
    {"ingest",
     "From signed envelopes to durable receipts, beside the raw verify rate of all cores; latency "
     "from submit to receipt",
     {{"id", "id", TEXT},
      {"work", "envelope", TEXT},
      {"in_flight", "in flight", 0},
      {"movements_per_s", "movements/s", 0},
      {"envelopes_per_s", "envelopes/s", 0},
      {"ratio", "x verify", 3},
      {"ratio_min", "least", 3},
      {"ratio_max", "most", 3},
      {"latency_p1_us", "p1 us", 0},
      {"latency_p50_us", "p50 us", 0},
      {"latency_p99_us", "p99 us", 0},
      {"latency_p100_us", "p100 us", 0},
      {"bytes_per_movement", "bytes/mov.", 1}}},
    {"ingest",
     "What that took: CPU of the whole process an envelope; MiB written, and what the disk takes "
     "when "
     "8 MiB at a time are appended and synced",
     {{"id", "id", TEXT},
      {"cpu_us_per_envelope", "CPU us", 2},
      {"cpu_us_without_signature", "signature excluded", 2},
      {"raw_verify_per_s", "raw verify/s", 0},
      {"written_mib_per_s", "written MiB/s", 0},
      {"sync_mib_per_s", "disk MiB/s", 0},
      {"envelopes", "envelopes", 0},
      {"rounds", "rounds", 0}}},
    {"log",
     "What the log costs an ingest: each commit signing a checkpoint beside none, in turns; one "
     "leaf "
     "appended to the tree, and its part of one core at that rate",
     {{"id", "id", TEXT},
      {"envelopes_per_s", "envelopes/s", 0},
      {"signed_envelopes_per_s", "signed", 0},
      {"ratio", "x", 3},
      {"ratio_min", "least", 3},
      {"ratio_max", "most", 3},
      {"tree_ns", "tree ns", 0},
      {"tree_percent", "% of a core", 2}}},
    {"rules",
     "What governance costs plain movements: a ledger with 100 limits and 10 programmes in force "
     "beside one without, in turns",
     {{"id", "id", TEXT},
      {"envelopes_per_s", "envelopes/s", 0},
      {"ruled_envelopes_per_s", "with rules", 0},
      {"ratio", "x", 3},
      {"ratio_min", "least", 3},
      {"ratio_max", "most", 3}}},
    {"audit",
     "The whole log audited: every byte hashed, every signature and rule checked, the state built "
     "anew and compared",
     {{"id", "id", TEXT},
      {"work", "envelopes", TEXT},
      {"records_per_s", "records/s", 0},
      {"signatures_per_s", "signatures/s", 0},
      {"ratio_to_verify", "x verify", 3},
      {"ingest_movements_per_s", "ingest mov./s", 0},
      {"ratio_to_ingest", "x ingest", 2},
      {"ratio_to_ingest_min", "least", 2},
      {"ratio_to_ingest_max", "most", 2}}},
    {"closed_loop",
     "One envelope of one record at a time, submit to receipt, beside one verification and one "
     "commit",
     {{"id", "id", TEXT},
      {"latency_p1_us", "p1 us", 0},
      {"latency_p50_us", "p50 us", 0},
      {"latency_p99_us", "p99 us", 0},
      {"latency_p100_us", "p100 us", 0},
      {"verify_us", "verify us", 1},
      {"commit_us", "commit us", 1},
      {"ratio", "x both", 3},
      {"ratio_min", "least", 3},
      {"ratio_max", "most", 3}}},
    {"open_loop",
     "Envelopes of one record that arrive at random, from the time each was meant to arrive to its "
     "receipt",
     {{"load_percent", "load %", 0},
      {"offered_per_s", "offered/s", 0},
      {"accepted_per_s", "accepted/s", 0},
      {"latency_p1_us", "p1 us", 0},
      {"latency_p50_us", "p50 us", 0},
      {"latency_p99_us", "p99 us", 0},
      {"latency_p100_us", "p100 us", 0}}},
    {"scale_batch",
     "Throughput against records an envelope",
     {{"batch", "records", 0},
      {"movements_per_s", "movements/s", 0},
      {"movements_per_s_min", "least", 0},
      {"movements_per_s_max", "most", 0}}},
    {"scale_accounts",
     "Throughput against accounts, envelopes of 8,190 records; anonymous memory, and what of it is "
     "not 64 bytes an account",
     {{"accounts", "accounts", 0},
      {"movements_per_s", "movements/s", 0},
      {"movements_per_s_min", "least", 0},
      {"movements_per_s_max", "most", 0},
      {"ratio", "x first", 3},
      {"anonymous_mib", "MiB", 1},
      {"rest_mib", "rest MiB", 1}}},
    {"open",
     "Opening the largest of these ledgers again, page cache warm",
     {{"accounts", "accounts", 0},
      {"close_s", "close s", 2},
      {"open_clean_s", "open after close s", 2},
      {"open_killed_s", "open after SIGKILL s", 2}}},
    {"scale_movements",
     "Throughput and anonymous memory of an empty ledger and a grown one, envelopes of 8,190 "
     "records",
     {{"ledger", "ledger", TEXT},
      {"movements", "movements", 0},
      {"movements_per_s", "movements/s", 0},
      {"movements_per_s_min", "least", 0},
      {"movements_per_s_max", "most", 0},
      {"ratio", "x empty", 3},
      {"anonymous_mib", "MiB", 1}}},
    {"peers",
     "The same movements and batches of 8,190 elsewhere: a transaction a batch, synced, without "
     "hashes and signatures",
     {{"store", "store", TEXT},
      {"movements_per_s", "movements/s", 0},
      {"movements_per_s_min", "least", 0},
      {"movements_per_s_max", "most", 0},
      {"ratio", "Tijori is x", 2},
      {"missing", "", TEXT}}},
    {"targets",
     "Targets",
     {{"id", "letter", TEXT},
      {"work", "work", TEXT},
      {"kind", "", TEXT},
      {"target", "target", 2},
      {"measured", "measured", 2},
      {"unit", "unit", TEXT},
      {"met", "", TEXT}}},
};

/* ---- cells ---- */

enum { CELL_SIZE = 128 };

static void cell_text(const json_t *row, char out[CELL_SIZE], const struct column *column)
{
    const json_t *value = json_object_get(row, column->key);
    out[0] = '\0';
    if (json_is_null(value)) {
        snprintf(out, CELL_SIZE, "not measured");
    } else if (json_is_string(value)) {
        snprintf(out, CELL_SIZE, "%s", json_string_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(out, CELL_SIZE, "%s", json_is_true(value) ? "met" : "MISSED");
    } else if (json_is_number(value)) {
        snprintf(out, CELL_SIZE, "%.*f", column->decimals, json_number_value(value));
    }
}

static int column_width(const json_t *rows, const struct column *column)
{
    char cell[CELL_SIZE];
    size_t widest = strlen(column->heading);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        cell_text(row, cell, column);
        widest = strlen(cell) > widest ? strlen(cell) : widest;
    }
    return (int)widest;
}

/* Texts to the left, numbers to the right; no spaces at the end of the line. */
static void print_line(FILE *out, char cells[][CELL_SIZE], const struct column *columns,
                       size_t count, const int *widths)
{
    char line[COLUMNS_MAX * (CELL_SIZE + 2)];
    size_t used = 0;
    for (size_t c = 0; c < count; c++) {
        int width = columns[c].decimals == TEXT ? -widths[c] : widths[c];
        used += (size_t)snprintf(line + used, sizeof line - used, "  %*s", width, cells[c]);
    }
    while (used > 0 && line[used - 1] == ' ') {
        used--;
    }
    fprintf(out, "%.*s\n", (int)used, line);
}

static void print_table(FILE *out, json_t *rows, const struct table *table)
{
    int widths[COLUMNS_MAX];
    char cells[COLUMNS_MAX][CELL_SIZE];
    size_t count = 0;
    size_t i;
    json_t *row;
    while (count < COLUMNS_MAX && table->columns[count].key != NULL) {
        widths[count] = column_width(rows, &table->columns[count]);
        snprintf(cells[count], CELL_SIZE, "%s", table->columns[count].heading);
        count++;
    }
    fprintf(out, "\n%s\n", table->title);
    print_line(out, cells, table->columns, count, widths);
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < count; c++) {
            cell_text(row, cells[c], &table->columns[c]);
        }
        print_line(out, cells, table->columns, count, widths);
    }
}

/* ---- the report ---- */

static void print_machine(FILE *out, const json_t *report)
{
    json_t *facts = json_object_get(report, "machine");
    const char *key;
    json_t *value;
    json_object_foreach(facts, key, value)
    {
        if (json_is_string(value)) {
            fprintf(out, "%-13s %s\n", key, json_string_value(value));
        } else {
            fprintf(out, "%-13s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
        }
    }
}

/* What the tables above are worth. */
static void print_verdict(FILE *out, const json_t *report)
{
    fprintf(out, "\n%s\n",
            json_is_true(json_object_get(report, "totals_agree"))
                ? "All totals agree with the ledgers."
                : "FAILED: something could not be measured, or totals do not agree.");
    if (json_is_true(json_object_get(report, "quick"))) {
        fprintf(out, "A quick run shows that everything runs; its figures are of no use.\n");
    }
}

void report_print_text(FILE *out, const json_t *report)
{
    print_machine(out, report);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        json_t *rows = json_object_get(report, tables[t].section);
        if (json_array_size(rows) > 0) {
            print_table(out, rows, &tables[t]);
        }
    }
    print_verdict(out, report);
}

void report_print_json(FILE *out, const json_t *report)
{
    int failed = json_dumpf(report, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    TIJORI_REQUIRE(failed == 0);
    fputc('\n', out);
}
