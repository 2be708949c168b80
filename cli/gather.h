#ifndef TIJORI_CLI_GATHER_H
#define TIJORI_CLI_GATHER_H

/* Asks witnesses to cosign a checkpoint: the client's side of C2SP tlog-witness, by libcurl, all of
 * them at once. What comes back is verified before it joins the checkpoint.
 *
 * A request names the size that the witness cosigned last. Where that is not known one starts from
 * 0; a witness that remembers another size says so (409), and is asked again with the proof from
 * there, three times at most.
 *
 * Only http and https, no redirects, answers up to 32 KiB. A library of its own (tijori_gather), so
 * that only what asks witnesses links libcurl.
 *
 * Threads: one call at a time in a process, before others use libcurl. */

#include "core/exchange/witness_request.h"
#include "crypto/policy.h"

enum {
    GATHER_WITNESSES_MAX = TJ_POLICY_WITNESSES_MAX,
    GATHER_TRIES_MAX = 4, /* the first, and three more */
    GATHER_URL_MAX = TJ_POLICY_URL_MAX,
};

enum gather_outcome {
    GATHER_COSIGNED,
    GATHER_AHEAD,       /* it has cosigned a larger size already: old_size */
    GATHER_STRANGER,    /* a line, but by nobody whom the policy knows */
    GATHER_UNKNOWN_LOG, /* 404 */
    GATHER_NOT_TRUSTED, /* 403: the log's signature */
    GATHER_REFUSED,     /* 422: to the witness the checkpoint contradicts the one before */
    GATHER_BAD_ANSWER,  /* an answer that is none, a line that does not verify, a size again and
                         * again; any other status */
    GATHER_NO_PROOF,    /* there is no proof from the size it remembers */
    GATHER_UNREACHABLE, /* no answer in time */
};
/* "cosigned", "is ahead", ... */
const char *gather_outcome_text(enum gather_outcome outcome);

struct gather_witness {
    /* In. `url` is the submission prefix, or the whole address of the request as a witness prints
     * it (".../add-checkpoint"), with or without a slash at the end. */
    const char *url;
    /* In: NULL when it is not known which witness is there. Out, COSIGNED: whose line it was. */
    const struct tj_verifier_key *key;
    /* In: where the key is not known, a line by a witness of this policy that verifies counts, and
     * no other. NULL with `key` NULL: any line joins the checkpoint, unverified. */
    const struct tj_policy *policy;
    uint64_t old_size; /* in: where to start, 0 when not known. Out: what it remembers now, as far
                        * as is known; keep it, and the next round takes one request */
    /* Out. */
    enum gather_outcome outcome;
    unsigned tries;
    unsigned http_code; /* of the last answer, 0 for none */
    uint64_t time_s;    /* COSIGNED with a key: the time stated */
    char detail[192];   /* for a person, empty for COSIGNED; what the witness said is untrusted */
};

/* The witnesses of a policy that have a URL, old_size 0. `out` takes GATHER_WITNESSES_MAX; pointers
 * into the policy. Returns how many. */
size_t gather_of_policy(struct gather_witness *out, const struct tj_policy *policy);

/* True when both lead to the same place. */
bool gather_same_url(const char *a, const char *b);

/* Writes PROOF(old_size, D[n]) of the checkpoint's tree, 0 < old_size < n, at most
 * TJ_PROOF_HASHES_MAX hashes. False when it cannot be had. Called on the caller's thread. */
typedef bool gather_prove(void *context, struct tj_hash *proof, size_t *count, uint64_t old_size);

/* Asks `count` witnesses (at most GATHER_WITNESSES_MAX) for the checkpoint in `note` (`*size` bytes
 * of `capacity`), `timeout_ms` for all of it, and adds what they sign to it. A line that the note
 * has of a key already stays. Returns how many cosigned; 0 also when `note` is not a checkpoint,
 * and then each witness's detail says that. */
size_t gather_cosignatures(struct gather_witness *witnesses, char *note, size_t *size,
                           gather_prove *prove, void *context, size_t count, size_t capacity,
                           unsigned timeout_ms);

#endif
