/* Opening from blocks of different ages (I4): the fuzzy snapshot, and the redo over it.
 *
 * A commit may stop between any two blocks of the snapshot, so what is stored is a mixture: each
 * block as it was after some entry, or not at all. The head says from where on a block may lack
 * something. Whatever the mixture, the state as opened must be the live one bit for bit. */

#include "history_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "storage/store_write.h"

enum { SIZES_MAX = 176, BLOCKS_MAX = 96 };

/* The state after each number of entries, from the journal alone. */
struct past_states {
    struct tj_state *after[SIZES_MAX + 1]; /* [n]: after n entries; [0] unused */
    uint64_t size;
};

static void past_states_make(struct tj_txn *txn, struct tj_digester *digester,
                             struct past_states *out, uint64_t size)
{
    assert_true(size <= SIZES_MAX);
    out->size = size;
    for (uint64_t n = 1; n <= size; n++) {
        assert_int_equal(tj_snapshot_at(txn, digester, &out->after[n], n), TIJORI_OK);
    }
}

static void past_states_free(struct past_states *past)
{
    for (uint64_t n = 1; n <= past->size; n++) {
        tj_state_destroy(past->after[n]);
    }
}

static const uint8_t *content_at(const struct tj_state *state, uint8_t table, uint32_t party,
                                 uint32_t number)
{
    return tj_state_peek(state, (enum tj_table_id)table, party,
                         (uint64_t)number << tj_table_shapes[table].shift);
}

static bool block_is_in(void *context, const struct tj_block *block)
{
    const struct tj_state *other = context;
    uint32_t bytes = tj_block_bytes(block->table);
    const uint8_t *content = content_at(other, block->table, block->party, block->number);
    return content != NULL ? memcmp(content, block->content, bytes) == 0
                           : tj_all_zero(block->content, bytes);
}

static bool states_equal(struct tj_state *a, struct tj_state *b)
{
    return tj_state_visit(a, block_is_in, b) && tj_state_visit(b, block_is_in, a);
}

/* ---- what a run leaves ---- */

struct run {
    struct fixture f;
    struct history history;
    struct past_states *past; /* NULL in the first run, which finds them */
    uint32_t opened;
    uint32_t ages_max; /* the most different ages that one commit left */
};

/* The rows that are stored now are what the blocks were after the entry they name; returns how many
 * ages there are. */
static uint32_t check_stored_blocks(const struct run *run, struct tj_txn *txn)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    bool seen[SIZES_MAX] = {false};
    uint32_t ages = 0;
    assert_int_equal(tj_cursor_open(txn, &cursor, TJ_J_STATE), TJ_STORAGE_OK);
    while (tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK) {
        struct tj_block_row row;
        assert_true(tj_block_row_decode(&key, &row, &value));
        assert_true(row.as_of < run->past->size);
        ages += !seen[row.as_of];
        seen[row.as_of] = true;
        const uint8_t *content =
            content_at(run->past->after[row.as_of + 1], row.table, row.party, row.number);
        assert_non_null(content);
        assert_memory_equal(content, row.content, tj_block_bytes(row.table));
    }
    tj_cursor_close(cursor);
    return ages;
}

static void check_open_now(void *context)
{
    struct run *run = context;
    struct tj_ledger_view view;
    struct tj_state *opened;
    struct tj_head_row head;
    if (run->past == NULL) {
        return;
    }
    assert_int_equal(tj_ledger_view_begin(run->f.ledger, &view), TIJORI_OK);
    assert_int_equal(tj_head_row_read(view.txn, &head), TIJORI_OK);
    assert_int_equal(tj_snapshot_load(view.txn, view.digester, &opened, &head), TIJORI_OK);
    assert_true(states_equal(opened, run->past->after[head.size]));
    uint32_t ages = check_stored_blocks(run, view.txn);
    run->ages_max = ages > run->ages_max ? ages : run->ages_max;
    run->opened++;
    tj_state_destroy(opened);
    tj_ledger_view_end(run->f.ledger, &view);
}

static struct run *run_history(struct past_states *past, uint64_t redo_max)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->past = past;
    run->history.f = &run->f;
    run->history.after = check_open_now;
    run->history.context = run;
    fixture_parties(&run->f);
    tj_ledger_set_redo_max(run->f.ledger, redo_max);
    history_every_kind(&run->history);
    history_rules_end(&run->history);
    history_openings(&run->history);
    history_marks(&run->history);
    history_details(&run->history);
    history_moves(&run->history, 6);
    return run;
}

