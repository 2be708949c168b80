#include "crypto/proof.h"

#include "crypto/base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1";
static const char extra_word[] = "extra ";
static const char index_word[] = "index ";

/* The next line without its newline; false at the end. */
static bool next_line(const char **at, const char **line, size_t *size, const char *end)
{
    const char *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (newline == NULL) {
        return false;
    }
    *line = *at;
    *size = (size_t)(newline - *at);
    *at = newline + 1;
    return true;
}

static bool starts_with(const char *line, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

bool tj_tlog_proof_decode(struct tj_tlog_proof *out, const char *bytes, size_t size)
{
    const char *at = bytes;
    const char *end = bytes + size;
    const char *line;
    size_t length;
    size_t decoded;
    out->extra = NULL;
    out->extra_size = 0;
    out->path_count = 0;
    if (size > TJ_TLOG_PROOF_SIZE_MAX || !next_line(&at, &line, &length, end) ||
        length != strlen(first_line) || memcmp(line, first_line, length) != 0 ||
        !next_line(&at, &line, &length, end)) {
        return false;
    }
    if (starts_with(line, length, extra_word)) {
        out->extra = line + strlen(extra_word);
        out->extra_size = length - strlen(extra_word);
        if (!tj_base64_decode(NULL, 0, &decoded, out->extra, out->extra_size) ||
            !next_line(&at, &line, &length, end)) {
            return false;
        }
    }
    if (!starts_with(line, length, index_word) ||
        !tj_parse_decimal64(&out->index, line + strlen(index_word), length - strlen(index_word))) {
        return false;
    }
    for (;;) {
        if (!next_line(&at, &line, &length, end)) {
            return false;
        }
        if (length == 0) {
            break;
        }
        if (out->path_count == TJ_PATH_MAX ||
            !tj_parse_hash64(&out->path[out->path_count], line, length)) {
            return false;
        }
        out->path_count++;
    }
    out->checkpoint = at;
    out->checkpoint_size = (size_t)(end - at);
    return at < end;
}

/* Appends; false when it does not fit. */
static bool put(char *out, size_t out_size, size_t *at, const char *text, size_t size)
{
    if (out_size - *at < size) {
        return false;
    }
    memcpy(out + *at, text, size);
    *at += size;
    return true;
}

size_t tj_tlog_proof_encode(char *out, size_t out_size, const struct tj_tlog_proof *proof)
{
    char line[64];
    size_t at = 0;
    bool fits =
        put(out, out_size, &at, first_line, strlen(first_line)) && put(out, out_size, &at, "\n", 1);
    if (proof->extra != NULL) {
        fits = fits && put(out, out_size, &at, extra_word, strlen(extra_word)) &&
               put(out, out_size, &at, proof->extra, proof->extra_size) &&
               put(out, out_size, &at, "\n", 1);
    }
    int size = snprintf(line, sizeof line, "%s%" PRIu64 "\n", index_word, proof->index);
    fits = fits && put(out, out_size, &at, line, (size_t)size);
    for (size_t i = 0; i < proof->path_count; i++) {
        tj_base64_encode(line, proof->path[i].bytes, TJ_HASH_SIZE);
        line[44] = '\n';
        fits = fits && put(out, out_size, &at, line, 45);
    }
    fits = fits && put(out, out_size, &at, "\n", 1) &&
           put(out, out_size, &at, proof->checkpoint, proof->checkpoint_size);
    return fits ? at : 0;
}
