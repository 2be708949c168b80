#include "core/ingest/ledger.h"

#include "core/ingest/checkpoints.h"
#include "core/ingest/idle_walk.h"
#include "core/ingest/mend.h"
#include "core/log/log_head.h"
#include "core/rules/genesis.h"

#include <inttypes.h>
#include <sys/timex.h>
#include <time.h>

struct tijori {
    enum tijori_mode mode;
    struct tj_ingest
        ingest; /* TIJORI_READ judges with it at most, in a dry run, and commits nothing */
    struct tj_pipeline *pipeline;
    struct tj_idle_walk walk;
    /* TIJORI_READ: the picture taken at open. */
    struct tj_txn *txn;
    struct tj_repairs repairs; /* what was found damaged at the opening */
    char accepted[32];         /* the text of nearly every receipt, formatted once */
    /* With a log key: what signs each commit. */
    struct tj_signer signer;
    char origin[TJ_ORIGIN_MAX];
    uint8_t log_key[TJ_SECRET_KEY_SIZE];
};

size_t tijori_envelope_size_max(void)
{
    return TJ_ENVELOPE_SIZE_MAX;
}

static uint64_t system_clock(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * TJ_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* A kernel that may not be asked, as in some sandboxes, has not said so. */
static int system_synchronised(void *context)
{
    struct timex said = {.modes = 0};
    const int state = ntp_adjtime(&said);
    (void)context;
    return state >= 0 && state != TIME_ERROR && (said.status & STA_UNSYNC) == 0;
}

static enum tijori_status say(struct tijori_message *message, enum tijori_status status,
                              const char *dir, const char *more)
{
    if (message != NULL) {
        snprintf(message->text, sizeof message->text, "%.160s: %.120s%s%.200s", dir,
                 tijori_status_text(status), more[0] != '\0' ? ": " : "", more);
    }
    return status;
}

/* ---- open and close ---- */

static void ledger_free(struct tijori *ledger)
{
    TJ_VERIFY_CHECK(ledger->txn == NULL || ledger->mode == TIJORI_READ);
    tj_pipeline_destroy(ledger->pipeline);
    if (ledger->txn != NULL) {
        tj_read_end(ledger->txn);
    }
    tj_state_destroy(ledger->ingest.state);
    tj_store_close(ledger->ingest.store);
    tj_ingest_clear(&ledger->ingest);
    tj_cleanse(ledger->log_key, sizeof ledger->log_key);
    free(ledger);
}

static struct tj_own_clock own_clock(const struct tijori_options *options)
{
    struct tj_own_clock clock = {options->clock, options->clock_synchronised,
                                 options->clock_context, options->accept_clock_jump != 0};
    if (clock.read == NULL) {
        clock.read = system_clock;
        clock.synchronised = clock.synchronised != NULL ? clock.synchronised : system_synchronised;
    }
    return clock;
}

static struct tijori *ledger_new(enum tijori_mode mode, const struct tijori_options *options)
{
    struct tj_verdict accepted;
    struct tijori *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        return NULL;
    }
    ledger->mode = mode;
    ledger->ingest.clock = own_clock(options);
    tj_verdict_init(&accepted);
    tj_verdict_format(&accepted, ledger->accepted, sizeof ledger->accepted);
    if (!tj_ingest_init(&ledger->ingest)) {
        ledger_free(ledger);
        return NULL;
    }
    return ledger;
}

/* A status alone would leave the operator to guess which file may not be read, or which program
 * wrote what this one does not know. `more` says it. */
static enum tijori_status open_store(struct tijori *ledger, char *more, size_t more_size,
                                     const char *dir, uint64_t map_size)
{
    uint32_t format = 0;
    struct tj_store_options options = tj_journal_options(map_size);
    enum tj_storage_status status =
        ledger->mode == TIJORI_WRITE
            ? tj_store_open_write(&ledger->ingest.store, &format, dir, &options)
            : tj_store_open_read(&ledger->ingest.store, &format, dir, &options);
    if (status == TJ_STORAGE_DENIED) {
        const char *file = tj_store_denied(dir, ledger->mode == TIJORI_WRITE);
        snprintf(more, more_size, "%s", file != NULL ? file : "the folder itself");
    }
    if (status == TJ_STORAGE_VERSION) {
        snprintf(more, more_size, "format %" PRIu32 ", this program knows %d%s", format,
                 TJ_STORE_FORMAT,
                 format != 0 && format < TJ_STORE_FORMAT
                     ? ": this one was never released, and no program turns it into another"
                     : "");
    }
    return tj_from_storage(status);
}

