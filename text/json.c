#include "text/json.h"

#include "crypto/hex.h"
#include "crypto/utf8.h"
#include "text/text.h"

#include <errno.h>
#include <string.h>

static _Thread_local bool left_out;

void document_begin(void)
{
    left_out = false;
}

bool document_whole(void)
{
    return !left_out;
}

void document_incomplete(void)
{
    left_out = true;
}

void member_set(json_t *object, json_t *value, const char *member)
{
    if (json_object_set_new(object, member, value) != 0) {
        left_out = true;
    }
}

void element_add(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        left_out = true;
    }
}

void member_all(json_t *object, json_t *other)
{
    if (other == NULL || json_object_update(object, other) != 0) {
        left_out = true;
    }
    json_decref(other);
}

static bool is_utf8(const char *text, size_t left)
{
    while (left > 0) {
        uint32_t point;
        const size_t size = tj_utf8_next(&point, text, left);
        if (size == 0) {
            return false;
        }
        text += size;
        left -= size;
    }
    return true;
}

json_t *json_text(const char *text)
{
    char safe[2048];
    if (is_utf8(text, strlen(text))) {
        return json_string(text);
    }
    text_sanitise(safe, sizeof safe, text);
    return json_string(safe);
}

void member_text(json_t *object, const char *member, const char *text)
{
    member_set(object, text != NULL ? json_text(text) : json_null(), member);
}

void member_stored(json_t *object, const char *member, const char *text)
{
    member_text(object, member, is_utf8(text, strlen(text)) ? text : NULL);
}

void member_padded(json_t *object, const char *member, const char *text, size_t size)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    member_text(object, member, copy);
}

void member_bool(json_t *object, const char *member, bool value)
{
    member_set(object, json_boolean(value), member);
}

void member_null(json_t *object, const char *member)
{
    member_set(object, json_null(), member);
}

void member_whole(json_t *object, const char *member, tj_i128 value)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    if (value >= 0 && value <= INT64_MAX) {
        member_set(object, json_integer((json_int_t)value), member);
        return;
    }
    tj_amount_format_base(text, value);
    member_text(object, member, text);
}

void member_count(json_t *object, const char *member, uint64_t count)
{
    member_whole(object, member, (tj_i128)count);
}

void member_mask(json_t *object, const char *member, uint64_t mask, const char *const *names)
{
    json_t *array = json_array();
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((mask >> bit & 1) != 0) {
            element_add(array, names != NULL ? json_string(names[bit]) : json_integer(bit));
        }
    }
    member_set(object, array, member);
}

void member_hex(json_t *object, const char *member, const uint8_t *bytes, size_t size)
{
    char *hex = malloc(2 * size + 1);
    if (hex == NULL) {
        left_out = true;
        return;
    }
    tj_hex_encode(hex, bytes, size);
    member_set(object, json_string(hex), member);
    free(hex);
}

void member_hash(json_t *object, const char *member, const struct tj_hash *hash)
{
    member_hex(object, member, hash->bytes, TJ_HASH_SIZE);
}

void member_date(json_t *object, const char *member, uint32_t day)
{
    char text[TEXT_SIZE];
    text_format_date(text, day);
    member_text(object, member, text);
}

void member_time_ns(json_t *object, const char *member, uint64_t ns)
{
    char text[TEXT_SIZE];
    text_format_time_ns(text, ns);
    member_text(object, member, text);
}

void member_time_s(json_t *object, const char *member, uint64_t seconds)
{
    char text[TEXT_SIZE];
    text_format_time_s(text, seconds);
    member_text(object, member, text);
}

void member_record(json_t *object, const char *member, uint64_t record_id)
{
    char text[TEXT_SIZE];
    text_format_record_id(text, record_id);
    member_text(object, member, text);
}

void member_account(json_t *object, const char *member, uint64_t account)
{
    char text[TEXT_SIZE];
    text_format_account(text, account);
    member_text(object, member, text);
}

void member_holder(json_t *object, const char *member, uint64_t holder)
{
    char text[TEXT_SIZE];
    text_format_holder(text, holder);
    member_text(object, member, text);
}

void member_amount(json_t *object, const char *member, tj_i128 base, unsigned decimals)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(text, base, decimals);
    member_text(object, member, text);
}

void member_base(json_t *object, const char *member, tj_i128 base)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format_base(text, base);
    member_text(object, member, text);
}

/* ---- reading ---- */

bool json_read_whole(tj_i128 *out, const json_t *value)
{
    const char *text = json_string_value(value);
    *out = json_integer_value(value);
    if (text != NULL) {
        return tj_amount_parse(out, text, strlen(text), 0);
    }
    return json_is_integer(value);
}

bool json_read_count(uint64_t *out, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text != NULL) {
        return text_parse_number(out, text, UINT64_MAX);
    }
    *out = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

/* ---- text without a document ---- */

bool json_print(FILE *out, const json_t *value, size_t flags)
{
    errno = ENOMEM; /* unless writing fails, which says so */
    return value != NULL && json_dumpf(value, out, flags) == 0;
}

/* What JSON escapes in a string; NULL: nothing, or by its number. */
static const char *short_escape(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    }
    return NULL;
}

/* By hand, and as jansson does it: so a line is printed when there is no memory left. */
void json_print_bytes(FILE *out, const char *text, size_t size)
{
    if (!is_utf8(text, size)) {
        fputs("\"\\ufffd\"", out);
        return;
    }
    fputc('"', out);
    for (const char *end = text + size; text < end; text++) {
        const char *escape = short_escape(*text);
        if (escape != NULL) {
            fputs(escape, out);
        } else if ((unsigned char)*text < 0x20) {
            fprintf(out, "\\u%04X", (unsigned)(unsigned char)*text);
        } else {
            fputc(*text, out);
        }
    }
    fputc('"', out);
}

void json_print_string(FILE *out, const char *text)
{
    json_print_bytes(out, text, strlen(text));
}
