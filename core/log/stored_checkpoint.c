#include "core/log/stored_checkpoint.h"

#include "crypto/hex.h"

#include <inttypes.h>

void tj_checkpoint_key(uint8_t key[TJ_CHECKPOINT_KEY_SIZE], uint64_t size)
{
    for (int i = 0; i < TJ_CHECKPOINT_KEY_SIZE; i++) {
        key[i] = (uint8_t)(size >> (56 - 8 * i));
    }
}

static bool decode_stored(struct tj_stored_checkpoint *out)
{
    struct tj_note_view view;
    return tj_checkpoint_note_decode(&view, &out->checkpoint, out->note.bytes, out->note.size);
}

enum tijori_status tj_checkpoint_signed(struct tj_txn *txn, struct tj_stored_checkpoint *out)
{
    enum tijori_status status =
        tj_get_checked(txn, &out->note, TJ_J_META, TJ_META_SIGNED, strlen(TJ_META_SIGNED));
    if (status == TIJORI_OK && !decode_stored(out)) {
        return TIJORI_CORRUPT;
    }
    return status;
}

enum tijori_status tj_checkpoint_public(struct tj_txn *txn, struct tj_stored_checkpoint *out)
{
    struct tj_view key;
    enum tijori_status status =
        tj_from_storage(tj_last_row(txn, &key, &out->note, TJ_J_CHECKPOINTS));
    if (status == TIJORI_OK && !decode_stored(out)) {
        return TIJORI_CORRUPT;
    }
    return status;
}

/* Every signing writes the row in meta. A public checkpoint has a row under its size as well, and
 * cosignatures are added only to that one. So of two checkpoints of one size the public one is the
 * better answer. */
enum tijori_status tj_checkpoint_newest(struct tj_txn *txn, struct tj_stored_checkpoint *out)
{
    struct tj_stored_checkpoint public;
    enum tijori_status status = tj_checkpoint_signed(txn, out);
    if (status != TIJORI_OK) {
        return status; /* NOT_FOUND: no public one either, for when it is made, it is the newest */
    }
    status = tj_checkpoint_public(txn, &public);
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_OK;
    }
    if (status == TIJORI_OK && public.checkpoint.size >= out->checkpoint.size) {
        *out = public;
    }
    return status;
}

bool tj_checkpoint_stored(struct tj_txn *txn, struct tj_view *note, uint64_t size)
{
    uint8_t key[TJ_CHECKPOINT_KEY_SIZE];
    tj_checkpoint_key(key, size);
    return tj_get_name(txn, note, TJ_J_CHECKPOINTS, key, sizeof key) == TJ_STORAGE_OK;
}

void tj_origin(const struct tj_state *state, char out[TJ_ORIGIN_MAX])
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    size_t size = strnlen(ledger->name, TJ_NAME_SIZE);
    memcpy(out, ledger->name, size);
    out[size++] = '/';
    tj_hex_encode(out + size, state->ledger_id.bytes, TJ_HASH_SIZE);
    TJ_VERIFY_CHECK(strnlen(out, TJ_ORIGIN_MAX) == size + 2 * TJ_HASH_SIZE);
}

bool tj_log_key_compromised(const struct tj_log_key_object *key)
{
    return key->last_good_size != 0;
}

bool tj_find_log_key(const struct tj_state *state, uint32_t *number, const uint8_t public32[32])
{
    uint32_t count = tj_state_ledger(state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, i);
        if (key != NULL && key->present != 0 && key->retired == 0 &&
            memcmp(key->key, public32, 32) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

const struct tj_log_key_object *tj_log_key_verifier(const struct tj_state *state,
                                                    struct tj_verifier_key *out, uint32_t number,
                                                    const char *origin)
{
    const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, number);
    if (key == NULL || key->present == 0) {
        return NULL;
    }
    tj_verifier_key_make(out, origin, TJ_NOTE_TYPE_ED25519, key->key);
    return key;
}

/* Retired keys as well: they signed what they signed. A line that could not be verified may be the
 * one that is right, so it outweighs one that is wrong. */
enum tj_note_verdict tj_signed_by_log(const struct tj_state *state, const struct tj_note_view *note)
{
    enum tj_note_verdict found = TJ_NOTE_UNKNOWN;
    char origin[TJ_ORIGIN_MAX];
    const uint32_t count = tj_state_ledger(state)->log_keys;
    tj_origin(state, origin);
    TJ_VERIFY_CHECK(count <= TJ_LOG_KEYS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct tj_verifier_key key;
        if (tj_log_key_verifier(state, &key, i, origin) == NULL) {
            continue;
        }
        enum tj_note_verdict verdict = tj_note_verify(note, &key);
        if (verdict == TJ_NOTE_VALID) {
            return verdict;
        }
        if (verdict != TJ_NOTE_UNKNOWN && found != TJ_NOTE_UNDECIDED) {
            found = verdict;
        }
    }
    return found;
}

#ifdef TIJORI_VERIFY
bool tj_note_is_of(const char *note, size_t note_size, uint64_t size)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    return tj_checkpoint_note_decode(&view, &checkpoint, note, note_size) &&
           checkpoint.size == size;
}
#endif
