#define _GNU_SOURCE 1 /* ppoll */

#include "cli/progress.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/ingest_sign.h"
#include "cli/tijori/repairs_print.h"
#include "crypto/hex.h"
#include "text/json.h"
#include "text/table.h"
#include "text/text.h"
#include "core/format/envelope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* One thread reads envelopes from the files and submits them, another receives the receipts and
 * prints them: submit waits while the queue is full, and only receiving empties it. */

enum {
    WINDOW = 8192,       /* envelopes whose receipts are not printed yet, at most */
    READ_SIZE = 1 << 20, /* bytes asked for at a time */
    BUFFER_SIZE = TJ_ENVELOPE_SIZE_MAX + READ_SIZE, /* the largest envelope and one more read */
};

struct source {
    const char *file;
    uint64_t number; /* of the envelope in its file, from 1 */
    uint32_t records;
};

struct ingest {
    struct tijori *ledger;
    bool json;
    bool dry_run;
    uint8_t *buffer;
    /* Shared by the two threads. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t submitted;
    uint64_t printed;
    bool ended; /* nothing more will be submitted */
    struct source sources[WINDOW];
    /* What became of them. */
    uint64_t accepted;
    uint64_t already;
    uint64_t refused;
    uint64_t full;
    uint64_t failed;
    bool clock_doubted;
    int code; /* of what is not an envelope: a file that cannot be read, a stream cut short */
    struct ingest_signer signer;
};

/* ---- stopping ---- */

/* SIGTERM and SIGINT end the reading; what was submitted by then is decided, answered and stored.
 * They are blocked in every thread and let in only where the next bytes are waited for, so nothing
 * else is ever interrupted. */
static volatile sig_atomic_t stop_signal;

static void note_signal(int number)
{
    stop_signal = number;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* A signal that came while it was blocked. ppoll lets it in only when it has to wait, which it need
 * not for a file or a full pipe. */
static void note_pending_signal(void)
{
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGTERM) == 1) {
        stop_signal = SIGTERM;
    } else if (sigismember(&pending, SIGINT) == 1) {
        stop_signal = SIGINT;
    }
}

/* Waits until there is something to read, or a signal to stop: then false. */
static bool wait_for_bytes(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    sigset_t open;
    pthread_sigmask(SIG_BLOCK, NULL, &open);
    sigdelset(&open, SIGTERM);
    sigdelset(&open, SIGINT);
    note_pending_signal();
    while (stop_signal == 0 && ppoll(&wanted, 1, NULL, &open) < 0 && errno == EINTR) {
    }
    return stop_signal == 0;
}

/* ---- receipts ---- */

static void count_receipt(struct ingest *ingest, enum tijori_status status)
{
    const bool later = exit_code_of(status) == EXIT_TRY_AGAIN;
    ingest->clock_doubted = ingest->clock_doubted || status == TIJORI_CLOCK_JUMP;
    uint64_t *counter = status == TIJORI_OK                              ? &ingest->accepted
                        : status == TIJORI_ALREADY                       ? &ingest->already
                        : later                                          ? &ingest->full
                        : status == TIJORI_FAILED || status == TIJORI_IO ? &ingest->failed
                                                                         : &ingest->refused;
    ++*counter;
}

static void print_receipt_text(struct ingest *ingest, const struct source *source,
                               const struct tijori_receipt *receipt)
{
    char id[2 * TJ_HASH_SIZE + 1];
    char leaf[2 * TJ_HASH_SIZE + 1];
    char text[1024];
    char file[512];
    tj_hex_encode(id, receipt->envelope_id, TJ_HASH_SIZE);
    tj_hex_encode(leaf, receipt->leaf, TJ_HASH_SIZE);
    if (receipt->status == TIJORI_OK || receipt->status == TIJORI_ALREADY) {
        const char *more = receipt->status == TIJORI_ALREADY ? "  already in the ledger"
                           : ingest->dry_run                 ? "  would be accepted"
                                                             : "";
        printf("entry %" PRIu64 "  %" PRIu32 " records  envelope %.16s…", receipt->entry,
               source->records, id);
        /* What would be accepted has no leaf yet: its entry would hold the time of receipt. */
        if (receipt->status == TIJORI_ALREADY || !ingest->dry_run) {
            printf("  leaf %.16s…", leaf);
        }
        if (ingest_signer_cover(&ingest->signer, receipt)) {
            printf("  checkpoint %" PRIu64, ingest->signer.newest.size);
        }
        printf("%s\n", more);
        return;
    }
    text_sanitise(text, sizeof text, receipt->text);
    text_sanitise(file, sizeof file, source->file);
    printf("refused  %s, envelope %" PRIu64 ": %s", file, source->number, text);
    if (receipt->status == TIJORI_CONFLICT) {
        tj_hex_encode(leaf, receipt->conflict_id, TJ_HASH_SIZE);
        printf("; entry %" PRIu64 " holds envelope %s, this one is %s", receipt->entry, leaf, id);
    }
    putchar('\n');
}

