#include "cli/tijori/readiness_print.h"

#include "crypto/hex.h"
#include "text/words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * TJ_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The entry that it would become. The genesis has nothing after it but entry 1, which is the
 * authority's second in lane 0; of any other envelope it does not matter which. */
static uint64_t next_entry(const struct known_keys *known, const struct tj_header *header)
{
    if (known->entries != 0) {
        return known->entries;
    }
    bool opens = header->party == 0 && header->lane == 0 && header->sequence == 2;
    return opens ? 1 : 2;
}

static void print_signatures(FILE *out, const struct tj_signatures *s, bool complete)
{
    const struct tj_quorum *counting = &s->counting;
    if (!s->known) {
        fprintf(out, "%" PRIu32 " signature%s (threshold not known without --ledger)", s->given,
                s->given == 1 ? "" : "s");
        return;
    }
    fprintf(out, "%" PRIu32 " of %" PRIu32 " signatures%s", counting->given, counting->needed,
            complete ? ": complete" : "");
    if (counting->needed == 0) {
        fprintf(out, " (a threshold of 0 is never reached)");
    } else if (counting->given >= counting->needed && !counting->initiated) {
        fprintf(out, ", none of them by a key that initiates");
    }
    if (s->given > counting->given) {
        uint32_t more = s->given - counting->given;
        fprintf(out, ", %" PRIu32 " more that do%s not count here", more, more == 1 ? "es" : "");
    }
    if (s->status != TIJORI_OK) {
        fprintf(out, ", the party is %s",
                s->status == TIJORI_PARTY_CLOSED ? "closed" : "suspended");
    }
}

/* The first of the slots that the ledger refuses: one is enough for that. */
static void print_refused(FILE *out, const struct tj_readiness *r)
{
    char text[320];
    for (uint32_t i = 0; i < TJ_SLOTS_MAX && r->refused > 0; i++) {
        if (r->slots[i].status != TIJORI_OK) {
            tj_verdict_format(&r->slots[i], text, sizeof text);
            fprintf(out, "; %s", text);
            return;
        }
    }
}

static void print_approvals(FILE *out, const struct tj_readiness *r)
{
    struct words wanted = {.used = 0};
    const struct tj_approvals *a = &r->approvals;
    if (r->approvals_record != TJ_NOWHERE) {
        words_approvals(&wanted, a->wanted.approvals, a->wanted.groups);
        fprintf(out, "; record %" PRIu32 " wants %s by rule %" PRIu32 ": %" PRIu32 " given",
                r->approvals_record, wanted.text, a->wanted.rule, a->count);
    }
}

static void print_bar(FILE *out, const struct tj_readiness *r, const uint8_t *records)
{
    bool move = r->bar_record != TJ_NOWHERE &&
                tj_record_kind(records + (size_t)r->bar_record * TJ_RECORD_SIZE) == TJ_MOVE;
    switch (r->bar) {
    case TJ_BAR_NONE:
        return;
    case TJ_BAR_NOT_OPENING:
        fprintf(out, "; the ledger begins with the authority's endorsement of entry 0");
        return;
    case TJ_BAR_ACCOUNT:
        fprintf(out, "; record %" PRIu32 " names an account that is not there", r->bar_record);
        return;
    case TJ_BAR_WAIT:
        fprintf(out, "; record %" PRIu32 " has to wait %" PRIu64 " s more by rule %" PRIu32,
                r->bar_record, tj_s_of_ns_up(r->left_ns), r->wait_rule);
        return;
    case TJ_BAR_NEVER:
        fprintf(out, "; record %" PRIu32 " has to wait %" PRIu32 " s by rule %" PRIu32 ": %s",
                r->bar_record, r->wait_s, r->wait_rule,
                move ? "propose it as pending" : "a correct cannot");
        return;
    case TJ_BAR_TWICE:
        fprintf(out, "; record %" PRIu32 " approves what one before it does", r->bar_record);
        return;
    case TJ_BAR_VOUCHER:
        fprintf(out,
                "; record %" PRIu32 " is an opening of the authority: a party outside the public "
                "sector has to countersign it",
                r->bar_record);
        return;
    }
    abort();
}

