#include "cli/tijori/founding.h"

#include "core/log/stored_checkpoint.h"
#include "crypto/hex.h"
#include "crypto/note.h"
#include "text/fingerprint.h"
#include "text/words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- entry 1 ---- */

void opening_make(struct opening *out, struct tj_digester *digester,
                  const struct genesis_file *genesis, uint64_t created_s, uint64_t expires_s)
{
    uint8_t header[TJ_HEADER_SIZE];
    out->genesis = genesis;
    tj_genesis_opening(digester, &out->header, out->record, &genesis->built, created_s, expires_s);
    tj_header_encode(&out->header, header);
    tj_envelope_id(digester, &out->id, header);
}

void opening_of_genesis(struct opening *out, struct tj_digester *digester,
                        const struct genesis_file *genesis)
{
    const uint64_t lifetime_max_s = TJ_GET(genesis->records, TJ_LEDGER, lifetime_max_s);
    opening_make(out, digester, genesis, genesis->created_s,
                 tj_s_after(genesis->created_s, lifetime_max_s));
}

void opening_add(struct buffer *out, const struct opening *opening, const struct tj_slots *slots)
{
    static const uint8_t no_attachments[2] = {0, 0};
    envelope_add(out, &opening->header, opening->record, slots, no_attachments,
                 sizeof no_attachments);
}

int founding_in_time(const struct opening *opening, const char *genesis_name)
{
    char until[TEXT_SIZE];
    if ((uint64_t)time(NULL) <= opening->header.expires_s) {
        return EXIT_PASS;
    }
    text_format_time_s(until, opening->header.expires_s);
    return fail(EXIT_DATA,
                "%s: endorsements of this genesis counted until %s (created and lifetime_max_s), "
                "which is over: make a genesis with a new time by 'tijori genesis %s --created "
                "TIME -o NEW.json', and endorse that",
                genesis_name, until, genesis_name);
}

/* ---- keys ---- */

bool founding_key(struct tj_record *out, const struct genesis_file *genesis,
                  const struct tj_public_key *key)
{
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        const uint8_t *record = genesis->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_adds_key(record, key)) {
            tj_record_decode(out, record);
            return true;
        }
    }
    return false;
}

void founding_key_words(char out[FOUNDING_KEY_SIZE], struct tj_hasher *hasher,
                        const struct tj_public_key *key, const char *label)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct words words = {.used = 0};
    key_fingerprint(fingerprint, hasher, key);
    if (label[0] != '\0') {
        words_quoted(&words, label);
        words_add(&words, " ");
    }
    words_add(&words, "(%s, fingerprint %s)", tj_algorithm_names[key->algorithm], fingerprint);
    text_sanitise(out, FOUNDING_KEY_SIZE, words.text);
}

/* ---- in words ---- */

static void print_words(FILE *out, const struct words *words)
{
    char safe[4 * sizeof words->text];
    text_sanitise(safe, sizeof safe, words->text);
    fprintf(out, "  %s\n", safe);
}

static void ledger_words(struct words *words, const struct tj_record *r, uint64_t created_s)
{
    char created[TEXT_SIZE];
    text_format_time_s(created, created_s);
    words_add(words, "the ledger ");
    words_quoted(words, r->name);
    words_add(words, " of the network %s, made %s; an envelope lives at most ",
              tj_network_names[r->network], created);
    words_duration(words, r->lifetime_max_s);
    words_add(words, ", and an entry waits at most ");
    words_duration(words, r->checkpoint_delay_max_s);
    words_add(words, " for its checkpoint");
}

static void key_words(struct words *words, struct tj_digester *digester, const struct tj_record *r)
{
    char text[FOUNDING_KEY_SIZE];
    struct tj_public_key key;
    tj_record_public_key(r, &key);
    founding_key_words(text, digester->hasher, &key, r->label);
    words_add(words, "key %" PRIu32 " of party %" PRIu32 ": %s, role %s%s", r->ordinal, r->party,
              text, tj_role_names[r->role],
              (r->flags & TJ_KEY_AGGREGATE) != 0 ? ", an aggregate of several people" : "");
    if (r->group != 0) {
        words_add(words, ", group %u", (unsigned)r->group);
    }
}

