"""Records, written byte by byte from docs/FORMAT.md for the tests of the second verifier and the
model test. Nothing is checked: a test may build whatever is wrong."""

import hashlib

# Numbers are written again, not taken from the verifier: one slip must not hide in both.
MOVE, PENDING, POST, VOID, CORRECT, APPROVAL = 1, 2, 3, 4, 5, 6
PURCHASE, MINING, SEIZURE, DONATION, UNSOLICITED, INTERNAL, SALE, PAYMENT, FEE = range(1, 10)
DEPOSIT, WITHDRAWAL, TRANSFER, CORRECTION = range(10, 14)
ECDSA, BIP340, ED25519 = 1, 2, 3
INITIATE, APPROVE, ADMINISTER = 1, 2, 3
SIGN, COUNTERSIGN, POSSESSION = 1, 2, 3
LIFETIME_S = 86_400
ZERO = bytes(32)


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(tag, data):
    return sha256(sha256(tag) * 2 + data)


def leaf(data):
    return sha256(b"\x00" + data)


def le(value, size):
    return value.to_bytes(size, "little")


def pack(kind, *fields):
    """A record from (offset, size, number) or (offset, bytes)."""
    data = bytearray(112)
    data[0] = kind
    for field in fields:
        content = field[1] if len(field) == 2 else le(field[2], field[1])
        data[field[0]:field[0] + len(content)] = content
    assert len(data) == 112
    return bytes(data)


def put(data, offset, content):
    return data[:offset] + content + data[offset + len(content):]


def account(party, local):
    return party << 32 | local