/* All of it is read in one transaction, so that head, entries and blocks belong together while
 * another process writes. A reader keeps that transaction: it is the picture that it answers from.
 * Rows that are derived from the log are held against it, and worked out anew where they are
 * damaged: what is opened is what the log says, or it is not opened. */
static enum tijori_status load(struct tijori *ledger)
{
    struct tj_txn *txn;
    struct tj_ingest *ingest = &ledger->ingest;
    struct tj_head_row row;
    struct tj_log_end end;
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_log_head(txn, &ingest->digester, &row, &ledger->repairs);
    if (status == TIJORI_OK) {
        status = tj_log_end_read(txn, &ingest->digester, &end, &row);
        if (status == TIJORI_CORRUPT) {
            status = tj_repairs_damage(
                &ledger->repairs, "entry %" PRIu64 " or its body cannot be read", row.size - 1);
        }
    }
    if (status == TIJORI_OK) {
        tj_ingest_start_from(ingest, &end);
        status = tj_snapshot_mend(txn, &ingest->digester, &ingest->state, &ledger->repairs, &row);
    }
    if (status == TIJORI_OK && ledger->mode == TIJORI_READ) {
        ledger->txn = txn;
    } else {
        tj_read_end(txn);
    }
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_CORRUPT;
    }
    return status;
}

/* From here on every commit is signed. What is there already is signed first: that holds it against
 * what was signed before, so that nothing is ever signed that does not follow from that. */
static enum tijori_status take_log_key(struct tijori *ledger, const uint8_t *log_key)
{
    struct tj_ingest *ingest = &ledger->ingest;
    char *note = malloc(TJ_CHECKPOINT_NOTE_MAX);
    size_t size;
    if (note == NULL) {
        return TIJORI_MEMORY;
    }
    memcpy(ledger->log_key, log_key, sizeof ledger->log_key);
    tj_origin(ingest->state, ledger->origin);
    enum tijori_status status = TIJORI_KEY_UNKNOWN;
    if (tj_public_key_of(&ingest->signer_key, TJ_ALGORITHM_ED25519, log_key)) {
        status = tj_checkpoint_make(ingest, note, &size, ledger->log_key);
    }
    free(note);
    ledger->signer = (struct tj_signer){ledger->origin, ledger->log_key};
    ingest->signer = &ledger->signer;
    return status;
}

/* Blocks that were worked out anew are stored at once: they are all that a stored state lacks, and
 * until then every opening works them out again. */
static enum tijori_status mend(struct tijori *ledger)
{
    struct tj_ingest *ingest = &ledger->ingest;
    tj_ingest_hold(ingest);
    enum tijori_status status = tj_mend(ingest, &ledger->repairs, false);
    tj_ingest_let_go(ingest);
    if (status == TIJORI_OK && ledger->repairs.count > 0) {
        tj_ingest_store_all(ingest);
    }
    return status;
}

/* Only what writes comes here. What is damaged is mended before the first checkpoint is signed, and
 * signing must have begun before the first group can be committed: so the threads come last. */
static enum tijori_status start(struct tijori *ledger, const struct tijori_options *options)
{
    struct tj_pipeline_options pipeline = {
        .capacity = TJ_QUEUE_MAX,
        .item_size = sizeof(struct tj_ingest_item),
        .ring_bytes = TJ_QUEUE_BYTES,
        .threads = options->threads,
        .ready_max = TJ_GROUP_ENVELOPES_MAX,
        .work = tj_ingest_check,
        .decide = tj_ingest_decide,
        .context = &ledger->ingest,
    };
    enum tijori_status status = mend(ledger);
    tj_ingest_hold(&ledger->ingest);
    if (status == TIJORI_OK && options->log_key != NULL) {
        status = take_log_key(ledger, options->log_key);
    }
    tj_known_keys_of_state(&ledger->ingest.known_keys, ledger->ingest.state);
    tj_ingest_let_go(&ledger->ingest);
    if (status != TIJORI_OK) {
        return status;
    }
    ledger->pipeline = tj_pipeline_create(&pipeline);
    if (ledger->pipeline == NULL) {
        return TIJORI_MEMORY;
    }
    tj_idle_walk_start(&ledger->walk, &ledger->ingest);
    return TIJORI_OK;
}

