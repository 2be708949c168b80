/* tijori-bench: what the ledger does on this machine, next to what the machine can do at best.
 * Every envelope in a figure was signature-checked, hashed, applied by double entry and synced to
 * the disk before its receipt; the clock stops at the receipt. */

#include "bench/measure.h"
#include "bench/workload.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "core/ledger.h"
#include "core/pipeline.h"
#include "core/replay.h"
#include "tijori_build.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- one row ---- */

struct row {
    struct workload_options options;
    uint32_t in_flight;
    uint32_t threads;
    double seconds;
    double cpu_us;               /* an envelope */
    uint64_t p1, p50, p99, p100; /* submit to receipt, ns */
    double bytes_per_movement;
    bool totals_agree;
    double audit_seconds;
    struct floors floors;
};

struct run {
    struct tijori *ledger;
    const struct workload *workload;
    uint64_t *submitted_ns;
    uint64_t *latency_ns;
    uint32_t refused;
    pthread_mutex_t mutex;
    pthread_cond_t room;
    uint32_t outstanding;
    uint32_t in_flight;
};

static void *receive_all(void *context)
{
    struct run *run = context;
    uint32_t left = run->workload->options.envelopes;
    while (left > 0) {
        struct tijori_receipt receipt;
        if (tijori_receive(run->ledger, &receipt) == TIJORI_NOT_FOUND) {
            usleep(50); /* nothing submitted yet */
            continue;
        }
        run->latency_ns[receipt.tag] = now_ns() - run->submitted_ns[receipt.tag];
        run->refused += receipt.status != TIJORI_OK;
        left--;
        pthread_mutex_lock(&run->mutex);
        run->outstanding--;
        pthread_cond_signal(&run->room);
        pthread_mutex_unlock(&run->mutex);
    }
    return NULL;
}

static void submit_all(struct run *run)
{
    const struct workload *w = run->workload;
    for (uint32_t e = 0; e < w->options.envelopes; e++) {
        pthread_mutex_lock(&run->mutex);
        while (run->outstanding == run->in_flight) {
            pthread_cond_wait(&run->room, &run->mutex);
        }
        run->outstanding++;
        pthread_mutex_unlock(&run->mutex);
        run->submitted_ns[e] = now_ns();
        enum tijori_status status = tijori_submit(run->ledger, w->bytes + w->offsets[e],
                                                  w->offsets[e + 1] - w->offsets[e], e);
        TIJORI_REQUIRE(status == TIJORI_OK);
    }
}

static uint64_t stored_bytes(const char *dir)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(0);
    uint64_t bytes = 0;
    if (tj_store_open_read(dir, &options, &store, NULL) == TJ_STORAGE_OK) {
        TIJORI_REQUIRE(tj_store_bytes(store, &bytes) == TJ_STORAGE_OK);
        tj_store_close(store);
    }
    return bytes;
}

/* The figures are worth nothing unless the ledger holds what was submitted: replays it as the
 * auditor does and compares entries and the sum that was moved. */
static bool check_totals(const struct workload *w, uint64_t entries_before, double *seconds)
{
    struct tj_store *store;
    struct tj_state *state = NULL;
    struct tj_replay_report report;
    struct tj_replay_options replay = {.threads = 0};
    struct tj_store_options options = tj_journal_options(0);
    if (tj_store_open_read(w->dir, &options, &store, NULL) != TJ_STORAGE_OK) {
        return false;
    }
    uint64_t start = now_ns();
    enum tijori_status status = tj_replay(store, &replay, &report, &state);
    *seconds = (double)(now_ns() - start) / 1e9;
    tj_store_close(store);
    if (status != TIJORI_OK) {
        return false;
    }
    const struct tj_total_object *total = tj_state_peek(
        state, TJ_T_TOTAL, 0, tj_total_number(1, TJ_CUSTOMER_TRANSFER, TJ_BASIS_DECLARED));
    bool agree = !report.failed && report.entries == entries_before + w->options.envelopes &&
                 total != NULL && total->amount[TJ_FLOW_OUTSIDE] == w->moved;
    tj_state_destroy(state);
    return agree;
}

