#ifndef TIJORI_CRYPTO_POLICY_H
#define TIJORI_CRYPTO_POLICY_H

/* A policy says which logs and witnesses a verifier trusts, and how many must agree: C2SP
 * tlog-policy.
 *     log <vkey> [<url>]
 *     witness <name> <vkey> [<url>]
 *     group <name> all|any|<k> <name>...
 *     quorum <name>|none                 exactly once
 * Comments begin with #. A name is defined before it is used, and is a member of one group at
 * most. */

#include "crypto/must_use.h"
#include "crypto/checkpoint.h"

enum {
    TJ_POLICY_LOGS_MAX = 64,
    TJ_POLICY_WITNESSES_MAX = 64,
    TJ_POLICY_GROUPS_MAX = 64,
    TJ_POLICY_NAME_MAX = 127,
    TJ_POLICY_URL_MAX = 511,
    TJ_POLICY_SIZE_MAX = 1 << 18,
    TJ_POLICY_NODE_NONE = -1,
};

struct tj_policy_log {
    struct tj_verifier_key key;      /* type 0x01 */
    char url[TJ_POLICY_URL_MAX + 1]; /* empty when not given */
};
/* A witness or a group: what a quorum is made of. */
struct tj_policy_node {
    char name[TJ_POLICY_NAME_MAX + 1];
    int parent; /* the group it is a member of, TJ_POLICY_NODE_NONE for none */
    bool is_group;
    unsigned needed;                 /* group: members that must hold */
    unsigned members;                /* group: how many there are */
    struct tj_verifier_key key;      /* witness: type 0x04 */
    char url[TJ_POLICY_URL_MAX + 1]; /* witness: empty when not given */
};
struct tj_policy {
    size_t log_count;
    struct tj_policy_log logs[TJ_POLICY_LOGS_MAX];
    size_t node_count; /* in the order defined, so members stand before their group */
    struct tj_policy_node nodes[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX];
    int quorum; /* a node, TJ_POLICY_NODE_NONE for "none" */
};

/* What is wrong with a policy, for a person. */
struct tj_policy_error {
    unsigned line; /* from 1; 0: of the whole */
    char text[160];
};

/* Reads a policy of `size` bytes. About 170 KiB: not for the stack. */
bool tj_policy_decode(struct tj_policy *out, struct tj_policy_error *error, const char *text,
                      size_t size) TJ_MUST_USE;

/* What the witnesses of a policy say of one checkpoint. The arrays are by node; groups are
 * UNKNOWN. */
struct tj_policy_result {
    enum tj_note_verdict verdicts[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX];
    uint64_t times_s[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX]; /* where VALID */
    unsigned valid;   /* cosignatures that verified */
    unsigned invalid; /* those by keys of the policy that did not: refuse the note */
    unsigned
        undecided; /* those that this machine could not verify: nothing follows from the rest */
    bool quorum;   /* holds, with none invalid */
};
/* True when these witnesses (by node) are a quorum; always where the policy asks for none. */
bool tj_policy_holds(const struct tj_policy *policy, const bool counts[]) TJ_MUST_USE;
void tj_policy_check(const struct tj_policy *policy, struct tj_policy_result *out,
                     const struct tj_note_view *note);

#endif
