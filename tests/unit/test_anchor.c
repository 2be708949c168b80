/* What ties a log to the world (core/audit/anchor.h): the times of witnesses against those of
 * receipt, log keys that were rotated or compromised, pins, and cosignatures that are not what the
 * policy asks for. The boundaries are tried on both sides. */

#include "tamper_support.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define NS_PER_S UINT64_C(1000000000)
enum { DELAY_S = 86400, SKEW_S = 300, FIRST = 6 }; /* entries that fixture_parties makes */

static struct tamper_world *w; /* read only */

/* ---- times ---- */

/* A ledger of its own, to which entries come and witnesses when a test says so: of the world its
 * fixture and its pins alone. */
static struct tamper_world *timed(void)
{
    struct tamper_world *t = calloc(1, sizeof *t);
    assert_non_null(t);
    fixture_parties(&t->f);
    tamper_pins(t);
    return t;
}

static void end_timed(struct tamper_world *t)
{
    fixture_destroy(&t->f);
    free(t);
}

static void receive_at(struct tamper_world *t, uint64_t ns)
{
    struct tijori_receipt receipt;
    t->f.now_ns = ns;
    enum tijori_status status =
        fixture_send_move(&t->f, &receipt, fixture_account(C_EXTERNAL),
                          fixture_account(C_CUSTODY_A), 1, TJ_CUSTOMER_DEPOSIT);
    assert_int_equal(status, TIJORI_OK);
    assert_int_equal(receipt.received_ns, ns);
}

/* A ledger takes no cosignature whose time cannot be. So it is put where one would be stored. */
static void cosign_at(struct tamper_world *t, uint64_t one_s, uint64_t other_s)
{
    static char note[TIJORI_NOTE_MAX];
    const uint64_t times_s[TAMPER_WITNESSES] = {one_s, other_s};
    const size_t size =
        tamper_cosigned(&t->f, note, 0, other_s != 0 ? TAMPER_WITNESSES : 1, times_s);
    struct log_copy log;
    fixture_close(&t->f);
    log_read(&log, t->f.dir, 0);
    struct log_table *table = &log.tables[TJ_J_CHECKPOINTS];
    struct log_row *row = &table->rows[table->count - 1];
    row->value = realloc(row->value, size);
    assert_non_null(row->value);
    memcpy(row->value, note, size);
    row->size = size;
    remove_ledger(t->f.dir);
    log_write(t->f.dir, &log);
    log_free(&log);
    fixture_open(&t->f);
}

static void audit_timed(struct tamper_world *t, struct tj_replay_report *report)
{
    struct tj_source *source;
    fixture_close(&t->f);
    assert_int_equal(tj_source_open_ledger(&source, NULL, t->f.dir), TIJORI_OK);
    audit_source(source, NULL, report, &t->pins, NULL);
    fixture_open(&t->f);
}

static void must_fail_at(const struct tj_replay_report *report, enum tj_check check, uint64_t entry)
{
    if (!report->failed || report->first_check != check || report->first_entry != entry) {
        fail_msg("%s, entry %lld: %s",
                 report->failed ? tj_check_text(report->first_check) : "passed",
                 (long long)report->first_entry, report->failure);
    }
}

/* Of a quorum of two: what both say fails the ledger's clock. What one of them says fails nobody.
 */
static void must_doubt_one(const struct tj_replay_report *report, const char *name, uint64_t entry,
                           enum tj_check lacks)
{
    must_pass(report);
    assert_int_equal(report->finding_count, 1);
    assert_int_equal(report->findings[0].entry, entry);
    if (strstr(report->findings[0].text, name) == NULL) {
        fail_msg("%s", report->findings[0].text);
    }
    assert_true(report->checks[lacks].skipped > 0);
}

