#!/usr/bin/env python3
"""Tests of the second verifier against ledgers written here, byte by byte from docs/FORMAT.md.

The writer below is as naive as the verifier and shares only the curves with it. It signs whatever
it is told to, so a violation of any rule can be built with everything else in order: each row of
the tables breaks one rule and must be refused with that rule's status at that entry.

Run as `python3 tests/second_verifier_test.py`; other tests may import the writer.
"""

import copy
import csv
import functools
import hashlib
import hmac
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import second_verifier as v  # noqa: E402  (found beside this file)
from second_records import *  # noqa: E402,F401,F403

VERIFIER = os.path.join(HERE, "second_verifier.py")
DATA = os.path.join(HERE, "..", "..", "shared", "data")
DOCUMENT = os.path.join(HERE, "..", "docs", "FORMAT.md")
GOLDEN = os.path.join(HERE, "vectors", "golden_ledger.jsonl")

NS = 10**9
START_S = 1_700_000_000
DAY = START_S // 86_400

# --------------------------------------------------------------------------------------------
# Keys and signatures
# --------------------------------------------------------------------------------------------


def rfc6979_nonce(secret, digest):
    """The first candidate of RFC 6979; that it is out of range has a chance of 2^-127."""
    secret = secret.to_bytes(32, "big")
    digest = (int.from_bytes(digest, "big") % v.N).to_bytes(32, "big")
    key, value = bytes(32), b"\x01" * 32
    for octet in (b"\x00", b"\x01"):
        key = hmac.new(key, value + octet + secret + digest, hashlib.sha256).digest()
        value = hmac.new(key, value, hashlib.sha256).digest()
    return int.from_bytes(hmac.new(key, value, hashlib.sha256).digest(), "big")


def times_generator(scalar):
    return v.to_affine(v.multiply_two(scalar, 0, v.G))