void readiness_words(FILE *out, const struct tj_readiness *r, const uint8_t *records)
{
    print_signatures(out, &r->own, r->ready);
    for (uint32_t i = 0; i < r->others; i++) {
        fprintf(out, "; party %" PRIu32 " countersigns: ", r->other[i].party);
        print_signatures(out, &r->other[i], false);
    }
    if (r->possession_wanted > 0) {
        fprintf(out, "; keys: %" PRIu32 " of %" PRIu32 " prove possession", r->possession_shown,
                r->possession_wanted);
    }
    if (r->quorum_changes && r->quorum.given < r->quorum.needed) {
        fprintf(out, "; %" PRIu32 " of %" PRIu32 " by keys that administer afterwards",
                r->quorum.given, r->quorum.needed);
    }
    print_approvals(out, r);
    print_bar(out, r, records);
    print_refused(out, r);
}

/* The envelope, were it judged now with these slots. */
static struct tj_case case_of(const struct known_keys *known, const struct tj_envelope_view *view,
                              const struct tj_slots *slots, const struct tj_hash *id)
{
    return (struct tj_case){
        .index = next_entry(known, &view->header),
        .received_ns = now_ns(),
        .header = &view->header,
        .slots = slots,
        .records = view->records,
        .envelope_id = *id,
        .signatures_valid = true,
        .invalid_slot = TJ_NOWHERE,
    };
}

void readiness_with(const struct known_keys *known, struct tj_readiness *out,
                    const struct tj_envelope_view *view, const struct tj_slots *slots,
                    const struct tj_hash *id)
{
    const struct tj_case c = case_of(known, view, slots, id);
    tj_readiness_of(known->state, out, known->past, &c);
}

void readiness_find(const struct known_keys *known, struct tj_readiness *out,
                    const struct tj_envelope_view *view, const struct tj_hash *id)
{
    struct tj_case c = case_of(known, view, &view->slots, id);
    bool undecided;
    const struct tj_signed claim = {&view->slots, id, &c.invalid_slot, &undecided};
    tj_slots_verify(&claim, 1);
    c.signatures_valid = c.invalid_slot == TJ_NOWHERE;
    tj_readiness_of(known->state, out, known->past, &c);
}

void readiness_print(FILE *out, const char *path, const struct known_keys *known,
                     const struct tj_envelope_view *view, const struct tj_hash *id)
{
    struct tj_readiness readiness;
    char name[512];
    char hex[2 * TJ_HASH_SIZE + 1];
    readiness_find(known, &readiness, view, id);
    text_sanitise(name, sizeof name, path);
    tj_hex_encode(hex, id->bytes, TJ_HASH_SIZE);
    fprintf(out, "%s: envelope %.16s: ", name, hex);
    readiness_words(out, &readiness, view->records);
    fprintf(out, "\n");
}

void readiness_print_all(FILE *out, const char *path, const struct known_keys *known,
                         const struct buffer *envelopes)
{
    struct tj_digester digester;
    size_t size = 0;
    digester_needed(&digester);
    for (size_t at = 0; at < envelopes->size; at += size) {
        struct tj_envelope_view view;
        struct tj_verdict verdict;
        struct tj_hash id;
        const uint8_t *bytes = envelopes->bytes + at;
        tj_verdict_init(&verdict);
        if (tj_envelope_measure(&size, bytes, envelopes->size - at) != TIJORI_OK ||
            tj_envelope_decode(&view, bytes, size, &verdict) != TIJORI_OK) {
            break; /* who signs it is told why it has no form */
        }
        tj_envelope_id(&digester, &id, view.bytes);
        readiness_print(out, path, known, &view, &id);
    }
    tj_digester_clear(&digester);
}
