#ifndef TIJORI_CLI_AUDIT_COSIGN_H
#define TIJORI_CLI_AUDIT_COSIGN_H

/* Cosigning a log's newest checkpoint (C2SP tlog-cosignature): as a witness, who checks that it
 * extends what it signed before, and as an auditor, who has replayed the whole log. The names of
 * their keys tell them apart (core/audit/anchor.h, TJ_REPLAYED_SUFFIX). */

#include "cli/options.h"
#include "core/audit/replay.h"

int audit_cosign(const struct arguments *arguments);

/* After verify: cosigns when it passed (--cosign-key, --cosign-name, -o). `code` is what verify is
 * to answer otherwise. */
int audit_cosign_replayed(const struct arguments *arguments, struct tj_source *source,
                          const struct tj_replay_report *report, int code);

#endif
