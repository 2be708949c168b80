"""Proofs of one entry or record for the second verifier, written from docs/FORMAT.md section 16
and C2SP's tlog-proof.

A proof shows what one entry or record says, that the log has it, and who signed. It cannot show
that the rules of section 7 allowed it (balances, thresholds, revoked keys): that takes the ledger.
"""

import json

from second_note import Checkpoint, decode_base64, decode_number, inside, root_from_path
from second_verifier import (ADD_KEY, CLASSES, CLOSE_ACCOUNT, COUNTERSIGN, DETAIL, DETAILS_MAX,
                             EXIT_FAIL, EXIT_INCOMPLETE, EXIT_PASS, FREEZE_ACCOUNT, HEADER_SIZE,
                             MOVEMENTS, OPEN_ACCOUNT, OPEN_ASSET, POSITION_BITS, PURPOSES, RECORD_SIZE,
                             REGISTER_PARTY, SIGN, UNFREEZE_ACCOUNT, Refused, account_name,
                             check_fixed_part, check_kind, check_movement_accounts,
                             check_signatures, counting_roles, decode_record, decode_slots, demand,
                             describe_failure, first_refusal, leaf_hash, number, open_entry,
                             print_checks, take_group)

ENTRY_ALONE = 0xFFFFFFFF
EXHIBITS_MAX = 64

CHECKS = [
    ("exhibit", "exhibits of the right form, in their order"),
    ("inclusion", "entries in the checkpoint's tree"),
    ("record", "records in the body_root of their entries"),
    ("signature", "signatures of slots verified"),
    ("support", "exhibits that are what the first one rests on, none missing"),
    ("log", "checkpoint signed by the given log key"),
    ("cosignature", "cosignatures of the given witnesses verified"),
]
SKIPPED = ["rules of section 7: they take the whole ledger"]
NO_KEY = "the checkpoint's signature: no --log-key was given"


def demand_proof(holds, rule, entry=None):
    demand(holds, "PROOF", rule, entry)


