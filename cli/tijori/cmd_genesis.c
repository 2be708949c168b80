#include "cli/tijori/commands.h"
#include "cli/tijori/founding.h"
#include "cli/keys.h"
#include "crypto/note.h"

#include <string.h>
#include <time.h>

enum { DEFAULT_LIFETIME_S = 7 * 86400, DEFAULT_CHECKPOINT_DELAY_S = 3600, LOG_KEYS_MAX = 15 };

static void add_record(struct genesis_file *genesis, const struct tj_record *record)
{
    tj_record_encode(record, genesis->records + (size_t)genesis->record_count++ * TJ_RECORD_SIZE);
}

static int read_duration(const struct arguments *arguments, uint32_t *out, const char *name,
                         uint32_t otherwise)
{
    const char *text = argument_value(arguments, name);
    uint64_t seconds = otherwise;
    if (text != NULL && (!text_parse_duration(&seconds, text) || seconds > UINT32_MAX)) {
        return fail(EXIT_USAGE, "--%s: not a duration such as 90s, 15m, 24h or 7d", name);
    }
    *out = (uint32_t)seconds;
    return EXIT_PASS;
}

static int add_ledger(const struct arguments *arguments, struct genesis_file *genesis)
{
    const char *origin = argument_value(arguments, "origin");
    const char *nonce = argument_value(arguments, "nonce");
    struct tj_record r = {.kind = TJ_LEDGER, .rules = TJ_RULES_LAST};
    r.network = (uint8_t)argument_choice(arguments, "network");
    int code = read_duration(arguments, &r.lifetime_max_s, "lifetime-max", DEFAULT_LIFETIME_S);
    if (code == EXIT_PASS) {
        code = read_duration(arguments, &r.checkpoint_delay_max_s, "checkpoint-delay-max",
                             DEFAULT_CHECKPOINT_DELAY_S);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    if (strlen(origin) > TJ_NAME_SIZE) {
        return fail(EXIT_USAGE, "--origin: longer than %u bytes", TJ_NAME_SIZE);
    }
    if (!tj_note_name_valid(origin, strlen(origin))) {
        return fail(EXIT_DATA,
                    "--origin: '%s': the name of a ledger is not empty and has no space, no plus "
                    "sign and no control character",
                    origin);
    }
    memcpy(r.name, origin, strlen(origin));
    if (nonce == NULL) {
        if (!tj_random(r.nonce.bytes, TJ_HASH_SIZE)) {
            out_of_memory();
        }
    } else if (!text_parse_hex(r.nonce.bytes, TJ_HASH_SIZE, nonce)) {
        return fail(EXIT_USAGE, "--nonce: not 64 hex digits");
    }
    add_record(genesis, &r);
    return EXIT_PASS;
}

/* A point of the curve is one key, however it is written: ecdsa's 33 bytes end with the 32 that are
 * bip340's. */
static const uint8_t *key_point(const struct tj_public_key *key)
{
    return key->bytes + (key->size == 33);
}

/* The keys of one option have the records of its kind, in their order. */
static int check_new(const struct arguments *arguments, const struct genesis_file *genesis,
                     const struct tj_public_key *key, const char *option, size_t index,
                     uint8_t kind)
{
    size_t number = 0;
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        struct tj_record r;
        tj_record_decode(&r, genesis->records + (size_t)i * TJ_RECORD_SIZE);
        if (r.kind != kind) {
            continue;
        }
        struct tj_public_key other = {.algorithm = r.algorithm};
        other.size = (uint8_t)tj_public_key_size(r.algorithm);
        memcpy(other.bytes, r.key, other.size);
        if (memcmp(key_point(&other), key_point(key), 32) == 0) {
            return fail(EXIT_DATA, "--%s: %s and %s are the same key", option,
                        argument_item(arguments, option, number),
                        argument_item(arguments, option, index));
        }
        number++;
    }
    return EXIT_PASS;
}

static int add_log_keys(const struct arguments *arguments, struct genesis_file *genesis)
{
    for (size_t i = 0; i < argument_count(arguments, "log-key"); i++) {
        struct tj_public_key key;
        struct tj_record r = {.kind = TJ_ADD_LOG_KEY, .number = (uint32_t)i};
        const char *text = argument_item(arguments, "log-key", i);
        int code = key_load_public(arguments, &key, text);
        if (code != EXIT_PASS) {
            return code;
        }
        if (key.algorithm != TJ_ALGORITHM_ED25519) {
            return fail(EXIT_USAGE, "--log-key: %s: a log key is of type ed25519", text);
        }
        if (i == LOG_KEYS_MAX) {
            return fail(EXIT_USAGE, "--log-key: more than %d keys", LOG_KEYS_MAX);
        }
        code = check_new(arguments, genesis, &key, "log-key", i, TJ_ADD_LOG_KEY);
        if (code != EXIT_PASS) {
            return code;
        }
        r.algorithm = key.algorithm;
        memcpy(r.key, key.bytes, key.size);
        add_record(genesis, &r);
    }
    return EXIT_PASS;
}