static void print_signed_json(struct ingest_signer *signer, const struct tijori_receipt *receipt)
{
    char note[TJ_RECEIPT_NOTE_MAX + 1];
    if (ingest_signer_cover(signer, receipt)) {
        printf(", \"checkpoint\": ");
        json_print_string(stdout, signer->note);
    }
    if (ingest_signer_sign(signer, note, receipt)) {
        printf(", \"receipt\": ");
        json_print_string(stdout, note);
    }
}

static void print_receipt_json(struct ingest *ingest, const struct source *source,
                               const struct tijori_receipt *receipt)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    bool in = receipt->status == TIJORI_OK || receipt->status == TIJORI_ALREADY;
    printf("{\"status\": \"%s\", \"file\": ", tijori_status_name(receipt->status));
    json_print_string(stdout, source->file);
    printf(", \"envelope\": %" PRIu64 ", \"records\": %" PRIu32, source->number, source->records);
    if (!tj_all_zero(receipt->envelope_id, TJ_HASH_SIZE)) { /* not so far in the bytes */
        tj_hex_encode(hex, receipt->envelope_id, TJ_HASH_SIZE);
        printf(", \"envelope_id\": \"%s\"", hex);
    }
    if (ingest->dry_run) {
        printf(", \"dry_run\": true");
    }
    if (in || receipt->status == TIJORI_CONFLICT) {
        printf(", \"entry\": %" PRIu64, receipt->entry);
    }
    if (in && (receipt->status == TIJORI_ALREADY || !ingest->dry_run)) {
        char received[TEXT_SIZE];
        tj_hex_encode(hex, receipt->leaf, TJ_HASH_SIZE);
        text_format_time_ns(received, receipt->received_ns);
        printf(", \"leaf\": \"%s\", \"received\": \"%s\"", hex, received);
    }
    if (receipt->status == TIJORI_CONFLICT) {
        tj_hex_encode(hex, receipt->conflict_id, TJ_HASH_SIZE);
        printf(", \"conflict_id\": \"%s\"", hex);
    }
    if (receipt->record != TJ_NOWHERE) {
        printf(", \"record\": %" PRIu32, receipt->record);
    }
    if (receipt->field[0] != '\0') {
        printf(", \"field\": ");
        json_print_string(stdout, receipt->field);
    }
    printf(", \"text\": ");
    json_print_string(stdout, receipt->text);
    print_signed_json(&ingest->signer, receipt);
    printf("}\n");
}

static void print_receipt(struct ingest *ingest, const struct source *source,
                          const struct tijori_receipt *receipt)
{
    count_receipt(ingest, receipt->status);
    progress_step(
        NULL, ingest->accepted + ingest->already + ingest->refused + ingest->full + ingest->failed,
        0);
    (ingest->json ? print_receipt_json : print_receipt_text)(ingest, source, receipt);
    /* Whoever reads this acts on it: it does not wait for the next one. */
    fflush(stdout);
}

static void *receive(void *context)
{
    struct ingest *ingest = context;
    struct tijori_receipt receipt;
    pthread_mutex_lock(&ingest->mutex);
    for (;;) {
        while (ingest->printed == ingest->submitted && !ingest->ended) {
            pthread_cond_wait(&ingest->changed, &ingest->mutex);
        }
        if (ingest->printed == ingest->submitted) {
            break;
        }
        struct source source = ingest->sources[ingest->printed % WINDOW];
        pthread_mutex_unlock(&ingest->mutex);
        enum tijori_status status = tijori_receive(ingest->ledger, &receipt);
        TIJORI_REQUIRE(status == TIJORI_OK);
        print_receipt(ingest, &source, &receipt);
        pthread_mutex_lock(&ingest->mutex);
        ingest->printed++;
        pthread_cond_broadcast(&ingest->changed);
    }
    pthread_mutex_unlock(&ingest->mutex);
    return NULL;
}

/* ---- submitting ---- */

