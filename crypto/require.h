#ifndef TIJORI_CRYPTO_REQUIRE_H
#define TIJORI_CRYPTO_REQUIRE_H

/* Internal to crypto/. Only a bug of the caller can break such a condition, or a machine that no
 * longer computes rightly. Release builds check it too: going on would sign or accept what nobody
 * checked. */

#include <stdio.h>
#include <stdlib.h>

_Noreturn static inline void tj_crypto_abort(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: required: %s\n", file, line, what);
    abort();
}

#define TJ_CRYPTO_REQUIRE(cond) ((cond) ? (void)0 : tj_crypto_abort(__FILE__, __LINE__, #cond))

#endif