static int add_authority(const struct arguments *arguments, struct genesis_file *genesis)
{
    size_t keys = argument_count(arguments, "authority");
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .type = TJ_AUTHORITY};
    uint64_t threshold = 0;
    if (!argument_number(arguments, &threshold, "threshold", 1, TJ_THRESHOLD_MAX)) {
        return EXIT_USAGE;
    }
    if (keys > TJ_SLOTS_MAX) {
        return fail(EXIT_USAGE,
                    "--authority: %zu keys: %u is the most, since each of them signs the first "
                    "envelope, which takes no more signatures",
                    keys, TJ_SLOTS_MAX);
    }
    if (threshold > keys) {
        return fail(EXIT_USAGE, "--threshold: %llu: the authority has %zu keys and cannot reach it",
                    (unsigned long long)threshold, keys);
    }
    memcpy(r.name, "Authority", 9);
    add_record(genesis, &r);
    for (size_t i = 0; i < keys; i++) {
        struct tj_public_key key;
        const char *text = argument_item(arguments, "authority", i);
        int code = key_load_public(arguments, &key, text);
        if (code != EXIT_PASS) {
            return code;
        }
        if (key.algorithm == TJ_ALGORITHM_ED25519) {
            return fail(EXIT_USAGE, "--authority: %s: envelopes are signed with ecdsa or bip340",
                        text);
        }
        code = check_new(arguments, genesis, &key, "authority", i, TJ_ADD_KEY);
        if (code != EXIT_PASS) {
            return code;
        }
        r = (struct tj_record){.kind = TJ_ADD_KEY, .ordinal = (uint32_t)i, .role = TJ_ADMINISTER};
        r.algorithm = key.algorithm;
        memcpy(r.key, key.bytes, key.size);
        add_record(genesis, &r);
    }
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .domain = TJ_DOMAIN_ADMINISTER};
    r.threshold = (uint8_t)threshold;
    add_record(genesis, &r);
    r = (struct tj_record){.kind = TJ_OPEN_ASSET, .asset = 1, .decimals = 8};
    r.amount_max = TJ_BTC_AMOUNT_MAX;
    memcpy(r.code, "BTC", 3);
    memcpy(r.name, "Bitcoin", 7);
    add_record(genesis, &r);
    return EXIT_PASS;
}

/* ---- where the records come from ---- */

/* The options that say what records are to be: they do not go with a genesis that is there. */
static const char *const describing[] = {
    "origin",  "authority", "threshold",    "log-key",
    "network", "nonce",     "lifetime-max", "checkpoint-delay-max",
    NULL};
enum { DESCRIBING_NEEDED = 4 }; /* the first of them */

static int check_options(const struct arguments *arguments, bool described)
{
    for (size_t i = 0; describing[i] != NULL; i++) {
        const bool given = argument_count(arguments, describing[i]) > 0;
        if (given && !described) {
            return fail(EXIT_USAGE,
                        "--%s: the genesis that is given says that; without one it is an option",
                        describing[i]);
        }
        if (!given && described && i < DESCRIBING_NEEDED) {
            return fail(EXIT_USAGE,
                        "--%s is missing; or name a genesis, as INPUT or with --endorse (see "
                        "'tijori genesis --help')",
                        describing[i]);
        }
    }
    return EXIT_PASS;
}

static int describe(const struct arguments *arguments, struct genesis_file *genesis)
{
    int code = add_ledger(arguments, genesis);
    code = code == EXIT_PASS ? add_log_keys(arguments, genesis) : code;
    return code == EXIT_PASS ? add_authority(arguments, genesis) : code;
}

static int make_genesis(const struct arguments *arguments, struct tj_digester *digester,
                        struct genesis_file *genesis)
{
    const char *created = argument_value(arguments, "created");
    const char *input = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    int code =
        input != NULL ? genesis_file_read(digester, genesis, input) : describe(arguments, genesis);
    if (code == EXIT_PASS && created != NULL && !text_parse_time_s(&genesis->created_s, created)) {
        code = fail(EXIT_USAGE, "--created: not an RFC 3339 time in whole seconds");
    }
    return code == EXIT_PASS
               ? genesis_file_build(digester, genesis, argument_value(arguments, "output"))
               : code;
}

/* ---- the command ---- */

static int write_genesis(const struct arguments *arguments)
{
    struct genesis_file genesis = {.created_s = (uint64_t)time(NULL)};
    const char *output = argument_value(arguments, "output");
    struct tj_digester digester;
    if (argument_count(arguments, "key") > 0) {
        return fail(EXIT_USAGE, "--key endorses a genesis, and goes with --endorse");
    }
    digester_needed(&digester);
    int code = make_genesis(arguments, &digester, &genesis);
    tj_digester_clear(&digester);
    if (code == EXIT_PASS) {
        code = genesis_file_write(output, &genesis);
    }
    /* With the genesis on standard output the rest is not data. */
    return code == EXIT_PASS
               ? founding_print_pins(strcmp(output, "-") == 0 ? stderr : stdout, &genesis)
               : code;
}

int cmd_genesis(const struct arguments *arguments)
{
    const bool endorses = argument_value(arguments, "endorse") != NULL;
    int code = check_options(arguments, !endorses && arguments->operand_count == 0);
    if (code != EXIT_PASS || !endorses) {
        return code == EXIT_PASS ? write_genesis(arguments) : code;
    }
    if (arguments->operand_count > 0 || argument_value(arguments, "created") != NULL) {
        return fail(EXIT_USAGE, "--endorse takes a genesis as it is: no INPUT, no --created");
    }
    if (argument_count(arguments, "key") == 0) {
        return fail(EXIT_USAGE, "--key is missing: --endorse signs with it");
    }
    return founding_endorse(arguments);
}