/* Waits until at most `left` receipts are outstanding. */
static void wait_for(struct ingest *ingest, uint64_t left)
{
    pthread_mutex_lock(&ingest->mutex);
    while (ingest->submitted - ingest->printed > left) {
        pthread_cond_wait(&ingest->changed, &ingest->mutex);
    }
    pthread_mutex_unlock(&ingest->mutex);
}

/* What the ledger did not even take into its queue gets a receipt all the same. */
static void refuse_here(struct ingest *ingest, const struct source *source,
                        enum tijori_status status)
{
    struct tijori_receipt receipt = {.status = status, .record = TJ_NOWHERE};
    snprintf(receipt.text, sizeof receipt.text, "%s: %s", tijori_status_name(status),
             tijori_status_text(status));
    wait_for(ingest, 0);
    print_receipt(ingest, source, &receipt);
}

/* False when nothing more can be submitted. */
static bool submit(struct ingest *ingest, const uint8_t *bytes, size_t size,
                   const struct source *source)
{
    if (ingest->dry_run) {
        struct tijori_receipt receipt;
        enum tijori_status status = tijori_dry_run(ingest->ledger, &receipt, bytes, size);
        if (status == TIJORI_OK) {
            print_receipt(ingest, source, &receipt);
        } else {
            refuse_here(ingest, source, status);
        }
        return true;
    }
    wait_for(ingest, WINDOW - 1);
    enum tijori_status status = tijori_submit(ingest->ledger, bytes, size, ingest->submitted);
    if (status != TIJORI_OK) {
        refuse_here(ingest, source, status);
        return status == TIJORI_OVERSIZED;
    }
    pthread_mutex_lock(&ingest->mutex);
    ingest->sources[ingest->submitted % WINDOW] = *source;
    ingest->submitted++;
    pthread_cond_broadcast(&ingest->changed);
    pthread_mutex_unlock(&ingest->mutex);
    return true;
}

/* ---- reading ---- */

/* A file being read piece by piece; what is not yet used stands in buffer[at .. end]. */
struct stream {
    int fd;
    size_t at;
    size_t end;
    bool eof;
};

static bool fill(struct ingest *ingest, struct stream *stream)
{
    /* Moved to the front only when an envelope is cut by the end, so each byte moves once or
     * twice. */
    if (stream->at > 0) {
        memmove(ingest->buffer, ingest->buffer + stream->at, stream->end - stream->at);
        stream->end -= stream->at;
        stream->at = 0;
    }
    ssize_t got;
    do {
        got = read(stream->fd, ingest->buffer + stream->end, READ_SIZE);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return false;
    }
    stream->eof = got == 0;
    stream->end += (size_t)got;
    return true;
}

/* Bytes that are no envelope end the file: where the next one would start cannot be known. */
static void refuse_stream(struct ingest *ingest, const struct source *source, uint64_t taken,
                          enum tijori_status status)
{
    refuse_here(ingest, source, status);
    message("%s: stopped at byte %" PRIu64 ": where the next envelope would start cannot be known "
            "from here on; the rest of this file was not read",
            source->file, taken);
}

/* Answers false: nothing more is submitted. */
static bool stop_here(struct ingest *ingest, const struct source *source)
{
    wait_for(ingest, 0);
    message("%s: stopped by a signal (%s) before envelope %" PRIu64
            "; all before it are decided, the rest was not read",
            source->file, strsignal(stop_signal), source->number);
    ingest->code = EXIT_TRY_AGAIN;
    return false;
}

static bool ingest_stream(struct ingest *ingest, struct stream *stream, const char *file)
{
    struct source source = {.file = file, .number = 1};
    uint64_t taken = 0;
    for (;;) {
        const uint8_t *bytes = ingest->buffer + stream->at;
        size_t available = stream->end - stream->at;
        size_t size = 0;
        enum tijori_status status =
            available == 0 ? TIJORI_TRUNCATED : tj_envelope_measure(&size, bytes, available);
        source.records = available >= TJ_HEADER_SIZE ? tj_header_record_count(bytes) : 0;
        if (status == TIJORI_TRUNCATED && !stream->eof) {
            if (!wait_for_bytes(stream->fd)) {
                return stop_here(ingest, &source);
            }
            if (!fill(ingest, stream)) {
                int error = errno;
                wait_for(ingest, 0);
                ingest->code = fail_errno(error, file);
                return true;
            }
            continue;
        }
        if (status == TIJORI_TRUNCATED && available == 0 && source.number > 1) {
            return true;
        }
        if (status != TIJORI_OK) {
            refuse_stream(ingest, &source, taken, status);
            return true;
        }
        if (!submit(ingest, bytes, size, &source)) {
            return false;
        }
        stream->at += size;
        taken += size;
        source.number++;
    }
}

