#ifndef TIJORI_CORE_FACE_GIVEN_H
#define TIJORI_CORE_FACE_GIVEN_H

/* What a caller of tijori.h gives, read: whom it trusts, and where a log is. */

#include "core/audit/replay.h"
#include "core/base/message.h"

/* Pins as they were given, read. */
struct tj_pinned {
    struct tj_hash ledger_id;
    struct tj_verifier_key log_key;
    struct tj_policy *policy; /* NULL: none */
    struct tj_pins pins;      /* points into this struct */
};
/* OK; VALUE when a pin is malformed, MEMORY. `pins` may be NULL. Clear it in any case. */
enum tijori_status tj_pins_read(struct tj_pinned *out, const struct tijori_pins *pins,
                                struct tijori_message *message) TJ_MUST_USE;
void tj_pins_clear(struct tj_pinned *pinned);

/* The verifier key of a log; false when the text is none. */
bool tj_log_key_read(struct tj_verifier_key *out, const char *text) TJ_MUST_USE;

/* An exported folder, or a ledger: the statuses of tijori_verify. */
enum tijori_status tj_face_source(struct tj_source **out, const char *path,
                                  struct tijori_message *message) TJ_MUST_USE;

#endif
