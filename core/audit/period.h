#ifndef TIJORI_CORE_AUDIT_PERIOD_H
#define TIJORI_CORE_AUDIT_PERIOD_H

/* A period in full, for a statement (docs/FORMAT.md section 17): every account as it stood before
 * and after, what moved it by purpose, and what stood open at the end. A replay that begins with
 * entry 0 collects it (tj_replay_options.period), so that nothing in it is taken on trust.
 *
 * The period is from 00:00 of `from` to 24:00 of `as_of`. Days are UTC, by received-at. The same
 * log gives the same period, however much it grew since: only entries received by the period's end
 * count.
 *
 * Two things go on to the end of the log. Statement records about this very period are listed
 * whenever they came. And the figures are those of the whole log; of a day that is over they say
 * what they said when it ended.
 *
 * Threads: none of its own. What can fail answers false when memory is out. The period is of no use
 * then. */

#include "core/audit/figures.h"

/* 96 bytes. */
struct tj_period_account {
    tj_i128 opening;
    tj_i128 closing;
    uint64_t account;
    uint64_t pending_in;
    uint64_t pending_out;
    uint32_t flow; /* of the first of its flows, plus one; 0: none */
    uint16_t asset;
    uint8_t class;
    uint8_t flags;
    bool frozen_out; /* by itself, or by a rule that freezes its party */
    uint8_t encumbrance;
    char *label; /* or NULL */
};

/* What moved one account under one purpose; a correct record stands under `correction`. */
struct tj_period_flow {
    tj_u128 in;
    tj_u128 out;
    uint64_t count;
    uint64_t account;
    uint32_t next; /* of the same account, plus one; 0: the last */
    uint8_t purpose;
};

/* A movement that was pending at the end, or a correct record of the period. */
struct tj_period_record {
    uint64_t id;
    uint64_t received_ns;
    uint64_t refers_to; /* a correct: what it corrects; and when that was received */
    uint64_t refers_to_ns;
    uint8_t record[TJ_RECORD_SIZE];
    uint32_t approvals;
    bool prior; /* a correct: of a day that a statement was about already */
};

/* What a custodian attested to hold. */
struct tj_period_attested {
    uint32_t party;
    uint32_t asset;
    uint32_t as_of; /* that it speaks of */
    tj_i128 value;
    uint64_t id;
};

/* Statement records about this very period, whenever they came into the log: one a row an entry. */
struct tj_period_stated {
    uint64_t entry;
    uint32_t figures;
    struct tj_hash document; /* of the first; zero: none */
};

struct tj_period {
    uint32_t from; /* days; 0: the ledger's first */
    uint32_t as_of;
    bool opened;
    bool closed;
    bool
        partial; /* restricted bodies are missing: custody outside the public sector is not known */
    /* Covered: entries 0 to entries - 1. */
    uint64_t entries;
    uint64_t first_entry; /* of the period */
    uint64_t last_received_ns;
    struct tj_hash last_leaf;
    struct tj_ledger_object ledger;
    /* As at the end, by number. */
    struct tj_party_object *parties;
    struct tj_asset_object *assets; /* from 1 on */
    struct tj_rule_object *rules;
    char (*rule_names)[TJ_NAME_SIZE + 1]; /* of programmes */
    /* By party and local number. */
    struct tj_period_account *accounts;
    size_t account_count;
    struct tj_period_flow *flows;
    size_t flow_count;
    struct tj_period_record *pending;
    size_t pending_count;
    struct tj_period_record *corrections;
    size_t correction_count;
    struct tj_period_attested *attested;
    size_t attested_count;
    struct tj_period_stated *stated;
    size_t stated_count;
    struct tj_figures *figures; /* of the replay; to be asked for from and as_of */
    struct tj_period_work *work;
};

/* Its first nanosecond and its last. */
static inline uint64_t tj_period_first_ns(const struct tj_period *p)
{
    return tj_days_after(0, p->from);
}
static inline uint64_t tj_period_last_ns(const struct tj_period *p)
{
    return tj_days_after(0, p->as_of) + 86400u * TJ_NS_PER_S - 1;
}

/* `from` 0: from the ledger's first day on. NULL when memory is out. */
struct tj_period *tj_period_create(uint32_t from, uint32_t as_of) TJ_MUST_USE;
void tj_period_destroy(struct tj_period *period);

/* To be called before an entry is judged: `state` is the state until then, `last_leaf` the leaf
 * hash of the last entry. */
bool tj_period_before(struct tj_period *period, const struct tj_state *state,
                      const struct tj_past *past, uint64_t received_ns,
                      const struct tj_hash *last_leaf) TJ_MUST_USE;
/* To be called after the entry was accepted, whether its body is there or not. */
void tj_period_entry(struct tj_period *period, uint64_t index, uint64_t received_ns);
/* To be called for the entry's records, when they are there: for what moved, for a statement, for
 * an account that was opened. */
bool tj_period_post(struct tj_period *period, const struct tj_past *past,
                    const struct tj_posting *posting) TJ_MUST_USE;
bool tj_period_state(struct tj_period *period, uint64_t id,
                     const struct tj_record *statement) TJ_MUST_USE;
bool tj_period_open_account(struct tj_period *period, const struct tj_record *opened) TJ_MUST_USE;
/* After the last entry. */
bool tj_period_end(struct tj_period *period, const struct tj_state *state,
                   const struct tj_past *past, const struct tj_hash *last_leaf) TJ_MUST_USE;

/* The row of an account that the state had at the end. */
struct tj_period_account *tj_period_row(const struct tj_period *period, uint64_t account);

/* The name of a party. */
static inline const char *tj_period_party(const struct tj_period *period, uint32_t party)
{
    return period->parties[party].name;
}

#endif
