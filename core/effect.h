#ifndef TIJORI_CORE_EFFECT_H
#define TIJORI_CORE_EFFECT_H

/* What an accepted record does to the state: docs/FORMAT.md section 8. Effects check nothing; they
 * serve the rules (apply.c), which have checked, and the redo after an open, which trusts what was
 * accepted before.
 *
 * An effect on an object depends only on the record, its entry, the records it names, facts of
 * other objects that never change once they are there (an account's class and asset, a party's
 * type, what a rule says, from when to when it was in force), and that object itself. So a redo may
 * start from blocks of different ages. */

#include "core/rule.h"

/* The log before an entry, as functions of it: answers come from entries that were accepted. False
 * when there is no such thing. The rules open nothing and read nothing else. */
struct tj_past {
    void *context;
    /* A record by its id. */
    bool (*record)(void *context, uint64_t record_id, struct tj_named *out);
    /* An entry's leaf hash; and its envelope id. */
    bool (*leaf)(void *context, uint64_t index, struct tj_hash *leaf);
    bool (*envelope_id)(void *context, uint64_t index, struct tj_hash *id);
    /* The entry that an entry's tail gives as lane_jump. */
    bool (*lane_jump)(void *context, uint64_t index, uint64_t *jump);
    /* The tree root over the first `size` entries. */
    bool (*root)(void *context, uint64_t size, struct tj_hash *root);
};

/* One entry on its way into the state. */
struct tj_effect {
    uint64_t entry;
    uint64_t received_ns;
    const struct tj_header *header;
    const struct tj_slots *slots;
    const struct tj_hash *envelope_id;
    const struct tj_past *past;
    bool countersigned; /* it has a countersign slot */
    bool rules;         /* a rule was ever set */
    uint64_t marks;     /* number of the next new mark; starts at the tail's marks_base */
};

/* True when one of the slots countersigns. */
bool tj_slots_countersigned(const struct tj_slots *slots);

/* The lane moves on: sequence, id and entry of its last envelope. Returns nothing to undo by hand.
 */
void tj_effect_lane(struct tj_state *state, const struct tj_effect *effect, uint64_t lane_jump);

/* One record. `link` (16 bytes, NULL in a redo) gets the record ids of the movements that touched
 * its accounts before; zero for a directive. */
void tj_effect_record(struct tj_state *state, struct tj_effect *effect, uint32_t position,
                      const uint8_t record[TJ_RECORD_SIZE], uint8_t *link);

/* Of those, a directive with this record id. */
void tj_effect_directive(struct tj_state *state, const struct tj_effect *effect, uint64_t id,
                         const uint8_t record[TJ_RECORD_SIZE]);

/* In an audit of a public export: one record that names one that is not there. A post or a void
 * settles it, whatever it is; nothing else is known. */
void tj_effect_absent(struct tj_state *state, struct tj_effect *effect,
                      const uint8_t record[TJ_RECORD_SIZE]);

/* After the last record: what the ledger counts. */
void tj_effect_end(struct tj_state *state, const struct tj_effect *effect);

/* Completes what `past` answers about out->record, of this entry: a post is as well founded, and as
 * well vouched for, as the pending movement it posts, which is not itself a post. */
void tj_named_complete(const struct tj_past *past, const struct tj_entry_view *entry,
                       struct tj_named *out);

/* The keys of role approve that signed for the header's party, bit by ordinal. */
void tj_approvers(const struct tj_state *state, const struct tj_header *header,
                  const struct tj_slots *slots, uint8_t out[TJ_KEYS_MAX / 8]);

/* The basis of a movement by its own record and entry alone. */
enum tj_basis tj_basis_of(const uint8_t record[TJ_RECORD_SIZE], bool countersigned);

#endif
