#include "cli/tijori/founding.h"

#include "cli/signer.h"
#include "crypto/hex.h"

#include <string.h>

enum { ENDORSEMENT_SIZE_MAX = 1 << 20 };

/* ---- one member endorses ---- */

/* Signs with one key, which the genesis has to know. */
static int endorse_with(const struct arguments *arguments, struct tj_digester *digester,
                        struct tj_slots *slots, const struct opening *opening, const char *path)
{
    const char *genesis_name = argument_value(arguments, "endorse");
    char words[FOUNDING_KEY_SIZE];
    struct signer signer;
    struct tj_record registered;
    int code = signer_load(arguments, &signer, path);
    if (code == EXIT_PASS && !founding_key(&registered, opening->genesis, &signer.key)) {
        founding_key_words(words, digester->hasher, &signer.key, "");
        code = fail(EXIT_DATA,
                    "%s: this key %s is none of the authority's that %s registers, and only they "
                    "endorse it",
                    path, words, genesis_name);
    }
    if (code == EXIT_PASS) {
        code = signer_sign(&signer, slots, 0, TJ_USE_SIGN, &opening->header, &opening->id);
    }
    if (code == EXIT_PASS) {
        founding_key_words(words, digester->hasher, &signer.key, registered.label);
        message("endorsed by key %u %s", (unsigned)registered.ordinal, words);
    }
    tj_cleanse(&signer, sizeof signer);
    return code;
}

static int endorse(const struct arguments *arguments, struct tj_digester *digester,
                   const struct genesis_file *genesis)
{
    const char *output = argument_value(arguments, "output");
    FILE *words = strcmp(output, "-") == 0 ? stderr : stdout;
    struct opening opening;
    struct tj_slots slots = {.count = 0};
    struct buffer out = {0};
    opening_of_genesis(&opening, digester, genesis);
    founding_print(words, digester, genesis);
    int code = founding_print_pins(words, genesis);
    if (code == EXIT_PASS) {
        code = founding_in_time(&opening, argument_value(arguments, "endorse"));
    }
    for (size_t i = 0; i < argument_count(arguments, "key") && code == EXIT_PASS; i++) {
        code =
            endorse_with(arguments, digester, &slots, &opening, argument_item(arguments, "key", i));
    }
    if (code == EXIT_PASS) {
        opening_add(&out, &opening, &slots);
        code = file_write(output, &out, false);
    }
    free(out.bytes);
    return code;
}

int founding_endorse(const struct arguments *arguments)
{
    struct tj_digester digester;
    struct genesis_file genesis;
    int code = signer_check(arguments, "key");
    if (code != EXIT_PASS) {
        return code;
    }
    digester_needed(&digester);
    code = genesis_file_read(&digester, &genesis, argument_value(arguments, "endorse"));
    if (code == EXIT_PASS) {
        code = endorse(arguments, &digester, &genesis);
    }
    tj_digester_clear(&digester);
    return code;
}

/* ---- endorsements are united ---- */

/* Why an envelope is not the one that this genesis has endorsed. */
static int fail_other(const struct opening *opening, const struct tj_header *header,
                      const char *path)
{
    char own[2 * TJ_HASH_SIZE + 1];
    char other[2 * TJ_HASH_SIZE + 1];
    tj_hex_encode(own, opening->header.ledger_id.bytes, TJ_HASH_SIZE);
    tj_hex_encode(other, header->ledger_id.bytes, TJ_HASH_SIZE);
    if (!tj_hash_equal(&header->ledger_id, &opening->header.ledger_id)) {
        return fail(EXIT_DATA,
                    "%s: endorses the ledger %s, and this genesis founds %s: its member had "
                    "another genesis file",
                    path, other, own);
    }
    return fail(EXIT_DATA,
                "%s: an envelope of this ledger, and no endorsement of its genesis as 'tijori "
                "genesis --endorse' makes it (its header differs)",
                path);
}

/* A slot joins when its signature is of a key of the authority and holds. A key that two files have
 * counts once. */