class TlogProof:
    """The parts of the file: extra, index, path, and the checkpoint's bytes."""

    def __init__(self, data):
        head, blank, self.checkpoint = data.partition(b"\n\n")
        demand_proof(blank, "no empty line before the checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Refused("PROOF", "the head is not ASCII") from None
        demand_proof(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof of version 1")
        demand_proof(lines and lines[0].startswith("extra "), "no extra line")
        self.extra = decode_base64(lines.pop(0)[len("extra "):], "the extra line")
        demand_proof(lines and lines[0].startswith("index "), "no index line")
        self.index = decode_number(lines.pop(0)[len("index "):], "the index")
        self.path = [decode_base64(line, "a hash") for line in lines]
        demand_proof(all(len(hash_) == 32 for hash_ in self.path), "a hash is not 32 bytes")


class Cursor:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        piece = self.data[self.at:self.at + size]
        demand_proof(len(piece) == size, "the extra data is cut off")
        self.at += size
        return piece

    def take_number(self, size):
        return number(self.take(size))

    def take_path(self):
        return [self.take(32) for _ in range(self.take_number(1))]


class Exhibit:
    """An entry, and a record of it unless position is ENTRY_ALONE."""

    def __init__(self, cursor):
        self.index = cursor.take_number(8)
        self.entry = open_entry(cursor.take(cursor.take_number(2)))
        self.position = cursor.take_number(4)
        self.record = None
        self.leaves = []  # (bytes, path) of the record and of its details
        if self.position != ENTRY_ALONE:
            self.leaves.append((cursor.take(RECORD_SIZE), cursor.take_path()))
            count = cursor.take_number(1)
            demand_proof(count <= DETAILS_MAX, "at most 16 details")
            for _ in range(count):
                self.leaves.append((cursor.take(RECORD_SIZE), cursor.take_path()))
        self.path = cursor.take_path()
        self.id = self.index << POSITION_BITS | self.position

    def check_form(self):
        """Sections 3 to 5 as far as one record of the body shows them."""
        entry = self.entry
        check_fixed_part(entry)
        demand_proof(entry.index == self.index, "the entry says index %d" % entry.index)
        entry.slots = decode_slots(entry.data[64 + HEADER_SIZE:], entry.party)
        if self.leaves:
            last = self.position + len(self.leaves) - 1
            demand_proof(last < entry.record_count, "the entry has no such position")
            data, *details = [data for data, _path in self.leaves]
            check_kind(data, data[0], entry)
            self.record = decode_record(data, entry.restricted)
            if self.record.kind in MOVEMENTS:
                check_movement_accounts(entry, self.record, set())
            demand_proof(all(detail[0] == DETAIL for detail in details),
                         "what follows the record is no detail")
            take_group(entry, self.record, details, self.position)

    def check_record_paths(self):
        for position, (data, path) in enumerate(self.leaves, self.position):
            root = root_from_path(leaf_hash(data), position, self.entry.record_count, path)
            demand_proof(root == self.entry.body_root,
                         "the record is not in the entry's body_root")

    def subject(self):
        """What a supporting exhibit says, as wanted() names it."""
        record = self.record
        if record.kind == ADD_KEY:
            return "key", record.party, record.algorithm, record.key
        if record.kind == REGISTER_PARTY:
            return "party", record.party
        if record.kind == OPEN_ACCOUNT:
            return "account", record.account
        return ("asset", record.asset) if record.kind == OPEN_ASSET else None


def accounts_of(record):
    if record is None:
        return []
    if record.kind in MOVEMENTS:
        return [record.source, record.target]
    return [record.account] if record.kind in (FREEZE_ACCOUNT, UNFREEZE_ACCOUNT,
                                               CLOSE_ACCOUNT) else []


def wanted(first, found):
    """The subjects of the exhibits that the first rests on; found are those there are."""
    subjects = set()
    for slot in first.entry.slots:
        if slot.use in (SIGN, COUNTERSIGN):
            subjects.add(("key", slot.party, slot.algorithm, slot.key))
            subjects.add(("party", slot.party))
    for account in accounts_of(first.record):
        subjects.add(("account", account))
        if ("account", account) in found:
            subjects.add(("asset", found["account", account].record.asset))
    if first.record and first.record.kind == OPEN_ACCOUNT:
        subjects.update({("asset", first.record.asset)} & set(found))  # allowed, not asked for
    return subjects


class Proof:
    def __init__(self, log_key=None, witnesses=(), ledger_id=None):
        self.log_key = log_key
        self.witnesses = witnesses
        self.ledger_id = ledger_id
        self.counts = dict.fromkeys((key for key, _ in CHECKS), 0)
        self.skipped = list(SKIPPED) + ([] if log_key else [NO_KEY])
        self.exhibits = []

    def verify(self, data):
        proof = TlogProof(data)
        with inside("checkpoint"):
            self.checkpoint = Checkpoint(proof.checkpoint)
            self.check_note()
        self.read_exhibits(proof)
        for exhibit in self.exhibits:
            try:
                self.check_exhibit(exhibit)
            except Refused as refusal:
                raise refusal.at(exhibit.index)
        self.check_support()

    def check_note(self):
        checkpoint = self.checkpoint
        _name, slash, text = checkpoint.origin.rpartition("/")
        demand_proof(slash and len(text) == 64 and not set(text) - set("0123456789abcdef"),
                     "the origin does not end in a ledger id")
        demand(self.ledger_id in (None, bytes.fromhex(text)), "LEDGER_ID", "of another ledger")
        self.ledger_id = bytes.fromhex(text)
        if self.log_key:
            demand_proof(self.log_key.name == checkpoint.origin, "the given log key is that of "
                         "another origin")
            demand_proof(checkpoint.verified_by([self.log_key]), "not signed by the given log key")
            self.counts["log"] += 1
        self.counts["cosignature"] += len(checkpoint.verified_by(self.witnesses))

    def read_exhibits(self, proof):
        cursor = Cursor(proof.extra)
        demand_proof(cursor.take(3) == b"TJP", "the extra data starts with TJP")
        demand_proof(cursor.take_number(1) == 1, "proofs have version 1")
        count = cursor.take_number(2)
        demand_proof(1 <= count <= EXHIBITS_MAX, "1 to 64 exhibits")
        self.exhibits = [Exhibit(cursor) for _ in range(count)]
        demand_proof(cursor.at == len(proof.extra), "bytes after the last exhibit")
        first, others = self.exhibits[0], self.exhibits[1:]
        demand_proof(first.index == proof.index, "the first exhibit is of another index")
        demand_proof(not first.path, "the first exhibit has a path of its own")
        first.path = proof.path
        for exhibit in others:
            demand_proof(exhibit.position != ENTRY_ALONE, "only the first exhibit may be an "
                         "entry alone", exhibit.index)
        ids = [exhibit.id for exhibit in others]
        demand_proof(ids == sorted(set(ids)) and first.id not in ids,
                     "exhibits stand in the order of their records, none twice")

    def check_exhibit(self, exhibit):
        exhibit.check_form()
        self.counts["exhibit"] += 1
        root = root_from_path(exhibit.entry.leaf, exhibit.index, self.checkpoint.size,
                              exhibit.path)
        demand_proof(root == self.checkpoint.root, "the entry is not in the checkpoint's tree")
        self.counts["inclusion"] += 1
        entry = exhibit.entry
        of_ledger = entry.leaf if exhibit.index == 0 else entry.ledger_id
        demand(of_ledger == self.ledger_id, "LEDGER_ID", "the entry is of another ledger")
        if exhibit.record:
            exhibit.check_record_paths()
            self.counts["record"] += 1
        check_signatures(entry)
        self.counts["signature"] += len(entry.slots)

    def check_support(self):
        """The others are what the first rests on: that, all of it, and before it."""
        first, others = self.exhibits[0], self.exhibits[1:]
        found = {}
        for exhibit in others:
            subject = exhibit.subject()
            demand_proof(subject and subject not in found, "not what the proof rests on, or twice",
                         exhibit.index)
            found[subject] = exhibit
        subjects = wanted(first, found)
        for subject in sorted(subjects - set(found), key=str):
            raise Refused("PROOF", "no exhibit for %s" % describe_subject(subject), first.index)
        for subject, exhibit in found.items():
            demand_proof(subject in subjects, "not what the proof rests on", exhibit.index)
            # A key signs only in entries after the one that adds it.
            earlier = (exhibit.index < first.index if subject[0] in ("key", "party")
                       else exhibit.id < first.id)
            demand_proof(earlier, "what the proof rests on comes after it", exhibit.index)
            self.counts["support"] += 1
        self.check_roles(found)

    def check_roles(self, found):
        first = self.exhibits[0]
        for slot in first.entry.slots:
            if slot.use in (SIGN, COUNTERSIGN) and first.index != 1:
                role = found["key", slot.party, slot.algorithm, slot.key].record.role
                demand(role in counting_roles(first.entry, slot), "KEY_ROLE",
                       "the key's role does not count here", first.index)

    def describe(self):
        """What is proven, in lines."""
        first = self.exhibits[0]
        found = {exhibit.subject(): exhibit.record for exhibit in self.exhibits[1:]}
        lines = ["entry %d of %s, received %d ns, by party %d" % (
            first.index, self.checkpoint.origin, first.entry.received_ns, first.entry.party)]
        for slot in first.entry.slots:
            if slot.use in (SIGN, COUNTERSIGN):
                key = found["key", slot.party, slot.algorithm, slot.key]
                lines.append("%s by party %d, %s, key %d, %s" % (
                    "signed" if slot.use == SIGN else "countersigned", slot.party,
                    found["party", slot.party].name, key.ordinal, key.label))
        if first.record:
            lines += describe_record(first, found)
        return lines


def describe_subject(subject):
    names = {"key": "a key of party %d", "party": "party %d", "asset": "asset %d"}
    if subject[0] == "account":
        return "account " + account_name(subject[1])
    return names[subject[0]] % subject[1]


def describe_record(exhibit, found):
    record = exhibit.record
    lines = ["record %d, kind %d, group hash %s" % (exhibit.position, record.kind,
                                                    record.group_hash().hex())]
    if record.kind in MOVEMENTS:
        source, target = found["account", record.source], found["account", record.target]
        lines.append("%s of %d base units of %s, %s (%s) to %s (%s)" % (
            PURPOSES[record.purpose], record.amount, found["asset", source.asset].code,
            account_name(record.source), CLASSES[source.account_class],
            account_name(record.target), CLASSES[target.account_class]))
    return lines


def run(data, options):
    """Verify, report, and give the exit status."""
    proof = Proof(options.log_key, options.witness, options.ledger_id)
    refusal = first_refusal(proof.verify, data)
    lines = [] if refusal else proof.describe()
    if options.json:
        described = {"checks": proof.counts, "skipped": proof.skipped, "proven": lines,
                     "verified": refusal is None and options.log_key is not None}
        if refusal:
            described["failure"] = describe_failure(refusal)
        print(json.dumps(described, indent=2, sort_keys=True))
    else:
        print_checks(CHECKS, proof.counts, proof.skipped, refusal)
        print("".join("%s\n" % line for line in lines), end="")
        print("REFUSED" if refusal else "VERIFIED" if options.log_key else "INCOMPLETE")
    if refusal:
        return EXIT_FAIL
    return EXIT_PASS if options.log_key else EXIT_INCOMPLETE