class Secret:
    """A key pair. `role` and `ordinal` are those it is registered with."""

    def __init__(self, name, algorithm, role=INITIATE):
        self.secret = int.from_bytes(sha256(name.encode()), "big") % v.N
        self.algorithm = algorithm
        self.role = role
        self.label = name
        self.derive()

    def derive(self):
        x, y = times_generator(self.secret)
        if self.algorithm == BIP340 and y & 1:
            self.secret = v.N - self.secret
        prefix = bytes([2 + (y & 1)]) if self.algorithm == ECDSA else b""
        self.public = prefix + x.to_bytes(32, "big")

    def changed(self, algorithm, secret):
        other = copy.copy(self)
        other.algorithm, other.secret = algorithm, secret
        other.derive()
        return other

    def sign(self, message):
        return (self.sign_ecdsa if self.algorithm == ECDSA else self.sign_bip340)(message)

    def sign_ecdsa(self, digest, high_s=False):
        nonce = rfc6979_nonce(self.secret, digest)
        r = times_generator(nonce)[0] % v.N
        s = pow(nonce, -1, v.N) * (int.from_bytes(digest, "big") + r * self.secret) % v.N
        if (s > v.N // 2) != high_s:
            s = v.N - s
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign_bip340(self, message, aux=bytes(32)):
        masked = self.secret ^ int.from_bytes(tagged(b"BIP0340/aux", aux), "big")
        seed = tagged(b"BIP0340/nonce", masked.to_bytes(32, "big") + self.public + message)
        nonce = int.from_bytes(seed, "big") % v.N
        x, y = times_generator(nonce)
        nonce = v.N - nonce if y & 1 else nonce
        r = x.to_bytes(32, "big")
        challenge = int.from_bytes(tagged(b"BIP0340/challenge", r + self.public + message), "big")
        return r + ((nonce + challenge * self.secret) % v.N).to_bytes(32, "big")


class LogSecret:
    """An Ed25519 key pair (RFC 8032 section 5.1.5), as log keys are."""

    def __init__(self, name):
        self.algorithm = ED25519
        self.expanded = hashlib.sha512(sha256(name.encode())).digest()
        self.scalar = (int.from_bytes(self.expanded[:32], "little") & (1 << 254) - 8) | 1 << 254

    @functools.cached_property
    def public(self):
        return v.ed25519_encode(v.ed25519_multiply(self.scalar, v.BASE_ED))

    @functools.lru_cache(maxsize=None)  # one message gives one signature
    def sign(self, message):
        order = v.ORDER_ED
        nonce = int.from_bytes(hashlib.sha512(self.expanded[32:] + message).digest(), "little") % order
        r = v.ed25519_encode(v.ed25519_multiply(nonce, v.BASE_ED))
        digest = hashlib.sha512(r + self.public + message).digest()
        return r + le((nonce + int.from_bytes(digest, "little") * self.scalar) % order, 32)


# --------------------------------------------------------------------------------------------
# The writer
# --------------------------------------------------------------------------------------------


class Named:
    """A record that others may refer to."""

    def __init__(self, index, position, data, details=()):
        self.id = index << 13 | position
        self.data = data
        self.details = details


class Raw:
    """The five members of section 10."""

    MEMBERS = ("entry", "records", "links", "tail")

    def __init__(self, index, entry, records, links, tail):
        self.index, self.entry, self.records = index, entry, records
        self.links, self.tail = links, tail
        self.header = entry[64:240]

    def arguments(self):
        return self.index, self.entry, self.records, self.links, self.tail

    def record(self, position):
        return self.records[112 * position:112 * position + 112]

    def named(self, position=0):
        details, at = [], position + 1
        while self.record(at)[:1] == b"\x30":
            details.append(self.record(at))
            at += 1
        return Named(self.index, position, self.record(position), details)

    def changed(self, member, data):
        other = copy.copy(self)
        setattr(other, member, data)
        return other

    def line(self):
        raw = {name: getattr(self, name).hex() for name in self.MEMBERS}
        raw["index"] = self.index
        return (json.dumps({"raw": raw, "shown": "for people"}) + "\n").encode()


class Draft:
    """An envelope and its entry before signing: every field may still be changed."""

    def __init__(self, **fields):
        self.magic, self.version, self.flags = b"TJE", 1, 0
        self.entry_magic, self.entry_version, self.entry_zero = b"TJN", 1, bytes(4)
        self.body_root = self.record_count = None
        self.known_index, self.known_leaf = 0, ZERO
        self.sign, self.countersign, self.possession = [], [], []
        self.edit_slots = lambda slots, envelope: slots
        self.edit_entry = lambda entry: entry
        self.change(fields)

    def change(self, fields):
        for name, value in fields.items():
            setattr(self, name, value)
        return self

    def header(self):
        root, count = self.body_root, self.record_count
        root = tree_hash([leaf(record) for record in self.records]) if root is None else root
        count = len(self.records) if count is None else count
        return b"".join([
            self.magic, le(self.version, 1), le(self.flags, 2), le(self.lane, 2), le(self.party, 4),
            le(count, 4), le(self.sequence, 8), le(self.created_s, 8), le(self.expires_s, 8),
            le(self.known_index, 8), self.ledger_id, self.previous_id, self.known_leaf, root])

    def slots(self, envelope):
        wanted = [(self.party, SIGN, key) for key in self.sign]
        wanted += [(party, COUNTERSIGN, key) for party, key in self.countersign]
        wanted += [(party, POSSESSION, key) for party, key in self.possession]
        wanted.sort(key=lambda slot: (slot[0], slot[1], slot[2].algorithm, slot[2].public))
        slots = [slot_bytes(party, use, key, key.sign(envelope)) for party, use, key in wanted]
        slots = self.edit_slots(slots, envelope)
        return le(len(slots), 2) + b"".join(slots)

    def entry(self):
        header = self.header()
        fixed = b"".join([self.entry_magic, le(self.entry_version, 1), self.entry_zero,
                          le(self.index, 8), le(self.term, 8), le(self.received_ns, 8),
                          self.previous, header])
        return self.edit_entry(fixed + self.slots(envelope_id(header)))


def slot_bytes(party, use, key, signature):
    return (le(party, 4) + le(key.algorithm, 1) + le(use, 1) + le(len(key.public), 2)
            + le(len(signature), 2) + key.public + signature)


def envelope_id(header):
    return tagged(b"tijori/envelope/v1", header)


def lane_jump(sequence):
    """J of section 9, by taking away from a list of the numbers 2^k - 1."""
    rest, last = sequence, 0
    for term in [2**k - 1 for k in range(20, 0, -1)]:
        while term <= rest:
            rest, last = rest - term, term
    return sequence - last


class Writer:
    """Appends what it is told to, valid or not, with links and tails as section 9 has them."""

    def __init__(self):
        self.raws = []
        self.lanes = {}
        self.touched = {}
        self.marks = []
        self.directive_latest = [0, 0]  # in public, in restricted envelopes
        self.balances = {}

    def draft(self, party, lane, records, **fields):
        """An envelope that fits the ledger; fields replace what would fit."""
        before = self.lanes.get((party, lane), [])
        now_s = START_S + len(self.raws)
        draft = Draft(party=party, lane=lane, records=list(records), sequence=len(before) + 1,
                      created_s=now_s, expires_s=now_s + 3600, index=len(self.raws), term=1,
                      received_ns=now_s * NS + 5, ledger_id=ZERO, previous=ZERO,
                      previous_id=envelope_id(before[-1].header) if before else ZERO)
        if self.raws:
            draft.ledger_id = leaf(self.raws[0].entry)
            draft.previous = leaf(self.raws[-1].entry)
            draft.known_index = len(self.raws) - 1
            draft.known_leaf = draft.previous
        return draft.change(fields)

    def seal(self, draft):
        links, _touched = self.derive_links(draft)
        return Raw(draft.index, draft.entry(), b"".join(draft.records), links,
                   self.derive_tail(draft))

    def derive_links(self, draft):
        touched, links = dict(self.touched), b""
        for position, record in enumerate(draft.records):
            if record[0] > APPROVAL:
                links += bytes(16)
                continue
            _purpose, source, target, _amount = terms(record)
            links += le(touched.get(source, 0), 8) + le(touched.get(target, 0), 8)
            touched[source] = touched[target] = draft.index << 13 | position
        return links, touched

    def derive_tail(self, draft):
        lane = self.lanes.get((draft.party, draft.lane), [])
        found = [lane[s - 1].index if 0 < s <= len(lane) else 0
                 for s in (draft.sequence - 1, lane_jump(draft.sequence))]
        return b"".join(le(word, 8) for word in found + [len(self.marks)] + self.directive_latest)

    def commit(self, draft):
        raw = self.seal(draft)
        self.raws.append(raw)
        self.lanes.setdefault((draft.party, draft.lane), []).append(raw)
        self.touched = self.derive_links(draft)[1]
        self.remember_directive(draft.records[0], draft.flags, draft.index)
        for position, record in enumerate(draft.records):
            self.count(record, draft.index << 13 | position)
        return raw

    def count(self, record, record_id):
        refers_to = int.from_bytes(record[36:44], "little")
        marked = {PENDING: record_id, CORRECT: refers_to}.get(record[0])
        if marked is not None and marked not in self.marks:
            self.marks.append(marked)
        if record[0] in (MOVE, POST, CORRECT):
            _purpose, source, target, amount = terms(record)
            self.balances[source] = self.balances.get(source, 0) - amount
            self.balances[target] = self.balances.get(target, 0) + amount

    def add(self, party, lane, records, **fields):
        return self.commit(self.draft(party, lane, records, **fields))

    def add_sealed(self, raw):
        """Of an entry that fits: what a row's last one is made by."""
        records = [raw.record(at) for at in range(len(raw.records) // 112)]
        party, lane = (int.from_bytes(raw.header[at:end], "little") for at, end in ((8, 12), (6, 8)))
        self.raws.append(raw)
        self.lanes.setdefault((party, lane), []).append(raw)
        self.remember_directive(records[0], raw.header[4], raw.index)

    def remember_directive(self, first, flags, index):
        if first[0] > APPROVAL:
            latest = list(self.directive_latest)
            latest[flags & 1] = index
            self.directive_latest = latest

    def lines(self):
        return [raw.line() for raw in self.raws]


# --------------------------------------------------------------------------------------------
# The ledger all tests start from
# --------------------------------------------------------------------------------------------

TREASURY, CUSTODIAN, SECOND, AUDITOR, OPERATOR = 1, 2, 3, 4, 5
A1 = Secret("authority 1", ECDSA, ADMINISTER)
A2 = Secret("authority 2", BIP340, ADMINISTER)
A3 = Secret("authority 3", ECDSA, ADMINISTER)
A4 = Secret("authority 4", BIP340)
T1, T2 = Secret("treasury 1", BIP340), Secret("treasury 2", BIP340)
T3 = Secret("treasury 3", BIP340, APPROVE)
T4 = Secret("treasury 4", BIP340)
TA = Secret("treasury admin", ECDSA, ADMINISTER)
C1 = Secret("custodian", ECDSA)
C2, C3 = Secret("custodian 2", BIP340, APPROVE), Secret("custodian 3", ECDSA, APPROVE)
S1 = Secret("second custodian", BIP340)
MANY_KEYS = [Secret("many %d" % n, BIP340) for n in range(17)]
D1, O1 = Secret("auditor", BIP340), Secret("operator", ECDSA)
NEW = Secret("never registered", ECDSA)
LOG_KEYS = [LogSecret("log key %d" % n) for n in range(4)]
LOG_NO_POINT, LOG_SMALL, LOG_ZERO = (LogSecret("none %d" % n) for n in range(3))
LOG_NO_POINT.public = le(2, 32)  # no point has y = 2
LOG_SMALL.public = le(1, 32)  # the neutral point
LOG_ZERO.public = ZERO
MANY_LOG_KEYS = [LogSecret("many %d" % n) for n in range(257)]

MARKET_ = account(TREASURY, 0)
RESERVE, RESERVE_2 = account(TREASURY, 1), account(TREASURY, 2)
T_FEE, T_EXTERNAL, T_SUSPENSE = (account(TREASURY, n) for n in (3, 4, 5))
T_SEIZURE, T_MINING, T_DONATION = (account(TREASURY, n) for n in (6, 7, 8))
T_OTHER_ASSET, T_OTHER_EXTERNAL = account(TREASURY, 9), account(TREASURY, 10)
TREASURY_CLASSES = [3, 1, 1, 7, 8, 9, 5, 4, 6]
CUSTODY, EXTERNAL = account(CUSTODIAN, 0), account(CUSTODIAN, 1)
CUSTODY_2, C_FEE = account(CUSTODIAN, 2), account(CUSTODIAN, 3)
C_OTHER, C_OTHER_EXTERNAL = account(CUSTODIAN, 4), account(CUSTODIAN, 5)
S_CUSTODY, S_EXTERNAL = account(SECOND, 0), account(SECOND, 1)

BY_AUTHORITY = {"sign": [A1, A2]}
BY_TREASURY = {"sign": [T1, T3]}


def by_logs(*numbers):
    """By the authority, and log keys prove possession."""
    return {**BY_AUTHORITY, "possession": [(0, LOG_KEYS[n]) for n in numbers]}


def root_at(writer, size):
    return tree_hash([leaf(raw.entry) for raw in writer.raws[:size]])


BY_CUSTODIAN = {"sign": [C1]}
BY_SECOND = {"sign": [S1]}
WITH_TREASURY = {"sign": [C1], "countersign": [(TREASURY, T1), (TREASURY, T3)]}


def genesis_records():
    return [ledger(), predecessor(), add_log_key(0, LOG_KEYS[0]), add_log_key(1, LOG_KEYS[1]),
            register_party(0, 1, b"Authority"), add_key(0, 0, A1), add_key(0, 1, A2),
            add_key(0, 2, A3), set_threshold(0, 2, 2), open_asset(1, b"BTC", 8, 21 * 10**14),
            open_asset(2, b"UNIT", 0, 2**53)]


def genesis(writer, records=None, **fields):
    fields.setdefault("created_s", START_S)
    fields.setdefault("expires_s", fields["created_s"] + LIFETIME_S)
    fields.setdefault("received_ns", fields["created_s"] * NS)
    draft = writer.draft(0, 0, genesis_records() if records is None else records)
    return draft.change(fields)


def endorse_of(writer, index):
    raw = writer.raws[index]
    return endorse(index, leaf(raw.entry), envelope_id(raw.header))


def entry_1(writer, **fields):
    return writer.draft(0, 0, [endorse_of(writer, 0)], sign=[A1, A2, A3], **fields)


def register_all(writer):
    parties = [(TREASURY, 2, b"Treasury", [T1, T2, T3], 2), (CUSTODIAN, 3, b"Custodian", [C1], 1),
               (SECOND, 3, "Überbank".encode(), [S1], 1), (AUDITOR, 5, b"Auditor", [D1], 1),
               (OPERATOR, 4, b"Operator", [O1], 1)]
    records, possession = [], []
    for party, kind, name, keys, threshold in parties:
        records.append(register_party(party, kind, name))
        records += [add_key(party, at, key, flags=at & 1) for at, key in enumerate(keys)]
        records.append(set_threshold(party, 1, threshold))
        possession += [(party, key) for key in keys]
    records += [grant(TREASURY, 1, 3, 4, 5, 6, 7, 8, 9), grant(CUSTODIAN, 2, 7, 8, 9),
                grant(SECOND, 2, 8)]
    writer.add(0, 0, records, possession=possession, **BY_AUTHORITY)


def open_all(writer):
    own = [open_account(TREASURY, at, c) for at, c in enumerate(TREASURY_CLASSES)]
    own += [open_account(TREASURY, 9, 1, 2), open_account(TREASURY, 10, 8, 2)]
    writer.add(TREASURY, 1, own, **BY_TREASURY)
    held = [open_account(CUSTODIAN, at, c) for at, c in enumerate([2, 8, 2, 7])]
    held += [open_account(CUSTODIAN, 4, 2, 2), open_account(CUSTODIAN, 5, 8, 2)]
    writer.add(CUSTODIAN, 1, held, known_index=0, known_leaf=ZERO, **BY_CUSTODIAN)
    writer.add(SECOND, 9, [open_account(SECOND, 0, 2), open_account(SECOND, 1, 8)], **BY_SECOND)


def blind(seed):
    return sha256(b"blind %d" % seed)[:16]


def in_restricted(record):
    return put(record, 96, blind(1))


def fill(writer):
    """Inflows of every purpose; deposits in restricted envelopes."""
    writer.bought = writer.add(TREASURY, 1, [
        move(PURCHASE, MARKET_, RESERVE, 5_000_000, hash=sha256(b"invoice"), date=19_700),
        move(MINING, T_MINING, RESERVE, 700), move(SEIZURE, T_SEIZURE, RESERVE_2, 800),
        move(DONATION, T_DONATION, RESERVE, 900, reference="Spende ä".encode()),
        move(UNSOLICITED, T_EXTERNAL, RESERVE, 10), move(UNSOLICITED, T_SUSPENSE, RESERVE, 11),
    ], **BY_TREASURY).named()
    writer.add(TREASURY, 2, [move(INTERNAL, RESERVE, RESERVE_2, 1_000_000),
                             move(FEE, RESERVE, T_FEE, 12)], term=3, sign=[T1, T2])
    writer.add(CUSTODIAN, 1, [
        move(DEPOSIT, EXTERNAL, CUSTODY, 100_000, blind=blind(1)),
        move(DEPOSIT, EXTERNAL, CUSTODY_2, 200_000, blind=blind(2)),
        move(TRANSFER, CUSTODY, S_CUSTODY, 30_000, blind=blind(3)),
    ], flags=1, term=3, **BY_CUSTODIAN)
    writer.add(SECOND, 9, [move(WITHDRAWAL, S_CUSTODY, S_EXTERNAL, 5_000, blind=blind(4))],
               flags=1, term=3, **BY_SECOND)


def add(writer, *arguments, **fields):
    """All entries after the change of term."""
    return writer.add(*arguments, term=3, **fields)


def settle_some(writer):
    opened = add(writer, TREASURY, 1, [
        pending(PAYMENT, RESERVE, T_EXTERNAL, 40_000, hash=sha256(b"order")),
        pending(PAYMENT, RESERVE, T_EXTERNAL, 50_000),
        pending(PAYMENT, RESERVE, T_EXTERNAL, 60_000, timeout_s=START_S + 500),
        pending(PAYMENT, RESERVE, T_EXTERNAL, 70_000),
    ], **BY_TREASURY)
    posted, voided, writer.timed, writer.open = (opened.named(at) for at in range(4))
    writer.posted_pending = posted
    writer.posted = add(writer, TREASURY, 2, [settling(POST, posted), settling(VOID, voided)],
                        **BY_TREASURY).named()
    writer.voided = voided
    add(writer, TREASURY, 3, [correcting(writer.bought, 1_000), correcting(writer.posted, 400),
                              correcting(writer.bought, 500)], **BY_TREASURY)


def countersign_some(writer):
    add(writer, CUSTODIAN, 1, [move(DONATION, CUSTODY, RESERVE, 1_500)], **WITH_TREASURY)
    given = add(writer, CUSTODIAN, 2, [pending(DONATION, CUSTODY, RESERVE_2, 2_500)],
                **WITH_TREASURY).named()
    add(writer, CUSTODIAN, 1, [settling(POST, given)], **BY_CUSTODIAN)
    writer.sold = add(writer, TREASURY, 1, [move(SALE, RESERVE, CUSTODY, 2_000)],
                      **BY_TREASURY).named()
    add(writer, CUSTODIAN, 1, [correcting(writer.sold, 300)], **WITH_TREASURY)
    writer.held = add(writer, CUSTODIAN, 1, [
        pending(WITHDRAWAL, CUSTODY, EXTERNAL, 1_000, blind=blind(5)),
        move(WITHDRAWAL, CUSTODY, EXTERNAL, 7_000, blind=blind(6)),
    ], flags=1, **BY_CUSTODIAN)


def administer_some(writer):
    add(writer, 0, 0, [freeze(CUSTODY_2, 3), unfreeze(CUSTODY_2, 1)], **BY_AUTHORITY)
    add(writer, 0, 0, [unfreeze(CUSTODY_2, 2), suspend(OPERATOR), reinstate(OPERATOR)],
        sign=[A2, A3])
    add(writer, CUSTODIAN, 1, [close_account(C_FEE)], **BY_CUSTODIAN)
    add(writer, 0, 0, [add_key(TREASURY, 3, TA), set_threshold(TREASURY, 2, 1),
                       add_key(0, 3, A4), set_threshold(0, 1, 1)],
        possession=[(TREASURY, TA), (0, A4)], **BY_AUTHORITY)
    add(writer, TREASURY, 0, [revoke_key(TREASURY, 1, T2), add_key(TREASURY, 4, T4)],
        sign=[TA], possession=[(TREASURY, T4)])
    add(writer, 0, 0, [add_log_key(2, LOG_KEYS[2]),
                       retire_log_key(0, LOG_KEYS[0], 3, root_at(writer, 3))], **by_logs(2))
    add(writer, AUDITOR, 4, [endorse_of(writer, 3), endorse_of(writer, len(writer.raws) - 1)],
        sign=[D1])
    add(writer, 0, 5, [endorse_of(writer, 9)], sign=[A4])
    add(writer, 0, 0, [settling(VOID, writer.timed)], **BY_AUTHORITY)


def govern_some(writer):
    """Every kind of governance but close_party, and no rule that later entries meet."""
    add(writer, 0, 0, [add_key(CUSTODIAN, 1, C2, group=1), add_key(CUSTODIAN, 2, C3, group=2)],
        possession=[(CUSTODIAN, C2), (CUSTODIAN, C3)], **BY_AUTHORITY)
    add(writer, CUSTODIAN, 3, [in_restricted(settling(APPROVAL, writer.held.named()))], flags=3,
        sign=[C2])
    add(writer, 0, 0, [
        set_tier(0, SECOND, 2**53, approvals=2, groups=(1, 15), delay_s=9),
        outflow(1, all_of(SECOND), 2**63 - 1), balance_limit(2, S_CUSTODY, 2**53),
        counterparty(3, S_EXTERNAL, 3, all_of(SECOND)), purposes_limit(4, all_of(SECOND), 3, (11,)),
        freeze_party(5, SECOND, 3), end_rule(3), end_rule(4), end_rule(5),
        programme(1, 6, DAY, DAY, mode=2, purposes=(1, 7), amount=5),
        rename_party(OPERATOR, b"Miner"), recover_party(TREASURY)], **BY_AUTHORITY)
    add(writer, TREASURY, 0, [object_recovery(TREASURY), statement(9, DAY - 2, DAY - 1, -5,
                                                                   party=TREASURY)], sign=[TA])
    add(writer, 0, 0, [statement(3, DAY - 9, DAY - 1, 5, purpose=1)], **BY_AUTHORITY)


def detail_some(writer):
    """Records with details, and restricted accounts."""
    detailed = add(writer, TREASURY, 1, [
        *with_details(pending(PAYMENT, RESERVE, T_EXTERNAL, 30, hash=sha256(b"invoice")), memo(),
                      transaction(), attachment_name(b"invoice.pdf"), media_type()),
        *with_details(move(INTERNAL, RESERVE, RESERVE_2, 50, hash=sha256(b"order")),
                      long_reference(), memo(b"m" * 100), price(), address(), lei())], **BY_TREASURY)
    writer.detailed, writer.detailed_move = detailed.named(), detailed.named(5)
    add(writer, TREASURY, 1, with_details(correcting(writer.detailed_move, 7), memo()),
        **BY_TREASURY)
    add(writer, CUSTODIAN, 1, [
        *with_details(in_restricted(open_account(CUSTODIAN, 2**31, 2)), memo(), encumbrance(2)),
        in_restricted(open_account(CUSTODIAN, 2**31 + 1, 2))], flags=1, **BY_CUSTODIAN)
    add(writer, 0, 0, with_details(freeze(account(CUSTODIAN, 2**31 + 1), 2), memo()),
        **BY_AUTHORITY)
    writer.hidden_detail = len(writer.raws) << 13 | 1
    add(writer, CUSTODIAN, 1, [
        *with_details(move(DEPOSIT, EXTERNAL, account(CUSTODIAN, 2**31), 5_000, blind=blind(9)),
                      memo()),
        move(TRANSFER, account(CUSTODIAN, 2**31), S_CUSTODY, 1, blind=blind(10))], flags=1,
        **BY_CUSTODIAN)


def build():
    """A valid ledger of a few dozen entries."""
    writer = Writer()
    writer.commit(genesis(writer))
    writer.commit(entry_1(writer))
    for part in (register_all, open_all, fill, settle_some, countersign_some, administer_some,
                 govern_some, detail_some):
        part(writer)
    for amount in range(1, 15):  # deep enough for every kind of lane_jump
        add(writer, TREASURY, 7, [move(INTERNAL, RESERVE_2, RESERVE, amount)], sign=[T3, T4])
    add(writer, CUSTODIAN, 1, [move(DEPOSIT, C_OTHER_EXTERNAL, C_OTHER, 2**53, blind=blind(7)),
                               move(DEPOSIT, EXTERNAL, CUSTODY, 1, blind=blind(8))],
        flags=1, **BY_CUSTODIAN)
    return writer


def replay_of(raws):
    replay = v.Replay()
    for raw in raws:
        replay.accept(*raw.arguments())
    return replay


# Replays are copied for every row; what they keep of entries never changes and need not be.
v.Accepted.__deepcopy__ = lambda accepted, _memo: accepted
# The same signatures are judged over and over: once is enough.
v.signature_valid = functools.lru_cache(maxsize=None)(v.signature_valid)

BASE = build()
REPLAY = replay_of(BASE.raws)
LAST = len(BASE.raws) - 1

# --------------------------------------------------------------------------------------------
# Violations. A row is (name, status, function of a writer that returns the entry to refuse); the
# function may add valid entries first.
# --------------------------------------------------------------------------------------------


def sealed(party, lane, records, **fields):
    """Rows that need the ledger as it is."""
    fields.setdefault("term", 3)
    return lambda w: w.seal(w.draft(party, lane, records(w) if callable(records) else records,
                                    **fields))


def by_treasury(*records, **fields):
    return sealed(TREASURY, 1, list(records), **{**BY_TREASURY, **fields})


def by_custodian(*records, **fields):
    return sealed(CUSTODIAN, 1, list(records), **{**BY_CUSTODIAN, **fields})


def by_authority(*records, **fields):
    return sealed(0, 0, list(records), **{**BY_AUTHORITY, **fields})


def after(*steps):
    """The steps' entries are valid and added; the last is the one to refuse."""
    def run(writer):
        for step in steps[:-1]:
            step(writer)
        return steps[-1](writer)
    return run


def adding(party, lane, records, **fields):
    return lambda w: add(w, party, lane, records(w) if callable(records) else records, **fields)


def relative(make):
    """A row whose changed fields depend on the fitting draft."""
    def run(writer):
        draft = writer.draft(TREASURY, 1, [GOOD_MOVE], term=3, **BY_TREASURY)
        draft.change(make(writer, draft))
        return writer.seal(draft)
    return run


GOOD_MOVE = move(INTERNAL, RESERVE, RESERVE_2, 5)
GOOD_DEPOSIT = move(DEPOSIT, EXTERNAL, CUSTODY, 5)
MAX_32, MAX_64 = 2**32 - 1, 2**64 - 1


def altered(record, offset, content):
    return by_treasury(put(record, offset, content))


def with_entry(edit):
    return by_treasury(GOOD_MOVE, edit_entry=edit)


def with_slots(edit):
    return by_treasury(GOOD_MOVE, edit_slots=lambda slots, _envelope: edit(slots))


FORM_OF_ENTRY = [
    ("entry magic", "MAGIC", by_treasury(GOOD_MOVE, entry_magic=b"TJE")),
    ("entry version", "VERSION_UNKNOWN", by_treasury(GOOD_MOVE, entry_version=2)),
    ("entry zero bytes", "RESERVED_NOT_ZERO", by_treasury(GOOD_MOVE, entry_zero=b"\0\0\0\1")),
    ("entry cut in the header", "TRUNCATED", with_entry(lambda e: e[:239])),
    ("entry cut before the slots", "TRUNCATED", with_entry(lambda e: e[:241])),
    ("entry cut in a slot", "TRUNCATED", with_entry(lambda e: e[:-1])),
    ("entry empty", "TRUNCATED", with_entry(lambda e: b"")),
    ("entry with a byte more", "TRAILING_BYTES", with_entry(lambda e: e + b"\0")),
    ("entry of more than 1,954 bytes", "TRAILING_BYTES", with_entry(lambda e: e + bytes(1_955))),
    ("entry of more than 65,535 bytes", "TRAILING_BYTES", with_entry(lambda e: e + bytes(65_536))),
    ("header magic", "MAGIC", by_treasury(GOOD_MOVE, magic=b"TJN")),
    ("header version", "VERSION_UNKNOWN", by_treasury(GOOD_MOVE, version=0)),
    ("header flag unknown", "FLAGS_UNKNOWN", by_treasury(GOOD_MOVE, flags=4)),
    ("lane above 4,095", "VALUE", sealed(TREASURY, 4096, [GOOD_MOVE], **BY_TREASURY)),
    ("no records", "RECORD_COUNT", by_treasury()),
    ("record_count 0 with a record", "RECORD_COUNT", by_treasury(GOOD_MOVE, record_count=0)),
    ("record_count one more", "RECORD_COUNT", by_treasury(GOOD_MOVE, record_count=2)),
    ("record_count 8,191", "RECORD_COUNT", by_treasury(*[GOOD_MOVE] * 8191)),
    ("record_count one less", "RECORD_COUNT", by_treasury(GOOD_MOVE, GOOD_MOVE, record_count=1)),
    ("body cut", "RECORD_COUNT", lambda w: cut(by_treasury(GOOD_MOVE)(w), "records")),
    ("known_index without known_leaf", "VALUE", by_treasury(GOOD_MOVE, known_leaf=ZERO)),
    ("slots out of order", "SLOT_ORDER", with_slots(lambda s: s[::-1])),
    ("slot twice", "SLOT_DUPLICATE", with_slots(lambda s: [s[0]] + s)),
    ("17 slots", "SLOT_COUNT", by_treasury(GOOD_MOVE, sign=MANY_KEYS)),
    ("slot of algorithm 4", "SLOT_ALGORITHM", with_slots(lambda s: s[:1] + [put(s[1], 4, b"\4")])),
    ("a log key signs", "SLOT_USE", by_treasury(GOOD_MOVE, sign=[LOG_KEYS[1]])),
    ("a log key countersigns", "SLOT_USE",
     by_treasury(GOOD_MOVE, countersign=[(0, LOG_KEYS[1])])),
    ("a log key's possession for party 1", "SLOT_USE",
     by_treasury(GOOD_MOVE, possession=[(TREASURY, LOG_KEYS[1])])),
    ("a log key's possession beside a movement", "POSSESSION",
     by_treasury(GOOD_MOVE, possession=[(0, LOG_KEYS[1])])),
    ("slot of use 0", "SLOT_USE", with_slots(lambda s: [put(s[0], 5, b"\0")] + s[1:])),
    ("slot of use 4", "SLOT_USE", with_slots(lambda s: s[:1] + [put(s[1], 5, b"\4")])),
    ("slot key size", "SLOT_SIZE", with_slots(lambda s: s[:1] + [put(s[1], 6, b"\x21")])),
    ("slot signature size", "SLOT_SIZE", with_slots(lambda s: s[:1] + [put(s[1], 8, b"\x3f")])),
    ("more slots counted", "TRUNCATED", with_entry(lambda e: put(e, 240, b"\3"))),
    ("fewer slots counted", "TRAILING_BYTES", with_entry(lambda e: put(e, 240, b"\1"))),
    ("sign slot of another party", "SLOT_USE", with_slots(lambda s: s[:1] + [put(s[1], 0, b"\2")])),
    ("countersign slot of the own party", "SLOT_USE",
     by_treasury(GOOD_MOVE, countersign=[(TREASURY, T4)])),
    ("links cut", "DERIVED", lambda w: cut(by_treasury(GOOD_MOVE)(w), "links")),
    ("tail cut", "DERIVED", lambda w: cut(by_treasury(GOOD_MOVE)(w), "tail")),
]


def cut(raw, member):
    return raw.changed(member, getattr(raw, member)[:-1])


FORM_OF_MOVEMENTS = [
    ("movement flags", "RESERVED_NOT_ZERO", altered(GOOD_MOVE, 1, b"\2")),
    ("movement byte 3", "RESERVED_NOT_ZERO", altered(GOOD_MOVE, 3, b"\1")),
    ("movement bytes 92 to 95", "RESERVED_NOT_ZERO", altered(GOOD_MOVE, 95, b"\1")),
    ("purpose 0", "VALUE", altered(GOOD_MOVE, 2, b"\0")),
    ("purpose 14", "VALUE", altered(GOOD_MOVE, 2, b"\x0e")),
    ("from is to", "SAME_ACCOUNT", by_treasury(move(INTERNAL, RESERVE, RESERVE, 5))),
    ("amount 0", "AMOUNT_ZERO", by_treasury(move(INTERNAL, RESERVE, RESERVE_2, 0))),
    ("timeout of a move", "RESERVED_NOT_ZERO", altered(GOOD_MOVE, 32, le(MAX_32, 4))),
    ("refers_to of a move", "RESERVED_NOT_ZERO", altered(GOOD_MOVE, 36, b"\1")),
    ("refers_to of a pending", "RESERVED_NOT_ZERO",
     by_treasury(pending(INTERNAL, RESERVE, RESERVE_2, 5, refers_to=1))),
    ("post without refers_to", "VALUE",
     lambda w: by_treasury(settling(POST, w.open, refers_to=0))(w)),
    ("void without refers_to", "VALUE",
     lambda w: by_treasury(settling(VOID, w.open, refers_to=0))(w)),
    ("correct without refers_to", "VALUE",
     lambda w: by_treasury(correcting(w.bought, 1, refers_to=0))(w)),
    ("timeout of a post", "RESERVED_NOT_ZERO",
     lambda w: by_treasury(settling(POST, w.open, timeout_s=9))(w)),
    ("blind in a public envelope", "BLIND", altered(GOOD_MOVE, 111, b"\1")),
    ("no blind in a restricted envelope", "BLIND", by_custodian(GOOD_DEPOSIT, flags=1)),
] + [
    ("reference %s" % name, "TEXT", altered(GOOD_MOVE, 44, content)) for name, content in [
        ("control", b"a\x1fb"), ("DEL", b"\x7f"), ("C1 control", "\u0085".encode()),
        ("zero inside", b"a\0b"), ("surrogate", b"\xed\xa0\x80"), ("overlong", b"\xc0\xaf"),
        ("stray", b"\x80"), ("cut", b"\xe2\x82"), ("above U+10FFFF", b"\xf4\x90\x80\x80"),
    ]
] + [
    ("kind %d unknown" % kind, "KIND_UNKNOWN", altered(GOOD_MOVE, 0, le(kind, 1)))
    for kind in (0, 7, 15, 41, 47, 49, 63, 77, 255)
] + [
    ("kind %d reserved" % kind, "KIND_RESERVED", altered(GOOD_MOVE, 0, le(kind, 1)))
    for kind in range(67, 77)
] + [
    ("kinds mixed", "KIND_MIXED", by_treasury(GOOD_MOVE, open_account(TREASURY, 11, 1))),
    ("directive in a restricted envelope", "RESTRICTED_DIRECTIVE",
     by_custodian(open_account(CUSTODIAN, 6, 2), flags=1)),
    ("directive with a blind in a restricted envelope", "RESTRICTED_DIRECTIVE",
     by_custodian(put(open_account(CUSTODIAN, 6, 2), 96, blind(9)), flags=1)),
    ("ledger later", "GENESIS_ONLY", by_authority(ledger())),
    ("predecessor later", "GENESIS_ONLY", by_authority(predecessor())),
    ("body_root", "BODY_ROOT", by_treasury(GOOD_MOVE, body_root=sha256(b"another"))),
    ("body_root of another record", "BODY_ROOT",
     lambda w: by_treasury(GOOD_MOVE)(w).changed("records", put(GOOD_MOVE, 20, b"\6"))),
]

PARTY_6 = register_party(6, 2, b"Another")
KEY_6 = add_key(TREASURY, 5, NEW)
LOG_KEY_3 = add_log_key(3, LOG_KEYS[3])
RETIRE_1 = retire_log_key(1, LOG_KEYS[1])
ASSET_3 = open_asset(3, b"NEW", 2, 5)
ACCOUNT_11 = open_account(TREASURY, 11, 1)
REVOKE_4 = revoke_key(TREASURY, 4, T4)
ENDORSE_3 = endorse(3, ZERO, ZERO)

RENAME_1, RECOVER_1 = rename_party(1, b"Office"), recover_party(1)
TIER_1 = set_tier(7, 1, 100, approvals=1)
OUT_1, HELD_1 = outflow(7, RESERVE, 5), balance_limit(7, RESERVE, 5)
OTHER_1, ONLY_1 = counterparty(7, RESERVE, 1, RESERVE_2), purposes_limit(7, RESERVE, 1, (1,))
STOP_1 = freeze_party(7, 1, 1)
CEILING_1 = programme(1, 7, DAY, DAY, purposes=(1,), amount=5)
MANDATE_1 = programme(2, 7, DAY, DAY, purposes=(1,), amount=5, amount_day=1)
ALLOCATION_1 = programme(3, 7, DAY, DAY, mode=2, purposes=(2,), power_mw=9)
MINIMUM_1 = programme(4, 7, DAY, DAY, amount=5)
STATED = statement(1, DAY - 2, DAY - 1, 5)
STATED_IN = statement(3, DAY - 2, DAY - 1, 5, purpose=1)

# By status (name, record, offset, bytes put there): judged before anyone asks who signed.
FORM_OF_DIRECTIVES = {
    "VALUE": [
        ("key flags 2", KEY_6, 1, b"\2"),
        ("bip340 key of 33 bytes", add_key(TREASURY, 5, T4), 48, b"\1"),
        ("asset 0", ASSET_3, 4, b"\0"), ("account of asset 0", ACCOUNT_11, 12, b"\0"),
        ("party type 0", PARTY_6, 2, b"\0"), ("party type 6", PARTY_6, 2, b"\6"),
        ("key algorithm 0", KEY_6, 2, b"\0"), ("key algorithm 3", KEY_6, 2, b"\3"),
        ("key role 0", KEY_6, 3, b"\0"), ("key role 4", KEY_6, 3, b"\4"),
        ("revoke algorithm", REVOKE_4, 2, b"\3"),
        ("threshold domain 0", set_threshold(1, 1, 1), 2, b"\0"),
        ("threshold domain 3", set_threshold(1, 1, 1), 2, b"\3"),
        ("threshold 17", set_threshold(1, 1, 1), 3, b"\x11"),
        ("mask bit 0", grant(1, 0), 8, b"\0"), ("mask bit 10", grant(1, 10), 8, b"\0"),
        ("decimals 19", ASSET_3, 2, b"\x13"), ("amount_max 0", ASSET_3, 8, bytes(8)),
        ("amount_max above 2^53", ASSET_3, 8, le(2**53 + 1, 8)),
        ("class 0", ACCOUNT_11, 2, b"\0"), ("class 10", ACCOUNT_11, 2, b"\x0a"),
        ("freeze 0", freeze(RESERVE, 0), 1, b"\0"), ("freeze 4", freeze(RESERVE, 4), 1, b"\0"),
        ("unfreeze 0", unfreeze(RESERVE, 0), 1, b"\0"),
        ("unfreeze 4", unfreeze(RESERVE, 4), 1, b"\0"),
        ("rules 0", activate_rules(0), 1, b"\0"),
        ("log key algorithm", LOG_KEY_3, 2, b"\1"), ("retire algorithm", RETIRE_1, 2, b"\2"),
        ("retire with size alone", RETIRE_1, 8, b"\1"),
        ("retire with root alone", RETIRE_1, 48, b"\1"),
        ("key of zeros", KEY_6, 16, bytes(33)),
        ("bip340 key of zeros", add_key(TREASURY, 5, T4), 16, bytes(33)),
        ("revoked key of zeros", REVOKE_4, 16, bytes(33)),
        ("log key of zeros", LOG_KEY_3, 16, ZERO), ("retired log key of zeros", RETIRE_1, 16, ZERO),
        ("key group 16", KEY_6, 12, b"\x10"),
        ("recovery of a second less", RECOVER_1, 8, le(604_799, 4)),
        ("recovery of a second more", RECOVER_1, 8, le(31_622_401, 4)),
        ("tier approvals 17", TIER_1, 2, b"\x11"), ("tier asset 0", TIER_1, 12, b"\0"),
        ("tier group 0", TIER_1, 16, b"\1"),
        ("tier delay above a year", TIER_1, 20, le(31_622_401, 4)),
        ("tier notice 367", TIER_1, 18, le(367, 2)), ("tier notice 65,535", TIER_1, 18, b"\xff\xff"),
        ("outflow notice 367", OUT_1, 34, le(367, 2)), ("freeze notice 367", STOP_1, 34, le(367, 2)),
        ("programme notice 367", CEILING_1, 14, le(367, 2)),
        ("allocation notice 367", ALLOCATION_1, 14, le(367, 2)),
        ("counterparty wait 367", OTHER_1, 48, le(367, 2)),
        ("tier above 2^53", TIER_1, 24, le(2**53 + 1, 8)),
        ("tier that asks for nothing", TIER_1, 2, b"\0"),
        ("limit type 0", OUT_1, 1, b"\0"), ("limit type 6", OUT_1, 1, b"\6"),
        ("limit directions 4", OTHER_1, 2, b"\4"), ("outflow asset 0", OUT_1, 16, b"\0"),
        ("outflow window 0", OUT_1, 20, le(0, 4)), ("outflow window 15", OUT_1, 20, le(15, 4)),
        ("outflow window 24", OUT_1, 20, le(24, 4)),
        ("outflow window above a year", OUT_1, 20, le(31_622_416, 4)),
        ("outflow amount 2^63", OUT_1, 24, le(2**63, 8)), ("balance asset 0", HELD_1, 16, b"\0"),
        ("counterparty directions 0", OTHER_1, 2, b"\0"),
        ("purposes directions 0", ONLY_1, 2, b"\0"), ("purposes none", ONLY_1, 32, b"\0\0"),
        ("purposes correction", ONLY_1, 33, b"\x20"), ("purposes bit 0", ONLY_1, 32, b"\3"),
        ("freeze of an account", STOP_1, 8, le(RESERVE, 8)),
        ("freeze directions 0", STOP_1, 2, b"\0"),
        ("programme mode 0", CEILING_1, 1, b"\0"), ("programme mode 3", CEILING_1, 1, b"\3"),
        ("programme type 0", CEILING_1, 2, b"\0"), ("programme type 5", CEILING_1, 2, b"\5"),
        ("programme asset 0", CEILING_1, 8, b"\0"),
        ("programme of internal transfers", CEILING_1, 12, b"\x42"),
        ("programme purposes none", CEILING_1, 12, b"\0\0"),
        ("programme ends before it starts", CEILING_1, 20, le(DAY - 1, 4)),
        ("programme amount 2^63", CEILING_1, 24, le(2**63, 8)),
        ("mandate of nothing", MANDATE_1, 24, bytes(8)),
        ("mandate of 2^63 a day", MANDATE_1, 32, le(2**63, 8)),
        ("mandate purposes none", MANDATE_1, 12, b"\0\0"),
        ("allocation enforced", ALLOCATION_1, 1, b"\1"),
        ("allocation of no power", ALLOCATION_1, 40, bytes(4)),
        ("allocation purposes none", ALLOCATION_1, 12, b"\0\0"),
        ("minimum 0", MINIMUM_1, 24, bytes(8)),
        ("figure 0", STATED, 1, b"\0"), ("figure 12", STATED, 1, b"\x0c"),
        ("statement purpose 14", STATED_IN, 2, b"\x0e"),
        ("statement purpose 0", STATED_IN, 2, b"\0"), ("statement asset 0", STATED, 8, b"\0"),
        ("statement from day 0", STATED, 16, bytes(4)),
        ("statement as of before its period", STATED, 20, le(DAY - 3, 4)),
        ("a value before an unused field", put(OUT_1, 40, b"\1"), 20, le(24, 4)),
        ("a value before an unused field out of its range", put(OUT_1, 2, b"\4"), 20, le(24, 4)),
        ("a value before a text", put(PARTY_6, 2, b"\6"), 16, b"\n"),
        ("a value before a zero", put(PARTY_6, 1, b"\1"), 2, b"\6"),
    ],
    "TEXT": [
        ("party name empty", PARTY_6, 16, bytes(48)), ("party name control", PARTY_6, 16, b"\n"),
        ("key label", KEY_6, 56, b"\xff"), ("account label", ACCOUNT_11, 16, b"\x7f"),
        ("code empty", ASSET_3, 16, bytes(8)), ("code lower case", ASSET_3, 16, b"new"),
        ("code with a hole", ASSET_3, 16, b"A\0B"), ("asset name empty", ASSET_3, 24, bytes(48)),
        ("new name empty", RENAME_1, 16, bytes(48)), ("new name control", RENAME_1, 16, b"\n"),
        ("programme name empty", CEILING_1, 48, bytes(48)),
        ("programme name no UTF-8", CEILING_1, 48, b"\xff"),
        ("a text before a zero", put(PARTY_6, 1, b"\1"), 16, b"\n"),
        ("a text before an unused field", put(CEILING_1, 40, b"\1"), 48, bytes(48)),
        ("a text before an unused field out of its range", put(CEILING_1, 32, le(2**63, 8)), 48,
         b"\n"),
    ],
    "RESERVED_NOT_ZERO": [
        ("party byte 1", PARTY_6, 1, b"\1"), ("party byte 64", PARTY_6, 64, b"\1"),
        ("party zero 8", PARTY_6, 8, b"\1"), ("key zero 13", KEY_6, 13, b"\1"),
        ("key zero 49", KEY_6, 49, b"\1"), ("key zero 88", KEY_6, 88, b"\1"),
        ("revoke byte 1", REVOKE_4, 1, b"\1"), ("revoke label", REVOKE_4, 56, b"a"),
        ("threshold zero 8", set_threshold(1, 1, 1), 8, b"\1"),
        ("suspend zero", suspend(1), 1, b"\1"), ("reinstate zero", reinstate(1), 95, b"\1"),
        ("grant zero", grant(1, 1), 8, b"\1"), ("asset zero", ASSET_3, 72, b"\1"),
        ("account zero", ACCOUNT_11, 64, b"\1"), ("freeze zero", freeze(RESERVE, 1), 12, b"\1"),
        ("close zero", close_account(RESERVE), 3, b"\1"),
        ("rules zero", activate_rules(2), 8, b"\1"), ("log key zero", LOG_KEY_3, 48, b"\1"),
        ("retire zero", RETIRE_1, 80, b"\1"), ("endorse zero 4", ENDORSE_3, 4, b"\1"),
        ("endorse zero 80", ENDORSE_3, 80, b"\1"),
        ("rename zero", RENAME_1, 8, b"\1"), ("close party zero", close_party(1), 8, b"\1"),
        ("recover zero", RECOVER_1, 12, b"\1"), ("object zero", object_recovery(1), 1, b"\1"),
        ("end rule zero", end_rule(0), 8, b"\1"), ("tier zero 36", TIER_1, 36, b"\1"),
        ("limit zero 3", OUT_1, 3, b"\1"), ("limit zero 50", OUT_1, 50, b"\1"),
        ("outflow wait", OUT_1, 48, b"\1"), ("outflow wait 367", OUT_1, 48, le(367, 2)),
        ("balance wait", HELD_1, 48, b"\1"), ("purposes wait", ONLY_1, 49, b"\1"),
        ("freeze wait", STOP_1, 48, b"\1"),
        ("outflow directions", OUT_1, 2, b"\1"), ("outflow purposes", OUT_1, 32, b"\2"),
        ("outflow counterparty", OUT_1, 40, b"\1"), ("balance window", HELD_1, 20, b"\x10"),
        ("balance directions", HELD_1, 2, b"\1"), ("counterparty asset", OTHER_1, 16, b"\1"),
        ("counterparty amount", OTHER_1, 24, b"\1"),
        ("counterparty purposes", OTHER_1, 32, b"\2"), ("purposes asset", ONLY_1, 16, b"\1"),
        ("purposes counterparty", ONLY_1, 40, b"\1"), ("freeze purposes", STOP_1, 32, b"\2"),
        ("freeze amount", STOP_1, 24, b"\1"), ("programme zero 3", CEILING_1, 3, b"\1"),
        ("ceiling a day", CEILING_1, 32, b"\1"),
        ("ceiling power", CEILING_1, 40, b"\1"), ("mandate power", MANDATE_1, 40, b"\1"),
        ("allocation amount", ALLOCATION_1, 24, b"\1"),
        ("allocation a day", ALLOCATION_1, 32, b"\1"), ("minimum purposes", MINIMUM_1, 12, b"\2"),
        ("minimum a day", MINIMUM_1, 32, b"\1"), ("minimum power", MINIMUM_1, 40, b"\1"),
        ("statement zero 3", STATED, 3, b"\1"), ("statement zero 72", STATED, 72, b"\1"),
        ("opening purpose", STATED, 2, b"\1"), ("opening party", STATED, 4, b"\1"),
        ("opening rule", STATED, 12, b"\1"), ("inflow party", STATED_IN, 4, b"\1"),
        ("inflow rule", STATED_IN, 12, b"\1"),
        ("outflow directions 4", OUT_1, 2, b"\4"), ("balance directions 255", HELD_1, 2, b"\xff"),
        ("outflow purposes bit 0", OUT_1, 32, b"\1"), ("freeze purposes bit 13", STOP_1, 33, b"\x20"),
        ("counterparty amount 2^63", OTHER_1, 24, le(2**63, 8)),
        ("purposes amount 2^64 - 1", ONLY_1, 24, le(MAX_64, 8)),
        ("freeze window 24", STOP_1, 20, b"\x18"),
        ("ceiling of 2^63 a day", CEILING_1, 32, le(2**63, 8)),
        ("allocation amount 2^63", ALLOCATION_1, 24, le(2**63, 8)),
        ("minimum purpose bit 6", MINIMUM_1, 12, b"\x40"),
        ("minimum purpose bit 0", MINIMUM_1, 12, b"\1"),
        ("opening purpose 14", STATED, 2, b"\x0e"), ("opening purpose 255", STATED, 2, b"\xff"),
        ("an unused field before the blind", put(OUT_1, 2, b"\4"), 96, b"\1"),
        ("a zero before the blind", put(PARTY_6, 1, b"\1"), 96, b"\1"),
    ],
    "BLIND": [("party blind", PARTY_6, 96, b"\1"), ("programme blind", CEILING_1, 96, b"\1")],
}


def draft_changes(**fields):
    return relative(lambda _w, _d: fields)


STEPS_2_TO_5 = [
    ("index", "PLACE", draft_changes(index=LAST)),
    ("index in the entry alone", "PLACE", with_entry(lambda e: put(e, 8, le(3, 8)))),
    ("previous", "PLACE", draft_changes(previous=sha256(b"another"))),
    ("term falls", "PLACE", draft_changes(term=2)),
    ("received_ns as before", "PLACE",
     relative(lambda w, d: {"received_ns": int.from_bytes(w.raws[-1].entry[24:32], "little")})),
    ("ledger_id", "LEDGER_ID", draft_changes(ledger_id=sha256(b"another"))),
    ("ledger_id zero", "LEDGER_ID", draft_changes(ledger_id=ZERO)),
    ("party unknown", "PARTY_UNKNOWN", sealed(6, 1, [GOOD_MOVE], sign=[NEW])),
    ("sequence repeated", "SEQUENCE", relative(lambda _w, d: {"sequence": d.sequence - 1})),
    ("sequence skipped", "SEQUENCE", relative(lambda _w, d: {"sequence": d.sequence + 1})),
    ("sequence 0", "VALUE", sealed(TREASURY, 30, [GOOD_MOVE], sequence=0, **BY_TREASURY)),
    ("sequence above a lane's first", "SEQUENCE",
     sealed(TREASURY, 30, [GOOD_MOVE], sequence=2, **BY_TREASURY)),
    ("previous_id", "PREVIOUS_ID", draft_changes(previous_id=sha256(b"another"))),
    ("previous_id zero", "PREVIOUS_ID", draft_changes(previous_id=ZERO)),
    ("previous_id of a first", "PREVIOUS_ID",
     sealed(TREASURY, 30, [GOOD_MOVE], previous_id=sha256(b"another"), **BY_TREASURY)),
    ("known_index of this entry", "KNOWN_AHEAD", relative(lambda _w, d: {"known_index": d.index})),
    ("known_index far ahead", "KNOWN_AHEAD", draft_changes(known_index=MAX_64)),
    ("known_leaf", "FORK", draft_changes(known_leaf=sha256(b"another"))),
    ("known_index of another", "FORK", draft_changes(known_index=4)),
    ("lifetime 0", "LIFETIME", relative(lambda _w, d: {"expires_s": d.created_s})),
    ("lifetime negative", "LIFETIME", relative(lambda _w, d: {"expires_s": d.created_s - 1})),
    ("lifetime too long", "LIFETIME",
     relative(lambda _w, d: {"expires_s": d.created_s + LIFETIME_S + 1})),
    ("created in the future", "CREATED_IN_FUTURE",
     relative(lambda _w, d: {"created_s": d.received_ns // NS + 301})),
    ("created at the end of time", "CREATED_IN_FUTURE",
     draft_changes(created_s=MAX_64 - 60, expires_s=MAX_64)),
    ("expired", "EXPIRED", relative(lambda _w, d: {"received_ns": d.expires_s * NS + 1})),
]
NOT_CURVE = NEW.changed(ECDSA, NEW.secret)
NOT_CURVE.public = b"\x02" + (5).to_bytes(32, "big")  # no point has x = 5
NEGATED = C1.changed(ECDSA, v.N - C1.secret)  # the same x-coordinate, the other y
AS_ECDSA = T1.changed(ECDSA, T1.secret)  # the same x-coordinate, another algorithm
FIRST = BASE.raws[0]


def last_bit_flipped(slot):
    return slot[:-1] + bytes([slot[-1] ^ 1])


def move_with_high_s(writer):
    def high_s(_slots, envelope):
        return [slot_bytes(CUSTODIAN, SIGN, C1, C1.sign_ecdsa(envelope, high_s=True))]
    return by_custodian(GOOD_DEPOSIT, edit_slots=high_s)(writer)


DONATE = move(DONATION, CUSTODY, RESERVE, 5)
LOWER_THRESHOLD = adding(TREASURY, 0, [set_threshold(TREASURY, 1, 1)], sign=[TA])
SUSPEND_TREASURY = adding(0, 0, [suspend(TREASURY)], **BY_AUTHORITY)
SUSPEND_CUSTODIAN = adding(0, 0, [suspend(CUSTODIAN)], **BY_AUTHORITY)
ADD_NO_POINT = add_key(6, 0, NOT_CURVE)
ADD_NO_LOG_POINT = add_log_key(3, LOG_NO_POINT)

STEPS_6_TO_10 = [
    ("signature altered", "SIGNATURE", with_slots(lambda s: [last_bit_flipped(s[0])] + s[1:])),
    ("second signature altered", "SIGNATURE",
     with_slots(lambda s: s[:1] + [put(s[1], 50, bytes(9))])),
    ("signature of another envelope", "SIGNATURE",
     by_treasury(GOOD_MOVE, edit_slots=lambda s, _e: [
         slot_bytes(TREASURY, SIGN, T1, T1.sign(sha256(b"x")))])),
    ("s above half the order", "SIGNATURE", move_with_high_s),
    ("r and s zero", "SIGNATURE", by_custodian(GOOD_DEPOSIT, edit_slots=lambda s, _e: [
        slot_bytes(CUSTODIAN, SIGN, C1, bytes(64))])),
    ("unknown key that is no point", "KEY_UNKNOWN",
     with_slots(lambda s: s[:1] + [put(s[1], 10, b"\xff" * 32)])),
    ("new key that is no point", "SIGNATURE", by_authority(
        PARTY_6, ADD_NO_POINT, possession=[(6, NOT_CURVE)])),
    ("new log key that is no point", "SIGNATURE", by_authority(
        ADD_NO_LOG_POINT, possession=[(0, LOG_NO_POINT)])),
    ("party suspended", "PARTY_SUSPENDED", after(SUSPEND_TREASURY, by_treasury(GOOD_MOVE))),
    ("countersigner suspended", "PARTY_SUSPENDED",
     after(SUSPEND_TREASURY, by_custodian(DONATE, **WITH_TREASURY))),
    ("key unknown", "KEY_UNKNOWN", by_custodian(GOOD_DEPOSIT, sign=[NEW])),
    ("countersign key unknown", "KEY_UNKNOWN", by_custodian(DONATE, countersign=[(TREASURY, NEW)])),
    ("key of another party", "KEY_PARTY", by_custodian(GOOD_DEPOSIT, sign=[S1])),
    ("countersign key of another party", "KEY_PARTY",
     by_custodian(DONATE, countersign=[(TREASURY, S1)])),
    ("countersign by an unknown party", "KEY_PARTY",
     by_custodian(DONATE, countersign=[(99, T1)])),
    ("key of the other parity", "KEY_PARTY", by_custodian(GOOD_DEPOSIT, sign=[NEGATED])),
    ("key of another algorithm", "KEY_PARTY", by_treasury(GOOD_MOVE, sign=[AS_ECDSA])),
    ("key revoked", "KEY_REVOKED", by_treasury(GOOD_MOVE, sign=[T1, T2])),
    ("countersign key revoked", "KEY_REVOKED", by_custodian(DONATE, countersign=[(TREASURY, T2)])),
    ("initiate in lane 0", "KEY_ROLE", sealed(TREASURY, 0, [ACCOUNT_11], sign=[TA, T1])),
    ("administer in lane 1", "KEY_ROLE", by_treasury(GOOD_MOVE, sign=[TA, T1, T3])),
    ("administer countersigns", "KEY_ROLE", by_custodian(DONATE, countersign=[(TREASURY, TA)])),
    ("possession of nothing", "POSSESSION", by_treasury(GOOD_MOVE, possession=[(TREASURY, NEW)])),
    ("possession for another party", "POSSESSION",
     by_authority(PARTY_6, add_key(6, 0, NEW), possession=[(5, NEW)])),
    ("possession missing", "POSSESSION", by_authority(PARTY_6, add_key(6, 0, NEW))),
    ("possession of the other parity", "POSSESSION",
     by_authority(PARTY_6, add_key(6, 0, NEW),
                  possession=[(6, NEW.changed(ECDSA, v.N - NEW.secret))])),
    ("log key added without possession", "POSSESSION", by_authority(LOG_KEY_3)),
    ("log key retired without possession", "POSSESSION", by_authority(RETIRE_1)),
    ("rotation without the old key", "POSSESSION",
     by_authority(RETIRE_1, LOG_KEY_3, **by_logs(3))),
    ("rotation without the new key", "POSSESSION",
     by_authority(RETIRE_1, LOG_KEY_3, **by_logs(1))),
    ("another log key's possession", "POSSESSION", by_authority(RETIRE_1, **by_logs(1, 2))),
    ("possession by a compromised key", "POSSESSION", by_authority(
        retire_log_key(1, LOG_KEYS[1], 3, root_at(BASE, 3)), **by_logs(1))),
    ("log key signature altered", "SIGNATURE", by_authority(
        RETIRE_1, **by_logs(1), edit_slots=lambda s, _e: s[:-1] + [last_bit_flipped(s[-1])])),
    ("log key of small order", "SIGNATURE", by_authority(
        RETIRE_1, **by_logs(1),
        edit_slots=lambda s, _e: s[:-1] + [put(s[-1], 10, b"\1" + bytes(31))])),
    ("one of two", "THRESHOLD", by_treasury(GOOD_MOVE, sign=[T1])),
    ("one of two in lane 0", "THRESHOLD", by_authority(PARTY_6, sign=[A3])),
    ("no slots", "THRESHOLD", by_treasury(GOOD_MOVE, sign=[])),
    ("approve alone", "THRESHOLD", after(LOWER_THRESHOLD, by_treasury(GOOD_MOVE, sign=[T3]))),
    ("threshold 0", "THRESHOLD", sealed(CUSTODIAN, 0, [ACCOUNT_11], sign=[])),
    ("one countersigner of two", "COUNTERSIGN_THRESHOLD",
     by_custodian(DONATE, countersign=[(TREASURY, T1)])),
    ("approve countersigns alone", "COUNTERSIGN_THRESHOLD",
     after(LOWER_THRESHOLD, by_custodian(DONATE, countersign=[(TREASURY, T3)]))),
    ("needless countersign below its threshold", "COUNTERSIGN_THRESHOLD",
     by_custodian(GOOD_DEPOSIT, countersign=[(TREASURY, T1)])),
]

FREEZE_OUT = adding(0, 0, [freeze(RESERVE, 2)], **BY_AUTHORITY)
FREEZE_IN = adding(0, 0, [freeze(T_EXTERNAL, 1)], **BY_AUTHORITY)
FREEZE_RESERVE_IN = adding(0, 0, [freeze(RESERVE, 1)], **BY_AUTHORITY)
FREEZE_MARKET = adding(0, 0, [freeze(MARKET_, 1)], **BY_AUTHORITY)
CLOSE_MARKET = adding(TREASURY, 1, [close_account(MARKET_)], **BY_TREASURY)


def available(replay, wanted):
    return replay.state.accounts[wanted].available()


IN_RESERVE, IN_RESERVE_2 = available(REPLAY, RESERVE), available(REPLAY, RESERVE_2)
IN_CUSTODY = available(REPLAY, CUSTODY)
OVERFLOWING = [pending(DEPOSIT, C_OTHER_EXTERNAL, C_OTHER, 2**53)] * 2048

MOVES = [
    ("move in lane 0", "LANE", sealed(TREASURY, 0, [GOOD_MOVE], sign=[TA])),
    ("pending in lane 0", "LANE",
     sealed(TREASURY, 0, [pending(INTERNAL, RESERVE, RESERVE_2, 5)], sign=[TA])),
    ("post in lane 0", "LANE",
     sealed(TREASURY, 0, lambda w: [settling(POST, w.open)], sign=[TA])),
    ("correct in lane 0", "LANE",
     sealed(TREASURY, 0, lambda w: [correcting(w.bought, 1)], sign=[TA])),
    ("from unknown", "ACCOUNT_UNKNOWN",
     by_treasury(move(INTERNAL, account(TREASURY, 11), RESERVE, 5))),
    ("to unknown", "ACCOUNT_UNKNOWN",
     by_treasury(move(INTERNAL, RESERVE, account(TREASURY, 11), 5))),
    ("to of an unknown party", "ACCOUNT_UNKNOWN",
     by_treasury(move(INTERNAL, RESERVE, MAX_64, 5))),
    ("from of another", "NOT_OWNER", by_custodian(move(SALE, RESERVE, CUSTODY, 5))),
    ("from closed", "ACCOUNT_CLOSED",
     after(CLOSE_MARKET, by_treasury(move(PURCHASE, MARKET_, RESERVE, 5)))),
    ("to closed", "ACCOUNT_CLOSED", by_custodian(move(FEE, CUSTODY, C_FEE, 5))),
    ("from frozen", "ACCOUNT_FROZEN", after(FREEZE_OUT, by_treasury(GOOD_MOVE))),
    ("to frozen", "ACCOUNT_FROZEN",
     after(FREEZE_IN, by_treasury(move(PAYMENT, RESERVE, T_EXTERNAL, 5)))),
    ("assets mixed", "ASSET_MIXED", by_treasury(move(INTERNAL, RESERVE, T_OTHER_ASSET, 5))),
    ("amount above amount_max", "AMOUNT_MAX",
     by_treasury(move(PURCHASE, MARKET_, RESERVE, 21 * 10**14 + 1))),
    ("pending above amount_max", "AMOUNT_MAX",
     by_custodian(pending(DEPOSIT, EXTERNAL, CUSTODY, 21 * 10**14 + 1))),
    ("purpose for another pair", "PURPOSE", by_treasury(move(MINING, MARKET_, RESERVE, 5))),
    ("purpose the wrong way", "PURPOSE", by_treasury(move(PURCHASE, RESERVE, MARKET_, 5))),
    ("purpose correction", "PURPOSE", by_treasury(move(CORRECTION, RESERVE, MARKET_, 5))),
    ("public sector in a restricted envelope", "RESTRICTED",
     by_treasury(put(GOOD_MOVE, 96, blind(1)), flags=1)),
    ("public target in a restricted envelope", "RESTRICTED",
     by_custodian(put(DONATE, 96, blind(1)), flags=1, **WITH_TREASURY)),
    ("countersign missing", "COUNTERSIGN_MISSING", by_custodian(DONATE)),
    ("from outside to another's custody", "COUNTERSIGN_MISSING", by_custodian(
        move(DEPOSIT, EXTERNAL, S_CUSTODY, 5))),
    ("countersign by a third", "COUNTERSIGN_MISSING",
     by_custodian(DONATE, countersign=[(SECOND, S1)])),
    ("pending countersign missing", "COUNTERSIGN_MISSING",
     by_custodian(pending(DONATION, CUSTODY, RESERVE, 5))),
    ("pending timed out", "TIMEOUT", by_treasury(
        pending(INTERNAL, RESERVE, RESERVE_2, 5, timeout_s=START_S))),
    ("pending timed out by 5 ns", "TIMEOUT", by_treasury(
        pending(INTERNAL, RESERVE, RESERVE_2, 5, timeout_s=START_S + LAST + 1))),
    ("above the balance", "BALANCE",
     by_treasury(move(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE + 1))),
    ("pending above the balance", "BALANCE",
     by_treasury(pending(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE + 1))),
    ("above what pending leaves", "BALANCE",
     by_treasury(pending(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE), GOOD_MOVE)),
    ("above what a move leaves", "BALANCE",
     by_treasury(move(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE), GOOD_MOVE)),
    ("pending in is nothing to spend", "BALANCE",
     by_treasury(pending(PURCHASE, MARKET_, RESERVE, 9),
                 move(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE + 9))),
    ("custody above the balance", "BALANCE",
     by_custodian(move(WITHDRAWAL, CUSTODY, EXTERNAL, IN_CUSTODY + 1))),
    ("pending sums reach 2^64", "OVERFLOW", by_custodian(*OVERFLOWING)),
]


def naming(status, make, by=by_treasury, **fields):
    """A row whose record names one of the ledger's."""
    return status, lambda w: by(make(w), **fields)(w)


def named_in_same_entry(kind):
    index = LAST + 1
    first = (pending if kind != CORRECT else move)(INTERNAL, RESERVE, RESERVE_2, 5)
    named = Named(index, 0, first)
    second = settling(kind, named) if kind != CORRECT else correcting(named, 5)
    return by_treasury(first, second)


def spend_custody(writer):
    """Leaves less in custody than the sale brought, so that its correction is not covered."""
    add(writer, CUSTODIAN, 1, [move(WITHDRAWAL, CUSTODY, EXTERNAL, IN_CUSTODY - 5)],
        **BY_CUSTODIAN)


LATE_NS = (START_S + 600) * NS
TIMED = pending(INTERNAL, RESERVE, RESERVE_2, 5, timeout_s=START_S + 600)
OPEN_TIMED = adding(TREASURY, 1, [TIMED], **BY_TREASURY)


def post_late(writer):
    named = writer.raws[-1].named()
    return by_treasury(settling(POST, named), received_ns=LATE_NS)(writer)


FREEZE_CUSTODY = adding(0, 0, [freeze(CUSTODY, 2)], **BY_AUTHORITY)
NAMED_ROWS = [
    ("post, from unknown",) + naming(
        "ACCOUNT_UNKNOWN", lambda w: put(settling(POST, w.open), 4, le(9, 8))),
    ("void, to unknown",) + naming(
        "ACCOUNT_UNKNOWN", lambda w: put(settling(VOID, w.open), 12, le(9, 8))),
    ("correct, to unknown",) + naming(
        "ACCOUNT_UNKNOWN", lambda w: put(correcting(w.bought, 5), 12, le(9, 8))),
    ("post by another",) + naming("NOT_OWNER", lambda w: settling(POST, w.open), by_custodian),
    ("void by another",) + naming("NOT_OWNER", lambda w: settling(VOID, w.open), by_custodian),
    ("correct by another",) + naming("NOT_OWNER", lambda w: correcting(w.bought, 5), by_custodian),
    ("post of a later entry",) + naming(
        "NAMED_UNKNOWN", lambda w: settling(POST, w.open, refers_to=len(w.raws) + 1 << 13)),
    ("post of no position",) + naming(
        "NAMED_UNKNOWN", lambda w: settling(POST, w.open, refers_to=w.open.id + 1)),
    ("post far away",) + naming(
        "NAMED_UNKNOWN", lambda w: settling(POST, w.open, refers_to=MAX_64)),
    ("post in the same entry", "NAMED_UNKNOWN", named_in_same_entry(POST)),
    ("void in the same entry", "NAMED_UNKNOWN", named_in_same_entry(VOID)),
    ("correct in the same entry", "NAMED_UNKNOWN", named_in_same_entry(CORRECT)),
    ("post with another hash",) + naming("NAMED_HASH", lambda w: settling(POST, w.open, hash=ZERO)),
    ("void with another hash",) + naming("NAMED_HASH", lambda w: settling(VOID, w.open, hash=ZERO)),
    ("correct with another hash",) + naming(
        "NAMED_HASH", lambda w: correcting(w.bought, 5, hash=sha256(b""))),
    ("post of a move",) + naming("NAMED_KIND", lambda w: settling(POST, w.bought)),
    ("void of a post",) + naming("NAMED_KIND", lambda w: settling(VOID, w.posted)),
    ("correct of a pending",) + naming(
        "NAMED_KIND", lambda w: correcting(w.posted_pending, 5)),
    ("post of a directive",) + naming("NAMED_KIND", lambda w: settling(
        POST, w.open, refers_to=3 << 13, hash=leaf(w.raws[3].records[:112]))),
    ("post, another purpose",) + naming(
        "NAMED_DIFFERS", lambda w: put(settling(POST, w.open), 2, bytes([FEE]))),
    ("post, another from",) + naming(
        "NAMED_DIFFERS", lambda w: put(settling(POST, w.open), 4, le(RESERVE_2, 8))),
    ("post, another to",) + naming(
        "NAMED_DIFFERS", lambda w: put(settling(POST, w.open), 12, le(T_FEE, 8))),
    ("post, another amount",) + naming(
        "NAMED_DIFFERS", lambda w: put(settling(POST, w.open), 20, le(69_999, 8))),
    ("void, another amount",) + naming(
        "NAMED_DIFFERS", lambda w: put(settling(VOID, w.open), 20, le(69_999, 8))),
    ("correct, not reversed",) + naming("NAMED_DIFFERS", lambda w: movement(
        CORRECT, PURCHASE, MARKET_, RESERVE, 5, refers_to=w.bought.id, hash=leaf(w.bought.data))),
    ("correct, another purpose",) + naming(
        "NAMED_DIFFERS", lambda w: put(correcting(w.bought, 5), 2, bytes([CORRECTION]))),
    ("correct, another to",) + naming(
        "NAMED_DIFFERS", lambda w: put(correcting(w.bought, 5), 12, le(T_MINING, 8))),
    ("post of a posted",) + naming("SETTLED", lambda w: settling(POST, w.posted_pending)),
    ("void of a posted",) + naming("SETTLED", lambda w: settling(VOID, w.posted_pending)),
    ("post of a voided",) + naming("SETTLED", lambda w: settling(POST, w.voided)),
    ("post twice in an entry", "SETTLED",
     lambda w: by_treasury(*[settling(POST, w.open)] * 2)(w)),
    ("correct to a closed account", "ACCOUNT_CLOSED",
     after(CLOSE_MARKET, lambda w: by_treasury(correcting(w.bought, 5))(w))),
    ("post from a frozen account", "ACCOUNT_FROZEN",
     after(FREEZE_OUT, lambda w: by_treasury(settling(POST, w.open))(w))),
    ("post to a frozen account", "ACCOUNT_FROZEN",
     after(FREEZE_IN, lambda w: by_treasury(settling(POST, w.open))(w))),
    ("correct from a frozen account", "ACCOUNT_FROZEN",
     after(FREEZE_OUT, lambda w: by_treasury(correcting(w.bought, 5))(w))),
    ("correct to a frozen account", "ACCOUNT_FROZEN",
     after(FREEZE_MARKET, lambda w: by_treasury(correcting(w.bought, 5))(w))),
    ("restricted post",) + naming(
        "RESTRICTED", lambda w: in_restricted(settling(POST, w.open)), flags=1),
    ("restricted void",) + naming(
        "RESTRICTED", lambda w: in_restricted(settling(VOID, w.open)), flags=1),
    ("restricted correct",) + naming(
        "RESTRICTED", lambda w: in_restricted(correcting(w.bought, 5)), flags=1),
    ("post timed out", "TIMEOUT", after(OPEN_TIMED, post_late)),
    ("correct without countersign",) + naming(
        "COUNTERSIGN_MISSING", lambda w: correcting(w.sold, 5), by_custodian),
    ("correct above the amount",) + naming(
        "CORRECTION", lambda w: correcting(w.bought, 5_000_001 - 1_500)),
    ("correct above the rest of a post",) + naming(
        "CORRECTION", lambda w: correcting(w.posted, 39_601)),
    ("correct above the rest in an entry", "CORRECTION",
     lambda w: by_treasury(correcting(w.posted, 39_600), correcting(w.posted, 1))(w)),
    ("correct above the balance", "BALANCE", after(spend_custody, lambda w: by_custodian(
        correcting(w.sold, 1_000), **WITH_TREASURY)(w))),
]


def only_authority(name, record, **fields):
    """The same record by another party in lane 0, and by the authority in lane 1."""
    return [("%s by another" % name, "NOT_ALLOWED",
             sealed(TREASURY, 0, [record], sign=[TA], **fields)),
            ("%s in lane 1" % name, "NOT_ALLOWED", sealed(0, 1, [record], sign=[A4], **fields))]


def retire_1_as_of(size, root_size):
    """Log key 1 was compromised: by a function, since the root is that of the writer's log."""
    return lambda w: by_authority(retire_log_key(
        1, LOG_KEYS[1], size(w) if callable(size) else size,
        root_at(w, root_size(w) if callable(root_size) else root_size)))(w)


def so_far(writer):
    return len(writer.raws)


def many_log_keys(last):
    """Log keys 3 to `last`, a few in an envelope: each proves possession."""
    def run(writer):
        for first in range(3, last, 14):
            numbers = range(first, min(first + 14, last))
            add(writer, 0, 0, [add_log_key(n, MANY_LOG_KEYS[n]) for n in numbers], **BY_AUTHORITY,
                possession=[(0, MANY_LOG_KEYS[n]) for n in numbers])
        return by_authority(add_log_key(last, MANY_LOG_KEYS[last]),
                            possession=[(0, MANY_LOG_KEYS[last])])(writer)
    return run


ADD_6 = add_key(TREASURY, 5, NEW)
OWN_KEY = {"sign": [TA], "possession": [(TREASURY, NEW)]}


def by_treasury_admin(*records, **fields):
    return sealed(TREASURY, 0, list(records), **{"sign": [TA], **fields})


NEW_PARTY_WITH_KEYS = [PARTY_6, add_key(6, 0, NEW, APPROVE), set_threshold(6, 1, 1)]
DIRECTIVES = (
    only_authority("register_party", PARTY_6)
    + only_authority("suspend_party", suspend(SECOND))
    + only_authority("reinstate_party", reinstate(SECOND))
    + only_authority("grant_classes", grant(SECOND, 2))
    + only_authority("open_asset", ASSET_3)
    + only_authority("freeze_account", freeze(RESERVE, 1))
    + only_authority("unfreeze_account", unfreeze(RESERVE, 1))
    + only_authority("activate_rules", activate_rules(2))
    + only_authority("add_log_key", LOG_KEY_3, possession=[(0, LOG_KEYS[3])])
    + only_authority("retire_log_key", RETIRE_1, possession=[(0, LOG_KEYS[1])])
) + [
    ("party number skipped", "NUMBER", by_authority(register_party(7, 2, b"Another"))),
    ("party number taken", "NUMBER", by_authority(register_party(5, 2, b"Another"))),
    ("second authority", "VALUE", by_authority(register_party(6, 1, b"Another"))),
    ("party name taken", "NAME_TAKEN", by_authority(register_party(6, 2, b"Treasury"))),
    ("add_key by another", "NOT_ALLOWED",
     sealed(TREASURY, 0, [add_key(SECOND, 1, NEW)], sign=[TA], possession=[(SECOND, NEW)])),
    ("add_key by the authority after its time", "NOT_ALLOWED",
     by_authority(ADD_6, possession=[(TREASURY, NEW)])),
    ("add_key in lane 1", "NOT_ALLOWED", by_treasury(ADD_6, possession=[(TREASURY, NEW)])),
    ("add_key to an unknown party", "PARTY_UNKNOWN",
     by_authority(add_key(6, 0, NEW), possession=[(6, NEW)])),
    ("key ordinal skipped", "NUMBER", by_treasury_admin(add_key(TREASURY, 6, NEW), **OWN_KEY)),
    ("key ordinal taken", "NUMBER", by_treasury_admin(add_key(TREASURY, 1, NEW), **OWN_KEY)),
    ("key of another party taken", "KEY_TAKEN",
     by_treasury_admin(add_key(TREASURY, 5, C1), possession=[(TREASURY, C1)])),
    ("revoked key taken", "KEY_TAKEN",
     by_treasury_admin(add_key(TREASURY, 5, T2), possession=[(TREASURY, T2)])),
    ("key of the other parity taken", "KEY_TAKEN",
     by_treasury_admin(add_key(TREASURY, 5, NEGATED), possession=[(TREASURY, NEGATED)])),
    ("key of another algorithm taken", "KEY_TAKEN",
     by_treasury_admin(add_key(TREASURY, 5, AS_ECDSA), possession=[(TREASURY, AS_ECDSA)])),
    ("revoke_key by another", "NOT_ALLOWED", by_treasury_admin(revoke_key(SECOND, 0, S1))),
    ("revoke_key in lane 1", "NOT_ALLOWED", by_treasury(revoke_key(TREASURY, 0, T1))),
    ("revoke_key of an unknown party", "PARTY_UNKNOWN", by_authority(revoke_key(6, 0, S1))),
    ("revoke_key of no ordinal", "KEY_UNKNOWN", by_authority(revoke_key(SECOND, 1, S1))),
    ("revoke_key of another key", "KEY_PARTY", by_authority(revoke_key(SECOND, 0, T1))),
    ("revoke_key of another role", "KEY_PARTY", by_authority(revoke_key(SECOND, 0, S1, APPROVE))),
    ("revoke_key again", "KEY_REVOKED", by_treasury_admin(revoke_key(TREASURY, 1, T2))),
    ("revoke_key twice in an entry", "KEY_REVOKED",
     by_treasury_admin(*[revoke_key(TREASURY, 4, T4)] * 2)),
    ("set_threshold by another", "NOT_ALLOWED", by_treasury_admin(set_threshold(SECOND, 1, 1))),
    ("set_threshold by the authority after its time", "NOT_ALLOWED",
     by_authority(set_threshold(TREASURY, 1, 1))),
    ("set_threshold of an unknown party", "PARTY_UNKNOWN", by_authority(set_threshold(6, 1, 1))),
    ("suspend the authority", "NOT_ALLOWED", by_authority(suspend(0))),
    ("suspend an unknown party", "PARTY_UNKNOWN", by_authority(suspend(6))),
    ("suspend twice", "PARTY_STATUS", by_authority(suspend(SECOND), suspend(SECOND))),
    ("reinstate an unknown party", "PARTY_UNKNOWN", by_authority(reinstate(MAX_32))),
    ("reinstate an active party", "PARTY_STATUS", by_authority(reinstate(SECOND))),
    ("grant to an unknown party", "PARTY_UNKNOWN", by_authority(grant(6, 1))),
    ("grant custody to the treasury", "CLASS", by_authority(grant(TREASURY, 1, 2))),
    ("grant reserve to a custodian", "CLASS", by_authority(grant(CUSTODIAN, 1, 2))),
    ("grant market to a custodian", "CLASS", by_authority(grant(CUSTODIAN, 3))),
    ("grant anything to an operator", "CLASS", by_authority(grant(OPERATOR, 9))),
    ("grant anything to an auditor", "CLASS", by_authority(grant(AUDITOR, 8))),
    ("asset number skipped", "NUMBER", by_authority(open_asset(4, b"NEW", 0, 1))),
    ("asset number taken", "NUMBER", by_authority(open_asset(2, b"NEW", 0, 1))),
    ("asset code taken", "NAME_TAKEN", by_authority(open_asset(3, b"BTC", 0, 1))),
    ("asset 1,025", "NUMBER", by_authority(
        *[open_asset(n, b"A%d" % n, 0, 1) for n in range(3, 1026)])),
    ("account of another party", "NOT_ALLOWED", by_treasury(open_account(SECOND, 2, 2))),
    ("account number skipped", "NUMBER", by_treasury(open_account(TREASURY, 12, 1))),
    ("account number taken", "NUMBER", by_treasury(open_account(TREASURY, 10, 1))),
    ("account of an unknown asset", "ASSET_UNKNOWN", by_treasury(open_account(TREASURY, 11, 1, 3))),
    ("account of a class not granted", "CLASS", by_treasury(open_account(TREASURY, 11, 2))),
    ("account by a party without classes", "CLASS",
     sealed(AUDITOR, 1, [open_account(AUDITOR, 0, 8)], sign=[D1])),
    ("freeze an unknown account", "ACCOUNT_UNKNOWN", by_authority(freeze(9, 1))),
    ("freeze a closed account", "ACCOUNT_CLOSED", by_authority(freeze(C_FEE, 1))),
    ("freeze again", "ACCOUNT_STATUS", by_authority(freeze(RESERVE, 1), freeze(RESERVE, 3))),
    ("unfreeze an unknown account", "ACCOUNT_UNKNOWN", by_authority(unfreeze(9, 1))),
    ("unfreeze what is not frozen", "ACCOUNT_STATUS", by_authority(unfreeze(RESERVE, 1))),
    ("unfreeze more than is frozen", "ACCOUNT_STATUS",
     by_authority(freeze(RESERVE, 1), unfreeze(RESERVE, 3))),
    ("close another's account", "NOT_ALLOWED", by_treasury(close_account(CUSTODY_2))),
    ("close an unknown account", "ACCOUNT_UNKNOWN",
     by_treasury(close_account(account(TREASURY, 11)))),
    ("close a closed account", "ACCOUNT_CLOSED", by_custodian(close_account(C_FEE))),
    ("close with pending out", "ACCOUNT_PENDING", by_treasury(close_account(RESERVE))),
    ("close with pending in", "ACCOUNT_PENDING", by_treasury(close_account(T_EXTERNAL))),
    ("close with a balance", "ACCOUNT_BALANCE", by_treasury(close_account(RESERVE_2))),
    ("activate rules 1", "RULES", by_authority(activate_rules(1))),
    ("activate rules 2", "RULES", by_authority(activate_rules(2))),
    ("log key number skipped", "NUMBER", by_authority(add_log_key(4, LOG_KEYS[3]), **by_logs(3))),
    ("log key taken", "KEY_TAKEN", by_authority(add_log_key(3, LOG_KEYS[1]), **by_logs(1))),
    ("retired log key taken", "KEY_TAKEN", by_authority(add_log_key(3, LOG_KEYS[0]), **by_logs(0))),
    ("log key 256", "NUMBER", many_log_keys(256)),
    ("retire an unknown log key", "KEY_UNKNOWN",
     by_authority(retire_log_key(3, LOG_KEYS[3]), **by_logs(3))),
    ("retire another log key", "KEY_UNKNOWN",
     by_authority(retire_log_key(1, LOG_KEYS[2]), **by_logs(2))),
    ("retire a log key again", "KEY_REVOKED",
     by_authority(retire_log_key(0, LOG_KEYS[0]), **by_logs(0))),
    ("retire the last log key", "UNREACHABLE",
     by_authority(RETIRE_1, retire_log_key(2, LOG_KEYS[2]), **by_logs(1, 2))),
    ("last good entry to come", "VALUE", retire_1_as_of(lambda w: so_far(w) + 1, so_far)),
    ("last good root of one less", "NAMED_HASH",
     retire_1_as_of(so_far, lambda w: so_far(w) - 1)),
    ("last good root of none", "NAMED_HASH", retire_1_as_of(1, 0)),
    ("the last log key before its root", "UNREACHABLE", by_authority(
        retire_log_key(2, LOG_KEYS[2]), retire_log_key(1, LOG_KEYS[1], MAX_64, ZERO[1:] + b"\1"),
        **by_logs(2))),
    ("endorse this entry", "NAMED_UNKNOWN", lambda w: sealed(
        AUDITOR, 1, [endorse(len(w.raws), ZERO, ZERO)], sign=[D1])(w)),
    ("endorse another leaf", "NAMED_HASH", lambda w: sealed(
        AUDITOR, 1, [put(endorse_of(w, 3), 16, ZERO)], sign=[D1])(w)),
    ("endorse another envelope", "NAMED_HASH", lambda w: sealed(
        AUDITOR, 1, [put(endorse_of(w, 3), 48, ZERO)], sign=[D1])(w)),
    ("administer threshold above the keys", "UNREACHABLE",
     by_treasury_admin(set_threshold(TREASURY, 2, 2))),
    ("move threshold above the keys", "UNREACHABLE",
     by_treasury_admin(set_threshold(TREASURY, 1, 4))),
    ("last administer key revoked", "UNREACHABLE", by_treasury_admin(revoke_key(TREASURY, 3, TA))),
    ("a needed key revoked", "UNREACHABLE",
     by_treasury_admin(revoke_key(TREASURY, 0, T1), revoke_key(TREASURY, 4, T4))),
    ("no initiate key", "UNREACHABLE",
     by_authority(*NEW_PARTY_WITH_KEYS, possession=[(6, NEW)])),
    ("a custodian's only key revoked", "UNREACHABLE", by_authority(revoke_key(SECOND, 0, S1))),
    ("authority threshold 0", "UNREACHABLE", by_authority(set_threshold(0, 2, 0))),
]


def spread(rows_by_status):
    """The directives' table in the shape of the others."""
    return [(name, status, by_authority(put(record, offset, content)))
            for status, rows in rows_by_status.items() for name, record, offset, content in rows]


# --------------------------------------------------------------------------------------------
# Governance: rules are set, then a movement meets them. A pair of rows stands at each bound.
# --------------------------------------------------------------------------------------------

NEXT = 7  # rules of the ledger that rows start from
OPENED_S = START_S + 1_000  # received when the rule is set, more or less
ALL_C, ALL_T = all_of(CUSTODIAN), all_of(TREASURY)


def at(second, later_ns=0):
    """Fields of an entry that is received so long after OPENED_S."""
    return {"created_s": OPENED_S + second, "expires_s": OPENED_S + second + 600,
            "received_ns": (OPENED_S + second) * NS + later_ns}


def ruled(*records):
    """A step: the authority sets rules, at OPENED_S - 100."""
    return adding(0, 0, list(records), **BY_AUTHORITY, **at(-100))


def withdraw(amount):
    return move(WITHDRAWAL, CUSTODY, EXTERNAL, amount)


def withdrawing(amount, second=0, **fields):
    """A step, or the last of a row's: the custodian lets something out."""
    return adding(CUSTODIAN, 1, [withdraw(amount)], **{**BY_CUSTODIAN, **at(second), **fields})


def custodian(*records, second=0, **fields):
    return by_custodian(*records, **{**at(second), **fields})


def treasury(*records, second=0, **fields):
    return by_treasury(*records, **{**at(second), **fields})


def authority(*records, second=0, **fields):
    return by_authority(*records, **{**at(second), **fields})


def buy(amount):
    return move(PURCHASE, MARKET_, RESERVE, amount)


def sell(amount):
    return move(SALE, RESERVE, MARKET_, amount)


def opening(record, party=CUSTODIAN, second=0, **fields):
    """A step: a pending movement, by which keys one says."""
    by = BY_CUSTODIAN if party == CUSTODIAN else BY_TREASURY
    return adding(party, 1, [record], **{**by, **at(second), **fields})


def last(kind=POST, back=1, second=1, later_ns=0, party=CUSTODIAN, naming=None, **fields):
    """A row's last entry: a record that names the first record of `back` entries ago."""
    def run(writer):
        record = settling(kind, writer.raws[-back].named(), **(naming or {}))
        by = BY_CUSTODIAN if party == CUSTODIAN else BY_TREASURY
        own = {**by, **({"flags": 2, "sign": [C2]} if kind == APPROVAL else {})}
        return sealed(party, 1, [record], **{**own, **at(second, later_ns), **fields})(writer)
    return run


def approving(back=1, second=1, **fields):
    """A step: keys of the custodian approve what was opened `back` entries ago."""
    def run(writer):
        return add(writer, CUSTODIAN, 2, [settling(APPROVAL, writer.raws[-back].named())],
                   **{"flags": 2, "sign": [C2], **at(second), **fields})
    return run


def correcting_last(amount, back=1, second=1, party=CUSTODIAN, **fields):
    def run(writer):
        by = custodian if party == CUSTODIAN else treasury
        return by(correcting(writer.raws[-back].named(), amount), second=second,
                  **fields)(writer)
    return run


def revoking(*records, second=2):
    return adding(0, 0, list(records), **BY_AUTHORITY, **at(second))


OPEN_101 = pending(WITHDRAWAL, CUSTODY, EXTERNAL, 101)
ONE = ruled(set_tier(NEXT, CUSTODIAN, 100, approvals=1))
TWO = ruled(set_tier(NEXT, CUSTODIAN, 100, approvals=2))
SECOND_GROUP = ruled(set_tier(NEXT, CUSTODIAN, 100, groups=(2,)))
WAITING = ruled(set_tier(NEXT, CUSTODIAN, 100, delay_s=60))
STEPPED = ruled(set_tier(NEXT, CUSTODIAN, 100, approvals=1),
                set_tier(NEXT + 1, CUSTODIAN, 200, approvals=2))
BY_ALL = {"sign": [C1, C2, C3]}

TIERS = [
    ("a base unit above a tier", "APPROVALS", after(ONE, custodian(withdraw(101)))),
    ("one approval of two", "APPROVALS", after(TWO, custodian(withdraw(101), sign=[C1, C2]))),
    ("a group missing", "APPROVALS", after(SECOND_GROUP, custodian(withdraw(101),
                                                                   sign=[C1, C2]))),
    ("the tier with the largest bound below", "APPROVALS", after(
        STEPPED, custodian(withdraw(201), sign=[C1, C2]))),
    ("a post without approvals", "APPROVALS", after(ONE, opening(OPEN_101), last())),
    ("a post by one and approved by the same is one", "APPROVALS", after(
        TWO, opening(OPEN_101, sign=[C1, C2]), last(sign=[C1, C2]))),
    ("an approval by a key that is revoked", "APPROVALS", after(
        ONE, opening(OPEN_101, sign=[C1, C2]), revoking(revoke_key(CUSTODIAN, 1, C2)),
        last(back=2, second=3))),
    ("a correct above a tier", "APPROVALS", after(
        opening(move(DEPOSIT, EXTERNAL, CUSTODY, 101), second=-200), ONE,
        correcting_last(101, back=2))),
    ("a move above a tier that waits", "DELAY", after(WAITING, custodian(withdraw(101)))),
    ("a correct above a tier that waits", "DELAY", after(
        opening(move(DEPOSIT, EXTERNAL, CUSTODY, 101), second=-200), WAITING,
        correcting_last(101, back=2))),
    ("a post one ns early", "DELAY", after(
        WAITING, opening(OPEN_101), last(second=60, later_ns=-1))),
    ("approvals before a delay", "APPROVALS", after(
        ruled(set_tier(NEXT, CUSTODIAN, 100, approvals=1, delay_s=60)),
        custodian(withdraw(101)))),
    ("approved twice by one key", "APPROVED", after(
        opening(OPEN_101), approving(), last(APPROVAL, back=2, second=2, sign=[C2, C3]))),
    ("approved by who signed it", "APPROVED", after(
        opening(OPEN_101, sign=[C1, C2]), last(APPROVAL))),
    ("approved twice in an entry", "APPROVED", after(opening(OPEN_101), lambda w: sealed(
        CUSTODIAN, 1, [settling(APPROVAL, w.raws[-1].named())] * 2, flags=2, sign=[C2],
        **at(1))(w))),
    ("approved in lane 0", "LANE", after(opening(OPEN_101), lambda w: sealed(
        TREASURY, 0, [settling(APPROVAL, w.raws[-1].named())], flags=2, sign=[TA], **at(1))(w))),
    ("approved by another party", "NOT_OWNER", after(opening(OPEN_101), last(
        APPROVAL, party=TREASURY, sign=[T3]))),
    ("approved by initiate", "KEY_ROLE", after(opening(OPEN_101), last(APPROVAL, sign=[C1]))),
    ("approved by nobody", "THRESHOLD", after(opening(OPEN_101), last(APPROVAL, sign=[]))),
    ("approve of no record", "NAMED_UNKNOWN", after(opening(OPEN_101), last(
        APPROVAL, naming={"refers_to": MAX_64}))),
    ("approve of another hash", "NAMED_HASH", after(opening(OPEN_101), last(
        APPROVAL, naming={"hash": ZERO}))),
    ("approve of a move", "NAMED_KIND", after(withdrawing(5), last(APPROVAL))),
    ("approve of another amount", "NAMED_DIFFERS", after(opening(OPEN_101), lambda w: sealed(
        CUSTODIAN, 1, [put(settling(APPROVAL, w.raws[-1].named()), 20, b"\1")], flags=2,
        sign=[C2], **at(1))(w))),
    ("approve of what was posted", "SETTLED", after(
        opening(OPEN_101), lambda w: add(w, CUSTODIAN, 1, [settling(POST, w.raws[-1].named())],
                                         **BY_CUSTODIAN, **at(1)),
        last(APPROVAL, back=2, second=2))),
    ("approve of what has timed out", "TIMEOUT", after(
        opening(pending(WITHDRAWAL, CUSTODY, EXTERNAL, 5, timeout_s=OPENED_S + 9)),
        last(APPROVAL, second=9))),
    ("restricted approve of the public sector", "RESTRICTED", lambda w: sealed(
        TREASURY, 1, [in_restricted(settling(APPROVAL, w.open))], flags=3, sign=[T3])(w)),
    ("approve without its flag", "KIND_MIXED", after(opening(OPEN_101), last(APPROVAL, flags=0))),
    ("a move with the flag of approvals", "KIND_MIXED", custodian(withdraw(5), flags=2)),
    ("a directive with the flag of approvals", "KIND_MIXED", authority(PARTY_6, flags=2)),
    ("an approve without refers_to", "VALUE", after(opening(OPEN_101), last(
        APPROVAL, naming={"refers_to": 0}))),
    ("an approve with a timeout", "RESERVED_NOT_ZERO", after(opening(OPEN_101), last(
        APPROVAL, naming={"timeout_s": 9}))),
]
TIERS_INSIDE = [
    ("as much as a tier's bound", after(ONE, custodian(withdraw(100)))),
    ("above a tier with its approval", after(ONE, custodian(withdraw(101), sign=[C1, C2]))),
    ("two approvals in one envelope", after(TWO, custodian(withdraw(101), **BY_ALL))),
    ("a group there", after(SECOND_GROUP, custodian(withdraw(101), sign=[C1, C3]))),
    ("between two tiers", after(STEPPED, custodian(withdraw(200), sign=[C1, C2]))),
    ("above two tiers", after(STEPPED, custodian(withdraw(201), **BY_ALL))),
    ("a pending above a tier", after(TWO, custodian(OPEN_101))),
    ("a post of what two approved", after(
        TWO, opening(OPEN_101, sign=[C1, C2]), approving(sign=[C3]), last(back=2, second=2))),
    ("a post with approvals of its own", after(TWO, opening(OPEN_101), last(**BY_ALL))),
    ("approvals of all three sorts", after(
        ruled(set_tier(NEXT, CUSTODIAN, 100, approvals=2, groups=(1, 2))), opening(OPEN_101),
        approving(), last(back=2, second=2, sign=[C1, C3]))),
    ("a post at its time", after(WAITING, opening(OPEN_101), last(second=60))),
    ("a tier that ended", after(ONE, revoking(end_rule(NEXT), second=-1),
                                custodian(withdraw(101)))),
    ("a tier of another party", after(ruled(set_tier(NEXT, SECOND, 1, approvals=1)),
                                      custodian(withdraw(101)))),
    ("a tier of another asset", after(ruled(set_tier(NEXT, CUSTODIAN, 1, approvals=1, asset=2)),
                                      custodian(withdraw(101)))),
    ("an approve by a party whose threshold is 0", after(
        opening(OPEN_101), revoking(set_threshold(CUSTODIAN, 1, 0)), last(
            APPROVAL, back=2, second=3))),
    ("an approve that nobody asked for", after(opening(OPEN_101), last(APPROVAL))),
    ("vetoed while it waits", after(WAITING, opening(OPEN_101), lambda w: authority(
        settling(VOID, w.raws[-1].named()), second=30)(w))),
]

# A window of 16 s: steps of 1 s, of which the one of the entry and the 16 before it count.
OUT_100 = ruled(outflow(NEXT, CUSTODY, 100, window_s=16))
ALL_OUT_100 = ruled(outflow(NEXT, ALL_C, 100, window_s=16))
HELD_C = REPLAY.state.accounts[CUSTODY].balance()
HOLD_C = ruled(balance_limit(NEXT, CUSTODY, HELD_C + 5))
IN_ALL_C = REPLAY.state.holdings[CUSTODIAN, 1].balance()
HOLD_ALL = ruled(balance_limit(NEXT, ALL_C, IN_ALL_C + 5))
DEPOSIT_IN = move(DEPOSIT, EXTERNAL, CUSTODY, 5)
DEPOSIT_6 = move(DEPOSIT, EXTERNAL, CUSTODY, 6)
INSIDE_5 = move(TRANSFER, CUSTODY, CUSTODY_2, 5)


def counterparties(directions, holder, *others):
    return ruled(*[counterparty(NEXT + n, holder, directions, other)
                   for n, other in enumerate(others)])


LIMITS = [
    ("one more than may leave", "LIMIT_OUTFLOW", after(OUT_100, custodian(withdraw(101)))),
    ("one more in two parts", "LIMIT_OUTFLOW", after(
        OUT_100, withdrawing(60), custodian(withdraw(41), second=1))),
    ("one more in one envelope", "LIMIT_OUTFLOW", after(
        OUT_100, custodian(withdraw(60), withdraw(41)))),
    ("one more 16 steps later", "LIMIT_OUTFLOW", after(
        OUT_100, withdrawing(60), custodian(withdraw(41), second=16))),
    ("out of an account to the party's other", "LIMIT_OUTFLOW", after(
        OUT_100, custodian(move(TRANSFER, CUSTODY, CUSTODY_2, 101)))),
    ("out of a party's two accounts", "LIMIT_OUTFLOW", after(
        ALL_OUT_100, withdrawing(60),
        custodian(move(WITHDRAWAL, CUSTODY_2, EXTERNAL, 41), second=1))),
    ("a post counts when it posts", "LIMIT_OUTFLOW", after(
        OUT_100, opening(OPEN_101), last())),
    ("a correct counts", "LIMIT_OUTFLOW", after(
        opening(move(DEPOSIT, EXTERNAL, CUSTODY, 500), second=-200), OUT_100,
        correcting_last(101, back=2))),
    ("out of a contra account", "LIMIT_OUTFLOW", after(
        ruled(outflow(NEXT, EXTERNAL, 4)), custodian(DEPOSIT_IN))),
    ("nothing may leave", "LIMIT_OUTFLOW", after(
        ruled(outflow(NEXT, CUSTODY, 0)), custodian(withdraw(1)))),
    ("one more than may be held", "LIMIT_BALANCE", after(HOLD_C, custodian(DEPOSIT_6))),
    ("one more than a party may hold", "LIMIT_BALANCE", after(HOLD_ALL, custodian(DEPOSIT_6))),
    ("one more in an account by the party's other", "LIMIT_BALANCE", after(
        HOLD_C, custodian(INSIDE_5, move(TRANSFER, CUSTODY_2, CUSTODY, 11)))),
    ("a correct that brings too much back", "LIMIT_BALANCE", after(
        withdrawing(50, second=-200), ruled(balance_limit(NEXT, CUSTODY, HELD_C - 30)),
        correcting_last(21, back=2))),
    ("an account of its own that is not listed", "LIMIT_COUNTERPARTY", after(
        counterparties(2, CUSTODY, C_FEE, ALL_T), custodian(withdraw(5)))),
    ("from who is not listed", "LIMIT_COUNTERPARTY", after(
        counterparties(1, S_CUSTODY, S_EXTERNAL), custodian(move(TRANSFER, CUSTODY, S_CUSTODY,
                                                                 5)))),
    ("listed for the other direction", "LIMIT_COUNTERPARTY", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE), counterparty(NEXT + 1, CUSTODY, 1, EXTERNAL)),
        custodian(withdraw(5)))),
    ("listed for the party, not for the account", "LIMIT_COUNTERPARTY", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE), counterparty(NEXT + 1, ALL_C, 2, EXTERNAL)),
        custodian(withdraw(5)))),
    ("a pending to who is not listed", "LIMIT_COUNTERPARTY", after(
        counterparties(2, CUSTODY, C_FEE), custodian(OPEN_101))),
    ("a post to who is not listed any more", "LIMIT_COUNTERPARTY", after(
        opening(OPEN_101, second=-200), counterparties(2, CUSTODY, C_FEE), last(back=2))),
    ("a correct to who is not listed", "LIMIT_COUNTERPARTY", after(
        opening(DEPOSIT_IN, second=-200), counterparties(3, ALL_C, ALL_T),
        correcting_last(5, back=2))),
    ("a correct of a purpose that is not allowed", "LIMIT_PURPOSES", after(
        opening(DEPOSIT_IN, second=-200), ruled(purposes_limit(NEXT, CUSTODY, 2, (11,))),
        correcting_last(5, back=2))),
    ("a purpose that is not allowed", "LIMIT_PURPOSES", after(
        ruled(purposes_limit(NEXT, CUSTODY, 2, (12,))), custodian(withdraw(5)))),
    ("a purpose that the party may not", "LIMIT_PURPOSES", after(
        ruled(purposes_limit(NEXT, ALL_C, 1, (12,))), custodian(DEPOSIT_IN))),
    ("a purpose that one of two allows", "LIMIT_PURPOSES", after(
        ruled(purposes_limit(NEXT, CUSTODY, 2, (11,)), purposes_limit(NEXT + 1, ALL_C, 3, (12,))),
        custodian(withdraw(5)))),
    ("out of a frozen party", "PARTY_FROZEN", after(
        ruled(freeze_party(NEXT, CUSTODIAN, 2)), custodian(withdraw(5)))),
    ("into a frozen party", "PARTY_FROZEN", after(
        ruled(freeze_party(NEXT, SECOND, 1)), custodian(move(TRANSFER, CUSTODY, S_CUSTODY, 5)))),
    ("a correct out of a frozen party", "PARTY_FROZEN", after(
        opening(DEPOSIT_IN, second=-200), ruled(freeze_party(NEXT, CUSTODIAN, 2)),
        correcting_last(5, back=2))),
    ("a pending out of a frozen party", "PARTY_FROZEN", after(
        ruled(freeze_party(NEXT, CUSTODIAN, 3)), custodian(OPEN_101))),
    ("freeze before purposes", "PARTY_FROZEN", after(
        ruled(purposes_limit(NEXT, CUSTODY, 2, (12,)), freeze_party(NEXT + 1, CUSTODIAN, 2)),
        custodian(withdraw(5)))),
    ("purposes before counterparties", "LIMIT_PURPOSES", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE), purposes_limit(NEXT + 1, CUSTODY, 2, (12,))),
        custodian(withdraw(5)))),
    ("counterparties before outflow", "LIMIT_COUNTERPARTY", after(
        ruled(outflow(NEXT, CUSTODY, 4), counterparty(NEXT + 1, CUSTODY, 2, C_FEE)),
        custodian(withdraw(5)))),
    ("outflow before balance", "LIMIT_OUTFLOW", after(
        ruled(balance_limit(NEXT, CUSTODY_2, 0), outflow(NEXT + 1, CUSTODY, 4)),
        custodian(INSIDE_5))),
    ("balance before tier", "LIMIT_BALANCE", after(
        ruled(set_tier(NEXT, CUSTODIAN, 4, approvals=1), balance_limit(NEXT + 1, CUSTODY_2, 0)),
        custodian(INSIDE_5))),
    ("tier before programme", "APPROVALS", after(
        ruled(programme(1, NEXT, DAY, DAY, purposes=(PURCHASE,)),
              set_tier(NEXT + 1, TREASURY, 4, approvals=2)), treasury(buy(5)))),
    ("balance before freeze of a party", "BALANCE", after(
        ruled(freeze_party(NEXT, CUSTODIAN, 2)), custodian(withdraw(IN_CUSTODY + 1)))),
]
LIMITS_INSIDE = [
    ("all that may leave", after(OUT_100, custodian(withdraw(100)))),
    ("all in two parts", after(OUT_100, withdrawing(60), custodian(withdraw(40), second=1))),
    ("more 17 steps later", after(OUT_100, withdrawing(60), custodian(withdraw(41), second=17))),
    ("all at once after a long silence", after(
        OUT_100, withdrawing(100), custodian(withdraw(100), second=5_000))),
    ("within a party nothing leaves", after(ALL_OUT_100, custodian(
        move(TRANSFER, CUSTODY, CUSTODY_2, 101)))),
    ("a pending does not count", after(OUT_100, opening(OPEN_101), custodian(
        withdraw(100), second=1))),
    ("of another asset", after(ruled(outflow(NEXT, ALL_C, 0)), custodian(
        move(WITHDRAWAL, C_OTHER, C_OTHER_EXTERNAL, 5)))),
    ("what left before the limit", after(
        withdrawing(60, second=-101), ruled(outflow(NEXT, CUSTODY, 100, window_s=31_622_400)),
        custodian(withdraw(100)))),
    ("a limit that ended", after(OUT_100, revoking(end_rule(NEXT), second=-1),
                                 custodian(withdraw(101)))),
    ("all that may be held", after(HOLD_C, custodian(DEPOSIT_IN))),
    ("all that a party may hold", after(HOLD_ALL, custodian(DEPOSIT_IN))),
    ("within a party nothing enters", after(
        ruled(balance_limit(NEXT, ALL_C, 0)), custodian(INSIDE_5))),
    ("listed", after(counterparties(2, CUSTODY, C_FEE, EXTERNAL), custodian(withdraw(5)))),
    ("all of its party is listed", after(
        counterparties(2, CUSTODY, C_FEE, ALL_C), custodian(withdraw(5)))),
    ("the other direction is free", after(
        counterparties(2, CUSTODY, C_FEE), custodian(DEPOSIT_IN))),
    ("within a party no list is asked", after(
        counterparties(3, ALL_C, ALL_T), custodian(INSIDE_5))),
    ("a purpose that is allowed", after(
        ruled(purposes_limit(NEXT, CUSTODY, 2, (11,))), custodian(withdraw(5)))),
    ("a purpose in the other direction", after(
        ruled(purposes_limit(NEXT, CUSTODY, 1, (12,))), custodian(withdraw(5)))),
    ("a frozen party's own accounts", after(
        ruled(freeze_party(NEXT, CUSTODIAN, 3)), custodian(INSIDE_5))),
    ("frozen the other way", after(
        ruled(freeze_party(NEXT, CUSTODIAN, 1)), custodian(withdraw(5)))),
]

