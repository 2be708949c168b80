#ifndef TIJORI_CLI_TIJORI_READING_H
#define TIJORI_CLI_TIJORI_READING_H

/* What the commands that only read have in common: the ledger, opened; its state, now or after an
 * earlier entry; the labels of its accounts, which stand in the journal and not in the state. */

#include "cli/exit.h"
#include "cli/options.h"
#include "text/text.h"
#include "core/ingest/ledger.h"

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
/* The same, and *party gets --party, which exists; UINT64_MAX where all are asked for. */
int reading_open_of(const struct arguments *arguments, struct reading *out, uint64_t *party);
void reading_close(struct reading *reading);

/* ENTRY, or a date or time (up to its end): how many entries that takes. */
int reading_size_at(struct reading *reading, uint64_t *size, const char *at);
/* Builds the state after the first `size` entries. */
int reading_go_back(struct reading *reading, uint64_t size);

/* "party:local", of an account that exists in the state. */
int reading_account(const struct reading *reading, uint64_t *account, const char *text);

/* A party's name, "" when there is none. */
void party_name(const struct tj_state *state, char out[TJ_NAME_SIZE + 1], uint32_t party);
/* "open", "closed", "frozen", "frozen in", "frozen out". */
const char *account_status(const struct tj_account_object *account);
/* "sat", or "base units". */
const char *base_unit(const struct asset *asset);
/* The account's asset; an unnamed one without decimals when the state is damaged. */
struct asset account_asset(const struct tj_state *state, const struct tj_account_object *account);

/* Calls `visit` for each account of a party below `parties`, in order. */
typedef void account_visitor(void *context, uint64_t account,
                             const struct tj_account_object *object);
void each_account(const struct tj_state *state, account_visitor *visit, void *context);

/* The name of a file under the ledger's directory. */
void reading_path(const struct reading *reading, char *out, size_t size, const char *file);

/* ---- labels ---- */

/* For each account the record that opened it (8 bytes an account), found by one walk along the
 * entries with directives, newest first; the label is read from there when it is asked for. */
struct labels;
int labels_create(struct reading *reading, struct labels **out);
void labels_destroy(struct labels *labels);
/* "" when there is none. */
void labels_get(struct labels *labels, char out[TJ_LABEL_SIZE + 1], uint64_t account);

/* A key's label, which stands in the record that added it; "" when there is none. */
void reading_key_label(const struct reading *reading, char out[TJ_KEY_LABEL_SIZE + 1],
                       const struct tj_key_object *key);

/* One record of the log; false when there is none, or it is damaged. */
bool reading_record(const struct reading *reading, uint8_t out[TJ_RECORD_SIZE], uint64_t record_id);

#endif