/* Whatever step fails, ledger_free takes down what the steps before it set up, and *out stays as it
 * was: a caller either has a whole ledger or has nothing to close. */
enum tijori_status tijori_open(struct tijori **out, const char *dir, enum tijori_mode mode,
                               const struct tijori_options *options, struct tijori_message *message)
{
    static const struct tijori_options defaults;
    char more[TJ_REPAIR_TEXT_SIZE] = "";
    options = options != NULL ? options : &defaults;
    struct tijori *ledger = ledger_new(mode, options);
    if (ledger == NULL) {
        return say(message, TIJORI_MEMORY, dir, "");
    }
    enum tijori_status status = open_store(ledger, more, sizeof more, dir, options->map_size);
    if (status == TIJORI_OK) {
        status = load(ledger);
    }
    if (status == TIJORI_OK && mode == TIJORI_WRITE) {
        status = start(ledger, options);
    }
    if (status == TIJORI_KEY_UNKNOWN) {
        snprintf(more, sizeof more, "the log key is not registered here, or was retired");
    }
    if (status != TIJORI_OK) {
        if (status == TIJORI_CORRUPT && ledger->repairs.damage[0] != '\0') {
            snprintf(more, sizeof more, "%s", ledger->repairs.damage);
        }
        ledger_free(ledger);
        return say(message, status, dir, more);
    }
    *out = ledger;
    return TIJORI_OK;
}

void tijori_close(struct tijori *ledger)
{
    if (ledger == NULL) {
        return;
    }
    if (ledger->mode == TIJORI_WRITE) {
        tj_pipeline_drain(ledger->pipeline);
        tj_idle_walk_stop(&ledger->walk);
        tj_ingest_store_all(&ledger->ingest);
    }
    ledger_free(ledger);
}

/* ---- create ---- */

static enum tijori_status check_one(struct tijori *ledger, struct tj_ingest_item *item,
                                    const uint8_t *bytes, size_t size)
{
    void *items[1] = {item};
    item->bytes = bytes;
    item->size = size;
    tj_ingest_check(NULL, &ledger->ingest.digester, items, 1);
    return item->verdict.status;
}

/* Makes the envelope that entry 0 came from, so that it can be checked and judged as any other:
 * header, records, no slots, no attachments. */
static enum tijori_status genesis_envelope(uint8_t **out, size_t *out_size, const uint8_t *entry_0,
                                           size_t entry_0_size, const uint8_t *records,
                                           size_t records_size, struct tj_verdict *verdict)
{
    struct tj_entry_view entry;
    enum tijori_status status = tj_entry_decode(&entry, entry_0, entry_0_size, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (records_size != (size_t)entry.header.record_count * TJ_RECORD_SIZE) {
        return tj_refuse(verdict, TIJORI_RECORD_COUNT, "record_count");
    }
    *out_size = TJ_HEADER_SIZE + records_size + 4;
    TJ_VERIFY_CHECK(*out_size <= TJ_ENVELOPE_SIZE_MAX);
    *out = calloc(1, *out_size);
    if (*out == NULL) {
        return TIJORI_MEMORY;
    }
    memcpy(*out, entry.header_bytes, TJ_HEADER_SIZE);
    memcpy(*out + TJ_HEADER_SIZE, records, records_size);
    return TIJORI_OK;
}

/* The genesis is judged without a disk first, so that a wrong one leaves nothing behind. The
 * opening can be judged only on the state that the genesis makes, and that writes; so when it is
 * refused, the new store is removed again. The store gets its name when both are in it: a process
 * that dies before leaves no ledger, and the next one begins anew. */
static enum tijori_status create_checked(struct tijori *ledger, struct tj_ingest_item *genesis,
                                         struct tj_ingest_item *opening, const char *dir,
                                         const struct tijori_options *options,
                                         struct tj_verdict *verdict)
{
    enum tijori_status status = tj_genesis_check(&ledger->ingest.digester, genesis->view.records,
                                                 genesis->view.header.record_count,
                                                 genesis->view.header.created_s, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_store_options store = tj_journal_options(options->map_size);
    status = tj_from_storage(tj_store_begin(&ledger->ingest.store, dir, &store));
    if (status != TIJORI_OK) {
        return tj_refuse(verdict, status, NULL);
    }
    ledger->ingest.state = tj_state_create();
    ledger->ingest.clock.accepted = true; /* whoever makes a ledger states its time */
    status = TIJORI_MEMORY;
    if (ledger->ingest.state != NULL) {
        status = tj_ingest_found(&ledger->ingest, genesis, opening);
    }
    TJ_VERIFY_CHECK(status != TIJORI_OK || ledger->ingest.head.row.size == 2);
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_store_publish(ledger->ingest.store));
    }
    if (status != TIJORI_OK) {
        *verdict = genesis->verdict.status > TIJORI_ALREADY ? genesis->verdict : opening->verdict;
        verdict->status = status;
        tj_store_remove(ledger->ingest.store);
        ledger->ingest.store = NULL;
    }
    return status;
}