IN_RESERVES = REPLAY.state.assets[1].reserve()


def planned(kind, starts=DAY, ends=DAY, **fields):
    return ruled(programme(kind, NEXT, starts, ends, **fields))


def ceiling(amount, purposes=(PURCHASE,), **fields):
    return planned(1, purposes=purposes, amount=amount, **fields)


def mandate(amount, amount_day, ends=DAY + 9):
    return planned(2, purposes=(PURCHASE, SALE), amount=amount, amount_day=amount_day, ends=ends)


def buying(amount, second=0):
    return adding(TREASURY, 1, [buy(amount)], **BY_TREASURY, **at(second))


def selling(amount, second=0):
    return adding(TREASURY, 1, [sell(amount)], **BY_TREASURY, **at(second))


TO_MIDNIGHT_S = (DAY + 1) * 86_400 - OPENED_S
MINIMUM = planned(4, amount=IN_RESERVES - 100)

PROGRAMMES = [
    ("a purchase above a ceiling", "PROGRAMME", after(ceiling(100), treasury(buy(101)))),
    ("above a ceiling in two parts", "PROGRAMME", after(
        ceiling(100), buying(60), treasury(buy(41), second=1))),
    ("above a ceiling in one envelope", "PROGRAMME", after(
        ceiling(100), treasury(buy(60), buy(41)))),
    ("a post above a ceiling", "PROGRAMME", after(
        ceiling(100), opening(pending(PURCHASE, MARKET_, RESERVE, 101), TREASURY),
        last(party=TREASURY))),
    ("a correct of a sale above a ceiling", "PROGRAMME", after(
        ceiling(0, (PURCHASE, SALE)), selling(50), buying(50, second=1),
        correcting_last(1, back=2, second=2, party=TREASURY))),
    ("at the end of the last day", "PROGRAMME", after(
        ceiling(0), treasury(buy(1), **at(TO_MIDNIGHT_S, -1)))),
    ("on the first day", "PROGRAMME", after(
        ceiling(0, starts=DAY + 1, ends=DAY + 2), treasury(buy(1), second=TO_MIDNIGHT_S))),
    ("above a mandate", "PROGRAMME", after(mandate(100, 0), treasury(buy(101)))),
    ("above a mandate's day", "PROGRAMME", after(
        mandate(500, 100), buying(60), treasury(buy(41), second=1))),
    ("a sale gives a mandate's day nothing back", "PROGRAMME", after(
        mandate(500, 100), buying(100), selling(50, second=1), treasury(buy(1), second=2))),
    ("above a mandate on two days", "PROGRAMME", after(
        mandate(150, 100), buying(100), treasury(buy(51), second=TO_MIDNIGHT_S))),
    ("below a minimum", "PROGRAMME", after(MINIMUM, treasury(sell(101)))),
    ("below a minimum by a correct", "PROGRAMME", after(
        buying(200, second=-200), planned(4, amount=IN_RESERVES + 200),
        correcting_last(1, back=2, party=TREASURY))),
]
PROGRAMMES_INSIDE = [
    ("a purchase up to a ceiling", after(ceiling(100), treasury(buy(100)))),
    ("a purpose that a ceiling does not count", after(
        ceiling(0), treasury(move(MINING, T_MINING, RESERVE, 5)))),
    ("a sale makes room", after(
        ceiling(100, (PURCHASE, SALE)), buying(100), selling(50, second=1),
        treasury(buy(50), second=2))),
    ("a correct makes room", after(
        ceiling(100), buying(100), lambda w: add(w, TREASURY, 1, [
            correcting(w.raws[-1].named(), 40)], **BY_TREASURY, **at(1)),
        treasury(buy(40), second=2))),
    ("a correct of before makes no room and asks for none", after(
        buying(100, second=-200), ceiling(0), correcting_last(100, back=2, party=TREASURY))),
    ("above a ceiling that reports", after(ceiling(100, mode=2), treasury(buy(101)))),
    ("before the first day", after(ceiling(0, starts=DAY + 1, ends=DAY + 2), treasury(
        buy(1), **at(TO_MIDNIGHT_S, -1)))),
    ("after the last day", after(ceiling(0), treasury(buy(1), second=TO_MIDNIGHT_S))),
    ("a programme that ended", after(ceiling(0), revoking(end_rule(NEXT), second=-1),
                                     treasury(buy(1)))),
    ("a programme of another asset", after(ceiling(0, asset=2), treasury(buy(1)))),
    ("a correct of a sale on a mandate's full day", after(
        mandate(500, 100), selling(50), buying(100, second=1),
        correcting_last(50, back=2, second=2, party=TREASURY))),
    ("all of a mandate's day", after(mandate(500, 100), treasury(buy(100)))),
    ("another day of a mandate", after(
        mandate(200, 100), buying(100), treasury(buy(100), second=TO_MIDNIGHT_S))),
    ("a correct gives a mandate's day back", after(
        mandate(500, 100), buying(100), lambda w: add(w, TREASURY, 1, [
            correcting(w.raws[-1].named(), 40)], **BY_TREASURY, **at(1)),
        treasury(buy(40), second=2))),
    ("an allocation never breaks", after(
        planned(3, mode=2, purposes=(MINING,), power_mw=1),
        treasury(move(MINING, T_MINING, RESERVE, 10**9)))),
    ("down to a minimum", after(MINIMUM, treasury(sell(100)))),
    ("below a minimum that reports", after(
        planned(4, amount=IN_RESERVES, mode=2), treasury(sell(100)))),
    ("within the reserve", after(planned(4, amount=IN_RESERVES + 1), treasury(GOOD_MOVE))),
    ("more, and still below a minimum", after(
        planned(4, amount=IN_RESERVES + 100), treasury(buy(1)))),
]

