#ifndef TIJORI_CORE_AUDIT_REPLAYING_H
#define TIJORI_CORE_AUDIT_REPLAYING_H

/* A replay under way: what it knows between two entries. replay.c runs it. entry_judge.c takes it
 * from one entry to the next, resume.c from one audit to the next. */

#include "core/audit/replica.h"
#include "core/audit/walk.h"

#include <pthread.h>
#include <stdatomic.h>

struct tj_replaying {
    const struct tj_replay_options *options;
    struct tj_period *period;   /* NULL: none is wanted */
    struct tj_replica *replica; /* NULL: this audit begins with entry 0, and leaves nothing */
    struct tj_replay_report *report;
    struct tj_source *source;
    pthread_mutex_t reading; /* the source serves one thread at a time */
    struct tj_state *state;
    struct tj_digester digester;
    struct tj_lane_jumps *jumps;
    struct tj_figures *figures; /* the period's, when one is wanted */
    struct tj_source_past past;
    struct tj_frontier frontier;
    struct tj_recent_nodes recent;
    /* The leaf hash of every entry judged, for what is read again. The replica has them, when there
     * is one. */
    struct tj_hash *leaves;
    size_t leaf_count;
    size_t leaf_capacity;
    struct tj_progress progress;
    struct tj_anchor anchor;
    struct tj_documents documents;
    struct tj_walk walk;
    struct tj_hash leaf; /* of the last entry; so are the next two */
    uint64_t received_ns;
    uint64_t term;
    struct tj_directives directives;
    uint64_t unjudged_before; /* the part of state->unjudged that earlier audits counted */
    const char *gap;          /* why reading stopped before the end, or NULL */
    bool stopped;             /* something that it needs could not be read, or memory is out */
    atomic_bool broken;       /* something failed, or it stopped */
    uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
};

/* Notes that memory is out. That says nothing about the log: the replay stops, and answers MEMORY.
 * Returns false, to stop. */
static inline bool tj_lack_memory(struct tj_replaying *r)
{
    tj_trouble_note(&r->source->trouble, TIJORI_MEMORY, "out of memory");
    r->stopped = true;
    return false;
}

#endif