static void drive(struct run *run, struct row *row)
{
    pthread_t receiver;
    uint32_t envelopes = row->options.envelopes;
    uint64_t cpu = cpu_ns();
    uint64_t start = now_ns();
    int failed = pthread_create(&receiver, NULL, receive_all, run);
    TIJORI_REQUIRE(failed == 0);
    submit_all(run);
    pthread_join(receiver, NULL);
    row->seconds = (double)(now_ns() - start) / 1e9;
    row->cpu_us = (double)(cpu_ns() - cpu) / 1e3 / envelopes;
    row->p1 = percentile(run->latency_ns, envelopes, 1);
    row->p50 = percentile(run->latency_ns, envelopes, 50);
    row->p99 = percentile(run->latency_ns, envelopes, 99);
    row->p100 = percentile(run->latency_ns, envelopes, 100);
}

static bool run_workload(const struct workload *w, struct row *row)
{
    struct run run = {.workload = w, .in_flight = row->in_flight};
    struct tijori_options options = {.threads = row->threads};
    struct tijori_message why;
    struct tijori_head head;
    uint64_t before = stored_bytes(w->dir);
    if (tijori_open(w->dir, TIJORI_WRITE, &options, &run.ledger, &why) != TIJORI_OK) {
        fprintf(stderr, "tijori-bench: %s\n", why.text);
        return false;
    }
    tijori_head(run.ledger, &head);
    run.submitted_ns = calloc(w->options.envelopes, sizeof *run.submitted_ns);
    run.latency_ns = calloc(w->options.envelopes, sizeof *run.latency_ns);
    TIJORI_REQUIRE(run.submitted_ns != NULL && run.latency_ns != NULL);
    pthread_mutex_init(&run.mutex, NULL);
    pthread_cond_init(&run.room, NULL);
    drive(&run, row);
    tijori_close(run.ledger);
    double movements = (double)w->options.envelopes * w->options.batch;
    row->bytes_per_movement = (double)(stored_bytes(w->dir) - before) / movements;
    row->totals_agree = check_totals(w, head.size, &row->audit_seconds) && run.refused == 0;
    pthread_mutex_destroy(&run.mutex);
    pthread_cond_destroy(&run.room);
    free(run.submitted_ns);
    free(run.latency_ns);
    return true;
}

static void remove_folder(const char *dir)
{
    DIR *folder = opendir(dir);
    struct dirent *file;
    char path[4400];
    while (folder != NULL && (file = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, file->d_name);
        unlink(path);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(dir);
}

/* Floors before and after, so that a machine that slows down slows both. */
static bool measure_row(struct row *row, const char *dir, double floor_seconds)
{
    char ledger[4096];
    struct workload workload;
    struct floors before;
    struct floors after;
    snprintf(ledger, sizeof ledger, "%s/ledger", dir);
    bool made = workload_create(&workload, &row->options, ledger);
    if (made) {
        floors_measure(&before, dir, floor_seconds);
        made = run_workload(&workload, row);
        floors_measure(&after, dir, floor_seconds);
        floors_mean(&row->floors, &before, &after);
    }
    workload_destroy(&workload);
    remove_folder(ledger);
    return made;
}

/* ---- the report ---- */

static const char *file_system(const char *dir)
{
    struct statfs facts;
    if (statfs(dir, &facts) != 0) {
        return "unknown";
    }
    switch ((unsigned long)facts.f_type) {
    case 0xef53:
        return "ext4";
    case 0x58465342:
        return "xfs";
    case 0x9123683e:
        return "btrfs";
    case 0x01021994:
        return "tmpfs (no disk: syncs cost nothing)";
    case 0x794c7630:
        return "overlayfs";
    }
    return "other";
}

static void cpu_model(char *out, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(out, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(out, size, "%s", colon + 2);
            out[strcspn(out, "\n")] = '\0';
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static json_t *machine(const char *dir)
{
    struct utsname kernel;
    char model[256];
    uname(&kernel);
    cpu_model(model, sizeof model);
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "cpu", model, "cores",
                     (int)tj_core_count(), "kernel", kernel.release, "file_system",
                     file_system(dir), "sync", "fdatasync before every receipt", "version",
                     TIJORI_VERSION, "commit", TIJORI_GIT_COMMIT, "compiler", TIJORI_COMPILER);
}

static json_t *floors_json(const struct floors *f)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
                     "ecdsa_verify_per_s_1_thread", f->ecdsa_one, "ecdsa_verify_per_s_all_cores",
                     f->ecdsa_all, "bip340_verify_per_s_1_thread", f->bip340_one,
                     "bip340_verify_per_s_all_cores", f->bip340_all, "sha256_65_ns",
                     f->sha256_65_ns, "sha256_113_ns", f->sha256_113_ns, "sha256_256_ns",
                     f->sha256_256_ns, "record_root_ns_per_record", f->record_root_ns,
                     "fdatasync_4k_us", f->fdatasync_4k_us, "fdatasync_64k_us", f->fdatasync_64k_us,
                     "fdatasync_1m_us", f->fdatasync_1m_us, "lmdb_commit_us", f->commit_us);
}

