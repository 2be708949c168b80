#include "cli/tijori/commands.h"
#include "cli/tijori/founding.h"
#include "cli/signer.h"
#include "crypto/hex.h"

#include <time.h>

static int sign_opening(const struct arguments *arguments, struct tj_slots *slots,
                        const struct opening *opening)
{
    int code = EXIT_PASS;
    for (size_t i = 0; i < argument_count(arguments, "key") && code == EXIT_PASS; i++) {
        struct signer signer;
        code = signer_load(arguments, &signer, argument_item(arguments, "key", i));
        if (code == EXIT_PASS) {
            code = signer_sign(&signer, slots, 0, TJ_USE_SIGN, &opening->header, &opening->id);
        }
        tj_cleanse(&signer, sizeof signer);
    }
    return code;
}

/* By keys that are all here: the envelope is made now. */
static int open_by_keys(const struct arguments *arguments, struct tj_digester *digester,
                        struct tj_slots *slots, struct opening *opening,
                        const struct genesis_file *genesis)
{
    uint64_t now_s = (uint64_t)time(NULL);
    uint32_t lifetime_max_s = TJ_GET(genesis->records, TJ_LEDGER, lifetime_max_s);
    /* A genesis dated in the future opens no sooner than that. */
    now_s = now_s > genesis->created_s ? now_s : genesis->created_s;
    opening_make(opening, digester, genesis, now_s,
                 now_s + (lifetime_max_s < 3600 ? lifetime_max_s : 3600));
    return sign_opening(arguments, slots, opening);
}

/* By endorsements that were made elsewhere: the envelope follows from the genesis. */
static int open_by_endorsements(const struct arguments *arguments, struct tj_digester *digester,
                                struct tj_slots *slots, struct opening *opening,
                                const struct genesis_file *genesis)
{
    opening_of_genesis(opening, digester, genesis);
    int code = founding_in_time(opening, argument_value(arguments, "genesis"));
    return code == EXIT_PASS ? founding_unite(arguments, digester, slots, opening) : code;
}

/* The envelope of entry 1, with the signatures of all keys of the authority. */
static int make_opening(const struct arguments *arguments, struct tj_digester *digester,
                        struct buffer *out, const struct genesis_file *genesis)
{
    struct opening opening;
    struct tj_slots slots = {.count = 0};
    int code = argument_count(arguments, "endorsement") > 0
                   ? open_by_endorsements(arguments, digester, &slots, &opening, genesis)
                   : open_by_keys(arguments, digester, &slots, &opening, genesis);
    if (code == EXIT_PASS) {
        opening_add(out, &opening, &slots);
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
    if ((argument_count(arguments, "key") > 0) == (argument_count(arguments, "endorsement") > 0)) {
        return fail(EXIT_USAGE,
                    "either --key, where all keys of the authority are on this machine, or "
                    "--endorsement, with what 'tijori genesis --endorse' made of each elsewhere");
    }
    int code = signer_check(arguments, "key");
    if (code != EXIT_PASS) {
        return code;
    }
    digester_needed(&digester);
    code = genesis_file_read(&digester, &genesis, argument_value(arguments, "genesis"));
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
