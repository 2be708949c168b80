#include "text/json.h"

#include "crypto/hex.h"
#include "crypto/utf8.h"
#include "text/text.h"

#include <inttypes.h>
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

void member_set(json_t *object, const char *member, json_t *value)
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

static bool is_utf8(const char *text)
{
    size_t left = strlen(text);
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
    if (is_utf8(text)) {
        return json_string(text);
    }
    text_sanitise(safe, sizeof safe, text);
    return json_string(safe);
}

void member_text(json_t *object, const char *member, const char *text)
{
    member_set(object, member, text != NULL ? json_text(text) : json_null());
}

void member_padded(json_t *object, const char *member, const char *text, size_t size)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    member_text(object, member, copy);
}

void member_bool(json_t *object, const char *member, bool value)
{
    member_set(object, member, json_boolean(value));
}

void member_null(json_t *object, const char *member)
{
    member_set(object, member, json_null());
}

void member_count(json_t *object, const char *member, uint64_t count)
{
    char text[TEXT_SIZE];
    if (count <= INT64_MAX) {
        member_set(object, member, json_integer((json_int_t)count));
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64, count);
    member_text(object, member, text);
}

void member_hex(json_t *object, const char *member, const uint8_t *bytes, size_t size)
{
    char *hex = malloc(2 * size + 1);
    if (hex == NULL) {
        left_out = true;
        return;
    }
    tj_hex_encode(hex, bytes, size);
    member_set(object, member, json_string(hex));
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
