#ifndef TIJORI_CORE_AUDIT_POSTING_H
#define TIJORI_CORE_AUDIT_POSTING_H

/* One movement that moved something, decoded once. The tally, the figures and a period all count
 * this, so the three cannot understand a record in different ways. */

#include "core/rules/judge.h"

struct tj_posting {
    const uint8_t *record; /* TJ_RECORD_SIZE bytes, as long as the body is there */
    uint64_t id;           /* the record's */
    uint64_t received_ns;  /* of its entry */
    uint32_t day;          /* of received_ns: from 1970-01-01, UTC */
    uint32_t asset;
    uint64_t amount; /* base units */
    uint64_t from;
    uint64_t to;
    const struct tj_account_object *from_account; /* as they stand after the entry */
    const struct tj_account_object *to_account;
    enum tj_flow flow; /* where it stands to the reserve */
    uint8_t purpose;   /* what it is counted under: `correction` for a correct record */
    bool corrects;
};

/* Decodes a record of an accepted entry of movements. `state` already has the entry's effects.
 * False when the record moved nothing: it is a pending, a void or an approval.
 *
 * False also in an audit without restricted bodies, when the record names one that is not there.
 * Nothing is known of such a record but that it is settled. */
static inline bool tj_posting_of(struct tj_posting *out, const struct tj_state *state,
                                 const struct tj_past *past, uint64_t id, uint64_t received_ns,
                                 const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;
/* It is inline, and sets every member at once. It runs for each movement of a log, and most of an
 * audit's judging is such small things. */
static inline bool tj_posting_of(struct tj_posting *out, const struct tj_state *state,
                                 const struct tj_past *past, uint64_t id, uint64_t received_ns,
                                 const uint8_t record[TJ_RECORD_SIZE])
{
    if (!tj_kind_posts(record[0])) {
        return false;
    }
    if (tj_names_absent(state, past, record)) {
        return false;
    }
    *out = (struct tj_posting){
        .record = record,
        .id = id,
        .received_ns = received_ns,
        .day = tj_day_of(received_ns),
        .amount = tj_movement_amount(record).base,
        .from = tj_movement_from(record),
        .to = tj_movement_to(record),
        .purpose = tj_movement_purpose(record),
        .corrects = record[0] == TJ_CORRECT,
    };
    if (out->corrects) {
        out->purpose = TJ_CORRECTION;
    }
    out->from_account = tj_state_account(state, out->from);
    out->to_account = tj_state_account(state, out->to);
    /* The rules saw to it: there is no movement without its accounts, and none across assets. */
    TIJORI_REQUIRE(out->from_account != NULL && out->to_account != NULL);
    TIJORI_REQUIRE(out->purpose < TJ_PURPOSE_END);
    TJ_VERIFY_CHECK(out->from_account->asset == out->to_account->asset);
    TJ_VERIFY_CHECK(out->from_account->out >= out->amount && out->to_account->in >= out->amount);
    TJ_VERIFY_CHECK(out->from != out->to && out->amount != 0);
    out->asset = out->from_account->asset;
    out->flow = tj_flow_of(out->from_account->class, out->to_account->class);
    return true;
}

#endif
