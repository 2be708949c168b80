#ifndef TIJORI_CLI_TIJORI_FOUNDING_H
#define TIJORI_CLI_TIJORI_FOUNDING_H

/* What follows from a genesis alone: what it founds, in words; what is to be pinned of the ledger;
 * and entry 1 as each member of the authority endorses it on a machine of his own. docs/FORMAT.md
 * section 6. Functions that answer an int answer an exit code and have said why on standard error.
 */

#include "cli/envelope_file.h"
#include "cli/genesis_file.h"
#include "cli/options.h"

/* Entry 1's envelope, all but the signatures. */
struct opening {
    const struct genesis_file *genesis;
    struct tj_header header;
    uint8_t record[TJ_RECORD_SIZE];
    struct tj_hash id;
};

/* Made for a time: from `created_s` to `expires_s`. */
void opening_make(struct opening *out, struct tj_digester *digester,
                  const struct genesis_file *genesis, uint64_t created_s, uint64_t expires_s);
/* The one that endorsements sign: its times follow from the genesis, so that all who endorse, each
 * by himself, sign the same bytes. */
void opening_of_genesis(struct opening *out, struct tj_digester *digester,
                        const struct genesis_file *genesis);
void opening_add(struct buffer *out, const struct opening *opening, const struct tj_slots *slots);

/* The key that the genesis registers for the authority; false when it does not. */
bool founding_key(struct tj_record *out, const struct genesis_file *genesis,
                  const struct tj_public_key *key);
/* '"minister" (ecdsa, fingerprint 0123456789abcdef)'. */
enum { FOUNDING_KEY_SIZE = 192 };
void founding_key_words(char out[FOUNDING_KEY_SIZE], struct tj_hasher *hasher,
                        const struct tj_public_key *key, const char *label);

/* What is founded: parties, keys, thresholds, assets. */
void founding_print(FILE *out, struct tj_digester *digester, const struct genesis_file *genesis);
/* Ledger id, origin, the verifier keys of the log, and until when init must run. */
int founding_print_pins(FILE *out, const struct genesis_file *genesis);

/* "X is over": the time until which endorsements of this genesis count has gone by. */
int founding_in_time(const struct opening *opening, const char *genesis_name);

/* tijori genesis --endorse: signs entry 1 with the keys of --key. */
int founding_endorse(const struct arguments *arguments);
/* Unites the endorsements that the files of --endorsement hold. Says whose is missing. */
int founding_unite(const struct arguments *arguments, struct tj_digester *digester,
                   struct tj_slots *slots, const struct opening *opening);

#endif