/* Every step reports into one verdict, and its text is made once, at the end. Each step is taken
 * only when the one before it went well. */
enum tijori_status tijori_create(struct tijori_message *message, const char *dir,
                                 const uint8_t *entry_0, size_t entry_0_size,
                                 const uint8_t *genesis_records, size_t genesis_records_size,
                                 const uint8_t *opening, size_t opening_size,
                                 const struct tijori_options *options)
{
    static const struct tijori_options defaults;
    struct tj_ingest_item items[2] = {{0}, {0}};
    struct tj_verdict verdict;
    uint8_t *bytes = NULL;
    size_t size = 0;
    char text[256];
    options = options != NULL ? options : &defaults;
    tj_verdict_init(&verdict);
    struct tijori *ledger = ledger_new(TIJORI_WRITE, options);
    if (ledger == NULL) {
        return say(message, TIJORI_MEMORY, dir, "");
    }
    enum tijori_status status = genesis_envelope(&bytes, &size, entry_0, entry_0_size,
                                                 genesis_records, genesis_records_size, &verdict);
    if (status == TIJORI_OK) {
        status = check_one(ledger, &items[0], bytes, size);
        verdict = items[0].verdict;
    }
    if (status == TIJORI_OK) {
        status = check_one(ledger, &items[1], opening, opening_size);
        verdict = items[1].verdict;
    }
    if (status == TIJORI_OK) {
        status = create_checked(ledger, &items[0], &items[1], dir, options, &verdict);
    }
    verdict.status = status;
    tj_verdict_format(&verdict, text, sizeof text);
    free(bytes);
    ledger_free(ledger);
    if (status != TIJORI_OK && message != NULL) {
        snprintf(message->text, sizeof message->text, "%.120s: %.255s", dir, text);
    }
    return status;
}

/* ---- writing ---- */

enum tijori_status tijori_submit(struct tijori *ledger, const uint8_t *bytes, size_t size,
                                 uint64_t tag)
{
    uint8_t *data;
    if (ledger->mode != TIJORI_WRITE) {
        return TIJORI_READ_ONLY;
    }
    if (size > TJ_ENVELOPE_SIZE_MAX) {
        return TIJORI_OVERSIZED;
    }
    struct tj_ingest_item *item = tj_pipeline_reserve(ledger->pipeline, &data, size);
    if (size > 0) {
        memcpy(data, bytes, size);
    }
    item->bytes = data;
    item->size = size;
    item->tag = tag;
    tj_pipeline_publish(ledger->pipeline, size);
    return TIJORI_OK;
}

/* A receipt says only what its status stands for. What an item holds beyond that is left from an
 * attempt that did not count, and is not given out. */