static bool ingest_file(struct ingest *ingest, const char *file)
{
    bool standard = strcmp(file, "-") == 0;
    struct stream stream = {.fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)};
    if (stream.fd < 0) {
        int error = errno;
        wait_for(ingest, 0);
        ingest->code = fail_errno(error, file);
        return true;
    }
    bool go_on = ingest_stream(ingest, &stream, standard ? "standard input" : file);
    if (!standard) {
        close(stream.fd);
    }
    return go_on;
}

/* ---- the command ---- */

static void ingest_all(struct ingest *ingest, const struct arguments *arguments)
{
    pthread_t receiver;
    int error = pthread_create(&receiver, NULL, receive, ingest);
    if (error != 0) {
        ingest->code = fail_errno(error, "a thread");
        return;
    }
    bool go_on = true;
    if (arguments->operand_count == 1) {
        ingest_file(ingest, "-");
    }
    for (size_t i = 1; i < arguments->operand_count && go_on; i++) {
        go_on = ingest_file(ingest, arguments->operands[i]);
    }
    pthread_mutex_lock(&ingest->mutex);
    ingest->ended = true;
    pthread_cond_broadcast(&ingest->changed);
    pthread_mutex_unlock(&ingest->mutex);
    pthread_join(receiver, NULL);
}

static int conclude(const struct ingest *ingest)
{
    message("%" PRIu64 " %s, %" PRIu64 " already in the ledger, %" PRIu64 " refused",
            ingest->accepted, ingest->dry_run ? "would be accepted" : "accepted", ingest->already,
            ingest->refused + ingest->full + ingest->failed);
    if (ingest->clock_doubted) {
        message("this machine's clock was not believed (CLOCK_JUMP): set it, or, if it is right, "
                "pass --accept-clock");
    }
    return ingest->failed > 0    ? EXIT_IO
           : ingest->full > 0    ? EXIT_TRY_AGAIN
           : ingest->refused > 0 ? EXIT_DATA
           : ingest->code != 0   ? ingest->code
                                 : ingest->signer.code;
}

static int open_ledger(struct ingest *ingest, const struct arguments *arguments)
{
    struct tijori_message why;
    struct tijori_options options = {0};
    uint64_t threads = 0;
    if (!argument_number(arguments, &threads, "threads", 1, TJ_THREADS_MAX) ||
        !argument_number(arguments, &options.map_size, "map-size", 1 << 16, UINT64_MAX)) {
        return EXIT_USAGE;
    }
    int code = ingest_signer_init(&ingest->signer, arguments);
    if (code != EXIT_PASS) {
        return code;
    }
    options.log_key = ingest->signer.on ? ingest->signer.secret32 : NULL;
    options.threads = (uint32_t)threads;
    options.accept_clock_jump = argument_flag(arguments, "accept-clock");
    /* A dry run has nothing to write, and no business with the writer's lock. */
    enum tijori_mode mode = ingest->dry_run ? TIJORI_READ : TIJORI_WRITE;
    enum tijori_status status =
        tijori_open(&ingest->ledger, arguments->operands[0], mode, &options, &why);
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(ingest->ledger, arguments->operands[0]);
    ingest_signer_start(&ingest->signer, ingest->ledger);
    return EXIT_PASS;
}

int cmd_ingest(const struct arguments *arguments)
{
    struct ingest *ingest = memory_needed(calloc(1, sizeof *ingest));
    ingest->json = argument_choice(arguments, "format") == 1;
    ingest->dry_run = argument_flag(arguments, "dry-run");
    ingest->buffer = memory_needed(malloc(BUFFER_SIZE));
    pthread_mutex_init(&ingest->mutex, NULL);
    pthread_cond_init(&ingest->changed, NULL);
    catch_signals(); /* before the ledger starts its threads, which inherit what is blocked */
    int code = open_ledger(ingest, arguments);
    if (code == EXIT_PASS) {
        if (isatty(STDOUT_FILENO) != 1) { /* there the receipts show how far it is */
            progress_begin("envelopes");
        }
        ingest_all(ingest, arguments);
        tijori_close(ingest->ledger);
        progress_end();
        code = conclude(ingest);
    }
    ingest_signer_clear(&ingest->signer);
    pthread_cond_destroy(&ingest->changed);
    pthread_mutex_destroy(&ingest->mutex);
    free(ingest->buffer);
    free(ingest);
    return code;
}
