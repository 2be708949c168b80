#!/usr/bin/env python3
"""A second verifier for Tijori ledgers, written from docs/FORMAT.md alone.

It shares nothing with the C program: no code, no library, not even the curve arithmetic. Where
both agree on a ledger, the document is enough to build a verifier from.

It reads what `tijori show DIR 0.. --format jsonl` prints (section 10; only the member `raw`) or the
folder that `tijori export` makes (section 14; tests/second_export.py), judges every entry by
sections 2 to 9 and compares everything derived that the entries imply. With --proof it reads a
proof of one entry or record (section 16; tests/second_proof.py).

Where the body of a restricted entry is missing (a public export), what its records did is unknown,
and with it every balance of parties outside the public sector from there on. Rules that depend on
either are left out; what can still be told is judged.

Statuses in capitals are the document's (section 12). Some are this program's own, for what the
document gives no name: INPUT (a line of the input), PLACE (step 0 of section 7), DERIVED (links
and tails, section 9), INVARIANT (balances), FOLDER, TILE, CHECKPOINT, PIN, POLICY and PROOF (sections 14
and 16), INTERNAL (a fault of this program).

The first rule broken gives the status, in section 7's order as an audit has it: whether the bytes
of an entry are those that were signed is asked before what its records say. A replay of envelopes as
a ledger is given them (Replay.submitted) keeps the order of the steps.

It stops at the first entry that is refused: what follows was built on it and says nothing.
"""

import argparse
import collections
import contextlib
import functools
import hashlib
import json
import os
import re
import sys

import second_rules

# --------------------------------------------------------------------------------------------
# secp256k1. Points are None (infinity), affine (x, y) or Jacobian (x, y, z).
# --------------------------------------------------------------------------------------------

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)

WINDOW_G = 8  # the generator's table is built once, so it may be larger than a key's
WINDOW_KEY = 5


def point_double(a):
    if a is None:
        return None
    x, y, z = a
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P  # the curve has a = 0
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def point_add_affine(a, b):
    """Jacobian a plus affine b."""
    if a is None:
        return b[0], b[1], 1
    x, y, z = a
    zz = z * z % P
    h = (b[0] * zz - x) % P
    r = (b[1] * zz * z - y) % P
    if h == 0:
        return point_double(a) if r == 0 else None
    hh = h * h % P
    hhh = h * hh % P
    v = x * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y * hhh) % P, z * h % P


def to_affine(a):
    inverse = pow(a[2], -1, P)
    square = inverse * inverse % P
    return a[0] * square % P, a[1] * square * inverse % P


@functools.lru_cache(maxsize=1024)
def odd_multiples(point, window):
    """point, 3 point, 5 point … as affine points: the table of a windowed multiplication. Keys
    come again and again in a ledger, so tables are kept."""
    twice = to_affine(point_double((point[0], point[1], 1)))
    table = [point]
    for _ in range((1 << (window - 2)) - 1):
        last = table[-1]
        table.append(to_affine(point_add_affine((last[0], last[1], 1), twice)))
    return table


def signed_digits(scalar, window):
    """The windowed non-adjacent form, lowest digit first: odd digits with zeros between."""
    digits = []
    full, half = 1 << window, 1 << (window - 1)
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (full - 1)
            if digit >= half:
                digit -= full
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


def multiply_two(a, b, point):
    """a G + b point, in one pass of doublings (Shamir's trick)."""
    pairs = [(signed_digits(a % N, WINDOW_G), odd_multiples(G, WINDOW_G)),
             (signed_digits(b % N, WINDOW_KEY), odd_multiples(point, WINDOW_KEY))]
    total = None
    for place in range(max(len(digits) for digits, _ in pairs) - 1, -1, -1):
        total = point_double(total)
        for digits, table in pairs:
            digit = digits[place] if place < len(digits) else 0
            if digit > 0:
                total = point_add_affine(total, table[digit >> 1])
            elif digit < 0:
                x, y = table[-digit >> 1]
                total = point_add_affine(total, (x, P - y))
    return total


