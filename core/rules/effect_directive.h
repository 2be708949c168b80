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
    bool (*record)(void *context, struct tj_named *out, uint64_t record_id);
    /* An entry's leaf hash; and its envelope id. */
    bool (*leaf)(void *context, struct tj_hash *leaf, uint64_t index);
    bool (*envelope_id)(void *context, struct tj_hash *id, uint64_t index);
    /* The entry that an entry's tail gives as lane_jump. */
    bool (*lane_jump)(void *context, uint64_t *jump, uint64_t index);
    /* The tree root over the first `size` entries. */
    bool (*root)(void *context, struct tj_hash *root, uint64_t size);
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
    bool opening;       /* the party's opening is not closed (as far as a redo knows) */
    uint64_t marks;     /* number of the next new mark; starts at the tail's marks_base */
};

/* A directive as it was given. */
struct tj_given {
    const struct tj_effect *effect;
    const struct tj_record *r;
    uint64_t id; /* its record id */
};
typedef void tj_directive_effect(struct tj_state *state, const struct tj_given *given);

/* The party brings in no more of what it held before the ledger. */
void tj_close_opening(struct tj_state *state, uint32_t party);

tj_directive_effect tj_effect_none; /* a fact of the log that no rule asks for */
tj_directive_effect tj_effect_ledger, tj_effect_activate_rules, tj_effect_add_log_key,
    tj_effect_retire_log_key, tj_effect_open_asset;
tj_directive_effect tj_effect_register_party, tj_effect_suspend_party, tj_effect_reinstate_party,
    tj_effect_grant_classes, tj_effect_rename_party, tj_effect_close_party, tj_effect_recover_party,
    tj_effect_object_recovery, tj_effect_close_opening;
tj_directive_effect tj_effect_add_key, tj_effect_revoke_key, tj_effect_set_threshold;
tj_directive_effect tj_effect_open_account, tj_effect_freeze_account, tj_effect_unfreeze_account,
    tj_effect_close_account;
tj_directive_effect tj_effect_set_tier, tj_effect_set_limit, tj_effect_programme,
    tj_effect_end_rule;

/* A detail's: an encumbrance becomes its account's, and no other type has one. `detail` stands
 * behind its record, in a body. */
void tj_effect_detail(struct tj_state *state, const uint8_t detail[TJ_RECORD_SIZE]);

#endif