static void free_run(struct run *run)
{
    fixture_destroy(&run->f);
    free(run);
}

static struct run *first_run(struct past_states *past)
{
    struct run *run = run_history(NULL, TJ_REDO_MAX);
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(run->f.ledger, &view), TIJORI_OK);
    past_states_make(view.txn, view.digester, past, view.head.size);
    assert_true(states_equal((struct tj_state *)(uintptr_t)view.state, past->after[past->size]));
    tj_ledger_view_end(run->f.ledger, &view);
    return run;
}

static void i4_opens_from_every_mixture_that_a_run_leaves(void **state)
{
    (void)state;
    static const uint64_t redo_max[] = {2, 7, 20, 60, 300, 4000};
    struct past_states past = {.size = 0};
    free_run(first_run(&past));
    uint32_t ages_max = 0;
    for (size_t i = 0; i < sizeof redo_max / sizeof redo_max[0]; i++) {
        struct run *run = run_history(&past, redo_max[i]);
        assert_true(run->opened > 30);
        ages_max = run->ages_max > ages_max ? run->ages_max : ages_max;
        free_run(run);
    }
    print_message("up to %u different ages at once\n", ages_max);
    assert_true(ages_max >= 6);
    past_states_free(&past);
}

/* ---- every mixture, made by hand ---- */

/* A block of the state and, for each number of entries, whether its content changed by the last. */
struct subject {
    uint8_t table;
    uint32_t party;
    uint32_t number;
    uint32_t changes;
    bool changed[SIZES_MAX + 1];
};

struct mixer {
    struct run *run;
    struct past_states past;
    struct subject subjects[BLOCKS_MAX];
    size_t subject_count;
    struct tj_store *store;
};

/* The block of a subject after `n` entries; NULL when there was none yet. */
static const uint8_t *subject_at(const struct mixer *m, const struct subject *s, uint64_t n)
{
    return n == 0 ? NULL : content_at(m->past.after[n], s->table, s->party, s->number);
}

static bool add_subject(void *context, const struct tj_block *block)
{
    struct mixer *m = context;
    uint32_t bytes = tj_block_bytes(block->table);
    assert_true(m->subject_count < BLOCKS_MAX);
    struct subject *s = &m->subjects[m->subject_count++];
    *s = (struct subject){.table = block->table, .party = block->party, .number = block->number};
    for (uint64_t n = 1; n <= m->past.size; n++) {
        const uint8_t *before = subject_at(m, s, n - 1);
        const uint8_t *now = subject_at(m, s, n);
        s->changed[n] = now != NULL && (before == NULL ? !tj_all_zero(now, bytes)
                                                       : memcmp(before, now, bytes) != 0);
        s->changes += s->changed[n];
    }
    return true;
}

static struct mixer *new_mixer(void)
{
    struct mixer *m = calloc(1, sizeof *m);
    struct tj_store_options options = tj_journal_options(0);
    assert_non_null(m);
    m->run = first_run(&m->past);
    fixture_close(&m->run->f);
    tj_state_visit(m->past.after[m->past.size], add_subject, m);
    assert_int_equal(tj_store_open_write(&m->store, NULL, m->run->f.dir, &options), TJ_STORAGE_OK);
    return m;
}

static void free_mixer(struct mixer *m)
{
    tj_store_close(m->store);
    past_states_free(&m->past);
    free_run(m->run);
    free(m);
}

/* Leaves of the stored blocks none. In a transaction that is aborted in the end. */
static void clear_blocks(struct tj_txn *txn)
{
    for (;;) {
        struct tj_cursor *cursor;
        struct tj_view key;
        struct tj_view value;
        uint8_t name[TJ_BLOCK_KEY_SIZE];
        assert_int_equal(tj_cursor_open(txn, &cursor, TJ_J_STATE), TJ_STORAGE_OK);
        enum tj_storage_status found = tj_cursor_next(cursor, &key, &value);
        if (found == TJ_STORAGE_OK) {
            memcpy(name, key.bytes, sizeof name);
        }
        tj_cursor_close(cursor);
        if (found != TJ_STORAGE_OK) {
            return;
        }
        assert_int_equal(tj_delete_name(txn, TJ_J_STATE, name, sizeof name), TJ_STORAGE_OK);
    }
}

