/* tijori-bench: what the ledger does on this machine, next to what the machine can do at best.
 * Every envelope in a figure was signature-checked, hashed, applied by double entry and synced to
 * the disk before its receipt; the clock stops at the receipt. */

#include "bench/clock.h"
#include "bench/machine.h"
#include "bench/report_print.h"
#include "bench/results.h"
#include "bench/sections.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "core/base/pipeline.h"

#include <errno.h>

/* ---- a session ---- */

static bool small_number(const struct arguments *arguments, const char *name, uint64_t min,
                         uint64_t max, uint32_t *out)
{
    uint64_t value = *out;
    bool valid = argument_number(arguments, name, min, max, &value);
    *out = (uint32_t)value;
    return valid;
}

static bool read_settings(const struct arguments *arguments, struct session *s)
{
    bool quick = argument_flag(arguments, "quick");
    *s = (struct session){
        .quick = quick,
        .seed = 1,
        .cores = tj_core_count(),
        .rounds = quick ? 3 : 5,
        .floor_s = quick ? 0.03 : 0.3,
        .slice_s = quick ? 0.1 : 1.5,
        .accounts = quick ? 1000 : 10000,
        .accounts_max = quick ? 20000 : 20000000,
        .movements = quick ? 200000 : 100000000,
        .stretch = {0, 1},
        .started_ns = now_ns(),
    };
    return argument_number(arguments, "seed", 0, INT64_MAX, &s->seed) &&
           small_number(arguments, "rounds", 1, 1000, &s->rounds) &&
           small_number(arguments, "threads", 1, TJ_THREADS_MAX, &s->threads);
}

typedef bool measure_function(struct session *session);

static void print_report(const struct arguments *arguments, const json_t *report)
{
    if (argument_choice(arguments, "format") == 1) {
        report_print_json(stdout, report);
    } else {
        report_print_text(stdout, report);
    }
}

/* Measures and prints; the exit code. `output` (may be NULL): a folder for the results. */
static int run_session(const struct arguments *arguments, struct session *s,
                       measure_function *measure, const char *output)
{
    const char *dir = argument_value(arguments, "dir");
    if (!folder_create(&s->folder, dir != NULL ? dir : ".")) {
        return fail_errno(errno, "folder for temporary files");
    }
    s->report = json_object();
    json_t *facts = machine_facts(s->folder.path);
    json_object_set_new(facts, "seed", json_integer((json_int_t)s->seed));
    json_object_set_new(s->report, "machine", facts);
    int code = measure(s) ? EXIT_PASS : EXIT_FAIL;
    session_progress_end();
    json_object_set_new(s->report, "quick", json_boolean(s->quick));
    json_object_set_new(s->report, "totals_agree", json_boolean(code == EXIT_PASS));
    folder_remove(&s->folder);
    print_report(arguments, s->report);
    if (code == EXIT_PASS && output != NULL && !results_write(output, s->report)) {
        code = fail_errno(errno, output);
    }
    json_decref(s->report);
    return code;
}

/* ---- commands ---- */

static int run_plain(const struct arguments *arguments, measure_function *measure)
{
    struct session s;
    return read_settings(arguments, &s) ? run_session(arguments, &s, measure, NULL) : EXIT_USAGE;
}

static int cmd_floors(const struct arguments *arguments)
{
    return run_plain(arguments, measure_floors);
}

static int cmd_log(const struct arguments *arguments)
{
    return run_plain(arguments, measure_log);
}

static int cmd_rules(const struct arguments *arguments)
{
    return run_plain(arguments, measure_rules);
}

static int cmd_audit(const struct arguments *arguments)
{
    return run_plain(arguments, measure_audit);
}

static int cmd_latency(const struct arguments *arguments)
{
    return run_plain(arguments, measure_latency);
}

static bool read_scale(const struct arguments *arguments, struct session *s)
{
    return argument_number(arguments, "movements", 100000, INT64_MAX, &s->movements) &&
           small_number(arguments, "accounts", 2, 100000000, &s->accounts_max);
}

static int cmd_scale(const struct arguments *arguments)
{
    struct session s;
    return read_settings(arguments, &s) && read_scale(arguments, &s)
               ? run_session(arguments, &s, measure_scale, NULL)
               : EXIT_USAGE;
}

static int cmd_peers(const struct arguments *arguments)
{
    struct session s;
    return read_settings(arguments, &s) &&
                   small_number(arguments, "accounts", 2, 100000000, &s.accounts)
               ? run_session(arguments, &s, measure_peers, NULL)
               : EXIT_USAGE;
}

static int cmd_all(const struct arguments *arguments)
{
    struct session s;
    return read_settings(arguments, &s) && read_scale(arguments, &s)
               ? run_session(arguments, &s, measure_all, argument_value(arguments, "output"))
               : EXIT_USAGE;
}

/* With a batch given, one row as asked for; without, the standard ones. */
static struct ingest_options asked;

static bool measure_asked(struct session *session)
{
    return measure_ingest_row(session, &asked);
}

