#ifndef TIJORI_CRYPTO_MUST_USE_H
#define TIJORI_CRYPTO_MUST_USE_H

/* Marks a function that can fail, or whose answer is its only purpose. The compiler refuses a call
 * that ignores the answer. storage/must_use.h has the same spelling, since neither folder knows the
 * other. */
#define TJ_MUST_USE __attribute__((warn_unused_result))

#endif