/* Stores a subject as it was after `n` entries, and says from which entry on it lacks something. */
static uint64_t put_subject(const struct mixer *m, struct tj_txn *txn, const struct subject *s,
                            uint64_t n)
{
    const uint8_t *content = subject_at(m, s, n);
    if (content != NULL) {
        struct tj_block name = {.table = s->table, .party = s->party, .number = s->number};
        uint8_t key[TJ_BLOCK_KEY_SIZE];
        uint32_t bytes = tj_block_bytes(s->table);
        uint8_t *place;
        tj_block_key(&name, key);
        assert_int_equal(
            tj_put_name(txn, &place, TJ_J_STATE, key, sizeof key, TJ_BLOCK_HEADER_SIZE + bytes),
            TJ_STORAGE_OK);
        tj_block_header_encode(place, key, n - 1, content, bytes);
        memcpy(place + TJ_BLOCK_HEADER_SIZE, content, bytes);
    }
    uint64_t lacks = n;
    while (lacks < m->past.size && !s->changed[lacks + 1]) {
        lacks++;
    }
    return lacks;
}

/* Opens with each subject as it was after ages[i] entries, with a redo from the oldest that is
 * needed, less `slack`. */
static bool opens_right(const struct mixer *m, const uint64_t *ages, uint64_t slack)
{
    struct tj_txn *txn;
    struct tj_state *opened;
    struct tj_head_row head;
    assert_int_equal(tj_write_begin(m->store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_head_row_read(txn, &head), TIJORI_OK);
    clear_blocks(txn);
    head.redo_from = m->past.size;
    for (size_t i = 0; i < m->subject_count; i++) {
        uint64_t lacks = put_subject(m, txn, &m->subjects[i], ages[i]);
        head.redo_from = lacks < head.redo_from ? lacks : head.redo_from;
    }
    assert_int_equal(tj_count(txn, &head.blocks, TJ_J_STATE), TJ_STORAGE_OK);
    head.redo_from -= slack < head.redo_from ? slack : head.redo_from;
    enum tijori_status status = tj_snapshot_load(txn, &m->run->f.digester, &opened, &head);
    bool right = status == TIJORI_OK && states_equal(opened, m->past.after[m->past.size]);
    if (status == TIJORI_OK) {
        tj_state_destroy(opened);
    }
    tj_write_abort(txn);
    return right;
}

static void say_ages(const struct mixer *m, const uint64_t *ages)
{
    for (size_t i = 0; i < m->subject_count; i++) {
        const struct subject *s = &m->subjects[i];
        print_error("%s party %u number %u after %u entries\n", tj_table_shapes[s->table].name,
                    s->party, s->number, (unsigned)ages[i]);
    }
}

/* The subject with the most changes that is not taken yet. */
static size_t busiest(const struct mixer *m, const bool *taken)
{
    size_t best = BLOCKS_MAX;
    for (size_t i = 0; i < m->subject_count; i++) {
        if (!taken[i] &&
            (best == BLOCKS_MAX || m->subjects[i].changes > m->subjects[best].changes)) {
            best = i;
        }
    }
    assert_true(best < BLOCKS_MAX);
    return best;
}

/* Six blocks, each never stored, as of two moments on the way, or as of the end: all 4^6, with the
 * other blocks as of the end, and again with them never stored. */
static void i4_opens_from_all_mixtures_of_the_busiest_blocks(void **state)
{
    (void)state;
    enum { CHOSEN = 6, CHOICES = 4, MIXTURES = 1 << (2 * CHOSEN) };
    struct mixer *m = new_mixer();
    bool taken[BLOCKS_MAX] = {false};
    size_t chosen[CHOSEN];
    const uint64_t size = m->past.size;
    for (size_t i = 0; i < CHOSEN; i++) {
        chosen[i] = busiest(m, taken);
        taken[chosen[i]] = true;
    }
    for (uint32_t mixture = 0; mixture < MIXTURES; mixture++) {
        uint64_t ages[BLOCKS_MAX];
        for (size_t i = 0; i < m->subject_count; i++) {
            ages[i] = mixture % 8 == 5 ? 0 : size;
        }
        for (size_t i = 0; i < CHOSEN; i++) {
            /* Not the same moments for all: each block has its own. */
            const uint64_t moments[CHOICES] = {0, size / 2 - i, size - 10 + i, size};
            ages[chosen[i]] = moments[mixture >> (2 * i) & 3];
        }
        if (!opens_right(m, ages, 0)) {
            say_ages(m, ages);
            fail_msg("mixture %u", mixture);
        }
    }
    free_mixer(m);
}

/* xorshift64*: the same numbers everywhere. */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return *random * UINT64_C(2685821657736338717);
}

