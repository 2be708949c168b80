#ifndef TIJORI_TESTS_CRYPTO_SUPPORT_H
#define TIJORI_TESTS_CRYPTO_SUPPORT_H

/* What the tests of crypto/ share. Include it first: cmocka wants its standard headers before it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/hash.h"

#define TEST_VECTORS TIJORI_SOURCE_DIR "/tests/vectors"

enum { TEST_PATH_MAX = 4096 };

/* The data shared between the checkouts of a developer's machine, not in the repository.
 * TIJORI_SHARED_DIR in the environment overrides the place the build knows. */
static inline const char *shared_path(char path[TEST_PATH_MAX], const char *name)
{
    const char *root = getenv("TIJORI_SHARED_DIR");
    const int size =
        snprintf(path, TEST_PATH_MAX, "%s/data/%s", root != NULL ? root : TIJORI_SHARED_DIR, name);
    assert_true(size > 0 && size < TEST_PATH_MAX);
    return path;
}

/* Skips the running test, by name, when shared data is not there. */
static inline const char *shared_path_or_skip(char path[TEST_PATH_MAX], const char *name)
{
    (void)shared_path(path, name);
    if (access(path, R_OK) != 0) {
        (void)fprintf(stderr, "SKIP: no shared data %s\n", name);
        skip();
    }
    return path;
}

static inline json_t *load_json(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return json;
}

static inline const char *json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL) {
        fail_msg("no string '%s'", name);
    }
    return text;
}

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes `digits` characters; returns the size in bytes. */
static inline size_t hex_part(uint8_t *out, size_t out_size, const char *hex, size_t digits)
{
    assert_int_equal(digits % 2, 0);
    assert_true(digits / 2 <= out_size);
    for (size_t i = 0; i < digits / 2; i++) {
        const int high = hex_digit(hex[2 * i]);
        const int low = hex_digit(hex[2 * i + 1]);
        assert_true(high >= 0 && low >= 0);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return digits / 2;
}

static inline size_t hex_bytes(uint8_t *out, size_t out_size, const char *hex)
{
    return hex_part(out, out_size, hex, strlen(hex));
}

static inline void assert_hash_hex(const struct tj_hash *hash, const char *hex)
{
    uint8_t expected[TJ_HASH_SIZE];
    assert_int_equal(hex_bytes(expected, sizeof expected, hex), TJ_HASH_SIZE);
    assert_memory_equal(hash->bytes, expected, TJ_HASH_SIZE);
}

static inline struct tj_hash flipped(struct tj_hash hash, size_t bit)
{
    hash.bytes[bit / 8 % TJ_HASH_SIZE] ^= (uint8_t)(1u << bit % 8);
    return hash;
}

/* xorshift64*: the same run on every machine. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
