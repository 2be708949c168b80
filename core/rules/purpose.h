#ifndef TIJORI_CORE_RULES_PURPOSE_H
#define TIJORI_CORE_RULES_PURPOSE_H

/* Which class may move to which class under which purpose: the one table (purpose.c), its reasons,
 * and what a party of a type may hold. docs/PURPOSES.md explains it to people. */

#include "core/format/record.h"

struct tj_purpose_rule {
    uint8_t purpose; /* enum tj_purpose */
    uint8_t from;    /* enum tj_class */
    uint8_t to;      /* enum tj_class */
    const char *reason;
};

extern const struct tj_purpose_rule tj_purpose_rules[];
extern const size_t tj_purpose_rule_count;

/* True when the table allows it. Any numbers may be asked about. */
bool tj_purpose_allows(uint8_t purpose, uint8_t from_class, uint8_t to_class) TJ_MUST_USE;

/* True when some pair of classes may move under it: not so of correction, which no movement names.
 */
bool tj_purpose_moves(uint8_t purpose) TJ_MUST_USE;

/* Why not, for a person: a string constant. */
const char *tj_purpose_refusal(uint8_t purpose, uint8_t from_class, uint8_t to_class);

/* Contra classes stand for the outside world; they alone may go below zero. */
static inline bool tj_class_is_contra(uint8_t class)
{
    return class != TJ_CLASS_RESERVE && class != TJ_CLASS_CUSTODY;
}

/* The public sector: everything it does is public. */
static inline bool tj_type_is_public(uint8_t party_type)
{
    return party_type == TJ_AUTHORITY || party_type == TJ_TREASURY;
}

/* The classes the authority may grant to a party of this type, as a mask of 1 << class, and what it
 * starts with. */
uint16_t tj_type_classes_max(uint8_t party_type);
uint16_t tj_type_classes_first(uint8_t party_type);

/* Where a movement stands to the reserve. */
enum tj_flow { TJ_FLOW_INTO = 0, TJ_FLOW_OUT = 1, TJ_FLOW_WITHIN = 2, TJ_FLOW_OUTSIDE = 3 };
static inline enum tj_flow tj_flow_of(uint8_t from_class, uint8_t to_class)
{
    bool from = from_class == TJ_CLASS_RESERVE;
    bool to = to_class == TJ_CLASS_RESERVE;
    if (from && to) {
        return TJ_FLOW_WITHIN;
    }
    if (from) {
        return TJ_FLOW_OUT;
    }
    return to ? TJ_FLOW_INTO : TJ_FLOW_OUTSIDE;
}

#endif
