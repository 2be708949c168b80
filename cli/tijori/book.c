#include "cli/tijori/book.h"

#include "cli/genesis_file.h"
#include "cli/tijori/repairs_print.h"
#include "crypto/hex.h"

#include <inttypes.h>
#include <string.h>

static int open_ledger(struct book *book, const char *dir)
{
    struct tijori_message why;
    enum tijori_status status = tijori_open(&book->ledger, dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        book->ledger = NULL;
        return fail(exit_code_of(status), "%s", why.text);
    }
    book->dir = dir;
    repairs_say(book->ledger, dir);
    status = tj_ledger_view_begin(book->ledger, &book->view);
    TIJORI_REQUIRE(status == TIJORI_OK); /* a reader has its picture since it was opened */
    tj_journal_past_init(&book->past, book->view.txn, book->view.digester);
    book->known = known_from_ledger(&book->view, &book->past.past);
    return EXIT_PASS;
}

static int open_genesis(struct book *book, const char *path)
{
    struct tj_digester digester;
    struct genesis_file genesis;
    digester_needed(&digester);
    int code = genesis_file_read(&digester, &genesis, path);
    tj_digester_clear(&digester);
    if (code == EXIT_PASS) {
        book->start = tj_genesis_state(&genesis.built, genesis.records);
        if (book->start == NULL) {
            return fail_status(TIJORI_MEMORY, path, NULL);
        }
    }
    if (code == EXIT_PASS && book->ledger == NULL) {
        book->known = (struct known_keys){.state = book->start};
    }
    return code;
}

int book_open(const struct arguments *arguments, struct book *book)
{
    memset(book, 0, sizeof *book);
    const char *dir = argument_value(arguments, "ledger");
    const char *genesis = argument_value(arguments, "genesis");
    if (dir != NULL) {
        int code = open_ledger(book, dir);
        if (code != EXIT_PASS) {
            return code;
        }
    }
    return genesis != NULL ? open_genesis(book, genesis) : EXIT_PASS;
}

void book_close(struct book *book)
{
    tj_labels_destroy(book->labels);
    if (book->ledger != NULL) {
        tj_ledger_view_end(book->ledger, &book->view);
        tijori_close(book->ledger);
    }
    if (book->start != NULL) {
        tj_state_destroy(book->start);
    }
}

int book_read_labels(struct book *book)
{
    if (book->ledger == NULL) {
        return EXIT_PASS;
    }
    enum tijori_status status =
        tj_labels_create(book->view.txn, &book->labels, book->view.state, book->view.head.size);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, book->dir, NULL);
}

int book_check_ledger(const struct book *book, const char *path, size_t number,
                      const struct tj_header *header)
{
    const struct tj_state *state = book->known.state;
    char theirs[2 * TJ_HASH_SIZE + 1];
    char ours[2 * TJ_HASH_SIZE + 1];
    if (state == NULL || tj_hash_equal(&state->ledger_id, &header->ledger_id)) {
        return EXIT_PASS;
    }
    tj_hex_encode(theirs, header->ledger_id.bytes, TJ_HASH_SIZE);
    tj_hex_encode(ours, state->ledger_id.bytes, TJ_HASH_SIZE);
    return fail(EXIT_DATA,
                "%s: envelope %zu, ledger_id: it is for ledger %.16s, and %s is ledger %.16s", path,
                number, theirs, book->ledger != NULL ? book->dir : "the genesis", ours);
}

/* ---- an envelope's place ---- */

static int check_known(const struct book *book, const struct envelopes *at)
{
    const struct tj_header *h = &at->view.header;
    struct tj_hash leaf;
    if (tj_hash_zero(&h->known_leaf) || h->known_index >= book->view.head.size) {
        return EXIT_PASS;
    }
    if (!tj_journal_leaf(book->view.txn, book->view.digester, &leaf, h->known_index)) {
        return fail(EXIT_FAIL, "%s: entry %" PRIu64 " is damaged", book->dir, h->known_index);
    }
    return tj_hash_equal(&leaf, &h->known_leaf)
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu, known_leaf: it knows another entry %" PRIu64
                      " than %s has: of a ledger with two histories sign neither",
                      at->path, at->number, h->known_index, book->dir);
}

/* The envelope that has this sequence in the ledger, which is there. */
static enum tijori_status taken_by(const struct book *book, struct tj_hash *id,
                                   const struct tj_lane_object *lane, uint64_t sequence)
{
    struct tj_entry_view entry;
    uint64_t index = lane->entry;
    enum tijori_status status =
        tj_journal_find_sequence(book->view.txn, &index, lane->entry, lane->sequence, sequence);
    if (status == TIJORI_OK) {
        status = tj_journal_counted(book->view.txn, &entry, NULL, index);
    }
    if (status == TIJORI_OK) {
        tj_envelope_id(book->view.digester, id, entry.header_bytes);
    }
    return status;
}

static int check_lane(const struct book *book, const struct envelopes *at)
{
    const struct tj_header *h = &at->view.header;
    const struct tj_lane_object *lane = tj_state_lane(book->view.state, h->party, h->lane);
    struct tj_hash id;
    if (lane == NULL || h->sequence > lane->sequence + 1) {
        return EXIT_PASS;
    }
    if (h->sequence == lane->sequence + 1) {
        return memcmp(lane->envelope_id, h->previous_id.bytes, TJ_HASH_SIZE) == 0
                   ? EXIT_PASS
                   : fail(EXIT_DATA,
                          "%s: envelope %zu, previous_id: it does not follow envelope %" PRIu64
                          " of party %" PRIu32 ", lane %u as %s has it: propose it anew",
                          at->path, at->number, lane->sequence, h->party, h->lane, book->dir);
    }
    enum tijori_status status = taken_by(book, &id, lane, h->sequence);
    if (status != TIJORI_OK) {
        return fail_status(status, book->dir, NULL);
    }
    return tj_hash_equal(&id, &at->id)
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu, sequence: %s has another envelope %" PRIu64
                      " of party %" PRIu32 ", lane %u: propose it anew",
                      at->path, at->number, book->dir, h->sequence, h->party, h->lane);
}

int book_check_place(const struct book *book, const struct envelopes *at)
{
    int code = book_check_ledger(book, at->path, at->number, &at->view.header);
    if (code == EXIT_PASS && book->ledger != NULL) {
        code = check_known(book, at);
    }
    if (code == EXIT_PASS && book->ledger != NULL) {
        code = check_lane(book, at);
    }
    return code;
}
