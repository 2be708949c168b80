#ifndef TIJORI_CORE_BASE_DIGESTER_H
#define TIJORI_CORE_BASE_DIGESTER_H

#include "crypto/hash.h"

/* What one thread needs to hash envelopes and entries. False from init: no memory. It may be
 * cleared then as well. */
struct tj_digester {
    struct tj_hasher *hasher;
    struct tj_tag *envelope_tag;
};
bool tj_digester_init(struct tj_digester *digester) TJ_MUST_USE;
void tj_digester_clear(struct tj_digester *digester);

#endif