def tree_hash(leaves):
    """RFC 6962 section 2.1, top down as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:]))


def group_hash(record, details=()):
    return tree_hash([leaf(one) for one in (record, *details)])


def movement(kind, purpose, source, target, amount, **optional):
    return pack(kind, (1, 1, optional.get("opening", 0)), (92, 1, optional.get("details", 0)),
                (2, 1, purpose), (4, 8, source), (12, 8, target), (20, 8, amount),
                (28, 4, optional.get("date", 0)), (32, 4, optional.get("timeout_s", 0)),
                (36, 8, optional.get("refers_to", 0)), (44, optional.get("reference", b"")),
                (60, optional.get("hash", ZERO)), (96, optional.get("blind", bytes(16))))


def move(purpose, source, target, amount, **optional):
    return movement(MOVE, purpose, source, target, amount, **optional)


def pending(purpose, source, target, amount, **optional):
    return movement(PENDING, purpose, source, target, amount, **optional)


def settling(kind, named, **optional):
    """post, void or approve of a Named record."""
    purpose, source, target, amount = terms(named.data)
    optional.setdefault("refers_to", named.id)
    optional.setdefault("hash", group_hash(named.data, named.details))
    return movement(kind, purpose, source, target, amount, **optional)


def correcting(named, amount, **optional):
    purpose, source, target, _amount = terms(named.data)
    optional.setdefault("refers_to", named.id)
    optional.setdefault("hash", group_hash(named.data, named.details))
    optional.setdefault("opening", named.data[1])
    return movement(CORRECT, purpose, target, source, amount, **optional)


def terms(record):
    """purpose, from, to, amount."""
    return (record[2],) + tuple(int.from_bytes(record[at:at + 8], "little") for at in (4, 12, 20))


def ledger(name=b"tijori.example/test", lifetime_s=LIFETIME_S):
    return pack(16, (2, 1, 3), (4, 4, 1), (8, 4, lifetime_s), (12, 4, 3600),
                (16, sha256(b"nonce")), (48, name))


def predecessor():
    return pack(17, (8, 8, 77), (16, sha256(b"id")), (48, sha256(b"root")))


def register_party(party, kind, name):
    return pack(18, (2, 1, kind), (4, 4, party), (16, name))


def key_record(kind, party, ordinal, key, role=None, **optional):
    return pack(kind, (1, 1, optional.get("flags", 0)), (2, 1, key.algorithm),
                (3, 1, role or key.role), (4, 4, party), (8, 4, ordinal),
                (12, 1, optional.get("group", 0)), (16, key.public),
                (56, optional.get("label", b"")))


def add_key(party, ordinal, key, role=None, **optional):
    return key_record(19, party, ordinal, key, role, label=key.label.encode(), **optional)


def revoke_key(party, ordinal, key, role=None):
    return key_record(20, party, ordinal, key, role)


def set_threshold(party, domain, threshold):
    return pack(21, (2, 1, domain), (3, 1, threshold), (4, 4, party))


def suspend(party):
    return pack(22, (4, 4, party))


def reinstate(party):
    return pack(23, (4, 4, party))


def grant(party, *classes):
    return pack(24, (2, 2, sum(1 << c for c in classes)), (4, 4, party))


def open_asset(asset, code, decimals, amount_max):
    return pack(25, (2, 1, decimals), (4, 4, asset), (8, 8, amount_max), (16, code), (24, b"Name"))


def open_account(party, local, account_class, asset=1):
    return pack(26, (2, 1, account_class), (4, 8, account(party, local)), (12, 4, asset),
                (16, b"label"))


def freeze(wanted, directions):
    return pack(27, (2, 1, directions), (4, 8, wanted))


def unfreeze(wanted, directions):
    return pack(28, (2, 1, directions), (4, 8, wanted))


def close_account(wanted):
    return pack(29, (4, 8, wanted))


def activate_rules(rules):
    return pack(30, (4, 4, rules))


def add_log_key(number, key):
    return pack(31, (2, 1, 3), (4, 4, number), (16, key.public))


def retire_log_key(number, key, size=0, root=ZERO):
    return pack(32, (2, 1, 3), (4, 4, number), (8, 8, size), (16, key.public),
                (48, root))


def endorse(index, entry_leaf, envelope):
    return pack(33, (8, 8, index), (16, entry_leaf), (48, envelope))


def rename_party(party, name):
    return pack(34, (4, 4, party), (16, name))


def close_party(party):
    return pack(35, (4, 4, party))


def recover_party(party, delay_s=604_800):
    return pack(36, (4, 4, party), (8, 4, delay_s))


def object_recovery(party):
    return pack(37, (4, 4, party))


def end_rule(rule):
    return pack(38, (4, 4, rule))


def close_opening(party):
    return pack(40, (4, 4, party))


def mask(numbers):
    return sum(1 << number for number in numbers)


def set_tier(rule, party, above, approvals=0, groups=(), delay_s=0, asset=1, notice=0, named=0):
    return pack(39, (2, 1, approvals), (4, 4, rule), (8, 4, party), (12, 4, asset),
                (16, 2, mask(groups)), (18, 2, notice), (20, 4, delay_s), (24, 8, above),
                (32, 4, named))


def all_of(party):
    return account(party, 0xFFFFFFFF)


def set_limit(kind, rule, holder, **fields):
    return pack(64, (1, 1, kind), (2, 1, fields.get("directions", 0)), (4, 4, rule),
                (8, 8, holder), (16, 4, fields.get("asset", 0)),
                (20, 4, fields.get("window_s", 0)), (24, 8, fields.get("amount", 0)),
                (32, 2, mask(fields.get("purposes", ()))), (34, 2, fields.get("notice", 0)),
                (36, 4, fields.get("named", 0)), (40, 8, fields.get("counterparty", 0)),
                (48, 2, fields.get("wait", 0)))


def outflow(rule, holder, amount, window_s=86_400, asset=1, **notice):
    return set_limit(1, rule, holder, amount=amount, window_s=window_s, asset=asset, **notice)


def balance_limit(rule, holder, amount, asset=1, **notice):
    return set_limit(2, rule, holder, amount=amount, asset=asset, **notice)


def counterparty(rule, holder, directions, other, **notice):
    return set_limit(3, rule, holder, directions=directions, counterparty=other, **notice)


def purposes_limit(rule, holder, directions, purposes, **notice):
    return set_limit(4, rule, holder, directions=directions, purposes=purposes, **notice)


def freeze_party(rule, party, directions, **notice):
    return set_limit(5, rule, all_of(party), directions=directions, **notice)


def programme(kind, rule, starts, ends, **fields):
    return pack(65, (1, 1, fields.get("mode", 1)), (2, 1, kind), (4, 4, rule),
                (8, 4, fields.get("asset", 1)), (12, 2, mask(fields.get("purposes", ()))),
                (14, 2, fields.get("notice", 0)), (44, 4, fields.get("named", 0)),
                (16, 4, starts), (20, 4, ends), (24, 8, fields.get("amount", 0)),
                (32, 8, fields.get("amount_day", 0)), (40, 4, fields.get("power_mw", 0)),
                (48, fields.get("name", b"Programme")))


def statement(figure, period_from, as_of, value=0, **fields):
    return pack(66, (1, 1, figure), (2, 1, fields.get("purpose", 0)),
                (4, 4, fields.get("party", 0)), (8, 4, fields.get("asset", 1)),
                (12, 4, fields.get("rule", 0)), (16, 4, period_from), (20, 4, as_of),
                (24, (value % 2**128).to_bytes(16, "little")), (40, fields.get("document", ZERO)))


# --------------------------------------------------------------------------------------------
# Details: section 3.3. `of` is put in by with_details, and so is the number that a movement says.
# --------------------------------------------------------------------------------------------


def detail(kind, *fields, part=0):
    return pack(48, (1, 1, kind), (2, 1, part), *fields)


def texts(kind, content):
    """As many parts as the text needs."""
    return [detail(kind, (4, content[at:at + 92]), part=at // 92)
            for at in range(0, max(len(content), 1), 92)]


def long_reference(content=b"a reference of many bytes"):
    return detail(1, (4, content))


def memo(content=b"Bought in three lots"):
    return texts(2, content)


def transaction(txid=None, output=0):
    return detail(3, (4, sha256(b"transaction") if txid is None else txid), (36, 4, output))


def price(total=8_857_500, decimals=2, currency=b"USD", source=b"invoice 17"):
    return detail(4, (4, 8, total), (12, 1, decimals), (13, currency), (16, source))


def address(content=b"bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs"):
    return detail(5, (4, content))


def descriptor(digest=None):
    return detail(6, (4, sha256(b"descriptor") if digest is None else digest))


def attachment_name(content=b"invoice.pdf"):
    return texts(7, content)


def media_type(content=b"application/pdf"):
    return detail(8, (4, content))


def lei(content=b"0000TIJORI0EXAMPLE35"):
    return detail(9, (4, content))


def encumbrance(number=1):
    return detail(10, (4, 1, number))


def with_details(record, *details):
    """A record and its details, in the order they are given in: lists of parts are joined."""
    flat = [one for each in details for one in ([each] if isinstance(each, bytes) else each)]
    if record[0] <= CORRECT:
        record = put(record, 92, le(len(flat), 1))
    return [record] + [put(put(one, 3, le(len(flat), 1)), 96, record[96:]) for one in flat]
