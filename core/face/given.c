#include "core/face/given.h"

/* ---- whom to trust ---- */

static enum tijori_status read_policy(struct tj_pinned *out, const struct tijori_pins *pins,
                                      struct tijori_message *message)
{
    struct tj_policy_error error;
    out->policy = calloc(1, sizeof *out->policy);
    if (out->policy == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, "the policy", NULL);
    }
    if (pins->policy_size > TJ_POLICY_SIZE_MAX ||
        !tj_policy_decode(out->policy, &error, pins->policy, pins->policy_size)) {
        bool large = pins->policy_size > TJ_POLICY_SIZE_MAX;
        return tj_say(message, TIJORI_VALUE, "the policy, line %u: %s", large ? 0 : error.line,
                      large ? "too large" : error.text);
    }
    out->pins.policy = out->policy;
    return TIJORI_OK;
}

bool tj_log_key_read(struct tj_verifier_key *out, const char *text)
{
    return tj_verifier_key_decode(out, text, strlen(text)) && out->type == TJ_NOTE_TYPE_ED25519;
}

enum tijori_status tj_pins_read(struct tj_pinned *out, const struct tijori_pins *pins,
                                struct tijori_message *message)
{
    memset(out, 0, sizeof *out);
    if (pins == NULL) {
        return TIJORI_OK;
    }
    if (pins->ledger_id != NULL) {
        memcpy(out->ledger_id.bytes, pins->ledger_id, TJ_HASH_SIZE);
        out->pins.ledger_id = &out->ledger_id;
    }
    if (pins->log_key != NULL) {
        if (!tj_log_key_read(&out->log_key, pins->log_key)) {
            return tj_say(message, TIJORI_VALUE, "the log key is not the verifier key of a log");
        }
        out->pins.log_key = &out->log_key;
    }
    if (pins->policy != NULL) {
        return read_policy(out, pins, message);
    }
    return TIJORI_OK;
}

void tj_pins_clear(struct tj_pinned *pinned)
{
    free(pinned->policy);
}

/* ---- where a log is ---- */

enum tijori_status tj_face_source(struct tj_source **out, const char *path,
                                  struct tijori_message *message)
{
    struct tj_source_message what = {""};
    uint32_t format = 0;
    enum tijori_status status = tj_source_is_folder(path)
                                    ? tj_source_open_folder(out, &what, path)
                                    : tj_source_open_ledger(out, &format, path);
    if (status == TIJORI_OK) {
        return status;
    }
    return tj_say_status(message, status, path, what.text);
}