@functools.lru_cache(maxsize=4096)
def lift_x(x, odd):
    """The point with this x-coordinate and parity of y, or None when x is on no point."""
    if x >= P:
        return None
    square = (x * x * x + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, (y if y & 1 == odd else P - y)


def key_point(algorithm, key):
    if algorithm == ECDSA:
        if len(key) != 33 or key[0] not in (2, 3):
            return None
        return lift_x(int.from_bytes(key[1:], "big"), key[0] & 1)
    return lift_x(int.from_bytes(key, "big"), 0) if len(key) == 32 else None


def ecdsa_verify(key, digest, signature):
    """Signature is r ‖ s; the digest is signed as it is. An s above half the order is refused."""
    point = key_point(ECDSA, key)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point is None or len(signature) != 64 or not 0 < r < N or not 0 < s <= N // 2:
        return False
    inverse = pow(s, -1, N)
    total = multiply_two(int.from_bytes(digest, "big") * inverse, r * inverse, point)
    if total is None:
        return False
    # x mod N is compared; without a division: x is r or r + N.
    zz = total[2] * total[2] % P
    return any(x < P and x * zz % P == total[0] for x in (r, r + N))


def bip340_verify(key, message, signature):
    point = key_point(BIP340, key)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point is None or len(signature) != 64 or r >= P or s >= N:
        return False
    challenge = tagged_hash(b"BIP0340/challenge", signature[:32] + key + message)
    total = multiply_two(s, N - int.from_bytes(challenge, "big") % N, point)
    if total is None:
        return False
    x, y = to_affine(total)
    return x == r and y & 1 == 0


# Ed25519 (RFC 8032 section 5.1), for log keys: rare, so as plain as the RFC has it; but few keys sign
# many checkpoints, and one checkpoint is met many times. Points are (x, y, z, t), x = X / z, y = Y / z,
# x y = t / z.

P_ED = 2**255 - 19
ORDER_ED = 2**252 + 27742317777372353535851937790883648493
D_ED = -121665 * pow(121666, -1, P_ED) % P_ED
NEUTRAL_ED = (0, 1, 1, 0)


def ed25519_add(a, b):
    left, right = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    middle, double = 2 * a[3] * b[3] * D_ED, 2 * a[2] * b[2]
    e, f, g, h = right - left, double - middle, double + middle, right + left
    return e * f % P_ED, g * h % P_ED, f * g % P_ED, e * h % P_ED


@functools.lru_cache(maxsize=256)
def ed25519_doublings(point):
    """point, 2 point, 4 point … for scalars below 2^256."""
    table = [point]
    while len(table) < 256:
        table.append(ed25519_add(table[-1], table[-1]))
    return table


def ed25519_multiply(scalar, point):
    total = NEUTRAL_ED
    for place, doubled in enumerate(ed25519_doublings(point)[:scalar.bit_length()]):
        if scalar >> place & 1:
            total = ed25519_add(total, doubled)
    return total


def ed25519_encode(point):
    inverse = pow(point[2], -1, P_ED)
    x, y = point[0] * inverse % P_ED, point[1] * inverse % P_ED
    return (y | (x & 1) << 255).to_bytes(32, "little")


@functools.lru_cache(maxsize=256)
def ed25519_point(key):
    """The point with this encoding, or None: there is none, or it is of small order (as are the
    points with x = 0, of which one sign is no encoding)."""
    y = int.from_bytes(key, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    if len(key) != 32 or y >= P_ED:
        return None
    square = (y * y - 1) * pow(D_ED * y * y + 1, -1, P_ED) % P_ED
    x = pow(square, (P_ED + 3) // 8, P_ED)
    if x * x % P_ED != square:
        x = x * pow(2, (P_ED - 1) // 4, P_ED) % P_ED
    if x * x % P_ED != square:
        return None
    x = x if x & 1 == odd else (P_ED - x) % P_ED
    point = (x, y, 1, x * y % P_ED)
    eight = functools.reduce(lambda total, _: ed25519_add(total, total), range(3), point)
    return None if ed25519_encode(eight) == ed25519_encode(NEUTRAL_ED) else point


# The base point is the even x of y = 4/5.
BASE_ED = ed25519_point((4 * pow(5, -1, P_ED) % P_ED).to_bytes(32, "little"))


@functools.lru_cache(maxsize=4096)
def ed25519_verify(key, message, signature):
    point, s = ed25519_point(key), int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= ORDER_ED:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER_ED
    minus = (P_ED - point[0], point[1], 1, P_ED - point[3])
    total = ed25519_add(ed25519_multiply(s, BASE_ED), ed25519_multiply(challenge, minus))
    return ed25519_encode(total) == signature[:32]


def signature_valid(algorithm, key, message, signature):
    verify = {ECDSA: ecdsa_verify, BIP340: bip340_verify, ED25519: ed25519_verify}[algorithm]
    return verify(key, message, signature)


# --------------------------------------------------------------------------------------------
# Section 1: numbers
# --------------------------------------------------------------------------------------------

MOVE, PENDING, POST, VOID, CORRECT, APPROVAL = range(1, 7)
(LEDGER, PREDECESSOR, REGISTER_PARTY, ADD_KEY, REVOKE_KEY, SET_THRESHOLD, SUSPEND_PARTY,
 REINSTATE_PARTY, GRANT_CLASSES, OPEN_ASSET, OPEN_ACCOUNT, FREEZE_ACCOUNT, UNFREEZE_ACCOUNT,
 CLOSE_ACCOUNT, ACTIVATE_RULES, ADD_LOG_KEY, RETIRE_LOG_KEY, ENDORSE, RENAME_PARTY, CLOSE_PARTY,
 RECOVER_PARTY, OBJECT_RECOVERY, END_RULE, SET_TIER, CLOSE_OPENING) = range(16, 41)
DETAIL = 48
SET_LIMIT, PROGRAMME, STATEMENT = range(64, 67)
MOVEMENTS = range(1, 7)
DIRECTIVES = (*range(16, 41), *range(64, 67))
KINDS_RESERVED = range(67, 77)

PURPOSES = ["", "purchase", "mining", "seizure", "donation", "unsolicited_inflow",
            "internal_transfer", "sale", "payment", "fee", "customer_deposit",
            "customer_withdrawal", "customer_transfer", "correction"]
CLASSES = ["", "reserve", "custody", "market", "mining", "seizure", "donation", "fee", "external",
           "suspense"]
RESERVE, CUSTODY, MARKET, MINING, SEIZURE, DONATION, FEE, EXTERNAL, SUSPENSE = range(1, 10)
CONTRA = range(MARKET, SUSPENSE + 1)
CUSTOMER_DEPOSIT = 10
AUTHORITY, TREASURY, CUSTODIAN, OPERATOR, AUDITOR = range(1, 6)
INITIATE, APPROVE, ADMINISTER = 1, 2, 3
ECDSA, BIP340, ED25519 = 1, 2, 3
KEY_SIZES = {ECDSA: 33, BIP340: 32, ED25519: 32}
SIGN, COUNTERSIGN, POSSESSION = 1, 2, 3
DOMAIN_MOVE, DOMAIN_ADMINISTER = 1, 2
INWARDS, OUTWARDS = 1, 2
OUTFLOW, BALANCE, COUNTERPARTY, PURPOSES_ONLY, FREEZE = range(1, 6)  # types of limits
CEILING, MANDATE, ALLOCATION, MINIMUM = range(1, 5)  # types of programmes
ENFORCE, REPORT = 1, 2
(OPENING, CLOSING, INFLOW, OUTFLOW_FIGURE, CUSTOMERS, COUNTED, UNCLASSIFIED, BREACHES, ATTESTED,
 ADJUSTMENTS, BROUGHT_IN) = range(1, 12)
(LONG_REFERENCE, MEMO, TRANSACTION, PRICE, ADDRESS, DESCRIPTOR, ATTACHMENT_NAME, MEDIA_TYPE,
 COUNTERPARTY_LEI, ENCUMBRANCE) = range(1, 11)  # types of details
PLEDGED, LENT = 1, 2
ALL_OF_PARTY = 2**32 - 1  # the local number in a holder that is all of a party
BASES = ["unknown", "declared", "document_cited", "countersigned", "brought_in"]
BASIS_UNKNOWN = 0  # of a post of a pending record whose body is missing
DECLARED, DOCUMENT_CITED, COUNTERSIGNED = 1, 2, 3
BROUGHT_IN_CELL = 4  # of openings, which have no basis

NS = 10**9
ZERO_HASH = bytes(32)
CLOCK_TOLERANCE_S = 300
BTC_AMOUNT_MAX = 2_100_000_000_000_000
FIRST_ACCOUNT_NUMBER = 0
FIRST_RESTRICTED, LAST_RESTRICTED = 2**31, 2**32 - 2  # local numbers of restricted accounts

RECORD_SIZE, HEADER_SIZE, FIXED_SIZE = 112, 176, 240
RECORDS_MAX, SLOTS_MAX, LANE_MAX = 8_190, 16, 4_095
RESTRICTED_FLAG, APPROVAL_FLAG = 1, 2
OPENING_FLAG = 1  # of a move or a correct
DETAILS_MAX = 16
RULES_MAX, PARTIES_MAX, ACCOUNTS_MAX, ASSETS_MAX = 65_536, 65_536, 2**30, 1_024
LOG_KEYS_MAX = 256
RULES_KNOWN = 1  # the highest rules number
YEAR_S = 31_622_400  # 366 days
DAY_S = 86_400
DAY_NS = DAY_S * NS
POSITION_BITS = 13

# Which pairs of classes a purpose allows, from → to (section 7.1).
PAIRS = {
    1: {(MARKET, RESERVE), (CUSTODY, RESERVE)},
    2: {(MINING, RESERVE)},
    3: {(SEIZURE, RESERVE), (CUSTODY, RESERVE), (RESERVE, SEIZURE)},
    4: {(DONATION, RESERVE), (CUSTODY, RESERVE)},
    5: {(EXTERNAL, RESERVE), (SUSPENSE, RESERVE)},
    6: {(RESERVE, RESERVE)},
    7: {(RESERVE, MARKET), (RESERVE, CUSTODY)},
    8: {(RESERVE, EXTERNAL), (RESERVE, CUSTODY), (RESERVE, SUSPENSE), (CUSTODY, RESERVE)},
    9: {(RESERVE, FEE), (CUSTODY, FEE)},
    10: {(EXTERNAL, CUSTODY), (SUSPENSE, CUSTODY)},
    11: {(CUSTODY, EXTERNAL)},
    12: {(CUSTODY, CUSTODY)},
    13: set(),
}


def class_mask(*classes):
    return sum(1 << number for number in classes)


PUBLIC_MASK = class_mask(RESERVE, MARKET, MINING, SEIZURE, DONATION, FEE, EXTERNAL, SUSPENSE)
GRANTABLE = {AUTHORITY: PUBLIC_MASK, TREASURY: PUBLIC_MASK,
             CUSTODIAN: class_mask(CUSTODY, FEE, EXTERNAL, SUSPENSE), OPERATOR: 0, AUDITOR: 0}

# --------------------------------------------------------------------------------------------
# Refusal
# --------------------------------------------------------------------------------------------


class Refused(Exception):
    """A rule is broken: its status, the rule in words, and where there is one the entry and the
    position of the record."""

    def __init__(self, status, rule, entry=None):
        super().__init__("%s: %s" % (status, rule))
        self.status = status
        self.rule = rule
        self.entry = entry
        self.record = None
        self.newer = False  # intact, but newer software is needed to say what it means

    def at(self, entry):
        self.entry = entry
        return self


@contextlib.contextmanager
def about_record(position):
    """What is refused within is refused for this record."""
    try:
        yield
    except Refused as refusal:
        refusal.record = position if refusal.record is None else refusal.record
        raise


def demand(holds, status, rule, entry=None):
    if not holds:
        raise Refused(status, rule, entry)


# --------------------------------------------------------------------------------------------
# Section 2: hashes
# --------------------------------------------------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged_hash(tag, data):
    prefix = sha256(tag)
    return sha256(prefix + prefix + data)


def leaf_hash(data):
    return sha256(b"\x00" + data)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def envelope_id(header):
    return tagged_hash(b"tijori/envelope/v1", header)


class TreeHash:
    """RFC 6962 section 2.1, leaf by leaf: the roots of the perfect subtrees, largest first."""

    def __init__(self):
        self.size = 0
        self.roots = []

    def add(self, leaf):
        size = self.size
        while size & 1:
            leaf = node_hash(self.roots.pop(), leaf)
            size >>= 1
        self.roots.append(leaf)
        self.size += 1

    def root(self):
        if not self.roots:
            return sha256(b"")
        result = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            result = node_hash(left, result)
        return result


# --------------------------------------------------------------------------------------------
# Section 3: records. A table of fields a kind; every byte that no field covers must be zero.
# --------------------------------------------------------------------------------------------


class Record:
    """The fields of a record as attributes, with its bytes and leaf hash. details are those that
    follow it; opening is a movement's flag."""

    def __init__(self, data):
        self.data = data
        self.kind = data[0]
        self.leaf = leaf_hash(data)
        self.details = []
        self.opening = self.kind in MOVEMENTS and bool(data[1] & OPENING_FLAG)

    def group_hash(self):
        tree = TreeHash()
        for record in [self] + self.details:
            tree.add(record.leaf)
        return tree.root()


def number(data):
    return int.from_bytes(data, "little")


def field_number(low, high, status="VALUE"):
    def decode(data, name):
        value = number(data)
        demand(low <= value <= high, status,
               "%s is %d, outside %d to %d" % (name, value, low, high))
        return value
    return decode


def field_bytes(data, _name):
    return data


def field_key(data, name):
    demand(any(data), "VALUE", "%s is all zero" % name)
    return data


def field_mask(low, high, without=()):
    def decode(data, name):
        mask = number(data)
        allowed = class_mask(*(bit for bit in range(low, high + 1) if bit not in without))
        demand(mask & ~allowed == 0, "VALUE", "%s has a bit that it may not" % name)
        return mask
    return decode


def field_signed(data, _name):
    return int.from_bytes(data, "little", signed=True)


# The code points that do not stand in texts, first and last of each range.
NOT_IN_TEXTS = ((0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069))
NOT_IN_NAMES = NOT_IN_TEXTS + (
    (0xA0, 0xA0), (0xAD, 0xAD), (0x1680, 0x1680), (0x2000, 0x200B), (0x200E, 0x200F),
    (0x202F, 0x202F), (0x205F, 0x2065), (0x3000, 0x3000), (0xFEFF, 0xFEFF))
NOT_IN_ORIGINS = NOT_IN_NAMES + ((0x20, 0x20), (0x2B, 0x2B))


def stands_in(character, ranges):
    return any(first <= ord(character) <= last for first, last in ranges)


def field_text(empty_allowed, without):
    def decode(data, name):
        content = data.rstrip(b"\x00")
        try:
            text = content.decode("utf-8")  # strict: shortest form, no surrogates
        except UnicodeDecodeError:
            raise Refused("TEXT", "%s is not UTF-8" % name) from None
        demand(text or empty_allowed, "TEXT", "%s is empty" % name)
        demand(text == text.strip(" "), "TEXT", "%s begins or ends with a space" % name)
        demand(not any(stands_in(c, without) for c in text), "TEXT",
               "%s holds a character it may not" % name)
        return text
    return decode


def field_code(data, name):
    content = data.rstrip(b"\x00")
    demand(re.fullmatch(rb"[A-Z0-9]+", content), "TEXT", "%s is not of A-Z, 0-9" % name)
    return content.decode("ascii")


ASSET = field_number(1, 2**32 - 1)
ANY32, ANY64 = field_number(0, 2**32 - 1), field_number(0, 2**64 - 1)
LABEL = field_text(True, NOT_IN_TEXTS)
NAME, ORIGIN = field_text(False, NOT_IN_NAMES), field_text(False, NOT_IN_ORIGINS)

MOVEMENT_FIELDS = [
    (1, 1, "flags", field_bytes),
    (2, 1, "purpose", field_number(1, 13)),
    (4, 8, "source", ANY64),
    (12, 8, "target", ANY64),
    (20, 8, "amount", field_number(1, 2**64 - 1, "AMOUNT_ZERO")),
    (28, 4, "value_date", ANY32),
    (32, 4, "timeout_s", ANY32),
    (36, 8, "refers_to", ANY64),
    (44, 16, "reference", LABEL),
    (60, 32, "hash", field_bytes),
    (92, 1, "detail_count", field_number(0, 255)),
]
KEY_FIELDS = [
    (2, 1, "algorithm", field_number(ECDSA, BIP340)),
    (3, 1, "role", field_number(INITIATE, ADMINISTER)),
    (4, 4, "party", ANY32),
    (8, 4, "ordinal", ANY32),
    (16, 33, "key", field_key),
]
FREEZE_FIELDS = [(2, 1, "directions", field_number(1, 3)), (4, 8, "account", ANY64)]
LOG_KEY_FIELDS = [
    (2, 1, "algorithm", field_number(ED25519, ED25519)),
    (4, 4, "number", ANY32),
    (16, 32, "key", field_key),
]
PARTY_FIELD = (4, 4, "party", ANY32)
RULE_FIELD = (4, 4, "rule", ANY32)
SUM63 = field_number(0, 2**63 - 1)
DAYS = field_number(0, 366)

DIRECTIVE_FIELDS = {
    LEDGER: [
        (2, 1, "network", field_number(0, 3)),
        (4, 4, "rules", field_number(1, 1)),
        (8, 4, "lifetime_max_s", field_number(60, 31_622_400)),
        (12, 4, "checkpoint_delay_max_s", field_number(1, 2**32 - 1)),
        (16, 32, "nonce", field_bytes),
        (48, 48, "name", ORIGIN),
    ],
    PREDECESSOR: [
        (8, 8, "size", field_number(1, 2**64 - 1)),
        (16, 32, "ledger_id", field_bytes),
        (48, 32, "root", field_bytes),
    ],
    REGISTER_PARTY: [(2, 1, "type", field_number(AUTHORITY, AUDITOR)), PARTY_FIELD,
                     (16, 48, "name", NAME)],
    ADD_KEY: [(1, 1, "flags", field_number(0, 1))] + KEY_FIELDS
             + [(12, 1, "group", field_number(0, 15)), (56, 32, "label", LABEL)],
    REVOKE_KEY: KEY_FIELDS,
    SET_THRESHOLD: [(2, 1, "domain", field_number(DOMAIN_MOVE, DOMAIN_ADMINISTER)),
                    (3, 1, "threshold", field_number(0, 16)), PARTY_FIELD],
    SUSPEND_PARTY: [PARTY_FIELD],
    REINSTATE_PARTY: [PARTY_FIELD],
    GRANT_CLASSES: [(2, 2, "classes", field_mask(1, 9)), PARTY_FIELD],
    OPEN_ASSET: [
        (2, 1, "decimals", field_number(0, 18)),
        (4, 4, "asset", ASSET),
        (8, 8, "amount_max", field_number(1, 2**53)),
        (16, 8, "code", field_code),
        (24, 48, "name", NAME),
    ],
    OPEN_ACCOUNT: [
        (2, 1, "account_class", field_number(RESERVE, SUSPENSE)),
        (4, 8, "account", ANY64),
        (12, 4, "asset", ASSET),
        (16, 48, "label", LABEL),
    ],
    FREEZE_ACCOUNT: FREEZE_FIELDS,
    UNFREEZE_ACCOUNT: FREEZE_FIELDS,
    CLOSE_ACCOUNT: [(4, 8, "account", ANY64)],
    ACTIVATE_RULES: [(4, 4, "rules", field_number(1, 2**32 - 1))],
    ADD_LOG_KEY: LOG_KEY_FIELDS,
    RETIRE_LOG_KEY: LOG_KEY_FIELDS + [(8, 8, "last_good_size", ANY64),
                                      (48, 32, "last_good_root", field_bytes)],
    ENDORSE: [
        (8, 8, "entry", ANY64),
        (16, 32, "entry_leaf", field_bytes),
        (48, 32, "entry_envelope", field_bytes),
    ],
    RENAME_PARTY: [PARTY_FIELD, (16, 48, "name", NAME)],
    CLOSE_PARTY: [PARTY_FIELD],
    RECOVER_PARTY: [PARTY_FIELD, (8, 4, "delay_s", field_number(604_800, YEAR_S))],
    OBJECT_RECOVERY: [PARTY_FIELD],
    END_RULE: [RULE_FIELD],
    CLOSE_OPENING: [PARTY_FIELD],
    SET_TIER: [
        (2, 1, "approvals", field_number(0, 16)),
        RULE_FIELD,
        (8, 4, "party", ANY32),
        (12, 4, "asset", ASSET),
        (16, 2, "groups", field_mask(1, 15)),
        (18, 2, "notice_days", DAYS),
        (20, 4, "delay_s", field_number(0, YEAR_S)),
        (24, 8, "above", field_number(0, 2**53)),
        (32, 4, "named_party", ANY32),
    ],
    SET_LIMIT: [
        (1, 1, "type", field_number(OUTFLOW, FREEZE)),
        (2, 1, "directions", field_number(0, 3)),
        RULE_FIELD,
        (8, 8, "holder", ANY64),
        (16, 4, "asset", ANY32),
        (20, 4, "window_s", ANY32),
        (24, 8, "amount", SUM63),
        (32, 2, "purposes", field_mask(1, 12)),
        (34, 2, "notice_days", DAYS),
        (36, 4, "named_party", ANY32),
        (40, 8, "counterparty", ANY64),
        (48, 2, "wait_days", DAYS),
    ],
    PROGRAMME: [
        (1, 1, "mode", field_number(ENFORCE, REPORT)),
        (2, 1, "type", field_number(CEILING, MINIMUM)),
        RULE_FIELD,
        (8, 4, "asset", ASSET),
        (12, 2, "purposes", field_mask(1, 12, without=(6,))),
        (14, 2, "notice_days", DAYS),
        (16, 4, "starts", ANY32),
        (20, 4, "ends", ANY32),
        (24, 8, "amount", SUM63),
        (32, 8, "amount_day", SUM63),
        (40, 4, "power_mw", ANY32),
        (44, 4, "named_party", ANY32),
        (48, 48, "name", NAME),
    ],
    STATEMENT: [
        (1, 1, "figure", field_number(OPENING, BROUGHT_IN)),
        (2, 1, "purpose", field_number(0, 13)),
        PARTY_FIELD,
        (8, 4, "asset", ASSET),
        (12, 4, "rule", ANY32),
        (16, 4, "period_from", field_number(1, 2**32 - 1)),
        (20, 4, "as_of", ANY32),
        (24, 16, "value", field_signed),
        (40, 32, "document", field_bytes),
    ],
}


def not_zero(value):
    return value != 0


def anything(_value):
    return True


def window_fits(value):
    return 16 <= value <= YEAR_S and value % 16 == 0


# What a set_limit, a programme and a statement use, by type or figure: field to what it must be.
# Fields that stand in a table and not in the row are zero.
USES = {
    SET_LIMIT: ("type", {
        OUTFLOW: {"asset": not_zero, "window_s": window_fits, "amount": anything},
        BALANCE: {"asset": not_zero, "amount": anything},
        COUNTERPARTY: {"directions": not_zero, "counterparty": anything, "wait_days": anything},
        PURPOSES_ONLY: {"directions": not_zero, "purposes": not_zero},
        FREEZE: {"directions": not_zero},
    }),
    PROGRAMME: ("type", {
        CEILING: {"purposes": not_zero, "amount": anything},
        MANDATE: {"purposes": not_zero, "amount": not_zero, "amount_day": anything},
        ALLOCATION: {"purposes": not_zero, "power_mw": not_zero},
        MINIMUM: {"amount": not_zero},
    }),
    STATEMENT: ("figure", {
        OPENING: {}, CLOSING: {}, ADJUSTMENTS: {}, BROUGHT_IN: {},
        INFLOW: {"purpose": not_zero}, OUTFLOW_FIGURE: {"purpose": not_zero},
        CUSTOMERS: {"party": anything}, ATTESTED: {"party": anything},
        COUNTED: {"rule": anything}, UNCLASSIFIED: {"rule": anything},
        BREACHES: {"rule": anything},
    }),
}
BLIND = (96, 16, "blind", field_bytes)
FIELDS = {kind: MOVEMENT_FIELDS + [BLIND] for kind in MOVEMENTS}
FIELDS.update({kind: fields + [BLIND] for kind, fields in DIRECTIVE_FIELDS.items()})


def uncovered(fields):
    """The offsets no field covers, which hold zero."""
    covered = {0}
    for offset, size, _name, _decode in fields:
        covered.update(range(offset, offset + size))
    return [offset for offset in range(RECORD_SIZE) if offset not in covered]


ZERO_OFFSETS = {kind: uncovered(fields) for kind, fields in FIELDS.items()}


# What of one record is reported when several of its fields are wrong: section 7, step 1.
FORM_ORDER = ["VALUE", "TEXT", "AMOUNT_ZERO", "SAME_ACCOUNT",
              "RESERVED_NOT_ZERO", "BLIND"]
SELECTORS = {kind: next(field for field in DIRECTIVE_FIELDS[kind] if field[2] == selector)
             for kind, (selector, _rows) in USES.items()}


def decode_record(data, restricted):
    record, breaches = Record(data), []
    unused = uses_of(data)[1]

    def attempt(check, *arguments):
        try:
            return check(*arguments)
        except Refused as refusal:
            breaches.append(refusal)
            return None

    for offset, size, name, decode in FIELDS[record.kind]:
        decode = field_unused if name in unused else decode
        setattr(record, name, attempt(decode, data[offset:offset + size], name))
    for check in (check_zero, check_used, check_combined, check_accounts):
        attempt(check, record)
    attempt(check_blind, record, restricted)
    if breaches:
        raise min(breaches, key=lambda refusal: FORM_ORDER.index(refusal.status))
    if record.kind in (ADD_KEY, REVOKE_KEY):
        record.key = record.key[:KEY_SIZES[record.algorithm]]
    return record


def check_zero(record):
    demand(not any(record.data[offset] for offset in ZERO_OFFSETS[record.kind]),
           "RESERVED_NOT_ZERO", "a byte that must be zero is not")
    if record.kind in MOVEMENTS:
        demand(record.timeout_s == 0 or record.kind == PENDING, "RESERVED_NOT_ZERO",
               "only a pending has a timeout")
        demand(record.refers_to == 0 or record.kind not in (MOVE, PENDING), "RESERVED_NOT_ZERO",
               "move and pending refer to nothing")
        flags = OPENING_FLAG if record.kind in (MOVE, CORRECT) else 0
        demand(not record.data[1] & ~flags, "RESERVED_NOT_ZERO", "a flag that this has not")


def uses_of(data):
    """Of a kind that uses fields by its type or figure: what this record's fields must be, and the
    names of those it does not use."""
    if data[0] not in USES:
        return {}, set()
    rows = USES[data[0]][1]
    row = rows.get(data[SELECTORS[data[0]][0]])
    if row is None:
        return {}, set()
    return row, {name for other in rows.values() for name in other} - set(row)


def field_unused(data, name):
    """Whatever its range is where it is used."""
    demand(not any(data), "RESERVED_NOT_ZERO", "%s is not used here" % name)
    return number(data)


def check_used(record):
    for name, fits in uses_of(record.data)[0].items():
        value = getattr(record, name)
        demand(value is None or fits(value), "VALUE", "%s is %s" % (name, value))


def check_combined(record):
    """What a record's numbers must be together."""
    if record.kind in (POST, VOID, CORRECT, APPROVAL):
        demand(record.refers_to != 0, "VALUE", "post, void, correct and approve refer to a record")
    elif record.kind == SET_TIER:
        demand(record.approvals or record.groups or record.delay_s, "VALUE",
               "a tier asks for something")
    elif record.kind == SET_LIMIT:
        demand(record.type != FREEZE or is_party(record.holder), "VALUE",
               "what is frozen is all of a party")
    elif record.kind == PROGRAMME:
        demand(record.starts <= record.ends, "VALUE", "a programme ends before it starts")
        demand(record.type != ALLOCATION or record.mode == REPORT, "VALUE",
               "an allocation is reported")
    elif record.kind == STATEMENT and record.period_from is not None:
        demand(record.period_from <= record.as_of, "VALUE", "as_of is before period_from")
    elif record.kind in (ADD_KEY, REVOKE_KEY):
        demand(record.algorithm != BIP340 or record.data[48] == 0, "VALUE",
               "a bip340 key is followed by one zero")
    elif record.kind == RETIRE_LOG_KEY:
        demand((record.last_good_size == 0) == (record.last_good_root == ZERO_HASH), "VALUE",
               "last good size and root are both zero or neither")


def check_accounts(record):
    demand(record.kind not in MOVEMENTS or record.source != record.target, "SAME_ACCOUNT",
           "from and to are the same account")


def check_blind(record, restricted):
    demand(any(record.blind) == restricted, "BLIND",
           "the blind is zero in a public envelope, and only there")


# --------------------------------------------------------------------------------------------
# Holders: an account, or all of a party
# --------------------------------------------------------------------------------------------


def party_of(account):
    return account >> 32


def is_party(holder):
    return holder & 0xFFFFFFFF == ALL_OF_PARTY


def all_of(party):
    return party << 32 | ALL_OF_PARTY


def is_restricted(account):
    return FIRST_RESTRICTED <= account & 0xFFFFFFFF <= LAST_RESTRICTED


# --------------------------------------------------------------------------------------------
# Section 3.3: details, and the groups they stand in
# --------------------------------------------------------------------------------------------


def field_currency(data, name):
    demand(re.fullmatch(rb"[A-Z]{3}", data), "VALUE", "%s is not of A-Z" % name)
    return data.decode("ascii")


def field_lei(data, name):
    demand(re.fullmatch(rb"[A-Z0-9]{20}", data), "VALUE", "%s is not of A-Z, 0-9" % name)
    digits = "".join(str(int(character, 36)) for character in data.decode("ascii"))
    demand(int(digits) % 97 == 1, "VALUE", "%s has other check digits" % name)
    return data.decode("ascii")


def field_ascii(data, name):
    content = data.rstrip(b"\x00")
    demand(content and all(0x21 <= byte <= 0x7E for byte in content), "TEXT",
           "%s is not of visible ASCII" % name)
    return content.decode("ascii")


# By type: at which kinds it may stand, whether it may have several parts, its fields but the texts,
# and its text: where in the record it is, and what it must be.
NEW_OR_POST = (MOVE, PENDING, POST)
WHOLE, SOURCE = slice(4, 96), slice(16, 96)
DETAIL_TYPES = {
    LONG_REFERENCE: ((MOVE, PENDING, POST, VOID, CORRECT), False, [],
                     (WHOLE, field_text(False, NOT_IN_TEXTS))),
    MEMO: ((MOVE, PENDING, POST, VOID, CORRECT) + DIRECTIVES, True, [],
           (WHOLE, field_text(False, NOT_IN_TEXTS))),
    TRANSACTION: (NEW_OR_POST, False, [(4, 32, "txid", field_key), (36, 4, "output", ANY32)], None),
    PRICE: (NEW_OR_POST + (CORRECT,), False,
            [(4, 8, "total", field_number(1, 2**63 - 1)), (12, 1, "decimals", field_number(0, 4)),
             (13, 3, "currency", field_currency)], (SOURCE, LABEL)),
    ADDRESS: (NEW_OR_POST + (OPEN_ACCOUNT,), False, [], (WHOLE, field_ascii)),
    DESCRIPTOR: ((OPEN_ACCOUNT,), False, [(4, 32, "attachment", field_key)], None),
    ATTACHMENT_NAME: ((MOVE, PENDING, STATEMENT), True, [], (WHOLE, NAME)),
    MEDIA_TYPE: ((MOVE, PENDING, STATEMENT), False, [], (WHOLE, field_ascii)),
    COUNTERPARTY_LEI: (NEW_OR_POST, False, [(4, 20, "lei", field_lei)], None),
    ENCUMBRANCE: ((OPEN_ACCOUNT,), False, [(4, 1, "encumbrance", field_number(PLEDGED, LENT))],
                  None),
}
REFERENCE_SIZE = 16


def take_group(entry, record, details, position):
    """The details that stand behind the record at this position, of their bytes."""
    if details:
        with about_record(position + 1):
            demand(not entry.approval, "KIND_MIXED", "approvals have no details")
            demand(entry.ledger_id != ZERO_HASH, "DETAIL", "records of entry 0 have no details")
    demand(len(details) <= DETAILS_MAX, "DETAIL", "at most 16 details")
    demand(record.kind not in MOVEMENTS or len(details) == record.detail_count, "DETAIL",
           "as many details as the record says")
    record.details = [Record(data) for data in details]
    for at, detail in enumerate(record.details):
        with about_record(position + 1 + at):
            check_detail_place(detail, record.details[at - 1] if at else None, len(details))
    for at, detail in enumerate(record.details):
        with about_record(position + 1 + at):
            take_detail(detail, record, entry.restricted)
    for check in (check_detail_text, check_detail_fits):
        for at, detail in enumerate(record.details):
            if detail.part == 0:
                with about_record(position + 1 + at):
                    check(record, detail)


def check_detail_place(detail, before, count):
    detail.type, detail.part = detail.data[1], detail.data[2]
    demand(detail.data[3] == count, "DETAIL", "of is not how many details the group has")
    follows = before is not None and before.type == detail.type
    demand(detail.part == (before.part + 1 if follows else 0), "DETAIL", "a part is left out")
    demand(before is None or follows or before.type < detail.type, "DETAIL",
           "types stand in rising order")


def take_detail(detail, record, restricted):
    demand(detail.type in DETAIL_TYPES, "VALUE", "an unknown type of detail")
    kinds, many, fields, text = DETAIL_TYPES[detail.type]
    demand(record.kind in kinds, "VALUE", "no detail of this kind of record")
    demand(many or detail.part == 0, "VALUE", "a detail of this type has one part")
    for offset, size, name, decode in fields:
        setattr(detail, name, decode(detail.data[offset:offset + size], name))
    covered = [range(0, 4), range(96, RECORD_SIZE)]
    covered += [range(offset, offset + size) for offset, size, _name, _decode in fields]
    covered += [range(text[0].start, text[0].stop)] if text else []
    demand(not any(byte for offset, byte in enumerate(detail.data)
                   if not any(offset in one for one in covered)),
           "RESERVED_NOT_ZERO", "a byte that must be zero is not")
    detail.blind = detail.data[96:]
    check_blind(detail, restricted)


def check_detail_text(record, first):
    text = DETAIL_TYPES[first.type][3]
    if not text:
        return
    parts = [one.data[text[0]] for one in record.details if one.type == first.type]
    demand(len(parts) == 1 or any(parts[-1]), "TEXT", "the last part is empty")
    first.text = text[1](b"".join(parts), "a text")
    if first.type == LONG_REFERENCE:
        demand(len(first.text.encode()) > REFERENCE_SIZE, "VALUE",
               "a long reference would fit into its record")


def check_detail_fits(record, first):
    if first.type == LONG_REFERENCE:
        demand(record.reference == "", "DETAIL", "the record has a reference of its own")
    elif first.type in (ATTACHMENT_NAME, MEDIA_TYPE):
        named = record.document if record.kind == STATEMENT else record.hash
        demand(named != ZERO_HASH, "DETAIL", "the record names no document")
    elif first.type == ENCUMBRANCE:
        demand(record.account_class in (RESERVE, CUSTODY), "DETAIL",
               "only reserve and custody are pledged or lent")


def details_behind(body, position):
    """The bytes of those that stand directly behind the record at this position."""
    details, at = [], (position + 1) * RECORD_SIZE
    while at < len(body) and body[at] == DETAIL:
        details.append(body[at:at + RECORD_SIZE])
        at += RECORD_SIZE
    return details


def record_at(body, position, restricted):
    """Of a body that was accepted."""
    data = body[position * RECORD_SIZE:(position + 1) * RECORD_SIZE]
    if data[0] == DETAIL:
        return Record(data)
    record = decode_record(data, restricted)
    record.details = [Record(detail) for detail in details_behind(body, position)]
    return record


def named_documents(body):
    """The SHA-256 that its records name as those of attachments (section 4.3), in order, each with
    whether it is asked for where it is not there: what a move or a pending cites is."""
    for at in range(0, len(body), RECORD_SIZE):
        data = body[at:at + RECORD_SIZE]
        if data[0] in (MOVE, PENDING):
            digest = data[60:92]
        elif data[0] == STATEMENT:
            digest = data[40:72]
        elif data[0] == DETAIL and data[1] == DESCRIPTOR:
            digest = data[4:36]
        else:
            continue
        if digest != ZERO_HASH:
            yield digest, data[0] in (MOVE, PENDING)


# --------------------------------------------------------------------------------------------
# Sections 4 and 5: envelopes and entries
# --------------------------------------------------------------------------------------------


class Slot:
    def __init__(self, party, algorithm, use, key, signature):
        self.party = party
        self.algorithm = algorithm
        self.use = use
        self.key = key
        self.signature = signature

    def order(self):
        return self.party, self.use, self.algorithm, self.key


class Entry:
    """An entry: its fixed part, and what is read of it once its bytes are of the right form."""

    def __init__(self, data):
        self.data = data
        self.leaf = leaf_hash(data)
        self.index = number(data[8:16])
        self.term = number(data[16:24])
        self.received_ns = number(data[24:32])
        self.previous = data[32:64]
        self.header = data[64:FIXED_SIZE]
        self.envelope = envelope_id(self.header)
        self.slots = []
        self.countersigners = ()
        self.body = b""  # None when it is missing
        self.records = []

    def decode_header(self):
        header = self.header
        self.restricted = bool(header[4] & RESTRICTED_FLAG)
        self.approval = bool(header[4] & APPROVAL_FLAG)
        self.lane = number(header[6:8])
        self.party = number(header[8:12])
        self.record_count = number(header[12:16])
        self.sequence, self.created_s, self.expires_s, self.known_index = (
            number(header[at:at + 8]) for at in (16, 24, 32, 40))
        self.ledger_id, self.previous_id, self.known_leaf, self.body_root = (
            header[at:at + 32] for at in (48, 80, 112, 144))

    def slots_of(self, use):
        return [slot for slot in self.slots if slot.use == use]


def open_entry(data):
    """The fixed part of an entry, unjudged."""
    demand(len(data) >= FIXED_SIZE, "TRUNCATED", "an entry of %d bytes" % len(data))
    return Entry(data)


def check_fixed_part(entry):
    data = entry.data
    demand(data[:3] == b"TJN", "MAGIC", "an entry starts with TJN")
    demand(data[3] == 1, "VERSION_UNKNOWN", "entries have version 1")
    demand(not any(data[4:8]), "RESERVED_NOT_ZERO", "bytes 4 to 7 of an entry are zero")
    check_header_form(entry)


def check_header_form(entry):
    header = entry.header
    demand(header[:3] == b"TJE", "MAGIC", "a header starts with TJE")
    demand(header[3] == 1, "VERSION_UNKNOWN", "headers have version 1")
    demand(number(header[4:6]) <= (RESTRICTED_FLAG | APPROVAL_FLAG), "FLAGS_UNKNOWN",
           "an unknown flag of the envelope is set")
    entry.decode_header()
    demand(entry.lane <= LANE_MAX, "VALUE", "lanes are 0 to 4095")
    demand(1 <= entry.record_count <= RECORDS_MAX, "RECORD_COUNT", "record_count is 1 to 8190")
    demand(entry.sequence >= 1, "VALUE", "sequences start at 1")
    demand(entry.known_leaf != ZERO_HASH or entry.known_index == 0, "VALUE",
           "known_index is zero where known_leaf is")


def take_body(entry, body):
    """A body of None is missing, which only that of a restricted entry may be."""
    entry.body = body
    if body is None:
        demand(entry.restricted, "FOLDER", "the body of an entry that is not restricted is missing")
        return
    demand(len(body) == entry.record_count * RECORD_SIZE, "RECORD_COUNT",
           "a body of %d bytes is not that of %d records" % (len(body), entry.record_count))


def take_records(entry):
    body, parties, position = entry.body or b"", set(), 0
    while position * RECORD_SIZE < len(body):
        with about_record(position):
            data = body[position * RECORD_SIZE:(position + 1) * RECORD_SIZE]
            check_kind(data, body[0], entry)
            record = decode_record(data, entry.restricted)
            if record.kind in MOVEMENTS:
                check_movement_accounts(entry, record, parties)
            take_group(entry, record, details_behind(body, position), position)
        entry.records += [record] + record.details
        position = len(entry.records)


def check_movement_accounts(entry, record, parties):
    """By their bytes alone; parties are those of the records before it."""
    accounts = (record.source, record.target)
    parties.update(map(party_of, accounts))
    demand(entry.restricted or not any(map(is_restricted, accounts)), "RESTRICTED_ACCOUNT",
           "a restricted account in a public envelope")
    demand(not entry.restricted or len(parties) <= 2, "RESTRICTED_PARTIES",
           "a restricted envelope touches accounts of two parties")


def take_slots(entry):
    entry.slots = decode_slots(entry.data[FIXED_SIZE:], entry.party)
    entry.countersigners = tuple(sorted({slot.party for slot in entry.slots_of(COUNTERSIGN)}))


def decode_slots(data, header_party):
    demand(len(data) >= 2, "TRUNCATED", "the number of slots is cut off")
    count = number(data[:2])
    demand(count <= SLOTS_MAX, "SLOT_COUNT", "at most 16 slots")
    slots, at = [], 2
    for _ in range(count):
        slot, at = decode_slot(data, at, header_party)
        if slots:
            demand(slots[-1].order() <= slot.order(), "SLOT_ORDER",
                   "slots stand in rising order of party, use, algorithm and key")
            demand(slots[-1].order() != slot.order(), "SLOT_DUPLICATE", "a slot stands twice")
        slots.append(slot)
    demand(at == len(data), "TRAILING_BYTES", "bytes after the last slot")
    return slots


def decode_slot(data, at, header_party):
    fixed = data[at:at + 10]
    demand(len(fixed) == 10, "TRUNCATED", "a slot is cut off")
    party, algorithm, use = number(fixed[:4]), fixed[4], fixed[5]
    demand(algorithm in KEY_SIZES, "SLOT_ALGORITHM", "an unknown algorithm of a slot")
    demand(use in (SIGN, COUNTERSIGN, POSSESSION), "SLOT_USE", "an unknown use of a slot")
    demand(use == POSSESSION or (party == header_party) == (use == SIGN), "SLOT_USE",
           "sign slots name the header's party, countersign slots another")
    demand(algorithm != ED25519 or (use, party) == (POSSESSION, 0), "SLOT_USE",
           "an ed25519 key stands in possession slots of party 0 only")
    key_end = at + 10 + KEY_SIZES[algorithm]
    demand(number(fixed[6:8]) == KEY_SIZES[algorithm] and number(fixed[8:10]) == 64, "SLOT_SIZE",
           "the sizes of key and signature are those of the algorithm")
    demand(key_end + 64 <= len(data), "TRUNCATED", "a slot is cut off")
    end = key_end + 64
    return Slot(party, algorithm, use, data[at + 10:key_end], data[key_end:end]), end


def check_kind(data, first, entry):
    """Of a record that is no detail behind another; first is the kind of the envelope's first."""
    kind = data[0]
    if kind == DETAIL:
        demand(not entry.approval, "KIND_MIXED", "approvals have no details")
        raise Refused("DETAIL", "a detail that stands behind no record")
    demand(kind not in KINDS_RESERVED, "KIND_RESERVED", "a record kind reserved for later")
    demand(kind in FIELDS, "KIND_UNKNOWN", "an unknown record kind")
    demand(not ((kind in MOVEMENTS and first in DIRECTIVES)
                or (kind in DIRECTIVES and first in MOVEMENTS)), "KIND_MIXED",
           "movements and directives do not share an envelope")
    demand((kind == APPROVAL) == entry.approval, "KIND_MIXED",
           "approve records stand in envelopes with that flag, and nothing else does")
    demand(entry.ledger_id == ZERO_HASH or kind not in (LEDGER, PREDECESSOR), "GENESIS_ONLY",
           "ledger and predecessor stand in entry 0 only")
    hidden = kind in (OPEN_ACCOUNT, CLOSE_ACCOUNT) and is_restricted(number(data[4:12]))
    demand(kind not in DIRECTIVES or not entry.restricted or hidden, "RESTRICTED_DIRECTIVE",
           "an envelope with a directive is public")
    demand(not hidden or entry.restricted, "RESTRICTED_ACCOUNT",
           "a restricted account in a public envelope")


def check_body_root(entry):
    """From the bytes: it is asked before anyone reads the records."""
    tree = TreeHash()
    for at in range(0, len(entry.body), RECORD_SIZE):
        tree.add(leaf_hash(entry.body[at:at + RECORD_SIZE]))
    demand(tree.root() == entry.body_root, "BODY_ROOT", "body_root is the tree hash of the records")


# --------------------------------------------------------------------------------------------
# Section 8: state, as plain objects in dictionaries
# --------------------------------------------------------------------------------------------


class Party:
    """recovery_ns is the time of an open recovery, None when there is none."""

    def __init__(self, kind, name):
        self.type = kind
        self.name = name
        self.status = "active"
        self.recovery_ns = None
        self.mask = class_mask(CUSTODY) if kind == CUSTODIAN else 0
        self.thresholds = {DOMAIN_MOVE: 0, DOMAIN_ADMINISTER: 0}
        self.keys = []
        self.accounts = self.accounts_restricted = 0
        self.accounts_open = 0
        self.opening_closed = False

    def is_public(self):
        return self.type in (AUTHORITY, TREASURY)

    def active_keys(self, *roles):
        return sum(1 for key in self.keys if key.role in roles and not key.revoked)


class Key:
    def __init__(self, record):
        self.party = record.party
        self.algorithm = record.algorithm
        self.role = record.role
        self.group = record.group
        self.ordinal = record.ordinal
        self.key = record.key
        self.revoked = False


class Account:
    def __init__(self, party, account_class, asset, encumbrance=0):
        self.party = party
        self.encumbrance = encumbrance
        self.account_class = account_class
        self.asset = asset
        self.total_in = self.total_out = self.pending_in = self.pending_out = 0
        self.frozen = 0
        self.closed = False
        self.latest = 0

    def balance(self):
        return self.total_in - self.total_out

    def available(self):
        return self.balance() - self.pending_out

    def is_limited(self):
        return self.account_class in (RESERVE, CUSTODY)

    def is_held_by(self, holder):
        """Part of the holding of all of a party."""
        return self.is_limited() and self.party == party_of(holder)


class Mark:
    """approvals are the ordinals of the keys that approved an open pending movement."""

    def __init__(self, status):
        self.status = status
        self.corrected = 0
        self.approvals = set()


class LogKey:
    """added_at and retired_at are the entries that said so; retired_at is None while in use."""

    def __init__(self, key, added_at):
        self.key = key
        self.added_at = added_at
        self.retired_at = None
        self.last_good_size = 0


class Asset:
    def __init__(self, record):
        self.code = record.code
        self.amount_max = record.amount_max
        self.reserve_in = self.reserve_out = 0

    def reserve(self):
        return self.reserve_in - self.reserve_out


class Holding:
    """All reserve and custody accounts of one party in one asset: what entered and left them."""

    def __init__(self):
        self.total_in = self.total_out = 0

    def balance(self):
        return self.total_in - self.total_out


class Totals:
    """One cell of the purpose totals."""

    def __init__(self):
        self.amounts = dict.fromkeys(("in", "out", "within", "outside"), 0)
        self.numbers = dict.fromkeys(self.amounts, 0)
        self.corrections = 0


# What is kept of an accepted entry. Records are kept as bytes: few of them are named again.
Accepted = collections.namedtuple(
    "Accepted",
    "index term received_ns leaf envelope restricted countersigners slots record_count body")


def accepted(entry):
    return Accepted(entry.index, entry.term, entry.received_ns, entry.leaf, entry.envelope,
                    entry.restricted, entry.countersigners, len(entry.slots), entry.record_count,
                    entry.body)


class State:
    def __init__(self):
        self.entries = []
        self.parties = []
        self.keys_by_x = {}
        self.assets = {}
        self.log_keys = []
        self.accounts = {}
        self.holdings = {}  # (party, asset) to Holding
        self.rules = []  # second_rules.Rule, by number
        self.lanes = {}  # (party, lane) to the accepted entries, by sequence - 1
        self.marks = {}  # record id to Mark, in the order they are first needed
        self.purposes = {}  # (asset, purpose, basis) to Totals
        self.directive_latest = self.restricted_latest = 0  # entries that hold directives
        self.ledger_id = None
        self.name = None
        self.lifetime_max_s = 0
        self.checkpoint_delay_max_s = 0
        self.bodies_missing = 0

    def party(self, wanted):
        demand(wanted < len(self.parties), "PARTY_UNKNOWN", "there is no party %d" % wanted)
        return self.parties[wanted]

    def account(self, wanted):
        demand(wanted in self.accounts, "ACCOUNT_UNKNOWN",
               "there is no account %s" % account_name(wanted))
        return self.accounts[wanted]

    def record(self, record_id):
        """The record of this id with its entry, or None when there is none. The record is None
        when it exists and its body is missing."""
        index, position = record_id >> POSITION_BITS, record_id & ((1 << POSITION_BITS) - 1)
        if index >= len(self.entries) or position >= self.entries[index].record_count:
            return None
        entry = self.entries[index]
        if entry.body is None:
            return entry, None
        return entry, record_at(entry.body, position, entry.restricted)

    def knows(self, party):
        """Whether what a party's accounts hold, and who approved its movements, follows from the
        records at hand. Missing bodies move nothing of the public sector (rule RESTRICTED)."""
        return not self.bodies_missing or self.parties[party].is_public()

    def knows_figures(self, account):
        return self.knows(account.party)

    def is_hidden(self, account):
        """A restricted account of which nothing is known: it was opened, moved and closed in bodies
        that are missing."""
        return bool(self.bodies_missing) and is_restricted(account)

    def holding(self, party, asset):
        return self.holdings.setdefault((party, asset), Holding())

    def basis(self, entry, record):
        """The cell that a move, pending or post counts in."""
        if record.opening:
            return BROUGHT_IN_CELL
        own = COUNTERSIGNED if entry.countersigners else DECLARED
        if record.kind == POST:
            named_entry, named = self.record(record.refers_to)
            if named is None:
                return COUNTERSIGNED if entry.countersigners else BASIS_UNKNOWN
            return max(own, self.basis(named_entry, named))
        return max(own, DOCUMENT_CITED if record.hash != ZERO_HASH else DECLARED)


def account_name(account):
    if is_restricted(account):
        return "%d:r%d" % (account >> 32, (account & 0xFFFFFFFF) - FIRST_RESTRICTED)
    return "%d:%d" % (account >> 32, account & 0xFFFFFFFF)


def x_coordinate(algorithm, key):
    return key[1:] if algorithm == ECDSA else key


def direction(source, target):
    if source.account_class == RESERVE:
        return "within" if target.account_class == RESERVE else "out"
    return "in" if target.account_class == RESERVE else "outside"


# --------------------------------------------------------------------------------------------
# Section 7, steps 0, 2 to 10, 12 and 13
# --------------------------------------------------------------------------------------------


def check_place(state, entry):
    position = len(state.entries)
    demand(entry.index == position, "PLACE", "the entry says index %d" % entry.index)
    last = state.entries[-1] if position else None
    demand(entry.previous == (last.leaf if last else ZERO_HASH), "PLACE",
           "previous is the leaf hash of the entry before, zero in entry 0")
    demand(entry.term != 0, "PLACE", "terms start at 1")
    if last:
        demand(entry.term >= last.term, "PLACE",
               "the term fell from %d to %d" % (last.term, entry.term))
        demand(entry.received_ns > last.received_ns, "PLACE", "received_ns does not rise")


def check_ledger(state, entry):
    demand(entry.ledger_id == state.ledger_id, "LEDGER_ID", "ledger_id is not this ledger's")
    state.party(entry.party)


def check_sequence(state, entry):
    lane = state.lanes.get((entry.party, entry.lane), [])
    demand(entry.sequence == len(lane) + 1, "SEQUENCE",
           "sequence %d follows %d" % (entry.sequence, len(lane)))
    before = lane[-1].envelope if lane else ZERO_HASH
    demand(entry.previous_id == before, "PREVIOUS_ID",
           "previous_id is the envelope id of the sequence before")


def check_known(state, entry):
    if entry.known_leaf == ZERO_HASH:
        return
    demand(entry.known_index < len(state.entries), "KNOWN_AHEAD",
           "known_index %d is not before this entry" % entry.known_index)
    demand(state.entries[entry.known_index].leaf == entry.known_leaf, "FORK",
           "the leaf hash of entry %d is another" % entry.known_index)


def check_time(state, entry):
    lifetime = entry.expires_s - entry.created_s
    demand(0 < lifetime <= state.lifetime_max_s, "LIFETIME", "a lifetime of %d s" % lifetime)
    demand(entry.received_ns >= (entry.created_s - CLOCK_TOLERANCE_S) * NS, "CREATED_IN_FUTURE",
           "created more than 300 s after it was received")
    demand(entry.received_ns <= entry.expires_s * NS, "EXPIRED", "received after expires_s")


def check_known_keys(state, entry):
    for slot in entry.slots:
        demand(slot.use == POSSESSION or registered_key(state, slot), "KEY_UNKNOWN",
               "the key of a slot is not registered")


def registered_key(state, slot):
    """With the x-coordinate of the slot's key, or None."""
    return state.keys_by_x.get(x_coordinate(slot.algorithm, slot.key))


def check_signatures(entry):
    for at, slot in enumerate(entry.slots):
        valid = signature_valid(slot.algorithm, slot.key, entry.envelope, slot.signature)
        demand(valid, "SIGNATURE", "slot %d does not verify over the envelope id" % at)


def check_active(state, party):
    status = state.party(party).status
    demand(status != "suspended", "PARTY_SUSPENDED", "party %d is suspended" % party)
    demand(status != "closed", "PARTY_CLOSED", "party %d is closed" % party)


def objects(entry):
    """One objection of a party to its own recovery: it may be suspended."""
    return (len(entry.records) == 1 and entry.records[0].kind == OBJECT_RECOVERY
            and entry.records[0].party == entry.party != 0)


def check_keys(state, entry):
    for slot in entry.slots:
        if slot.use == POSSESSION:
            demand((slot.party, slot.algorithm, slot.key) in wanted_possessions(entry),
                   "POSSESSION", "no record wants possession by this key")
        else:
            check_signing_key(state, entry, slot)


def wanted_possessions(entry):
    """(party, algorithm, key) of the records that want possession, section 4.2."""
    wanted = []
    for record in entry.records:
        if record.kind == ADD_KEY:
            wanted.append((record.party, record.algorithm, record.key))
        elif record.kind == ADD_LOG_KEY or (
                record.kind == RETIRE_LOG_KEY and record.last_good_size == 0):
            wanted.append((0, record.algorithm, record.key))
    return wanted


def check_signing_key(state, entry, slot):
    key = registered_key(state, slot)
    demand((key.algorithm, key.key, key.party) == (slot.algorithm, slot.key, slot.party),
           "KEY_PARTY", "the key is registered otherwise: algorithm, encoding or party")
    demand(not key.revoked, "KEY_REVOKED", "the key of a slot is revoked")
    demand(key.role in counting_roles(entry, slot), "KEY_ROLE",
           "the key's role does not count here")
    if slot.use == COUNTERSIGN:
        check_active(state, slot.party)


def counting_roles(entry, slot):
    if slot.use == COUNTERSIGN:
        return INITIATE, APPROVE
    if entry.lane == 0:
        return (ADMINISTER,)
    return (APPROVE,) if entry.approval else (INITIATE, APPROVE)


def check_thresholds(state, entry):
    signs = entry.slots_of(SIGN)
    if entry.approval and entry.lane != 0:
        enough = bool(signs)
    else:
        domain = DOMAIN_ADMINISTER if entry.lane == 0 else DOMAIN_MOVE
        enough = reached(state, entry.party, signs, domain)
    demand(enough, "THRESHOLD", "the party's threshold is not reached")
    countersigns = entry.slots_of(COUNTERSIGN)
    for party in sorted({slot.party for slot in countersigns}):
        slots = [slot for slot in countersigns if slot.party == party]
        demand(reached(state, party, slots, DOMAIN_MOVE), "COUNTERSIGN_THRESHOLD",
               "the threshold of party %d is not reached" % party)
    check_possessions(entry)


def check_possessions(entry):
    proven = {(slot.party, slot.algorithm, slot.key) for slot in entry.slots_of(POSSESSION)}
    demand(proven.issuperset(wanted_possessions(entry)), "POSSESSION",
           "a record that wants possession has no slot")


def reached(state, party, slots, domain):
    threshold = state.party(party).thresholds[domain]
    if threshold == 0 or len(slots) < threshold:
        return False
    if domain == DOMAIN_ADMINISTER:
        return True
    return any(registered_key(state, slot).role == INITIATE for slot in slots)


def check_new_quorum(state, entry):
    """Step 13: who will administer party 0 signed for it."""
    authority = state.parties[0]
    active = {(key.algorithm, key.key) for key in authority.keys
              if key.role == ADMINISTER and not key.revoked}
    signed = {(slot.algorithm, slot.key) for slot in entry.slots
              if slot.party == 0 and slot.use in (SIGN, POSSESSION)}
    demand(len(active & signed) >= authority.thresholds[DOMAIN_ADMINISTER], "NEW_QUORUM",
           "fewer of the authority's administer keys signed than it will need")


def check_reachable(state, parties):
    for number_of_party in sorted(parties):
        party = state.parties[number_of_party]
        move, administer = (party.thresholds[d] for d in (DOMAIN_MOVE, DOMAIN_ADMINISTER))
        demand(administer <= party.active_keys(ADMINISTER), "UNREACHABLE",
               "party %d has fewer administer keys than it needs" % number_of_party)
        demand(move <= party.active_keys(INITIATE, APPROVE), "UNREACHABLE",
               "party %d has fewer initiate and approve keys than it needs" % number_of_party)
        demand(move == 0 or party.active_keys(INITIATE), "UNREACHABLE",
               "party %d has no initiate key" % number_of_party)
        demand(number_of_party != 0 or administer >= 1, "UNREACHABLE",
               "party 0 keeps an administer threshold of at least 1")


# --------------------------------------------------------------------------------------------
# Section 6: entries 0 and 1
# --------------------------------------------------------------------------------------------

GENESIS_ORDER = re.compile(
    bytes([LEDGER]) + rb"\x11?\x1f+" + bytes([REGISTER_PARTY]) + rb"\x13{1,16}\x15{1,2}\x19+",
    re.DOTALL)


def check_genesis(entry):
    demand(not entry.slots, "GENESIS", "entry 0 has no slots")
    fields = (entry.restricted, entry.lane, entry.party, entry.sequence, entry.known_index)
    demand(fields == (False, 0, 0, 1, 0), "GENESIS", "flags, lane, party, sequence or known_index")
    hashes = {entry.ledger_id, entry.previous_id, entry.known_leaf}
    demand(hashes == {ZERO_HASH}, "GENESIS", "ledger_id, previous_id and known_leaf are zero")
    demand(entry.term == 1, "GENESIS", "entry 0 has term 1")
    demand(entry.received_ns == entry.created_s * NS, "GENESIS", "received_ns is created_s")
    kinds = bytes(record.kind for record in entry.records)
    demand(GENESIS_ORDER.fullmatch(kinds), "GENESIS", "the records of entry 0 and their order")
    demand(entry.expires_s == entry.created_s + entry.records[0].lifetime_max_s, "GENESIS",
           "expires_s is created_s and lifetime_max_s")
    check_genesis_records(entry.records)


def check_genesis_records(records):
    def values(kind, name):
        return [getattr(record, name) for record in records if record.kind == kind]

    def count_up(kind, name, first):
        found = values(kind, name)
        demand(found == list(range(first, first + len(found))), "GENESIS",
               "%s counts up from %d" % (name, first))

    def differ(found, words):
        demand(len(set(found)) == len(found), "GENESIS", "%s stands twice" % words)

    count_up(ADD_LOG_KEY, "number", 0)
    count_up(ADD_KEY, "ordinal", 0)
    count_up(OPEN_ASSET, "asset", 1)
    for kind in (REGISTER_PARTY, ADD_KEY, SET_THRESHOLD):
        demand(set(values(kind, "party")) == {0}, "GENESIS", "entry 0 speaks of party 0 only")
    demand(values(REGISTER_PARTY, "type") == [AUTHORITY], "GENESIS", "party 0 is an authority")
    demand(len(values(OPEN_ASSET, "asset")) <= ASSETS_MAX, "GENESIS", "at most 1,024 assets")
    demand(len(values(ADD_LOG_KEY, "number")) <= LOG_KEYS_MAX, "GENESIS", "at most 256 log keys")
    for record in records:
        if record.kind == ADD_KEY:
            demand(key_point(record.algorithm, record.key), "GENESIS", "a key is no point")
        elif record.kind == ADD_LOG_KEY:
            demand(ed25519_point(record.key), "GENESIS", "a log key is no point, or of small order")
    differ(values(ADD_LOG_KEY, "key"), "a log key")
    differ([x_coordinate(record.algorithm, record.key) for record in records
            if record.kind == ADD_KEY], "an x-coordinate")
    differ(values(OPEN_ASSET, "code"), "an asset code")
    differ(values(SET_THRESHOLD, "domain"), "a threshold's domain")
    bitcoin = next(record for record in records if record.kind == OPEN_ASSET)
    demand((bitcoin.code, bitcoin.decimals) == ("BTC", 8) and bitcoin.amount_max <= BTC_AMOUNT_MAX,
           "GENESIS", "asset 1 is BTC with 8 decimals and at most 21 million")


def apply_genesis(state, entry):
    """Section 6 has judged the records: what 7.2 says of them is their effect."""
    state.ledger_id = entry.leaf
    state.name = entry.records[0].name
    state.lifetime_max_s = entry.records[0].lifetime_max_s
    state.checkpoint_delay_max_s = entry.records[0].checkpoint_delay_max_s
    for record in entry.records:
        if record.kind == REGISTER_PARTY:
            state.parties.append(Party(record.type, record.name))
        elif record.kind == ADD_LOG_KEY:
            state.log_keys.append(LogKey(record.key, 0))
        elif record.kind not in (LEDGER, PREDECESSOR):
            judge_directive(state, entry, record, 0)


def check_entry_1(state, entry):
    kinds = [record.kind for record in entry.records]
    demand((entry.party, entry.lane) == (0, 0) and kinds == [ENDORSE]
           and entry.records[0].entry == 0, "NOT_OPENED",
           "entry 1 is party 0's endorse of entry 0, in lane 0")
    expected = {(0, SIGN, key.algorithm, key.key) for key in state.parties[0].keys}
    demand({slot.order() for slot in entry.slots} == expected, "NOT_OPENED",
           "entry 1 is signed by every key of entry 0 and by nothing else")


# --------------------------------------------------------------------------------------------
# Section 7.1: movements
# --------------------------------------------------------------------------------------------


class Movement:
    """A movement while it is judged: the record with what it names."""

    def __init__(self, state, entry, record):
        self.state = state
        self.entry = entry
        self.record = record
        self.source = state.account(record.source)
        self.target = state.account(record.target)

    def check_owner(self):
        voids = self.record.kind == VOID and self.entry.party == 0
        demand(self.source.party == self.entry.party or voids, "NOT_OWNER",
               "from belongs to another party")

    def check_open(self):
        demand(not self.source.closed and not self.target.closed, "ACCOUNT_CLOSED",
               "an account is closed")
        demand(not self.source.frozen & OUTWARDS and not self.target.frozen & INWARDS,
               "ACCOUNT_FROZEN", "from is frozen outwards, or to inwards")

    def check_restricted(self):
        sectors = [self.state.parties[account.party].is_public()
                   for account in (self.source, self.target)]
        demand(not self.entry.restricted or not any(sectors), "RESTRICTED",
               "a restricted envelope moves nothing of the public sector")

    def check_countersign(self):
        other = self.target.party
        coins = self.source.is_limited() and self.target.account_class == CUSTODY
        if other == self.entry.party or coins:
            return
        demand(any(slot.party == other for slot in self.entry.slots_of(COUNTERSIGN)),
               "COUNTERSIGN_MISSING", "party %d did not countersign" % other)

    def check_opening(self):
        """Of a move with the flag."""
        if not self.record.opening:
            return
        state, party = self.state, self.state.parties[self.source.party]
        demand(self.source.party == self.target.party, "OPENING", "to belongs to another party")
        if party.is_public():
            sides = [account.account_class for account in (self.source, self.target)]
            demand(RESERVE in sides and any(side in CONTRA for side in sides), "OPENING",
                   "an opening goes between reserve and a contra account")
            begun = state.entries[0].received_ns // DAY_NS
            demand(0 < self.record.value_date <= begun, "OPENING",
                   "its value date is not stated, or is after the ledger began")
        else:
            demand(self.record.purpose == CUSTOMER_DEPOSIT, "OPENING",
                   "who is not of the public sector brings in deposits")
        demand(not party.opening_closed, "OPENING", "the opening is closed")

    def check_opening_countersign(self):
        party = self.state.parties[self.source.party]
        if not self.record.opening or not party.is_public():
            return
        if party.type == AUTHORITY:
            seen = any(not self.state.parties[other].is_public()
                       for other in self.entry.countersigners)
        else:
            seen = 0 in self.entry.countersigners
        demand(seen, "COUNTERSIGN_MISSING", "nobody who must countersigned the opening")

    def close_opening(self):
        """Whoever moves anything without the flag has opened."""
        if self.record.kind in (MOVE, PENDING, CORRECT) and not self.record.opening:
            self.state.parties[self.entry.party].opening_closed = True

    def check_balance(self):
        limited = self.source.is_limited() and self.state.knows_figures(self.source)
        demand(not limited or self.source.available() >= self.record.amount,
               "BALANCE", "balance less pending out is %d, below %d"
               % (self.source.available(), self.record.amount))

    def post_amounts(self):
        amount = self.record.amount
        self.source.total_out += amount
        self.target.total_in += amount
        if self.leaves(all_of(self.source.party)):
            self.state.holding(self.source.party, self.source.asset).total_out += amount
        if self.enters(all_of(self.target.party)):
            self.state.holding(self.target.party, self.target.asset).total_in += amount
        flow, asset = direction(self.source, self.target), self.state.assets[self.source.asset]
        asset.reserve_in += amount if flow == "in" else 0
        asset.reserve_out += amount if flow == "out" else 0

    def leaves(self, holder):
        """Section 7.3: of all of a party, its reserve and custody accounts in this asset."""
        if not is_party(holder):
            return self.record.source == holder
        return self.source.is_held_by(holder) and not self.target.is_held_by(holder)

    def enters(self, holder):
        if not is_party(holder):
            return self.record.target == holder
        return self.target.is_held_by(holder) and not self.source.is_held_by(holder)

    def approvers(self):
        """The ordinals of the keys of role approve that signed this entry."""
        keys = [registered_key(self.state, slot) for slot in self.entry.slots_of(SIGN)]
        return {key.ordinal for key in keys if key.role == APPROVE}

    def add_pending(self, sign):
        self.source.pending_out += sign * self.record.amount
        self.target.pending_in += sign * self.record.amount

    def cell(self, basis):
        key = (self.source.asset, self.record.purpose, basis)
        return self.state.purposes.setdefault(key, Totals())

    def count_purpose(self):
        cell = self.cell(self.state.basis(self.entry, self.record))
        cell.amounts[direction(self.source, self.target)] += self.record.amount
        cell.numbers[direction(self.source, self.target)] += 1


def judge_movement(state, entry, record, record_id):
    demand(entry.lane != 0 or record.kind == VOID, "LANE", "lane 0 takes no movement but void")
    movement = Movement(state, entry, record)
    movement.check_owner()
    judge_by_kind(movement, record_id)
    movement.close_opening()


def judge_by_kind(movement, record_id):
    record = movement.record
    if record.kind in (MOVE, PENDING):
        judge_new(movement)
        second_rules.judge(movement, None)
        apply_new(movement, record_id)
        return
    named = find_named(movement)
    if named[1] is None:
        judge_naming_missing(movement, named[0].received_ns)
        return
    judge_named, apply_named = NAMED_RULES[record.kind]
    judge_named(movement, named)
    if record.kind in (POST, CORRECT):
        second_rules.judge(movement, named)
        second_rules.apply(movement, named, record_id)
    apply_named(movement, named)


def judge_new(movement):
    record, source, target = movement.record, movement.source, movement.target
    movement.check_open()
    demand(source.asset == target.asset, "ASSET_MIXED", "the accounts hold different assets")
    demand(record.amount <= movement.state.assets[source.asset].amount_max, "AMOUNT_MAX",
           "the amount is above the asset's amount_max")
    demand((source.account_class, target.account_class) in PAIRS[record.purpose], "PURPOSE",
           "%s does not go from %s to %s" % (PURPOSES[record.purpose],
                                             CLASSES[source.account_class],
                                             CLASSES[target.account_class]))
    movement.check_opening()
    movement.check_restricted()
    movement.check_countersign()
    movement.check_opening_countersign()
    demand(record.timeout_s == 0 or record.timeout_s * NS > movement.entry.received_ns, "TIMEOUT",
           "the pending had timed out when it was received")
    movement.check_balance()
    if record.kind == PENDING:
        sums = ((source, source.pending_out), (target, target.pending_in))
        demand(all(amount + record.amount < 2**64 for account, amount in sums
                   if movement.state.knows_figures(account)), "OVERFLOW",
               "a sum of pending amounts reaches 2^64")


def apply_new(movement, record_id):
    if movement.record.kind == PENDING:
        movement.add_pending(1)
        mark = movement.state.marks[record_id] = Mark("open")
        mark.approvals = movement.approvers()
    else:
        second_rules.apply(movement, None, record_id)
        movement.post_amounts()
        movement.count_purpose()


def find_named(movement):
    record = movement.record
    found = movement.state.record(record.refers_to)
    demand(found, "NAMED_UNKNOWN", "refers_to names no record of an earlier entry")
    named = found[1]
    if named is None:
        return found
    demand(named.kind != DETAIL, "NAMED_KIND", "a detail is named")
    demand(named.group_hash() == record.hash, "NAMED_HASH",
           "hash is not the named record's group hash")
    kinds = (MOVE, POST) if record.kind == CORRECT else (PENDING,)
    demand(named.kind in kinds, "NAMED_KIND", "the named record is not of the right kind")
    demand(same_transfer(record, named), "NAMED_DIFFERS",
           "purpose, accounts or amount are not those of the named record")
    return found


def same_transfer(record, named):
    if record.kind == CORRECT:
        return ((record.purpose, record.source, record.target, record.opening)
                == (named.purpose, named.target, named.source, named.opening))
    return ((record.purpose, record.source, record.target, record.amount)
            == (named.purpose, named.source, named.target, named.amount))


def settle(movement, status):
    mark = movement.state.marks[movement.record.refers_to]
    mark.status = status
    movement.add_pending(-1)


def check_unsettled(movement):
    mark = movement.state.marks[movement.record.refers_to]
    demand(mark.status == "open", "SETTLED", "the pending record was %s before" % mark.status)


def judge_post(movement, named):
    check_unsettled(movement)
    movement.check_open()
    movement.check_restricted()
    check_timeout(movement, named)


def check_timeout(movement, named):
    timeout_s = named[1].timeout_s
    demand(timeout_s == 0 or movement.entry.received_ns < timeout_s * NS, "TIMEOUT",
           "the pending record has timed out")


def apply_post(movement, _named):
    settle(movement, "posted")
    movement.post_amounts()
    movement.count_purpose()


def judge_void(movement, _named):
    check_unsettled(movement)
    movement.check_restricted()


def apply_void(movement, _named):
    settle(movement, "voided")


def judge_approve(movement, named):
    check_unsettled(movement)
    movement.check_restricted()
    check_timeout(movement, named)
    before = movement.state.marks[movement.record.refers_to].approvals
    demand(not before & movement.approvers(), "APPROVED", "one of these keys approved it before")


def apply_approve(movement, _named):
    movement.state.marks[movement.record.refers_to].approvals |= movement.approvers()


def judge_correct(movement, named):
    record, state = movement.record, movement.state
    movement.check_open()
    movement.check_restricted()
    movement.check_countersign()
    before = state.marks[record.refers_to].corrected if record.refers_to in state.marks else 0
    demand(record.amount <= named[1].amount - before, "CORRECTION",
           "more is corrected than the named record moved")
    movement.check_balance()


def apply_correct(movement, named):
    record, state = movement.record, movement.state
    state.marks.setdefault(record.refers_to, Mark("corrected")).corrected += record.amount
    movement.post_amounts()
    cell = movement.cell(state.basis(*named))
    cell.amounts[direction(movement.target, movement.source)] -= record.amount
    cell.corrections += 1


def judge_naming_missing(movement, named_ns):
    """A post, void or correct of a record whose body is missing: what it says alone is judged. Its
    accounts' figures are unknown, so the pending amounts it takes back are left as they are."""
    record, state = movement.record, movement.state
    sectors = [state.parties[account.party].is_public()
               for account in (movement.source, movement.target)]
    demand(not any(sectors), "NAMED_DIFFERS", "a restricted record moves nothing of the public sector")
    if record.kind != CORRECT:
        mark = state.marks.setdefault(record.refers_to, Mark("open"))
        check_unsettled(movement)
    if record.kind == APPROVAL:
        return
    if record.kind == VOID:
        mark.status = "voided"
        return
    movement.check_open()
    if record.kind == CORRECT:
        movement.check_countersign()
    second_rules.judge_missing(movement, named_ns)
    if record.kind == POST:
        mark.status = "posted"
    movement.post_amounts()
    if record.kind == POST:
        movement.count_purpose()


NAMED_RULES = {POST: (judge_post, apply_post), VOID: (judge_void, apply_void),
               CORRECT: (judge_correct, apply_correct), APPROVAL: (judge_approve, apply_approve)}

# --------------------------------------------------------------------------------------------
# Section 7.2: directives
# --------------------------------------------------------------------------------------------


def judge_directive(state, entry, record, record_id):
    """What is named exists; then who may; then no named party is closed; then the rules of the
    kind, which have its effect once nothing is broken."""
    if record.kind in NAMING_A_PARTY:
        state.party(record.party)
    if record.kind in NAMING_AN_ACCOUNT and not state.is_hidden(record.account):
        state.account(record.account)
    if record.kind == SET_LIMIT:
        check_holder(state, record.holder)
    who, rule = DIRECTIVE_RULES[record.kind]
    who(state, entry, record)
    check_named_open(state, record)
    rule(state, entry, record, record_id)


def check_holder(state, holder):
    if is_party(holder):
        state.party(party_of(holder))
    elif not state.is_hidden(holder):
        state.account(holder)


def check_named_open(state, record):
    if record.kind in NAMING_A_PARTY:
        party = record.party
    elif record.kind == SET_LIMIT and is_party(record.holder):
        party = party_of(record.holder)
    else:
        return
    demand(state.party(party).status != "closed", "PARTY_STATUS", "party %d is closed" % party)


def by_authority(entry):
    return (entry.party, entry.lane) == (0, 0)


def by_itself(entry, party):
    return (entry.party, entry.lane) == (party, 0)


def authority(_state, entry, _record):
    demand(by_authority(entry), "NOT_ALLOWED", "only the authority may, in lane 0")


def account_owner(_state, entry, record):
    demand(entry.party == party_of(record.account), "NOT_ALLOWED", "only the account's party may")


def itself_or_authority(_state, entry, record):
    demand(by_itself(entry, record.party) or by_authority(entry), "NOT_ALLOWED",
           "only the party or the authority may")


def key_right(state, entry, record):
    """Who may add keys and set thresholds."""
    if by_itself(entry, record.party):
        return
    authority(state, entry, record)
    party = state.party(record.party)
    demand(party.thresholds[DOMAIN_ADMINISTER] == 0 or party.recovery_ns is not None,
           "NOT_ALLOWED", "the party administers itself")


def check_recovery_due(state, entry, record):
    party = state.party(record.party)
    if by_itself(entry, record.party) or party.thresholds[DOMAIN_ADMINISTER] == 0:
        return
    demand(entry.received_ns >= party.recovery_ns, "RECOVERY", "its recovery is not due yet")


def who_states(state, entry, record):
    if record.figure == ATTESTED:
        demand(by_itself(entry, record.party), "NOT_ALLOWED", "only the party attests")
    else:
        demand(state.party(entry.party).is_public() and entry.lane == 0, "NOT_ALLOWED",
               "only a party of the public sector may, in lane 0")


def anyone(_state, _entry, _record):
    pass


def check_name_free(state, name):
    demand(all(party.name != name for party in state.parties), "NAME_TAKEN",
           "a party has this name")


def rule_register_party(state, _entry, record, _record_id):
    demand(record.party == len(state.parties) and record.party < PARTIES_MAX, "NUMBER",
           "not the next party number")
    demand(record.type != AUTHORITY, "VALUE", "there is one authority only")
    check_name_free(state, record.name)
    state.parties.append(Party(record.type, record.name))


def rule_add_key(state, entry, record, _record_id):
    check_recovery_due(state, entry, record)
    party = state.party(record.party)
    demand(record.ordinal == len(party.keys) and record.ordinal < 256, "NUMBER",
           "not the party's next key ordinal")
    x = x_coordinate(record.algorithm, record.key)
    demand(x not in state.keys_by_x, "KEY_TAKEN", "a key of this x-coordinate was registered")
    key = Key(record)
    party.keys.append(key)
    state.keys_by_x[x] = key


def rule_revoke_key(state, entry, record, _record_id):
    keys = state.party(record.party).keys
    demand(record.ordinal < len(keys), "KEY_UNKNOWN", "the party has no key of this ordinal")
    key = keys[record.ordinal]
    demand((key.algorithm, key.role, key.key) == (record.algorithm, record.role, record.key),
           "KEY_PARTY", "the key of this ordinal is another")
    demand(not key.revoked, "KEY_REVOKED", "the key is revoked already")
    key.revoked = True


def rule_set_threshold(state, entry, record, _record_id):
    check_recovery_due(state, entry, record)
    party = state.party(record.party)
    party.thresholds[record.domain] = record.threshold
    if record.domain == DOMAIN_ADMINISTER and not by_itself(entry, record.party):
        party.recovery_ns = None


def rule_suspend_party(state, entry, record, _record_id):
    party = state.party(record.party)
    demand(record.party != 0, "NOT_ALLOWED", "the authority is not suspended")
    demand(party.status == "active", "PARTY_STATUS", "the party is suspended already")
    party.status = "suspended"


def rule_reinstate_party(state, entry, record, _record_id):
    demand(record.party != 0, "NOT_ALLOWED", "the authority is never suspended")
    party = state.party(record.party)
    demand(party.status == "suspended", "PARTY_STATUS", "the party is active already")
    party.status = "active"


def rule_grant_classes(state, entry, record, _record_id):
    party = state.party(record.party)
    demand(record.classes & ~GRANTABLE[party.type] == 0, "CLASS",
           "a party of this type may not hold such accounts")
    party.mask = record.classes


def rule_open_asset(state, entry, record, _record_id):
    demand(record.asset == len(state.assets) + 1 and record.asset <= ASSETS_MAX, "NUMBER",
           "not the next asset number")
    demand(all(asset.code != record.code for asset in state.assets.values()), "NAME_TAKEN",
           "an asset has this code")
    state.assets[record.asset] = Asset(record)


def rule_open_account(state, entry, record, _record_id):
    party = state.party(entry.party)
    local, restricted = record.account & 0xFFFFFFFF, is_restricted(record.account)
    first = FIRST_RESTRICTED if restricted else FIRST_ACCOUNT_NUMBER
    opened = party.accounts_restricted if restricted else party.accounts
    demand(local == first + opened and local < first + ACCOUNTS_MAX, "NUMBER",
           "not the party's next account number")
    demand(record.asset in state.assets, "ASSET_UNKNOWN", "there is no such asset")
    demand(party.mask >> record.account_class & 1, "CLASS", "the class was not granted")
    if restricted:
        party.accounts_restricted += 1
    else:
        party.accounts += 1
    party.accounts_open += 1
    encumbered = [detail.encumbrance for detail in record.details if detail.type == ENCUMBRANCE]
    state.accounts[record.account] = Account(entry.party, record.account_class, record.asset,
                                             *encumbered)


def unclosed_account(state, record):
    account = state.account(record.account)
    demand(not account.closed, "ACCOUNT_CLOSED", "the account is closed")
    return account


def rule_freeze_account(state, entry, record, _record_id):
    if state.is_hidden(record.account):
        return
    account = unclosed_account(state, record)
    demand(not account.frozen & record.directions, "ACCOUNT_STATUS", "frozen so already")
    account.frozen |= record.directions


def rule_unfreeze_account(state, entry, record, _record_id):
    if state.is_hidden(record.account):
        return
    account = unclosed_account(state, record)
    demand(account.frozen & record.directions == record.directions, "ACCOUNT_STATUS",
           "not frozen so")
    account.frozen &= ~record.directions


def rule_close_account(state, entry, record, _record_id):
    account = state.account(record.account)
    demand(not account.closed, "ACCOUNT_CLOSED", "the account is closed already")
    if state.knows_figures(account):
        demand(account.pending_in == account.pending_out == 0, "ACCOUNT_PENDING",
               "something is pending")
        demand(not account.is_limited() or account.balance() == 0, "ACCOUNT_BALANCE",
               "the balance is not 0")
    account.closed = True
    state.parties[account.party].accounts_open -= 1


def rule_activate_rules(_state, entry, record, _record_id):
    # One set of rules exists, and genesis activates it: none can be above it yet.
    raise Refused("RULES", "rules %d are not known, or not above the active" % record.rules)


def rule_add_log_key(state, entry, record, _record_id):
    demand(record.number == len(state.log_keys) and record.number <= 255, "NUMBER",
           "not the next log key number")
    demand(all(log_key.key != record.key for log_key in state.log_keys), "KEY_TAKEN",
           "a log key like this exists")
    state.log_keys.append(LogKey(record.key, entry.index))


def rule_retire_log_key(state, entry, record, _record_id):
    known = record.number < len(state.log_keys)
    demand(known and state.log_keys[record.number].key == record.key, "KEY_UNKNOWN",
           "no log key of this number and key")
    log_key = state.log_keys[record.number]
    demand(log_key.retired_at is None, "KEY_REVOKED", "the log key is retired already")
    demand(any(other.retired_at is None for other in state.log_keys if other is not log_key),
           "UNREACHABLE", "no log key is left")
    if record.last_good_size:
        check_last_good(state, record)
    log_key.retired_at = entry.index
    log_key.last_good_size = record.last_good_size


def check_last_good(state, record):
    demand(record.last_good_size <= len(state.entries), "VALUE",
           "there are not yet last_good_size entries")
    tree = TreeHash()
    for good in state.entries[:record.last_good_size]:
        tree.add(good.leaf)
    demand(tree.root() == record.last_good_root, "NAMED_HASH",
           "last_good_root is not the tree root at last_good_size")


def rule_rename_party(state, _entry, record, _record_id):
    check_name_free(state, record.name)
    state.party(record.party).name = record.name


def rule_close_party(state, _entry, record, _record_id):
    demand(record.party != 0, "NOT_ALLOWED", "the authority is not closed")
    party = state.party(record.party)
    demand(party.accounts_open == 0 or not state.knows(record.party), "ACCOUNTS_OPEN",
           "the party has open accounts")
    party.status = "closed"


def rule_recover_party(state, entry, record, _record_id):
    demand(record.party != 0, "NOT_ALLOWED", "nobody could give the authority keys")
    party = state.party(record.party)
    demand(party.thresholds[DOMAIN_ADMINISTER] != 0, "RECOVERY", "the party needs no recovery")
    demand(party.recovery_ns is None, "RECOVERY", "a recovery is open")
    notices = [rule.record.notice_days for rule in rules_in_force(state, entry, SET_TIER, SET_LIMIT,
                                                                  PROGRAMME)
               if rule.record.named_party == record.party]
    demand(record.delay_s >= max(notices, default=0) * DAY_S, "VALUE",
           "a recovery is not sooner than the notice of a rule that names the party")
    party.recovery_ns = entry.received_ns + record.delay_s * NS


def rule_object_recovery(state, _entry, record, _record_id):
    party = state.party(record.party)
    demand(party.recovery_ns is not None, "RECOVERY", "no recovery is open")
    party.recovery_ns = None


def rule_close_opening(state, _entry, record, _record_id):
    party = state.party(record.party)
    demand(not party.opening_closed, "OPENING", "its opening is closed already")
    party.opening_closed = True


def check_next_rule(state, record):
    demand(record.rule == len(state.rules) and record.rule < RULES_MAX, "NUMBER",
           "not the next rule number")


def check_asset(state, asset):
    demand(asset in state.assets, "ASSET_UNKNOWN", "there is no such asset")


def check_named_party(state, record):
    """Of a rule that names none it is 0."""
    if record.named_party == 0:
        return
    party = state.party(record.named_party)
    demand(not party.is_public() and party.status != "closed"
           and party.thresholds[DOMAIN_ADMINISTER] != 0, "NAMED_PARTY",
           "the party is public, closed or without keys that it administers")


def rules_in_force(state, entry, *kinds):
    return [rule for rule in state.rules
            if rule.record.kind in kinds and rule.in_force(entry.received_ns)]


def rule_end_rule(state, entry, record, record_id):
    demand(record.rule < len(state.rules), "RULE_UNKNOWN", "there is no such rule")
    rule = state.rules[record.rule]
    demand(rule.ended_id is None, "RULE_STATUS", "the rule has ended")
    agrees = rule.record.named_party != 0 and rule.record.named_party in entry.countersigners
    rule.ended_id = record_id
    rule.until_ns = entry.received_ns + (0 if agrees else rule.record.notice_days * DAY_NS)


def rule_set_tier(state, entry, record, record_id):
    check_next_rule(state, record)
    check_named_party(state, record)
    check_asset(state, record.asset)
    same = [rule for rule in rules_in_force(state, entry, SET_TIER)
            if rule.ended_id is None and (rule.record.party, rule.record.asset, rule.record.above)
            == (record.party, record.asset, record.above)]
    demand(not same, "RULE_STATUS", "a tier like this is in force")
    state.rules.append(second_rules.Rule(record, record_id))


def rule_set_limit(state, entry, record, record_id):
    check_next_rule(state, record)
    check_named_party(state, record)
    if record.type in (OUTFLOW, BALANCE):
        check_asset(state, record.asset)
        known = not is_party(record.holder) and not state.is_hidden(record.holder)
        account = state.account(record.holder) if known else None
        demand(account is None or account.asset == record.asset, "ASSET_MIXED",
               "the account holds another asset")
        demand(account is None or record.type == OUTFLOW or account.is_limited(), "CLASS",
               "the account is neither reserve nor custody")
    elif record.type == COUNTERPARTY:
        check_holder(state, record.counterparty)
        notices = [rule.record.notice_days for rule in rules_in_force(state, entry, SET_LIMIT)
                   if rule.record.type == COUNTERPARTY and rule.record.holder == record.holder
                   and rule.record.directions & record.directions]
        demand(record.wait_days >= max(notices, default=0), "VALUE",
               "a list grows no sooner than one of its limits could end")
    from_ns = entry.received_ns + record.wait_days * DAY_NS if record.wait_days else 0
    state.rules.append(second_rules.Rule(record, record_id, from_ns))


def rule_programme(state, entry, record, record_id):
    check_next_rule(state, record)
    check_named_party(state, record)
    check_asset(state, record.asset)
    demand(record.starts >= entry.received_ns // DAY_NS, "VALUE", "starts is in the past")
    same = [rule for rule in rules_in_force(state, entry, PROGRAMME)
            if rule.record.type == MINIMUM and rule.record.asset == record.asset]
    demand(record.type != MINIMUM or not same, "RULE_STATUS", "a minimum is in force")
    state.rules.append(second_rules.Rule(record, record_id))


def rule_statement(state, entry, record, _record_id):
    check_asset(state, record.asset)
    if record.figure in (CUSTOMERS, ATTESTED):
        state.party(record.party)
    if record.figure in (COUNTED, UNCLASSIFIED, BREACHES):
        rule = state.rules[record.rule] if record.rule < len(state.rules) else None
        demand(rule and rule.record.kind == PROGRAMME and rule.record.asset == record.asset,
               "RULE_UNKNOWN", "there is no such programme of this asset")
    demand(record.as_of < entry.received_ns // DAY_NS, "VALUE", "as_of has not passed")


def rule_endorse(state, _entry, record, _record_id):
    demand(record.entry < len(state.entries), "NAMED_UNKNOWN", "no earlier entry has this number")
    endorsed = state.entries[record.entry]
    demand((endorsed.leaf, endorsed.envelope) == (record.entry_leaf, record.entry_envelope),
           "NAMED_HASH", "leaf hash or envelope id of the entry are others")


NAMING_A_PARTY = (ADD_KEY, REVOKE_KEY, SET_THRESHOLD, SUSPEND_PARTY, REINSTATE_PARTY,
                  GRANT_CLASSES, RENAME_PARTY, CLOSE_PARTY, RECOVER_PARTY, OBJECT_RECOVERY,
                  SET_TIER, CLOSE_OPENING)
NAMING_AN_ACCOUNT = (FREEZE_ACCOUNT, UNFREEZE_ACCOUNT, CLOSE_ACCOUNT)
# Who may, and the rules with the effect.
DIRECTIVE_RULES = {
    REGISTER_PARTY: (authority, rule_register_party),
    ADD_KEY: (key_right, rule_add_key),
    REVOKE_KEY: (itself_or_authority, rule_revoke_key),
    SET_THRESHOLD: (key_right, rule_set_threshold),
    SUSPEND_PARTY: (authority, rule_suspend_party),
    REINSTATE_PARTY: (authority, rule_reinstate_party),
    GRANT_CLASSES: (authority, rule_grant_classes),
    OPEN_ASSET: (authority, rule_open_asset),
    OPEN_ACCOUNT: (account_owner, rule_open_account),
    FREEZE_ACCOUNT: (authority, rule_freeze_account),
    UNFREEZE_ACCOUNT: (authority, rule_unfreeze_account),
    CLOSE_ACCOUNT: (account_owner, rule_close_account),
    ACTIVATE_RULES: (authority, rule_activate_rules),
    ADD_LOG_KEY: (authority, rule_add_log_key),
    RETIRE_LOG_KEY: (authority, rule_retire_log_key),
    ENDORSE: (anyone, rule_endorse),
    RENAME_PARTY: (authority, rule_rename_party),
    CLOSE_PARTY: (authority, rule_close_party),
    RECOVER_PARTY: (authority, rule_recover_party),
    OBJECT_RECOVERY: (itself_or_authority, rule_object_recovery),
    END_RULE: (authority, rule_end_rule),
    CLOSE_OPENING: (itself_or_authority, rule_close_opening),
    SET_TIER: (authority, rule_set_tier),
    SET_LIMIT: (authority, rule_set_limit),
    PROGRAMME: (authority, rule_programme),
    STATEMENT: (who_states, rule_statement),
}

# --------------------------------------------------------------------------------------------
# Section 9: links and tails
# --------------------------------------------------------------------------------------------


def jump_target(sequence):
    """J(s): s less the last term of s as a sum of numbers 2^k - 1, largest first."""
    rest, term = sequence, 0
    while rest:
        term = (1 << (rest + 1).bit_length() - 1) - 1
        rest -= term
    return sequence - term


def lane_entry(lane, sequence):
    return lane[sequence - 1].index if sequence else 0


def expected_tail(state, entry):
    lane = state.lanes.get((entry.party, entry.lane), [])
    words = (lane_entry(lane, entry.sequence - 1), lane_entry(lane, jump_target(entry.sequence)),
             len(state.marks), state.directive_latest, state.restricted_latest)
    return b"".join(word.to_bytes(8, "little") for word in words)


def take_link(state, record, record_id):
    """The link of a movement; its accounts remember it from now on."""
    accounts = [state.accounts[record.source], state.accounts[record.target]]
    link = b"".join(account.latest.to_bytes(8, "little") for account in accounts)
    for account in accounts:
        account.latest = record_id
    return link


# --------------------------------------------------------------------------------------------
# The replay
# --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def telling_newer(entry):
    """Section 14.4: of an entry whose bytes are those that were signed, what this verifier does not
    know is no failure. Body and place were asked before the records, and who signed is asked here:
    with a version or an algorithm that nobody knows it cannot be."""
    try:
        yield
    except Refused as refusal:
        known = refusal.status == "RULES" and entry.records[refusal.record].rules <= RULES_KNOWN
        if refusal.status in ("KIND_UNKNOWN", "KIND_RESERVED", "RULES") and not known:
            refusal.newer = first_refusal(check_signatures, entry) is None
        raise

CHECKS = [
    ("index", "indices without gap"),
    ("place", "leaf hashes linked by previous, terms and times in order"),
    ("form", "entries of the right form"),
    ("body", "bodies whose body_root is the header's"),
    ("record", "records of the right form"),
    ("ledger", "ledger id, party, sequence and previous_id"),
    ("known", "known entries and times of envelopes"),
    ("signature", "signatures of slots verified"),
    ("key", "keys, roles, thresholds and possession"),
    ("rule", "records judged by section 7"),
    ("link", "links of records recomputed"),
    ("tail", "tails recomputed"),
    ("balance", "reserve and custody accounts never below zero, pending outflows counted"),
]
SKIPPED = [
    "attachments: their bytes are not in the input",
    "state: derived, and not in the input",
    "meta: derived, and not in the input",
]


class Replay:
    """checks are the (key, words) of what is counted, skipped what is not looked at, in words."""

    submitted = False  # envelopes as a ledger is given them: it makes the entries itself

    def __init__(self, ledger_id=None, checks=tuple(CHECKS), skipped=tuple(SKIPPED)):
        self.state = State()
        self.tree = TreeHash()
        self.checks = checks
        self.skipped = list(skipped)
        self.incomplete = []  # what should have been looked at and was not
        self.findings = []  # what a reader has to know, though nothing is wrong (section 14.4)
        self.counts = dict.fromkeys((key for key, _ in checks), 0)
        self.ledger_id = ledger_id

    def accept(self, index, entry_bytes, body, links=None, tail=None):
        """Judge the next entry. A body of None is missing; links and tail of None are not in the
        input. When the entry is refused the replay is of no further use: its state may hold
        effects of the first records."""
        state = self.state
        demand(index == len(state.entries), "PLACE", "the index as stored is %d" % index)
        self.counts["index"] += 1
        entry = open_entry(entry_bytes)
        check_fixed_part(entry)
        with telling_newer(entry):
            self.judge(index, entry, body, links, tail)

    def judge(self, index, entry, body, links, tail):
        state = self.state
        (self.judge_submitted if self.submitted else self.judge_bytes)(entry, body)
        self.counts["form"] += 1
        if entry.body is None:
            state.bodies_missing += 1
        else:
            self.counts["body"] += 1
        self.counts["record"] += len(entry.records)
        (self.judge_genesis if index == 0 else self.judge_later)(entry)
        tail_expected = expected_tail(state, entry)
        links_expected = self.judge_records(entry)
        if links is not None:
            self.compare_derived(entry, (links, links_expected), (tail, tail_expected))
        self.check_balances(entry)
        self.remember(entry)

    def judge_bytes(self, entry, body):
        """Steps 0 and 1 as an audit has them: first whether the bytes are those that were signed."""
        take_slots(entry)
        take_body(entry, body)
        if body is not None:
            check_body_root(entry)
        if self.state.bodies_missing and entry.restricted:
            entry.body = None  # what it rests on may be in one that is missing
        self.judge_place(entry)
        take_records(entry)

    def judge_submitted(self, entry, body):
        """Step 1 as it stands in section 7."""
        demand(len(body) >= entry.record_count * RECORD_SIZE, "TRUNCATED", "records are cut off")
        take_body(entry, body)
        take_records(entry)
        take_slots(entry)
        check_body_root(entry)
        self.judge_place(entry)

    def judge_place(self, entry):
        check_place(self.state, entry)
        self.counts["place"] += 1

    def judge_genesis(self, entry):
        check_genesis(entry)
        demand(self.ledger_id in (None, entry.leaf), "LEDGER_ID",
               "the ledger id is %s" % entry.leaf.hex())
        for key in ("ledger", "known", "key"):
            self.counts[key] += 1

    def judge_later(self, entry):
        state = self.state
        check_ledger(state, entry)
        check_sequence(state, entry)
        self.counts["ledger"] += 1
        check_known(state, entry)
        check_time(state, entry)
        self.counts["known"] += 1
        check_known_keys(state, entry)
        check_signatures(entry)
        self.counts["signature"] += len(entry.slots)
        if not objects(entry):
            check_active(state, entry.party)
        demand(not (entry.restricted and state.party(entry.party).is_public()), "RESTRICTED",
               "an envelope of the public sector is public")
        if entry.index == 1:
            check_entry_1(state, entry)
        else:
            check_keys(state, entry)
            check_thresholds(state, entry)
        self.counts["key"] += 1

    def judge_records(self, entry):
        """Steps 11 to 13; returns the links."""
        if entry.index == 0:
            apply_genesis(self.state, entry)
            check_reachable(self.state, {0})
            self.counts["rule"] += len(entry.records)
            return bytes(16 * len(entry.records))
        links, changed = [], set()
        for position, record in enumerate(entry.records):
            with about_record(position):
                links.append(self.judge_record(entry, record, position))
            if record.kind in (REVOKE_KEY, SET_THRESHOLD):
                changed.add(record.party)
        check_reachable(self.state, changed)
        if any(record.kind in (ADD_KEY, REVOKE_KEY, SET_THRESHOLD) and record.party == 0
               for record in entry.records):
            check_new_quorum(self.state, entry)
        return b"".join(links)

    def judge_record(self, entry, record, position):
        record_id = entry.index << POSITION_BITS | position
        if record.kind in MOVEMENTS:
            judge_movement(self.state, entry, record, record_id)
            link = take_link(self.state, record, record_id)
        elif record.kind == DETAIL:  # judged with its record
            link = bytes(16)
        else:
            judge_directive(self.state, entry, record, record_id)
            link = bytes(16)
        self.counts["rule"] += 1
        return link

    def compare_derived(self, entry, links, tail):
        demand(links[0] == links[1], "DERIVED", "the links are not those the entries imply")
        self.counts["link"] += len(entry.records)
        demand(tail[0] == tail[1], "DERIVED", "the tail is not the one the entries imply")
        self.counts["tail"] += 1

    def check_balances(self, entry):
        movements = [record for record in entry.records if record.kind in MOVEMENTS]
        for wanted in {wanted for r in movements for wanted in (r.source, r.target)}:
            account = self.state.accounts[wanted]
            limited = account.is_limited() and self.state.knows_figures(account)
            demand(not limited or min(account.balance(), account.available()) >= 0,
                   "INVARIANT", "account %s is below zero" % account_name(wanted))
        self.counts["balance"] += 1

    def remember(self, entry):
        state, kept = self.state, accepted(entry)
        state.lanes.setdefault((entry.party, entry.lane), []).append(kept)
        if entry.records and entry.records[0].kind in DIRECTIVES:
            if entry.restricted:
                state.restricted_latest = entry.index
            else:
                state.directive_latest = entry.index
        state.entries.append(kept)
        self.tree.add(entry.leaf)

    def asset_sums(self):
        """Per asset the sum of all balances: 0 in a double-entry ledger."""
        sums = dict.fromkeys(self.state.assets, 0)
        for account in self.state.accounts.values():
            sums[account.asset] += account.balance()
        return sums

    def check_sums(self):
        for asset, total in self.asset_sums().items():
            demand(total == 0, "INVARIANT", "the balances of asset %d sum to %d" % (asset, total))


# --------------------------------------------------------------------------------------------
# Input: section 10
# --------------------------------------------------------------------------------------------


def decode_hex(raw, member):
    text = raw.get(member)
    demand(isinstance(text, str) and len(text) % 2 == 0 and re.fullmatch("[0-9a-f]*", text),
           "INPUT", "member %s is not lower-case hex" % member)
    return bytes.fromhex(text)


def decode_line(line):
    """The arguments of Replay.accept from one line."""
    try:
        decoded = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused("INPUT", "the line is not JSON: %s" % str(error)[:100]) from None
    raw = decoded.get("raw") if isinstance(decoded, dict) else None
    demand(isinstance(raw, dict), "INPUT", "the line has no member raw")
    index = raw.get("index")
    demand(type(index) is int, "INPUT", "member index is not a whole number")
    demand(0 <= index < 2**64, "INPUT", "member index is no u64")
    return (index,) + tuple(decode_hex(raw, member)
                            for member in ("entry", "records", "links", "tail"))


def first_refusal(verify, *arguments):
    """None, or what verify refuses first."""
    try:
        verify(*arguments)
    except Refused as refusal:
        return refusal
    except OSError:
        raise  # the input cannot be read: no verdict on the ledger
    except Exception as error:  # a fault of this program is no verdict either, but it is reported
        return Refused("INTERNAL", "%s: %s" % (type(error).__name__, error))
    return None


def replay_lines(replay, lines):
    for line in lines:
        if line.strip():
            replay.accept(*decode_line(line))
    demand(replay.state.entries, "INPUT", "no entries")
    replay.check_sums()


def verify_lines(lines, ledger_id=None):
    """Replay all lines. Returns the replay and None, or the first refusal."""
    replay = Replay(ledger_id)
    refusal = first_refusal(replay_lines, replay, lines)
    return replay, refusal and refusal.at(len(replay.state.entries))


# --------------------------------------------------------------------------------------------
# Report
# --------------------------------------------------------------------------------------------


def describe_totals(replay):
    entries = replay.state.entries
    return {
        "entries": len(entries),
        "records": sum(entry.record_count for entry in entries),
        "signatures": sum(entry.slots for entry in entries),
        "ledger_id": entries[0].leaf.hex() if entries else None,
        "head_leaf": entries[-1].leaf.hex() if entries else None,
        "tree_root": replay.tree.root().hex() if entries else None,
    }


def describe_account(state, account):
    """Figures are null where missing bodies leave them unknown."""
    figures = {"balance": account.balance(), "in": account.total_in, "out": account.total_out,
               "pending_in": account.pending_in, "pending_out": account.pending_out}
    known = state.knows_figures(account)
    described = {name: str(figure) if known else None for name, figure in figures.items()}
    described.update(asset=account.asset, frozen=account.frozen, closed=account.closed)
    described["class"] = CLASSES[account.account_class]
    return described


def describe_cell(cell):
    described = {name: {"amount": str(cell.amounts[name]), "number": str(cell.numbers[name])}
                 for name in cell.amounts}
    described["corrections"] = str(cell.corrections)
    return described


def describe_purposes(state):
    described = {}
    for (asset, purpose, basis), cell in state.purposes.items():
        by_purpose = described.setdefault(str(asset), {}).setdefault(PURPOSES[purpose], {})
        by_purpose[BASES[basis]] = describe_cell(cell)
    return described


def describe_failure(refusal):
    return {"entry": refusal.entry, "status": refusal.status, "rule": refusal.rule}


def describe_json(replay, refusal):
    state = replay.state
    described = describe_totals(replay)
    described["checks"] = replay.counts
    described["skipped"] = replay.skipped + replay.incomplete
    described["findings"] = replay.findings
    described["verdict"] = verdict_of(replay, refusal)
    described["verified"] = refusal is None
    if refusal:
        described["failure"] = describe_failure(refusal)
        return described
    described["asset_sums"] = {str(asset): str(total)
                               for asset, total in replay.asset_sums().items()}
    described["accounts"] = {account_name(wanted): describe_account(state, account)
                             for wanted, account in state.accounts.items()}
    described["purpose_totals"] = describe_purposes(state)
    return described


def print_checks(checks, counts, skipped, refusal):
    for key, words in checks:
        print("%s %s: %d" % ("STOP" if refusal else "PASS", words, counts[key]))
    for words in skipped:
        print("SKIP %s" % words)
    if refusal:
        where = "" if refusal.entry is None else "entry %d: " % refusal.entry
        print("FAIL %s%s: %s" % (where, refusal.status, refusal.rule))


def verdict_of(replay, refusal):
    """Section 14.4, of what could be read."""
    if refusal:
        return "incomplete" if refusal.newer else "failed"
    return "findings" if replay.findings else "incomplete" if replay.incomplete else "passed"


def print_report(replay, refusal):
    print_checks(replay.checks, replay.counts, replay.skipped + replay.incomplete, refusal)
    if not refusal:
        for asset, total in sorted(replay.asset_sums().items()):
            print("PASS sum of balances of asset %d: %d" % (asset, total))
    for name, value in describe_totals(replay).items():
        print("%s %s" % (name, value))
    for words in replay.findings:
        print("FINDING %s" % words)
    print(verdict_of(replay, refusal))


# --------------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------------

EXIT_PASS, EXIT_FAIL, EXIT_USAGE, EXIT_INCOMPLETE, EXIT_FINDINGS, EXIT_INPUT = 0, 1, 2, 3, 4, 65
EXITS = {"passed": EXIT_PASS, "failed": EXIT_FAIL, "incomplete": EXIT_INCOMPLETE,
         "findings": EXIT_FINDINGS}


def ledger_id_argument(text):
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("a ledger id is 64 hexadecimal digits")
    return bytes.fromhex(text)


def key_argument(text):
    import second_note
    try:
        return second_note.parse_verifier_key(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(refusal.rule) from None


def policy_argument(path):
    import second_policy
    try:
        return second_policy.Policy(read_file(path))
    except Refused as refusal:
        raise argparse.ArgumentTypeError(refusal.rule) from None


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description="Verify a Tijori ledger from what `tijori show DIR 0.. --format jsonl` prints, "
                    "an exported folder, or a proof.")
    parser.add_argument("file", nargs="?", default="-",
                        help="the JSON lines, - for standard input; or an exported folder")
    parser.add_argument("--ledger-id", type=ledger_id_argument, metavar="HEX",
                        help="the ledger id that entry 0 must have")
    parser.add_argument("--log-key", type=key_argument, metavar="VKEY",
                        help="the log key that must have signed the checkpoint")
    parser.add_argument("--witness", type=key_argument, metavar="VKEY", action="append",
                        default=[], help="a witness whose cosignatures are verified")
    parser.add_argument("--policy", type=policy_argument, metavar="FILE",
                        help="the tlog-policy that an exported folder is held against")
    parser.add_argument("--without-documents", action="store_true",
                        help="documents that records cite are not asked for")
    parser.add_argument("--proof", action="store_true", help="FILE is a proof (section 16)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    options.folder = not options.proof and os.path.isdir(options.file)
    if (options.log_key or options.witness) and not (options.folder or options.proof):
        parser.error("--log-key and --witness go with an exported folder or a proof")
    if options.policy and (options.witness or not options.folder):
        parser.error("--policy goes with an exported folder, and without --witness")
    return options


def read_file(path):
    if path == "-":
        return sys.stdin.buffer.read()
    with open(path, "rb") as source:
        return source.read()


def verify_file(path, ledger_id):
    if path == "-":
        return verify_lines(sys.stdin.buffer, ledger_id)
    with open(path, "rb") as lines:
        return verify_lines(lines, ledger_id)


def run(options):
    """Verify, report, and give the exit status."""
    if options.proof:
        import second_proof
        return second_proof.run(read_file(options.file), options)
    if options.folder:
        import second_export
        replay, refusal = second_export.verify_folder(
            options.file, options.ledger_id, options.log_key, options.witness, options.policy,
            not options.without_documents)
    else:
        replay, refusal = verify_file(options.file, options.ledger_id)
    if options.json:
        print(json.dumps(describe_json(replay, refusal), indent=2, sort_keys=True))
    else:
        print_report(replay, refusal)
    return EXITS[verdict_of(replay, refusal)]


def main(arguments=None):
    try:
        return run(parse_arguments(arguments))
    except OSError as error:
        print("second_verifier: could not tell: %s" % error, file=sys.stderr)
        return EXIT_INPUT


if __name__ == "__main__":
    # The modules that main loads import this one by its name: run that, not a second copy of it.
    import second_verifier
    sys.exit(second_verifier.main())