static int cmd_ingest(const struct arguments *arguments)
{
    struct session s;
    bool given = argument_value(arguments, "batch") != NULL;
    asked = (struct ingest_options){.id = "asked", .batch = 1, .lanes = 256, .work = "as asked"};
    asked.algorithm = (uint8_t)(argument_choice(arguments, "scheme") + 1);
    if (!read_settings(arguments, &s) ||
        !small_number(arguments, "accounts", 2, 100000000, &s.accounts) ||
        !small_number(arguments, "batch", 1, TJ_RECORDS_MAX, &asked.batch)) {
        return EXIT_USAGE;
    }
    asked.in_flight = in_flight_for(asked.batch);
    if (!small_number(arguments, "envelopes", 1, 100000000, &asked.envelopes) ||
        !small_number(arguments, "lanes", 1, TJ_LANES_MAX - 1, &asked.lanes) ||
        !small_number(arguments, "in-flight", 1, TJ_QUEUE_MAX, &asked.in_flight)) {
        return EXIT_USAGE;
    }
    return run_session(arguments, &s, given ? measure_asked : measure_ingest, NULL);
}

/* clang-format off */
#define COMMON_OPTIONS                                                                             \
    {"dir", 0, OPTION_VALUE, false, "D", "where the temporary files go; default here"},            \
    {"seed", 0, OPTION_VALUE, false, "S", "of accounts, amounts and arrivals; default 1"},         \
    {"rounds", 0, OPTION_VALUE, false, "N", "of floor and measured slice; default 5"},             \
    {"threads", 0, OPTION_VALUE, false, "N", "of the ledger, that verify; default one a core"},    \
    {"quick", 0, OPTION_FLAG, false, NULL, "seconds, not minutes: shows that it runs"},            \
    FORMAT_OPTION("text|json")
/* clang-format on */

static const struct option_row common_options[] = {COMMON_OPTIONS, END_OF_OPTIONS};
static const struct option_row ingest_options[] = {
    {"batch", 0, OPTION_VALUE, false, "N", "one row with N records an envelope (default 4 rows)"},
    {"envelopes", 0, OPTION_VALUE, false, "N", "with --batch: a round; default 1.5 s of them"},
    {"accounts", 0, OPTION_VALUE, false, "N", "touched at random; default 10000"},
    {"scheme", 0, OPTION_VALUE, false, "ecdsa|bip340", "with --batch: the signatures"},
    {"lanes", 0, OPTION_VALUE, false, "N", "with --batch; default 256"},
    {"in-flight", 0, OPTION_VALUE, false, "N", "with --batch: submitted, not yet received"},
    COMMON_OPTIONS,
    END_OF_OPTIONS,
};
/* clang-format off */
#define SCALE_OPTIONS                                                                              \
    {"accounts", 0, OPTION_VALUE, false, "N", "of the largest ledger; default 20000000"},          \
    {"movements", 0, OPTION_VALUE, false, "N", "that a ledger is grown to; default 100000000"}
/* clang-format on */
static const struct option_row scale_options[] = {SCALE_OPTIONS, COMMON_OPTIONS, END_OF_OPTIONS};
static const struct option_row peers_options[] = {
    {"accounts", 0, OPTION_VALUE, false, "N", "touched at random; default 10000"},
    COMMON_OPTIONS,
    END_OF_OPTIONS,
};
static const struct option_row all_options[] = {
    {"output", 'o', OPTION_VALUE, false, "DIR", "also write RESULTS.md, results.json and plots"},
    SCALE_OPTIONS,
    COMMON_OPTIONS,
    END_OF_OPTIONS,
};

static const char *const scale_paragraphs[] = {
    "Ledgers of up to 20 million accounts and 100 million movements want 16 GB of disk and 4 GB of "
    "memory; with less room on the disk they are made smaller, and that is said.",
    NULL,
};
static const char *const peers_paragraphs[] = {
    "PostgreSQL runs as a private cluster on a Unix socket in the temporary folder, started and "
    "stopped by this program; as root, under the user postgres or nobody. What is not installed is "
    "left out, and said so.",
    NULL,
};

static const struct command commands[] = {
    {"floors", "measure what the machine can do", NULL, NULL, common_options, NULL, cmd_floors},
    {"ingest", "measure the way from a signed envelope to a durable receipt", NULL, NULL,
     ingest_options, NULL, cmd_ingest},
    {"log", "measure what the tree and signed checkpoints cost", NULL, NULL, common_options, NULL,
     cmd_log},
    {"rules", "measure what limits and programmes cost plain movements", NULL, NULL, common_options,
     NULL, cmd_rules},
    {"audit", "measure the audit of a whole log", NULL, NULL, common_options, NULL, cmd_audit},
    {"latency", "measure receipts of one at a time and under offered loads", NULL, NULL,
     common_options, NULL, cmd_latency},
    {"scale", "measure against batch, accounts and movements; memory; opening again",
     scale_paragraphs, NULL, scale_options, NULL, cmd_scale},
    {"peers", "measure the same double entry on SQLite and PostgreSQL", peers_paragraphs, NULL,
     peers_options, NULL, cmd_peers},
    {"all", "measure all of it, about ten minutes", scale_paragraphs, NULL, all_options, NULL,
     cmd_all},
};

static const struct program program = {
    .name = "tijori-bench",
    .summary = "benchmarks of the Tijori ledger",
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
    .see_also = "tijori (1)",
};

int main(int argc, char **argv)
{
    machine_command(argc, argv);
    return program_main(&program, argc, argv);
}