RECOVERED_S = 604_800
CLOSE_AUDITOR = ruled(close_party(AUDITOR))
RECOVER = ruled(recover_party(TREASURY))
LAST_S = (2**64 - 1) // NS - OPENED_S  # the last second of 64 bits of nanoseconds
NEW_ADMIN = Secret("treasury admin 2", ECDSA, ADMINISTER)
NEW_KEYS = {"possession": [(TREASURY, NEW_ADMIN)]}
ADD_ADMIN = add_key(TREASURY, 5, NEW_ADMIN)
ADD_A5 = add_key(0, 4, NEW, ADMINISTER)
A5 = {"possession": [(0, NEW)]}
RECOVERED = adding(0, 0, [ADD_ADMIN, set_threshold(TREASURY, 2, 1)],
                   **{**BY_AUTHORITY, **NEW_KEYS, **at(RECOVERED_S - 100)})

ONE_ACCOUNT = after(
    adding(0, 0, [register_party(6, 3, b"Former"), add_key(6, 0, NEW), set_threshold(6, 1, 1)],
           possession=[(6, NEW)], **BY_AUTHORITY, **at(-101)),
    adding(6, 1, [open_account(6, 0, 2)], sign=[NEW], **at(-100)))

PARTIES = (
    only_authority("rename_party", RENAME_1) + only_authority("close_party", close_party(AUDITOR))
    + only_authority("recover_party", RECOVER_1) + only_authority("end_rule", end_rule(0))
    + only_authority("set_tier", TIER_1) + only_authority("set_limit", OUT_1)
    + only_authority("programme", CEILING_1)
) + [
    ("rename an unknown party", "PARTY_UNKNOWN", by_authority(rename_party(6, b"Office"))),
    ("rename to a name that is taken", "NAME_TAKEN",
     by_authority(rename_party(TREASURY, b"Custodian"))),
    ("rename to its own name", "NAME_TAKEN", by_authority(rename_party(TREASURY, b"Treasury"))),
    ("rename a closed party", "PARTY_STATUS", after(
        CLOSE_AUDITOR, authority(rename_party(AUDITOR, b"Gone")))),
    ("a closed party's name", "NAME_TAKEN", after(
        CLOSE_AUDITOR, authority(register_party(6, 5, b"Auditor")))),
    ("close the authority", "NOT_ALLOWED", by_authority(close_party(0))),
    ("close an unknown party", "PARTY_UNKNOWN", by_authority(close_party(6))),
    ("close a party with accounts", "ACCOUNTS_OPEN", by_authority(close_party(SECOND))),
    ("close twice", "PARTY_STATUS", by_authority(close_party(AUDITOR), close_party(AUDITOR))),
    ("suspend a closed party", "PARTY_STATUS", after(CLOSE_AUDITOR, authority(suspend(AUDITOR)))),
    ("reinstate a closed party", "PARTY_STATUS", after(
        CLOSE_AUDITOR, authority(reinstate(AUDITOR)))),
    ("by a closed party", "PARTY_CLOSED", after(CLOSE_AUDITOR, lambda w: sealed(
        AUDITOR, 1, [endorse_of(w, 3)], sign=[D1], **at(0))(w))),
    ("countersigned by a closed party", "PARTY_CLOSED", after(CLOSE_AUDITOR, custodian(
        DEPOSIT_IN, countersign=[(AUDITOR, D1)]))),
    ("a key for a closed party", "PARTY_STATUS", after(CLOSE_AUDITOR, authority(
        add_key(AUDITOR, 1, NEW), possession=[(AUDITOR, NEW)]))),
    ("a tier for a closed party", "PARTY_STATUS", after(
        CLOSE_AUDITOR, authority(set_tier(NEXT, AUDITOR, 1, approvals=1)))),
    ("a limit for a closed party", "PARTY_STATUS", after(
        CLOSE_AUDITOR, authority(freeze_party(NEXT, AUDITOR, 1)))),
    ("a limit for a closed party before its number", "PARTY_STATUS", after(
        CLOSE_AUDITOR, authority(outflow(NEXT + 1, all_of(AUDITOR), 5)))),
    ("close a party before it closed its account", "ACCOUNTS_OPEN", after(
        ONE_ACCOUNT, authority(close_party(6)))),
    ("closed before a recovery that is not due", "PARTY_STATUS", after(
        adding(0, 0, [add_key(AUDITOR, 1, NEW, ADMINISTER), set_threshold(AUDITOR, 2, 1),
                      recover_party(AUDITOR), close_party(AUDITOR)],
               possession=[(AUDITOR, NEW)], **BY_AUTHORITY, **at(-100)),
        authority(set_threshold(AUDITOR, 1, 1)))),
    ("recover the authority", "NOT_ALLOWED", by_authority(recover_party(0))),
    ("recover an unknown party", "PARTY_UNKNOWN", by_authority(recover_party(6))),
    ("recover who never had administer keys", "RECOVERY", by_authority(recover_party(CUSTODIAN))),
    ("an objection and more while suspended", "PARTY_SUSPENDED", after(
        RECOVER, revoking(suspend(TREASURY), second=0), by_treasury_admin(
            object_recovery(TREASURY), set_threshold(TREASURY, 1, 1), **at(1)))),
    ("another's objection while suspended", "PARTY_SUSPENDED", after(
        RECOVER, revoking(suspend(TREASURY), second=0),
        by_treasury_admin(object_recovery(CUSTODIAN), **at(1)))),
    ("a suspended party objects to nothing", "RECOVERY", after(
        adding(0, 0, [add_key(AUDITOR, 1, NEW, ADMINISTER), set_threshold(AUDITOR, 2, 1),
                      suspend(AUDITOR)], possession=[(AUDITOR, NEW)], **BY_AUTHORITY, **at(-100)),
        sealed(AUDITOR, 0, [object_recovery(AUDITOR)], sign=[NEW], **at(0)))),
    ("restricted before keys", "RESTRICTED", by_treasury(
        put(GOOD_MOVE, 96, blind(1)), flags=1, sign=[T2])),
    ("recover twice", "RECOVERY", after(RECOVER, authority(recover_party(TREASURY)))),
    # Its time is after 2554, when 64 bits of nanoseconds are over: no entry is of that time.
    ("recovered at the end of time", "RECOVERY", after(
        adding(0, 0, [recover_party(TREASURY)], **BY_AUTHORITY, **at(LAST_S - 1)),
        authority(ADD_ADMIN, **NEW_KEYS, **at(LAST_S)))),
    ("object to nothing", "RECOVERY", by_authority(object_recovery(TREASURY))),
    ("object by another", "NOT_ALLOWED", after(RECOVER, sealed(
        0, 5, [object_recovery(TREASURY)], sign=[A4], **at(0)))),
    ("object in lane 1", "NOT_ALLOWED", after(RECOVER, treasury(object_recovery(TREASURY)))),
    ("keys one ns before the time", "RECOVERY", after(
        RECOVER, authority(ADD_ADMIN, **NEW_KEYS, **at(RECOVERED_S - 100, -1)))),
    ("a threshold one ns before the time", "RECOVERY", after(
        RECOVER, authority(set_threshold(TREASURY, 1, 1), **at(RECOVERED_S - 100, -1)))),
    ("keys after an objection", "NOT_ALLOWED", after(
        RECOVER, revoking(object_recovery(TREASURY)),
        authority(ADD_ADMIN, **NEW_KEYS, second=RECOVERED_S))),
    ("keys after the recovery", "NOT_ALLOWED", after(
        RECOVER, RECOVERED, authority(add_key(TREASURY, 6, NEW), second=RECOVERED_S,
                                      possession=[(TREASURY, NEW)]))),
    ("a quorum that did not sign", "NEW_QUORUM", by_authority(set_threshold(0, 2, 3))),
    ("a signer revoked", "NEW_QUORUM", by_authority(revoke_key(0, 1, A2), sign=[A1, A2])),
    ("a signer revoked and a key added", "NEW_QUORUM", by_authority(
        revoke_key(0, 0, A1), revoke_key(0, 1, A2), ADD_A5, **A5)),
    ("reachable before the new quorum", "UNREACHABLE", by_authority(set_threshold(0, 2, 4))),
]
PARTIES_INSIDE = [
    ("a party renamed", by_authority(rename_party(TREASURY, b"Office"))),
    ("a name that is free again", by_authority(
        rename_party(TREASURY, b"Office"), register_party(6, 2, b"Treasury"))),
    ("a party closed", by_authority(close_party(AUDITOR))),
    ("a limit for an account of a closed party", after(
        ONE_ACCOUNT, adding(6, 1, [close_account(account(6, 0))], sign=[NEW], **at(-99)),
        adding(0, 0, [close_party(6)], **BY_AUTHORITY, **at(-98)),
        authority(outflow(NEXT, account(6, 0), 5)))),
    ("an objection while suspended", after(
        RECOVER, revoking(suspend(TREASURY), second=0),
        by_treasury_admin(object_recovery(TREASURY), **at(1)))),
    ("a suspended party closed", by_authority(suspend(AUDITOR), close_party(AUDITOR))),
    ("shortest and longest recovery", by_authority(
        recover_party(TREASURY), object_recovery(TREASURY), recover_party(TREASURY, 31_622_400))),
    ("objection by itself", after(RECOVER, by_treasury_admin(
        object_recovery(TREASURY), **at(0)))),
    ("keys at the time", after(RECOVER, authority(
        ADD_ADMIN, set_threshold(TREASURY, 2, 2), **NEW_KEYS, second=RECOVERED_S - 100))),
    ("a party administers itself while it is recovered", after(RECOVER, by_treasury_admin(
        set_threshold(TREASURY, 1, 1), **at(0)))),
    ("by the recovered", after(RECOVER, RECOVERED, by_treasury_admin(
        set_threshold(TREASURY, 1, 1), sign=[NEW_ADMIN], **at(RECOVERED_S)))),
    ("recovered again", after(RECOVER, RECOVERED, authority(
        recover_party(TREASURY), second=RECOVERED_S))),
    ("the authority revokes who did not sign", by_authority(revoke_key(0, 2, A3))),
    ("the authority rotates", by_authority(revoke_key(0, 1, A2), ADD_A5, **A5)),
    ("the authority raises its threshold", by_authority(
        set_threshold(0, 2, 3), sign=[A1, A2, A3])),
]

