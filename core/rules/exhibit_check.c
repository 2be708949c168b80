#include "core/rules/exhibit_check.h"

#include "core/format/origin.h"
#include "core/rules/signing.h"
#include "crypto/proof.h"

/* docs/FORMAT.md section 16. Whose signature counts is a rule of section 7: signing.h. */

static bool faulty(struct tj_exhibit_fault *fault, uint32_t exhibit, const char *rule)
{
    *fault = (struct tj_exhibit_fault){rule, exhibit, TJ_NOWHERE};
    return false;
}

struct verifying {
    struct tj_digester *digester;
    const struct tj_exhibits *exhibits;
    struct tj_hash ledger_id;
    bool needed[TJ_EXHIBITS_MAX]; /* the first rests on it */
    struct tj_exhibit_fault *fault;
};

static bool need(struct verifying *v, const struct tj_exhibit *exhibit, const char *rule)
{
    if (exhibit == NULL) {
        return faulty(v->fault, 0, rule);
    }
    v->needed[exhibit - v->exhibits->list] = true;
    return true;
}

/* The exhibit is in the log of the checkpoint. */
static bool verify_in_log(struct verifying *v, uint32_t i, const struct tj_checkpoint *checkpoint,
                          const struct tj_hash *path, size_t path_count)
{
    const struct tj_exhibit *s = &v->exhibits->list[i];
    struct tj_hasher *hasher = v->digester->hasher;
    struct tj_hash leaf;
    if (s->entry.index >= checkpoint->size) {
        return faulty(v->fault, i, "the checkpoint does not reach this entry");
    }
    tj_leaf_hash(hasher, &leaf, s->entry.bytes, s->entry.size);
    if (!tj_verify_inclusion(hasher, &leaf, s->entry.index, checkpoint->size, path, path_count,
                             &checkpoint->root)) {
        return faulty(v->fault, i, "the entry's leaf hash is not in the checkpoint's tree");
    }
    /* Entry 0 is the one that does not name the ledger: its leaf hash is the name. */
    const struct tj_hash *ledger_id = s->entry.index == 0 ? &leaf : &s->entry.header.ledger_id;
    if (!tj_hash_equal(ledger_id, &v->ledger_id)) {
        return faulty(v->fault, i, "the entry belongs to another ledger than the origin names");
    }
    if (s->record == NULL) {
        return true;
    }
    tj_leaf_hash(hasher, &leaf, s->record, TJ_RECORD_SIZE);
    return tj_verify_inclusion(hasher, &leaf, s->position, s->entry.header.record_count,
                               s->record_path, s->record_path_count, &s->entry.header.body_root) ||
           faulty(v->fault, i, "the record is not in the entry's body_root");
}

/* Step 8 of section 7; entry 1 is endorsed by every key, whatever its role. */
static bool role_counts(const struct tj_entry_view *entry, const struct tj_slot *slot, uint8_t role)
{
    return entry->index == 1 || tj_role_counts(&entry->header, slot->use, role);
}

static bool verify_slot(struct verifying *v, const struct tj_slot *slot)
{
    const struct tj_exhibit *first = &v->exhibits->list[0];
    const struct tj_exhibit *key = tj_exhibit_of_key(v->exhibits, slot);
    if (!need(v, key, "no exhibit registers this key for this party") ||
        !need(v, tj_exhibit_of_party(v->exhibits, slot->party),
              "no exhibit registers the party that signed")) {
        return false;
    }
    if (key->entry.index >= first->entry.index) {
        return faulty(v->fault, 0, "the key was not registered before this entry");
    }
    if (!role_counts(&first->entry, slot, key->fields.role)) {
        return faulty(v->fault, 0, "the key's role does not count here");
    }
    return true;
}

static bool verify_slots(struct verifying *v)
{
    const struct tj_entry_view *entry = &v->exhibits->list[0].entry;
    struct tj_hash id;
    uint32_t invalid;
    bool anyone = entry->index == 0; /* the genesis is signed by nobody: its id is the ledger's */
    tj_envelope_id(v->digester, entry->header_bytes, &id);
    const struct tj_signed claim = {&entry->slots, &id, &invalid};
    tj_slots_verify(&claim, 1);
    if (invalid != TJ_NOWHERE) {
        *v->fault = (struct tj_exhibit_fault){"the signature does not verify", 0, invalid};
        return false;
    }
    for (uint32_t i = 0; i < entry->slots.count; i++) {
        const struct tj_slot *slot = &entry->slots.slots[i];
        if (slot->use == TJ_USE_POSSESSION) {
            continue; /* by a key that this entry adds: it counts for nothing else */
        }
        if (!verify_slot(v, slot)) {
            v->fault->slot = i;
            return false;
        }
        anyone = anyone || slot->use == TJ_USE_SIGN;
    }
    return anyone || faulty(v->fault, 0, "nobody signed the entry");
}

static bool verify_accounts(struct verifying *v)
{
    const struct tj_record *record = &v->exhibits->list[0].fields;
    uint64_t accounts[TJ_ACCOUNTS_NAMED_MAX];
    uint32_t count = tj_accounts_named(record, accounts);
    static const char no_asset[] = "no exhibit opens the asset";
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_exhibit *opened = tj_exhibit_of_account(v->exhibits, accounts[i]);
        if (!need(v, opened, "no exhibit opens an account that the record names") ||
            !need(v, tj_exhibit_of_asset(v->exhibits, opened->fields.asset), no_asset)) {
            return false;
        }
    }
    return record->kind != TJ_OPEN_ACCOUNT ||
           need(v, tj_exhibit_of_asset(v->exhibits, record->asset), no_asset);
}

bool tj_exhibits_verify(struct tj_digester *digester, const struct tj_exhibits *exhibits,
                        const struct tj_checkpoint *checkpoint, const struct tj_hash *path,
                        size_t path_count, struct tj_exhibit_fault *fault)
{
    struct verifying v = {.digester = digester, .exhibits = exhibits, .fault = fault};
    if (!tj_origin_ledger_id(checkpoint->origin, &v.ledger_id)) {
        return faulty(fault, 0, "the checkpoint's origin does not end in a ledger id");
    }
    for (uint32_t i = 0; i < exhibits->count; i++) {
        const struct tj_exhibit *s = &exhibits->list[i];
        if (!verify_in_log(&v, i, checkpoint, i == 0 ? path : s->entry_path,
                           i == 0 ? path_count : s->entry_path_count)) {
            return false;
        }
    }
    if (!verify_slots(&v) || !verify_accounts(&v)) {
        return false;
    }
    for (uint32_t i = 1; i < exhibits->count; i++) {
        if (!v.needed[i]) {
            return faulty(fault, i, "what is proven does not rest on this");
        }
    }
    return true;
}