static void i4_opens_from_random_mixtures_of_all_blocks(void **state)
{
    (void)state;
    struct mixer *m = new_mixer();
    uint64_t seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
    uint64_t mixtures = number_from_env("TIJORI_MIXTURES", 1500);
    uint64_t random = seed * 2 + 1;
    print_message("seed %llu: %llu mixtures of %zu blocks\n", (unsigned long long)seed,
                  (unsigned long long)mixtures, m->subject_count);
    for (uint64_t i = 0; i < mixtures; i++) {
        uint64_t ages[BLOCKS_MAX];
        /* The window that ages are drawn from: often short, as in a run, sometimes all. */
        uint64_t window = 1 + next_random(&random) % m->past.size;
        for (size_t b = 0; b < m->subject_count; b++) {
            ages[b] = m->past.size - next_random(&random) % (window + 1);
            ages[b] = next_random(&random) % 40 == 0 ? 0 : ages[b];
        }
        uint64_t slack = next_random(&random) % 4 == 0 ? next_random(&random) % 8 : 0;
        if (!opens_right(m, ages, slack)) {
            say_ages(m, ages);
            fail_msg("TIJORI_SEED=%llu, mixture %llu, redo from %llu earlier",
                     (unsigned long long)seed, (unsigned long long)i, (unsigned long long)slack);
        }
    }
    free_mixer(m);
}

/* The test can fail: a redo that starts one entry late is noticed. */
static void a_redo_from_too_late_is_noticed(void **state)
{
    (void)state;
    struct mixer *m = new_mixer();
    uint32_t noticed = 0;
    for (size_t b = 0; b < m->subject_count; b++) {
        struct subject hidden = m->subjects[b];
        uint64_t ages[BLOCKS_MAX];
        for (size_t i = 0; i < m->subject_count; i++) {
            ages[i] = m->past.size;
        }
        ages[b] = m->past.size / 2;
        memset(m->subjects[b].changed, 0, sizeof m->subjects[b].changed);
        bool right = opens_right(m, ages, 0);
        m->subjects[b] = hidden;
        bool lacks = false;
        for (uint64_t n = ages[b] + 1; n <= m->past.size; n++) {
            lacks = lacks || hidden.changed[n];
        }
        assert_int_equal(right, !lacks);
        noticed += lacks;
    }
    assert_true(noticed >= 8);
    free_mixer(m);
}

/* ---- other storage formats ---- */

/* Formats 2 and 3 were never released. They are refused by their number, for reading and for
 * writing, as is one of a later program; and nothing is changed. */
static void another_storage_format_is_refused_by_its_number(void **state)
{
    (void)state;
    static const uint32_t formats[] = {2, 3, 4, TJ_STORE_FORMAT + 1};
    static const enum tijori_mode modes[] = {TIJORI_READ, TIJORI_WRITE};
    struct tj_store_options options = tj_journal_options(0);
    struct fixture *f = calloc(1, sizeof *f);
    struct log_copy log;
    assert_non_null(f);
    fixture_create(f);
    fixture_close(f);
    log_read(&log, f->dir, 0);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        options.format = formats[i];
        remove_ledger(f->dir);
        log_write_as(f->dir, &log, &options);
        for (size_t m = 0; m < 2; m++) {
            struct tijori *ledger;
            struct tijori_message message;
            char named[40];
            snprintf(named, sizeof named, "format %u, this program knows 5", formats[i]);
            assert_int_equal(tijori_open(&ledger, f->dir, modes[m], NULL, &message),
                             TIJORI_FORMAT_UNKNOWN);
            assert_non_null(strstr(message.text, named));
            assert_int_equal(strstr(message.text, "never released") != NULL,
                             formats[i] < TJ_STORE_FORMAT);
        }
    }
    remove_ledger(f->dir);
    log_write(f->dir, &log);
    log_free(&log);
    fixture_open(f);
    fixture_destroy(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_opens_from_every_mixture_that_a_run_leaves),
        cmocka_unit_test(i4_opens_from_all_mixtures_of_the_busiest_blocks),
        cmocka_unit_test(i4_opens_from_random_mixtures_of_all_blocks),
        cmocka_unit_test(a_redo_from_too_late_is_noticed),
        cmocka_unit_test(another_storage_format_is_refused_by_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