SECOND_ADMINISTERS = adding(
    0, 0, [add_key(SECOND, 1, NEW, ADMINISTER), set_threshold(SECOND, 2, 1)],
    possession=[(SECOND, NEW)], **BY_AUTHORITY)
SETTING = [
    ("tier number skipped", "NUMBER", by_authority(set_tier(NEXT + 1, 1, 100, approvals=1))),
    ("tier number taken", "NUMBER", by_authority(set_tier(NEXT - 1, 1, 100, approvals=1))),
    ("tier of an unknown party", "PARTY_UNKNOWN", by_authority(
        set_tier(NEXT, 6, 100, approvals=1))),
    ("tier of an unknown asset", "ASSET_UNKNOWN", by_authority(
        set_tier(NEXT, 1, 100, approvals=1, asset=3))),
    ("a tier like one in force", "RULE_STATUS", by_authority(
        set_tier(NEXT, SECOND, 2**53, delay_s=1))),
    ("a tier twice in an envelope", "RULE_STATUS", by_authority(
        TIER_1, set_tier(NEXT + 1, 1, 100, delay_s=1))),
    ("limit number skipped", "NUMBER", by_authority(outflow(NEXT + 1, RESERVE, 5))),
    ("limit of an unknown account", "ACCOUNT_UNKNOWN", by_authority(outflow(NEXT, 9, 5))),
    ("limit of an unknown party", "PARTY_UNKNOWN", by_authority(outflow(NEXT, all_of(6), 5))),
    ("limit of an unknown asset", "ASSET_UNKNOWN", by_authority(
        outflow(NEXT, RESERVE, 5, asset=3))),
    ("limit of another asset", "ASSET_MIXED", by_authority(
        outflow(NEXT, RESERVE, 5, asset=2))),
    ("balance limit of another asset", "ASSET_MIXED", by_authority(
        balance_limit(NEXT, MARKET_, 5, asset=2))),
    ("balance limit of a contra account", "CLASS", by_authority(
        balance_limit(NEXT, MARKET_, 5))),
    ("an unknown account as counterparty", "ACCOUNT_UNKNOWN", by_authority(
        counterparty(NEXT, RESERVE, 1, 9))),
    ("an unknown party as counterparty", "PARTY_UNKNOWN", by_authority(
        counterparty(NEXT, RESERVE, 1, all_of(6)))),
    ("programme number skipped", "NUMBER", by_authority(
        programme(1, NEXT + 1, DAY, DAY, purposes=(1,)))),
    ("programme of an unknown asset", "ASSET_UNKNOWN", by_authority(
        programme(1, NEXT, DAY, DAY, purposes=(1,), asset=3))),
    ("programme that began yesterday", "VALUE", by_authority(
        programme(1, NEXT, DAY - 1, DAY, purposes=(1,)))),
    ("a second minimum", "RULE_STATUS", by_authority(
        MINIMUM_1, programme(4, NEXT + 1, DAY + 9, DAY + 9, amount=9))),
    ("end a rule that is not there", "RULE_UNKNOWN", by_authority(end_rule(NEXT))),
    ("end a rule twice", "RULE_STATUS", by_authority(end_rule(3))),
    ("a statement in lane 1", "NOT_ALLOWED", by_treasury(STATED)),
    ("a statement by a custodian", "NOT_ALLOWED", after(
        SECOND_ADMINISTERS, sealed(SECOND, 0, [STATED], sign=[NEW]))),
    ("attested by another", "NOT_ALLOWED", by_authority(
        statement(9, DAY - 2, DAY - 1, party=TREASURY))),
    ("attested for a party that is not there", "NOT_ALLOWED", by_authority(
        statement(9, DAY - 2, DAY - 1, party=6))),
    ("reinstate the authority", "NOT_ALLOWED", by_authority(reinstate(0))),
    ("customers of a party that is not there", "PARTY_UNKNOWN", by_authority(
        statement(5, DAY - 2, DAY - 1, party=6))),
    ("a statement of an unknown asset", "ASSET_UNKNOWN", by_authority(
        statement(1, DAY - 2, DAY - 1, asset=3))),
    ("counted by a rule that is not there", "RULE_UNKNOWN", by_authority(
        statement(6, DAY - 2, DAY - 1, rule=NEXT))),
    ("counted by a tier", "RULE_UNKNOWN", by_authority(statement(6, DAY - 2, DAY - 1, rule=0))),
    ("breaches of a programme of another asset", "RULE_UNKNOWN", by_authority(
        statement(8, DAY - 2, DAY - 1, rule=6, asset=2))),
    ("a statement as of today", "VALUE", by_authority(statement(1, DAY - 2, DAY))),
]
SETTING_INSIDE = [
    ("a tier like one that ended", by_authority(
        end_rule(0), set_tier(NEXT, SECOND, 2**53, delay_s=1))),
    ("a rule set and ended in one envelope", by_authority(TIER_1, end_rule(NEXT))),
    ("tiers that differ", by_authority(TIER_1, set_tier(NEXT + 1, 1, 101, delay_s=1),
                                       set_tier(NEXT + 2, 1, 100, delay_s=1, asset=2))),
    ("limits of every type", by_authority(
        OUT_1, balance_limit(NEXT + 1, ALL_T, 5), counterparty(NEXT + 2, ALL_T, 3, RESERVE),
        purposes_limit(NEXT + 3, RESERVE, 3, (1, 12)), freeze_party(NEXT + 4, 1, 3),
        outflow(NEXT + 5, MARKET_, 2**63 - 1, window_s=31_622_400))),
    ("programmes of every type", by_authority(
        CEILING_1, programme(2, NEXT + 1, DAY, DAY, purposes=(12,), amount=1),
        programme(3, NEXT + 2, DAY, MAX_32, mode=2, purposes=(2,), power_mw=1),
        programme(4, NEXT + 3, DAY, DAY, amount=1, mode=2))),
    ("a minimum after one that ended", by_authority(
        MINIMUM_1, end_rule(NEXT), programme(4, NEXT + 1, DAY, DAY, amount=9))),
    ("figures of every sort", by_authority(
        STATED, statement(2, 1, DAY - 1, -2**127), STATED_IN,
        statement(4, DAY - 1, DAY - 1, 2**127 - 1, purpose=13, document=sha256(b"report")),
        statement(5, DAY - 2, DAY - 1, party=CUSTODIAN), statement(6, DAY - 2, DAY - 1, rule=6),
        statement(7, DAY - 2, DAY - 1, rule=6), statement(8, DAY - 2, DAY - 1, rule=6),
        statement(9, DAY - 2, DAY - 1, party=0), statement(10, DAY - 2, DAY - 1, asset=2))),
    ("customers of a party that is closed", after(CLOSE_AUDITOR, authority(
        statement(5, DAY - 2, DAY - 1, party=AUDITOR)))),
    ("a statement by the treasury", by_treasury_admin(STATED)),
    ("attested by a custodian", after(SECOND_ADMINISTERS, sealed(
        SECOND, 0, [statement(9, DAY - 2, DAY - 1, party=SECOND)], sign=[NEW]))),
]

# Notice: what was set at OPENED_S - 100 is ended at OPENED_S, and then runs so many days.
DAY_S = 86_400
BY_NAMED = {"countersign": [(SECOND, S1)]}


def ending(**fields):
    return adding(0, 0, [end_rule(NEXT)], **{**BY_AUTHORITY, **at(0), **fields})


NOTHING_OUT = ruled(outflow(NEXT, CUSTODY, 0, notice=1))
NAMED_OUT = after(SECOND_ADMINISTERS, ruled(outflow(NEXT, CUSTODY, 0, notice=366, named=SECOND)))
MINIMUM_NOTICE = planned(4, amount=1, ends=DAY + 400, notice=1)
FEES_ONLY = ruled(counterparty(NEXT, CUSTODY, 2, C_FEE, notice=5))
FEES_ENDED = after(FEES_ONLY, ending())
WITH_EXTERNAL = after(FEES_ONLY, adding(0, 0, [
    counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL, wait=5, notice=9)], **BY_AUTHORITY, **at(0)))
LENDER = after(SECOND_ADMINISTERS, ruled(outflow(NEXT, ALL_C, 10**9, notice=8, named=SECOND)))
CLOSED_NAMED = adding(
    0, 0, [add_key(AUDITOR, 1, NEW, ADMINISTER), set_threshold(AUDITOR, 2, 1),
           close_party(AUDITOR)], possession=[(AUDITOR, NEW)], **BY_AUTHORITY, **at(-100))

# Every sort of rule: (name, status, rule with a day of notice, what it bars).
RUNNING_OUT = [
    ("tier", "APPROVALS", set_tier(NEXT, CUSTODIAN, 0, approvals=1, notice=1), withdraw(1)),
    ("tier that waits", "DELAY", set_tier(NEXT, CUSTODIAN, 0, delay_s=1, notice=1), withdraw(1)),
    ("outflow", "LIMIT_OUTFLOW", outflow(NEXT, ALL_C, 0, notice=1), withdraw(1)),
    ("balance", "LIMIT_BALANCE", balance_limit(NEXT, CUSTODY, 0, notice=1), DEPOSIT_IN),
    ("counterparty", "LIMIT_COUNTERPARTY", counterparty(NEXT, CUSTODY, 2, C_FEE, notice=1),
     withdraw(1)),
    ("purposes", "LIMIT_PURPOSES", purposes_limit(NEXT, CUSTODY, 2, (12,), notice=1), withdraw(1)),
    ("freeze", "PARTY_FROZEN", freeze_party(NEXT, CUSTODIAN, 2, notice=1), withdraw(1)),
    ("ceiling", "PROGRAMME", programme(1, NEXT, DAY, DAY + 9, purposes=(4,), notice=1),
     move(DONATION, CUSTODY, RESERVE, 1)),
]
CEILING_HELD = {"countersign": [(TREASURY, T1), (TREASURY, T3)]}


def barred(record, second, later_ns=0):
    fields = CEILING_HELD if record[2] == DONATION else {}
    return custodian(record, **{**at(second, later_ns), **fields})


def naming_rules(name, number=NEXT):
    """A rule of each kind that names a party."""
    return [("tier", set_tier(number, CUSTODIAN, 7, approvals=1, named=name)),
            ("limit", outflow(number, CUSTODY, 5, named=name)),
            ("programme", programme(1, number, DAY, DAY, purposes=(1,), named=name))]


NOTICE = [
    ("%s a ns before its notice is over" % name, status, after(
        ruled(rule), ending(), barred(record, DAY_S, -1)))
    for name, status, rule, record in RUNNING_OUT
] + [
    ("a %s that names the public sector" % name, "NAMED_PARTY", by_authority(rule))
    for name, rule in naming_rules(TREASURY)
] + [
    ("a %s that names who has no administer threshold" % name, "NAMED_PARTY", by_authority(rule))
    for name, rule in naming_rules(CUSTODIAN)
] + [
    ("a %s that names who is closed" % name, "NAMED_PARTY", after(CLOSED_NAMED, authority(rule)))
    for name, rule in naming_rules(AUDITOR)
] + [
    ("a %s that names nobody known" % name, "PARTY_UNKNOWN", by_authority(rule))
    for name, rule in naming_rules(6)
] + [
    ("a %s: its number before whom it names" % name, "NUMBER", by_authority(rule))
    for name, rule in naming_rules(TREASURY, NEXT + 1)
] + [
    ("whom a tier names before its asset", "NAMED_PARTY", by_authority(
        set_tier(NEXT, CUSTODIAN, 7, approvals=1, asset=3, named=TREASURY))),
    ("whom a limit names before its asset", "NAMED_PARTY", by_authority(
        outflow(NEXT, CUSTODY, 5, asset=3, named=TREASURY))),
    ("whom a programme names before its days", "NAMED_PARTY", by_authority(
        programme(1, NEXT, DAY - 1, DAY, purposes=(1,), asset=3, named=TREASURY))),
    ("a year's notice, one ns before", "LIMIT_OUTFLOW", after(
        ruled(outflow(NEXT, CUSTODY, 0, notice=366)), ending(),
        custodian(withdraw(1), **at(366 * DAY_S, -1)))),
    ("a notice beyond the end of time", "LIMIT_OUTFLOW", after(
        ruled(outflow(NEXT, CUSTODY, 0, notice=366)), ending(**at(LAST_S - 1)),
        custodian(withdraw(1), **at(LAST_S)))),
    ("ended without whom it names", "LIMIT_OUTFLOW", after(
        NAMED_OUT, ending(), custodian(withdraw(1), second=1))),
    ("ended with another than it names", "LIMIT_OUTFLOW", after(
        NAMED_OUT, ending(countersign=[(CUSTODIAN, C1)]), custodian(withdraw(1), second=1))),
    ("ended with a party where it names none", "LIMIT_OUTFLOW", after(
        NOTHING_OUT, ending(**BY_NAMED), custodian(withdraw(1), second=1))),
    ("ended twice while its notice runs", "RULE_STATUS", after(
        NOTHING_OUT, ending(), authority(end_rule(NEXT), second=1))),
    ("agreed to when its notice runs", "RULE_STATUS", after(
        NAMED_OUT, ending(), authority(end_rule(NEXT), second=1, **BY_NAMED))),
    ("ended when its notice was over", "RULE_STATUS", after(
        NOTHING_OUT, ending(), authority(end_rule(NEXT), second=DAY_S))),
    ("a weak tier beside one whose notice runs", "APPROVALS", after(
        ruled(set_tier(NEXT, CUSTODIAN, 0, approvals=2, notice=1)),
        adding(0, 0, [end_rule(NEXT), set_tier(NEXT + 1, CUSTODIAN, 0, approvals=1)],
               **BY_AUTHORITY, **at(0)),
        custodian(withdraw(1), second=1, sign=[C1, C2]))),
    ("a tier like the second beside one whose notice runs", "RULE_STATUS", after(
        ruled(set_tier(NEXT, CUSTODIAN, 0, approvals=2, notice=1)),
        authority(end_rule(NEXT), set_tier(NEXT + 1, CUSTODIAN, 0, approvals=1),
                  set_tier(NEXT + 2, CUSTODIAN, 0, approvals=1)))),
    ("a minimum a ns before another's notice is over", "RULE_STATUS", after(
        MINIMUM_NOTICE, ending(),
        authority(programme(4, NEXT + 1, DAY + 9, DAY + 9, amount=2), **at(DAY_S, -1)))),
    ("a minimum in the envelope that ends another with notice", "RULE_STATUS", after(
        MINIMUM_NOTICE, authority(
            end_rule(NEXT), programme(4, NEXT + 1, DAY + 9, DAY + 9, amount=2)))),
    ("a list that grows a day too soon", "VALUE", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL, wait=4)))),
    ("a list that grows at once", "VALUE", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL)))),
    ("a list that grows in both directions", "VALUE", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 3, EXTERNAL, wait=4)))),
    ("a list that grows in the envelope that set it", "VALUE", authority(
        counterparty(NEXT, CUSTODY, 2, C_FEE, notice=5),
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL, wait=4))),
    ("a list that grows while its notice runs", "VALUE", after(FEES_ENDED, authority(
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL, wait=4), **at(5 * DAY_S, -1)))),
    ("a list that grows by its longest notice", "VALUE", after(WITH_EXTERNAL, authority(
        counterparty(NEXT + 2, CUSTODY, 2, T_EXTERNAL, wait=8), **at(5 * DAY_S)))),
    ("the other side before the wait", "ACCOUNT_UNKNOWN", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 2, 9, wait=4)))),
    ("a list a ns before it grows", "LIMIT_COUNTERPARTY", after(
        WITH_EXTERNAL, custodian(withdraw(1), **at(5 * DAY_S, -1)))),
    ("a first list once its wait is over", "LIMIT_COUNTERPARTY", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE, wait=1)),
        custodian(withdraw(1), **at(DAY_S - 100)))),
    ("a recovery sooner than a notice", "VALUE", after(LENDER, authority(recover_party(SECOND)))),
    ("a recovery a second sooner than a notice", "VALUE", after(
        LENDER, authority(recover_party(SECOND, 8 * DAY_S - 1)))),
    ("a recovery sooner than a notice that runs", "VALUE", after(
        LENDER, ending(), authority(recover_party(SECOND), **at(8 * DAY_S, -1)))),
    ("a second recovery sooner than a notice", "RECOVERY", after(
        LENDER, authority(recover_party(SECOND, 8 * DAY_S), recover_party(SECOND)))),
]
NOTICE_INSIDE = [
    ("%s when its notice is over" % name, after(ruled(rule), ending(), barred(record, DAY_S)))
    for name, _status, rule, record in RUNNING_OUT
] + [
    ("a %s that names a party" % name, after(SECOND_ADMINISTERS, authority(rule)))
    for name, rule in naming_rules(SECOND)
] + [
    ("a year's notice is over", after(
        ruled(outflow(NEXT, CUSTODY, 0, notice=366)), ending(),
        custodian(withdraw(1), second=366 * DAY_S))),
    ("longest notices and wait", authority(
        set_tier(NEXT, CUSTODIAN, 7, approvals=1, notice=366),
        freeze_party(NEXT + 1, CUSTODIAN, 1, notice=366),
        programme(3, NEXT + 2, DAY, DAY, mode=2, purposes=(2,), power_mw=1, notice=366),
        counterparty(NEXT + 3, CUSTODY, 2, C_FEE, notice=366, wait=366))),
    ("a rule that names who is suspended", after(
        SECOND_ADMINISTERS, ruled(suspend(SECOND)), authority(naming_rules(SECOND)[0][1]))),
    ("ended with whom it names", after(
        NAMED_OUT, ending(**BY_NAMED), custodian(withdraw(1), second=1))),
    ("no notice, ended without whom it names", after(
        SECOND_ADMINISTERS, ruled(outflow(NEXT, CUSTODY, 0, named=SECOND)), ending(),
        custodian(withdraw(1), second=1))),
    ("a tier like one whose notice runs", after(
        ruled(set_tier(NEXT, CUSTODIAN, 0, approvals=2, notice=1)),
        authority(end_rule(NEXT), set_tier(NEXT + 1, CUSTODIAN, 0, approvals=1)))),
    ("a minimum when another's notice is over", after(
        MINIMUM_NOTICE, ending(),
        authority(programme(4, NEXT + 1, DAY + 9, DAY + 9, amount=2), second=DAY_S))),
    ("a minimum where whom the other names agrees", after(
        SECOND_ADMINISTERS, planned(4, amount=1, notice=9, named=SECOND),
        authority(end_rule(NEXT), programme(4, NEXT + 1, DAY + 9, DAY + 9, amount=2),
                  **BY_NAMED))),
    ("a list that grows in time", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL, wait=5)))),
    ("a list of the other direction", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, CUSTODY, 1, EXTERNAL)))),
    ("a list of all of the party", after(FEES_ONLY, authority(
        counterparty(NEXT + 1, ALL_C, 2, EXTERNAL)))),
    ("a list beside a limit of another type", after(
        ruled(purposes_limit(NEXT, CUSTODY, 2, (11,), notice=5)),
        authority(counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL)))),
    ("a list anew when its notice is over", after(FEES_ENDED, authority(
        counterparty(NEXT + 1, CUSTODY, 2, EXTERNAL), second=5 * DAY_S))),
    ("a list that grows before what waits is in force", after(WITH_EXTERNAL, authority(
        counterparty(NEXT + 2, CUSTODY, 2, T_EXTERNAL, wait=5), **at(5 * DAY_S, -1)))),
    ("a list when it has grown", after(
        WITH_EXTERNAL, custodian(withdraw(1), second=5 * DAY_S))),
    ("a first list a ns before its wait is over", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE, wait=1)),
        custodian(withdraw(1), **at(DAY_S - 100, -1)))),
    ("a wait beyond the end of time", after(
        adding(0, 0, [counterparty(NEXT, CUSTODY, 2, C_FEE, wait=366)], **BY_AUTHORITY,
               **at(LAST_S - 1)),
        custodian(withdraw(1), **at(LAST_S)))),
    ("a list ended before its wait is over", after(
        ruled(counterparty(NEXT, CUSTODY, 2, C_FEE, wait=5, notice=1)), ending(),
        custodian(withdraw(1), second=6 * DAY_S))),
    ("a recovery as late as a notice", after(
        LENDER, authority(recover_party(SECOND, 8 * DAY_S)))),
    ("a recovery when the notice is over", after(
        LENDER, ending(), authority(recover_party(SECOND), second=8 * DAY_S))),
    ("a recovery of whom no rule names", after(
        SECOND_ADMINISTERS, ruled(outflow(NEXT, all_of(SECOND), 10**9, notice=8)),
        authority(recover_party(SECOND)))),
    ("a recovery where what waits names the party", after(
        SECOND_ADMINISTERS, ruled(counterparty(
            NEXT, CUSTODY, 2, C_FEE, notice=8, wait=1, named=SECOND)),
        authority(recover_party(SECOND)))),
]

# Texts: (first, last) of what stands in no text, in no name besides, and in no origin besides.
IN_NO_TEXT = [(0x01, 0x1F), (0x7F, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069)]
IN_NO_NAME = [(0xA0, 0xA0), (0xAD, 0xAD), (0x1680, 0x1680), (0x2000, 0x200B), (0x200E, 0x200F),
              (0x202F, 0x202F), (0x205F, 0x2065), (0x3000, 0x3000), (0xFEFF, 0xFEFF)]
IN_NO_ORIGIN = [(0x20, 0x20), (0x2B, 0x2B)]


def is_origin(text):
    return text != "" and not any(first <= ord(character) <= end for character in text
                                  for first, end in IN_NO_TEXT + IN_NO_NAME + IN_NO_ORIGIN)


def at_bounds(ranges):
    """The code points at and beside the bounds of ranges, by whether they are within one."""
    points = {point for first, end in ranges for point in (first - 1, first, end, end + 1)} - {0}
    return sorted((point, any(first <= point <= end for first, end in ranges)) for point in points)


def text_rows(make, ranges, sort):
    """(name, status or None, what make makes of a text)."""
    rows = [("%s with U+%04X" % (sort, point), "TEXT" if within else None,
             make(("a%sb" % chr(point)).encode())) for point, within in at_bounds(ranges)]
    rows += [("%s with a space in front" % sort, "TEXT", make(b" a")),
             ("%s with a space at its end" % sort, "TEXT", make(b"a ")),
             ("%s of a space" % sort, "TEXT", make(b" ")),
             ("%s of its full length" % sort, None, make("\u20bf".encode() * 5 + b"a"))]
    return rows


TEXTS = (text_rows(lambda text: by_treasury(put(GOOD_MOVE, 44, text)), IN_NO_TEXT, "a reference")
         + text_rows(lambda text: by_authority(register_party(6, 2, text)),
                     IN_NO_TEXT + IN_NO_NAME, "a party's name") + [
    ("an account's label with U+202E", "TEXT", altered(ACCOUNT_11, 16, "\u202e".encode())),
    ("an account's label with U+00AD", None, altered(ACCOUNT_11, 16, "\u00ad".encode())),
    ("a key's label with a space at its end", "TEXT", by_authority(
        put(KEY_6, 56, b"a ".ljust(32, b"\0")))),
    ("an asset's name with U+200B", "TEXT", by_authority(put(ASSET_3, 24, "\u200b".encode()))),
    ("a new name with U+FEFF", "TEXT", by_authority(put(RENAME_1, 16, "\ufeff".encode()))),
    ("a programme's name with U+00A0", "TEXT", by_authority(put(CEILING_1, 48, "\xa0".encode()))),
    ("a name with a plus and a space inside", None, by_authority(register_party(6, 2, b"a + b"))),
])
NO_TEXTS = [row for row in TEXTS if row[1]]
TEXTS_INSIDE = [(name, make) for name, status, make in TEXTS if not status]

BAD_RECORD = put(GOOD_MOVE, 44, b"\n")

# --------------------------------------------------------------------------------------------
# Details (section 3.3), restricted accounts and openings
# --------------------------------------------------------------------------------------------


def grouped(record, *details, by=None, edit=lambda group: group, **fields):
    """A record with its details, by the treasury; edit changes what comes of it."""
    return (by or by_treasury)(*edit(with_details(record, *details)), **fields)


def edited_detail(number, offset, content):
    return lambda group: group[:number] + [put(group[number], offset, content)] + group[number + 1:]


def naming_group(kind, *details, by=by_treasury, **fields):
    """A row's record names one of the ledger's, and has details."""
    def make(w):
        named = w.bought if kind == CORRECT else w.open
        record = correcting(named, 5) if kind == CORRECT else settling(kind, named)
        return grouped(record, *details, by=by, **fields)(w)
    return make