static void print_floors(const struct floors *f)
{
    printf("floor   verify ECDSA %.0f/s one thread, %.0f/s all cores; BIP-340 %.0f/s, %.0f/s\n",
           f->ecdsa_one, f->ecdsa_all, f->bip340_one, f->bip340_all);
    printf("floor   SHA-256 of 65/113/256 bytes %.0f/%.0f/%.0f ns; tree of 8,190 records %.0f ns "
           "a record\n",
           f->sha256_65_ns, f->sha256_113_ns, f->sha256_256_ns, f->record_root_ns);
    printf("floor   fdatasync after 4 KiB/64 KiB/1 MiB %.0f/%.0f/%.0f us; LMDB commit of one small "
           "row %.0f us\n",
           f->fdatasync_4k_us, f->fdatasync_64k_us, f->fdatasync_1m_us, f->commit_us);
}

static double verify_floor(const struct row *row)
{
    return row->options.algorithm == TJ_ALGORITHM_ECDSA ? row->floors.ecdsa_all
                                                        : row->floors.bip340_all;
}

static void print_row(const struct row *row)
{
    const struct workload_options *o = &row->options;
    double envelopes = o->envelopes / row->seconds;
    printf("ingest  %s, %u record%s an envelope, %u accounts, %u lanes, %u in flight, seed "
           "%" PRIu64 "\n",
           o->algorithm == TJ_ALGORITHM_ECDSA ? "ecdsa" : "bip340", o->batch,
           o->batch == 1 ? "" : "s", o->accounts, o->lanes, row->in_flight, o->seed);
    printf("        %.0f movements/s, %.0f envelopes/s (%.3f of the verify floor of all cores)\n",
           envelopes * o->batch, envelopes, envelopes / verify_floor(row));
    printf("        submit to receipt p1 %.3f, p50 %.3f, p99 %.3f, p100 %.3f ms; %.1f us of CPU an "
           "envelope\n",
           (double)row->p1 / 1e6, (double)row->p50 / 1e6, (double)row->p99 / 1e6,
           (double)row->p100 / 1e6, row->cpu_us);
    printf("        %.1f bytes on disk a movement; audit %.0f movements/s; totals %s\n",
           row->bytes_per_movement, (double)o->envelopes * o->batch / row->audit_seconds,
           row->totals_agree ? "agree with the ledger" : "DO NOT AGREE");
    print_floors(&row->floors);
}

static json_t *row_json(const struct row *row)
{
    const struct workload_options *o = &row->options;
    double envelopes = o->envelopes / row->seconds;
    return json_pack(
        "{s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:b,"
        " s:o}",
        "scheme", o->algorithm == TJ_ALGORITHM_ECDSA ? "ecdsa" : "bip340", "batch", (int)o->batch,
        "envelopes", (int)o->envelopes, "accounts", (int)o->accounts, "lanes", (int)o->lanes,
        "in_flight", (int)row->in_flight, "seed", (json_int_t)o->seed, "movements_per_s",
        envelopes * o->batch, "envelopes_per_s", envelopes, "ratio_to_verify_floor",
        envelopes / verify_floor(row), "latency_p1_ns", (json_int_t)row->p1, "latency_p50_ns",
        (json_int_t)row->p50, "latency_p99_ns", (json_int_t)row->p99, "latency_p100_ns",
        (json_int_t)row->p100, "cpu_us_per_envelope", row->cpu_us, "bytes_per_movement",
        row->bytes_per_movement, "audit_movements_per_s",
        (double)o->envelopes * o->batch / row->audit_seconds, "totals_agree", row->totals_agree,
        "floors", floors_json(&row->floors));
}

