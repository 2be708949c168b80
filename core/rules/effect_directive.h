#ifndef TIJORI_CORE_RULES_EFFECT_DIRECTIVE_H
#define TIJORI_CORE_RULES_EFFECT_DIRECTIVE_H

/* What an effect may know (effect.h says why no more), and the effects of directives:
 * docs/FORMAT.md section 8, of the records of section 7.2. */

#include "core/rules/rule.h"

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

/* One directive, with its record id. */
void tj_effect_directive(struct tj_state *state, const struct tj_effect *effect, uint64_t id,
                         const uint8_t record[TJ_RECORD_SIZE]);

#endif
