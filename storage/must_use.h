#ifndef TIJORI_STORAGE_MUST_USE_H
#define TIJORI_STORAGE_MUST_USE_H

/* Marks what can fail, or has no other purpose than its answer: the compiler refuses a call that
 * ignores it. Spelled alike in crypto/must_use.h, since neither folder knows the other. */
#define TJ_MUST_USE __attribute__((warn_unused_result))

#endif
