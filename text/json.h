#ifndef TIJORI_TEXT_JSON_H
#define TIJORI_TEXT_JSON_H

/* Members of JSON objects, as our documents have them: amounts, times and hashes are strings.
 *
 * No memory: a document is made by many calls, and one that fails leaves a member out. As with
 * errno, each thread remembers that this happened; who makes a document asks once, at its end:
 *
 *     document_begin();
 *     ... member_text(object, "name", name); ...
 *     if (!document_whole()) { ... there was no memory ... }
 */

#include "core/base/amount.h"
#include "core/base/status.h"
#include "crypto/hash.h"

#include <jansson.h>

void document_begin(void);
/* Nothing was left out since document_begin(), on this thread. */
bool document_whole(void) TJ_MUST_USE;
/* Something is left out, for want of memory: for who makes a part of a document by other means. */
void document_incomplete(void);

/* Any value; the reference is taken over. NULL: making it found no memory. */
void member_set(json_t *object, json_t *value, const char *member);
/* At the end of an array; the same. */
void element_add(json_t *array, json_t *value);

/* All members of another object, whose reference is taken over. */
void member_all(json_t *object, json_t *other);

/* A string; null for NULL. What is not UTF-8, as it may be in a damaged log, is made visible. */
void member_text(json_t *object, const char *member, const char *text);
json_t *json_text(const char *text) TJ_MUST_USE;
/* A string that a damaged store may hold; null where it is not UTF-8. */
void member_stored(json_t *object, const char *member, const char *text);
/* The text of a field that is padded with zeros to `size` bytes. */
void member_padded(json_t *object, const char *member, const char *text, size_t size);
void member_bool(json_t *object, const char *member, bool value);
void member_null(json_t *object, const char *member);
/* A number; a string where a JSON integer of ours, which has 63 bits, does not hold it. */
void member_count(json_t *object, const char *member, uint64_t count);
void member_whole(json_t *object, const char *member, tj_i128 value);
/* The bits of a mask: their names; their numbers where `names` is NULL. */
void member_mask(json_t *object, const char *member, uint64_t mask, const char *const *names);
void member_hex(json_t *object, const char *member, const uint8_t *bytes, size_t size);
void member_hash(json_t *object, const char *member, const struct tj_hash *hash);
void member_date(json_t *object, const char *member, uint32_t day);
void member_time_ns(json_t *object, const char *member, uint64_t ns);
void member_time_s(json_t *object, const char *member, uint64_t seconds);
void member_record(json_t *object, const char *member, uint64_t record_id);
void member_account(json_t *object, const char *member, uint64_t account);
void member_holder(json_t *object, const char *member, uint64_t holder);
/* In units of 10^-decimals, with that many digits behind the point; and in base units. */
void member_amount(json_t *object, const char *member, tj_i128 base, unsigned decimals);
void member_base(json_t *object, const char *member, tj_i128 base);

/* ---- reading ---- */

/* A number as these functions write it: an integer, or a string of decimal digits. False when it is
 * neither. Of a count also when it is below 0 or has more than 64 bits. */
bool json_read_whole(tj_i128 *out, const json_t *value) TJ_MUST_USE;
bool json_read_count(uint64_t *out, const json_t *value) TJ_MUST_USE;

/* ---- text without a document ---- */

/* `text` as a JSON string, with its quotes; "\ufffd" for bytes that are not UTF-8. */
void json_print_string(FILE *out, const char *text);
void json_print_bytes(FILE *out, const char *text, size_t size);
/* The whole of a value, as json_dumpf() has it. False with errno when there was no memory, or
 * writing failed. */
bool json_print(FILE *out, const json_t *value, size_t flags) TJ_MUST_USE;

#endif
