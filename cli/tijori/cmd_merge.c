#include "cli/tijori/book.h"
#include "cli/tijori/commands.h"

#include <inttypes.h>
#include <string.h>

/* tijori merge: joins the signatures and the documents of copies of the same envelopes, which went
 * to several people at once. */

enum { FILES_MAX = 64 };

/* The files, read side by side. Each `at` stands at the same envelope as the others. */
struct merging {
    size_t count;
    struct buffer in[FILES_MAX];
    struct envelopes at[FILES_MAX];
};

/* ---- one envelope ---- */

/* A signature that does not verify would spoil what it is joined to. */
static int check_signatures(const struct envelopes *at)
{
    uint32_t invalid;
    bool undecided;
    const struct tj_signed claim = {&at->view.slots, &at->id, &invalid, &undecided};
    tj_slots_verify(&claim, 1);
    if (undecided) {
        return fail_status(tj_undecided(), at->path, NULL);
    }
    return invalid == TJ_NOWHERE
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu: signature %" PRIu32 " does not verify: 'tijori unsign' "
                      "takes it off",
                      at->path, at->number, invalid);
}

/* Of two signatures by one key for one use the first is as good as the other. */
static int join_slots(struct tj_slots *slots, const struct envelopes *at)
{
    for (uint32_t i = 0; i < at->view.slots.count; i++) {
        const struct tj_slot *slot = &at->view.slots.slots[i];
        if (tj_slots_find(slots, slot) != NULL) {
            continue;
        }
        enum tijori_status status = tj_slots_insert(slots, slot);
        if (status != TIJORI_OK) {
            return fail(exit_code_of(status),
                        "%s: envelope %zu: with its signatures there are more than %d: %s",
                        at->path, at->number, TJ_SLOTS_MAX, tijori_status_name(status));
        }
    }
    return EXIT_PASS;
}

struct documents {
    size_t count;
    struct tj_document of[TJ_ATTACHMENTS_MAX];
};

static bool is_there(const struct documents *documents, const struct tj_hash *hash)
{
    for (size_t i = 0; i < documents->count; i++) {
        if (tj_hash_equal(&documents->of[i].hash, hash)) {
            return true;
        }
    }
    return false;
}

static int join_documents(struct documents *documents, const struct envelopes *at)
{
    const uint8_t *next = at->view.attachments;
    for (uint32_t i = 0; i < at->view.attachment_count; i++) {
        struct tj_document one;
        one.bytes = tj_attachment_next(&next, &one.size);
        tj_sha256(at->digester.hasher, &one.hash, one.bytes, one.size);
        if (is_there(documents, &one.hash)) {
            continue;
        }
        if (documents->count == TJ_ATTACHMENTS_MAX) {
            return fail(EXIT_DATA,
                        "%s: envelope %zu: with its documents there are more than %d, which is the "
                        "most that an envelope takes",
                        at->path, at->number, TJ_ATTACHMENTS_MAX);
        }
        documents->of[documents->count++] = one;
    }
    return EXIT_PASS;
}

/* What was joined is an envelope again: of documents there may be too many bytes. */
static int check_joined(struct merging *merging, const struct buffer *out, size_t begin)
{
    struct tj_envelope_view view;
    struct tijori_message why;
    struct envelopes *first = &merging->at[0];
    if (out->failed) {
        return EXIT_PASS; /* file_write() says so */
    }
    enum tijori_status status =
        tj_envelope_check(&first->digester, &view, out->bytes + begin, out->size - begin, &why);
    return status == TIJORI_OK ? EXIT_PASS
                               : fail(exit_code_of(status), "%s: envelope %zu, joined: %s",
                                      first->path, first->number, why.text);
}

static int add_joined(struct merging *merging, struct buffer *out, const struct tj_slots *slots,
                      struct documents *documents)
{
    const struct tj_envelope_view *view = &merging->at[0].view;
    struct buffer attachments = {0};
    const size_t begin = out->size;
    const size_t size = tj_attachments_size(documents->of, documents->count);
    uint8_t *bytes = buffer_reserve(&attachments, size);
    memory_needed_in(&attachments);
    tj_attachments_encode(bytes, documents->of, documents->count);
    envelope_add(out, &view->header, view->records, slots, bytes, size);
    free(attachments.bytes);
    return check_joined(merging, out, begin);
}

