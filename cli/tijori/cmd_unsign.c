#include "cli/keys.h"
#include "cli/tijori/book.h"
#include "cli/tijori/commands.h"

#include <inttypes.h>
#include <string.h>

/* tijori unsign: takes a signature off: one by a key that does not count, or that does not verify,
 * has the ledger refuse the whole envelope. */

/* Which. */
struct wanted {
    bool by_key;
    struct tj_public_key key;
    uint64_t slot;     /* not by key: its number */
    uint64_t envelope; /* of which envelope; 0: of all */
};

static int read_wanted(const struct arguments *arguments, struct wanted *out)
{
    const char *key = argument_value(arguments, "key");
    const bool by_slot = argument_value(arguments, "slot") != NULL;
    *out = (struct wanted){.by_key = key != NULL};
    if (by_slot == out->by_key) {
        return fail(EXIT_USAGE, "give one of --key and --slot");
    }
    if (!argument_number(arguments, &out->slot, "slot", 0, TJ_SLOTS_MAX - 1) ||
        !argument_number(arguments, &out->envelope, "envelope", 1, UINT64_MAX)) {
        return EXIT_USAGE;
    }
    return key != NULL ? key_load_public(arguments, &out->key, key) : EXIT_PASS;
}

static bool is_wanted(const struct wanted *wanted, const struct tj_slots *slots, uint32_t i)
{
    const struct tj_public_key *key = &slots->slots[i].key;
    return wanted->by_key ? key->algorithm == wanted->key.algorithm &&
                                memcmp(key->bytes, wanted->key.bytes, wanted->key.size) == 0
                          : i == wanted->slot;
}

/* Without the signatures that are wanted; how many there were. */
static size_t take_off(struct tj_slots *out, const struct tj_slots *slots,
                       const struct wanted *wanted)
{
    out->count = 0;
    for (uint32_t i = 0; i < slots->count; i++) {
        if (!is_wanted(wanted, slots, i)) {
            out->slots[out->count++] = slots->slots[i];
        }
    }
    return slots->count - out->count;
}

static int unsign_all(const struct wanted *wanted, const char *path, const struct buffer *in,
                      struct buffer *out)
{
    struct envelopes at;
    int code = EXIT_PASS;
    size_t taken = 0;
    envelopes_begin(&at, path, in);
    while (envelopes_next(&at, &code)) {
        struct tj_slots slots = at.view.slots;
        if (wanted->envelope == 0 || wanted->envelope == at.number) {
            taken += take_off(&slots, &at.view.slots, wanted);
        }
        envelope_add_again(out, &at.view, &slots);
    }
    if (code == EXIT_PASS && wanted->envelope > at.number) {
        code = fail(EXIT_DATA, "%s: it holds no envelope %" PRIu64 ", the last is %zu", path,
                    wanted->envelope, at.number);
    } else if (code == EXIT_PASS && !wanted->by_key && wanted->envelope == 0 && at.number > 1) {
        code = fail(EXIT_USAGE,
                    "%s: it holds %zu envelopes: say with --envelope of which one --slot is", path,
                    at.number);
    } else if (code == EXIT_PASS && taken == 0 && wanted->by_key) {
        code = fail(EXIT_DATA, "%s: there is no signature by this key", path);
    } else if (code == EXIT_PASS && taken == 0) {
        code = fail(EXIT_DATA, "%s: there is no signature %" PRIu64, path, wanted->slot);
    }
    envelopes_end(&at);
    return code;
}

int cmd_unsign(const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    const char *output = argument_value(arguments, "output");
    struct buffer in = {0};
    struct buffer out = {0};
    struct wanted wanted;
    struct book book;
    int code = book_open(arguments, &book);
    if (code == EXIT_PASS) {
        code = read_wanted(arguments, &wanted);
    }
    if (code == EXIT_PASS) {
        code = file_read(&in, path, ENVELOPES_SIZE_MAX);
    }
    if (code == EXIT_PASS) {
        code = unsign_all(&wanted, path, &in, &out);
    }
    if (code == EXIT_PASS) {
        code = file_write(output, &out, false);
    }
    if (code == EXIT_PASS) {
        readiness_print_all(strcmp(output, "-") == 0 ? stderr : stdout, output, &book.known, &out);
    }
    free(in.bytes);
    free(out.bytes);
    book_close(&book);
    return code;
}