static int unite_slot(struct tj_digester *digester, struct tj_slots *slots,
                      const struct opening *opening, const struct tj_slot *slot, const char *path)
{
    char words[FOUNDING_KEY_SIZE];
    struct tj_record registered;
    struct tj_verify_item item = {.key = slot->key, .message = opening->id};
    enum tj_signature_verdict verdict = TJ_SIGNATURE_INVALID;
    memcpy(item.signature64, slot->signature64, TJ_SIGNATURE_SIZE);
    if (slot->use != TJ_USE_SIGN || !founding_key(&registered, opening->genesis, &slot->key)) {
        founding_key_words(words, digester->hasher, &slot->key, "");
        return fail(EXIT_DATA, "%s: signed by a key %s that the genesis does not register", path,
                    words);
    }
    tj_verify_batch(&verdict, &item, 1);
    if (verdict == TJ_SIGNATURE_INVALID) {
        founding_key_words(words, digester->hasher, &slot->key, registered.label);
        return fail(EXIT_DATA, "%s: the signature of key %u %s does not verify", path,
                    (unsigned)registered.ordinal, words);
    }
    if (verdict != TJ_SIGNATURE_VALID) {
        return fail_status(tj_undecided(), path, NULL);
    }
    enum tijori_status status = tj_slots_insert(slots, slot);
    return status == TIJORI_OK || status == TIJORI_SLOT_DUPLICATE ? EXIT_PASS
                                                                  : fail_status(status, path, NULL);
}

static int unite_file(struct tj_digester *digester, struct tj_slots *slots,
                      const struct opening *opening, const char *path)
{
    struct buffer in = {0};
    struct tj_envelope_view view;
    struct tijori_message why;
    uint8_t theirs[TJ_HEADER_SIZE];
    uint8_t ours[TJ_HEADER_SIZE];
    int code = file_read(&in, path, ENDORSEMENT_SIZE_MAX);
    if (code == EXIT_PASS &&
        tj_envelope_check(digester, &view, in.bytes, in.size, &why) != TIJORI_OK) {
        code = fail(EXIT_DATA, "%s: not an endorsement, which is one envelope: %s", path, why.text);
    }
    if (code == EXIT_PASS) {
        tj_header_encode(&opening->header, ours);
        tj_header_encode(&view.header, theirs);
        code = memcmp(ours, theirs, sizeof ours) == 0 ? EXIT_PASS
                                                      : fail_other(opening, &view.header, path);
    }
    if (code == EXIT_PASS && view.slots.count == 0) {
        code = fail(EXIT_DATA, "%s: an endorsement that nobody signed", path);
    }
    for (uint32_t i = 0; code == EXIT_PASS && i < view.slots.count; i++) {
        code = unite_slot(digester, slots, opening, &view.slots.slots[i], path);
    }
    free(in.bytes);
    return code;
}

static bool has_slot(const struct tj_slots *slots, const struct tj_public_key *key)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_public_key *own = &slots->slots[i].key;
        if (own->algorithm == key->algorithm && memcmp(own->bytes, key->bytes, key->size) == 0) {
            return true;
        }
    }
    return false;
}

static int check_all_there(struct tj_digester *digester, const struct tj_slots *slots,
                           const struct genesis_file *genesis)
{
    unsigned missing = 0;
    unsigned keys = 0;
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        char words[FOUNDING_KEY_SIZE];
        struct tj_public_key key;
        struct tj_record r;
        tj_record_decode(&r, genesis->records + (size_t)i * TJ_RECORD_SIZE);
        if (r.kind != TJ_ADD_KEY) {
            continue;
        }
        keys++;
        tj_record_public_key(&r, &key);
        if (!has_slot(slots, &key)) {
            missing++;
            founding_key_words(words, digester->hasher, &key, r.label);
            message("the endorsement of key %u %s is missing", (unsigned)r.ordinal, words);
        }
    }
    return missing == 0 ? EXIT_PASS
                        : fail(EXIT_INCOMPLETE,
                               "%u of %u endorsements are missing: every key of the authority "
                               "endorses the genesis, and no ledger was made",
                               missing, keys);
}

int founding_unite(const struct arguments *arguments, struct tj_digester *digester,
                   struct tj_slots *slots, const struct opening *opening)
{
    int code = EXIT_PASS;
    slots->count = 0;
    for (size_t i = 0; i < argument_count(arguments, "endorsement") && code == EXIT_PASS; i++) {
        code = unite_file(digester, slots, opening, argument_item(arguments, "endorsement", i));
    }
    return code == EXIT_PASS ? check_all_there(digester, slots, opening->genesis) : code;
}
