#ifndef TIJORI_TEXT_NAMES_H
#define TIJORI_TEXT_NAMES_H

/* Who is who at one point of the log: names of parties, labels of keys, what accounts hold, what
 * rules say. Made by walking the log forward; each record is told after it was looked at, so
 * that what was called something then is called that.
 *
 * It grows with parties, keys and rules, and by 2 bytes an account; not with movements. Nothing is
 * trusted: a record that no ledger would have accepted is passed over. */

#include "text/text.h"
#include "core/format/envelope.h"

struct names;
/* NULL: no memory. */
struct names *names_create(void) TJ_MUST_USE;
void names_destroy(struct names *names);

/* A record whose form was checked. */
void names_take(struct names *names, const uint8_t record[TJ_RECORD_SIZE]);
/* There was memory for every record that was taken: else some names are not known. */
bool names_whole(const struct names *names) TJ_MUST_USE;

/* A party's name, "" when there is none. Valid until it is renamed. */
const char *names_party(const struct names *names, uint32_t party);

struct names_key {
    struct tj_public_key key;
    uint8_t role;
    char label[TJ_KEY_LABEL_SIZE + 1];
};
/* By ordinal, and by the key itself; NULL when the party has none such. Valid until the next take.
 */
const struct names_key *names_key(const struct names *names, uint32_t party, uint32_t ordinal);
const struct names_key *names_find_key(const struct names *names, uint32_t *ordinal, uint32_t party,
                                       const struct tj_public_key *key);

/* The record that set a rule, NULL when there is none. Valid until the next take. */
const uint8_t *names_rule(const struct names *names, uint32_t rule);

/* The asset of an account, 0 when it is not known. */
uint32_t names_account_asset(const struct names *names, uint64_t account);
/* For reading amounts; valid as long as `names`. */
struct assets names_assets(const struct names *names);

#endif