/* ---- commands ---- */

static bool make_folder(const struct arguments *arguments, char *out, size_t size)
{
    const char *dir = argument_value(arguments, "dir");
    snprintf(out, size, "%s/tijori-bench-XXXXXX", dir != NULL ? dir : ".");
    return mkdtemp(out) != NULL;
}

static void print_machine(const json_t *facts)
{
    const char *key;
    json_t *value;
    json_t *object = json_deep_copy(facts);
    printf("machine");
    json_object_foreach(object, key, value)
    {
        if (json_is_integer(value)) {
            printf("  %s %d", key, (int)json_integer_value(value));
        } else {
            printf("  %s %s;", key, json_string_value(value));
        }
    }
    printf("\n");
    json_decref(object);
}

static int cmd_floors(const struct arguments *arguments)
{
    struct floors floors;
    char dir[4000];
    if (!make_folder(arguments, dir, sizeof dir)) {
        return fail(EXIT_IO, "no folder for temporary files");
    }
    json_t *facts = machine(dir);
    floors_measure(&floors, dir, argument_flag(arguments, "quick") ? 0.5 : 10);
    rmdir(dir);
    if (argument_choice(arguments, "format") == 1) {
        json_object_set_new(facts, "floors", floors_json(&floors));
        json_dumpf(facts, stdout, JSON_INDENT(2));
        printf("\n");
    } else {
        print_machine(facts);
        print_floors(&floors);
    }
    json_decref(facts);
    return EXIT_PASS;
}

enum { ROWS_MAX = 4 };

static size_t default_rows(struct row rows[ROWS_MAX], bool quick)
{
    const uint32_t accounts = quick ? 1000 : 10000;
    const struct row standard[ROWS_MAX] = {
        {.options = {accounts, 1, quick ? 500 : 200000, 256, TJ_ALGORITHM_ECDSA, 0},
         .in_flight = 1024},
        {.options = {accounts, 1, quick ? 500 : 200000, 256, TJ_ALGORITHM_BIP340, 0},
         .in_flight = 1024},
        {.options = {accounts, 1, quick ? 200 : 4000, 1, TJ_ALGORITHM_ECDSA, 0}, .in_flight = 1},
        {.options = {accounts, 8190, quick ? 4 : 1000, 8, TJ_ALGORITHM_ECDSA, 0}, .in_flight = 16},
    };
    memcpy(rows, standard, sizeof standard);
    return ROWS_MAX;
}

static bool number(const struct arguments *arguments, const char *name, uint64_t max, uint32_t *out)
{
    uint64_t value = *out;
    bool valid = argument_number(arguments, name, 1, max, &value);
    *out = (uint32_t)value;
    return valid;
}

/* With a batch given, one row as asked for; without, the standard ones. */
static int read_rows(const struct arguments *arguments, struct row rows[ROWS_MAX], size_t *count)
{
    uint64_t seed = 1;
    bool given = argument_value(arguments, "batch") != NULL;
    *count = default_rows(rows, argument_flag(arguments, "quick"));
    if (!argument_number(arguments, "seed", 0, INT64_MAX, &seed)) {
        return EXIT_USAGE;
    }
    if (given) {
        rows[0].options.algorithm = (uint8_t)(argument_choice(arguments, "scheme") + 1);
        rows[0].options.envelopes = 1000;
        *count = 1;
    }
    for (size_t i = 0; i < *count; i++) {
        struct row *row = &rows[i];
        row->options.seed = seed;
        if (!number(arguments, "threads", TJ_THREADS_MAX, &row->threads) ||
            !number(arguments, "accounts", 100000000, &row->options.accounts) ||
            (given && (!number(arguments, "batch", TJ_RECORDS_MAX, &row->options.batch) ||
                       !number(arguments, "envelopes", 100000000, &row->options.envelopes) ||
                       !number(arguments, "lanes", TJ_LANES_MAX - 1, &row->options.lanes) ||
                       !number(arguments, "in-flight", TJ_QUEUE_MAX, &row->in_flight)))) {
            return EXIT_USAGE;
        }
    }
    return EXIT_PASS;
}

