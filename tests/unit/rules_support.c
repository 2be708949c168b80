#include "rules_support.h"

#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

uint64_t rules_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- the world ---- */

struct fixture *rules_story_world(bool reopens)
{
    struct fixture *f = rules_world(true);
    fixture_close(f);
    f->clock_jumps = true;
    f->reopens = reopens;
    /* The first second of a day, less than a day after the fixture's times. */
    f->now_ns = RULES_DAY * UINT64_C(86400000000000);
    fixture_open(f);
    return f;
}

struct fixture *rules_world(bool with_party_4)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fixture_parties(f);
    if (with_party_4) {
        rules_party_4(f);
    }
    return f;
}

void rules_end(struct fixture *f)
{
    fixture_destroy(f);
    free(f);
}

struct tj_record rules_key(uint8_t kind, uint32_t party, uint32_t ordinal, uint8_t role)
{
    struct tj_record r = {.kind = kind, .party = party, .ordinal = ordinal, .role = role};
    struct tj_public_key key;
    fixture_public(&key, party, ordinal);
    r.algorithm = key.algorithm;
    memcpy(r.key, key.bytes, key.size);
    return r;
}

void rules_party_4(struct fixture *f)
{
    static const uint8_t roles[5] = {TJ_ADMINISTER, TJ_INITIATE, TJ_INITIATE, TJ_APPROVE,
                                     TJ_APPROVE};
    static const uint8_t classes[3] = {TJ_CLASS_CUSTODY, TJ_CLASS_CUSTODY, TJ_CLASS_SUSPENSE};
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = 4, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Second Custodian", 16);
    fixture_begin(f, 0, 0);
    fixture_add(f, &r);
    for (uint32_t k = 0; k < 5; k++) {
        r = rules_key(TJ_ADD_KEY, 4, k, roles[k]);
        fixture_add(f, &r);
    }
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 4, .threshold = 2};
    r.domain = TJ_DOMAIN_MOVE;
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = 4};
    r.classes = tj_type_classes_max(TJ_CUSTODIAN);
    fixture_add(f, &r);
    /* Last: from here on the party administers itself. */
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 4, .threshold = 1};
    r.domain = TJ_DOMAIN_ADMINISTER;
    fixture_add(f, &r);
    for (uint32_t k = 0; k < 5; k++) {
        fixture_sign_as(f, TJ_USE_POSSESSION, 4, k);
    }
    rules_accept(f);
    fixture_begin(f, 4, 1);
    for (uint32_t local = 0; local < 3; local++) {
        r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .account = tj_account_id(4, local)};
        r.asset = 1;
        r.class = classes[local];
        fixture_add(f, &r);
    }
    rules_accept(f);
}

/* ---- signing ---- */

void rules_slot(struct fixture *f, uint8_t use, uint32_t party, uint32_t key_party,
                uint32_t ordinal, uint8_t algorithm)
{
    const uint8_t aux32[32] = {0};
    uint8_t secret32[32];
    struct tj_hash id;
    struct tj_slot slot = {.party = party, .use = use};
    fixture_secret(secret32, key_party, ordinal);
    fixture_seal(f, &id);
    assert_true(tj_public_key_of(&slot.key, algorithm, secret32));
    assert_true(tj_sign(slot.signature64, algorithm, secret32, &id, aux32));
    assert_int_equal(tj_slots_insert(&f->slots, &slot), TIJORI_OK);
}

void rules_sign(struct fixture *f)
{
    uint32_t party = f->header.party;
    if (party == 4 && f->header.lane != 0) {
        fixture_sign_as(f, TJ_USE_SIGN, 4, 1);
        fixture_sign_as(f, TJ_USE_SIGN, 4, 3);
        return;
    }
    fixture_sign_as(f, TJ_USE_SIGN, party, 0);
    if (party <= 1) {
        fixture_sign_as(f, TJ_USE_SIGN, party, 1);
    }
}

void rules_countersign(struct fixture *f, uint32_t party)
{
    /* By ordinal: of the authority that of test_opening.c. */
    static const uint32_t first[] = {[0] = 3, [4] = 1};
    fixture_sign_as(f, TJ_USE_COUNTERSIGN, party, party <= 4 ? first[party] : 0);
    if (party == 1 || party == 4) {
        fixture_sign_as(f, TJ_USE_COUNTERSIGN, party, party == 4 ? 3 : 1);
    }
}

/* ---- accepted, refused ---- */