static void fill_receipt(const struct tijori *ledger, struct tijori_receipt *out,
                         const struct tj_ingest_item *item)
{
    const struct tj_verdict *verdict = &item->verdict;
    memset(out, 0, sizeof *out);
    out->tag = item->tag;
    out->status = verdict->status;
    out->record = verdict->record;
    memcpy(out->envelope_id, item->envelope_id.bytes, TJ_HASH_SIZE);
    TJ_VERIFY_CHECK(verdict->status != TIJORI_OK || (item->judged && item->has_id));
    if (verdict->status == TIJORI_OK || verdict->status == TIJORI_ALREADY) {
        out->entry = item->entry;
        out->received_ns = item->received_ns;
        memcpy(out->leaf, item->leaf.bytes, TJ_HASH_SIZE);
    }
    if (verdict->status == TIJORI_CONFLICT) {
        out->entry = item->entry;
        memcpy(out->conflict_id, item->conflict_id.bytes, TJ_HASH_SIZE);
    }
    if (verdict->status > TIJORI_ALREADY && verdict->field != NULL) {
        snprintf(out->field, sizeof out->field, "%s", verdict->field);
    }
    if (verdict->status == TIJORI_OK) {
        memcpy(out->text, ledger->accepted, sizeof ledger->accepted);
    } else {
        tj_verdict_format(verdict, out->text, sizeof out->text);
    }
}

enum tijori_status tijori_receive(struct tijori *ledger, struct tijori_receipt *out)
{
    if (ledger->mode != TIJORI_WRITE) {
        return TIJORI_READ_ONLY;
    }
    const struct tj_ingest_item *item = tj_pipeline_receive(ledger->pipeline);
    if (item == NULL) {
        return TIJORI_NOT_FOUND;
    }
    TJ_VERIFY_CHECK(item->verdict.status != TIJORI_OK ||
                    item->entry < atomic_load(&ledger->ingest.durable_size));
    fill_receipt(ledger, out, item);
    tj_pipeline_release(ledger->pipeline);
    return TIJORI_OK;
}

/* ---- checkpoints ---- */

static enum tijori_status give_note(char *note, size_t *size, const void *bytes, size_t bytes_size)
{
    bool fits = bytes_size <= *size;
    *size = bytes_size;
    if (!fits) {
        return TIJORI_FULL;
    }
    memcpy(note, bytes, bytes_size);
    return TIJORI_OK;
}

/* A ledger that signs each commit has the newest checkpoint in memory. It is taken from there
 * without the lock on judging, so that whoever asks after every receipt does not hold up the next
 * group. */
enum tijori_status tijori_signed(struct tijori *ledger, char *note, size_t *size)
{
    struct tj_ledger_view view;
    struct tj_stored_checkpoint newest;
    struct tj_ingest *ingest = &ledger->ingest;
    if (ledger->mode == TIJORI_WRITE && ingest->signer != NULL) {
        pthread_mutex_lock(&ingest->committing);
        TJ_VERIFY_CHECK(ingest->note_size == 0 ||
                        atomic_load(&ingest->signs_until) < ingest->durable.row.size ||
                        tj_note_is_of(ingest->note, ingest->note_size, ingest->durable.row.size));
        enum tijori_status kept = ingest->note_size > 0
                                      ? give_note(note, size, ingest->note, ingest->note_size)
                                      : TIJORI_NOT_FOUND;
        pthread_mutex_unlock(&ingest->committing);
        if (kept != TIJORI_NOT_FOUND) {
            return kept;
        }
    }
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_checkpoint_newest(view.txn, &newest);
    if (status == TIJORI_OK) {
        status = give_note(note, size, newest.note.bytes, newest.note.size);
    }
    tj_ledger_view_end(ledger, &view);
    return status;
}

uint64_t tj_ledger_signs_until(const struct tijori *ledger)
{
    return atomic_load(&ledger->ingest.signs_until);
}

enum tijori_status tijori_checkpoint(struct tijori *ledger, char *note, size_t *size,
                                     const uint8_t *log_key)
{
    char *made = malloc(TJ_CHECKPOINT_NOTE_MAX);
    size_t made_size;
    if (ledger->mode != TIJORI_WRITE || made == NULL) {
        free(made);
        if (ledger->mode != TIJORI_WRITE) {
            return TIJORI_READ_ONLY;
        }
        return TIJORI_MEMORY;
    }
    tj_ingest_hold(&ledger->ingest);
    enum tijori_status status = tj_checkpoint_make(&ledger->ingest, made, &made_size, log_key);
    tj_ingest_let_go(&ledger->ingest);
    if (status == TIJORI_OK) {
        status = give_note(note, size, made, made_size);
    }
    free(made);
    return status;
}

