#include "core/audit/documents.h"

#include "core/base/memory.h"

static int by_name(const void *a, const void *b)
{
    return memcmp(((const struct tj_document *)a)->name, ((const struct tj_document *)b)->name,
                  TJ_HASH_SIZE);
}

static struct tj_document *find(const struct tj_documents *documents,
                                const uint8_t name[TJ_HASH_SIZE])
{
    struct tj_document wanted;
    if (documents->count == 0) {
        return NULL;
    }
    memcpy(wanted.name, name, TJ_HASH_SIZE);
    return bsearch(&wanted, documents->of, documents->count, sizeof wanted, by_name);
}

/* ---- before the first entry ---- */

struct listing {
    struct tj_documents *documents;
    struct tj_replay_report *report;
    bool no_memory;
};

static void list_one(void *context, const struct tj_view *name)
{
    struct listing *listing = context;
    struct tj_documents *d = listing->documents;
    if (listing->no_memory || !tj_grow(&d->of, &d->capacity, d->count + 1, sizeof *d->of)) {
        listing->no_memory = true;
        return;
    }
    struct tj_document *document = &d->of[d->count++];
    memset(document, 0, sizeof *document);
    memcpy(document->name, name->bytes, name->size < TJ_HASH_SIZE ? name->size : TJ_HASH_SIZE);
    if (name->size != TJ_HASH_SIZE) {
        tj_fail(listing->report, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL,
                "an attachment is not named by a hash");
    }
}

bool tj_documents_list(struct tj_documents *documents, struct tj_source *source,
                       struct tj_replay_report *report)
{
    struct listing listing = {documents, report, false};
    source->ops->documents(source, &listing, list_one);
    /* Sorted again: in a damaged store they may be out of order. */
    if (documents->count > 0) {
        qsort(documents->of, documents->count, sizeof *documents->of, by_name);
    }
    return !listing.no_memory;
}

void tj_documents_clear(struct tj_documents *documents)
{
    free(documents->of);
    *documents = (struct tj_documents){.of = NULL};
}

/* ---- on the way ---- */

void tj_documents_cite(struct tj_documents *documents, const uint8_t name[TJ_HASH_SIZE],
                       bool wanted)
{
    struct tj_document *document = find(documents, name);
    if (document == NULL) {
        documents->missing += wanted;
        return;
    }
    TJ_VERIFY_CHECK(memcmp(document->name, name, TJ_HASH_SIZE) == 0);
    document->cited = true;
}

/* ---- after the last entry ---- */

static bool cites(const struct tj_view *records, uint32_t count, const uint8_t hash[TJ_HASH_SIZE])
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *document = tj_record_attachment(records->bytes + (size_t)i * TJ_RECORD_SIZE);
        if (document != NULL && memcmp(document, hash, TJ_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* The first entry with a record that cites this document, or UINT64_MAX. The log is read again from
 * the first entry on, since only a failure asks. */
static uint64_t citing_entry(struct tj_source *source, const struct tj_progress *progress,
                             const uint8_t hash[TJ_HASH_SIZE])
{
    for (uint64_t index = 0; index < progress->report->entries; index++) {
        struct tj_entry_view entry;
        struct tj_view records;
        if (!tj_source_entry(source, progress->digester, &entry, NULL, index) ||
            !source->ops->records(source, &records, &entry)) {
            continue; /* a restricted body may be missing */
        }
        if (cites(&records, entry.header.record_count, hash)) {
            return index;
        }
    }
    return UINT64_MAX;
}

/* Either the content or the name was changed; the log knows the other. */
static void fail_altered(struct tj_source *source, struct tj_progress *progress,
                         const struct tj_hash *hash, const struct tj_hash *name)
{
    uint64_t entry = citing_entry(source, progress, name->bytes);
    if (entry == UINT64_MAX) {
        entry = citing_entry(source, progress, hash->bytes);
    }
    tj_fail(progress->report, TJ_CHECK_ATTACHMENTS, entry, hash, name,
            "an attachment does not hash to its name");
}

/* An attachment that nothing cites is no part of the log. In a ledger, which takes none, that is a
 * failure. In a folder it is a file that somebody left there, or one that a missing body cites. */
static void check(struct tj_source *source, struct tj_progress *progress,
                  const struct tj_document *document)
{
    struct tj_replay_report *report = progress->report;
    struct tj_view bytes;
    struct tj_hash hash = {{0}};
    struct tj_hash name;
    memcpy(name.bytes, document->name, TJ_HASH_SIZE);
    tj_watch(report);
    if (source->ops->document(source, &bytes, document->name)) {
        tj_sha256(progress->digester->hasher, &hash, bytes.bytes, bytes.size);
    }
    if (tj_troubled(report)) {
        tj_skip_troubled(report, TJ_CHECK_ATTACHMENTS, 1, "an attachment");
        return;
    }
    if (!tj_hash_equal(&hash, &name)) {
        fail_altered(source, progress, &hash, &name);
        return;
    }
    /* One that entries before this audit cite was met there, or is inert: nothing names it. */
    if (document->cited || progress->start > 0) {
        tj_pass(report, TJ_CHECK_ATTACHMENTS, 1);
        return;
    }
    if (report->restricted > 0) {
        tj_skip(report, TJ_CHECK_ATTACHMENTS, 1,
                "attachments that no record seen in this audit cites");
        return;
    }
    if (!source->is_ledger) {
        tj_skip(report, TJ_CHECK_FILES, 1, "an attachment that no record cites");
        return;
    }
    tj_fail(report, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL, "no record cites an attachment");
}

void tj_documents_check(const struct tj_documents *documents, struct tj_source *source,
                        struct tj_progress *progress)
{
    for (size_t i = 0; i < documents->count; i++) {
        TJ_VERIFY_CHECK(i == 0 || by_name(&documents->of[i - 1], &documents->of[i]) <= 0);
        check(source, progress, &documents->of[i]);
    }
    if (documents->missing > 0) {
        tj_skip(progress->report, TJ_CHECK_ATTACHMENTS, documents->missing,
                "citations of documents whose bytes are not here");
    }
}
