#include "core/rules/exhibit_check.h"

#include "core/format/origin.h"
#include "core/rules/signing.h"
#include "crypto/proof.h"

/* docs/FORMAT.md section 16. Whose signature counts is a rule of section 7: signing.h.
 *
 * All that is here was written by whoever sent the proof. Its form was checked when it was decoded.
 */

static bool faulty(struct tj_exhibit_fault *fault, uint32_t exhibit, const char *rule)
{
    *fault = (struct tj_exhibit_fault){rule, exhibit, TJ_NOWHERE, false};
    return false;
}

struct verifying {
    struct tj_digester *digester;
    const struct tj_exhibits *exhibits;
    struct tj_hash ledger_id;
    bool needed[TJ_EXHIBITS_MAX]; /* what is proven rests on it */
    struct tj_exhibit_fault *fault;
};

/* What is proven rests on this exhibit; NULL: on one that is not there, which breaks `rule`. */
static bool need(struct verifying *v, const struct tj_exhibit *exhibit, const char *rule)
{
    if (exhibit == NULL) {
        return faulty(v->fault, 0, rule);
    }
    size_t number = (size_t)(exhibit - v->exhibits->list);
    /* What is proven, the first, does not rest on itself. */
    TJ_VERIFY_CHECK(number > 0 && number < v->exhibits->count);
    v->needed[number] = true;
    return true;
}

/* 16: the details of its record are in the entry, at the positions behind it. */
static bool verify_details(struct verifying *v, uint32_t i)
{
    const struct tj_exhibit *s = &v->exhibits->list[i];
    for (uint32_t k = 0; k < s->detail_count; k++) {
        struct tj_hash leaf;
        tj_leaf_hash(v->digester->hasher, &leaf, tj_exhibit_detail(s, k), TJ_RECORD_SIZE);
        TJ_VERIFY_CHECK(s->position + 1 + k < s->entry.header.record_count);
        if (!tj_verify_inclusion(v->digester->hasher, &leaf, s->position + 1 + k,
                                 s->entry.header.record_count, s->detail_path[k],
                                 s->detail_path_count[k], &s->entry.header.body_root)) {
            return faulty(v->fault, i, "a detail is not in the entry's body_root");
        }
    }
    return true;
}

/* 16: the exhibit is in the log of the checkpoint. The entry's path leads to the checkpoint's root,
 * and the record's path to the body_root in the entry: so each rests on the one before. The entry
 * names its ledger too, or a log could borrow the name of a ledger whose entries it does not hold.
 */
static bool verify_in_log(struct verifying *v, uint32_t i, const struct tj_checkpoint *checkpoint,
                          const struct tj_hash *path, size_t path_count)
{
    const struct tj_exhibit *s = &v->exhibits->list[i];
    struct tj_hasher *hasher = v->digester->hasher;
    struct tj_hash leaf;
    TJ_VERIFY_CHECK(i == 0 || s->record != NULL);
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
    TJ_VERIFY_CHECK(s->position < s->entry.header.record_count);
    tj_leaf_hash(hasher, &leaf, s->record, TJ_RECORD_SIZE);
    if (!tj_verify_inclusion(hasher, &leaf, s->position, s->entry.header.record_count,
                             s->record_path, s->record_path_count, &s->entry.header.body_root)) {
        return faulty(v->fault, i, "the record is not in the entry's body_root");
    }
    return verify_details(v, i);
}

/* 7, step 9. Entry 1 is endorsed by every key, whatever its role. */
static bool role_counts(const struct tj_entry_view *entry, const struct tj_slot *slot, uint8_t role)
{
    return entry->index == 1 || tj_role_counts(&entry->header, slot->use, role);
}

/* 16: a key that signed was registered before, for the party that it signed for, in a role that
 * counts. Whether it was revoked in between, no exhibit can show: that a record is not in a log has
 * no such proof. */