/* The result is made in memory of its own, because only then is its size known: what does not fit
 * the caller's `note` is stored all the same, and FULL says how much room it wants. */
enum tijori_status tijori_add_cosignatures(struct tijori *ledger, char *note, size_t *size,
                                           const char *other, size_t other_size)
{
    char *merged = malloc(TJ_CHECKPOINT_NOTE_MAX);
    size_t merged_size;
    if (ledger->mode != TIJORI_WRITE || merged == NULL) {
        free(merged);
        if (ledger->mode != TIJORI_WRITE) {
            return TIJORI_READ_ONLY;
        }
        return TIJORI_MEMORY;
    }
    tj_ingest_hold(&ledger->ingest);
    enum tijori_status status =
        tj_checkpoint_add(&ledger->ingest, merged, &merged_size, other, other_size);
    tj_ingest_let_go(&ledger->ingest);
    if (status == TIJORI_OK) {
        status = give_note(note, size, merged, merged_size);
    }
    free(merged);
    return status;
}

enum tijori_status tj_ledger_publish(struct tijori *ledger)
{
    if (ledger->mode != TIJORI_WRITE) {
        return TIJORI_READ_ONLY;
    }
    tj_ingest_hold(&ledger->ingest);
    enum tijori_status status = tj_checkpoint_publish(&ledger->ingest);
    tj_ingest_let_go(&ledger->ingest);
    return status;
}

enum tijori_status tijori_dry_run(struct tijori *ledger, struct tijori_receipt *out,
                                  const uint8_t *bytes, size_t size)
{
    struct tj_ingest_item item = {0};
    if (size > TJ_ENVELOPE_SIZE_MAX) {
        return TIJORI_OVERSIZED;
    }
    if (ledger->mode == TIJORI_WRITE) {
        tj_pipeline_drain(ledger->pipeline);
    }
    check_one(ledger, &item, bytes, size);
    tj_ingest_dry_run(&ledger->ingest, &item, ledger->txn);
    fill_receipt(ledger, out, &item);
    return TIJORI_OK;
}

/* ---- reading ---- */

#ifdef TIJORI_VERIFY
/* Transaction and state are of the same entry. What storage cannot read is no business of an
 * assertion. */
static bool is_one_picture(const struct tj_ledger_view *view)
{
    struct tj_head_row row;
    const enum tijori_status status = tj_head_row_read(view->txn, &row);
    return status != TIJORI_OK || row.size == view->head.size;
}
#endif

/* Both locks are held for as long as the view is: they are what keeps the state at the entry that
 * the transaction sees. */
enum tijori_status tj_ledger_view_begin(struct tijori *ledger, struct tj_ledger_view *out)
{
    tj_ingest_hold(&ledger->ingest);
    out->txn = ledger->txn;
    if (out->txn == NULL) {
        enum tj_storage_status status = tj_read_begin(ledger->ingest.store, &out->txn);
        if (status != TJ_STORAGE_OK) {
            tj_ingest_let_go(&ledger->ingest);
            return tj_from_storage(status);
        }
    }
    out->state = ledger->ingest.state;
    out->head = ledger->ingest.head.row;
    out->digester = &ledger->ingest.digester;
    TJ_VERIFY_CHECK(is_one_picture(out));
    TJ_VERIFY_CHECK(out->head.size == out->head.frontier.size);
    return TIJORI_OK;
}

void tj_ledger_view_end(struct tijori *ledger, struct tj_ledger_view *view)
{
    if (view->txn != ledger->txn) {
        tj_read_end(view->txn);
    }
    tj_ingest_let_go(&ledger->ingest);
}

struct tj_state *tj_ledger_use_up(struct tijori *ledger)
{
    if (ledger->mode != TIJORI_READ) {
        return NULL;
    }
    return ledger->ingest.state;
}

