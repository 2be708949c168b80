#include "cli/audit/diff.h"

#include "text/json.h"
#include "text/table.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

struct side {
    const char *path;
    struct tj_source *source;
    struct tj_view note;
    struct tj_checkpoint checkpoint;
    bool has_checkpoint;
};

/* What is there, byte by byte, not what the tree says: the first entry that differs, or the end of
 * the shorter log. *missing: an entry that one of them says it has could not be read. */
static uint64_t first_difference(struct side *a, struct side *b, const char **missing)
{
    uint64_t common = a->source->size < b->source->size ? a->source->size : b->source->size;
    uint64_t at = 0;
    for (; at < common && *missing == NULL; at++) {
        struct tj_view x;
        struct tj_view y;
        if (!a->source->ops->entry(a->source, &x, at)) {
            *missing = a->path;
        } else if (!b->source->ops->entry(b->source, &y, at)) {
            *missing = b->path;
        } else if (x.size != y.size || memcmp(x.bytes, y.bytes, x.size) != 0) {
            break;
        }
    }
    return *missing == NULL ? at : at - 1;
}

/* The line of the same key in both notes: a log that signed both answers for both. */
static const struct tj_note_signature_view *common_signer(const struct tj_note_view *a,
                                                          const struct tj_note_view *b)
{
    for (size_t i = 0; i < a->signature_count; i++) {
        for (size_t j = 0; j < b->signature_count; j++) {
            const struct tj_note_signature_view *x = &a->signatures[i];
            const struct tj_note_signature_view *y = &b->signatures[j];
            if (x->key_id == y->key_id && x->name_size == y->name_size &&
                memcmp(x->name, y->name, x->name_size) == 0) {
                return x;
            }
        }
    }
    return NULL;
}

static void print_both(const struct side *a, const struct side *b)
{
    struct tj_note_view x;
    struct tj_note_view y;
    if (!a->has_checkpoint || !b->has_checkpoint) {
        printf("There are not two signed checkpoints, so this alone proves nothing about who "
               "forked it.\n");
        return;
    }
    if (a->checkpoint.size == b->checkpoint.size &&
        memcmp(&a->checkpoint.root, &b->checkpoint.root, sizeof a->checkpoint.root) == 0) {
        printf("Both carry the same checkpoint, so one of them is damaged: 'tijori-audit verify' "
               "tells which.\n");
        return;
    }
    bool decoded = tj_note_decode(&x, (const char *)a->note.bytes, a->note.size) &&
                   tj_note_decode(&y, (const char *)b->note.bytes, b->note.size);
    const struct tj_note_signature_view *signer = decoded ? common_signer(&x, &y) : NULL;
    if (signer != NULL && strcmp(a->checkpoint.origin, b->checkpoint.origin) == 0) {
        printf("Both carry a signature line of the key %.*s+%08" PRIx32
               ": when both verify, its holder showed two histories.\n",
               (int)signer->name_size, signer->name, signer->key_id);
    }
    printf("\n%s:\n%.*s\n%s:\n%.*s", a->path, (int)a->note.size, (const char *)a->note.bytes,
           b->path, (int)b->note.size, (const char *)b->note.bytes);
}

static void print_json(const char *verdict, const struct side *a, const struct side *b,
                       uint64_t forked_at)
{
    printf("{\"result\": \"%s\", \"a\": {\"path\": ", verdict);
    json_print_string(stdout, a->path);
    printf(", \"entries\": %" PRIu64 "}, \"b\": {\"path\": ", a->source->size);
    json_print_string(stdout, b->path);
    printf(", \"entries\": %" PRIu64 "}, \"forked_at\": ", b->source->size);
    if (forked_at != UINT64_MAX) {
        printf("%" PRIu64 "}\n", forked_at);
    } else {
        printf("null}\n");
    }
}

static int compare(struct side *a, struct side *b, bool json)
{
    const char *missing = NULL;
    uint64_t at = first_difference(a, b, &missing);
    uint64_t x = a->source->size;
    uint64_t y = b->source->size;
    if (missing != NULL) {
        return fail(EXIT_FAIL, "%s: entry %" PRIu64 " cannot be read", missing, at);
    }
    bool forked = at < x && at < y;
    const char *verdict = forked ? "forked" : x == y ? "identical" : "extends";
    if (json) {
        print_json(verdict, a, b, forked ? at : UINT64_MAX);
    } else if (forked) {
        printf("forked at entry %" PRIu64 "\n", at);
        print_both(a, b);
    } else if (x == y) {
        printf("identical: %" PRIu64 " entries\n", x);
    } else {
        printf("%s extends %s: %" PRIu64 " entries in common, %" PRIu64 " more\n",
               x > y ? a->path : b->path, x > y ? b->path : a->path, at, (x > y ? x : y) - at);
    }
    return forked ? EXIT_FAIL : EXIT_PASS;
}

static int open_side(struct side *side, const char *path)
{
    side->path = path;
    int code = audit_open_source(&side->source, path);
    if (code == EXIT_PASS) {
        side->has_checkpoint = tj_source_newest(side->source, &side->note, &side->checkpoint);
    }
    return code;
}

static int diff_here(void *context)
{
    const struct arguments *arguments = context;
    struct side a = {0};
    struct side b = {0};
    int code = open_side(&a, arguments->operands[0]);
    if (code == EXIT_PASS) {
        code = open_side(&b, arguments->operands[1]);
    }
    if (code == EXIT_PASS) {
        code = compare(&a, &b, argument_choice(arguments, "format") == 1);
    }
    tj_source_close(a.source);
    tj_source_close(b.source);
    return code;
}

int audit_diff(const struct arguments *arguments)
{
    int signal;
    bool guard = !tj_source_is_folder(arguments->operands[0]) ||
                 !tj_source_is_folder(arguments->operands[1]);
    int code = audit_guarded(&signal, guard, diff_here, (void *)arguments);
    return code >= 0 ? code : fail(EXIT_FAIL, "reading crashed: %s", strsignal(signal));
}
