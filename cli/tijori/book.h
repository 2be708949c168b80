#ifndef TIJORI_CLI_TIJORI_BOOK_H
#define TIJORI_CLI_TIJORI_BOOK_H

/* Who may sign what, as far as it is known: from a ledger at hand (--ledger), or from the genesis
 * alone (--genesis), or nothing. For the commands that work on envelopes in files. Functions that
 * answer an int answer an exit code and have said why. */

#include "cli/tijori/readiness_print.h"
#include "cli/options.h"
#include "core/exchange/labels.h"
#include "core/ingest/ledger.h"

struct book {
    const char *dir;       /* of the ledger; NULL: none */
    struct tijori *ledger; /* NULL: none */
    struct tj_ledger_view view;
    struct tj_journal_past past;
    struct tj_state *start; /* after the genesis; NULL: none */
    struct tj_labels *labels;
    struct known_keys known;
};

/* Reads --ledger and --genesis. The genesis is read, when it was given, even where the ledger knows
 * better. Close either way. */
int book_open(const struct arguments *arguments, struct book *book);
void book_close(struct book *book);

/* The labels of accounts, for who names them: one walk over the ledger's directives. */
int book_read_labels(struct book *book);

/* An envelope of another ledger than the one at hand is refused: names, keys and thresholds of this
 * one would be said of it. `number` counts the envelopes of the file from 1. */
int book_check_ledger(const struct book *book, const char *path, size_t number,
                      const struct tj_header *header);
/* And one that contradicts the ledger at hand: what it knows of the log, or its place in its lane.
 * That a ledger has not come so far says nothing: it may be a copy. */
int book_check_place(const struct book *book, const struct envelopes *at);

#endif
