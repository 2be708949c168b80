#ifndef TIJORI_CORE_RULES_READINESS_H
#define TIJORI_CORE_RULES_READINESS_H

/* What an envelope still lacks before the ledger can accept its keys: for people to look at before
 * the judges do. Every answer comes from the rules that the judges call (signing.h). The judges
 * stop at the first rule that is broken; this goes on and says all that is to be done.
 *
 * It says nothing of the form, and nothing of what no signature changes (sequence, times, balances,
 * limits). An envelope that is ready may still be refused for those.
 *
 * Threads: none; functions of their arguments. */

#include "core/rules/signing.h"

/* How far the signatures of one party have come. */
struct tj_signatures {
    uint32_t party;
    uint32_t given;            /* slots, whether they count or not */
    struct tj_quorum counting; /* of those that count; all zero when the party is not known */
    bool known;                /* the party is */
    enum tijori_status status; /* of the party: OK, PARTY_SUSPENDED, PARTY_CLOSED */
};

/* What no signature makes good. Of several the first is told. */
enum tj_bar {
    TJ_BAR_NONE,
    TJ_BAR_NOT_OPENING, /* entry 1 is the authority's endorsement of entry 0, alone */
    TJ_BAR_ACCOUNT,     /* a movement whose accounts are not both there: who countersigns? */
    TJ_BAR_WAIT,        /* a post that comes too early by its tier */
    TJ_BAR_NEVER,       /* a move or a correct that its tier makes wait, which only a post can */
    TJ_BAR_TWICE,       /* an approve of what another record of the envelope approves */
    TJ_BAR_VOUCHER,     /* the authority's own opening, which nobody outside the public sector
                         * countersigns yet: one such party is enough, whichever it is */
};

struct tj_readiness {
    bool ready;                               /* no rule of keys refuses it */
    struct tj_verdict slots[TJ_SLOTS_MAX];    /* why each does not count; status OK: it does */
    uint32_t refused;                         /* how many do not: the ledger refuses any such */
    struct tj_signatures own;                 /* the header's party */
    uint32_t others;                          /* who countersigned or has to, at most 16 of them: */
    struct tj_signatures other[TJ_SLOTS_MAX]; /* an envelope has no slots for more */
    uint32_t possession_wanted;               /* records */
    uint32_t possession_shown;
    uint32_t approvals_record;     /* the first whose amount wants more; TJ_NOWHERE: none */
    struct tj_approvals approvals; /* of that record */
    bool quorum_changes;           /* the authority's: then `quorum` has to be reached */
    struct tj_quorum quorum;       /* by keys that administer for it afterwards */
    enum tj_bar bar;
    uint32_t bar_record; /* its record; TJ_NOWHERE: of the envelope */
    uint32_t wait_rule;  /* of WAIT and NEVER: the rule that makes it wait, */
    uint32_t wait_s;     /* how long by that, */
    uint64_t left_ns;    /* and, of WAIT, how much of it is left */
};

/* Of the envelope `c`, whose form was checked, were it judged now as entry c->index.
 *
 * `state` is the one after all earlier entries. Who has the genesis alone gives the state after it
 * (tj_genesis_state), with index 1 for entry 1 and any index above for a later one. NULL: nothing
 * is known. It is not a partial one. `past` may be NULL: then it is not known how long a post has
 * waited. */
void tj_readiness_of(const struct tj_state *state, struct tj_readiness *out,
                     const struct tj_past *past, const struct tj_case *c);

/* Of a pending movement, were it posted at this time as record `id` without another approval. Its
 * accounts exist. */
void tj_readiness_of_pending(const struct tj_state *state, struct tj_approvals *out,
                             const uint8_t record[TJ_RECORD_SIZE], uint64_t pending, uint64_t id,
                             uint64_t now_ns);

#endif