static void log_key_words(struct words *words, struct tj_digester *digester,
                          const struct tj_record *r)
{
    char text[FOUNDING_KEY_SIZE];
    struct tj_public_key key = {.algorithm = TJ_ALGORITHM_ED25519, .size = 32};
    memcpy(key.bytes, r->key, key.size);
    founding_key_words(text, digester->hasher, &key, "");
    words_add(words, "log key %" PRIu32 ": %s, signs checkpoints", r->number, text);
}

static void asset_words(struct words *words, const struct genesis_file *genesis,
                        const struct tj_record *r)
{
    const struct assets assets = genesis_file_assets(genesis);
    words_add(words, "asset %" PRIu32 ": %s, ", r->asset, r->code);
    words_quoted(words, r->name);
    words_add(words, ", with %u decimals, at most ", (unsigned)r->decimals);
    words_amount(words, &assets, r->asset, (tj_i128)r->amount_max);
    words_add(words, " a movement");
}

static void predecessor_words(struct words *words, const struct tj_record *r)
{
    char id[2 * TJ_HASH_SIZE + 1];
    char root[2 * TJ_HASH_SIZE + 1];
    tj_hex_encode(id, r->ledger_id.bytes, TJ_HASH_SIZE);
    tj_hex_encode(root, r->root.bytes, TJ_HASH_SIZE);
    words_add(words, "it goes on from the ledger %s, its first %" PRIu64 " entries, root %s", id,
              r->size, root);
}

static void threshold_words(struct words *words, const struct tj_record *r)
{
    words_add(words, "threshold of party %" PRIu32 ": %u key%s sign%s what is %s", r->party,
              (unsigned)r->threshold, r->threshold == 1 ? "" : "s", r->threshold == 1 ? "s" : "",
              r->domain == TJ_DOMAIN_ADMINISTER ? "administered" : "moved");
}

void founding_print(FILE *out, struct tj_digester *digester, const struct genesis_file *genesis)
{
    fprintf(out, "This genesis founds:\n");
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        struct tj_record r;
        struct words words = {.used = 0};
        tj_record_decode(&r, genesis->records + (size_t)i * TJ_RECORD_SIZE);
        switch (r.kind) {
        case TJ_LEDGER:
            ledger_words(&words, &r, genesis->created_s);
            break;
        case TJ_PREDECESSOR:
            predecessor_words(&words, &r);
            break;
        case TJ_ADD_LOG_KEY:
            log_key_words(&words, digester, &r);
            break;
        case TJ_REGISTER_PARTY:
            words_add(&words, "party %" PRIu32 ", of type %s: ", r.party,
                      tj_party_type_names[r.type]);
            words_quoted(&words, r.name);
            break;
        case TJ_ADD_KEY:
            key_words(&words, digester, &r);
            break;
        case TJ_SET_THRESHOLD:
            threshold_words(&words, &r);
            break;
        default:
            TIJORI_REQUIRE(r.kind == TJ_OPEN_ASSET); /* a genesis that was built has no other */
            asset_words(&words, genesis, &r);
            break;
        }
        print_words(out, &words);
    }
}

/* ---- what is to be pinned ---- */

static int print_verifier_keys(FILE *out, const struct tj_state *state, const char *origin)
{
    struct tj_verifier_key key;
    for (uint32_t i = 0; tj_log_key_verifier(state, &key, i, origin) != NULL; i++) {
        char text[512];
        if (!tj_verifier_key_encode(&key, text, sizeof text)) {
            return fail_status(tj_undecided(), "the log's verifier key", NULL);
        }
        fprintf(out, "verifier key %s\n", text);
    }
    return EXIT_PASS;
}

int founding_print_pins(FILE *out, const struct genesis_file *genesis)
{
    char id[2 * TJ_HASH_SIZE + 1];
    char origin[TJ_ORIGIN_MAX] = {0};
    char until[TEXT_SIZE];
    struct tj_state *state = memory_needed(tj_genesis_state(&genesis->built, genesis->records));
    tj_origin(state, origin);
    tj_hex_encode(id, genesis->built.ledger_id.bytes, TJ_HASH_SIZE);
    text_format_time_s(until,
                       tj_s_after(genesis->created_s, tj_state_ledger(state)->lifetime_max_s));
    fprintf(out, "ledger id    %s\norigin       %s\n", id, origin);
    int code = print_verifier_keys(out, state, origin);
    fprintf(out, "init until   %s (with endorsements; 'init --key' is not bound to it)\n", until);
    tj_state_destroy(state);
    return code;
}