/* The envelope that all files stand at. */
static int join(struct merging *merging, struct buffer *out)
{
    struct documents *documents = memory_needed(calloc(1, sizeof *documents));
    struct tj_slots slots = {.count = 0};
    int code = EXIT_PASS;
    for (size_t i = 0; i < merging->count && code == EXIT_PASS; i++) {
        const struct envelopes *at = &merging->at[i];
        code = check_signatures(at);
        if (code == EXIT_PASS) {
            code = join_slots(&slots, at);
        }
        if (code == EXIT_PASS) {
            code = join_documents(documents, at);
        }
    }
    if (code == EXIT_PASS) {
        code = add_joined(merging, out, &slots, documents);
    }
    free(documents);
    return code;
}

/* ---- the files ---- */

/* Moves another file on to the envelope that the first stands at. */
static int follow(const struct envelopes *first, struct envelopes *other)
{
    int code = EXIT_PASS;
    if (!envelopes_next(other, &code)) {
        return code != EXIT_PASS ? code
                                 : fail(EXIT_DATA,
                                        "%s: it ends after envelope %zu, and %s has more: they are "
                                        "not copies of each other",
                                        other->path, other->number, first->path);
    }
    return tj_hash_equal(&first->id, &other->id)
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu: it is another than envelope %zu of %s: only copies of the "
                      "same envelopes, in the same order, can be joined",
                      other->path, other->number, first->number, first->path);
}

static int check_end(const struct envelopes *first, const struct envelopes *other)
{
    return other->at == other->in->size
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu: %s ends before it: they are not copies of each other",
                      other->path, other->number + 1, first->path);
}

static int join_all(struct merging *merging, struct buffer *out)
{
    struct envelopes *first = &merging->at[0];
    int code = EXIT_PASS;
    while (envelopes_next(first, &code)) {
        for (size_t i = 1; i < merging->count && code == EXIT_PASS; i++) {
            code = follow(first, &merging->at[i]);
        }
        if (code == EXIT_PASS) {
            code = join(merging, out);
        }
    }
    for (size_t i = 1; i < merging->count && code == EXIT_PASS; i++) {
        code = check_end(first, &merging->at[i]);
    }
    return code;
}

static int read_all(const struct arguments *arguments, struct merging *merging)
{
    int code = EXIT_PASS;
    for (size_t i = 0; i < arguments->operand_count && code == EXIT_PASS; i++) {
        code = file_read(&merging->in[i], arguments->operands[i], ENVELOPES_SIZE_MAX);
        envelopes_begin(&merging->at[i], arguments->operands[i], &merging->in[i]);
        merging->count = i + 1;
    }
    return code;
}

static void end_all(struct merging *merging)
{
    for (size_t i = 0; i < merging->count; i++) {
        envelopes_end(&merging->at[i]);
        free(merging->in[i].bytes);
    }
    free(merging);
}

int cmd_merge(const struct arguments *arguments)
{
    const char *path = argument_value(arguments, "output");
    struct buffer out = {0};
    struct book book;
    if (arguments->operand_count < 2 || arguments->operand_count > FILES_MAX) {
        return fail(EXIT_USAGE, "give from 2 to %d files", FILES_MAX);
    }
    struct merging *merging = memory_needed(calloc(1, sizeof *merging));
    int code = book_open(arguments, &book);
    if (code == EXIT_PASS) {
        code = read_all(arguments, merging);
    }
    if (code == EXIT_PASS) {
        code = join_all(merging, &out);
    }
    if (code == EXIT_PASS) {
        code = file_write(path, &out, false);
    }
    if (code == EXIT_PASS) {
        readiness_print_all(strcmp(path, "-") == 0 ? stderr : stdout, path, &book.known, &out);
    }
    end_all(merging);
    free(out.bytes);
    book_close(&book);
    return code;
}
