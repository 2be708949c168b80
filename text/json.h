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

/* Any value; the reference is taken over. NULL: making it found no memory. */
void member_set(json_t *object, const char *member, json_t *value);
/* At the end of an array; the same. */
void element_add(json_t *array, json_t *value);

/* A string; null for NULL. What is not UTF-8, as it may be in a damaged log, is made visible. */
void member_text(json_t *object, const char *member, const char *text);
json_t *json_text(const char *text) TJ_MUST_USE;
/* The text of a field that is padded with zeros to `size` bytes. */
void member_padded(json_t *object, const char *member, const char *text, size_t size);
void member_bool(json_t *object, const char *member, bool value);
void member_null(json_t *object, const char *member);
/* A number; a string where a JSON integer of ours, which has 63 bits, does not hold it. */
void member_count(json_t *object, const char *member, uint64_t count);
void member_hex(json_t *object, const char *member, const uint8_t *bytes, size_t size);
void member_hash(json_t *object, const char *member, const struct tj_hash *hash);
void member_date(json_t *object, const char *member, uint32_t day);
void member_time_ns(json_t *object, const char *member, uint64_t ns);
void member_time_s(json_t *object, const char *member, uint64_t seconds);
void member_record(json_t *object, const char *member, uint64_t record_id);
void member_account(json_t *object, const char *member, uint64_t account);
/* In units of 10^-decimals, with that many digits behind the point; and in base units. */
void member_amount(json_t *object, const char *member, tj_i128 base, unsigned decimals);
void member_base(json_t *object, const char *member, tj_i128 base);

#endif
