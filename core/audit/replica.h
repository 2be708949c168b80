#ifndef TIJORI_CORE_AUDIT_REPLICA_H
#define TIJORI_CORE_AUDIT_REPLICA_H

/* What an auditor keeps between two audits: the state as of the last entry verified, all else that
 * a replay goes on from, the leaf hash of every entry, and what was pinned. With it the next audit
 * verifies only what is new. A log that does not extend what was seen is found out at the very
 * entry where it departs.
 *
 * It is a directory of the auditor's own, and is trusted like a key file:
 *     leaves    32 bytes an entry, appended to
 *     replica   everything else; replaced as a whole, and ends with a SHA-256 over it
 *     evidence/ checkpoints that contradict what was seen
 * It is written only after an audit in which nothing failed. It is not a format for others: a newer
 * program may refuse it, and the audit then begins anew. */

#include "core/audit/figures.h"
#include "core/audit/lanejumps.h"
#include "core/audit/recent_nodes.h"
#include "core/audit/report.h"
#include "core/rules/state.h"
#include "crypto/checkpoint.h"

struct tj_replica {
    uint64_t size; /* entries verified; 0: none yet */
    struct tj_frontier frontier;
    struct tj_recent_nodes recent; /* made from the leaves, which are read anyway */
    struct tj_hash leaf;           /* of entry size - 1 */
    uint64_t received_ns;
    uint64_t term;
    struct tj_directives directives;
    uint64_t covered; /* what core/audit/anchor.h goes on from */
    uint64_t covered_by;
    uint64_t left_open; /* things that earlier audits could not check and no later one does */
    struct tj_state *state;
    struct tj_lane_jumps *jumps;
    struct tj_figures *figures;
    uint64_t finding_count; /* of all audits, but the standing ones (core/audit/report.h) */
    size_t findings_kept;
    struct tj_finding findings[TJ_FINDINGS_MAX];
    struct tj_verifier_key log_key; /* pinned; name empty: none */
    size_t note_size;               /* of the newest checkpoint seen; 0: none */
    char note[TJ_CHECKPOINT_NOTE_MAX];
    int lock_fd; /* of the directory, locked */
    /* The leaf hashes. Those of entries below leaves_stored are in the file; the rest is to be
     * appended. */
    int leaves_fd; /* -1: none */
    uint64_t leaves_stored;
    struct tj_hash *fresh;
    size_t fresh_count;
    size_t fresh_capacity;
};

/* Loads what is in DIR. Begins anew where DIR is empty or missing; it is then made, but its parent
 * must exist. CORRUPT when what is there is damaged or of another version; LOCKED when another
 * audit has it; DENIED, IO, MEMORY. */
enum tijori_status tj_replica_open(struct tj_replica **out, const char *dir) TJ_MUST_USE;
/* Writes all of it and syncs it. The file `replica` comes last, by a rename. */
enum tijori_status tj_replica_save(struct tj_replica *replica) TJ_MUST_USE;
void tj_replica_close(struct tj_replica *replica);

/* The leaf hash of an entry below `size`, whether it was known when the replica was opened or was
 * added since. */
bool tj_replica_leaf(void *replica, struct tj_hash *leaf, uint64_t index) TJ_MUST_USE;
/* Adds the leaf hash of the next entry. False: no memory. */
bool tj_replica_add_leaf(struct tj_replica *replica, const struct tj_hash *leaf) TJ_MUST_USE;

/* Keeps a note under evidence/, named by `name`. */
enum tijori_status tj_replica_keep(const char *dir, const char *name, const char *note,
                                   size_t size) TJ_MUST_USE;

#endif
