/* CSV and JSON Lines. What is read has the form of a record and prints back to the same record. */

#include "text/input.h"
#include "text/record_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool no_leaf(void *context, struct tj_hash *leaf, uint64_t record_id)
{
    (void)context;
    memset(leaf->bytes, (int)(record_id & 0xff), TJ_HASH_SIZE);
    return record_id != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* No directory: a fuzzer must not open files of its choosing. */
    const struct input_options options = {.assets = &assets_bitcoin, .leaf = no_leaf};
    struct input input;
    struct input_error error;
    char text[512];
    if (!input_parse(&input, &error, (const char *)data, size, &options)) {
        input_error_format(&error, text, sizeof text);
        TIJORI_REQUIRE(text[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < input.count; i++) {
        const uint8_t *record = input.records[i].bytes;
        uint8_t again[TJ_RECORD_SIZE];
        struct tj_verdict verdict;
        struct record_json_error why;
        tj_verdict_init(&verdict);
        TIJORI_REQUIRE(tj_record_check(record, false, &verdict) == TIJORI_OK);
        json_t *object = record_to_json(record, &assets_bitcoin);
        TIJORI_REQUIRE(record_from_json(again, &why, object, &assets_bitcoin));
        TIJORI_REQUIRE(memcmp(record, again, TJ_RECORD_SIZE) == 0);
        json_decref(object);
    }
    input_clear(&input);
    return 0;
}
