#!/usr/bin/env python3
"""Writes the seeds of fuzz_apply, whose bytes are operations as tests/fuzz/apply.c reads them.

    tests/fuzz/make_apply_corpus.py tests/fuzz/corpus/apply
"""

import os
import sys

COMMIT, FAIL, DAMAGE = 0xC0, 0xE0, 0xF0
MOVE, PENDING, POST, VOID, CORRECT = range(5)
(OPEN, REGISTER, ADD_KEY, REVOKE, THRESHOLD, SUSPEND, REINSTATE, GRANT, ASSET, FREEZE, UNFREEZE,
 CLOSE, RULES, LOG_KEY, RETIRE, ENDORSE) = range(16)
APPROVE = 8
# Of a directive, with 0x80 set.
(TIER, LIMIT, PROGRAMME, END, RENAME, CLOSE_PARTY, RECOVER, OBJECT, STATE) = range(0x80, 0x89)
DAY, MINUTE = 0x20, 0x10  # what the low four bits of an operation count
DIRECTIVES, RESTRICTED = 0x80, 0x40
OWNER = 8  # the party that `from` belongs to submits


def envelope(records, shape=0, party=0, how=0, sign=(0, 0), operation=0):
    return (bytes([operation, how, shape | len(records) - 1, party]) +
            b"".join(bytes(r) for r in records) + bytes(sign))


def directives(*records, party=0, lane=0, **more):
    return envelope(records, DIRECTIVES | lane << 2, party, **more)


def other(party, local):
    """The account of another party as `to`."""
    return 0x80 | party << 4 | local ^ 2


BUY = envelope([(MOVE, 0, 0, 0, 0x5F, 0)])
WITHIN = 3  # 1:1 as `to`
PEND = envelope([(PENDING, 0, WITHIN, 0, 9, 0)])
NEW_PARTY = directives((REGISTER, 1), (0x40 | ADD_KEY, 4, 0), (0x40 | ADD_KEY, 12, 2),
                       (0x40 | THRESHOLD, 2)) + directives((0x40 | GRANT, 0))

SEIZE = envelope([(MOVE, 4, 2, 0, 9, 0)])  # 1:4 to 1:0
MINE = envelope([(MOVE, 3, 2, 0, 9, 0)])
SELL = envelope([(MOVE, 2, 2, 0, 9, 0)])
PAY = (MOVE, 0, 7 ^ 2, 0, 9, 0)  # 10 from 1:0 to 1:7
UNAPPROVED = (4, 0)  # by the keys that initiate alone


def party(number, kind):
    return number << 4 | kind


def limit(kind, high, *more):
    """kind: 0 outflow, 1 balance, 2 counterparty, 3 purposes, 4 freeze; high: which of the four
    windows, or the directions less 1."""
    return (LIMIT, next(c for c in range(high << 6, 256) if c % 5 == kind), *more)


IN, OUT, BOTH = range(3)
ALL_1 = 0x81
RESERVE = 0x01  # 1:0

