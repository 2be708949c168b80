#include "core/rules/approvals.h"

#include <inttypes.h>

static void count_keys(const struct tj_state *state, uint32_t party, struct approvals *out,
                       uint32_t *groups)
{
    *groups = 0;
    for (uint32_t i = 0; i < TJ_KEYS_MAX; i++) {
        const struct tj_key_object *key = tj_state_key(state, party, i);
        if ((out->keys[i / 8] >> i % 8 & 1) != 0 && key != NULL && key->status == TJ_KEY_ACTIVE) {
            out->count++;
            *groups |= 1u << (key->group & TJ_GROUP_MAX);
        }
    }
}

void approvals_of(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE], uint64_t id,
                  const uint8_t *given, uint64_t mark, struct approvals *out)
{
    const struct tj_passage passage = {
        .record = record,
        .id = id,
        .from = tj_state_account(state, tj_movement_from(record)),
        .to = tj_state_account(state, tj_movement_to(record)),
    };
    const struct tj_approval_object *earlier =
        mark != UINT64_MAX ? tj_state_peek(state, TJ_T_APPROVAL, 0, mark) : NULL;
    uint32_t groups;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof out->keys; i++) {
        out->keys[i] =
            (uint8_t)((given != NULL ? given[i] : 0u) | (earlier != NULL ? earlier->keys[i] : 0u));
    }
    count_keys(state, tj_account_party(tj_movement_from(record)), out, &groups);
    out->tier = tj_tier_of(state, &passage, &out->rule);
    out->groups_missing = out->tier != NULL ? out->tier->groups & ~groups : 0;
}

bool approvals_complete(const struct approvals *approvals)
{
    return approvals->tier == NULL ||
           (approvals->count >= approvals->tier->approvals && approvals->groups_missing == 0);
}

void approvals_wanted(char *out, size_t size, uint32_t approvals, uint32_t groups)
{
    /* A key is of one group, so there are as many approvals as groups at least. */
    uint32_t least = (uint32_t)__builtin_popcount(groups);
    uint32_t count = approvals > least ? approvals : least;
    size_t at = (size_t)snprintf(out, size, "%" PRIu32 " approval%s", count, count == 1 ? "" : "s");
    uint32_t left = groups;
    for (uint32_t i = 1; i <= TJ_GROUP_MAX && at < size; i++) {
        if ((groups >> i & 1) == 0) {
            continue;
        }
        bool first = left == groups;
        left &= ~(1u << i);
        const char *before = !first      ? (left == 0 ? " and " : ", ")
                             : left != 0 ? ", one each of groups "
                                         : ", one of group ";
        at += (size_t)snprintf(out + at, size - at, "%s%" PRIu32, before, i);
    }
}