static void progress(size_t done, size_t count)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%zu of %zu rows%s", done, count, done == count ? "\n" : "");
    }
}

static int cmd_ingest(const struct arguments *arguments)
{
    struct row rows[ROWS_MAX];
    size_t count;
    char dir[4000];
    bool json = argument_choice(arguments, "format") == 1;
    double floor_seconds = argument_flag(arguments, "quick") ? 0.25 : 2.5;
    int code = read_rows(arguments, rows, &count);
    if (code != EXIT_PASS) {
        return code;
    }
    if (!make_folder(arguments, dir, sizeof dir)) {
        return fail(EXIT_IO, "no folder for temporary files");
    }
    json_t *report = machine(dir);
    json_t *results = json_array();
    if (!json) {
        print_machine(report);
        printf(
            "every envelope below was verified, hashed, applied and synced before its receipt\n");
    }
    for (size_t i = 0; i < count && code == EXIT_PASS; i++) {
        progress(i, count);
        if (!measure_row(&rows[i], dir, floor_seconds)) {
            code = EXIT_IO;
        } else if (json) {
            json_array_append_new(results, row_json(&rows[i]));
        } else {
            print_row(&rows[i]);
        }
        if (code == EXIT_PASS && !rows[i].totals_agree) {
            code = fail(EXIT_FAIL, "the ledger does not hold what was submitted");
        }
    }
    progress(count, count);
    rmdir(dir);
    json_object_set_new(report, "results", results);
    if (json) {
        json_dumpf(report, stdout, JSON_INDENT(2));
        printf("\n");
    }
    json_decref(report);
    return code;
}

#define COMMON_OPTIONS                                                                             \
    {"dir", 0, OPTION_VALUE, false, "D", "where the temporary ledger goes; default here"},         \
        {"quick", 0, OPTION_FLAG, false, NULL, "seconds, not minutes: shows that it runs"},        \
    {                                                                                              \
        "format", 0, OPTION_VALUE, false, "text|json", "how to print"                              \
    }
#define END_OF_OPTIONS                                                                             \
    {                                                                                              \
        NULL, 0, 0, false, NULL, NULL                                                              \
    }

static const struct option_row floors_options[] = {COMMON_OPTIONS, END_OF_OPTIONS};
static const struct option_row ingest_options[] = {
    {"batch", 0, OPTION_VALUE, false, "N", "one row with N records an envelope (default 4 rows)"},
    {"envelopes", 0, OPTION_VALUE, false, "N", "with --batch: how many; default 1000"},
    {"accounts", 0, OPTION_VALUE, false, "N", "touched at random; default 10000"},
    {"scheme", 0, OPTION_VALUE, false, "ecdsa|bip340", "with --batch: the signatures"},
    {"lanes", 0, OPTION_VALUE, false, "N", "with --batch; default 256"},
    {"in-flight", 0, OPTION_VALUE, false, "N", "with --batch: submitted, not yet received"},
    {"threads", 0, OPTION_VALUE, false, "N", "that verify; default one a core"},
    {"seed", 0, OPTION_VALUE, false, "S", "of accounts and amounts; default 1"},
    COMMON_OPTIONS,
    END_OF_OPTIONS,
};

static const struct command commands[] = {
    {"floors", "[--dir D] [--quick] [--format text|json]", "measure what the machine can do", NULL,
     NULL, floors_options, NULL, 0, 0, cmd_floors},
    {"ingest",
     "[--batch N [--envelopes N] [--scheme ecdsa|bip340] [--lanes N] [--in-flight N]] "
     "[--accounts N] [--threads N] [--seed S] [--dir D] [--quick] [--format text|json]",
     "measure the way from a signed envelope to a durable receipt", NULL, NULL, ingest_options,
     NULL, 0, 0, cmd_ingest},
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
    return program_main(&program, argc, argv);
}