/* Whoever cosigns a log has seen its entries: they were received before, give or take 300 s. */
static void received_after_a_witness_saw_it(void **state)
{
    static const struct {
        uint64_t after_ns; /* received so long after the witness's time */
        bool wrong;
    } cases[] = {
        {0, false},
        {SKEW_S * NS_PER_S - 1, false},
        {SKEW_S * NS_PER_S, false},
        {SKEW_S * NS_PER_S + 1, true},
        {(SKEW_S + 1) * NS_PER_S, true},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        uint64_t seen_s = FIXTURE_CREATED_S + 1000;
        const bool both = i % 2 == 0;
        receive_at(t, seen_s * NS_PER_S + cases[i / 2].after_ns);
        cosign_at(t, both ? seen_s : seen_s + 5000, seen_s);
        audit_timed(t, &report);
        if (cases[i / 2].wrong && both) {
            must_fail_at(&report, TJ_CHECK_CLOCK, FIRST);
            assert_non_null(strstr(report.failure, "witness"));
        } else if (cases[i / 2].wrong) {
            must_doubt_one(&report, t->policy.nodes[1].key.name, FIRST, TJ_CHECK_WITNESSES);
        } else {
            must_pass(&report);
            assert_int_equal(report.checks[TJ_CHECK_CLOCK].passed, 1);
        }
        end_timed(t);
    }
}

/* What a witness did not see came later, give or take 300 s. */
static void received_before_a_witness_missed_it(void **state)
{
    static const struct {
        uint64_t before_ns; /* received so long before the witness's time */
        bool wrong;
    } cases[] = {
        {0, false},
        {SKEW_S * NS_PER_S, false},
        {SKEW_S * NS_PER_S + 1, true},
        {(SKEW_S + 1) * NS_PER_S, true},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        uint64_t missed_s = FIXTURE_CREATED_S + 10000;
        const bool both = i % 2 == 0;
        receive_at(t, (missed_s - 2000) * NS_PER_S);
        cosign_at(t, missed_s, both ? missed_s : missed_s - 2000);
        receive_at(t, missed_s * NS_PER_S - cases[i / 2].before_ns);
        cosign_at(t, missed_s + 10, missed_s + 20);
        audit_timed(t, &report);
        if (cases[i / 2].wrong && both) {
            must_fail_at(&report, TJ_CHECK_CLOCK, FIRST + 1);
            assert_non_null(strstr(report.failure, "witness"));
        } else if (cases[i / 2].wrong) {
            must_doubt_one(&report, t->policy.nodes[0].key.name, FIRST + 1, TJ_CHECK_CLOCK);
        } else {
            must_pass(&report);
            assert_int_equal(report.checks[TJ_CHECK_CLOCK].passed, 2);
        }
        end_timed(t);
    }
}

/* Where one of two is a quorum, a wrong one is named and the other is enough; alone, the wrong one
 * is the whole quorum. */
