#include "core/ingest/own_clock.h"

#include "core/log/stored_checkpoint.h"

#include <inttypes.h>

static bool follows(uint64_t now_ns, uint64_t time_ns)
{
    return now_ns <= tj_ns_after(time_ns, TJ_CLOCK_JUMP_S);
}

/* The latest of all lines; 0 when there is none. A log line has no time and is passed over. */
static enum tijori_status newest_cosignature(struct tj_txn *txn, uint64_t *time_s)
{
    struct tj_stored_checkpoint newest;
    struct tj_note_view view;
    *time_s = 0;
    enum tijori_status status = tj_checkpoint_public(txn, &newest);
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_OK;
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_note_decode(&view, (const char *)newest.note.bytes, newest.note.size)) {
        return TIJORI_CORRUPT;
    }
    for (size_t i = 0; i < view.signature_count; i++) {
        uint64_t line_s;
        if (tj_cosignature_time(&view.signatures[i], &line_s) && line_s > *time_s) {
            *time_s = line_s;
        }
    }
    return TIJORI_OK;
}

static uint64_t hours_ahead(uint64_t now_ns, uint64_t time_ns)
{
    return (now_ns - time_ns) / TJ_NS_PER_S / 3600;
}

/* Names each time that was looked at, so that the operator sees which one is odd. */
static enum tijori_status refuse(struct tj_verdict *verdict, uint64_t now_ns, uint64_t newest_ns,
                                 uint64_t created_ns, uint64_t cosigned_ns)
{
    char cosigned[48] = "no cosignature is stored";
    if (cosigned_ns != 0) {
        snprintf(cosigned, sizeof cosigned, "%" PRIu64 " h of the last cosignature",
                 hours_ahead(now_ns, cosigned_ns));
    }
    return tj_refuse_detail(verdict, TIJORI_CLOCK_JUMP, "received_ns",
                            "%" PRIu64 " h ahead of the newest entry, %" PRIu64
                            " h of created_s, %s; nothing says that it is synchronised",
                            hours_ahead(now_ns, newest_ns), hours_ahead(now_ns, created_ns),
                            cosigned);
}

/* In the order of what it costs to ask: nearly always the first answer is enough. */
enum tijori_status tj_own_clock_judge(const struct tj_own_clock *clock, struct tj_txn *txn,
                                      struct tj_verdict *verdict, uint64_t now_ns,
                                      uint64_t newest_ns, uint64_t created_s)
{
    const uint64_t created_ns = tj_ns_after(0, created_s);
    uint64_t cosigned_s;
    if (clock->accepted || follows(now_ns, newest_ns) || follows(now_ns, created_ns)) {
        return TIJORI_OK;
    }
    if (clock->synchronised != NULL && clock->synchronised(clock->context) == 1) {
        return TIJORI_OK;
    }
    enum tijori_status status = newest_cosignature(txn, &cosigned_s);
    if (status != TIJORI_OK) {
        return tj_refuse(verdict, status, "checkpoints");
    }
    const uint64_t cosigned_ns = tj_ns_after(0, cosigned_s);
    if (cosigned_s != 0 && follows(now_ns, cosigned_ns)) {
        return TIJORI_OK;
    }
    return refuse(verdict, now_ns, newest_ns, created_ns, cosigned_ns);
}
