/* Policies: no input may crash; what is read keeps the promises of crypto/policy.h, and what is
 * refused says why. */

#include "crypto/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static const char note[] = "example.com/foo\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
                           "\xe2\x80\x94 example.com/foo Uw2QOkns8rV1yJGh\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tj_policy policy;
    struct tj_policy_error error;
    struct tj_policy_result result;
    struct tj_note_view view;
    if (!tj_policy_decode(&policy, &error, (const char *)data, size)) {
        require(error.text[0] != '\0' && strlen(error.text) < sizeof error.text);
        return 0;
    }
    require(policy.log_count <= TJ_POLICY_LOGS_MAX);
    require(policy.node_count <= TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX);
    require(policy.quorum < (int)policy.node_count);
    unsigned members[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX] = {0};
    for (size_t i = 0; i < policy.node_count; i++) {
        const struct tj_policy_node *node = &policy.nodes[i];
        require(node->name[0] != '\0' && memchr(node->name, '\0', sizeof node->name) != NULL);
        require(node->parent < (int)policy.node_count);
        if (node->parent != TJ_POLICY_NODE_NONE) {
            require(node->parent > (int)i && policy.nodes[node->parent].is_group);
            members[node->parent]++;
        }
        require(!node->is_group || (members[i] == node->members && node->needed >= 1 &&
                                    node->needed <= node->members));
    }
    require(tj_note_decode(&view, note, sizeof note - 1));
    tj_policy_check(&policy, &result, &view);
    require(result.valid == 0 && result.invalid == 0);
    require(!result.quorum || policy.quorum == TJ_POLICY_NODE_NONE);
    return 0;
}
