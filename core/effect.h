#ifndef TIJORI_CORE_EFFECT_H
#define TIJORI_CORE_EFFECT_H

/* What an accepted record does to the state: docs/FORMAT.md section 8. Effects check nothing; they
 * serve the rules (apply.c), which have checked, and the redo after an open, which trusts what was
 * accepted before.
 *
 * An effect on an object depends only on the record, its entry, the records it names, facts of
 * other objects that never change once they are there (an account's class and asset, a party's
 * type), and that object itself. So a redo may start from blocks of different ages. */

#include "core/entry.h"
#include "core/state.h"

/* An earlier record that a record names. */
struct tj_named {
    uint8_t record[TJ_RECORD_SIZE];
    struct tj_hash leaf; /* SHA-256(0x00 || record) */
    uint8_t basis;       /* enum tj_basis, of a movement */
    bool absent;         /* there is such a record, in a body that a public export leaves out: then
                          * nothing else here is known */
};

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
    const struct tj_header *header;
    const struct tj_hash *envelope_id;
    const struct tj_past *past;
    bool countersigned; /* it has a countersign slot */
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

/* In an audit of a public export: one record that names one that is not there. A post or a void
 * settles it, whatever it is; nothing else is known. */
void tj_effect_absent(struct tj_state *state, struct tj_effect *effect,
                      const uint8_t record[TJ_RECORD_SIZE]);

/* After the last record: what the ledger counts. */
void tj_effect_end(struct tj_state *state, const struct tj_effect *effect);

/* Completes what `past` answers about out->record, whose entry had these slots: a post is as well
 * founded as the pending movement it posts, which is not itself a post. False when that is not to
 * be had. */
bool tj_named_basis(const struct tj_past *past, const struct tj_slots *slots, struct tj_named *out);

/* The basis of a movement by its own record and entry alone. */
enum tj_basis tj_basis_of(const uint8_t record[TJ_RECORD_SIZE], bool countersigned);

#endif