/* The walk is stopped meanwhile, so that one of them reads and the hashes are one thread's. */
enum tijori_status tj_ledger_scrub(struct tijori *ledger, struct tj_scrub *out,
                                   const struct tj_told *told)
{
    if (ledger->mode != TIJORI_WRITE) {
        return TIJORI_READ_ONLY;
    }
    tj_pipeline_drain(ledger->pipeline);
    tj_idle_walk_stop(&ledger->walk);
    enum tijori_status status = tj_scrub_whole(&ledger->ingest, out, told);
    tj_idle_walk_start(&ledger->walk, &ledger->ingest);
    return status;
}

const struct tj_repairs *tj_ledger_repairs(const struct tijori *ledger)
{
    return &ledger->repairs;
}

void tj_ledger_set_redo_max(struct tijori *ledger, uint64_t redo_max)
{
    tj_ingest_hold(&ledger->ingest);
    ledger->ingest.redo_max = redo_max;
    tj_ingest_let_go(&ledger->ingest);
}

void tijori_head(struct tijori *ledger, struct tijori_head *out)
{
    struct tj_hash root;
    struct tj_ingest *ingest = &ledger->ingest;
    tj_ingest_hold(ingest);
    tj_frontier_root(ingest->digester.hasher, &root, &ingest->head.row.frontier);
    memcpy(out->ledger_id, ingest->state->ledger_id.bytes, TJ_HASH_SIZE);
    memcpy(out->leaf, ingest->head.leaf.bytes, TJ_HASH_SIZE);
    memcpy(out->root, root.bytes, TJ_HASH_SIZE);
    out->size = ingest->head.row.size;
    out->received_ns = ingest->head.received_ns;
    tj_ingest_let_go(ingest);
}

static struct tijori_int128 split(tj_i128 value)
{
    return (struct tijori_int128){(uint64_t)value, (int64_t)(value >> 64)};
}

static tj_i128 join(struct tijori_int128 value)
{
    return (tj_i128)((tj_u128)(uint64_t)value.high << 64 | value.low);
}

void tijori_amount_text(char *out, size_t out_size, struct tijori_int128 amount, unsigned decimals)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(text, join(amount), decimals > TJ_DECIMALS_MAX ? TJ_DECIMALS_MAX : decimals);
    snprintf(out, out_size, "%s", text);
}

enum tijori_status tj_balance_fill(const struct tj_state *state, struct tijori_balance *out,
                                   const struct tj_account_object *account)
{
    const struct tj_asset_object *asset = tj_state_asset(state, account->asset);
    memset(out, 0, sizeof *out);
    if (asset == NULL) {
        return TIJORI_CORRUPT;
    }
    out->balance = split(tj_account_balance(account));
    out->in = split((tj_i128)account->in);
    out->out = split((tj_i128)account->out);
    out->pending_in = account->pending_in;
    out->pending_out = account->pending_out;
    out->asset = account->asset;
    out->decimals = asset->decimals;
    memcpy(out->asset_code, asset->code, TJ_ASSET_CODE_SIZE);
    out->account_class = account->class;
    out->frozen = account->flags & TJ_FREEZE_BOTH;
    out->closed = (account->flags & TJ_ACCOUNT_CLOSED) != 0;
    return TIJORI_OK;
}

enum tijori_status tijori_balance(struct tijori *ledger, struct tijori_balance *out, uint32_t party,
                                  uint32_t local)
{
    tj_ingest_hold(&ledger->ingest);
    const struct tj_state *state = ledger->ingest.state;
    const struct tj_account_object *account = tj_state_account(state, tj_account_id(party, local));
    enum tijori_status status = TIJORI_NOT_FOUND;
    if (account != NULL) {
        status = tj_balance_fill(state, out, account);
    }
    tj_ingest_let_go(&ledger->ingest);
    return status;
}

/* ---- history: a walk along the links, newest first ---- */

static void fill_movement(const struct tj_entry_view *entry, struct tijori_movement *out,
                          uint32_t position, const uint8_t *record, uint32_t details)
{
    struct tj_record r;
    tj_record_decode(&r, record);
    memset(out, 0, sizeof *out);
    out->entry = entry->index;
    out->record = position;
    out->kind = r.kind;
    out->purpose = r.purpose;
    out->from = r.from;
    out->to = r.to;
    out->amount = r.amount;
    out->value_date = r.value_date;
    static_assert(sizeof out->reference == TJ_REFERENCE_TEXT_SIZE, "a long one fits");
    tj_group_reference(out->reference, record, details);
    out->opening = r.opening;
    out->received_ns = entry->received_ns;
}

