#ifndef TIJORI_TESTS_UNIT_LEDGER_SUPPORT_H
#define TIJORI_TESTS_UNIT_LEDGER_SUPPORT_H

/* A small world for tests of the ledger: fixed keys, times and blinds, a clock that tests move, and
 * envelopes made as parties make them. Everything is a function of its arguments, so a ledger made
 * twice has the same bytes.
 *
 *     party 0 authority  keys 0..2 ecdsa administer, threshold 2
 *     party 1 treasury   keys 0,1 bip340 initiate, 2 bip340 approve, move threshold 2
 *     party 2 custodian  key 0 ecdsa initiate, move threshold 1
 *     party 3 treasury   key 0 ecdsa initiate, move threshold 1
 */

#include "core/format/detail.h"
#include "core/rules/genesis.h"
#include "core/ingest/ledger.h"
#include "core/audit/replay.h"

enum { FIXTURE_CREATED_S = 1700000000, FIXTURE_RECORDS_MAX = 8190 };

/* Accounts that fixture_parties opens: party:local. */
enum fixture_account {
    T_RESERVE_A, /* 1:0 reserve */
    T_RESERVE_B, /* 1:1 reserve */
    T_MARKET,    /* 1:2 market */
    T_MINING,    /* 1:3 mining */
    T_SEIZURE,   /* 1:4 seizure */
    T_DONATION,  /* 1:5 donation */
    T_FEE,       /* 1:6 fee */
    T_EXTERNAL,  /* 1:7 external */
    T_SUSPENSE,  /* 1:8 suspense */
    C_CUSTODY_A, /* 2:0 custody */
    C_CUSTODY_B, /* 2:1 custody */
    C_EXTERNAL,  /* 2:2 external */
    C_FEE,       /* 2:3 fee */
    C_SUSPENSE,  /* 2:4 suspense */
    U_RESERVE,   /* 3:0 reserve */
    FIXTURE_ACCOUNTS,
};
uint64_t fixture_account(enum fixture_account account);

struct fixture {
    char dir[256];
    struct tijori *ledger;
    uint64_t now_ns;         /* what the clock says */
    const uint64_t *times;   /* when not NULL, each reading of the clock takes the next of these */
    bool synchronised;       /* what its keeper says of the clock */
    uint32_t lifetime_max_s; /* 0: a day */
    bool predecessor;        /* the genesis names a ledger before this one */
    bool clock_jumps;        /* the operator's word, given at each opening */
    bool reopens;            /* closed and opened again before each envelope */
    struct tj_digester digester;
    struct tj_genesis genesis;
    uint32_t threads;
    uint64_t map_size;
    const uint8_t *log_key; /* when not NULL, every commit signs */
    /* The envelope under construction. */
    struct tj_header header;
    uint8_t records[FIXTURE_RECORDS_MAX * TJ_RECORD_SIZE];
    struct tj_slots slots;
    const uint8_t *attachment;
    size_t attachment_size;
    uint8_t *bytes;
    size_t size;
};

/* A ledger with entries 0 and 1 in a fresh directory, open for writing; the clock a minute later.
 */
void fixture_create(struct fixture *f);
/* The same with the parties, keys, grants and accounts above. */
void fixture_parties(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_open(struct fixture *f);
/* Closes and deletes the directory. */
void fixture_destroy(struct fixture *f);

/* The secret key of (party, ordinal): fixed. Returns its algorithm. */
uint8_t fixture_secret(uint8_t secret32[32], uint32_t party, uint32_t ordinal);
void fixture_public(struct tj_public_key *key, uint32_t party, uint32_t ordinal);
/* The ed25519 secret of a log key; the genesis has log key 0. */
void fixture_log_secret(uint8_t secret32[32], uint32_t number);
/* A record of log key `number`: add_log_key or retire_log_key. */
struct tj_record fixture_log_key(uint8_t kind, uint32_t number);

/* ---- making an envelope: begin, add, sign, submit ---- */

/* Sequence, previous id, newest entry and times as the ledger stands. */
void fixture_begin(struct fixture *f, uint32_t party, uint16_t lane);
struct tj_record fixture_move(uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose);
void fixture_add(struct fixture *f, const struct tj_record *record);
/* Behind the record added last, which says so when it is a movement. */
void fixture_add_details(struct fixture *f, const struct tj_details *details);
/* Computes body_root and the id; fills blinds when the envelope is restricted. */
void fixture_seal(struct fixture *f, struct tj_hash *id);
/* Adds a signature by a key of the fixture over the sealed id. */
void fixture_sign_as(struct fixture *f, uint8_t use, uint32_t party, uint32_t ordinal);
/* A possession slot by a log key. */
void fixture_prove_log_key(struct fixture *f, uint32_t number);
/* Encodes header, records, slots, attachment into f->bytes, f->size. */
void fixture_encode(struct fixture *f);
/* Submits f->bytes and waits for the receipt. */
enum tijori_status fixture_submit(struct fixture *f, struct tijori_receipt *receipt);

/* All at once: seals, signs as the party's threshold asks, encodes, submits. */
enum tijori_status fixture_send(struct fixture *f, struct tijori_receipt *receipt);
/* One movement by the owner of `from`, lane 1. */
enum tijori_status fixture_send_move(struct fixture *f, struct tijori_receipt *receipt,
                                     uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose);

/* A balance in base units (they fit in these tests). */
int64_t fixture_balance(struct fixture *f, uint64_t account);

/* Replays the ledger's directory as the auditor does (the ledger must be closed); the report. */
void fixture_audit(struct fixture *f, struct tj_replay_report *report, uint32_t threads);

#endif
