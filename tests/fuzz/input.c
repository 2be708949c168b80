/* CSV and JSON Lines. What is read has the form of a record and prints back to the same record. */

#include "text/input.h"
#include "text/detail_json.h"
#include "text/record_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool some_group(void *context, struct tj_hash *group, uint64_t record_id)
{
    (void)context;
    memset(group->bytes, (int)(record_id & 0xff), TJ_HASH_SIZE);
    return record_id != 0;
}

/* The record at `first` and its details; returns how many records they are. */
static size_t check_group(const struct input *input, size_t first)
{
    const uint8_t *record = input->records[first].bytes;
    uint8_t details[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    uint8_t encoded[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    uint8_t again[TJ_RECORD_SIZE];
    struct tj_details decoded;
    struct tj_verdict verdict;
    struct record_json_error why;
    uint32_t count = 0;
    while (first + 1 + count < input->count &&
           tj_kind_is_detail(input->records[first + 1 + count].bytes[0])) {
        TIJORI_REQUIRE(count < TJ_DETAILS_MAX);
        memcpy(details + (size_t)count * TJ_RECORD_SIZE, input->records[first + 1 + count].bytes,
               TJ_RECORD_SIZE);
        count++;
    }
    tj_verdict_init(&verdict);
    TIJORI_REQUIRE(tj_record_check(record, false, &verdict) == TIJORI_OK);
    TIJORI_REQUIRE(tj_details_check(record, details, count, false, &verdict) == TIJORI_OK);
    json_t *object = record_to_json(record, &assets_bitcoin);
    details_to_json(object, details, count);
    TIJORI_REQUIRE(details_from_json(&decoded, &why, object, record[0]));
    TIJORI_REQUIRE(tj_details_encode(&decoded, encoded) == count);
    TIJORI_REQUIRE(memcmp(details, encoded, (size_t)count * TJ_RECORD_SIZE) == 0);
    TIJORI_REQUIRE(record_from_json(again, &why, object, &assets_bitcoin));
    if (tj_kind_is_movement(record[0])) {
        TJ_PUT(again, TJ_MOVE, details, count);
    }
    TIJORI_REQUIRE(memcmp(record, again, TJ_RECORD_SIZE) == 0);
    json_decref(object);
    return 1 + count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* No directory: a fuzzer must not open files of its choosing. */
    const struct input_options options = {.assets = &assets_bitcoin, .group = some_group};
    struct input input;
    struct input_error error;
    char text[512];
    if (!input_parse(&input, &error, (const char *)data, size, &options)) {
        input_error_format(&error, text, sizeof text);
        TIJORI_REQUIRE(text[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < input.count;) {
        i += check_group(&input, i);
    }
    input_clear(&input);
    return 0;
}
