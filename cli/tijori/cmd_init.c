#include "cli/tijori/commands.h"
#include "cli/envelope_file.h"
#include "cli/genesis_file.h"
#include "cli/keys.h"
#include "crypto/hex.h"

#include <string.h>
#include <time.h>

static int sign_opening(const struct arguments *arguments, struct tj_slots *slots,
                        const struct tj_hash *id)
{
    for (size_t i = 0; i < argument_count(arguments, "key"); i++) {
        const char *path = argument_item(arguments, "key", i);
        struct tj_secret_key key;
        int code = key_load(arguments, &key, path);
        if (code != EXIT_PASS) {
            return code;
        }
        enum tijori_status status =
            tj_slots_sign(slots, 0, TJ_USE_SIGN, key.algorithm, key.secret32, id);
        tj_cleanse(&key, sizeof key);
        if (status != TIJORI_OK) {
            return fail_status(status, path, NULL);
        }
    }
    return EXIT_PASS;
}

/* The envelope of entry 1, signed by every key that was given. */
static int make_opening(const struct arguments *arguments, struct tj_digester *digester,
                        struct buffer *out, const struct genesis_file *genesis)
{
    static const uint8_t no_attachments[2] = {0, 0};
    uint8_t record[TJ_RECORD_SIZE];
    uint8_t header_bytes[TJ_HEADER_SIZE];
    struct tj_header header;
    struct tj_hash id;
    struct tj_slots slots = {.count = 0};
    uint64_t now_s = (uint64_t)time(NULL);
    uint32_t lifetime_max_s = TJ_GET(genesis->records, TJ_LEDGER, lifetime_max_s);
    /* A genesis dated in the future opens no sooner than that. */
    now_s = now_s > genesis->created_s ? now_s : genesis->created_s;
    tj_genesis_opening(digester, &header, record, &genesis->built, now_s,
                       now_s + (lifetime_max_s < 3600 ? lifetime_max_s : 3600));
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(digester, &id, header_bytes);
    int code = sign_opening(arguments, &slots, &id);
    if (code == EXIT_PASS) {
        envelope_add(out, &header, record, &slots, no_attachments, sizeof no_attachments);
    }
    return code;
}

int cmd_init(const struct arguments *arguments)
{
    struct tj_digester digester;
    struct genesis_file genesis;
    struct buffer opening = {0};
    struct tijori_message why;
    char id[2 * TJ_HASH_SIZE + 1];
    digester_needed(&digester);
    int code = genesis_file_read(&digester, &genesis, argument_value(arguments, "genesis"));
    if (code == EXIT_PASS) {
        code = make_opening(arguments, &digester, &opening, &genesis);
    }
    tj_digester_clear(&digester);
    if (code == EXIT_PASS) {
        enum tijori_status status = tijori_create(&why, arguments->operands[0], genesis.built.entry,
                                                  sizeof genesis.built.entry, genesis.records,
                                                  (size_t)genesis.record_count * TJ_RECORD_SIZE,
                                                  opening.bytes, opening.size, NULL);
        code = status == TIJORI_OK ? EXIT_PASS : fail(exit_code_of(status), "%s", why.text);
    }
    free(opening.bytes);
    if (code == EXIT_PASS) {
        tj_hex_encode(id, genesis.built.ledger_id.bytes, TJ_HASH_SIZE);
        printf("ledger id %s\n", id);
    }
    return code;
}