def opened_with(*details, account_class=1, **fields):
    return grouped(open_account(TREASURY, 11, account_class), *details, **fields)


def stated_with(*details, document=sha256(b"invoice")):
    return grouped(put(STATED, 40, document), *details, by=by_authority)


def flat(*groups):
    return [record for group in groups for record in group]


TWO_PARTS = memo(b"m" * 93)
WITH_HASH = put(GOOD_MOVE, 60, sha256(b"invoice"))
REFERRED = put(GOOD_MOVE, 44, b"x")
LEI_WRONG = lei(b"0000TIJORI0EXAMPLE36")
SAYS_TWO = put(GOOD_MOVE, 92, b"\2")

DETAILS = [
    ("a detail before any record", "DETAIL", by_treasury(memo()[0], GOOD_MOVE)),
    ("a detail alone", "DETAIL", by_authority(put(memo()[0], 3, b"\1"))),
    ("a detail before any approval", "KIND_MIXED", by_treasury(memo()[0], flags=2)),
    ("details of an approval", "KIND_MIXED", lambda w: by_treasury(
        settling(APPROVAL, w.open), put(memo()[0], 3, b"\1"), flags=2, sign=[T3])(w)),
    ("an approval that says it has a detail", "DETAIL", lambda w: by_treasury(
        settling(APPROVAL, w.open, details=1), flags=2, sign=[T3])(w)),
    ("an approval that says it has a detail, and has it", "KIND_MIXED", lambda w: by_treasury(
        settling(APPROVAL, w.open, details=1), put(memo()[0], 3, b"\1"), flags=2, sign=[T3])(w)),
    ("17 details of a move", "DETAIL", grouped(GOOD_MOVE, memo(b"m" * 92 * 16 + b"m"))),
    ("17 details of a directive", "DETAIL",
     grouped(RENAME_1, memo(b"m" * 92 * 16 + b"m"), by=by_authority)),
    ("a move says a detail that is not there", "DETAIL", by_treasury(put(GOOD_MOVE, 92, b"\1"))),
    ("a move says 255 details", "DETAIL", by_treasury(put(GOOD_MOVE, 92, b"\xff"))),
    ("a move says no detail", "DETAIL",
     grouped(GOOD_MOVE, memo(), edit=edited_detail(0, 92, b"\0"))),
    ("a move says a detail too many", "DETAIL",
     grouped(GOOD_MOVE, memo(), edit=edited_detail(0, 92, b"\2"))),
    ("the next move's details are its own", "DETAIL",
     by_treasury(SAYS_TWO, *with_details(GOOD_MOVE, memo()))),
    ("a detail of 0", "DETAIL", grouped(GOOD_MOVE, memo(), edit=edited_detail(1, 3, b"\0"))),
    ("a detail of 2, of a directive", "DETAIL",
     grouped(RENAME_1, memo(), by=by_authority, edit=edited_detail(1, 3, b"\2"))),
    ("of differs in the second", "DETAIL",
     grouped(GOOD_MOVE, memo(), address(), edit=edited_detail(2, 3, b"\1"))),
    ("details out of order", "DETAIL", grouped(GOOD_MOVE, address(), memo())),
    ("a detail twice", "DETAIL", grouped(GOOD_MOVE, address(), address())),
    ("a part twice", "DETAIL",
     grouped(GOOD_MOVE, TWO_PARTS[0], TWO_PARTS[0])),
    ("parts out of order", "DETAIL", grouped(GOOD_MOVE, TWO_PARTS[1], TWO_PARTS[0])),
    ("no part 0", "DETAIL", grouped(GOOD_MOVE, TWO_PARTS[1])),
    ("no part 1", "DETAIL", grouped(GOOD_MOVE, TWO_PARTS[0], put(TWO_PARTS[1], 2, b"\2"))),
    ("the next type without its part 0", "DETAIL",
     grouped(GOOD_MOVE, memo(), put(address(), 2, b"\1"))),
    ("long reference beside a reference", "DETAIL", grouped(REFERRED, long_reference())),
    ("attachment name without a hash", "DETAIL", grouped(GOOD_MOVE, attachment_name())),
    ("media type without a hash", "DETAIL", grouped(GOOD_MOVE, media_type())),
    ("attachment name without a document", "DETAIL", stated_with(attachment_name(), document=ZERO)),
    ("media type without a document", "DETAIL", stated_with(media_type(), document=ZERO)),
    ("a market account pledged", "DETAIL", opened_with(encumbrance(), account_class=3)),
    ("a suspended party's objection with a detail", "PARTY_SUSPENDED", after(
        SUSPEND_TREASURY, sealed(TREASURY, 0, with_details(object_recovery(TREASURY), memo()),
                                 sign=[TA]))),
    ("details in an entry without a ledger id", "DETAIL",
     grouped(RENAME_1, memo(), by=by_authority, ledger_id=ZERO)),
] + [
    ("detail: %s" % name, "VALUE", make) for name, make in [
        ("type 0", grouped(GOOD_MOVE, put(memo()[0], 1, b"\0"))),
        ("type 11", grouped(GOOD_MOVE, put(memo()[0], 1, b"\x0b"))),
        ("type 255", grouped(GOOD_MOVE, put(memo()[0], 1, b"\xff"))),
        ("second part of a transaction",
         grouped(GOOD_MOVE, transaction(), put(transaction(), 2, b"\1"))),
        ("second part of a long reference",
         grouped(GOOD_MOVE, long_reference(b"r" * 92), put(long_reference(), 2, b"\1"))),
        ("long reference of a directive",
         grouped(RENAME_1, long_reference(), by=by_authority)),
        ("transaction of a correct", naming_group(CORRECT, transaction())),
        ("transaction of a void", naming_group(VOID, transaction())),
        ("price of a void", naming_group(VOID, price())),
        ("address of a correct", naming_group(CORRECT, address())),
        ("address of a void", naming_group(VOID, address())),
        ("address of another directive", grouped(RENAME_1, address(), by=by_authority)),
        ("descriptor of a move", grouped(GOOD_MOVE, descriptor())),
        ("descriptor of another directive", grouped(RENAME_1, descriptor(), by=by_authority)),
        ("attachment name of a post", naming_group(POST, attachment_name())),
        ("attachment name of an account", opened_with(attachment_name())),
        ("media type of a correct", naming_group(CORRECT, media_type())),
        ("counterparty of a correct", naming_group(CORRECT, lei())),
        ("counterparty of an account", opened_with(lei())),
        ("encumbrance of a move", grouped(GOOD_MOVE, encumbrance())),
        ("encumbrance of a closing", grouped(close_account(RESERVE), encumbrance())),
        ("price of an account", opened_with(price())),
        ("txid of zeros", grouped(GOOD_MOVE, transaction(ZERO))),
        ("total 0", grouped(GOOD_MOVE, price(0))),
        ("total 2^63", grouped(GOOD_MOVE, price(2**63))),
        ("decimals 5", grouped(GOOD_MOVE, price(decimals=5))),
        ("currency of two letters", grouped(GOOD_MOVE, price(currency=b"US"))),
        ("currency in lower case", grouped(GOOD_MOVE, price(currency=b"usd"))),
        ("currency with a digit", grouped(GOOD_MOVE, price(currency=b"US1"))),
        ("descriptor of zeros", opened_with(descriptor(ZERO))),
        ("check digits of an LEI", grouped(GOOD_MOVE, LEI_WRONG)),
        ("an LEI in lower case", grouped(GOOD_MOVE, lei(b"0000tIJORI0EXAMPLE35"))),
        ("an LEI of 19", grouped(GOOD_MOVE, lei(b"0000TIJORI0EXAMPLE3"))),
        ("encumbrance 0", opened_with(encumbrance(0))),
        ("encumbrance 3", opened_with(encumbrance(3))),
        ("long reference of 16", grouped(GOOD_MOVE, long_reference(b"r" * 16))),
    ]
] + [
    ("detail zero: %s" % name, "RESERVED_NOT_ZERO", grouped(GOOD_MOVE, put(record, offset, b"\1")))
    for name, record, offset in [("transaction", transaction(), 40), ("counterparty", lei(), 24),
                                 ("transaction's end", transaction(), 95)]
] + [
    ("detail zero: descriptor", "RESERVED_NOT_ZERO", opened_with(put(descriptor(), 36, b"\1"))),
    ("detail zero: encumbrance", "RESERVED_NOT_ZERO", opened_with(put(encumbrance(), 5, b"\1"))),
    ("a blind in a detail", "BLIND", grouped(GOOD_MOVE, memo(), edit=edited_detail(1, 96, b"\1"))),
    ("no blind in a restricted detail", "BLIND",
     grouped(in_restricted(GOOD_DEPOSIT), memo(), by=by_custodian, flags=1,
             edit=edited_detail(1, 96, bytes(16)))),
] + [
    ("detail text: %s" % name, "TEXT", grouped(WITH_HASH, *details)) for name, details in [
        ("memo with a control", [memo(b"a\nb")]), ("memo empty", [memo(b"")]),
        ("memo of zeros in its last part", [TWO_PARTS[0], put(TWO_PARTS[1], 4, b"\0")]),
        ("memo with a hole", [put(TWO_PARTS[0], 95, b"\0"), TWO_PARTS[1]]),
        ("memo that begins its second part with zero",
         [TWO_PARTS[0], put(TWO_PARTS[1], 4, b"\0a")]),
        ("memo cut in a character", [memo("a₿".encode()[:-1])]),
        ("memo with a space at its end", [memo(b"a ")]),
        ("memo with U+202E", [memo("a\u202e".encode())]),
        ("long reference empty", [long_reference(b"")]),
        ("long reference with a control", [long_reference(b"r" * 20 + b"\x7f")]),
        ("address empty", [address(b"")]), ("address with a space", [address(b"a b")]),
        ("address with 0x7F", [address(b"a\x7f")]), ("address with 0x80", [address(b"a\x80")]),
        ("address with a hole", [address(b"a\0b")]),
        ("media type empty", [media_type(b"")]), ("media type in UTF-8", [media_type("ä".encode())]),
        ("attachment name empty", [attachment_name(b"")]),
        ("attachment name with U+200B", [attachment_name("a\u200bb".encode())]),
        ("source with a control", [price(source=b"\n")]),
        ("source with a space in front", [price(source=b" a")]),
    ]
] + [
    ("a record before its details", "TEXT", grouped(BAD_RECORD, memo(b"\n"), by=by_treasury,
                                                    edit=edited_detail(1, 3, b"\7"))),
    ("a group before the next kind", "DETAIL", by_treasury(SAYS_TWO, put(GOOD_MOVE, 0, b"\xff"))),
    ("the number before what of says", "DETAIL", grouped(
        GOOD_MOVE, memo(b"\n"), edit=edited_detail(0, 92, b"\2"))),
    ("all places before the first value", "DETAIL",
     grouped(GOOD_MOVE, transaction(ZERO), address(), edit=edited_detail(2, 3, b"\7"))),
    ("a blind before the next value", "BLIND",
     grouped(GOOD_MOVE, memo(), transaction(ZERO), edit=edited_detail(1, 96, b"\1"))),
    ("a value before zero bytes of the same", "VALUE",
     grouped(GOOD_MOVE, put(transaction(ZERO), 40, b"\1"))),
    ("zero bytes before the blind of the same", "RESERVED_NOT_ZERO",
     grouped(GOOD_MOVE, put(transaction(), 40, b"\1"), edit=edited_detail(1, 96, b"\1"))),
    ("a later blind before an earlier text", "BLIND",
     grouped(GOOD_MOVE, memo(b"\n"), address(), edit=edited_detail(2, 96, b"\1"))),
    ("the size of a long reference before the next text", "VALUE",
     grouped(GOOD_MOVE, long_reference(b"r"), memo(b"\n"))),
    ("a text before what its record is like", "TEXT",
     grouped(REFERRED, long_reference(), memo(b"\n"))),
    ("details of an approval before their number", "KIND_MIXED", lambda w: by_treasury(
        settling(APPROVAL, w.open), *[memo()[0]] * 17, flags=2, sign=[T3])(w)),
    ("post of a detail", "NAMED_KIND", lambda w: by_treasury(settling(
        POST, w.detailed, refers_to=w.detailed.id + 1))(w)),
    ("post of a detail with its leaf hash", "NAMED_KIND", lambda w: by_treasury(settling(
        POST, w.detailed, refers_to=w.detailed.id + 1, hash=leaf(w.detailed.details[0])))(w)),
    ("void by a record's leaf hash", "NAMED_HASH", lambda w: by_treasury(settling(
        VOID, w.detailed, hash=leaf(w.detailed.data)))(w)),
    ("correct by a record's leaf hash", "NAMED_HASH", lambda w: by_treasury(correcting(
        w.detailed_move, 5, hash=leaf(w.detailed_move.data)))(w)),
]
DETAILS_INSIDE = [
    ("16 details of a move", grouped(GOOD_MOVE, memo(b"m" * 92 * 16))),
    ("16 details of a directive", grouped(RENAME_1, memo(b"m" * 92 * 16), by=by_authority)),
    ("every detail of a move", grouped(
        WITH_HASH, long_reference(), memo(), transaction(), price(), address(), attachment_name(),
        media_type(), lei())),
    ("every detail of a post", naming_group(POST, long_reference(), memo(), transaction(), price(),
                                            address(), lei())),
    ("every detail of a void", naming_group(VOID, long_reference(), memo())),
    ("every detail of a correct", naming_group(CORRECT, long_reference(), memo(), price())),
    ("every detail of an account", opened_with(memo(), address(), descriptor(), encumbrance(2))),
    ("every detail of a statement", stated_with(memo(), attachment_name(b"n" * 92 + b"n"),
                                                media_type())),
    ("two groups", by_treasury(*with_details(GOOD_MOVE, memo()), *with_details(
        GOOD_MOVE, address()), GOOD_MOVE)),
    ("a long reference of 17", grouped(GOOD_MOVE, long_reference(b"r" * 17))),
    ("a long reference of 92", grouped(GOOD_MOVE, long_reference(b"r" * 92))),
    ("a memo of 92", grouped(GOOD_MOVE, memo(b"m" * 92))),
    ("a character in two parts", grouped(GOOD_MOVE, memo(b"m" * 91 + "₿".encode()))),
    ("an address of 92", grouped(GOOD_MOVE, address(b"!" + b"~" * 91))),
    ("output none in particular", grouped(GOOD_MOVE, transaction(output=MAX_32))),
    ("the lowest price", grouped(GOOD_MOVE, price(1, 0, b"AAA", b""))),
    ("the highest price", grouped(GOOD_MOVE, price(2**63 - 1, 4, b"ZZZ", b"s" * 80))),
    ("restricted details", grouped(in_restricted(GOOD_DEPOSIT), memo(), by=by_custodian, flags=1)),
    ("a custody account lent", sealed(CUSTODIAN, 1, with_details(
        open_account(CUSTODIAN, 6, 2), encumbrance(2)), **BY_CUSTODIAN)),
    ("post by a group hash", lambda w: by_treasury(settling(POST, w.detailed))(w)),
    ("void by a group hash", lambda w: by_treasury(settling(VOID, w.detailed))(w)),
    ("correct by a group hash", lambda w: by_treasury(correcting(w.detailed_move, 5))(w)),
]


def hidden(party, number):
    """The account that is written party:rN."""
    return account(party, 2**31 + number)


def open_hidden(party, number, account_class=2, asset=1):
    return open_account(party, 2**31 + number, account_class, asset)


def in_secret(*records, **fields):
    return by_custodian(*[in_restricted(record) for record in records], flags=1, **fields)


R0, R1, R2 = (hidden(CUSTODIAN, number) for number in range(3))
TO_R0 = move(DEPOSIT, EXTERNAL, R0, 5)
OPEN_R2 = adding(CUSTODIAN, 1, [in_restricted(open_hidden(CUSTODIAN, 2))], flags=1, **BY_CUSTODIAN)
THIRD = account(AUDITOR, 0)

RESTRICTED_ROWS = [
    ("from a restricted account in public", "RESTRICTED_ACCOUNT",
     by_custodian(move(WITHDRAWAL, R0, EXTERNAL, 5))),
    ("to a restricted account in public", "RESTRICTED_ACCOUNT", by_custodian(TO_R0)),
    ("to the last restricted number in public", "RESTRICTED_ACCOUNT",
     by_custodian(move(DEPOSIT, EXTERNAL, account(CUSTODIAN, 2**32 - 2), 5))),
    ("to all of a party", "ACCOUNT_UNKNOWN",
     by_custodian(move(DEPOSIT, EXTERNAL, account(CUSTODIAN, MAX_32), 5))),
    ("below the first restricted number", "ACCOUNT_UNKNOWN",
     by_custodian(move(DEPOSIT, EXTERNAL, account(CUSTODIAN, 2**31 - 1), 5))),
    ("a restricted account opened in public", "RESTRICTED_ACCOUNT",
     by_custodian(open_hidden(CUSTODIAN, 2))),
    ("a restricted account closed in public", "RESTRICTED_ACCOUNT",
     by_custodian(close_account(R1))),
    ("another account closed in secret", "RESTRICTED_DIRECTIVE", in_secret(close_account(C_OTHER))),
    ("account 2^31 - 1 in secret", "RESTRICTED_DIRECTIVE",
     in_secret(open_account(CUSTODIAN, 2**31 - 1, 2))),
    ("account 2^32 - 1 in secret", "RESTRICTED_DIRECTIVE",
     in_secret(open_account(CUSTODIAN, MAX_32, 2))),
    ("account 2^32 - 1", "NUMBER", by_custodian(open_account(CUSTODIAN, MAX_32, 2))),
    ("a restricted account frozen in secret", "RESTRICTED_DIRECTIVE",
     sealed(0, 0, [in_restricted(freeze(R1, 1))], flags=1, **BY_AUTHORITY)),
    ("a restricted account without a blind", "BLIND", by_custodian(
        open_hidden(CUSTODIAN, 2), flags=1)),
    ("a restricted account of the treasury", "RESTRICTED", by_treasury(
        in_restricted(open_hidden(TREASURY, 0, 1)), flags=1)),
    ("a restricted account of another", "NOT_ALLOWED", in_secret(open_hidden(SECOND, 0))),
    ("a restricted number too far", "NUMBER", in_secret(open_hidden(CUSTODIAN, 3))),
    ("a restricted number taken", "NUMBER", in_secret(open_hidden(CUSTODIAN, 1))),
    ("a restricted account of no asset", "ASSET_UNKNOWN", in_secret(
        open_hidden(CUSTODIAN, 2, asset=3))),
    ("a restricted account of a class not granted", "CLASS", in_secret(
        open_hidden(CUSTODIAN, 2, 1))),
    ("a restricted account that is not there", "ACCOUNT_UNKNOWN", in_secret(
        move(DEPOSIT, EXTERNAL, R2, 5))),
    ("a restricted account closed twice", "ACCOUNT_CLOSED",
     after(OPEN_R2, adding(CUSTODIAN, 1, [in_restricted(close_account(R2))], flags=1,
                           **BY_CUSTODIAN), in_secret(close_account(R2)))),
    ("a restricted account closed with a balance", "ACCOUNT_BALANCE", in_secret(close_account(R0))),
    ("more than a restricted account has", "BALANCE", in_secret(
        move(WITHDRAWAL, R0, EXTERNAL, 10**9))),
    ("a restricted account frozen twice", "ACCOUNT_STATUS", by_authority(freeze(R1, 2))),
    ("a restricted account that is not there, frozen", "ACCOUNT_UNKNOWN",
     by_authority(freeze(R2, 2))),
    ("out of a frozen restricted account", "ACCOUNT_FROZEN", in_secret(
        move(WITHDRAWAL, R1, EXTERNAL, 5))),
    ("three parties in secret", "RESTRICTED_PARTIES", in_secret(
        move(TRANSFER, CUSTODY, S_CUSTODY, 5), move(TRANSFER, CUSTODY, THIRD, 5))),
    ("three parties in secret, by a void", "RESTRICTED_PARTIES", lambda w: in_secret(
        move(TRANSFER, CUSTODY, S_CUSTODY, 5), put(settling(VOID, w.held.named()), 12,
                                                   le(THIRD, 8)))(w)),
    ("three parties before the details", "RESTRICTED_PARTIES", in_secret(
        move(TRANSFER, CUSTODY, S_CUSTODY, 5), put(move(TRANSFER, CUSTODY, THIRD, 5), 92, b"\1"))),
    ("a blind before three parties", "BLIND", by_custodian(
        in_restricted(move(TRANSFER, CUSTODY, S_CUSTODY, 5)), move(TRANSFER, CUSTODY, THIRD, 5),
        flags=1)),
    ("a blind before a restricted account", "BLIND", by_custodian(in_restricted(TO_R0))),
    ("a restricted account before its details", "RESTRICTED_ACCOUNT",
     by_custodian(put(TO_R0, 92, b"\1"))),
    ("a restricted account in public before its fields", "RESTRICTED_ACCOUNT",
     by_custodian(put(open_hidden(CUSTODIAN, 2), 2, b"\0"))),
    ("a party with a restricted account open", "ACCOUNTS_OPEN", after(
        adding(SECOND, 9, [in_restricted(open_hidden(SECOND, 0))], flags=1, **BY_SECOND),
        adding(SECOND, 9, [move(WITHDRAWAL, S_CUSTODY, S_EXTERNAL, 25_001)], **BY_SECOND),
        adding(SECOND, 9, [close_account(S_CUSTODY), close_account(S_EXTERNAL)], **BY_SECOND),
        by_authority(close_party(SECOND)))),
    ("a limit of a restricted account that is not there", "ACCOUNT_UNKNOWN",
     by_authority(outflow(NEXT, R2, 5))),
    ("a limit of a restricted account in another asset", "ASSET_MIXED",
     by_authority(outflow(NEXT, R0, 5, asset=2))),
    ("a counterparty of a restricted account that is not there", "ACCOUNT_UNKNOWN",
     by_authority(counterparty(NEXT, CUSTODY, 1, R2))),
    ("more than a limit lets out of a restricted account", "LIMIT_OUTFLOW", after(
        ruled(outflow(NEXT, R0, 100)),
        in_secret(move(WITHDRAWAL, R0, EXTERNAL, 101), **at(0)))),
]
RESTRICTED_INSIDE = [
    ("a restricted account opens", in_secret(open_hidden(CUSTODIAN, 2))),
    ("restricted accounts of two kinds in one envelope", in_secret(
        open_hidden(CUSTODIAN, 2), open_hidden(CUSTODIAN, 3, 8), close_account(hidden(CUSTODIAN, 2)))),
    ("a restricted account with details", sealed(CUSTODIAN, 1, with_details(
        in_restricted(open_hidden(CUSTODIAN, 2)), memo(), encumbrance()), flags=1, **BY_CUSTODIAN)),
    ("another's account numbers go on", by_custodian(open_account(CUSTODIAN, 6, 2))),
    ("the first of another party", sealed(SECOND, 9, [in_restricted(open_hidden(SECOND, 0))],
                                          flags=1, **BY_SECOND)),
    ("between a restricted account and another", in_secret(move(TRANSFER, R0, S_CUSTODY, 5),
                                                           move(TRANSFER, CUSTODY, R0, 5))),
    ("a restricted account unfrozen", by_authority(unfreeze(R1, 2))),
    ("a limit of a restricted account", by_authority(
        outflow(NEXT, R0, 5), balance_limit(NEXT + 1, R0, 5), counterparty(NEXT + 2, CUSTODY, 1, R0))),
    ("all that a limit lets out of a restricted account", after(
        ruled(outflow(NEXT, R0, 100)),
        in_secret(move(WITHDRAWAL, R0, EXTERNAL, 100), **at(0)))),
]

BANK, HOLDER = 6, 7  # a treasury and a custodian that have moved nothing yet
B1, BA = Secret("bank", BIP340), Secret("bank admin", ECDSA, ADMINISTER)
H1, HA = Secret("holder", BIP340), Secret("holder admin", ECDSA, ADMINISTER)
B_MARKET, B_RESERVE, B_RESERVE_2 = (account(BANK, n) for n in range(3))
H_CUSTODY, H_EXTERNAL, H_FEE = (account(HOLDER, n) for n in (0, 1, 3))
BY_BANK, BY_HOLDER = {"sign": [B1]}, {"sign": [H1]}
SEEN = {**BY_BANK, "countersign": [(0, A4)]}
A_RESERVE, A_MARKET = account(0, 0), account(0, 1)


def newcomers(writer):
    records, possession = [], []
    for party, kind, keys in ((BANK, 2, (B1, BA)), (HOLDER, 3, (H1, HA))):
        records.append(register_party(party, kind, b"Newcomer %d" % party))
        records += [add_key(party, at, key) for at, key in enumerate(keys)]
        records += [set_threshold(party, 1, 1), set_threshold(party, 2, 1)]
        possession += [(party, key) for key in keys]
    records += [grant(BANK, 1, 3, 8), grant(HOLDER, 2, 7, 8), grant(0, 1, 3)]
    add(writer, 0, 0, records, possession=possession, **BY_AUTHORITY)
    add(writer, BANK, 1, [open_account(BANK, at, c) for at, c in enumerate((3, 1, 1, 8))], **BY_BANK)
    add(writer, HOLDER, 1, [open_account(HOLDER, at, c) for at, c in enumerate((2, 8, 2, 7))],
        **BY_HOLDER)
    return add(writer, 0, 1, [open_account(0, at, c) for at, c in enumerate((1, 3))], sign=[A4])


def brought(amount=500, source=B_MARKET, target=B_RESERVE, purpose=PURCHASE, date=DAY, **fields):
    return move(purpose, source, target, amount, opening=1, date=date, **fields)


def held_before(amount=500, **fields):
    return move(DEPOSIT, H_EXTERNAL, H_CUSTODY, amount, opening=1, **fields)


def bank(*records, **fields):
    return sealed(BANK, 1, list(records), **{**SEEN, **fields})


def holder(*records, **fields):
    return sealed(HOLDER, 1, list(records), **{**BY_HOLDER, **fields})


def banking(*records, **fields):
    return adding(BANK, 1, list(records), **{**SEEN, **fields})


def holding(*records, **fields):
    return adding(HOLDER, 1, list(records), **{**BY_HOLDER, **fields})


def closing(party, by):
    own = {"authority": (0, BY_AUTHORITY), "itself": (party, {"sign": [BA if party == BANK else HA]})}
    return sealed(own[by][0], 0, [close_opening(party)], **own[by][1])


def closing_step(party, by="authority"):
    return lambda w: w.add_sealed(closing(party, by)(w))


def correcting_back(amount, back=1, party=BANK, **changed):
    """A row's last entry: corrects the first record of `back` entries ago."""
    fields = changed.pop("fields", {})
    by = bank if party == BANK else holder
    return lambda w: by(correcting(w.raws[-back].named(), amount, **changed), **fields)(w)


def correcting_step(amount, back=1, **changed):
    return lambda w: add(w, BANK, 1, [correcting(w.raws[-back].named(), amount, **changed)],
                         **BY_BANK)


PLAIN = move(PURCHASE, B_MARKET, B_RESERVE, 5)
PLAIN_DEPOSIT = move(DEPOSIT, H_EXTERNAL, H_CUSTODY, 5)
AUTHORITYS_OPENING = brought(source=A_MARKET, target=A_RESERVE)


def of_the_authority(record=AUTHORITYS_OPENING, **fields):
    return sealed(0, 1, [record], **{"sign": [A4], **fields})


