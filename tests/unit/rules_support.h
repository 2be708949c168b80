#ifndef TIJORI_TESTS_UNIT_RULES_SUPPORT_H
#define TIJORI_TESTS_UNIT_RULES_SUPPORT_H

/* On top of ledger_support.h, for the tests of the rules: one more party with keys of every role,
 * what the state holds, and envelopes that must be accepted or must be refused and leave no trace.
 *
 *     party 4 custodian  keys ecdsa: 0 administer, 1 and 2 initiate, 3 and 4 approve;
 *                        administer threshold 1, move threshold 2; accounts 4:0, 4:1 custody,
 *                        4:2 suspense
 */

#include "ledger_support.h"

enum { P4_CUSTODY_A, P4_CUSTODY_B, P4_SUSPENSE };

/* The fixture's world on the heap, with party 4 when asked. */
struct fixture *rules_world(bool with_party_4);
/* For stories: with party 4, at the beginning of a day, and with a clock that may jump. */
enum { RULES_DAY = 19676 };
struct fixture *rules_story_world(bool reopens);
void rules_end(struct fixture *f);
void rules_party_4(struct fixture *f);

/* A key record of the fixture's key (party, ordinal): add_key or revoke_key. */
struct tj_record rules_key(uint8_t kind, uint32_t party, uint32_t ordinal, uint8_t role);

/* Signs the sealed envelope with the fixture's secret (key_party, ordinal), under this algorithm,
 * in a slot for `party`. */
void rules_slot(struct fixture *f, uint8_t use, uint32_t party, uint32_t key_party,
                uint32_t ordinal, uint8_t algorithm);
/* `sign` slots as the header's party and lane ask; and countersignatures of a party. */
void rules_sign(struct fixture *f);
void rules_countersign(struct fixture *f, uint32_t party);

/* Signs, encodes, submits: must be accepted; the entry. */
uint64_t rules_accept(struct fixture *f);
/* The same without signing: f->slots as they are. */
uint64_t rules_accept_signed(struct fixture *f);
/* Submits f->bytes: must be refused with this status and leave no trace. */
void rules_refuse_bytes(struct fixture *f, struct tijori_receipt *out, enum tijori_status status);
/* Signs, encodes, then as rules_refuse_bytes. */
void rules_refuse(struct fixture *f, enum tijori_status status);

/* An envelope of one record by this party. */
void rules_one(struct fixture *f, uint32_t party, uint16_t lane, const struct tj_record *record);
uint64_t rules_accept_one(struct fixture *f, uint32_t party, uint16_t lane,
                          const struct tj_record *record);
void rules_refuse_one(struct fixture *f, uint32_t party, uint16_t lane,
                      const struct tj_record *record, enum tijori_status status);

/* As rules_refuse_bytes, and the receipt says this, to the last letter. */
void rules_refuse_saying(struct fixture *f, const char *text);

/* ---- a story, step by step ---- */

/* One record of an envelope, what it is to be signed by, and what comes of it. */
struct rules_step {
    const char *id;    /* by which later steps name its record */
    const char *names; /* post, void, correct, approve: the record of this step; its leaf hash,
                        * its accounts (swapped for a correct), amount (when 0 here), purpose */
    uint64_t at_ns;    /* when, after the story's begin; 0: 1 ns after the last entry */
    uint32_t party;    /* who submits */
    uint16_t lane;
    uint16_t flags;
    struct tj_record r;
    const char *sign;        /* ordinals of the party's keys, a letter each; NULL: as rules_sign */
    const char *countersign; /* parties, a letter each */
    const char *possession;  /* party and ordinal, two letters each */
    bool more;               /* the next step's record is in the same envelope; its signers count */
    const char *refused;     /* the receipt's text; NULL: accepted */
};

/* Plays them in order; a refused one leaves no trace. */
void rules_play(struct fixture *f, const struct rules_step *steps, size_t count);
#define RULES_PLAY(f, steps) rules_play(f, steps, sizeof(steps) / sizeof((steps)[0]))

/* Opened again, and replayed by an auditor, it has the state that it has. */
void rules_check_replay(struct fixture *f);

/* A post, void, correct or approve of record `position` of `entry`: its leaf hash, its accounts
 * (swapped for a correct), amount, purpose. */
struct tj_record rules_naming(struct fixture *f, uint8_t kind, uint64_t entry, uint32_t position);
/* Endorse of an entry. */
struct tj_record rules_endorse(struct fixture *f, uint64_t entry);

/* What the state holds. */
struct rules_trace {
    struct tj_hash digest; /* tj_state_digest */
    struct tijori_head head;
    uint64_t state_bytes; /* of memory, and blocks that changed: as one process has them */
    uint64_t dirty;
};
void rules_trace(struct fixture *f, struct rules_trace *out);
void rules_same_trace(struct fixture *f, const struct rules_trace *before);
struct tj_total_object rules_total(struct fixture *f, uint32_t asset, uint8_t purpose,
                                   uint8_t basis);
struct tj_rule_object rules_rule(struct fixture *f, uint32_t number);
struct tj_account_object rules_account(struct fixture *f, uint64_t account);

/* SplitMix64. */
uint64_t rules_random(uint64_t *seed);

#endif