static void a_wrong_clock_beside_a_right_one(void **state)
{
    static const struct {
        uint64_t one_s, other_s; /* 0: did not cosign */
        bool fails;
    } cases[] = {
        {5, FIXTURE_CREATED_S + 1000, false},
        {UINT64_C(4102444800), FIXTURE_CREATED_S + 1000, false},
        {5, 0, true},
        {UINT64_C(4102444800), 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        t->policy.nodes[TAMPER_WITNESSES].needed = 1;
        receive_at(t, (FIXTURE_CREATED_S + 1000) * NS_PER_S);
        cosign_at(t, cases[i].one_s, cases[i].other_s);
        receive_at(t, (FIXTURE_CREATED_S + 2000) * NS_PER_S);
        receive_at(t, (FIXTURE_CREATED_S + 3000) * NS_PER_S);
        audit_timed(t, &report);
        assert_int_equal(report.failed, cases[i].fails);
        if (cases[i].fails) {
            assert_int_equal(report.first_check, TJ_CHECK_CLOCK);
            assert_non_null(strstr(report.failure, t->policy.nodes[0].key.name));
        } else {
            assert_int_equal(report.finding_count, 1); /* not one for each entry */
            assert_non_null(strstr(report.findings[0].text, t->policy.nodes[0].key.name));
            assert_int_equal(report.checks[TJ_CHECK_CLOCK].skipped, 0);
        }
        end_timed(t);
    }
}

/* The ledger promises a checkpoint within checkpoint_delay_max_s of the entry that waits longest:
 * more than that is a finding, which names it, and no failure. */
static void a_promise_not_kept_is_a_finding(void **state)
{
    static const struct {
        uint64_t late_s; /* beyond delay and skew */
        bool found;
    } cases[] = {{0, false}, {1, true}, {100000, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        uint64_t waits_s = FIXTURE_CREATED_S + 3000;
        uint64_t cosigned_s = waits_s + DELAY_S + SKEW_S + cases[i].late_s;
        receive_at(t, (waits_s - 1000) * NS_PER_S);
        cosign_at(t, waits_s - 999, waits_s - 998);
        receive_at(t, waits_s * NS_PER_S + NS_PER_S - 1); /* waits since then */
        receive_at(t, (waits_s + 2) * NS_PER_S);
        cosign_at(t, cosigned_s + 7, cosigned_s);
        audit_timed(t, &report);
        must_pass(&report);
        assert_int_equal(report.finding_count, cases[i].found);
        if (cases[i].found) {
            assert_int_equal(report.findings[0].entry, FIRST + 1);
            assert_non_null(strstr(report.findings[0].text, "86400"));
        }
        end_timed(t);
    }
}

/* ---- delays ---- */

/* Signs as the party does, submits; the entry. */
static uint64_t send_at(struct tamper_world *t, uint32_t party, uint16_t lane,
                        const struct tj_record *record, uint64_t ns)
{
    struct tijori_receipt receipt;
    t->f.now_ns = ns;
    fixture_begin(&t->f, party, lane);
    fixture_add(&t->f, record);
    if (fixture_send(&t->f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
    return receipt.entry;
}

/* The tier lets movements of party 2 above 1 wait an hour; a pending one at `pending_s`. */
static struct tj_record wait_for(struct tamper_world *t, uint64_t pending_s)
{
    struct tj_record r = {.kind = TJ_SET_TIER, .party = 2, .asset = 1, .delay_s = 3600, .above = 1};
    uint8_t pending[TJ_RECORD_SIZE];
    send_at(t, 0, 0, &r, (pending_s - 2000) * NS_PER_S);
    r = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A), 2,
                     TJ_CUSTOMER_DEPOSIT);
    r.kind = TJ_PENDING;
    tj_record_encode(&r, pending);
    r.refers_to = tj_record_id(send_at(t, 2, 1, &r, pending_s * NS_PER_S), 0);
    r.kind = TJ_POST;
    tj_leaf_hash(t->f.digester.hasher, &r.hash, pending, sizeof pending);
    return r;
}

/* By the ledger's clock the hour passed, or the post were refused. Whether it passed between a
 * witness who had seen the pending movement and the last one who had not seen the post is another
 * matter: when not, that is a finding. */
static void a_delay_that_witnesses_did_not_see(void **state)
{
    static const struct {
        uint64_t seen_s;   /* after the pending movement; 0: never before the post */
        uint64_t before_s; /* the last time without the post, after the pending movement; 0: none */
        const char *found;
    } cases[] = {
        {10, 3610, NULL},
        {10, 3609, "3599 s are shown"},
        {10, 0, "5 s are shown"}, /* between its two witnesses */
        {0, 0, "0 s are shown"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        uint64_t pending_s = FIXTURE_CREATED_S + 10000;
        struct tj_record post = wait_for(t, pending_s);
        if (cases[i].seen_s != 0) {
            cosign_at(t, pending_s + cases[i].seen_s + 5, pending_s + cases[i].seen_s);
        }
        if (cases[i].before_s != 0) {
            receive_at(t, (pending_s + cases[i].before_s - 1) * NS_PER_S);
            cosign_at(t, pending_s + cases[i].before_s, pending_s + cases[i].before_s);
        }
        send_at(t, 2, 1, &post, (pending_s + 3700) * NS_PER_S);
        cosign_at(t, pending_s + 3701, pending_s + 3702);
        audit_timed(t, &report);
        must_pass(&report);
        assert_int_equal(report.finding_count, cases[i].found != NULL);
        if (cases[i].found != NULL && strstr(report.findings[0].text, cases[i].found) == NULL) {
            fail_msg("%s", report.findings[0].text);
        }
        end_timed(t);
    }
}

/* The same of a rule's notice: it is over by the ledger's clock from the first entry on that is
 * received after it. Told once, at that entry. */
static void a_notice_that_witnesses_did_not_see(void **state)
{
    static const struct {
        uint64_t before_s; /* the last time without the first free entry, after the end; 0: none */
        const char *found;
    } cases[] = {{86410, NULL}, {86409, "86399 s are shown"}, {0, "5 s are shown"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tamper_world *t = timed();
        struct tj_replay_report report;
        uint64_t end_s = FIXTURE_CREATED_S + 10000;
        struct tj_record r = {.kind = TJ_SET_TIER, .party = 2, .asset = 1, .above = 1};
        r.approvals = 2;
        r.notice_days = 1;
        send_at(t, 0, 0, &r, (end_s - 2000) * NS_PER_S);
        r = (struct tj_record){.kind = TJ_END_RULE, .rule = 0};
        uint64_t ended = send_at(t, 0, 0, &r, end_s * NS_PER_S);
        cosign_at(t, end_s + 15, end_s + 10);
        receive_at(t, (end_s + 50000) * NS_PER_S);
        if (cases[i].before_s != 0) {
            receive_at(t, (end_s + cases[i].before_s - 15) * NS_PER_S);
            cosign_at(t, end_s + cases[i].before_s, end_s + cases[i].before_s);
        }
        receive_at(t, (end_s + 86500) * NS_PER_S);
        receive_at(t, (end_s + 86600) * NS_PER_S);
        cosign_at(t, end_s + 86601, end_s + 86602);
        audit_timed(t, &report);
        must_pass(&report);
        assert_int_equal(report.finding_count, cases[i].found != NULL);
        if (cases[i].found != NULL) {
            char since[64];
            snprintf(since, sizeof since, "the end of rule 0 had to wait 86400 s from entry %llu",
                     (unsigned long long)ended);
            assert_non_null(strstr(report.findings[0].text, since));
            assert_non_null(strstr(report.findings[0].text, cases[i].found));
        }
        end_timed(t);
    }
}

/* ---- log keys ---- */

static void pinned_keys(void **state)
{
    static const struct {
        uint32_t number;
        uint64_t passed, skipped;
    } cases[] = {
        {0, 1, 0}, /* rotated: what it led to counts */
        {1, 0, 1}, /* compromised */
        {2, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tj_replay_report report;
        const struct tj_pins pins = {.log_key = &w->log_keys[cases[i].number]};
        audit_folder(NULL, &report, w->folder, &pins, NULL);
        must_pass(&report);
        assert_int_equal(report.checks[TJ_CHECK_LOG_KEY].passed, cases[i].passed);
        assert_int_equal(report.checks[TJ_CHECK_LOG_KEY].skipped, cases[i].skipped);
        assert_int_equal(report.checks[TJ_CHECK_LEDGER_ID].passed, 1);
        assert_int_equal(report.log_key, 2);
        assert_int_equal(report.log_key_pinned, cases[i].number == 2);
    }
    /* A key that this log never had; and one of this name of another log. */
    struct tj_verifier_key other = w->log_keys[0];
    const struct tj_pins pins = {.log_key = &other};
    struct tj_replay_report report;
    other.public32[0] ^= 1;
    audit_folder(NULL, &report, w->folder, &pins, NULL);
    assert_true(report.failed);
    assert_int_equal(report.first_check, TJ_CHECK_LOG_KEY);
    other = w->log_keys[0];
    other.name[strlen(other.name) - 1] ^= 1;
    audit_folder(NULL, &report, w->folder, &pins, NULL);
    assert_true(report.failed);
    assert_int_equal(report.first_check, TJ_CHECK_LEDGER_ID);
}

/* `checkpoint` alone, without the copy of it under checkpoints/, in the folder's place. */
static void audit_with_checkpoint(struct tj_replay_report *report, const char *note, size_t size,
                                  const struct tj_pins *pins)
{
    const struct exported_file *own = NULL;
    const struct exported_file *copy = NULL;
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        own = file->kind == TAMPERED_CHECKPOINT ? file : own;
    }
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        copy = file->kind == TAMPERED_CHECKPOINTS && file->size == own->size &&
                       memcmp(file->bytes, own->bytes, own->size) == 0
                   ? file
                   : copy;
    }
    assert_true(own != NULL && copy != NULL);
    remove_file(w->folder, copy->path);
    put_file(w->folder, own->path, note, size);
    audit_folder(NULL, report, w->folder, pins, &w->untouched);
    put_file(w->folder, own->path, own->bytes, own->size);
    put_file(w->folder, copy->path, copy->bytes, copy->size);
}

/* The newest checkpoint as exported, in pieces. */
struct pieces {
    char note[TJ_CHECKPOINT_NOTE_MAX];
    size_t text_size;
    struct tj_note_view view; /* of `whole` */
    char whole[TJ_CHECKPOINT_NOTE_MAX];
};

static struct pieces *newest(void)
{
    struct pieces *p = calloc(1, sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        if (file->kind == TAMPERED_CHECKPOINT) {
            memcpy(p->whole, file->bytes, file->size);
            assert_true(tj_note_decode(&p->view, p->whole, file->size));
        }
    }
    p->text_size = p->view.text_size;
    assert_int_equal(p->view.signature_count, 1 + TAMPER_WITNESSES);
    return p;
}

static size_t add_line(const struct pieces *p, char *note, size_t size, size_t line)
{
    const struct tj_note_signature_view *of = &p->view.signatures[line];
    memcpy(note + size, tj_note_line_start(of), tj_note_line_size(of));
    return size + tj_note_line_size(of);
}

static void signed_by_another_key(void **state)
{
    static const uint32_t keys[] = {0, 1, 3, 77}; /* rotated, compromised, never of this log */
    (void)state;
    struct pieces *p = newest();
    const struct tj_pins pins = {.log_key = &w->log_keys[0]};
    struct tj_replay_report report;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        uint8_t secret32[32];
        fixture_log_secret(secret32, keys[i]);
        size_t size = tj_note_sign(p->note, sizeof p->note, p->whole, p->text_size,
                                   w->log_keys[0].name, secret32);
        assert_true(size > 0);
        audit_with_checkpoint(&report, p->note, size, &pins);
        must_fail_at(&report, TJ_CHECK_CHECKPOINT, w->entries - 1);
        /* Beside the line of the key that is active it is one line more. */
        size = add_line(p, p->note, size, 0);
        audit_with_checkpoint(&report, p->note, size, &pins);
        must_pass(&report);
    }
    free(p);
}

/* ---- cosignatures ---- */

static size_t log_line_alone(struct pieces *p)
{
    memcpy(p->note, p->whole, p->text_size);
    p->note[p->text_size] = '\n';
    return add_line(p, p->note, p->text_size + 1, 0);
}

static void must_lack_the_quorum(const struct tj_replay_report *report)
{
    must_pass(report);
    /* Entries since the checkpoint before, which both had cosigned. */
    assert_int_equal(report->checks[TJ_CHECK_WITNESSES].skipped, 4);
}

static void cosignatures_that_are_missing(void **state)
{
    (void)state;
    struct pieces *p = newest();
    struct tj_replay_report report;
    size_t size = log_line_alone(p);
    audit_with_checkpoint(&report, p->note, size, &w->pins);
    must_lack_the_quorum(&report);
    size = add_line(p, p->note, size, 2); /* one of two */
    audit_with_checkpoint(&report, p->note, size, &w->pins);
    must_lack_the_quorum(&report);
    size = add_line(p, p->note, size, 1);
    audit_with_checkpoint(&report, p->note, size, &w->pins);
    must_pass(&report);
    assert_int_equal(report.checks[TJ_CHECK_WITNESSES].skipped, 0);
    free(p);
}

/* By the witness's name and key id, but made by somebody else: the note is to be refused. */
static void a_cosignature_that_is_forged(void **state)
{
    (void)state;
    struct pieces *p = newest();
    struct tj_replay_report report;
    const struct tj_verifier_key *witness = &w->policy.nodes[0].key;
    uint8_t blob[8 + 64] = {0};
    uint8_t secret32[32] = {9};
    struct tj_hash hash = {{0}};
    size_t size = log_line_alone(p);
    tj_store64(blob, 0x1234);
    assert_true(tj_sign(blob + 8, TJ_ALGORITHM_ED25519, secret32, &hash, NULL));
    size_t line = tj_note_line_encode(p->note + size, sizeof p->note - size, witness->name,
                                      witness->key_id, blob, sizeof blob);
    assert_true(line > 0);
    size = add_line(p, p->note, size + line, 2);
    audit_with_checkpoint(&report, p->note, size, &w->pins);
    must_fail_at(&report, TJ_CHECK_WITNESSES, w->entries - 1);
    free(p);
}

/* A true cosignature, of the checkpoint of another size. */
static void a_cosignature_of_another_size(void **state)
{
    (void)state;
    struct pieces *p = newest();
    size_t tried = 0;
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        struct tj_note_view other;
        struct tj_checkpoint checkpoint;
        struct tj_replay_report report;
        if (file->kind != TAMPERED_CHECKPOINTS) {
            continue;
        }
        assert_true(tj_note_decode(&other, (const char *)file->bytes, file->size));
        assert_true(tj_checkpoint_decode(&checkpoint, other.text, other.text_size));
        if (checkpoint.size == w->entries) {
            continue;
        }
        size_t size = log_line_alone(p);
        const struct tj_note_signature_view *line = &other.signatures[1];
        memcpy(p->note + size, tj_note_line_start(line), tj_note_line_size(line));
        size = add_line(p, p->note, size + tj_note_line_size(line), 2);
        audit_with_checkpoint(&report, p->note, size, &w->pins);
        must_fail_at(&report, TJ_CHECK_WITNESSES, w->entries - 1);
        tried++;
    }
    assert_int_equal(tried, 4);
    free(p);
}

/* ---- a compromise that is found out later ---- */

/* Key 0 signs at size 7, then at 9, and is found to be compromised since 8: of its checkpoints none
 * above 8 counts, until the key that comes after it has signed. */
static void a_checkpoint_above_the_last_good_size(void **state)
{
    (void)state;
    struct tamper_world *t = timed();
    struct tj_replay_report report;
    struct tijori_head head;
    struct tijori_receipt receipt;
    uint64_t now_ns = (FIXTURE_CREATED_S + 1000) * NS_PER_S;
    receive_at(t, now_ns);
    tamper_sign(&t->f, 0);
    receive_at(t, now_ns + 1000);
    tijori_head(t->f.ledger, &head);
    receive_at(t, now_ns + 2000);
    tamper_sign(&t->f, 0);
    struct tj_record add = fixture_log_key(TJ_ADD_LOG_KEY, 1);
    struct tj_record retire = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    retire.size = head.size;
    memcpy(retire.root.bytes, head.root, TJ_HASH_SIZE);
    t->f.now_ns = now_ns + 3000;
    fixture_begin(&t->f, 0, 0);
    fixture_add(&t->f, &add);
    fixture_add(&t->f, &retire);
    fixture_prove_log_key(&t->f, 1);
    assert_int_equal(fixture_send(&t->f, &receipt), TIJORI_OK);
    t->pins = (struct tj_pins){.log_key = &t->log_keys[1]};
    audit_timed(t, &report);
    must_pass(&report);
    assert_int_equal(head.size, FIRST + 2);
    assert_int_equal(report.entries, FIRST + 4);
    assert_int_equal(report.checks[TJ_CHECK_CHECKPOINT].passed, head.size);
    assert_int_equal(report.checks[TJ_CHECK_CHECKPOINT].skipped, 2);
    tamper_sign(&t->f, 1);
    audit_timed(t, &report);
    must_pass(&report);
    assert_int_equal(report.checks[TJ_CHECK_CHECKPOINT].passed, FIRST + 4);
    assert_int_equal(report.checks[TJ_CHECK_CHECKPOINT].skipped, 0);
    end_timed(t);
}

/* ---- what an auditor keeps ---- */

static enum tijori_status try_replica(const char *dir)
{
    struct tj_replica *replica = NULL;
    enum tijori_status status = tj_replica_open(&replica, dir);
    if (status == TIJORI_OK) {
        tj_replica_close(replica);
    }
    return status;
}

static void must_be_refused(const char *dir, const char *path, const uint8_t *bytes, size_t size,
                            size_t offset)
{
    put_file(dir, path, bytes, size);
    enum tijori_status status = try_replica(dir);
    if (status != TIJORI_CORRUPT) {
        fail_msg("%s, changed at %zu: %s", path, offset, tijori_status_text(status));
    }
}

static uint8_t *load(size_t *size, const char *dir, const char *path)
{
    static uint8_t bytes[1 << 22];
    char name[512];
    snprintf(name, sizeof name, "%s/%s", dir, path);
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    *size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(*size > 0 && *size < sizeof bytes);
    return bytes;
}

static void a_damaged_state_is_refused(void **state)
{
    static const char *const paths[] = {"replica", "leaves"};
    struct tj_replay_report report;
    struct tj_replica *replica;
    char dir[400];
    (void)state;
    snprintf(dir, sizeof dir, "%s-state", w->f.dir);
    assert_int_equal(tj_replica_open(&replica, dir), TIJORI_OK);
    assert_int_equal(try_replica(dir), TIJORI_LOCKED);
    audit_folder(replica, &report, w->folder, &w->pins, &w->untouched);
    must_pass(&report);
    assert_int_equal(tj_replica_save(replica), TIJORI_OK);
    tj_replica_close(replica);
    for (size_t i = 0; i < 2; i++) {
        size_t size;
        uint8_t *bytes = load(&size, dir, paths[i]);
        for (size_t offset = 0; offset < size; offset += 1 + size / 200) {
            bytes[offset] ^= 0x10;
            must_be_refused(dir, paths[i], bytes, size, offset);
            bytes[offset] ^= 0x10;
        }
        for (size_t cut = 0; cut < size; cut += 1 + size / 20) {
            must_be_refused(dir, paths[i], bytes, cut, cut);
        }
        must_be_refused(dir, paths[i], bytes, size - 1, size - 1);
        put_file(dir, paths[i], bytes, size);
        assert_int_equal(try_replica(dir), TIJORI_OK);
    }
    /* A save that was cut short leaves a file beside, and leaves beyond the end: both are met. */
    size_t size;
    uint8_t *bytes = load(&size, dir, "leaves");
    memset(bytes + size, 0xee, 40);
    put_file(dir, "leaves", bytes, size + 40);
    put_file(dir, "replica.new", "half", 4);
    assert_int_equal(tj_replica_open(&replica, dir), TIJORI_OK);
    assert_int_equal(replica->size, w->entries);
    audit_folder(replica, &report, w->folder, &w->pins, &w->untouched);
    must_pass(&report);
    assert_int_equal(report.start, w->entries);
    assert_int_equal(tj_replica_save(replica), TIJORI_OK);
    tj_replica_close(replica);
    assert_int_equal(try_replica(dir), TIJORI_OK);
    remove_folder(dir);
}

static int setup(void **state)
{
    (void)state;
    w = tamper_world();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tamper_world_end(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(received_after_a_witness_saw_it),
        cmocka_unit_test(received_before_a_witness_missed_it),
        cmocka_unit_test(a_wrong_clock_beside_a_right_one),
        cmocka_unit_test(a_promise_not_kept_is_a_finding),
        cmocka_unit_test(a_delay_that_witnesses_did_not_see),
        cmocka_unit_test(a_notice_that_witnesses_did_not_see),
        cmocka_unit_test(pinned_keys),
        cmocka_unit_test(signed_by_another_key),
        cmocka_unit_test(cosignatures_that_are_missing),
        cmocka_unit_test(a_cosignature_that_is_forged),
        cmocka_unit_test(a_cosignature_of_another_size),
        cmocka_unit_test(a_checkpoint_above_the_last_good_size),
        cmocka_unit_test(a_damaged_state_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