/* An account keeps only its balance of now. Earlier ones come out by taking back one movement after
 * the other, and each movement's link says which one came before it. */
static enum tijori_status history_step(struct tj_txn *txn, struct tijori_history_cursor *cursor,
                                       struct tijori_movement *out, uint64_t account)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    uint32_t position = tj_record_position(cursor->next);
    enum tijori_status status = tj_journal_entry(txn, &entry, tj_record_entry(cursor->next));
    if (status == TIJORI_OK) {
        status = tj_journal_body(txn, &body, &entry);
    }
    if (status != TIJORI_OK || position >= entry.header.record_count) {
        return TIJORI_CORRUPT;
    }
    const uint8_t *record = body.records + (size_t)position * TJ_RECORD_SIZE;
    const uint8_t *link = body.links + (size_t)position * TJ_LINK_SIZE;
    if (!tj_kind_is_movement(tj_record_kind(record))) {
        return TIJORI_CORRUPT;
    }
    fill_movement(&entry, out, position, record,
                  tj_details_after(body.records, entry.header.record_count, position));
    bool from = out->from == account;
    bool posted = tj_kind_posts(tj_record_kind(record));
    out->balance = cursor->balance;
    tj_i128 change = !posted ? 0 : from ? -(tj_i128)out->amount : (tj_i128)out->amount;
    cursor->balance = split(join(cursor->balance) - change);
    uint64_t previous = from ? tj_link_from(link) : tj_link_to(link);
    /* A chain runs backwards; one that does not would never end. */
    if (previous >= cursor->next) {
        return TIJORI_CORRUPT;
    }
    cursor->next = previous;
    return TIJORI_OK;
}

/* The cursor holds all that a walk needs between two calls, so that nothing in the ledger must be
 * closed when a caller stops in the middle, and a walk goes on undisturbed by newer movements. */
enum tijori_status tijori_history(struct tijori *ledger, struct tijori_movement *out,
                                  struct tijori_history_cursor *cursor, uint32_t party,
                                  uint32_t local)
{
    struct tj_ledger_view view;
    uint64_t account = tj_account_id(party, local);
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    const struct tj_account_object *object = tj_state_account(view.state, account);
    if (object == NULL) {
        status = TIJORI_NOT_FOUND;
    } else {
        if (cursor->started == 0) {
            cursor->started = 1;
            cursor->next = object->latest;
            cursor->balance = split(tj_account_balance(object));
        }
        status =
            cursor->next == 0 ? TIJORI_NOT_FOUND : history_step(view.txn, cursor, out, account);
    }
    tj_ledger_view_end(ledger, &view);
    return status;
}

/* ---- entries ---- */

static bool copy_out(uint8_t *out, size_t *out_size, const uint8_t *bytes, size_t size)
{
    bool fits = size <= *out_size;
    if (fits) {
        memcpy(out, bytes, size);
    }
    *out_size = size;
    return fits;
}

/* The bytes are given as they are stored, and not decoded: an auditor must get even a damaged
 * entry, in order to see the damage. Both sizes are set even when one does not fit. */
enum tijori_status tijori_entry(struct tijori *ledger, struct tijori_entry *out, uint64_t index)
{
    struct tj_ledger_view view;
    struct tj_view entry;
    struct tj_view body;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_from_storage(tj_get_number(view.txn, &entry, TJ_J_ENTRIES, index));
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_get_number(view.txn, &body, TJ_J_BODIES, index));
    }
    if (status == TIJORI_OK) {
        bool entry_fits = copy_out(out->entry, &out->entry_size, entry.bytes, entry.size);
        bool body_fits = copy_out(out->body, &out->body_size, body.bytes, body.size);
        status = entry_fits && body_fits ? TIJORI_OK : TIJORI_FULL;
    }
    tj_ledger_view_end(ledger, &view);
    return status;
}
