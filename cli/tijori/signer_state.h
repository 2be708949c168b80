#ifndef TIJORI_CLI_TIJORI_SIGNER_STATE_H
#define TIJORI_CLI_TIJORI_SIGNER_STATE_H

/* The file in which `sign` remembers what it signed (core/exchange/signer_memory.h): --signer-state
 * FILE, else one a ledger, named by the ledger's id, under $XDG_STATE_HOME/tijori/signers or
 * ~/.local/state/tijori/signers. Functions answer an exit code and have said why. */

#include "cli/options.h"
#include "cli/tijori/book.h"
#include "core/exchange/signer_memory.h"

struct signer_state {
    char path[4096];
    bool own;    /* the path is ours to make */
    int lock;    /* descriptor; -1: it is not held */
    bool loaded; /* `memory` is that of the file, or a new one */
    struct tj_digester digester;
    struct tj_signer_memory memory;
};

/* Where it is, for envelopes of this ledger. */
int signer_state_begin(const struct arguments *arguments, struct signer_state *out,
                       const struct tj_hash *ledger_id);
void signer_state_end(struct signer_state *state);

/* Reads it without the lock, to see what will be refused; where there is none, nothing is
 * remembered. */
int signer_state_peek(struct signer_state *state, const struct tj_hash *ledger_id);
/* Takes the lock, for as long as until signer_state_end(), and reads it. Where there is none it is
 * begun, and that is said. */
int signer_state_lock(struct signer_state *state, const struct tj_hash *ledger_id);
/* Replaces it by what is remembered now. */
int signer_state_write(struct signer_state *state);

/* An envelope against what is remembered; and, with `replace`, whatever its lane held is given up
 * for it. Then it is remembered. `number` counts the envelopes of the file from 1. */
int signer_state_take(struct signer_state *state, const struct envelopes *at, bool replace);
/* What is remembered of the log against the ledger at hand. */
int signer_state_compare(const struct signer_state *state, const struct book *book);

#endif
