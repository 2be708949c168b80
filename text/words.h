#ifndef TIJORI_TEXT_WORDS_H
#define TIJORI_TEXT_WORDS_H

/* Sentences about records, for people. A sentence may hold names and labels, which are others'
 * text: it is made harmless where it is printed (text/text.h), not here. */

#include "text/text.h"
#include "core/format/record.h"

/* The longest is a movement with sixteen details; what does not fit is cut. */
struct words {
    char text[4096];
    size_t used; /* bytes, without the NUL */
};

/* Appends. */
void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text that a submitter chose, in quotes that it cannot end itself. */
void words_quoted(struct words *words, const char *text);
/* "1.5 BTC", without needless zeros; "150000000 base units" of an asset that is not known. */
void words_amount(struct words *words, const struct assets *assets, uint32_t asset, tj_i128 base);
/* "1 day", "90 minutes": in the largest unit that divides it. */
void words_duration(struct words *words, uint64_t seconds);
/* "2 approvals, one each of groups 1 and 2": what a tier wants, or what of it is missing. */
void words_approvals(struct words *words, uint32_t approvals, uint32_t groups);
/* "seizure, donation": the names of a mask's bits. */
void words_mask(struct words *words, uint64_t mask, const char *const *names);
/* "account 1:3", "party 1". */
void words_holder(struct words *words, uint64_t holder);
/* "inwards", "outwards", "both ways". */
const char *words_directions(uint8_t directions);

/* What a set_tier, set_limit or programme says: "more than 5 BTC of party 1 wants 2 approvals". */
void words_rule(struct words *words, const struct tj_record *rule, const struct assets *assets);
/* What a statement says: "inflow by purchase from 2026-01-01 to 2026-03-31: 12.5 BTC". */
void words_statement(struct words *words, const struct tj_record *statement,
                     const struct assets *assets);

#endif