OPENINGS = [
    ("an opening to another party", "OPENING", after(newcomers, bank(
        brought(target=RESERVE), countersign=[(0, A4), (TREASURY, T1), (TREASURY, T3)]))),
    ("an opening between reserves", "OPENING", after(newcomers, bank(
        brought(source=B_RESERVE_2, purpose=INTERNAL)))),
    ("an opening not dated", "OPENING", after(newcomers, bank(brought(date=0)))),
    ("an opening of the day after the genesis", "OPENING", after(newcomers, bank(
        brought(date=DAY + 1)))),
    ("an opening of fees by a custodian", "OPENING", after(
        newcomers, holding(held_before()), holder(
            move(FEE, H_CUSTODY, H_FEE, 5, opening=1)))),
    ("an opening of a withdrawal", "OPENING", after(newcomers, holding(held_before()), holder(
        move(WITHDRAWAL, H_CUSTODY, H_EXTERNAL, 5, opening=1)))),
    ("an opening after a move", "OPENING", after(newcomers, banking(PLAIN), bank(brought()))),
    ("an opening after a pending", "OPENING", after(
        newcomers, banking(pending(PURCHASE, B_MARKET, B_RESERVE, 5)), bank(brought()))),
    ("an opening after a custodian's deposit", "OPENING", after(
        newcomers, holding(PLAIN_DEPOSIT), holder(held_before()))),
    ("an opening behind a move in one envelope", "OPENING", after(
        newcomers, bank(PLAIN, brought()))),
    ("an opening after its end by the authority", "OPENING", after(
        newcomers, closing_step(BANK), bank(brought()))),
    ("an opening after its end by itself", "OPENING", after(
        newcomers, closing_step(HOLDER, "itself"), holder(held_before()))),
    ("an opening by who has long moved", "OPENING", by_treasury(
        brought(source=MARKET_, target=RESERVE), countersign=[(0, A4)])),
    ("an opening closed twice", "OPENING", after(
        newcomers, closing_step(BANK), closing(BANK, "itself"))),
    ("an opening closed after a move", "OPENING", by_authority(close_opening(TREASURY))),
    ("closing the opening of nobody", "PARTY_UNKNOWN", by_authority(close_opening(6))),
    ("closing the opening of another", "NOT_ALLOWED", after(newcomers, sealed(
        BANK, 0, [close_opening(HOLDER)], sign=[BA]))),
    ("closing the opening of a closed party", "PARTY_STATUS", after(
        adding(0, 0, [close_party(AUDITOR)], **BY_AUTHORITY),
        by_authority(close_opening(AUDITOR)))),
    ("closing an opening in lane 1", "NOT_ALLOWED", after(newcomers, sealed(
        BANK, 1, [close_opening(BANK)], **BY_BANK))),
    ("an opening nobody countersigned", "COUNTERSIGN_MISSING", after(newcomers, bank(
        brought(), countersign=[]))),
    ("an opening another countersigned", "COUNTERSIGN_MISSING", after(newcomers, bank(
        brought(), countersign=[(AUDITOR, D1)]))),
    ("an opening of the authority by itself", "COUNTERSIGN_MISSING", after(
        newcomers, of_the_authority())),
    ("an opening of the authority with a treasury", "COUNTERSIGN_MISSING", after(
        newcomers, of_the_authority(countersign=[(BANK, B1)]))),
    ("a purpose before an opening", "PURPOSE", after(newcomers, bank(
        brought(purpose=MINING, date=0)))),
    ("an opening before a countersignature", "OPENING", after(newcomers, bank(
        brought(date=0), countersign=[]))),
    ("a countersignature before the balance", "COUNTERSIGN_MISSING", after(newcomers, bank(
        brought(source=B_RESERVE, target=B_MARKET, purpose=SALE), countersign=[]))),
    ("an opening out of what is not there", "BALANCE", after(newcomers, bank(
        brought(source=B_RESERVE, target=B_MARKET, purpose=SALE)))),
    ("a correct of an opening without the flag", "NAMED_DIFFERS", after(
        newcomers, banking(brought()), correcting_back(5, opening=0))),
    ("a correct of a move with the flag", "NAMED_DIFFERS", after(
        newcomers, banking(PLAIN), correcting_back(5, opening=1))),
    ("a correct of more than an opening", "CORRECTION", after(
        newcomers, banking(brought()), correcting_back(501))),
    ("a correct with an unknown flag", "RESERVED_NOT_ZERO", after(
        newcomers, banking(brought()), correcting_back(5, opening=3))),
    ("an opening below a minimum", "PROGRAMME", after(
        newcomers, banking(brought(500)),
        adding(0, 0, [programme(4, NEXT, DAY, DAY, amount=IN_RESERVES + 400)], **BY_AUTHORITY),
        bank(brought(101, source=B_RESERVE, target=B_MARKET, purpose=SALE)))),
    ("a correct of an opening below a minimum", "PROGRAMME", after(
        newcomers, banking(brought(500)),
        adding(0, 0, [programme(4, NEXT, DAY, DAY, amount=IN_RESERVES + 400)], **BY_AUTHORITY),
        correcting_back(101, back=2))),
] + [
    ("a %s with the flag" % name, "RESERVED_NOT_ZERO", lambda w, kind=kind: by_treasury(
        settling(kind, w.open, opening=1))(w)) for name, kind in (("post", POST), ("void", VOID))
] + [
    ("a pending with the flag", "RESERVED_NOT_ZERO",
     by_treasury(pending(INTERNAL, RESERVE, RESERVE_2, 5, opening=1))),
    ("an approve with the flag", "RESERVED_NOT_ZERO", lambda w: by_treasury(
        settling(APPROVAL, w.open, opening=1), flags=2, sign=[T3])(w)),
    ("a ceiling after an opening", "PROGRAMME", after(
        newcomers, adding(0, 0, [programme(1, NEXT, DAY, DAY, purposes=(PURCHASE,), amount=100)],
                          **BY_AUTHORITY),
        banking(brought(500)), bank(move(PURCHASE, B_MARKET, B_RESERVE, 101)))),
    ("more than a limit lets an opening in", "LIMIT_BALANCE", after(
        newcomers, adding(0, 0, [balance_limit(NEXT, B_RESERVE, 499)], **BY_AUTHORITY),
        bank(brought(500)))),
]
OPENINGS_INSIDE = [
    ("an opening of the day of the genesis", after(newcomers, bank(brought()))),
    ("an opening of long before", after(newcomers, bank(brought(date=1)))),
    ("an opening out", after(newcomers, banking(brought()), bank(
        brought(source=B_RESERVE, target=B_MARKET, purpose=SALE)))),
    ("an opening of a custodian, not dated", after(newcomers, holder(held_before()))),
    ("an opening of a custodian of tomorrow", after(newcomers, holder(held_before(date=DAY + 9)))),
    ("an opening of a custodian in secret", after(newcomers, sealed(
        HOLDER, 1, [in_restricted(held_before())], flags=1, **BY_HOLDER))),
    ("openings, then a move in one envelope", after(newcomers, bank(brought(), brought(), PLAIN))),
    ("an opening of the authority with an auditor", after(
        newcomers, of_the_authority(countersign=[(AUDITOR, D1)]))),
    ("an opening of the authority with a treasury and an auditor", after(
        newcomers, of_the_authority(countersign=[(BANK, B1), (AUDITOR, D1)]))),
    ("a correct of an opening leaves it open", after(
        newcomers, banking(brought()), correcting_step(500), bank(brought()))),
    ("a correct of an opening that is closed", after(
        newcomers, banking(brought()), closing_step(BANK), correcting_back(
            500, back=2, fields={"countersign": []}))),
    ("a correct of a correct's rest", after(
        newcomers, banking(brought()), correcting_step(499), correcting_back(1, back=2))),
    ("an opening closed by itself", after(newcomers, closing(HOLDER, "itself"))),
    ("an opening closed by the authority", after(newcomers, closing(HOLDER, "authority"))),
    ("the opening of who can hold nothing", by_authority(close_opening(OPERATOR))),
    ("an opening above a ceiling", after(
        newcomers, adding(0, 0, [programme(1, NEXT, DAY, DAY, purposes=(PURCHASE,), amount=0)],
                          **BY_AUTHORITY), bank(brought()))),
    ("an opening down to a minimum", after(
        newcomers, banking(brought(500)),
        adding(0, 0, [programme(4, NEXT, DAY, DAY, amount=IN_RESERVES + 400)], **BY_AUTHORITY),
        bank(brought(100, source=B_RESERVE, target=B_MARKET, purpose=SALE)))),
]

GOVERNANCE = (TIERS + LIMITS + PROGRAMMES + PARTIES + SETTING + NOTICE + NO_TEXTS + DETAILS
              + RESTRICTED_ROWS + OPENINGS)
GOVERNANCE_INSIDE = (TIERS_INSIDE + LIMITS_INSIDE + PROGRAMMES_INSIDE + PARTIES_INSIDE
                     + SETTING_INSIDE + NOTICE_INSIDE + TEXTS_INSIDE + DETAILS_INSIDE
                     + RESTRICTED_INSIDE + OPENINGS_INSIDE)

BAD_SLOT = {"edit_slots": lambda slots, _envelope: [put(slots[0], 4, b"\4")] + slots[1:]}
# Two keys that sign side by side, one of them of nobody: by their order as slots.
STRANGERS = [Secret("stranger %d" % n, BIP340) for n in range(16)]
UNKNOWN_LAST = [T1, next(key for key in STRANGERS if key.public > T1.public)]
UNKNOWN_FIRST = [next(key for key in STRANGERS if key.public < T1.public), T1]
# Two rules broken: the status is that of the one judged first.
ORDERS = [
    ("form of the entry before its place", "MAGIC",
     by_treasury(GOOD_MOVE, previous=ZERO, entry_magic=b"XYZ")),
    ("header before place", "VALUE", sealed(TREASURY, 4096, [GOOD_MOVE], previous=ZERO, **BY_TREASURY)),
    ("slots before place", "SLOT_ALGORITHM", by_treasury(GOOD_MOVE, previous=ZERO, **BAD_SLOT)),
    ("body_root before place", "BODY_ROOT", by_treasury(GOOD_MOVE, previous=ZERO, body_root=ZERO)),
    ("place before records", "PLACE", by_treasury(BAD_RECORD, previous=ZERO)),
    ("body_root before records", "BODY_ROOT", by_treasury(BAD_RECORD, body_root=sha256(b"x"))),
    ("magic of the entry before its size", "MAGIC",
     by_treasury(GOOD_MOVE, entry_magic=b"XYZ", edit_entry=lambda e: e + bytes(65_536))),
    ("magic of the header before its version", "MAGIC", by_treasury(GOOD_MOVE, magic=b"TJX", version=9)),
    ("version of the header before its flags", "VERSION_UNKNOWN",
     by_treasury(GOOD_MOVE, version=9, flags=4)),
    ("flags of the header before its lane", "FLAGS_UNKNOWN",
     sealed(TREASURY, 4096, [GOOD_MOVE], flags=4, **BY_TREASURY)),
    ("lane before the record count", "VALUE",
     sealed(TREASURY, 4096, [GOOD_MOVE], record_count=0, **BY_TREASURY)),
    ("record count before the sequence", "RECORD_COUNT",
     sealed(TREASURY, 30, [GOOD_MOVE], record_count=0, sequence=0, **BY_TREASURY)),
    ("record count before known_index", "RECORD_COUNT",
     by_treasury(GOOD_MOVE, record_count=8191, known_leaf=ZERO)),
    ("header before records", "VALUE", sealed(TREASURY, 4096, [BAD_RECORD], **BY_TREASURY)),
    ("slots before records", "SLOT_ALGORITHM", by_treasury(BAD_RECORD, **BAD_SLOT)),
    ("an unknown kind before the approvals it stands among", "KIND_UNKNOWN",
     by_treasury(put(GOOD_MOVE, 0, b"\x4d"), flags=2)),
    ("a reserved kind before the approvals it stands among", "KIND_RESERVED",
     by_treasury(put(GOOD_MOVE, 0, b"\x43"), flags=2)),
    ("approvals before genesis only", "KIND_MIXED", by_authority(ledger(), flags=2)),
    ("unknown kind beside a movement", "KIND_UNKNOWN",
     by_treasury(GOOD_MOVE, put(GOOD_MOVE, 0, b"\x4d"))),
    ("unknown low kind beside a directive", "KIND_UNKNOWN",
     by_authority(suspend(SECOND), put(GOOD_MOVE, 0, b"\7"))),
    ("reserved kind beside a movement", "KIND_RESERVED",
     by_treasury(GOOD_MOVE, put(GOOD_MOVE, 0, b"\x43"))),
    ("unknown kind in a restricted envelope", "KIND_UNKNOWN",
     by_custodian(in_restricted(put(GOOD_DEPOSIT, 0, b"\x4d")), flags=1)),
    ("reserved kind in a restricted envelope", "KIND_RESERVED",
     by_custodian(in_restricted(put(GOOD_DEPOSIT, 0, b"\x43")), flags=1)),
    ("ledger in an entry without a ledger id", "LEDGER_ID", by_authority(ledger(), ledger_id=ZERO)),
    ("purpose before reference", "VALUE", altered(BAD_RECORD, 2, b"\0")),
    ("zero bytes before the blind", "RESERVED_NOT_ZERO", altered(put(GOOD_MOVE, 3, b"\1"), 96, b"\1")),
    ("first record before the kind of the second", "TEXT",
     by_treasury(BAD_RECORD, put(GOOD_MOVE, 0, b"\xff"))),
    ("kind before fields", "KIND_RESERVED", by_treasury(put(BAD_RECORD, 0, b"\x43"))),
    ("mixed before genesis only", "KIND_MIXED", by_treasury(GOOD_MOVE, ledger())),
    ("genesis only before restricted", "GENESIS_ONLY", by_authority(ledger(), flags=1)),
    ("kind before blind", "RESTRICTED_DIRECTIVE", by_custodian(ACCOUNT_11, flags=1)),
    ("amount before accounts", "AMOUNT_ZERO",
     by_treasury(move(INTERNAL, RESERVE, RESERVE, 0))),
    ("text before amount", "TEXT", by_treasury(put(BAD_RECORD, 20, bytes(8)))),
    ("accounts before zero bytes", "SAME_ACCOUNT",
     by_treasury(put(move(INTERNAL, RESERVE, RESERVE, 1), 3, b"\1"))),
    ("slots before body_root", "SLOT_ALGORITHM",
     by_treasury(GOOD_MOVE, body_root=ZERO, **BAD_SLOT)),
    ("algorithm before use", "SLOT_ALGORITHM",
     with_slots(lambda s: [put(s[0], 4, b"\4\4")] + s[1:])),
    ("sizes before order", "SLOT_SIZE", with_slots(lambda s: [s[1], put(s[0], 8, b"\x3f")])),
    ("order before the next slot", "SLOT_ORDER",
     with_slots(lambda s: [s[1], s[0], put(s[0], 4, b"\4")])),
    ("twice before the next slot", "SLOT_DUPLICATE",
     with_slots(lambda s: [s[0], s[0], put(s[1], 4, b"\4")])),
    ("the next slot before the end", "SLOT_ALGORITHM",
     by_treasury(GOOD_MOVE, edit_entry=lambda e: e + b"\0", **BAD_SLOT)),
    ("use before sizes", "SLOT_USE", with_slots(lambda s: [put(s[0], 5, b"\4\0")] + s[1:])),
    ("form before ledger", "BODY_ROOT", by_treasury(GOOD_MOVE, body_root=ZERO, ledger_id=ZERO)),
    ("party unknown before sequence", "PARTY_UNKNOWN",
     sealed(6, 1, [GOOD_MOVE], sequence=9, sign=[NEW])),
    ("signature before suspension", "SIGNATURE", after(
        SUSPEND_TREASURY, with_slots(lambda s: [last_bit_flipped(s[0])] + s[1:]))),
    ("time before known keys", "EXPIRED", relative(lambda _w, d: {
        "received_ns": d.expires_s * NS + 1, "sign": [NEW]})),
    ("known key before its signature", "KEY_UNKNOWN", by_custodian(
        GOOD_DEPOSIT, sign=[NEW], edit_slots=lambda s, _e: [last_bit_flipped(s[0])])),
    ("all known keys before a signature, the signature first", "KEY_UNKNOWN", by_treasury(
        GOOD_MOVE, sign=UNKNOWN_LAST, edit_slots=lambda s, _e: [last_bit_flipped(s[0]), s[1]])),
    ("all known keys before a signature, the signature last", "KEY_UNKNOWN", by_treasury(
        GOOD_MOVE, sign=UNKNOWN_FIRST, edit_slots=lambda s, _e: [s[0], last_bit_flipped(s[1])])),
    ("known countersigner before a role", "KEY_UNKNOWN",
     by_treasury(GOOD_MOVE, sign=[TA, T1, T3], countersign=[(CUSTODIAN, NEW)])),
    ("known countersigner before a revoked key", "KEY_UNKNOWN",
     by_treasury(GOOD_MOVE, sign=[T1, T2], countersign=[(CUSTODIAN, NEW)])),
    ("known key before the party of one", "KEY_UNKNOWN",
     by_treasury(GOOD_MOVE, sign=[S1, UNKNOWN_LAST[1]])),
    ("known key before suspension", "KEY_UNKNOWN",
     after(SUSPEND_TREASURY, by_treasury(GOOD_MOVE, sign=[NEW]))),
    ("known key before a countersigner's suspension", "KEY_UNKNOWN",
     after(SUSPEND_TREASURY, by_custodian(DONATE, sign=[NEW], countersign=[(TREASURY, T1)]))),
    ("signature before a possession of nothing", "SIGNATURE", by_treasury(
        GOOD_MOVE, possession=[(TREASURY, NEW)],
        edit_slots=lambda s, _e: s[:-1] + [last_bit_flipped(s[-1])])),
    ("suspension before keys", "PARTY_SUSPENDED",
     after(SUSPEND_TREASURY, by_treasury(GOOD_MOVE, sign=[T2]))),
    ("party of a key before its revocation", "KEY_PARTY",
     by_custodian(GOOD_DEPOSIT, sign=[T2])),
    ("revocation before the role", "KEY_REVOKED", sealed(TREASURY, 0, [ACCOUNT_11], sign=[T2])),
    ("role of a countersigner before its suspension", "KEY_ROLE",
     after(SUSPEND_TREASURY, by_custodian(DONATE, countersign=[(TREASURY, TA)]))),
    ("keys slot by slot", "POSSESSION", by_treasury(GOOD_MOVE, sign=[T2], possession=[(0, NEW)])),
    ("threshold before countersign threshold", "THRESHOLD",
     by_treasury(GOOD_MOVE, sign=[T1], countersign=[(CUSTODIAN, C1)])),
    ("countersign threshold before possession", "COUNTERSIGN_THRESHOLD",
     by_authority(PARTY_6, add_key(6, 0, NEW), countersign=[(TREASURY, T1)])),
    ("party existing before permission", "PARTY_UNKNOWN", by_treasury(suspend(6))),
    ("own lane, party existing before permission", "PARTY_UNKNOWN",
     by_treasury_admin(set_threshold(6, 1, 1))),
    ("account existing before permission", "ACCOUNT_UNKNOWN", by_treasury(freeze(9, 1))),
    ("account of another existing before permission", "ACCOUNT_UNKNOWN",
     by_treasury(close_account(account(CUSTODIAN, 99)))),
    ("account to open: permission alone", "NOT_ALLOWED",
     by_treasury(open_account(CUSTODIAN, 99, 1))),
    ("party to register: permission alone", "NOT_ALLOWED",
     by_treasury_admin(register_party(0, 1, b"Treasury"))),
    ("closed before status", "ACCOUNT_CLOSED", by_authority(unfreeze(C_FEE, 1))),
    ("a record before the next", "ACCOUNT_UNKNOWN", by_authority(freeze(9, 1), suspend(0))),
    ("records before reachable", "NAME_TAKEN",
     by_authority(set_threshold(0, 2, 0), register_party(6, 2, b"Treasury"))),
]

# The same faults as a ledger judges them that is given the envelope.
SUBMITTED_ROWS = [
    ("as it is", None, by_treasury(GOOD_MOVE)),
    ("all records are there before the first is looked at", "TRUNCATED",
     by_treasury(BAD_RECORD, record_count=2)),
    ("header before records that are cut off", "VALUE",
     sealed(TREASURY, 4096, [GOOD_MOVE], record_count=2, **BY_TREASURY)),
    ("records before slots that are cut off", "TEXT",
     by_treasury(BAD_RECORD, edit_entry=lambda e: e[:-1])),
    ("a slot that is there before the next, cut off", "SLOT_ALGORITHM",
     by_treasury(GOOD_MOVE, edit_entry=lambda e: e[:-1], **BAD_SLOT)),
    ("a slot's first bytes before its key, cut off", "SLOT_ALGORITHM",
     with_entry(lambda e: put(e, 246, b"\4")[:252])),
    ("a slot's first bytes whole before they are looked at", "TRUNCATED",
     with_entry(lambda e: put(e, 246, b"\4")[:251])),
    ("records before slots", "TEXT", by_treasury(BAD_RECORD, **BAD_SLOT)),
    ("records before body_root", "TEXT", by_treasury(BAD_RECORD, body_root=ZERO)),
    ("slots before body_root", "SLOT_ALGORITHM", by_treasury(GOOD_MOVE, body_root=ZERO, **BAD_SLOT)),
    ("header before records", "VALUE", sealed(TREASURY, 4096, [BAD_RECORD], **BY_TREASURY)),
    ("body_root before the ledger", "BODY_ROOT",
     by_treasury(GOOD_MOVE, body_root=ZERO, ledger_id=ZERO)),
]

VIOLATIONS = (ORDERS + FORM_OF_ENTRY + FORM_OF_MOVEMENTS + spread(FORM_OF_DIRECTIVES)
              + STEPS_2_TO_5 + STEPS_6_TO_10 + MOVES + NAMED_ROWS + DIRECTIVES + GOVERNANCE)

# What stands just inside the rules.
BOUNDARIES = [
    ("all of the balance", by_treasury(move(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE))),
    ("amount_max", by_treasury(move(PURCHASE, MARKET_, RESERVE, 21 * 10**14))),
    ("just received in time", relative(lambda _w, d: {"received_ns": d.expires_s * NS})),
    ("created 300 s ahead", relative(lambda _w, d: {
        "created_s": START_S + d.index + 300, "received_ns": (START_S + d.index) * NS})),
    ("longest lifetime", relative(lambda _w, d: {"expires_s": d.created_s + LIFETIME_S})),
    ("shortest lifetime", relative(lambda _w, d: {"expires_s": d.created_s + 1})),
    ("no known entry", draft_changes(known_index=0, known_leaf=ZERO)),
    ("entry 0 known", relative(lambda w, _d: {"known_index": 0, "known_leaf": leaf(FIRST.entry)})),
    ("term rises", draft_changes(term=MAX_64)),
    ("last lane", sealed(TREASURY, 4095, [GOOD_MOVE], **BY_TREASURY)),
    ("reference of full length", by_treasury(put(GOOD_MOVE, 44, "ÄÖÜß€Ԃ₿".encode()[:16]))),
    ("pending of the next second", by_treasury(
        pending(INTERNAL, RESERVE, RESERVE_2, 5, timeout_s=START_S + LAST + 2))),
    ("rest of a correction", lambda w: by_treasury(
        correcting(w.bought, 2_000), correcting(w.posted, 39_600))(w)),
    ("void of a timed out pending to a frozen account", after(
        OPEN_TIMED, FREEZE_OUT, lambda w: by_treasury(
            settling(VOID, w.raws[-2].named()), received_ns=LATE_NS)(w))),
    ("void by its party in lane 0",
     sealed(TREASURY, 0, lambda w: [settling(VOID, w.open)], sign=[TA])),
    ("void by the authority in lane 5",
     sealed(0, 5, lambda w: [settling(VOID, w.open)], sign=[A4])),
    ("restricted post", lambda w: by_custodian(
        in_restricted(settling(POST, w.held.named())), flags=1)(w)),
    ("public post of a restricted pending",
     lambda w: by_custodian(settling(POST, w.held.named()))(w)),
    ("frozen inwards, spent outwards", after(FREEZE_RESERVE_IN, by_treasury(GOOD_MOVE))),
    ("2,047 pending of 2^53", by_custodian(*OVERFLOWING[1:])),
    ("contra accounts fall below zero and close", by_treasury(close_account(T_MINING))),
    ("emptied account closes", after(
        adding(TREASURY, 1, [move(INTERNAL, RESERVE_2, RESERVE, IN_RESERVE_2)], **BY_TREASURY),
        by_treasury(close_account(RESERVE_2)))),
    ("countersign without need", by_custodian(GOOD_DEPOSIT, **WITH_TREASURY)),
    ("from outside to another's custody", by_custodian(
        move(DEPOSIT, EXTERNAL, S_CUSTODY, 5), countersign=[(SECOND, S1)])),
    ("custody to another's custody", by_custodian(move(TRANSFER, CUSTODY, S_CUSTODY, 5))),
    ("a party administers itself",
     by_treasury_admin(ADD_6, set_threshold(TREASURY, 1, 4), **OWN_KEY)),
    ("authority revokes another's key", by_authority(revoke_key(TREASURY, 4, T4))),
    ("party without keys", by_authority(PARTY_6)),
    ("asset 1,024", by_authority(*[open_asset(n, b"A%d" % n, 0, 1) for n in range(3, 1025)])),
    ("log key 255", many_log_keys(255)),
    ("a log key rotates", by_authority(RETIRE_1, LOG_KEY_3, **by_logs(1, 3))),
    ("a log key comes and goes",
     by_authority(LOG_KEY_3, retire_log_key(3, LOG_KEYS[3]), **by_logs(3))),
    ("last good at the genesis", retire_1_as_of(1, 1)),
    ("last good at the entry before", retire_1_as_of(so_far, so_far)),
    ("endorse the entry before",
     lambda w: sealed(TREASURY, 1, [endorse_of(w, len(w.raws) - 1)], **BY_TREASURY)(w)),
    ("threshold lowered, initiate alone",
     after(LOWER_THRESHOLD, by_treasury(GOOD_MOVE, sign=[T4]))),
] + GOVERNANCE_INSIDE


def without(records, *positions):
    return [record for at, record in enumerate(records) if at not in positions]


def replaced(position, record):
    records = genesis_records()
    records[position] = record
    return records


def inserted(position, *new):
    records = genesis_records()
    return records[:position] + list(new) + records[position:]


GENESIS_ROWS = [
    ("no ledger", "GENESIS", without(genesis_records(), 0), {}),
    ("ledger twice", "GENESIS", inserted(1, ledger()), {}),
    ("predecessor twice", "GENESIS", inserted(1, predecessor()), {}),
    ("no log key", "GENESIS", without(genesis_records(), 2, 3), {}),
    ("log key 1 first", "GENESIS", replaced(2, add_log_key(1, LOG_KEYS[0])), {}),
    ("log key twice", "GENESIS", replaced(3, add_log_key(1, LOG_KEYS[0])), {}),
    ("no party", "GENESIS", without(genesis_records(), 4), {}),
    ("two parties", "GENESIS", inserted(5, register_party(1, 2, b"Treasury")), {}),
    ("party 1", "GENESIS", replaced(4, register_party(1, 1, b"Authority")), {}),
    ("party 0 a treasury", "GENESIS", replaced(4, register_party(0, 2, b"Authority")), {}),
    ("no key", "GENESIS", without(genesis_records(), 5, 6, 7), {}),
    ("17 keys", "GENESIS",
     inserted(8, *[add_key(0, 3 + at, key) for at, key in enumerate(MANY_KEYS[:14])]), {}),
    ("key of party 1", "GENESIS", replaced(6, add_key(1, 1, A2)), {}),
    ("no administer key", "UNREACHABLE", without(replaced(5, add_key(0, 0, A1, INITIATE)), 6, 7), {}),
    ("key ordinal", "GENESIS", replaced(6, add_key(0, 2, A2)), {}),
    ("key twice", "GENESIS", replaced(6, add_key(0, 1, A1)), {}),
    ("key no point", "GENESIS", replaced(6, add_key(0, 1, NOT_CURVE)), {}),
    ("bip340 key no point", "GENESIS", replaced(6, put(add_key(0, 1, A2), 16, le(0, 31) + b"\5")), {}),
    ("key of zeros", "VALUE", replaced(6, put(add_key(0, 1, A2), 16, bytes(33))), {}),
    ("log key no point", "GENESIS", replaced(2, add_log_key(0, LOG_NO_POINT)), {}),
    ("log key of small order", "GENESIS", replaced(2, add_log_key(0, LOG_SMALL)), {}),
    ("log key of zeros", "VALUE", replaced(2, add_log_key(0, LOG_ZERO)), {}),
    ("log key no point before no threshold", "GENESIS",
     without(replaced(2, add_log_key(0, LOG_NO_POINT)), 8), {}),
    ("asset code twice before a threshold", "GENESIS",
     without(replaced(10, open_asset(2, b"BTC", 8, 1)), 5, 6), {}),
    ("two of one administer key", "UNREACHABLE", without(genesis_records(), 6, 7), {}),
    ("one of one administer key", None,
     without(replaced(8, set_threshold(0, 2, 1)), 6, 7), {}),
    ("move threshold of an approve key alone", "UNREACHABLE", inserted(
        8, add_key(0, 3, A4, APPROVE), set_threshold(0, 1, 1)), {}),
    ("move threshold of an initiate key", None, inserted(
        8, add_key(0, 3, A4), set_threshold(0, 1, 1)), {}),
    ("move threshold above its keys", "UNREACHABLE", inserted(
        8, add_key(0, 3, A4), set_threshold(0, 1, 2)), {}),
    ("move threshold 0", None, inserted(8, set_threshold(0, 1, 0)), {}),
    ("1,024 assets", None, genesis_records()
     + [open_asset(n, b"A%d" % n, 0, 1) for n in range(3, 1025)], {}),
    ("1,025 assets", "GENESIS", genesis_records()
     + [open_asset(n, b"A%d" % n, 0, 1) for n in range(3, 1026)], {}),
    ("256 log keys", None, inserted(4, *[
        add_log_key(n, MANY_LOG_KEYS[n]) for n in range(2, 256)]), {}),
    ("257 log keys", "GENESIS", inserted(4, *[
        add_log_key(n, MANY_LOG_KEYS[n]) for n in range(2, 257)]), {}),
    ("no threshold", "GENESIS", without(genesis_records(), 8), {}),
    ("move threshold alone", "UNREACHABLE", replaced(8, set_threshold(0, 1, 0)), {}),
    ("threshold 0", "UNREACHABLE", replaced(8, set_threshold(0, 2, 0)), {}),
    ("log key number skipped", "GENESIS", replaced(3, add_log_key(2, LOG_KEYS[1])), {}),
    ("key of the other parity", "GENESIS",
     replaced(6, add_key(0, 1, A1.changed(ECDSA, v.N - A1.secret))), {}),
    ("key of another algorithm", "GENESIS",
     replaced(6, add_key(0, 1, A1.changed(BIP340, A1.secret))), {}),
    ("a domain twice", "GENESIS", inserted(9, set_threshold(0, 2, 2)), {}),
    ("move threshold 1 without keys for it", "UNREACHABLE",
     inserted(9, set_threshold(0, 1, 1)), {}),
    ("asset number skipped", "GENESIS", replaced(10, open_asset(3, b"UNIT", 0, 1)), {}),
    ("threshold above the keys", "UNREACHABLE", replaced(8, set_threshold(0, 2, 4)), {}),
    ("threshold of party 1", "GENESIS", replaced(8, set_threshold(1, 2, 2)), {}),
    ("three thresholds", "GENESIS", inserted(9, *[set_threshold(0, 2, 2)] * 2), {}),
    ("no asset", "GENESIS", without(genesis_records(), 9, 10), {}),
    ("asset 2 first", "GENESIS", replaced(9, open_asset(2, b"BTC", 8, 1)), {}),
    ("asset 1 not BTC", "GENESIS", replaced(9, open_asset(1, b"BTX", 8, 1)), {}),
    ("BTC with 9 decimals", "GENESIS", replaced(9, open_asset(1, b"BTC", 9, 1)), {}),
    ("more than 21 million", "GENESIS", replaced(9, open_asset(1, b"BTC", 8, 21 * 10**14 + 1)), {}),
    ("asset code twice", "GENESIS", replaced(10, open_asset(2, b"BTC", 8, 1)), {}),
    ("records of later", "GENESIS", genesis_records() + [grant(0, 1)], {}),
    ("network 4", "VALUE", replaced(0, put(ledger(), 2, b"\4")), {}),
    ("rules 2", "VALUE", replaced(0, put(ledger(), 4, b"\2")), {}),
    ("lifetime 59", "VALUE", replaced(0, ledger(lifetime_s=59)), {}),
    ("lifetime too long", "VALUE", replaced(0, ledger(lifetime_s=31_622_401)), {}),
    ("checkpoint delay 0", "VALUE", replaced(0, put(ledger(), 12, bytes(4))), {}),
    ("name with a space", "TEXT", replaced(0, ledger(b"a b")), {}),
    ("name with a plus", "TEXT", replaced(0, ledger(b"a+b")), {}),
    ("name with a no-break space", "TEXT", replaced(0, ledger("a\u00a0b".encode())), {}),
    ("name with a line separator", "TEXT", replaced(0, ledger("a\u2028b".encode())), {}),
    ("name with an ideographic space", "TEXT", replaced(0, ledger("a\u3000".encode())), {}),
    ("name with an en quad", "TEXT", replaced(0, ledger("\u2000a".encode())), {}),
    ("name with a next line", "TEXT", replaced(0, ledger("a\u0085b".encode())), {}),
    ("name empty", "TEXT", replaced(0, ledger(b"")), {}),
    ("ledger zero 3", "RESERVED_NOT_ZERO", replaced(0, put(ledger(), 3, b"\1")), {}),
    ("predecessor size 0", "VALUE", replaced(1, put(predecessor(), 8, bytes(8))), {}),
    ("predecessor zero 80", "RESERVED_NOT_ZERO", replaced(1, put(predecessor(), 80, b"\1")), {}),
    ("slots", "GENESIS", None, {"sign": [A1]}),
    ("lane 1", "GENESIS", None, {"lane": 1}),
    ("party 1 in the header", "GENESIS", None, {"party": 1}),
    ("restricted", "RESTRICTED_DIRECTIVE", None, {"flags": 1}),
    ("sequence 2", "GENESIS", None, {"sequence": 2}),
    ("ledger_id", "GENESIS_ONLY", None, {"ledger_id": sha256(b"")}),
    ("ledger_id without a ledger", "GENESIS", without(genesis_records(), 0, 1),
     {"ledger_id": sha256(b"")}),
    ("slot of no algorithm", "SLOT_ALGORITHM", None, {
        "sign": [A1], "edit_slots": lambda slots, _envelope: [put(slots[0], 4, b"\4")]}),
    ("previous_id", "GENESIS", None, {"previous_id": sha256(b"")}),
    ("known_leaf", "GENESIS", None, {"known_leaf": sha256(b"")}),
    ("expires_s", "GENESIS", None, {"expires_s": START_S + LIFETIME_S - 1}),
    ("index 1", "PLACE", None, {"index": 1}),
    ("index in the entry alone", "PLACE", None, {"edit_entry": lambda e: put(e, 8, b"\1")}),
    ("previous", "PLACE", None, {"previous": sha256(b"")}),
    ("term 0", "PLACE", None, {"term": 0}),
    ("term 2", "GENESIS", None, {"term": 2}),
    ("received_ns", "GENESIS", None, {"received_ns": START_S * NS + 1}),
]