SEEDS = {
    "nothing": b"\0",
    "moves": BUY + envelope([(MOVE, 0, WITHIN, 0, 7, 1)] * 4) + BUY,
    "too-much": BUY + envelope([(MOVE, 0, WITHIN, 0, 0x81, 0)], how=0xE0) +
                envelope([(MOVE, 0, WITHIN, 0, 0x80, 0)]),
    "largest": envelope([(MOVE, 0, 0, 0, 0xC0, 0), (MOVE, 0, 0, 0, 0xC1, 0)], how=0xE0),
    "pending": BUY + PEND + envelope([(POST, 0, 0)]) + PEND + envelope([(VOID, 0, 0)]) +
               envelope([(POST, 0, 0)], how=0xE0),
    "corrections": BUY + envelope([(CORRECT, 0, 100)]) + envelope([(CORRECT, 0, 0)]) + PEND +
                   envelope([(POST, 0, 0)]) + envelope([(CORRECT, 0, 0), (CORRECT, 0, 0)]),
    "named-wrong": BUY + PEND + b"".join(envelope([(POST, 0, c)]) for c in range(128, 132)) +
                   envelope([(CORRECT, 0x80 | 2 << 2, 0)]),
    "timeout": BUY + envelope([(PENDING, 0, WITHIN, 0, 9, 4 | 31 << 3)]) +
               envelope([(POST, 0, 0)], operation=0x1F),
    "customers": envelope([(MOVE, 0, 0, 0, 0x5F, 0)], RESTRICTED, 2) +
                 envelope([(MOVE, 0, WITHIN, 0, 5, 0), (MOVE, 1, 0, 0, 3, 0)], RESTRICTED, 2),
    "two-parties": BUY + envelope([(MOVE, 0, other(3, 0), 0, 8, 0)]) +
                   envelope([(MOVE, 0, other(3, 0), 0, 8, 0)], sign=(0, 0x40)) +
                   envelope([(MOVE, 0, other(2, 0), 0, 8, 0)]) +
                   envelope([(MOVE, 0xB0, other(1, 0), 0, 0x80, 0)], party=OWNER),
    "authority-voids": BUY + PEND + envelope([(VOID, 0, 0)], party=0x10),
    "new-party": NEW_PARTY + directives((OPEN, 0, 0), (OPEN, 2, 0), party=4) +
                 directives((OPEN, 0, 0), (OPEN, 2, 0), party=4, lane=1) +
                 envelope([(MOVE, 0, 3, 0, 0x43, 0)], party=4),
    "keys": directives((0x10 | REVOKE, 0)) + directives((0x10 | THRESHOLD, 2)) +
            directives((0x10 | REVOKE, 0)) + directives((0x10 | THRESHOLD, 6)) + directives((0x00 | REVOKE, 0), (REVOKE, 1)) + BUY,
    "revoked-signs": directives((0x10 | REVOKE, 0)) +
                     envelope([(MOVE, 0, 0, 0, 0x5F, 0)], sign=(0x15, 0)),
    "suspended": directives((0x10 | SUSPEND, 0)) + BUY + directives((0x10 | REINSTATE, 0)) + BUY,
    "frozen": directives((FREEZE, 1, 2)) + BUY + directives((UNFREEZE, 1, 0)) + BUY +
              directives((FREEZE, 1, 1), (UNFREEZE, 1, 1)),
    "closed": directives((CLOSE, 9, 0), party=1, lane=1) + BUY + PEND +
              directives((CLOSE, 1, 0), party=1, lane=1) + envelope([(MOVE, 0, WITHIN, 0, 1, 0)]),
    "assets": directives((ASSET, 7), (ASSET, 9)) + directives((ASSET, 7)) + directives((ASSET, 200)) +
              directives((OPEN, 9, 0), (OPEN, 9 + 2, 0), party=1, lane=1) +
              envelope([(MOVE, 10, 9 ^ 2, 0, 20, 0)]) + envelope([(MOVE, 9, WITHIN, 0, 20, 0)]),
    "log-keys": directives((LOG_KEY, 3), (LOG_KEY, 5)) + directives((RETIRE, 1)) +
                directives((RETIRE, 0), (RETIRE, 2)),
    "log-keys-compromised": directives((LOG_KEY, 3), (LOG_KEY, 5), (LOG_KEY, 7)) +
                            directives((RETIRE, 0x60)) + directives((RETIRE, 0xC0)) +
                            directives((RETIRE, 0x50)) + BUY + directives((RETIRE, 0x41)) +
                            directives((RETIRE, 2), sign=(0, 0x20)) + directives((RETIRE, 2)),
    "endorse": directives((ENDORSE, 3), (ENDORSE, 5)) + BUY + directives((ENDORSE, 201)) +
               directives((ENDORSE, 6), party=1, lane=1) + directives((RULES, 1)),
    "headers": b"".join(envelope([(MOVE, 0, 0, 0, 0x5F, 0)], how=h)
                        for h in list(range(1, 13)) + list(range(0x21, 0x2D))),
    "signers": b"".join(envelope([(MOVE, 0, 0, 0, 0x5F, 0)], sign=(own, 0))
                        for own in (1, 2, 3, 4, 6, 7, 0x1F)) +
               envelope([(MOVE, 0, 0, 0, 0x5F, 0)], sign=(0, 0x80, 1, 4)),
    "blocks": bytes([COMMIT | 31]) + BUY + bytes([COMMIT | 2]) + PEND + bytes([COMMIT | 1]) +
              envelope([(POST, 0, 0)]) + bytes([COMMIT | 3]) + NEW_PARTY,
    "taken-back": bytes([COMMIT | 31]) + BUY + PEND + bytes([FAIL]) + BUY + PEND +
                  bytes([COMMIT | 2]) + envelope([(POST, 0, 0)]) + bytes([FAIL]) + PEND,
    "taken-back-later": bytes([COMMIT | 31]) + BUY + bytes([COMMIT | 31]) + NEW_PARTY + PEND +
                        bytes([FAIL]) + PEND + bytes([COMMIT | 5]),
    "tiers": BUY + directives((party(1, TIER), 0, 1)) + envelope([PAY], sign=UNAPPROVED) +
             envelope([PAY]) + envelope([(PENDING, 0, WITHIN, 0, 9, 0)], sign=UNAPPROVED) +
             envelope([(POST, 0, 0)], sign=UNAPPROVED) + envelope([(APPROVE, 0, 0)]) +
             envelope([(APPROVE, 0, 0)]) + bytes([COMMIT | 3]) +
             envelope([(POST, 0, 0)], sign=UNAPPROVED) + envelope([(APPROVE, 0, 0)]) +
             directives((END, 0)) + envelope([PAY], sign=UNAPPROVED),
    "delays": directives((party(1, TIER), 8, 0x41)) + BUY +
              envelope([(PENDING, 0, 0, 0, 0x5F, 0)], sign=UNAPPROVED) +
              envelope([(APPROVE, 0, 0)]) + envelope([(POST, 0, 0)]) +
              envelope([(POST, 0, 0)], operation=MINUTE | 2),
    "approvals-lost": BUY + directives((party(1, TIER), 0, 1)) +
                      envelope([(PENDING, 0, WITHIN, 0, 9, 0)], sign=UNAPPROVED) +
                      envelope([(APPROVE, 0, 0)]) + directives((0x10 | REVOKE, 2)) +
                      envelope([(POST, 0, 0)], sign=UNAPPROVED),
    # At most 30 from 1:*, in 160 s, then in a year.
    "outflow": BUY + directives(limit(0, 1, ALL_1, 15), limit(0, 1, RESERVE, 1)) + directives((END, 1)) +
               directives(limit(0, 1, ALL_1, 4)) + bytes([COMMIT | 3]) + envelope([PAY] * 3) +
               envelope([PAY] * 3) + bytes([COMMIT | 1]) +
               envelope([PAY] * 3, operation=MINUTE | 2) * 3 + bytes([COMMIT | 2]) + PEND,
    "outflow-days": BUY + directives(limit(0, 3, RESERVE, 4)) +
                    envelope([PAY], operation=DAY | 7) * 8,
    "balances": directives(limit(1, 0, ALL_1, 25), limit(1, 0, RESERVE, 4)) + SEIZE * 6 +
                envelope([(PENDING, 4, 2, 0, 9, 0)]) + BUY + envelope([(POST, 0, 0)]),
    "counterparties": BUY + directives(limit(2, OUT, ALL_1, 0x39), limit(2, IN, RESERVE, 0x11)) + BUY +
                      SEIZE + envelope([PAY]) + envelope([(MOVE, 0, 5 ^ 2, 0, 9, 0)]) +
                      envelope([(MOVE, 0, other(2, 0), 0, 8, 0)]) + envelope([(CORRECT, 0, 0)]),
    "purposes": BUY + directives(limit(3, BOTH, ALL_1, 0, 7)) + BUY + SEIZE + PEND +
                envelope([PAY]) + envelope([(CORRECT, 0, 0)]),
    "frozen-party": BUY + PEND + directives(limit(4, BOTH, ALL_1)) + BUY + PEND +
                    envelope([PAY]) + envelope([(POST, 0, 0)]) + directives((END, 0)) + BUY,
    "ceiling": directives((PROGRAMME, 0xF0, 24, 0)) + BUY + BUY + SEIZE +
               envelope([(CORRECT, 0, 0)]) + SELL + bytes([COMMIT | 2]) + MINE + BUY +
               envelope([(CORRECT, 2, 0)]) + envelope([(MOVE, 4, 2, 0, 9, 0)], sign=(0, 0x80, 2, 1 | 2 << 2)),
    "mandate": directives((PROGRAMME, 0xF5, 20, 1)) +
               envelope([(MOVE, 0, 0, 0, 0x4F, 0)] * 2, operation=DAY | 1) * 4 + SELL +
               envelope([(CORRECT, 1, 3)], operation=DAY | 1) + envelope([(CORRECT, 0, 3)]),
    "allocation-minimum": directives((PROGRAMME, 0xF2, 0, 2), (PROGRAMME, 0xF7, 20)) + BUY + MINE +
                          bytes([COMMIT | 2]) + envelope([PAY]) +
                          envelope([(MOVE, 0, 7 ^ 2, 0, 0x80, 0)]) + BUY,
    "programme-days": directives((PROGRAMME, 0x18, 12, 0)) + BUY +
                      envelope([(MOVE, 0, 0, 0, 0x5F, 0)], operation=DAY | 1) * 4,
    "rules-end": directives((PROGRAMME, 0xF7, 20), (END, 0), (PROGRAMME, 0xF7, 21)) +
                 directives(limit(0, 1, ALL_1, 3), limit(0, 1, RESERVE, 3), (END, 2)) + BUY +
                 envelope([PAY]) + bytes([COMMIT | 31]) + envelope([PAY]) + bytes([FAIL]) + BUY +
                 directives((END, 2)) + envelope([PAY] * 4),
    "parties": directives((party(1, RENAME), 1), (party(2, RENAME), 2)) +
               directives((party(3, CLOSE_PARTY),)) + directives((CLOSE, 3, 0), party=3, lane=1) +
               directives((party(3, CLOSE_PARTY),)) + directives((party(3, TIER), 0, 1)) +
               directives((OPEN, 0, 0), party=3, lane=1),
    "recovery": directives((0x10 | ADD_KEY, 0x19, 2), (0x10 | THRESHOLD, 3)) +
                directives((party(1, RECOVER),)) + directives((party(1, OBJECT),), party=1) +
                directives((party(1, RECOVER),)) + directives((0x10 | ADD_KEY, 0x21, 2)) +
                directives((0x10 | ADD_KEY, 0x21, 2), (0x10 | THRESHOLD, 3), operation=DAY | 8) +
                directives((party(1, OBJECT),), party=1),
    "suspended-objects": directives((0x10 | ADD_KEY, 0x19, 2), (0x10 | THRESHOLD, 3)) +
                         directives((0x10 | SUSPEND, 0)) + directives((party(1, RECOVER),)) +
                         directives((party(1, OBJECT),), party=1),
    "quorum": directives((0x00 | REVOKE, 0)) + directives((0x00 | REVOKE, 2)) +
              directives((0x00 | ADD_KEY, 0x18, 2)) + directives((0x00 | THRESHOLD, 7)),
    "statements": directives((STATE, 0), (STATE, 2), (party(2, STATE), 4), (STATE, 5)) +
                  directives((PROGRAMME, 0xF0, 24, 0)) + directives((STATE, 5)),
    "damaged-rule": directives((PROGRAMME, 0xF0, 24, 0)) + bytes([DAMAGE, 6, 0, 0, 4, 9]),
    # The window's seconds in its record; the entry after it counts by them.
    "damaged-window": BUY + directives(limit(0, 1, RESERVE, 4)) +
                      bytes([DAMAGE, 7, 0, 0, 20, 0xA0]),
    "damaged-tail": BUY + PEND + bytes([DAMAGE, 7, 0, 0, 149, 1]),
    "damaged-name": BUY + envelope([(CORRECT, 0, 0)]) + bytes([DAMAGE, 7, 0, 0, 37, 0xA0]),
    "damaged-body": BUY + PEND + bytes([DAMAGE, 2, 3, 0, 4, 1, 1, 8, 9, 0x80, 75, 3, 0, 0, 1]),
}


def main():
    for name, seed in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(seed)


if __name__ == "__main__":
    main()
