#ifndef TIJORI_TESTS_UNIT_TAMPER_SUPPORT_H
#define TIJORI_TESTS_UNIT_TAMPER_SUPPORT_H

/* A ledger of 262 entries as an auditor gets to see it: signed, cosigned by two witnesses at
 * several sizes and exported at each, so that the folder holds tiles and bundles of earlier sizes;
 * every file of that folder in memory; and what an auditor who pins the log's key and names the
 * witnesses says of it, as it is or tampered with.
 *
 * Log key 0 signs until it is rotated, 1 is compromised, 2 signs the rest. */

#include "core/exchange/export.h"
#include "core/audit/anchor.h"
#include "crypto/policy.h"
#include "history_support.h"

enum { TAMPER_WITNESSES = 2, TAMPER_FILES_MAX = 1024, TAMPER_PATH_MAX = 128 };

enum tampered_kind {
    TAMPERED_CHECKPOINT,  /* `checkpoint` */
    TAMPERED_CHECKPOINTS, /* under checkpoints/ */
    TAMPERED_BUNDLE,      /* tile/entries/ */
    TAMPERED_TILE,        /* tile/L/ */
    TAMPERED_BODY,
    TAMPERED_ATTACHMENT,
    TAMPERED_DOCUMENT, /* FORMAT.md */
    TAMPERED_KIND,     /* kind */
    TAMPERED_KINDS,
};
extern const char *const tampered_kind_names[TAMPERED_KINDS];

struct exported_file {
    char path[TAMPER_PATH_MAX];
    enum tampered_kind kind;
    uint8_t *bytes;
    size_t size;
    /* Of tiles and bundles (level TJ_TILE_ENTRIES); stale: of an earlier size. */
    unsigned level;
    uint64_t number;
    unsigned width;
    bool stale;
};

struct exported {
    size_t count;
    struct exported_file files[TAMPER_FILES_MAX]; /* in order of their paths */
};

struct tamper_world {
    struct fixture f; /* closed */
    struct history history;
    char folder[300];
    struct exported exported;
    struct log_copy log;
    uint64_t entries;
    struct tj_verifier_key log_keys[3];
    struct tj_policy policy;
    struct tj_pins pins;               /* the log key of the genesis, and the witnesses */
    struct tj_replay_report untouched; /* what they say of the folder as exported */
};

struct tamper_world *tamper_world(void);
void tamper_world_end(struct tamper_world *w);

/* ---- making one by hand ---- */

/* The verifier keys of the fixture's log keys, and a policy that asks for both witnesses. */
void tamper_pins(struct tamper_world *w);
void witness_secret(uint8_t secret32[32], unsigned witness);
/* Signs the open ledger's checkpoint with log key `number`. */
void tamper_sign(struct fixture *f, uint32_t number);
/* The same, cosigned by the first `count` witnesses, at these times (POSIX seconds). */
void tamper_cosign(struct fixture *f, uint32_t number, unsigned count,
                   const uint64_t times_s[TAMPER_WITNESSES]);
/* The same, but only signed by the log: the cosigned note, which nobody stored; its size. */
size_t tamper_cosigned(struct fixture *f, char note[TIJORI_NOTE_MAX], uint32_t number,
                       unsigned count, const uint64_t times_s[TAMPER_WITNESSES]);
/* Exports the open ledger with its attachments; the status. `done` may be NULL. */
enum tijori_status tamper_export(struct fixture *f, struct tj_export_done *done, const char *out,
                                 bool public);

/* ---- folders ---- */

void exported_read(struct exported *out, const char *folder);
void exported_free(struct exported *exported);
/* Writes a file under `folder`, with the folders that it wants. */
void put_file(const char *folder, const char *path, const void *bytes, size_t size);
void remove_file(const char *folder, const char *path);
/* Deletes a folder and all in it. */
void remove_folder(const char *folder);
/* The path of a body or an attachment. */
void content_file_path(char out[TAMPER_PATH_MAX], const char *folder,
                       const uint8_t hash[TJ_HASH_SIZE]);

/* ---- verdicts ---- */

enum outcome {
    OUTCOME_PASSED,
    OUTCOME_NOTED,      /* passed, with a note */
    OUTCOME_INCOMPLETE, /* more was skipped than of the folder as exported */
    OUTCOME_FAILED,
    OUTCOME_REFUSED, /* not a folder that can be read as a log */
    OUTCOMES,
};
extern const char *const outcome_names[OUTCOMES];

/* Replays a folder. `replica` may be NULL. */
enum outcome audit_folder(struct tj_replica *replica, struct tj_replay_report *report,
                          const char *folder, const struct tj_pins *pins,
                          const struct tj_replay_report *untouched);
/* And a source, which it closes. */
enum outcome audit_source(struct tj_source *source, struct tj_replica *replica,
                          struct tj_replay_report *report, const struct tj_pins *pins,
                          const struct tj_replay_report *untouched);

#endif
