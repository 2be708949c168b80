#ifndef TIJORI_CORE_BASE_STATUS_H
#define TIJORI_CORE_BASE_STATUS_H

/* What goes with the one status of the ledger (include/tijori.h): the verdict, which says where
 * something was wrong, and the check of what a caller must guarantee.
 *
 * Three classes of failure are never mixed. A caller's bug aborts (TIJORI_REQUIRE). A rejected
 * input returns a status that names the rule. An I/O failure ends the commit and leaves the ledger
 * as it was.
 *
 * The law of arguments, everywhere: first the context that a function works on; then what it
 * writes, then what it changes, then what it only reads; a length follows its array; and last,
 * where there is one, what says why not (verdict, message, fault). scripts/figures holds headers to
 * it. */

#include "crypto/must_use.h"
#include "include/tijori.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A caller's bug: say where and stop. On in every build. */
#define TIJORI_REQUIRE(condition)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: requirement failed: %s\n", __FILE__, __LINE__, __func__,   \
                    #condition);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Expensive internal checks, for the builds that have them. What has to be noted before an effect,
 * to be compared after it, is noted where TJ_VERIFYING is true. */
#ifdef TIJORI_VERIFY
enum { TJ_VERIFYING = 1 };
#define TJ_VERIFY_CHECK(condition) TIJORI_REQUIRE(condition)
#else
enum { TJ_VERIFYING = 0 };
#define TJ_VERIFY_CHECK(condition) ((void)0)
#endif

/* A function or variable that only such checks use. It is compiled in every build all the same, so
 * that it cannot rot. */
#define TJ_VERIFY_ONLY __attribute__((unused))

/* Why this machine could not verify a signature (TJ_SIGNATURE_UNDECIDED, TJ_NOTE_UNDECIDED), or
 * make one with Ed25519: NO_ED25519 or MEMORY. */
enum tijori_status tj_undecided(void) TJ_MUST_USE;

/* Stands for "no record" and "no slot". */
#define TJ_NOWHERE UINT32_MAX

/* What became of an envelope or an entry, and where. The record is given by its position (from 0),
 * or the slot is; the field by its name in docs/FORMAT.md. The detail has figures that a person
 * needs. */
struct tj_verdict {
    enum tijori_status status;
    uint32_t record;
    uint32_t slot;
    const char *field; /* a string constant, or NULL */
    char detail[160];  /* empty when there is nothing to add */
};

void tj_verdict_init(struct tj_verdict *verdict);

/* Sets status and field and returns the status, so that a rule reads `return tj_refuse(...)`. */
enum tijori_status tj_refuse(struct tj_verdict *verdict, enum tijori_status status,
                             const char *field);
/* The same with a formatted detail. */
enum tijori_status tj_refuse_detail(struct tj_verdict *verdict, enum tijori_status status,
                                    const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5))) TJ_MUST_USE;

/* "record 3, amount: BALANCE: the balance ... (1.5 BTC left, 2 BTC wanted)". Always terminated. */
void tj_verdict_format(const struct tj_verdict *verdict, char *out, size_t size);

#endif
