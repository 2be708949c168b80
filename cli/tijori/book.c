#include "cli/tijori/book.h"

#include "cli/genesis_file.h"
#include "cli/tijori/repairs_print.h"
#include "crypto/hex.h"

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
