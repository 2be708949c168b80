#ifndef TIJORI_TEXT_INPUT_H
#define TIJORI_TEXT_INPUT_H

/* Records from what people write: CSV, or JSON Lines where the first byte that is not white space
 * is
 * `{`. docs/FORMAT.md section 11. The input is not trusted: lines are bounded, text is UTF-8, and
 * what is wrong is named by line, column or member, and rule. */

#include "text/text.h"
#include "core/format/record.h"

enum {
    INPUT_LINE_MAX = 65536,   /* bytes; a record takes a few hundred */
    INPUT_SIZE_MAX = 1 << 30, /* bytes of one input: about 8 million movements */
    INPUT_ATTACHMENT_NONE = -1,
};

struct input_attachment {
    struct tj_hash hash;
    char *name; /* by which it was first named */
    uint8_t *bytes;
    size_t size;
};

/* A record, or a detail: those of a record stand behind it. */
struct input_record {
    uint8_t bytes[TJ_RECORD_SIZE]; /* form checked, blind zero */
    uint32_t line;                 /* from 1 */
    int32_t attachment;            /* its number in `attachments`, or INPUT_ATTACHMENT_NONE */
};

struct input {
    struct input_record *records;
    size_t count;
    size_t capacity;
    struct input_attachment *attachments; /* distinct; in the order they were first named */
    size_t attachment_count;
    size_t attachment_capacity;
};

struct input_options {
    const struct assets *assets;
    /* Where `file:NAME` is looked for; NULL: files are refused. */
    const char *directory;
    /* The group hash of a record in the ledger; NULL: offline, it has to be in the input. */
    bool (*group)(void *context, struct tj_hash *group, uint64_t record_id);
    void *group_context;
};

struct input_error {
    uint32_t line;   /* 0: the input as a whole */
    char member[48]; /* column or member, or empty */
    char rule[400];
    bool no_memory; /* nothing is wrong with the input: there was no memory for it */
};

/* Reads `size` bytes. On false the error is set and *out is empty. Clear *out either way. */
bool input_parse(struct input *out, struct input_error *error, const char *bytes, size_t size,
                 const struct input_options *options) TJ_MUST_USE;
void input_clear(struct input *input);

/* "line 3, amount: has no unit". */
void input_error_format(const struct input_error *error, char *out, size_t size);

#endif
