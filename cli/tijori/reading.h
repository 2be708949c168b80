#ifndef TIJORI_CLI_TIJORI_READING_H
#define TIJORI_CLI_TIJORI_READING_H

/* What the commands that only read have in common: the ledger, opened; its state, now or after an
 * earlier entry; the labels of its accounts, which stand in the journal and not in the state. */

#include "cli/exit.h"
#include "cli/options.h"
#include "text/state_words.h"
#include "text/table.h"
#include "text/text.h"
#include "core/exchange/labels.h"
#include "core/ingest/ledger.h"
#include "core/rules/account_walk.h"

struct reading {
    const char *dir;
    struct tijori *ledger;
    struct tj_ledger_view view;
    const struct tj_state *state; /* the newest, or after the first `size` entries */
    uint64_t size;
    struct tj_state *past; /* NULL for the newest */
    bool viewing;
};

/* Opens the first operand for reading. On anything but EXIT_PASS it was said why; close either way.
 */
int reading_open(const struct arguments *arguments, struct reading *out);
/* The same of a directory that an option names. */
int reading_open_at(const char *dir, struct reading *out);
/* The same, and *party gets --party, which exists; UINT64_MAX where all are asked for. */
int reading_open_of(const struct arguments *arguments, struct reading *out, uint64_t *party);
void reading_close(struct reading *reading);

/* ENTRY, or a date or time (up to its end): how many entries that takes. */
int reading_size_at(struct reading *reading, uint64_t *size, const char *at);
/* Builds the state after the first `size` entries. */
int reading_go_back(struct reading *reading, uint64_t size);

/* "party:local", of an account that exists in the state. */
int reading_account(const struct reading *reading, uint64_t *account, const char *text);

/* The name of a file under the ledger's directory. */
void reading_path(const struct reading *reading, char *out, size_t size, const char *file);

/* The labels of all accounts of the reading's state; to be destroyed. */
int labels_create(struct reading *reading, struct tj_labels **out);

/* Ends a table; answers an exit code and has said why. */
int reading_end(const struct reading *reading, struct table *table);

/* A key's label, which stands in the record that added it; "" when there is none. */
void reading_key_label(const struct reading *reading, char out[TJ_KEY_LABEL_SIZE + 1],
                       const struct tj_key_object *key);

/* When the newest entry was received: the ledger's own now. */
int reading_now(const struct reading *reading, uint64_t *now_ns);
/* One record of the log; false when there is none, or it is damaged. */
bool reading_record(const struct reading *reading, uint8_t out[TJ_RECORD_SIZE], uint64_t record_id);

#endif