static uint64_t must_accept(struct fixture *f)
{
    struct tijori_receipt receipt;
    fixture_encode(f);
    if (fixture_submit(f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
    return receipt.entry;
}

uint64_t rules_accept(struct fixture *f)
{
    rules_sign(f);
    return must_accept(f);
}

uint64_t rules_accept_signed(struct fixture *f)
{
    return must_accept(f);
}

/* Submits f->bytes, which must not be accepted and must leave no trace in the ledger or in memory.
 */
static enum tijori_status submit_in_vain(struct fixture *f, struct tijori_receipt *out)
{
    struct rules_trace before;
    struct rules_trace after;
    rules_trace(f, &before);
    enum tijori_status status = fixture_submit(f, out);
    rules_same_trace(f, &before);
    rules_trace(f, &after);
    if (!f->reopens) {
        assert_int_equal(after.state_bytes, before.state_bytes);
        assert_int_equal(after.dirty, before.dirty);
    }
    return status;
}

void rules_refuse_bytes(struct fixture *f, struct tijori_receipt *out, enum tijori_status status)
{
    if (submit_in_vain(f, out) != status) {
        fail_msg("wanted %s, got: %s", tijori_status_name(status), out->text);
    }
}

void rules_refuse(struct fixture *f, enum tijori_status status)
{
    struct tijori_receipt receipt;
    rules_sign(f);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, status);
}

void rules_one(struct fixture *f, uint32_t party, uint16_t lane, const struct tj_record *record)
{
    fixture_begin(f, party, lane);
    fixture_add(f, record);
}

uint64_t rules_accept_one(struct fixture *f, uint32_t party, uint16_t lane,
                          const struct tj_record *record)
{
    rules_one(f, party, lane, record);
    return rules_accept(f);
}

void rules_refuse_one(struct fixture *f, uint32_t party, uint16_t lane,
                      const struct tj_record *record, enum tijori_status status)
{
    rules_one(f, party, lane, record);
    rules_refuse(f, status);
}

void rules_refuse_saying(struct fixture *f, const char *text)
{
    struct tijori_receipt receipt;
    fixture_encode(f);
    enum tijori_status status = submit_in_vain(f, &receipt);
    if (status == TIJORI_OK || strcmp(receipt.text, text) != 0) {
        fail_msg("\nwanted: %s\ngot:    %s", text, receipt.text);
    }
}

/* ---- records that name others ---- */

static void stored(struct fixture *f, uint8_t *entry, size_t *entry_size, uint8_t *body,
                   size_t body_size, uint64_t index)
{
    struct tijori_entry out = {entry, TJ_ENTRY_SIZE_MAX, body, body_size};
    assert_int_equal(tijori_entry(f->ledger, &out, index), TIJORI_OK);
    *entry_size = out.entry_size;
}

struct tj_record rules_naming(struct fixture *f, uint8_t kind, uint64_t entry, uint32_t position)
{
    uint8_t bytes[TJ_ENTRY_SIZE_MAX];
    size_t size;
    size_t body_size = tj_body_size(TJ_RECORDS_MAX);
    uint8_t *body = malloc(body_size);
    struct tj_record named;
    assert_non_null(body);
    stored(f, bytes, &size, body, body_size, entry);
    const uint8_t *record = body + (size_t)position * TJ_RECORD_SIZE;
    tj_record_decode(&named, record);
    struct tj_record r = {.kind = kind, .purpose = named.purpose, .amount = named.amount};
    r.from = kind == TJ_CORRECT ? named.to : named.from;
    r.to = kind == TJ_CORRECT ? named.from : named.to;
    r.refers_to = tj_record_id(entry, position);
    uint32_t count = tj_header_record_count(bytes + TJ_ENTRY_FIXED_SIZE - TJ_HEADER_SIZE);
    tj_group_hash(f->digester.hasher, &r.hash, record, tj_details_after(body, count, position));
    free(body);
    return r;
}

struct tj_record rules_endorse(struct fixture *f, uint64_t entry)
{
    uint8_t bytes[TJ_ENTRY_SIZE_MAX];
    size_t size;
    size_t body_size = tj_body_size(TJ_RECORDS_MAX);
    uint8_t *body = malloc(body_size);
    struct tj_record r = {.kind = TJ_ENDORSE, .entry = entry};
    assert_non_null(body);
    stored(f, bytes, &size, body, body_size, entry);
    tj_leaf_hash(f->digester.hasher, &r.leaf, bytes, size);
    tj_envelope_id(&f->digester, &r.envelope_id, bytes + 64);
    free(body);
    return r;
}

/* ---- a story ---- */

enum { STEPS_MAX = 256 };

struct story {
    struct fixture *f;
    const struct rules_step *steps;
    uint64_t begin_ns;
    uint64_t records[STEPS_MAX]; /* record ids, of those that were accepted */
};

static uint64_t record_of(const struct story *s, size_t now, const char *id)
{
    for (size_t i = now; i-- > 0;) {
        if (s->steps[i].id != NULL && strcmp(s->steps[i].id, id) == 0 && s->records[i] != 0) {
            return s->records[i];
        }
    }
    fail_msg("no step before is \"%s\"", id);
    return 0;
}

static void add_step(const struct story *s, size_t i)
{
    const struct rules_step *step = &s->steps[i];
    struct tj_record r = step->r;
    if (step->names != NULL) {
        uint64_t id = record_of(s, i, step->names);
        r = rules_naming(s->f, step->r.kind, tj_record_entry(id), tj_record_position(id));
        r.amount = step->r.amount != 0 ? step->r.amount : r.amount;
        r.opening = step->r.opening;
    }
    fixture_add(s->f, &r);
}

static void sign_step(struct fixture *f, const struct rules_step *step)
{
    struct tj_hash id;
    fixture_seal(f, &id);
    for (const char *key = step->sign; key != NULL && *key != '\0'; key++) {
        fixture_sign_as(f, TJ_USE_SIGN, step->party, (uint32_t)(*key - '0'));
    }
    for (const char *party = step->countersign; party != NULL && *party != '\0'; party++) {
        rules_countersign(f, (uint32_t)(*party - '0'));
    }
    for (const char *key = step->possession; key != NULL && *key != '\0'; key += 2) {
        fixture_sign_as(f, TJ_USE_POSSESSION, (uint32_t)(key[0] - '0'), (uint32_t)(key[1] - '0'));
    }
    if (step->sign == NULL) {
        rules_sign(f);
    }
}

/* From step `first` on, the records of one envelope; returns the step after them. */
static size_t play_envelope(struct story *s, size_t first)
{
    struct fixture *f = s->f;
    const struct rules_step *step = &s->steps[first];
    size_t last = first;
    f->now_ns = step->at_ns != 0 ? s->begin_ns + step->at_ns : f->now_ns;
    fixture_begin(f, step->party, step->lane);
    f->header.flags = step->flags;
    add_step(s, last);
    while (s->steps[last].more) {
        add_step(s, ++last);
    }
    step = &s->steps[last];
    sign_step(f, step);
    if (step->refused != NULL) {
        rules_refuse_saying(f, step->refused);
        return last + 1;
    }
    struct tijori_receipt receipt;
    fixture_encode(f);
    if (fixture_submit(f, &receipt) != TIJORI_OK) {
        fail_msg("step %zu (%s): %s", last, step->id != NULL ? step->id : "", receipt.text);
    }
    assert_true(step->at_ns == 0 || receipt.received_ns == f->now_ns);
    for (size_t i = first; i <= last; i++) {
        s->records[i] = tj_record_id(receipt.entry, (uint32_t)(i - first));
    }
    return last + 1;
}

void rules_play(struct fixture *f, const struct rules_step *steps, size_t count)
{
    struct story s = {.f = f, .steps = steps, .begin_ns = f->now_ns};
    assert_true(count <= STEPS_MAX);
    for (size_t i = 0; i < count;) {
        i = play_envelope(&s, i);
    }
}

void rules_check_replay(struct fixture *f)
{
    struct rules_trace live;
    struct tj_replay_report report;
    rules_trace(f, &live);
    fixture_close(f);
    for (uint32_t threads = 1; threads <= 2; threads++) {
        fixture_audit(f, &report, threads);
        if (report.failed) {
            fail_msg("entry %llu: %s", (unsigned long long)report.first_entry, report.failure);
        }
        assert_memory_equal(&report.state_digest, &live.digest, sizeof live.digest);
    }
    fixture_open(f);
    rules_same_trace(f, &live);
}

/* ---- the state ---- */

void rules_trace(struct fixture *f, struct rules_trace *out)
{
    struct tj_ledger_view view;
    memset(out, 0, sizeof *out);
    tijori_head(f->ledger, &out->head);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    tj_state_digest(view.state, view.digester->hasher, &out->digest);
    out->state_bytes = tj_state_bytes(view.state);
    out->dirty = view.state->dirty_count;
    tj_ledger_view_end(f->ledger, &view);
}

void rules_same_trace(struct fixture *f, const struct rules_trace *before)
{
    struct rules_trace now;
    rules_trace(f, &now);
    assert_int_equal(now.head.size, before->head.size);
    assert_memory_equal(now.head.root, before->head.root, TJ_HASH_SIZE);
    assert_memory_equal(now.digest.bytes, before->digest.bytes, TJ_HASH_SIZE);
}

struct tj_total_object rules_total(struct fixture *f, uint32_t asset, uint8_t purpose,
                                   uint8_t basis)
{
    struct tj_ledger_view view;
    struct tj_total_object total;
    memset(&total, 0, sizeof total);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_total_object *found =
        tj_state_peek(view.state, TJ_T_TOTAL, 0, tj_total_number(asset, purpose, basis));
    total = found != NULL ? *found : total;
    tj_ledger_view_end(f->ledger, &view);
    return total;
}

struct tj_account_object rules_account(struct fixture *f, uint64_t account)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_account_object *found = tj_state_account(view.state, account);
    assert_non_null(found);
    struct tj_account_object copy = *found;
    tj_ledger_view_end(f->ledger, &view);
    return copy;
}

struct tj_rule_object rules_rule(struct fixture *f, uint32_t number)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_rule_object *found = tj_state_rule(view.state, number);
    assert_non_null(found);
    struct tj_rule_object copy = *found;
    tj_ledger_view_end(f->ledger, &view);
    return copy;
}