static bool verify_slot(struct verifying *v, const struct tj_slot *slot)
{
    const struct tj_exhibit *first = &v->exhibits->list[0];
    const struct tj_exhibit *key = tj_exhibit_of_key(v->exhibits, slot);
    const struct tj_exhibit *party = tj_exhibit_of_party(v->exhibits, slot->party);
    if (!need(v, key, "no exhibit registers this key for this party")) {
        return false;
    }
    if (!need(v, party, "no exhibit registers the party that signed")) {
        return false;
    }
    TJ_VERIFY_CHECK(tj_record_kind(key->record) == TJ_ADD_KEY);
    if (key->entry.index >= first->entry.index) {
        return faulty(v->fault, 0, "the key was not registered before this entry");
    }
    if (!role_counts(&first->entry, slot, key->fields.role)) {
        return faulty(v->fault, 0, "the key's role does not count here");
    }
    return true;
}

/* 16: the signatures of what is proven. All are verified, those of possession too: a proof with one
 * wrong signature in it shows an entry that no ledger took. Somebody has to have signed, or an
 * entry of the ledger's own making would pass for a party's word. */
static bool verify_slots(struct verifying *v)
{
    const struct tj_entry_view *entry = &v->exhibits->list[0].entry;
    struct tj_hash id;
    uint32_t invalid;
    bool undecided;
    bool anyone = entry->index == 0; /* the genesis is signed by nobody: its id is the ledger's */
    tj_envelope_id(v->digester, &id, entry->header_bytes);
    const struct tj_signed claim = {&entry->slots, &id, &invalid, &undecided};
    tj_slots_verify(&claim, 1);
    if (undecided) {
        v->fault->undecided = true;
        return false;
    }
    if (invalid != TJ_NOWHERE) {
        *v->fault = (struct tj_exhibit_fault){"the signature does not verify", 0, invalid, false};
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
    if (!anyone) {
        return faulty(v->fault, 0, "nobody signed the entry");
    }
    return true;
}

/* 16: the accounts that the record names, and their asset: without them nobody could tell what the
 * amount is of. An account that the record itself opens has no earlier exhibit, but its asset has.
 */
static bool verify_accounts(struct verifying *v)
{
    const struct tj_record *record = &v->exhibits->list[0].fields;
    uint64_t accounts[TJ_ACCOUNTS_NAMED_MAX];
    uint32_t count = tj_accounts_named(record, accounts);
    static const char no_asset[] = "no exhibit opens the asset";
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_exhibit *opened = tj_exhibit_of_account(v->exhibits, accounts[i]);
        if (!need(v, opened, "no exhibit opens an account that the record names")) {
            return false;
        }
        if (!need(v, tj_exhibit_of_asset(v->exhibits, opened->fields.asset), no_asset)) {
            return false;
        }
    }
    if (record->kind != TJ_OPEN_ACCOUNT) {
        return true;
    }
    return need(v, tj_exhibit_of_asset(v->exhibits, record->asset), no_asset);
}

/* 16. Everything is in the log before anything is made of it: what later steps take from a record
 * is then what the ledger accepted. What nothing rests on is refused, so that a proof has one form
 * and carries no movement beside the one it is about. */
bool tj_exhibits_verify(struct tj_digester *digester, const struct tj_exhibits *exhibits,
                        const struct tj_checkpoint *checkpoint, const struct tj_hash *path,
                        size_t path_count, struct tj_exhibit_fault *fault)
{
    struct verifying v = {.digester = digester, .exhibits = exhibits, .fault = fault};
    *fault = (struct tj_exhibit_fault){"", 0, TJ_NOWHERE, false};
    TJ_VERIFY_CHECK(exhibits->count > 0 && exhibits->count <= TJ_EXHIBITS_MAX);
    if (!tj_origin_ledger_id(&v.ledger_id, checkpoint->origin)) {
        return faulty(fault, 0, "the checkpoint's origin does not end in a ledger id");
    }
    for (uint32_t i = 0; i < exhibits->count; i++) {
        const struct tj_exhibit *s = &exhibits->list[i];
        if (!verify_in_log(&v, i, checkpoint, i == 0 ? path : s->entry_path,
                           i == 0 ? path_count : s->entry_path_count)) {
            return false;
        }
    }
    if (!verify_slots(&v)) {
        return false;
    }
    if (!verify_accounts(&v)) {
        return false;
    }
    for (uint32_t i = 1; i < exhibits->count; i++) {
        if (!v.needed[i]) {
            return faulty(fault, i, "what is proven does not rest on this");
        }
    }
    return true;
}