GENESIS_ROWS += [row + ({},) for row in text_rows(
    lambda text: replaced(0, ledger(text)), IN_NO_TEXT + IN_NO_NAME + IN_NO_ORIGIN, "an origin")]
ENTRY_1_ROWS = [
    ("two of three", "NOT_OPENED", lambda w: entry_1(w).change({"sign": [A1, A2]})),
    ("a stranger too", "KEY_UNKNOWN", lambda w: entry_1(w).change({"sign": [A1, A2, A3, NEW]})),
    ("a stranger instead", "KEY_UNKNOWN", lambda w: entry_1(w).change({"sign": [A1, A2, NEW]})),
    ("a stranger and a signature altered", "KEY_UNKNOWN", lambda w: entry_1(w).change(
        {"sign": [A1, A2, A3, NEW], "edit_slots": lambda s, _e: [last_bit_flipped(one) for one in s]})),
    ("a stranger's countersignature too", "KEY_UNKNOWN",
     lambda w: entry_1(w).change({"countersign": [(1, NEW)]})),
    ("a countersignature too", "NOT_OPENED",
     lambda w: entry_1(w).change({"countersign": [(1, A1)]})),
    ("a key of the other parity", "NOT_OPENED", lambda w: entry_1(w).change(
        {"sign": [A1.changed(ECDSA, v.N - A1.secret), A2, A3]})),
    ("two of three, one altered", "SIGNATURE", lambda w: entry_1(w).change(
        {"sign": [A1, A2], "edit_slots": lambda s, _e: [s[0], last_bit_flipped(s[1])]})),
    ("a possession too", "NOT_OPENED",
     lambda w: entry_1(w).change({"possession": [(0, NEW)]})),
    ("no slots", "NOT_OPENED", lambda w: entry_1(w).change({"sign": []})),
    ("a void", "NOT_OPENED", lambda w: w.draft(
        0, 0, [settling(VOID, Named(0, 0, GOOD_MOVE), refers_to=1)], sign=[A1, A2, A3])),
    ("lane 1", "NOT_OPENED", lambda w: w.draft(0, 1, [endorse_of(w, 0)], sign=[A1, A2, A3])),
    ("party 1", "PARTY_UNKNOWN", lambda w: w.draft(1, 0, [endorse_of(w, 0)], sign=[A1, A2, A3])),
    ("endorsed twice", "NOT_OPENED",
     lambda w: w.draft(0, 0, [endorse_of(w, 0)] * 2, sign=[A1, A2, A3])),
    ("another directive", "NOT_OPENED",
     lambda w: w.draft(0, 0, [register_party(1, 2, b"T")], sign=[A1, A2, A3])),
    ("an endorse with a detail", "NOT_OPENED", lambda w: w.draft(
        0, 0, with_details(endorse_of(w, 0), memo()), sign=[A1, A2, A3])),
    ("endorse of entry 1", "NOT_OPENED",
     lambda w: w.draft(0, 0, [endorse(1, ZERO, ZERO)], sign=[A1, A2, A3])),
    ("another leaf", "NAMED_HASH",
     lambda w: w.draft(0, 0, [put(endorse_of(w, 0), 16, ZERO)], sign=[A1, A2, A3])),
    ("a signature altered", "SIGNATURE", lambda w: entry_1(w).change(
        {"edit_slots": lambda s, _e: s[:2] + [last_bit_flipped(s[2])]})),
]

# --------------------------------------------------------------------------------------------
# Tests
# --------------------------------------------------------------------------------------------


# Of an ingesting ledger, of whole envelopes or of attachments, whose bytes the verifier does not see.
NOT_JUDGED = {"OVERSIZED", "OK", "ALREADY", "CONFLICT", "PREDECESSOR_REFUSED", "CLOCK_JUMP", "ATTACHMENT",
              "ATTACHMENT_ORDER", "ATTACHMENT_UNNAMED"}


def section(document, number):
    """The text of one numbered section, its heading included."""
    return re.search(r"^## %d .*?(?=^## |\Z)" % number, document, re.MULTILINE | re.DOTALL).group()


def status_of(replay, raw):
    """The status with which a copy of the replay refuses the entry, or None."""
    try:
        copy.deepcopy(replay).accept(*raw.arguments())
    except v.Refused as refusal:
        return refusal.status
    return None


class Rows(unittest.TestCase):
    """Every row in its own subTest: one run names all that fail."""

    def check_row(self, status, make):
        writer = copy.deepcopy(BASE)
        raw = make(writer)
        replay = copy.deepcopy(REPLAY)
        for added in writer.raws[len(BASE.raws):]:
            replay.accept(*added.arguments())
        self.assertEqual(status_of(replay, raw), status)

    def test_violations(self):
        names = [name for name, _status, _make in VIOLATIONS]
        self.assertEqual(len(set(names)), len(names), "a name stands twice")
        for name, status, make in VIOLATIONS:
            with self.subTest(name):
                self.check_row(status, make)

    def test_boundaries(self):
        for name, make in BOUNDARIES:
            with self.subTest(name):
                self.check_row(None, make)

    def test_genesis(self):
        for name, status, records, fields in GENESIS_ROWS:
            with self.subTest(name):
                writer = Writer()
                raw = writer.seal(genesis(writer, records, **fields))
                self.assertEqual(status_of(v.Replay(), raw), status)

    def test_entry_1(self):
        writer = Writer()
        writer.commit(genesis(writer))
        for name, status, make in ENTRY_1_ROWS:
            with self.subTest(name):
                found = status_of(replay_of(writer.raws), writer.seal(make(writer)))
                self.assertEqual(found, status)

    def test_submitted(self):
        """As a ledger is given them: the records before the slots, body_root after both."""
        for name, status, make in SUBMITTED_ROWS:
            with self.subTest(name):
                replay = copy.deepcopy(REPLAY)
                replay.submitted = True
                self.assertEqual(status_of(replay, make(copy.deepcopy(BASE))), status)

    def test_caps(self):
        """Numbers of parties and accounts, on a state that has almost all of them."""
        full = copy.deepcopy(REPLAY)
        full.state.parties += [v.Party(v.AUDITOR, None)] * (65_535 - len(full.state.parties))
        last = by_authority(register_party(65_535, 2, b"Last"))(copy.deepcopy(BASE))
        self.assertIsNone(status_of(full, last))
        full.state.parties.append(full.state.parties[-1])
        beyond = by_authority(register_party(65_536, 2, b"Last"))(copy.deepcopy(BASE))
        self.assertEqual(status_of(full, beyond), "NUMBER")
        for local, status in ((2**30 - 1, None), (2**30, "NUMBER")):
            full = copy.deepcopy(REPLAY)
            full.state.parties[TREASURY].accounts = local
            raw = by_treasury(open_account(TREASURY, local, 1))(copy.deepcopy(BASE))
            self.assertEqual(status_of(full, raw), status)
            full = copy.deepcopy(REPLAY)
            full.state.parties[CUSTODIAN].accounts_restricted = local
            raw = in_secret(open_hidden(CUSTODIAN, local))(copy.deepcopy(BASE))
            self.assertEqual(status_of(full, raw), status)

    def test_statuses(self):
        """Every status of section 12 that section 7 judges has a row, and only those have one."""
        with open(DOCUMENT, encoding="utf-8") as source:
            text = source.read()
        table = re.findall(r"^\| ([A-Z_]+) \|", section(text, 12), re.MULTILINE)
        judged = set(table[:table.index("NEW_QUORUM") + 1]) - NOT_JUDGED
        rows = VIOLATIONS + GENESIS_ROWS + ENTRY_1_ROWS
        self.assertEqual({row[1] for row in rows} - {None, "PLACE", "DERIVED"}, judged)


class Ledger(unittest.TestCase):
    def test_accepted(self):
        replay, refusal = v.verify_lines(BASE.lines())
        self.assertIsNone(refusal)
        self.assertEqual(len(replay.state.entries), len(BASE.raws))
        self.assertEqual(replay.tree.root(), tree_hash([leaf(raw.entry) for raw in BASE.raws]))
        self.assertEqual(set(replay.asset_sums().values()), {0})

    def test_balances(self):
        found = {wanted: account.balance() for wanted, account in REPLAY.state.accounts.items()
                 if account.latest}
        expected = {wanted: BASE.balances.get(wanted, 0) for wanted in found}
        self.assertEqual(found, expected)
        self.assertLessEqual(set(BASE.balances), set(found))
        self.assertEqual(REPLAY.state.accounts[RESERVE].pending_out, 70_030)

    def test_lane_jumps(self):
        """The worked numbers of section 9, and that the ledger has lanes deep enough for them."""
        self.assertEqual([v.jump_target(s) for s in (1, 2, 3, 6, 7, 12)], [0, 1, 0, 3, 0, 11])
        self.assertEqual([v.jump_target(s) for s in range(300)], [lane_jump(s) for s in range(300)])
        self.assertGreater(max(len(lane) for lane in BASE.lanes.values()), 12)

    def test_purpose_totals(self):
        totals = v.describe_purposes(REPLAY.state)["1"]
        self.assertEqual(totals["purchase"]["document_cited"]["in"],
                         {"amount": str(5_000_000 - 1_500), "number": "1"})
        self.assertEqual(totals["purchase"]["document_cited"]["corrections"], "2")
        self.assertEqual(totals["payment"]["document_cited"]["out"],
                         {"amount": str(40_000 - 400), "number": "1"})
        self.assertEqual(totals["donation"]["countersigned"]["in"],
                         {"amount": "4000", "number": "2"})
        self.assertEqual(totals["sale"]["declared"]["out"], {"amount": "1700", "number": "1"})
        self.assertEqual(totals["internal_transfer"]["declared"]["within"]["number"], "15")

    def after_steps(self, *steps):
        """The state after newcomers and these."""
        writer = copy.deepcopy(BASE)
        for step in (newcomers,) + steps:
            step(writer)
        replay = copy.deepcopy(REPLAY)
        for raw in writer.raws[len(BASE.raws):]:
            replay.accept(*raw.arguments())
        return replay.state

    def test_openings_in_a_programme(self):
        """(brought in, unclassified, counted in, corrected), as each step leaves them."""
        planned_ = adding(0, 0, [programme(1, NEXT, DAY, DAY, mode=2, purposes=(PURCHASE,), amount=5)],
                          **BY_AUTHORITY)
        into = banking(brought(500))
        out = banking(brought(100, source=B_RESERVE, target=B_MARKET, purpose=SALE))
        vouched = banking(brought(500), countersign=[(0, A4), (AUDITOR, D1)])
        for steps, sums in [
                ((planned_, into), (500, 500, 0, 0)),
                ((planned_, vouched), (500, 0, 0, 0)),
                ((planned_, into, correcting_step(200)), (300, 300, 0, 0)),
                ((planned_, vouched, correcting_step(200)), (300, 0, 0, 0)),
                ((planned_, into, out), (400, 500, 0, 0)),
                ((planned_, into, out, correcting_step(30)), (430, 500, 0, 0)),
                ((into, planned_, out), (-100, 0, 0, 0)),
                ((into, planned_, correcting_step(200, back=2)), (0, 0, 0, 0)),
                ((into, out, planned_, correcting_step(30, back=2)), (0, 30, 0, 0)),
                ((planned_, into, banking(PLAIN)), (500, 500, 5, 0))]:
            rule = self.after_steps(*steps).rules[NEXT]
            self.assertEqual((rule.brought_in, rule.unclassified, rule.counted_in, rule.corrected),
                             sums)
            self.assertEqual((rule.counted_out, len(rule.breaches)), (0, 0))

    def test_openings_in_purpose_totals(self):
        state = self.after_steps(banking(brought(500)), correcting_step(200), banking(PLAIN))
        totals = v.describe_purposes(state)["1"]["purchase"]
        self.assertEqual(totals["brought_in"]["in"], {"amount": "300", "number": "1"})
        self.assertEqual(totals["brought_in"]["corrections"], "1")
        before = v.describe_purposes(REPLAY.state)["1"]["purchase"]
        self.assertEqual(totals["document_cited"], before["document_cited"])

    def test_when_an_opening_closes(self):
        opened, plain = banking(brought(500)), banking(PLAIN)
        for steps, closed in [((), False), ((opened,), False), ((opened, correcting_step(5)), False),
                              ((plain,), True), ((opened, plain), True),
                              ((banking(pending(PURCHASE, B_MARKET, B_RESERVE, 5)),), True),
                              ((closing_step(BANK),), True)]:
            self.assertEqual(self.after_steps(*steps).parties[BANK].opening_closed, closed)

    def test_accounts(self):
        custodian_ = REPLAY.state.parties[CUSTODIAN]
        self.assertEqual((custodian_.accounts, custodian_.accounts_restricted), (6, 2))
        self.assertEqual(custodian_.accounts_open, 7)  # C_FEE is closed
        self.assertEqual(REPLAY.state.accounts[R0].encumbrance, 2)
        self.assertEqual(v.account_name(R1), "2:r1")
        self.assertEqual([v.is_restricted(account(2, local)) for local in
                          (2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)], [False, True, True, False])

    def test_order_of_a_missing_entry(self):
        for missing in (0, 1, 5, 20):
            raws = BASE.raws[:missing] + BASE.raws[missing + 1:]
            replay, refusal = v.verify_lines([raw.line() for raw in raws])
            self.assertEqual((len(replay.state.entries), refusal.status), (missing, "PLACE"))


class Safeguards(unittest.TestCase):
    """Checks no ledger can reach while the rules hold: one rule is switched off for each."""

    def tearDown(self):
        v.Movement.check_balance = self.check_balance
        v.Movement.post_amounts = self.post_amounts

    def setUp(self):
        self.check_balance = v.Movement.check_balance
        self.post_amounts = v.Movement.post_amounts

    def test_below_zero(self):
        v.Movement.check_balance = lambda movement: None
        for kind in (move, pending):
            raw = by_treasury(kind(INTERNAL, RESERVE, RESERVE_2, IN_RESERVE + 1))(BASE)
            self.assertEqual(status_of(REPLAY, raw), "INVARIANT")

    def test_sum_of_balances(self):
        def forgetful(movement):
            movement.target.total_in += movement.record.amount
        v.Movement.post_amounts = forgetful
        self.assertEqual(v.verify_lines(BASE.lines()[:7])[1].status, "INVARIANT")

    def test_fault_of_the_verifier(self):
        v.Movement.post_amounts = None
        replay, refusal = v.verify_lines(BASE.lines())
        self.assertEqual((len(replay.state.entries), refusal.status), (6, "INTERNAL"))


class Flips(unittest.TestCase):
    """One byte changed. Only term and received_ns may pass in their own entry, where they rise;
    the next entry's previous then shows it."""

    RISING = range(16, 32)

    def flip(self, replay, index, member, position):
        raw = BASE.raws[index]
        data = bytearray(getattr(raw, member))
        data[position] ^= 1 << position % 8
        flipped = raw.changed(member, bytes(data))
        replay = copy.deepcopy(replay)
        try:
            replay.accept(*flipped.arguments())
        except v.Refused:
            return
        self.assertTrue(member == "entry" and position in self.RISING, (index, member, position))
        if index < LAST:
            self.assertEqual(status_of(replay, BASE.raws[index + 1]), "PLACE")
        else:
            self.assertNotEqual(replay.tree.root(), REPLAY.tree.root())

    def positions(self, index, member, everything):
        """All bytes of a few entries, a sample of the others', shifted from entry to entry."""
        size = len(getattr(BASE.raws[index], member))
        step = 1 if everything else 29
        return range(index % step, size, step)

    def test_flips(self):
        whole = {0, 3, 15, LAST}
        replay = v.Replay()
        for index, raw in enumerate(BASE.raws):
            for member in Raw.MEMBERS:
                for position in self.positions(index, member, index in whole):
                    self.flip(replay, index, member, position)
            replay.accept(*raw.arguments())

    def test_genesis_written_anew(self):
        """Another nonce with body_root mended is another ledger: entry 1 belongs to none."""
        records = genesis_records()
        records[0] = put(records[0], 16, sha256(b"another"))
        writer = Writer()
        other = writer.seal(genesis(writer, records))
        replay, refusal = v.verify_lines([other.line()] + BASE.lines()[1:])
        self.assertEqual((len(replay.state.entries), refusal.status), (1, "PLACE"))


class Input(unittest.TestCase):
    LINE = 3

    def refusal(self, line):
        lines = BASE.lines()
        lines[self.LINE] = line
        replay, refusal = v.verify_lines(lines)
        self.assertEqual(len(replay.state.entries), self.LINE)
        return refusal.status

    def with_member(self, name, value):
        decoded = json.loads(BASE.lines()[self.LINE])
        decoded["raw"][name] = value
        return json.dumps(decoded).encode()

    def test_lines_that_are_no_entry(self):
        for line in [b"{", b"[]", b"null", b"7", b'"raw"', b"{}", b'{"raw": 3}', b"\xff\xfe",
                     b"[" * 100_000, b'{"raw": {"index": %s}}' % (b"9" * 5000), b'{"raw": {}}',
                     b'{"raw": {"index": NaN}}', b'\xef\xbb\xbf{"raw": {}}', b"\0", b"{}{}"]:
            with self.subTest(line[:30]):
                self.assertEqual(self.refusal(line), "INPUT")

    def test_members(self):
        for name in Raw.MEMBERS:
            for value in [None, 7, [], {}, "0", "zz", "0X", "AB", " 00", "00\n", "٠٠", True]:
                with self.subTest("%s %r" % (name, value)):
                    self.assertEqual(self.refusal(self.with_member(name, value)), "INPUT")
            for value in ("", "00"):
                self.assertIn(self.refusal(self.with_member(name, value)),
                              ("RECORD_COUNT", "TRUNCATED", "DERIVED"))

    def test_index(self):
        for value in [None, "3", 3.0, True, -1, 2**64, 10**400]:
            with self.subTest(str(value)[:9]):
                self.assertEqual(self.refusal(self.with_member("index", value)), "INPUT")
        self.assertEqual(self.refusal(self.with_member("index", 4)), "PLACE")

    def test_nothing(self):
        self.assertEqual(v.verify_lines([])[1].status, "INPUT")

    def test_random_damage(self):
        """Nothing raises anything but Refused."""
        chance = random.Random(1)
        prefix = replay_of(BASE.raws[:20])
        good = BASE.raws[20]
        for _ in range(300):
            member = chance.choice(Raw.MEMBERS)
            data = bytearray(getattr(good, member))
            for _ in range(chance.randrange(1, 4)):
                value = chance.choice((0, 1, 255, chance.randrange(256)))
                data[chance.randrange(len(data))] = value
            cut_at = chance.choice((len(data), chance.randrange(len(data))))
            status_of(prefix, good.changed(member, bytes(data[:cut_at])))


class Program(unittest.TestCase):
    def run_program(self, data, *arguments):
        done = subprocess.run([sys.executable, VERIFIER, *arguments], input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertNotIn(b"Traceback", done.stderr)
        return done.returncode, done.stdout.decode()

    def test_pass(self):
        status, text = self.run_program(b"".join(BASE.lines()))
        self.assertEqual(status, 0)
        self.assertIn("SKIP attachments", text)
        self.assertIn("head_leaf %s" % leaf(BASE.raws[-1].entry).hex(), text)
        self.assertTrue(text.endswith("\npassed\n"))

    def test_json_from_a_file(self):
        ledger_id = leaf(FIRST.entry).hex()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ledger.jsonl")
            with open(path, "wb") as out:
                out.writelines(BASE.lines())
            status, text = self.run_program(b"", path, "--json", "--ledger-id", ledger_id)
        shown = json.loads(text)
        self.assertEqual((status, shown["verified"], shown["ledger_id"]), (0, True, ledger_id))
        self.assertEqual(shown["asset_sums"], {"1": "0", "2": "0"})
        self.assertEqual(shown["accounts"]["1:1"]["balance"], str(BASE.balances[RESERVE]))
        self.assertEqual(text, json.dumps(shown, indent=2, sort_keys=True) + "\n")

    def test_another_ledger(self):
        status, text = self.run_program(b"".join(BASE.lines()), "--ledger-id", "00" * 32)
        self.assertEqual(status, 1)
        self.assertIn("FAIL entry 0: LEDGER_ID", text)

    def test_failure_names_the_entry(self):
        lines = BASE.lines()
        lines[8] = b'{"raw": oops}\n'
        status, text = self.run_program(b"".join(lines), "-")
        self.assertEqual(status, 1)
        self.assertIn("FAIL entry 8: INPUT", text)
        status, text = self.run_program(b"".join(lines), "--json")
        self.assertEqual((status, json.loads(text)["failure"]["entry"]), (1, 8))

    def test_usage_and_input(self):
        self.assertEqual(self.run_program(b"", "--nonsense")[0], 2)
        self.assertEqual(self.run_program(b"", "--ledger-id", "12")[0], 2)
        self.assertEqual(self.run_program(b"", os.path.join(HERE, "no such file"))[0], 65)
        self.assertEqual(self.run_program(b"", HERE)[0], 65)


def worked_example():
    """Section 13 as (label, bytes) in its order: a label, then lines of hex set in further."""
    with open(DOCUMENT, encoding="utf-8") as source:
        block = re.search(r"```\n(.*?)```", section(source.read(), 13), re.DOTALL).group(1)
    items = re.findall(r"^((?:  )?[a-z].*)\n((?:    [0-9a-f]+\n)+)", block, re.MULTILINE)
    lines = sum(1 + digits.count("\n") for _label, digits in items)
    assert lines == block.count("\n"), "a line of the example is neither label nor hex"
    return [(label.strip(), bytes.fromhex(digits)) for label, digits in items]


class Example(unittest.TestCase):
    """Every hash that section 13 prints, from the bytes it prints."""

    def setUp(self):
        self.items = worked_example()

    def take(self, label):
        found, data = self.items.pop(0)
        self.assertTrue(found.startswith(label), (found, label))
        return data

    def take_records(self, index):
        records = []
        while self.items[0][0].startswith("entry %d, record %d: " % (index, len(records))):
            records.append(self.take("entry"))
            self.assertEqual(self.take("its leaf hash"), leaf(records[-1]))
        return records

    def take_entry(self, index):
        records = self.take_records(index)
        root = self.take("body_root")
        self.assertEqual(root, tree_hash([leaf(record) for record in records]))
        header = self.take("header")
        self.assertEqual(header[144:], root)
        self.assertEqual(self.take("envelope id"), envelope_id(header))
        entry = self.take("entry")
        self.assertEqual(entry[64:240], header)
        self.assertEqual(self.take("leaf hash of the entry"), leaf(entry))
        return Raw(index, entry, b"".join(records), self.take("links"), self.take("tail"))

    def test_example(self):
        raws = [self.take_entry(0), self.take_entry(1)]
        leaves = [leaf(raw.entry) for raw in raws]
        self.assertEqual(self.take("tree root over both"), tree_hash(leaves))
        self.assertEqual(self.items, [])
        replay = replay_of(raws)
        self.assertEqual((replay.tree.root(), replay.state.ledger_id),
                         (tree_hash(leaves), leaves[0]))


class Golden(unittest.TestCase):
    """The ledger that the C program wrote, committed."""

    def test_accepted(self):
        if not os.path.exists(GOLDEN):
            self.skipTest("golden_ledger.jsonl is not there")
        with open(GOLDEN, "rb") as lines:
            replay, refusal = v.verify_lines(lines)
        self.assertIsNone(refusal, "entry %d" % len(replay.state.entries))
        self.assertGreater(len(replay.state.entries), 2)


def data_file(*parts):
    path = os.path.join(DATA, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("%s is not there" % parts[-1])
    return path


def der_integer(data):
    """The first integer of strict DER, and what follows it; None when it is not that."""
    if len(data) < 3 or data[0] != 2 or not 0 < data[1] <= min(127, len(data) - 2):
        return None
    content, rest = data[2:2 + data[1]], data[2 + data[1]:]
    padded = len(content) > 1 and content[0] == 0 and content[1] < 128
    if content[0] > 127 or padded:
        return None
    return int.from_bytes(content, "big"), rest


def der_signature(data):
    """r ‖ s from strict DER, or None."""
    if len(data) < 2 or data[0] != 0x30 or data[1] > 127 or data[1] != len(data) - 2:
        return None
    first = der_integer(data[2:])
    second = der_integer(first[1]) if first else None
    if not second or second[1] or max(first[0], second[0]) >= 2**256:
        return None
    return first[0].to_bytes(32, "big") + second[0].to_bytes(32, "big")


class Curve(unittest.TestCase):
    def test_bip340_vectors(self):
        with open(data_file("bips", "bip-0340", "test-vectors.csv"), encoding="utf-8") as table:
            rows = list(csv.DictReader(io.StringIO(table.read())))
        self.assertGreater(len(rows), 10)
        for row in rows:
            with self.subTest(row["index"]):
                key, message, signature = (bytes.fromhex(row[name])
                                           for name in ("public key", "message", "signature"))
                self.assertEqual(v.bip340_verify(key, message, signature),
                                 row["verification result"] == "TRUE")
                self.check_signing(row, key, message, signature)

    def check_signing(self, row, key, message, signature):
        if row["secret key"]:
            secret = copy.copy(T1)
            secret.secret = int(row["secret key"], 16)
            secret.derive()
            self.assertEqual(secret.public, key)
            aux = bytes.fromhex(row["aux_rand"])
            self.assertEqual(secret.sign_bip340(message, aux), signature)

    def test_ecdsa_vectors(self):
        path = data_file("wycheproof", "ecdsa_secp256k1_sha256_bitcoin_test.json")
        with open(path, encoding="utf-8") as vectors:
            groups = json.load(vectors)["testGroups"]
        for group in groups:
            point = bytes.fromhex(group["publicKey"]["uncompressed"])
            key = bytes([2 + (point[64] & 1)]) + point[1:33]
            for test in group["tests"]:
                with self.subTest(test["tcId"]):
                    signature = der_signature(bytes.fromhex(test["sig"]))
                    valid = signature is not None and v.ecdsa_verify(
                        key, sha256(bytes.fromhex(test["msg"])), signature)
                    self.assertEqual(valid, test["result"] == "valid", test["comment"])

    def test_against_plain_addition(self):
        """The windowed multiplication against doubling and adding."""
        point = times_generator(7)
        for a, b in [(0, 0), (1, 0), (0, 1), (5, 9), (v.N - 7, 1), (v.N - 1, v.N - 1), (2**255, 3)]:
            expected = self.plain(a + 7 * b)
            found = v.multiply_two(a, b, point)
            self.assertEqual(found and v.to_affine(found), expected)

    @staticmethod
    def plain(scalar):
        total, scalar = None, scalar % v.N
        for bit in bin(scalar)[2:]:
            total = v.point_double(total)
            if bit == "1":
                total = v.point_add_affine(total, v.G)
        return total and v.to_affine(total)

    def test_keys_that_are_no_points(self):
        five = (5).to_bytes(32, "big")  # no point has x = 5
        for key in [b"\x02" + five, b"\x04" + bytes(32), b"\x02" + b"\xff" * 32, b""]:
            self.assertIsNone(v.key_point(ECDSA, key))
        for key in [five, bytes(33), v.P.to_bytes(32, "big"), b"\xff" * 32, b""]:
            self.assertIsNone(v.key_point(BIP340, key))


if __name__ == "__main__":
    unittest.main()
