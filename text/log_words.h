#ifndef TIJORI_TEXT_LOG_WORDS_H
#define TIJORI_TEXT_LOG_WORDS_H

/* What one record of the log did, in a sentence without its subject, and who signed it: as names
 * and labels stood then. */

#include "text/names.h"
#include "text/words.h"

/* "moved 1.5 BTC from 1:0 to 1:1 as purchase". The form of the record was checked, and that of the
 * `details` records behind it; `names` has not taken it yet. */
void log_words(struct words *words, const uint8_t *record, uint32_t details, uint64_t received_ns,
               const struct names *names);

/* What a movement of this kind does: "moved". */
const char *log_verb(uint8_t kind);

/* '"treasury-1" of Reserve Office (initiate), "treasury-2" of Reserve Office (approve);
 * countersigned by "bank-1" of Bank (initiate)'. Empty when nobody signed. */
void log_signers(struct words *words, const struct tj_slots *slots, const struct names *names);

#endif
