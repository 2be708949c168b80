#!/usr/bin/env python3
"""Tests of the second verifier on exported folders (docs/FORMAT.md section 14) and proofs (section
16), both written here from the document, beside the ledgers of second_verifier_test.py.

The writer of exports shares nothing with the reader: its tree hash is the recursion of RFC 6962 as
it stands there. Each row of a table changes one thing in a good export and names what must be
said of it.

Run as `python3 tests/second_export_test.py`; other tests may import the writer.
"""

import base64
import copy
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import second_export  # noqa: E402  (found beside this file)
import second_note  # noqa: E402
import second_policy  # noqa: E402
import second_proof  # noqa: E402
import second_verifier as v  # noqa: E402
import second_verifier_test as t  # noqa: E402

SEED = int(os.environ.get("TIJORI_SEED", "1"))

# --------------------------------------------------------------------------------------------
# Notes
# --------------------------------------------------------------------------------------------


def b64(data):
    return base64.b64encode(data).decode()


def be(value, size):
    return value.to_bytes(size, "big")


class Signer:
    """A note key: kind 1 signs as a log does, kind 4 cosigns."""

    def __init__(self, secret, name, kind=1, time_s=t.START_S):
        self.secret, self.name, self.kind, self.time_s = secret, name, kind, time_s
        encoded = bytes([kind]) + secret.public
        self.key_id = t.sha256(name.encode() + b"\n" + encoded)[:4]
        self.vkey = "%s+%s+%s" % (name, self.key_id.hex(), b64(encoded))

    def line(self, text):
        if self.kind == 1:
            blob = self.secret.sign(text)
        else:
            head = b"cosignature/v1\ntime %d\n" % self.time_s
            blob = be(self.time_s, 8) + self.secret.sign(head + text)
        return "\u2014 %s %s\n" % (self.name, b64(self.key_id + blob))


def note(text, signers):
    return (text.decode() + "\n" + "".join(s.line(text) for s in signers)).encode()


def origin_of(raws):
    """By the name in entry 0; where that is none, its log is called as others are."""
    name = raws[0].records[48:96].rstrip(b"\0").decode(errors="replace")
    if not t.is_origin(name):
        name = "tijori.example/test"
    return "%s/%s" % (name, t.leaf(raws[0].entry).hex())


def log_signer(raws, number=1):
    return Signer(t.LOG_KEYS[number], origin_of(raws))


WITNESSES = [Signer(t.LogSecret("witness %d" % n), "witness%d.example" % n, 4) for n in range(2)]


def checkpoint(raws, size, signers=None, cosigners=(), **changed):
    signers = [log_signer(raws)] if signers is None else signers
    root = changed.get("root", t.tree_hash([t.leaf(raw.entry) for raw in raws[:size]]))
    text = "%s\n%s\n%s\n" % (changed.get("origin", origin_of(raws)), changed.get("says", size),
                             b64(root))
    return note((text + changed.get("more", "")).encode(), list(signers) + list(cosigners))


# --------------------------------------------------------------------------------------------
# Exports: a dictionary of paths and bytes
# --------------------------------------------------------------------------------------------


def number_path(number):
    digits = "%d" % number
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def subtree_hash(leaves):
    return leaves[0] if len(leaves) == 1 else t.tree_hash(leaves)


def tiles_of(entries):
    """Tiles and bundles of a tree of these entries, the partial ones by its size alone."""
    files, leaves, level = {}, [t.leaf(entry) for entry in entries], 0
    while len(leaves) >= 256**level:
        span = 256**level
        hashes = [subtree_hash(leaves[at * span:(at + 1) * span])
                  for at in range(len(leaves) // span)]
        for at in range(0, len(hashes), 256):
            tile = hashes[at:at + 256]
            end = number_path(at // 256) + ("" if len(tile) == 256 else ".p/%d" % len(tile))
            files["tile/%d/%s" % (level, end)] = b"".join(tile)
            if level == 0:
                bundle = [be(len(entry), 2) + entry for entry in entries[at:at + 256]]
                files["tile/entries/%s" % end] = b"".join(bundle)
        level += 1
    return files


def content_path(kind, digest):
    return "%s/%s/%s" % (kind, digest.hex()[:2], digest.hex()[2:])


def is_restricted(raw):
    return raw.header[4] & 1


def stored_name(size, data):
    return "checkpoints/%d-%s" % (size, t.sha256(data).hex()[:16])


def export(raws, public=False, stale=(), attachments=(), cosigned=(), newest=None):
    """cosigned are checkpoints (size, bytes) for checkpoints/; newest replaces the checkpoint."""
    files = {}
    for size in stale:
        files.update((path, data) for path, data in tiles_of(
            [raw.entry for raw in raws[:size]]).items() if ".p/" in path)
    files.update(tiles_of([raw.entry for raw in raws]))
    for raw in raws:
        if not (public and is_restricted(raw)):
            files[content_path("body", raw.header[144:])] = raw.records
    for document in attachments:
        files[content_path("attachment", t.sha256(document))] = document
    for size, data in cosigned:
        files[stored_name(size, data)] = data
    files["checkpoint"] = checkpoint(raws, len(raws)) if newest is None else newest
    files["FORMAT.md"] = b"the document\n"
    files["kind"] = b"public\n" if public else b"full\n"
    return files


def write(folder, files):
    for path, data in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as out:
            out.write(data)


def key_of(signer):
    return second_note.parse_verifier_key(signer.vkey)


class Folder:
    """A folder that becomes one export after another: only what differs is written and removed."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = self.temporary.name
        self.files = {}

    def become(self, files):
        for path in set(self.files) - set(files):
            full = os.path.join(self.path, path)
            os.remove(full)
            while not os.listdir(os.path.dirname(full)):
                full = os.path.dirname(full)
                os.rmdir(full)
        write(self.path, {path: data for path, data in files.items()
                          if self.files.get(path) != data})
        self.files = dict(files)
        return self.path


FOLDER = Folder()


def verify(files, *arguments, spoil=None, **options):
    """Replay and refusal of an export; spoil(folder) changes it once more on disk. The log key is
    brought unless another, or None, is."""
    if len(arguments) < 2:
        options.setdefault("log_key", key_of(log_signer(BASE)))
    if spoil is None:
        return second_export.verify_folder(FOLDER.become(files), *arguments, **options)
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files)
        spoil(folder)
        return second_export.verify_folder(folder, *arguments, **options)


def build_large():
    """More than two full tiles of entries, every tenth restricted."""
    writer = copy.deepcopy(t.BASE)
    while len(writer.raws) < 530:
        number = len(writer.raws)
        restricted = number % 10 == 0
        t.add(writer, t.CUSTODIAN, 1, [t.move(t.DEPOSIT, t.EXTERNAL, t.CUSTODY, number,
                                              blind=t.blind(number) if restricted else bytes(16))],
              flags=1 if restricted else 0, **t.BY_CUSTODIAN)
    return writer


BASE = t.BASE.raws
LARGE = build_large().raws
DOCUMENTS = [b"invoice", b"order"]
RETIRED = 3  # the last good size of log key 0


def cosigned(raws, size, signer=None, cosigners=WITNESSES):
    return size, checkpoint(raws, size, signer and [signer], cosigners)


def small(**options):
    options.setdefault("attachments", DOCUMENTS)
    options.setdefault("stale", (5, 20))
    options.setdefault("cosigned", [cosigned(BASE, 7), cosigned(BASE, 20)])
    return export(BASE, **options)


# --------------------------------------------------------------------------------------------
# Exports that are good
# --------------------------------------------------------------------------------------------


class Good(unittest.TestCase):
    def check(self, files, size, *arguments):
        replay, refusal = verify(files, *arguments)
        self.assertIsNone(refusal, refusal)
        self.assertEqual(len(replay.state.entries), size)
        return replay

    def test_full(self):
        replay = self.check(small(), len(BASE), t.leaf(BASE[0].entry), key_of(log_signer(BASE)),
                            [key_of(witness) for witness in WITNESSES])
        counts = replay.counts
        self.assertEqual((counts["attachment"], counts["checkpoint"], counts["cosignature"]),
                         (2, 3, 4))
        self.assertEqual((counts["bundle"], counts["tile"], counts["body"]), (3, 3, len(BASE)))
        self.assertEqual(v.describe_json(replay, None)["accounts"],
                         v.describe_json(t.REPLAY, None)["accounts"])
        self.assertEqual(len(replay.skipped), len(second_export.EXPORT_SKIPPED))

    def test_public(self):
        replay = self.check(small(public=True), len(BASE))
        hidden = sum(map(is_restricted, BASE))
        self.assertGreater(hidden, 2)
        self.assertEqual(replay.state.bodies_missing, hidden)
        self.assertTrue(any("%d restricted entries" % hidden in words for words in replay.skipped))
        shown = v.describe_json(replay, None)
        of_all = v.describe_json(t.REPLAY, None)
        for name, account in shown["accounts"].items():
            if name.startswith("1:"):  # the treasury's
                self.assertEqual(account, of_all["accounts"][name])
            else:
                self.assertEqual((account["balance"], account["pending_out"]), (None, None))
        for purpose, bases in of_all["purpose_totals"]["1"].items():
            for basis, cell in bases.items():
                if cell["outside"]["number"] == "0":
                    self.assertEqual(shown["purpose_totals"]["1"][purpose][basis], cell)

    def test_large(self):
        """Full tiles, a tile at level 1, partial ones of sizes the log had."""
        stale = (1, 255, 256, 257, 512, 513)
        files = export(LARGE, stale=stale, cosigned=[cosigned(LARGE, size) for size in stale[2:]])
        for path in ("tile/0/000", "tile/0/000.p/255", "tile/0/002.p/18", "tile/1/000.p/2",
                     "tile/1/000.p/1", "tile/entries/001", "tile/entries/001.p/1"):
            self.assertIn(path, files)
        replay = self.check(files, len(LARGE))
        # Level 0: three tiles and partial 1 and 255 of the first, 1 of each other; 2 at level 1.
        self.assertEqual((replay.counts["tile"], replay.counts["bundle"]), (9, 7))
        self.check(export(LARGE, stale=stale, public=True), len(LARGE))

    def test_sizes(self):
        """One entry, and where a tile is just full."""
        for size in (1, 2, 256, 512):
            with self.subTest(size):
                self.check(export(LARGE[:size]), size)

    def test_retired_log_key(self):
        """Key 0 is active for old sizes; what covers the log is its newest checkpoint."""
        old = log_signer(BASE, 0)
        files = small(cosigned=[cosigned(BASE, size, old)
                                for size in (RETIRED - 1, RETIRED, RETIRED + 1)])
        self.assertEqual(self.check(files, len(BASE)).incomplete, [])

    def test_covered(self):
        """In a folder the newest checkpoint is that of all entries: the rule is tested by itself."""
        key = v.LogKey(b"", 0)
        self.assertEqual(second_export.covered_by(key, 9), 9)
        for good, covered in ((8, 8), (9, 9), (10, 9)):
            key.last_good_size = good
            self.assertEqual(second_export.covered_by(key, 9), covered)

    def test_lowest_numbered(self):
        """Of several that signed, it is the key that did, whatever the others would cover."""
        keys = [v.LogKey(b"%d" % at, 0) for at in range(3)]
        self.assertIs(second_export.key_that_signed(keys, [keys[2], keys[1]]), keys[1])

    def test_two_log_keys_and_strangers(self):
        signers = [log_signer(BASE, 1), log_signer(BASE, 2),
                   Signer(t.LOG_KEYS[3], origin_of(BASE)), WITNESSES[0]]
        files = small(newest=checkpoint(BASE, len(BASE), signers))
        for number in (1, 2):
            replay = self.check(files, len(BASE), None, key_of(log_signer(BASE, number)))
        listed = [words for words in replay.skipped if "cosignature by witness0.example+" in words]
        self.assertEqual(len(listed), 3)
        self.assertEqual(len([words for words in replay.skipped if "a line by tijori" in words]), 1)
        self.assertIn("2023-11-14T22:13:20Z", listed[0])

    def test_bodies_shared(self):
        """Two envelopes of the same records have one body file."""
        writer = copy.deepcopy(t.BASE)
        for _ in range(2):
            t.add(writer, t.TREASURY, 1, [t.GOOD_MOVE], **t.BY_TREASURY)
        self.check(export(writer.raws), len(writer.raws))

    def test_empty_folder(self):
        _, refusal = verify(small(), spoil=lambda folder: os.mkdir(
            os.path.join(folder, "body", "zz")))
        self.assertIsNone(refusal)


class HighTiles(unittest.TestCase):
    """Tiles alone, of a tree too large to be judged here: the example of C2SP's tlog-tiles."""

    SIZE = 70_000

    def setUp(self):
        self.entries = [be(at, 3) for at in range(self.SIZE)]
        self.files = tiles_of(self.entries)

    def read(self, files):
        counts = {"bundle": 0, "tile": 0}
        with tempfile.TemporaryDirectory() as at:
            write(at, dict(files, checkpoint=b"", **{"FORMAT.md": b""}))
            folder = second_export.Folder(at)
            second_export.check_tile_names(folder, self.SIZE)
            reader = second_export.TileReader(folder, self.SIZE, counts)
            found = [entry for entries in reader.bundles() for entry in entries]
        self.assertEqual(found, self.entries)
        return counts

    def test_widths(self):
        self.assertEqual(sorted(path for path in self.files if "/entries/" not in path
                                and not path.startswith("tile/0/")),
                         ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"])
        self.assertIn("tile/0/273.p/112", self.files)
        self.assertEqual(self.read(self.files), {"bundle": 274, "tile": 277})

    def test_changed(self):
        for path, status in (("tile/2/000.p/1", "TILE"), ("tile/1/001.p/17", "TILE"),
                             ("tile/0/273.p/112", "TILE")):
            data = self.files[path]
            for changed in (t.last_bit_flipped(data), data[:-1], data + b"\0"):
                with self.assertRaises(v.Refused) as caught:
                    self.read(dict(self.files, **{path: changed}))
                self.assertEqual(caught.exception.status, status)

    def test_numbers(self):
        """Paths are read back from their numbers."""
        self.assertEqual(number_path(1234067), "x001/x234/067")
        for number in (0, 7, 999, 1000, 65_535, 999_999, 1_000_000, 1234067):
            self.assertEqual(second_export.tile_number(number), number_path(number))


# --------------------------------------------------------------------------------------------
# Exports that are refused. A row is (name, status, entry, function that changes the files).
# --------------------------------------------------------------------------------------------

SIZE = len(BASE)
LAST_BUNDLE = "tile/entries/000.p/%d" % SIZE
LAST_TILE = "tile/0/000.p/%d" % SIZE


def body_path(index):
    return content_path("body", BASE[index].header[144:])


RESTRICTED = [raw.index for raw in BASE if is_restricted(raw)]


def without(path):
    return lambda files: files.pop(path) and None


def with_file(path, data=b"x"):
    return lambda files: files.update({path: data})


def edited(path, edit):
    return lambda files: files.update({path: edit(files[path])})


def flip_at(position):
    return lambda data: t.put(data, position, bytes([data[position] ^ 1]))


def renamed(old, new):
    return lambda files: files.update({new: files.pop(old)})


def all_of(*steps):
    def run(files):
        for step in steps:
            step(files)
    return run


def bundle_offset(index):
    return sum(2 + len(raw.entry) for raw in BASE[:index])


def written_anew(index, entry):
    """Bundle, tile and checkpoint of a log that has another entry there."""
    def run(files):
        raws = [raw.changed("entry", entry) if raw.index == index else raw for raw in BASE]
        files.clear()
        files.update(export(raws))
    return run


def signed_anew(**changed):
    size = changed.pop("size", SIZE)
    return with_file("checkpoint", checkpoint(BASE, size, **changed))


def stored(size, **changed):
    """A checkpoint in checkpoints/ under its right name."""
    changed.setdefault("cosigners", WITNESSES)
    data = checkpoint(BASE, size, **changed)
    return with_file(stored_name(size, data), data)


def no_entries(files):
    """A folder of a checkpoint of size 0 that is all there is to it."""
    for path in set(files) - {"FORMAT.md", "kind"}:
        del files[path]
    files["checkpoint"] = checkpoint(BASE, 0)


UNKNOWN = ["tile/0/1", "tile/00/000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256",
           "tile/0/000.p/05", "tile/64/000x", "tile/entries/000.p/+5", "tile/0/000.p/6/5", "tile/0/x000/000.p/5",
           "tile/entries/x000/000.p/5",
           "tile/0/\u0661\u0661\u0661", "body/ab/cd", "body/" + "A" * 64, "checkpoint.new",
           "checkpoints/7", "checkpoints/07-" + "0" * 16, "attachment/x", "README", ".hidden",
           "body/00/" + "00" * 31 + ".tmp", "tile/8/0/000", "checkpoints/7-" + "0" * 15]

# A row whose status is STRAY is no refusal: something is there that is not looked at, or what is
# to say what the folder shows does not. Without a status the verification passes.
FOLDER_ROWS = [("unknown " + path, "STRAY", None, with_file(path)) for path in UNKNOWN] + [
    ("no document", None, None, without("FORMAT.md")),
    ("no kind", "STRAY", None, without("kind")),
    ("kind emptied", "STRAY", None, with_file("kind", b"")),
    ("kind unknown", "STRAY", None, with_file("kind", b"secret\n")),
    ("kind without its newline", "STRAY", None, with_file("kind", b"full")),
    ("bundle missing", "FOLDER", 0, without(LAST_BUNDLE)),
    ("tile missing", "FOLDER", 0, without(LAST_TILE)),
    ("tile of a larger tree", "STRAY", None, with_file("tile/0/000.p/%d" % (SIZE + 1))),
    ("bundle of a larger tree", "STRAY", None, with_file("tile/entries/000")),
    ("tile number of a larger tree", "STRAY", None, with_file("tile/0/001.p/1")),
    ("level of a larger tree", "STRAY", None, with_file("tile/1/000.p/1", bytes(32))),
    ("level 63", "STRAY", None, with_file("tile/63/000.p/1", bytes(32))),
    ("body missing", "FOLDER", 4, without(body_path(4))),
    ("one restricted body missing", "FOLDER", RESTRICTED[1], without(body_path(RESTRICTED[1]))),
    ("body of no entry", "STRAY", None, with_file("body/00/" + "00" * 31)),
    ("attachment that is no document's", "STRAY", None,
     with_file(content_path("attachment", t.sha256(b"stray")), b"stray")),
    ("attachment changed", "FOLDER", None,
     with_file(content_path("attachment", t.sha256(b"invoice")), b"Invoice")),
    ("attachment empty", "FOLDER", None,
     with_file(content_path("attachment", t.sha256(b"invoice")), b"")),
]

TILE_ROWS = [
    ("bundle: entry changed", "TILE", 9, edited(LAST_BUNDLE, flip_at(bundle_offset(9) + 20))),
    ("bundle: an entry's last bit", "TILE", SIZE - 1, edited(LAST_BUNDLE, t.last_bit_flipped)),
    ("bundle: size changed", "TILE", None, edited(LAST_BUNDLE, flip_at(bundle_offset(9)))),
    ("bundle cut off", "TILE", SIZE - 1, edited(LAST_BUNDLE, lambda data: data[:-1])),
    ("bundle cut off in a size", "TILE", SIZE - 1,
     edited(LAST_BUNDLE, lambda data: data[:bundle_offset(SIZE - 1) + 1])),
    ("bundle with more", "TILE", SIZE - 1, edited(LAST_BUNDLE, lambda data: data + b"\0")),
    ("tile: a hash changed", "TILE", 9, edited(LAST_TILE, flip_at(9 * 32 + 31))),
    ("tile cut off", "TILE", None, edited(LAST_TILE, lambda data: data[:-1])),
    ("tile with more", "TILE", None, edited(LAST_TILE, lambda data: data + bytes(32))),
    ("stale tile: a hash changed", "TILE", 4, edited("tile/0/000.p/5", t.last_bit_flipped)),
    ("stale tile cut off", "TILE", None, edited("tile/0/000.p/5", lambda data: data[:-32])),
    ("stale bundle: entry changed", "TILE", 3,
     edited("tile/entries/000.p/20", flip_at(bundle_offset(3) + 100))),
    ("stale bundle of another size", "TILE", 4,
     edited("tile/entries/000.p/5", lambda data: data[:bundle_offset(4)])),
    ("stale bundle with more", "TILE", 4,
     all_of(lambda files: files.update({"tile/entries/000.p/5": files["tile/entries/000.p/20"]}))),
]

CHECKPOINT_ROWS = [
    ("root of fewer entries", "CHECKPOINT", None, signed_anew(size=SIZE - 1, says=SIZE)),
    ("size of fewer entries", "FOLDER", None, signed_anew(says=SIZE - 1)),
    ("size of more entries", "FOLDER", 0, signed_anew(says=SIZE + 1)),
    ("size 0", "CHECKPOINT", None, signed_anew(says=0)),
    ("no entries", "CHECKPOINT", None, no_entries),
    ("size with a zero in front", "CHECKPOINT", None, signed_anew(says="0%d" % SIZE)),
    ("size of 20 digits", "CHECKPOINT", None, signed_anew(says=2**64)),
    ("another origin", "CHECKPOINT", None, signed_anew(origin="tijori.example/test/" + "00" * 32)),
    ("another origin, signed under that name", "CHECKPOINT", None,
     signed_anew(origin="x/" + "00" * 32, signers=[Signer(t.LOG_KEYS[1], "x/" + "00" * 32)])),
    ("origin without the ledger id", "CHECKPOINT", None, signed_anew(origin="tijori.example/test")),
    ("root of 31 bytes", "CHECKPOINT", None, signed_anew(root=bytes(31))),
    ("extension line", "CHECKPOINT", None, signed_anew(more="more\n")),
    ("no signature of the log", "CHECKPOINT", None, signed_anew(signers=WITNESSES)),
    ("log key unknown", "CHECKPOINT", None,
     signed_anew(signers=[Signer(t.LOG_KEYS[3], origin_of(BASE))])),
    ("log key of another name", "CHECKPOINT", None,
     signed_anew(signers=[Signer(t.LOG_KEYS[1], "tijori.example/test")])),
    ("log key retired", "CHECKPOINT", None, signed_anew(signers=[log_signer(BASE, 0)])),
    ("two signatures, one wrong", "CHECKPOINT", None, lambda files: files.update(
        checkpoint=checkpoint(BASE, SIZE) + log_signer(BASE, 2).line(b"other").encode())),
    ("a signature twice", "CHECKPOINT", None, signed_anew(signers=[log_signer(BASE)] * 2)),
    ("not UTF-8", "CHECKPOINT", None, edited("checkpoint", lambda data: b"\xff" + data)),
    ("control character", "CHECKPOINT", None,
     edited("checkpoint", lambda data: data.replace(b"\n", b"\r\n"))),
    ("no last newline", "CHECKPOINT", None, edited("checkpoint", lambda data: data[:-1])),
    ("no blank line", "CHECKPOINT", None,
     edited("checkpoint", lambda data: data.replace(b"\n\n", b"\n"))),
    ("hyphen for the dash", "CHECKPOINT", None,
     edited("checkpoint", lambda data: data.replace("\u2014".encode(), b"-"))),
    ("base64 without padding", "CHECKPOINT", None,
     edited("checkpoint", lambda data: data.replace(b"=\n\n", b"\n\n"))),
    ("empty", "CHECKPOINT", None, with_file("checkpoint", b"")),
    ("stored: named by another hash", "CHECKPOINT", None, lambda files: files.update(
        {stored_name(8, b""): checkpoint(BASE, 8, cosigners=WITNESSES)})),
    ("stored: named by another size", "CHECKPOINT", None, lambda files: files.update(
        {stored_name(8, checkpoint(BASE, 9, cosigners=WITNESSES)):
         checkpoint(BASE, 9, cosigners=WITNESSES)})),
    ("stored: another root", "CHECKPOINT", None, stored(8, root=t.sha256(b"forked"))),
    ("stored: another origin", "CHECKPOINT", None, stored(8, origin="x/" + "00" * 32)),
    ("stored: another origin, signed under that name", "CHECKPOINT", None, stored(
        8, origin="x/" + "00" * 32, signers=[Signer(t.LOG_KEYS[1], "x/" + "00" * 32)])),
    ("stored: size above the export's", "CHECKPOINT", None, stored(SIZE, says=SIZE + 1)),
    ("stored: cosigned by nobody", "CHECKPOINT", None, stored(8, cosigners=[])),
    ("stored: key not added yet", "CHECKPOINT", None, stored(8, signers=[log_signer(BASE, 2)])),
    ("stored: a good one again, changed", "CHECKPOINT", None, lambda files: files.update(
        {path: t.last_bit_flipped(data) for path, data in files.items()
         if path.startswith("checkpoints/7-")})),
]



def more_lines(*lines):
    """Signature lines of strangers, as (name, decoded bytes), after those that are there."""
    added = "".join("\u2014 %s %s\n" % (name, b64(blob)) for name, blob in lines).encode()
    return edited("checkpoint", lambda data: data + added)


def strangers(count):
    return [("stranger.example", be(at, 4) + b"x") for at in range(count)]


def of_size(size):
    """A checkpoint of so many bytes: lines of strangers fill it, in steps of 4, and their names."""
    files = {"checkpoint": checkpoint(BASE, SIZE)}
    fill = [("%d" % at, bytes(8_100)) for at in range(2)]
    more_lines(*fill, ("", bytes(6)))(files)
    room = size - len(files["checkpoint"])
    return more_lines(*fill, ("n" * (room % 4 + 4), bytes(6 + room // 4 * 3 - 3)))


def signed_wrongly(number):
    """A line by a log key of the ledger whose signature is of something else."""
    return edited("checkpoint", lambda data: data + log_signer(BASE, number).line(b"other").encode())


# Section 14.1, and lines that are not verified.
CHECKPOINT_ROWS += [
    ("64 lines", None, None, more_lines(*strangers(63))),
    ("65 lines", "CHECKPOINT", None, more_lines(*strangers(64))),
    ("a stranger twice", "CHECKPOINT", None, more_lines(("a", bytes(5)), ("a", bytes(6)))),
    ("two strangers of one name", None, None, more_lines(("a", bytes(5)), ("a", b"\1" + bytes(4)))),
    ("two strangers of one key id", None, None, more_lines(("a", bytes(5)), ("b", bytes(5)))),
    ("a line of 4 bytes", "CHECKPOINT", None, more_lines(("a", bytes(4)))),
    ("a line of 8,192 bytes", None, None, more_lines(("a", bytes(8192)))),
    ("a line of 8,193 bytes", "CHECKPOINT", None, more_lines(("a", bytes(8193)))),
    ("a checkpoint of 32,768 bytes", None, None, of_size(32_768)),
    ("a checkpoint of 32,769 bytes", "CHECKPOINT", None, of_size(32_769)),
    ("a name of 255 bytes", None, None, more_lines(("a" + "\u00e4" * 127, bytes(5)))),
    ("a name of 256 bytes", "CHECKPOINT", None, more_lines(("\u00e4" * 128, bytes(5)))),
    ("a line by a retired log key that does not verify", None, None, signed_wrongly(0)),
    ("a line by a key that is no log key's and does not verify", None, None, signed_wrongly(3)),
    ("a line by an active log key that does not verify", "CHECKPOINT", None, signed_wrongly(2)),
    ("stored: a line by a log key that is not added yet and does not verify", None, None,
     lambda files: files.update({stored_name(8, data): data for data in [
         checkpoint(BASE, 8, cosigners=WITNESSES) + log_signer(BASE, 2).line(b"other").encode()]})),
    ("stored: by a key later retired, below its last good size", None, None,
     stored(RETIRED - 1, signers=[log_signer(BASE, 0)])),
    ("stored: by a key later retired, at its last good size", None, None,
     stored(RETIRED, signers=[log_signer(BASE, 0)])),
    ("stored: by a key later retired, above its last good size", None, None,
     stored(RETIRED + 1, signers=[log_signer(BASE, 0)])),
]

RULE_ROWS = [
    ("body changed", "BODY_ROOT", 6, edited(body_path(6), flip_at(24))),
    ("body cut off", "RECORD_COUNT", 6, edited(body_path(6), lambda data: data[:-112])),
    ("body with more", "RECORD_COUNT", 6, edited(body_path(6), lambda data: data + bytes(112))),
    ("entry written anew with another time", "PLACE", 10,
     written_anew(9, t.put(BASE[9].entry, 24, t.le(t.START_S * t.NS + 8 * t.NS + 9, 8)))),
    ("entry written anew with another signature", "SIGNATURE", 9,
     written_anew(9, t.last_bit_flipped(BASE[9].entry))),
]


class Refusals(unittest.TestCase):
    def check_rows(self, rows):
        good = small()
        for name, status, entry, change in rows:
            with self.subTest(name):
                files = dict(good)
                change(files)
                self.assertNotEqual(files, good)
                replay, refusal = verify(files)
                if status in (None, "STRAY"):
                    self.assertIsNone(refusal)
                    self.assertEqual(len(replay.incomplete), 1 if status else 0)
                    continue
                self.assertIsNotNone(refusal)
                self.assertEqual(refusal.status, status, refusal)
                if entry is not None:
                    self.assertEqual(refusal.entry, entry, refusal)

    def test_folder(self):
        self.check_rows(FOLDER_ROWS)

    def test_tiles(self):
        self.check_rows(TILE_ROWS)

    def test_checkpoints(self):
        self.check_rows(CHECKPOINT_ROWS)

    def test_rules(self):
        self.check_rows(RULE_ROWS)

    def test_upper_tiles(self):
        good = export(LARGE, stale=(256,))
        for name, change, entry in [
                ("level 1", edited("tile/1/000.p/2", t.last_bit_flipped), None),
                ("stale level 1", edited("tile/1/000.p/1", t.last_bit_flipped), None),
                ("level 0", edited("tile/0/001", flip_at(32 * 44)), 300),
                ("bundle", edited("tile/entries/001", t.last_bit_flipped), 511)]:
            with self.subTest(name):
                files = dict(good)
                change(files)
                _, refusal = verify(files)
                self.assertEqual((refusal.status, refusal.entry), ("TILE", entry))
        for path, entry in (("tile/1/000.p/2", None), ("tile/0/001", 256),
                            ("tile/entries/002.p/18", 512)):
            _, refusal = verify({name: data for name, data in good.items() if name != path})
            self.assertEqual((refusal.status, refusal.entry), ("FOLDER", entry))

    def test_arguments(self):
        files = small()
        self.assertEqual(verify(files, t.ZERO, None)[1].status, "LEDGER_ID")
        other = "tijori.example/test/" + "00" * 32
        for signer in (log_signer(BASE, 3), WITNESSES[0], Signer(t.LOG_KEYS[1], other),
                       Signer(t.LOG_KEYS[1], origin_of(BASE), 4)):
            self.assertEqual(verify(files, None, key_of(signer))[1].status, "PIN")

    def test_pins(self):
        """A log key is, or was, one of this log's; what was not brought was not compared."""
        rotated = copy.deepcopy(t.BASE)
        t.add(rotated, 0, 0, [t.RETIRE_1], **t.by_logs(1))
        newest = checkpoint(rotated.raws, len(rotated.raws), [log_signer(BASE, 2)])
        files = export(rotated.raws, newest=newest, attachments=DOCUMENTS)
        for number, there, told in ((0, files, ["compromised"]), (0, small(), ["compromised"]),
                                    (1, files, []), (2, files, []), (2, small(), []),
                                    (None, small(), ["none was brought"])):
            key = None if number is None else key_of(log_signer(BASE, number))
            replay, refusal = verify(there, None, key)
            self.assertIsNone(refusal, refusal)
            self.assertEqual(len(replay.incomplete), len(told), replay.incomplete)
            self.assertTrue(all(map(str.__contains__, replay.incomplete, told)))

    def test_documents(self):
        """One that a record cites and that is not there."""
        files = small(attachments=DOCUMENTS[1:])
        self.assertEqual(v.verdict_of(*verify(files)), "incomplete")
        self.assertEqual(v.verdict_of(*verify(files, documents=False)), "passed")

    def test_named_documents(self):
        """The document of a statement, and what a descriptor says: they may be there."""
        for record in (t.put(t.STATED, 40, t.sha256(b"figures")), t.with_details(
                t.open_account(0, 0, 1), t.descriptor(t.sha256(b"figures")))):
            writer = copy.deepcopy(t.BASE)
            t.add(writer, 0, 0, [t.grant(0, 1)], **t.BY_AUTHORITY)
            records = [record] if isinstance(record, bytes) else record
            if len(records) == 1:
                t.add(writer, 0, 0, records, **t.BY_AUTHORITY)
            else:
                t.add(writer, 0, 1, records, sign=[t.A4])
            found = export(writer.raws, attachments=DOCUMENTS + [b"figures"])
            self.assertEqual(v.verdict_of(*verify(found)), "passed")
            missing = export(writer.raws, attachments=DOCUMENTS)
            self.assertEqual(v.verdict_of(*verify(missing)), "passed")
            stray = export(t.BASE.raws, attachments=DOCUMENTS + [b"figures"])
            self.assertEqual(v.verdict_of(*verify(stray)), "incomplete")

    def test_attachment_sizes(self):
        """Empty, and above 4 MiB: attachments that no envelope could carry."""
        for size, good in ((0, False), (1, True), (4_194_304, True), (4_194_305, False)):
            writer = copy.deepcopy(t.BASE)
            t.add(writer, t.TREASURY, 1, [t.move(t.INTERNAL, t.RESERVE, t.RESERVE_2, 5,
                                                 hash=t.sha256(bytes(size)))], **t.BY_TREASURY)
            _, refusal = verify(export(writer.raws, attachments=[bytes(size)]))
            self.assertEqual(refusal and refusal.status, None if good else "FOLDER")

    def test_cosignatures(self):
        """One that a given witness did not make is refused."""
        good = WITNESSES[0]
        forged = copy.copy(good)
        forged.secret = WITNESSES[1].secret
        late = Signer(good.secret, good.name, 4, 2**63)
        for cosigner in (forged, late):
            data = checkpoint(BASE, SIZE, cosigners=[cosigner])
            self.assertIsNone(verify(small(newest=data))[1])
            self.assertIsNone(verify(small(newest=data), policy=policy(NOBODY, witnesses=[]))[1])
            _, refusal = verify(small(newest=data), None, None, [key_of(good)])
            self.assertEqual(refusal.status, "CHECKPOINT")
            _, refusal = verify(small(newest=data), policy=policy(NOBODY))
            self.assertEqual(refusal.status, "CHECKPOINT")

    def test_links(self):
        """A symbolic link is no plain file, wherever it leads."""
        for target, path in (("FORMAT.md", "README"), (".", "tile/1"), ("nowhere", "checkpoints/x")):
            replay, refusal = verify(small(), spoil=lambda folder: os.symlink(
                target, os.path.join(folder, path)))
            self.assertIsNone(refusal)
            self.assertEqual(replay.incomplete, ["not looked at: " + path])

        def move_out(folder):
            path = os.path.join(folder, LAST_TILE)
            with tempfile.NamedTemporaryFile(delete=False) as outside:
                self.addCleanup(os.remove, outside.name)
            os.replace(path, outside.name)
            os.symlink(outside.name, path)
        self.assertEqual(verify(small(), spoil=move_out)[1].status, "FOLDER")

    def test_every_file_missing(self):
        good = small()
        unseen = []
        for path in good:
            files = {name: data for name, data in good.items() if name != path}
            if path == "checkpoint":
                with self.assertRaises(OSError):
                    verify(files)
                continue
            replay, refusal = verify(files)
            if refusal is None and not replay.incomplete:
                unseen.append(path.split("/")[0] if "p/5" not in path and "p/20" not in path
                              else "stale")
        # What may be missing: cosigned checkpoints, partial tiles of earlier sizes, and
        # the document.
        self.assertEqual(sorted(unseen), ["FORMAT.md"] + ["checkpoints"] * 2 + ["stale"] * 4)

    def test_flips(self):
        """One bit anywhere; only the document is not looked into."""
        rng = random.Random(SEED)
        witnesses = [key_of(witness) for witness in WITNESSES]
        for public in (False, True):
            good = small(public=public, newest=checkpoint(BASE, SIZE, cosigners=WITNESSES))
            paths = sorted(set(good) - {"FORMAT.md"})
            for path in paths + [rng.choice(paths) for _ in range(60)]:
                at = rng.randrange(len(good[path]))
                flipped = t.put(good[path], at, bytes([good[path][at] ^ 1 << rng.randrange(8)]))
                replay, refusal = verify(dict(good, **{path: flipped}), None, None, witnesses)
                # A cosignature under another name or key id is a stranger's, and not counted.
                stranger = path == "checkpoint" and replay.counts["cosignature"] == 5
                self.assertTrue(refusal or replay.incomplete or stranger, (path, at, SEED))
                self.assertNotEqual(refusal and refusal.status, "INTERNAL", refusal)


# --------------------------------------------------------------------------------------------
# Policies, and checkpoints judged by them
# --------------------------------------------------------------------------------------------

NOBODY, BOTH, ANY = "quorum none\n", "group g all w0 w1\nquorum g\n", "group g any w0 w1\nquorum g\n"
OTHER_LOG = Signer(t.LOG_KEYS[1], "other.example/" + "00" * 32)


def policy_text(end, logs=(), witnesses=WITNESSES):
    lines = ["log %s\n" % signer.vkey for signer in logs]
    lines += ["witness w%d %s\n" % (at, signer.vkey) for at, signer in enumerate(witnesses)]
    return "".join(lines) + end


def policy(end, **options):
    return second_policy.Policy(policy_text(end, **options).encode())


def witness_at(number, entry, seconds=0):
    """A witness by the time that it states: so many seconds after an entry was received, in whole."""
    received_s = int.from_bytes(BASE[entry].entry[24:32], "little") // t.NS
    return Signer(WITNESSES[number].secret, WITNESSES[number].name, 4, received_s + seconds)


def judged(cosigners, end, stored=(), **options):
    """The verdict on an export whose newest checkpoint has these cosigners; stored are (size,
    cosigners)."""
    there = [cosigned(BASE, size, None, others) for size, others in stored]
    files = small(cosigned=there, newest=checkpoint(BASE, SIZE, cosigners=cosigners))
    return v.verdict_of(*verify(files, policy=policy(end), **options))


# Of the newest entry: a clock 300 s behind still says its second (and it has nanoseconds), one of
# 300 s before that does not.
IN_TIME = [witness_at(number, SIZE - 1) for number in (0, 1)]
EARLY = [witness_at(number, SIZE - 1, -300) for number in (0, 1)]  # by the 5 ns of its received_ns
NOT_EARLY = [witness_at(number, SIZE - 1, -299) for number in (0, 1)]
LATE_AT_20 = [witness_at(number, 20, 301) for number in (0, 1)]
NOT_LATE_AT_20 = [witness_at(number, 20, 300) for number in (0, 1)]
PROMISED_S = 3600 + 300

# (name, verdict, cosigners of the newest checkpoint, end of the policy, stored checkpoints).
POLICY_ROWS = [
    ("nobody is asked", "passed", [], NOBODY, ()),
    ("both", "passed", IN_TIME, BOTH, ()),
    ("one of any", "passed", IN_TIME[:1], ANY, ()),
    ("one of both", "incomplete", IN_TIME[:1], BOTH, ()),
    ("nobody of any", "incomplete", [], ANY, ()),
    ("two on two checkpoints", "incomplete", IN_TIME[:1], BOTH, [(20, [witness_at(1, 20)])]),
    ("two on two checkpoints of one size", "incomplete", IN_TIME[:1], BOTH, [(SIZE, IN_TIME[1:])]),
    ("two on an earlier one", "incomplete", IN_TIME[:1], BOTH,
     [(20, [witness_at(0, 19), witness_at(1, 19)])]),
    ("two on another checkpoint of that size", "passed", IN_TIME[:1], BOTH, [(SIZE, IN_TIME)]),
    ("one witness twice, by another name", "incomplete", [
        IN_TIME[0], Signer(WITNESSES[0].secret, "other.example", 4)], BOTH, ()),
    ("a quorum that is early", "failed", EARLY, BOTH, ()),
    ("one early of any, alone", "failed", EARLY[:1], ANY, ()),
    ("one early of any, one in time", "findings", [EARLY[0], IN_TIME[1]], ANY, ()),
    ("one early of both", "findings", [EARLY[0], IN_TIME[1]], BOTH, ()),
    ("nobody is asked, early", "findings", EARLY, NOBODY, ()),
    ("just not early", "passed", NOT_EARLY, BOTH, ()),
    ("300 s before entry 0", "passed", [], NOBODY, [(1, [witness_at(0, 0, -300)])]),
    ("301 s before entry 0", "findings", [], NOBODY, [(1, [witness_at(0, 0, -301)])]),
    ("a quorum of each, one early and one late", "failed", IN_TIME, ANY,
     [(20, [witness_at(0, 19, -300), LATE_AT_20[1]])]),
    ("a quorum that is late", "failed", IN_TIME, BOTH, [(20, LATE_AT_20)]),
    ("one late of any, one in time", "findings", IN_TIME, ANY, [(20, [LATE_AT_20[0], NOT_LATE_AT_20[1]])]),
    ("just not late", "passed", IN_TIME, BOTH, [(20, NOT_LATE_AT_20)]),
    ("as promised", "passed", [witness_at(0, 0, PROMISED_S)], NOBODY, ()),
    ("a second later than promised", "findings", [witness_at(0, 0, PROMISED_S + 1)], NOBODY, ()),
    ("later than promised, but by two", "passed",
     [witness_at(0, 0, PROMISED_S + 1), witness_at(1, 0, PROMISED_S)], NOBODY, ()),
    ("entries of before were cosigned before", "passed", [witness_at(0, 1, PROMISED_S)], NOBODY,
     [(1, [witness_at(0, 0)])]),
]

# (name, text, whether it is a policy).
W0, W1 = WITNESSES
POLICY_TEXTS = [
    ("nothing", "", False), ("no quorum", policy_text(""), False),
    ("quorum twice", policy_text(NOBODY * 2), False), ("one witness", policy_text("quorum w0\n"), True),
    ("spaces, tabs and comments", " \t\n # x\n\tquorum \t none \n", True),
    ("no last newline", "quorum none", False), ("a carriage return", "quorum none\r\n", False),
    ("a word", "quorums none\n", False),
    ("quorum of nobody known", "quorum w0\n", False),
    ("quorum before its witness", "quorum w0\n" + policy_text(""), False),
    ("a witness's key twice", "witness a %s\nwitness b %s\nquorum a\n" % (W0.vkey, W0.vkey), False),
    ("a witness's key twice, by another name of the key", "witness a %s\nwitness b %s\nquorum a\n" % (
        W0.vkey, Signer(W0.secret, "other.example", 4).vkey), False),
    ("a witness's name twice", "witness a %s\nwitness a %s\nquorum a\n" % (W0.vkey, W1.vkey), False),
    ("a group of a witness's name", policy_text("group w0 any w1\nquorum w0\n"), False),
    ("a witness none", "witness none %s\nquorum none\n" % W0.vkey, False),
    ("a log's key twice", policy_text(NOBODY, logs=[OTHER_LOG, OTHER_LOG]), False),
    ("a log's key twice, by another name", policy_text(
        NOBODY, logs=[OTHER_LOG, Signer(OTHER_LOG.secret, "x")]), False),
    ("a log's key as a witness's", policy_text(NOBODY, logs=[Signer(W0.secret, "x")]), True),
    ("a log with the key of a witness's type", "log %s\nquorum none\n" % W0.vkey, False),
    ("a witness with the key of a log's type", "witness a %s\nquorum none\n" % OTHER_LOG.vkey, False),
    ("a group twice in groups", policy_text(
        "group a any w0\ngroup b any w0 w1\nquorum b\n"), False),
    ("a member twice", policy_text("group a any w0 w0\nquorum a\n"), False),
    ("a group of none", policy_text("group a any none\nquorum a\n"), False),
    ("a group without members", policy_text("group a any\nquorum a\n"), False),
    ("0 of a group", policy_text("group a 0 w0\nquorum a\n"), False),
    ("2 of one", policy_text("group a 2 w0\nquorum a\n"), False),
    ("2 of two", policy_text("group a 2 w0 w1\nquorum a\n"), True),
    ("groups of groups", policy_text("group a all w0\ngroup b any a w1\nquorum b\n"), True),
    ("64 groups", policy_text("".join("group g%d any %s\n" % (
        at, "g%d" % (at - 1) if at else "w0") for at in range(64)) + "quorum g63\n"), True),
    ("65 groups", policy_text("".join("group g%d any %s\n" % (
        at, "g%d" % (at - 1) if at else "w0") for at in range(65)) + "quorum g63\n"), False),
    ("64 witnesses", policy_text("quorum w0\n", witnesses=[
        Signer(key, "w.example", 4) for key in t.MANY_LOG_KEYS[:64]]), True),
    ("65 witnesses", policy_text("quorum w0\n", witnesses=[
        Signer(key, "w.example", 4) for key in t.MANY_LOG_KEYS[:65]]), False),
    ("64 logs", policy_text(NOBODY, logs=[
        Signer(key, "l%d.example" % at) for at, key in enumerate(t.MANY_LOG_KEYS[:64])]), True),
    ("65 logs", policy_text(NOBODY, logs=[
        Signer(key, "l%d.example" % at) for at, key in enumerate(t.MANY_LOG_KEYS[:65])]), False),
]

# (name, verdict, log lines of the policy, number of the log key that is brought).
LOG_LINES = [
    ("other logs only", "failed", [OTHER_LOG], None),
    ("other logs only, and a log key", "passed", [OTHER_LOG], 1),
    ("a key that this log never had, and a log key", "passed", [log_signer(BASE, 3)], 1),
    ("this log, then a key that it never had", "passed", [log_signer(BASE), log_signer(BASE, 3)], None),
    ("a key that this log never had, then this log", "failed", [log_signer(BASE, 3), log_signer(BASE)],
     None),
    ("no log", "incomplete", [], None),
    ("no log, and a log key", "passed", [], 1),
    ("this log", "passed", [log_signer(BASE)], None),
    ("this log among others", "passed", [OTHER_LOG, log_signer(BASE, 2)], None),
    ("a key that this log never had", "failed", [log_signer(BASE, 3)], None),
    ("a key that was compromised", "incomplete", [log_signer(BASE, 0)], None),
]


class Policies(unittest.TestCase):
    def test_verdicts(self):
        for name, verdict, cosigners, end, stored_ in POLICY_ROWS:
            with self.subTest(name):
                self.assertEqual(judged(cosigners, end, stored_), verdict)

    def test_early_is_left_out(self):
        """Of the quorum, beside the finding; a late one is not."""
        for cosigners, stored_, left in (([EARLY[0], IN_TIME[1]], [], 0),
                                         ([], [(20, [LATE_AT_20[0], NOT_LATE_AT_20[1]])], 20)):
            there = [cosigned(BASE, size, None, others) for size, others in stored_]
            replay, refusal = verify(small(cosigned=there, newest=checkpoint(
                BASE, SIZE, cosigners=cosigners)), policy=policy(BOTH))
            self.assertIsNone(refusal, refusal)
            self.assertEqual(replay.incomplete,
                             ["entries from %d on: no quorum cosigned them" % left])

    def test_early_time(self):
        """Nor does its time say that a promise was kept."""
        for first, promises in ((EARLY[0], 1), (NOT_EARLY[0], 0)):
            replay, refusal = verify(small(cosigned=[], newest=checkpoint(
                BASE, SIZE, cosigners=[first, witness_at(1, 0, PROMISED_S + 1)])),
                policy=policy(NOBODY))
            self.assertIsNone(refusal, refusal)
            late = [words for words in replay.findings if "later than promised" in words]
            self.assertEqual(len(late), promises)

    def test_texts(self):
        for name, text, good in POLICY_TEXTS:
            with self.subTest(name):
                refusal = v.first_refusal(second_policy.Policy, text.encode())
                self.assertEqual(refusal and refusal.status, None if good else "POLICY")

    def test_log_lines(self):
        files = small(cosigned=[])
        for name, verdict, logs, number in LOG_LINES:
            with self.subTest(name):
                key = None if number is None else key_of(log_signer(BASE, number))
                self.assertEqual(v.verdict_of(*verify(files, None, key, policy=policy(
                    NOBODY, logs=logs, witnesses=[]))), verdict)


# --------------------------------------------------------------------------------------------
# Missing bodies
# --------------------------------------------------------------------------------------------


def naming(kind, **changed):
    return lambda w: t.by_custodian(t.settling(kind, w.held.named(), **changed))(w)


def settled_twice(w):
    t.add(w, t.CUSTODIAN, 1, [t.settling(t.POST, w.held.named())], **t.BY_CUSTODIAN)
    return naming(t.VOID)(w)


def after_closing(w):
    # C_FEE is closed; the record it is named in is another's, which cannot be seen.
    held = t.Named(w.held.index, 0, t.put(w.held.named().data, 12, t.le(t.C_FEE, 8)))
    return t.by_custodian(t.settling(t.POST, held))(w)


def of_the_treasury(w):
    held = t.Named(w.held.index, 0, t.move(t.INTERNAL, t.RESERVE, t.RESERVE_2, 5))
    return t.by_treasury(t.settling(t.POST, held))(w)


def correcting_hidden(w):
    return t.by_custodian(t.correcting(w.held.named(1), 9_999_999))(w)


def correct_to_another(**fields):
    """As if the hidden move had come from another custodian, who would have to agree to have it
    back."""
    def run(w):
        held = w.held.named(1)
        other = t.Named(w.held.index, 1, t.put(held.data, 4, t.le(t.S_CUSTODY, 8)))
        return t.by_custodian(t.correcting(other, 5), **fields)(w)
    return run


def hidden_post(w):
    return t.custodian(t.settling(t.POST, w.held.named()))(w)


def hidden_correct(**fields):
    return lambda w: t.custodian(t.correcting(w.held.named(1), 101), **fields)(w)


# (name, status in a full export, in a public one, the last entry).
HIDDEN_ROWS = [
    ("a good deposit", None, None, t.by_custodian(t.GOOD_DEPOSIT)),
    ("more than the custody account has", "BALANCE", None, t.by_custodian(
        t.move(t.WITHDRAWAL, t.CUSTODY, t.EXTERNAL, 10**12))),
    ("more than the reserve has", "BALANCE", "BALANCE", t.by_treasury(
        t.move(t.INTERNAL, t.RESERVE, t.RESERVE_2, t.IN_RESERVE + 1))),
    ("all the reserve has", None, None, t.by_treasury(
        t.move(t.INTERNAL, t.RESERVE, t.RESERVE_2, t.IN_RESERVE))),
    ("close what may not be empty", "ACCOUNT_BALANCE", None,
     t.by_custodian(t.close_account(t.CUSTODY_2))),
    ("post of a hidden pending", None, None, naming(t.POST)),
    ("void of a hidden pending", None, None, naming(t.VOID)),
    ("of another hash", "NAMED_HASH", None, naming(t.POST, hash=t.sha256(b""))),
    ("of a position that is not there", "NAMED_UNKNOWN", "NAMED_UNKNOWN",
     lambda w: t.by_custodian(t.settling(t.POST, w.held.named(),
                                         refers_to=w.held.index << 13 | 2))(w)),
    ("settled twice", "SETTLED", "SETTLED", settled_twice),
    ("to a closed account", "NAMED_HASH", "ACCOUNT_CLOSED", after_closing),
    ("of accounts of the public sector", "NAMED_HASH", "NAMED_DIFFERS", of_the_treasury),
    ("correct of a hidden move", "CORRECTION", None, correcting_hidden),
    ("purpose", "PURPOSE", "PURPOSE", t.by_custodian(
        t.move(t.WITHDRAWAL, t.EXTERNAL, t.CUSTODY, 5))),
    ("threshold of a hidden entry", "THRESHOLD", "THRESHOLD", t.by_custodian(
        t.move(t.DEPOSIT, t.EXTERNAL, t.CUSTODY, 5, blind=t.blind(9)), flags=1, sign=[])),
    ("signature of a hidden entry", "SIGNATURE", "SIGNATURE", t.by_custodian(
        t.move(t.DEPOSIT, t.EXTERNAL, t.CUSTODY, 5, blind=t.blind(9)), flags=1,
        edit_slots=lambda slots, _e: [t.last_bit_flipped(slots[0])])),
    ("possession in a hidden entry", "POSSESSION", "POSSESSION", t.by_custodian(
        t.move(t.DEPOSIT, t.EXTERNAL, t.CUSTODY, 5, blind=t.blind(9)), flags=1,
        possession=[(t.CUSTODIAN, t.NEW)])),
    ("more than a limit lets out", "LIMIT_OUTFLOW", None, t.after(
        t.OUT_100, t.custodian(t.withdraw(101)))),
    ("more than a limit lets in", "LIMIT_BALANCE", None, t.after(
        t.HOLD_ALL, t.custodian(t.DEPOSIT_6))),
    ("more than a limit lets the treasury sell", "LIMIT_OUTFLOW", "LIMIT_OUTFLOW", t.after(
        t.ruled(t.outflow(t.NEXT, t.ALL_T, 4)), t.treasury(t.sell(5)))),
    ("a move without approvals", "APPROVALS", "APPROVALS", t.after(
        t.ONE, t.custodian(t.withdraw(101)))),
    ("a post without approvals", "APPROVALS", None, t.after(
        t.ONE, t.opening(t.OPEN_101), t.last())),
    ("a post too early", "DELAY", "DELAY", t.after(
        t.WAITING, t.opening(t.OPEN_101), t.last(second=59))),
    ("a post of a hidden pending without approvals", "APPROVALS", None, t.after(
        t.ruled(t.set_tier(t.NEXT, t.CUSTODIAN, 100, approvals=2)),
        lambda w: t.custodian(t.settling(t.POST, w.held.named()))(w))),
    ("a post of a hidden pending of a frozen party", "PARTY_FROZEN", "PARTY_FROZEN", t.after(
        t.ruled(t.freeze_party(t.NEXT, t.CUSTODIAN, 2)),
        lambda w: t.custodian(t.settling(t.POST, w.held.named()))(w))),
    ("a correct of a hidden move that is not listed", "LIMIT_COUNTERPARTY", "LIMIT_COUNTERPARTY",
     t.after(t.counterparties(1, t.CUSTODY, t.C_FEE),
             lambda w: t.custodian(t.correcting(w.held.named(1), 5))(w))),
    ("approved twice", "APPROVED", "APPROVED", t.after(
        t.opening(t.OPEN_101), t.approving(), t.last(t.APPROVAL, back=2, second=2))),
    ("approve of a hidden pending that was posted", "SETTLED", "SETTLED", t.after(
        lambda w: t.add(w, t.CUSTODIAN, 1, [t.settling(t.POST, w.held.named())],
                        **t.BY_CUSTODIAN, **t.at(0)),
        lambda w: t.sealed(t.CUSTODIAN, 2, [t.settling(t.APPROVAL, w.held.named())], flags=2,
                           sign=[t.C3], **t.at(1))(w))),
    # What slots and times of entries say needs no record that is hidden.
    ("a post of a hidden pending too early", "DELAY", "DELAY", t.after(
        t.ruled(t.set_tier(t.NEXT, t.CUSTODIAN, 100, delay_s=31_622_400)), hidden_post)),
    ("a post of a hidden pending below the tier", None, None, t.after(
        t.ruled(t.set_tier(t.NEXT, t.CUSTODIAN, 1_000, delay_s=31_622_400)), hidden_post)),
    ("a correct of a hidden move above a tier that waits", "DELAY", "DELAY", t.after(
        t.WAITING, hidden_correct())),
    ("a correct of a hidden move without approvals", "APPROVALS", "APPROVALS", t.after(
        t.ONE, hidden_correct())),
    ("a correct of a hidden move before the delay without approvals", "APPROVALS", "APPROVALS",
     t.after(t.ruled(t.set_tier(t.NEXT, t.CUSTODIAN, 100, approvals=1, delay_s=60)),
             hidden_correct())),
    ("a correct of a hidden move without its countersigner", "NAMED_HASH", "COUNTERSIGN_MISSING",
     correct_to_another()),
    ("a correct of a hidden move with its countersigner", "NAMED_HASH", None,
     correct_to_another(countersign=[(t.SECOND, t.S1)])),
    ("a purchase above a ceiling", "PROGRAMME", "PROGRAMME", t.after(
        t.ceiling(100), t.treasury(t.buy(101)))),
    ("a purpose nobody can see", "PURPOSE", None, t.by_custodian(
        t.move(t.WITHDRAWAL, t.EXTERNAL, t.CUSTODY, 5, blind=t.blind(9)), flags=1)),
    ("a detail nobody can see", "DETAIL", None, t.in_secret(t.put(t.GOOD_DEPOSIT, 92, b"\1"))),
    ("three parties nobody can see", "RESTRICTED_PARTIES", None, t.in_secret(
        t.move(t.TRANSFER, t.CUSTODY, t.S_CUSTODY, 5), t.move(t.TRANSFER, t.CUSTODY, t.THIRD, 5))),
    ("a post of a hidden detail", "NAMED_KIND", None, lambda w: t.by_custodian(t.settling(
        t.POST, w.held.named(), refers_to=w.hidden_detail))(w)),
    # Restricted accounts: whether they exist, what they are, frozen and closed is never known.
    ("a restricted account in public", "RESTRICTED_ACCOUNT", "RESTRICTED_ACCOUNT",
     t.by_custodian(t.TO_R0)),
    ("a freeze of a restricted account that is not there", "ACCOUNT_UNKNOWN", None,
     t.by_authority(t.freeze(t.R2, 2))),
    ("a restricted account frozen twice", "ACCOUNT_STATUS", None, t.by_authority(
        t.freeze(t.R1, 2))),
    ("a restricted account unfrozen that is not", "ACCOUNT_STATUS", None, t.by_authority(
        t.unfreeze(t.R1, 1))),
    ("a freeze of a restricted account by another", "NOT_ALLOWED", "NOT_ALLOWED", t.sealed(
        t.TREASURY, 0, [t.freeze(t.R0, 2)], sign=[t.TA])),
    ("a restricted account closed, then frozen", "ACCOUNT_CLOSED", None, t.after(
        t.OPEN_R2, t.adding(t.CUSTODIAN, 1, [t.in_restricted(t.close_account(t.R2))], flags=1,
                            **t.BY_CUSTODIAN), t.by_authority(t.freeze(t.R2, 2)))),
    ("a limit of a restricted account that is not there", "ACCOUNT_UNKNOWN", None,
     t.by_authority(t.outflow(t.NEXT, t.R2, 5))),
    ("a limit of a restricted account in another asset", "ASSET_MIXED", None, t.by_authority(
        t.outflow(t.NEXT, t.R0, 5, asset=2))),
    ("a limit of a restricted account in no asset", "ASSET_UNKNOWN", "ASSET_UNKNOWN",
     t.by_authority(t.outflow(t.NEXT, t.R0, 5, asset=3))),
    ("a limit of a restricted account of another number", "NUMBER", "NUMBER", t.by_authority(
        t.outflow(t.NEXT + 1, t.R0, 5))),
    ("a balance limit of a restricted contra account", "CLASS", None, t.after(
        t.adding(t.CUSTODIAN, 1, [t.in_restricted(t.open_hidden(t.CUSTODIAN, 2, 8))], flags=1,
                 **t.BY_CUSTODIAN), t.by_authority(t.balance_limit(t.NEXT, t.R2, 5)))),
    ("a restricted counterparty that is not there", "ACCOUNT_UNKNOWN", None, t.by_authority(
        t.counterparty(t.NEXT, t.CUSTODY, 1, t.R2))),
    ("a list of a restricted account that waits too little", "VALUE", "VALUE", t.after(
        t.ruled(t.counterparty(t.NEXT, t.R0, 3, t.ALL_C, notice=2)),
        t.authority(t.counterparty(t.NEXT + 1, t.R0, 3, t.ALL_C, wait=1)))),
    ("more than a limit lets out of a restricted account", "LIMIT_OUTFLOW", None, t.after(
        t.ruled(t.outflow(t.NEXT, t.R0, 100)),
        t.in_secret(t.move(t.WITHDRAWAL, t.R0, t.EXTERNAL, 101), **t.at(0)))),
    ("a party closed whose accounts are open", "ACCOUNTS_OPEN", None, t.by_authority(
        t.close_party(t.SECOND))),
    ("a treasury closed whose accounts are open", "ACCOUNTS_OPEN", "ACCOUNTS_OPEN",
     t.by_authority(t.close_party(t.TREASURY))),
    # Openings: a body that is missing may have closed one.
    ("an opening after a custodian's deposit", "OPENING", "OPENING", t.after(
        t.newcomers, t.holding(t.PLAIN_DEPOSIT), t.holder(t.held_before()))),
    ("an opening after a restricted deposit", "OPENING", None, t.after(
        t.newcomers, t.adding(t.HOLDER, 1, [t.in_restricted(t.PLAIN_DEPOSIT)], flags=1,
                              **t.BY_HOLDER), t.holder(t.held_before()))),
    ("an opening of a custodian's withdrawal", "OPENING", "OPENING", t.after(
        t.newcomers, t.holder(t.move(t.WITHDRAWAL, t.H_CUSTODY, t.H_EXTERNAL, 5, opening=1)))),
    ("an opening to another custodian", "OPENING", "OPENING", t.after(
        t.newcomers, t.holder(t.move(t.DEPOSIT, t.H_EXTERNAL, t.CUSTODY, 5, opening=1),
                              countersign=[(t.CUSTODIAN, t.C1)]))),
    ("an opening after a treasury's move", "OPENING", "OPENING", t.after(
        t.newcomers, t.banking(t.PLAIN), t.bank(t.brought()))),
    ("a custodian's opening closed after a deposit", "OPENING", "OPENING", t.after(
        t.newcomers, t.holding(t.PLAIN_DEPOSIT), t.closing(t.HOLDER, "authority"))),
    ("a custodian's opening closed after a restricted deposit", "OPENING", None, t.after(
        t.newcomers, t.adding(t.HOLDER, 1, [t.in_restricted(t.PLAIN_DEPOSIT)], flags=1,
                              **t.BY_HOLDER), t.closing(t.HOLDER, "authority"))),
    ("a custodian's opening closed twice", "OPENING", "OPENING", t.after(
        t.newcomers, t.closing_step(t.HOLDER), t.closing(t.HOLDER, "authority"))),
    ("a treasury's opening closed twice", "OPENING", "OPENING", t.after(
        t.newcomers, t.closing_step(t.BANK), t.closing(t.BANK, "authority"))),
    ("an opening nobody countersigned", "COUNTERSIGN_MISSING", "COUNTERSIGN_MISSING", t.after(
        t.newcomers, t.bank(t.brought(), countersign=[]))),
    ("a correct of a hidden move with the flag", "NAMED_HASH", None, lambda w: t.custodian(
        t.put(t.correcting(w.held.named(1), 5, opening=1), 60, t.ZERO))(w)),
]


class Hidden(unittest.TestCase):
    """Rules on what rests on bodies that are missing: what can still be told is judged."""

    def judge(self, make, public=True):
        """The status of the last entry of a public export, None when it is accepted."""
        writer = copy.deepcopy(t.BASE)
        writer.raws.append(make(writer))
        replay, refusal = verify(export(writer.raws, public=public))
        if refusal:
            self.assertEqual(refusal.entry, len(writer.raws) - 1)
        return refusal and refusal.status

    def test_rules(self):
        for name, full, public, make in HIDDEN_ROWS:
            with self.subTest(name):
                self.assertEqual((self.judge(make, False), self.judge(make)), (full, public))

    def test_before_the_first_missing_body(self):
        """All bodies are there so far, so no restricted account is."""
        writer = t.Writer()
        writer.commit(t.genesis(writer))
        writer.commit(t.entry_1(writer))
        t.register_all(writer)
        writer.add(0, 0, [t.freeze(t.R0, 2)], **t.BY_AUTHORITY)
        for public in (True, False):
            _, refusal = verify(export(writer.raws, public=public))
            self.assertEqual(refusal.status, "ACCOUNT_UNKNOWN")

    def test_basis_unknown(self):
        writer = copy.deepcopy(t.BASE)
        posted = t.add(writer, t.CUSTODIAN, 1, [t.settling(t.POST, writer.held.named())],
                       **t.BY_CUSTODIAN)
        t.add(writer, t.CUSTODIAN, 1, [t.pending(t.WITHDRAWAL, t.CUSTODY, t.EXTERNAL, 3)],
              **t.BY_CUSTODIAN)
        replay, refusal = verify(export(writer.raws, public=True))
        self.assertIsNone(refusal, refusal)
        cells = v.describe_purposes(replay.state)["1"]["customer_withdrawal"]
        self.assertEqual(cells["unknown"]["outside"], {"amount": "1000", "number": "1"})
        self.assertEqual(posted.index, len(t.BASE.raws))


# --------------------------------------------------------------------------------------------
# Proofs
# --------------------------------------------------------------------------------------------

ALONE = 0xFFFFFFFF
REGISTER, ADD_KEY, OPEN_ASSET, OPEN_ACCOUNT = 18, 19, 25, 26


def path_of(index, leaves):
    """PATH of RFC 6962 section 2.1.1, as it is written there."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return path_of(index, leaves[:split]) + [t.tree_hash(leaves[split:])]
    return path_of(index - split, leaves[split:]) + [t.tree_hash(leaves[:split])]


def records_of(raw):
    return [raw.records[at:at + 112] for at in range(0, len(raw.records), 112)]


def find(wanted):
    """(index, position) of the first record that begins with some bytes at an offset."""
    for raw in BASE:
        for position, record in enumerate(records_of(raw)):
            if all(record.startswith(data, at) for at, data in wanted):
                return raw.index, position
    raise AssertionError("no such record")


def key_at(party, key):
    return find([(0, bytes([ADD_KEY])), (4, t.le(party, 4)), (16, key.public)])


def party_at(party):
    return find([(0, bytes([REGISTER])), (4, t.le(party, 4))])


def account_at(wanted):
    return find([(0, bytes([OPEN_ACCOUNT])), (4, t.le(wanted, 8))])


def asset_at(asset):
    return find([(0, bytes([OPEN_ASSET])), (4, t.le(asset, 4))])


class ProofDraft:
    """The parts of a proof; edits are functions that a row may replace."""

    def __init__(self, place, support, size=SIZE, **edits):
        self.places = [place] + sorted(support)
        self.size = size
        self.signers = [log_signer(BASE)]
        self.edit_statements = lambda statements: statements
        self.edit_extra = lambda extra: extra
        self.edit_text = lambda text: text
        self.raws = BASE
        for name, value in edits.items():
            setattr(self, name, value)

    def leaves(self):
        return [t.leaf(raw.entry) for raw in self.raws[:self.size]]

    @staticmethod
    def group(raw, position):
        return range(position, position + 1 + len(raw.named(position).details))

    @staticmethod
    def leaf_shown(raw, position):
        records = records_of(raw)
        return records[position] + counted(path_of(position, [t.leaf(r) for r in records]))

    def statement(self, place):
        index, position = place
        raw = self.raws[index]
        head = t.le(index, 8) + t.le(len(raw.entry), 2) + raw.entry + t.le(position, 4)
        if position != ALONE:
            shown = [self.leaf_shown(raw, at) for at in self.group(raw, position)]
            head += shown[0] + t.le(len(shown) - 1, 1) + b"".join(shown[1:])
        own = [] if place == self.places[0] else path_of(index, self.leaves())
        return head + counted(own)

    def build(self):
        statements = self.edit_statements([self.statement(place) for place in self.places])
        extra = self.edit_extra(b"TJP\1" + t.le(len(statements), 2) + b"".join(statements))
        index = self.places[0][0]
        head = ["c2sp.org/tlog-proof@v1", "extra " + b64(extra), "index %d" % index]
        head += [b64(hash_) for hash_ in path_of(index, self.leaves())]
        note_ = checkpoint(self.raws, self.size, self.signers, WITNESSES)
        return self.edit_text("\n".join(head).encode() + b"\n\n" + note_)


def details_at(first):
    record_end = 10 + int.from_bytes(first[8:10], "little") + 4 + 112
    return record_end + 1 + 32 * first[record_end]


def without_details(first):
    """The first statement as if its record had none."""
    return first[:details_at(first)] + b"\0\0"


def counted(path):
    return t.le(len(path), 1) + b"".join(path)


BOUGHT = (t.BASE.bought.id >> 13, 0)
BOUGHT_SUPPORT = [key_at(1, t.T1), key_at(1, t.T3), party_at(1), account_at(t.MARKET_),
                  account_at(t.RESERVE), asset_at(1)]
DONATED = (t.BASE.sold.id >> 13) - 3, 0  # countersigned
DONATED_SUPPORT = [key_at(2, t.C1), key_at(1, t.T1), key_at(1, t.T3), party_at(1), party_at(2),
                   account_at(t.CUSTODY), account_at(t.RESERVE), asset_at(1)]
DETAILED = (t.BASE.detailed_move.id >> 13, t.BASE.detailed_move.id & 8191)
DETAILED_SUPPORT = [key_at(1, t.T1), key_at(1, t.T3), party_at(1), account_at(t.RESERVE),
                    account_at(t.RESERVE_2), asset_at(1)]
LENT = account_at(t.R0)
AUTHORITY = [key_at(0, t.A1), key_at(0, t.A2), party_at(0)]
FROZEN = find([(0, b"\x1b"), (4, t.le(t.CUSTODY_2, 8))])
DEPOSITED = (RESTRICTED[0], 2)
PROOFS = [
    ("a purchase", BOUGHT, BOUGHT_SUPPORT),
    ("an entry alone", (BOUGHT[0], ALONE), BOUGHT_SUPPORT[:3]),
    ("countersigned", DONATED, DONATED_SUPPORT),
    ("a restricted record", DEPOSITED, [key_at(2, t.C1), party_at(2), account_at(t.CUSTODY),
                                        account_at(t.S_CUSTODY), asset_at(1)]),
    ("of another asset", (SIZE - 1, 0), [key_at(2, t.C1), party_at(2), account_at(t.C_OTHER),
                                         account_at(t.C_OTHER_EXTERNAL), asset_at(2)]),
    ("a move and its details", DETAILED, DETAILED_SUPPORT),
    ("a restricted account and its details", LENT, [key_at(2, t.C1), party_at(2)]),
    ("of a restricted account", find([(0, bytes([t.MOVE])), (12, t.le(t.R0, 8))]),
     [key_at(2, t.C1), party_at(2), account_at(t.EXTERNAL), LENT, asset_at(1)]),
    ("a freeze of a restricted account and its memo", find([(0, b"\x1b"), (4, t.le(t.R1, 8))]),
     AUTHORITY + [account_at(t.R1), asset_at(1)]),
    ("a freeze", FROZEN, AUTHORITY + [account_at(t.CUSTODY_2), asset_at(1)]),
    ("a party", party_at(1), AUTHORITY),
    ("a key", key_at(1, t.T1), AUTHORITY),
    ("an account", account_at(t.MARKET_), [key_at(1, t.T1), key_at(1, t.T3), party_at(1)]),
    ("an account and its asset", account_at(t.MARKET_),
     [key_at(1, t.T1), key_at(1, t.T3), party_at(1), asset_at(1)]),
    ("genesis", (0, 0), []),
    ("genesis alone", (0, ALONE), []),
    ("entry 1", (1, 0), AUTHORITY + [key_at(0, t.A3)]),
]


def judge(data, log_key="given", ledger_id=None, witnesses=()):
    key = key_of(log_signer(BASE)) if log_key == "given" else log_key
    proof = second_proof.Proof(key, witnesses, ledger_id)
    return proof, v.first_refusal(proof.verify, data)


def proof_row(name, status, entry, place=BOUGHT, support=tuple(BOUGHT_SUPPORT), **edits):
    return name, status, entry, lambda: ProofDraft(place, support, **edits).build()


def text_row(name, status, edit):
    return proof_row(name, status, None, edit_text=edit)


def statement_row(name, status, number, edit):
    """One statement changed; its entry is to be named where it is the first."""
    def change(statements):
        return statements[:number] + [edit(statements[number])] + statements[number + 1:]
    return proof_row(name, status, BOUGHT[0] if number == 0 else None, edit_statements=change)


ENTRY_BYTES = len(BASE[BOUGHT[0]].entry)
RECORD_AT = 10 + ENTRY_BYTES + 4
HASH_LINE = b"\n" + b64(path_of(BOUGHT[0], [t.leaf(raw.entry) for raw in BASE])[0]).encode()

PROOF_ROWS = [
    text_row("another version", "PROOF", lambda text: text.replace(b"@v1", b"@v2")),
    text_row("no extra", "PROOF", lambda text: text.replace(b"extra ", b"other ")),
    text_row("no index", "PROOF", lambda text: text.replace(b"index ", b"")),
    text_row("index with a zero", "CHECKPOINT", lambda text: text.replace(b"index ", b"index 0")),
    text_row("another index", "PROOF", lambda text: text.replace(b"index ", b"index 1")),
    text_row("a hash left out", "PROOF", lambda text: text.replace(HASH_LINE, b"", 1)),
    text_row("a hash twice", "PROOF", lambda text: text.replace(HASH_LINE, HASH_LINE * 2, 1)),
    text_row("a hash of 31 bytes", "PROOF", lambda text: text.replace(
        HASH_LINE, b"\n" + b64(bytes(31)).encode(), 1)),
    text_row("65 hashes", "PROOF", lambda text: text.replace(HASH_LINE, HASH_LINE * 65, 1)),
    text_row("no checkpoint", "PROOF", lambda text: text.partition(b"\n\n")[0] + b"\n"),
    text_row("not ASCII", "PROOF", lambda text: text.replace(b"index", b"inde\xff")),
    text_row("empty", "PROOF", lambda text: b""),
    proof_row("of a smaller tree", "PROOF", None, size=BOUGHT[0] + 1,
              edit_text=lambda text: text.partition(b"\n\n")[0] + b"\n\n" + checkpoint(BASE, SIZE)),
    proof_row("not signed by the log", "PROOF", None, signers=[log_signer(BASE, 2)]),
    proof_row("magic", "PROOF", None, edit_extra=lambda extra: b"TJX" + extra[3:]),
    proof_row("version", "PROOF", None, edit_extra=lambda extra: t.put(extra, 3, b"\2")),
    proof_row("no statements", "PROOF", None, edit_extra=lambda extra: extra[:4] + b"\0\0"),
    proof_row("65 statements", "PROOF", None, edit_extra=lambda extra: t.put(extra, 4, b"\x41")),
    proof_row("one statement too many", "PROOF", None,
              edit_extra=lambda extra: t.put(extra, 4, bytes([len(BOUGHT_SUPPORT) + 2]))),
    proof_row("bytes after", "PROOF", None, edit_extra=lambda extra: extra + b"\0"),
    proof_row("cut off", "PROOF", None, edit_extra=lambda extra: extra[:-1]),
    statement_row("index in the entry", "PROOF", 0, lambda s: t.put(s, 18, t.le(3, 8))),
    statement_row("entry magic", "MAGIC", 0, lambda s: t.put(s, 10, b"X")),
    statement_row("entry changed", "PROOF", 0, lambda s: t.put(s, 10 + 24, b"\1")),
    statement_row("slot changed", "PROOF", 0,
                  lambda s: t.put(s, RECORD_AT - 5, bytes([s[RECORD_AT - 5] ^ 1]))),
    statement_row("amount", "PROOF", 0, lambda s: t.put(s, RECORD_AT + 20, b"\1")),
    statement_row("record that is none", "KIND_UNKNOWN", 0, lambda s: t.put(s, RECORD_AT, b"\0")),
    statement_row("position", "PROOF", 0, lambda s: t.put(s, RECORD_AT - 4, b"\1")),
    statement_row("position above the count", "PROOF", 0,
                  lambda s: t.put(s, RECORD_AT - 4, t.le(6, 4))),
    proof_row("details left out", "DETAIL", DETAILED[0], DETAILED, DETAILED_SUPPORT,
              edit_statements=lambda s: [without_details(s[0])] + s[1:]),
    proof_row("a detail alone", "DETAIL", DETAILED[0], (DETAILED[0], DETAILED[1] + 1),
              DETAILED_SUPPORT[:3]),
    proof_row("a detail changed", "PROOF", DETAILED[0], DETAILED, DETAILED_SUPPORT,
              edit_statements=lambda s: [s[0].replace(b"invoice 17", b"invoice 18")] + s[1:]),
    proof_row("details of another number", "PROOF", None, DETAILED, DETAILED_SUPPORT,
              edit_statements=lambda s: [t.put(s[0], details_at(s[0]), b"\5")] + s[1:]),
    proof_row("17 details", "PROOF", None, DETAILED, DETAILED_SUPPORT,
              edit_statements=lambda s: [t.put(s[0], details_at(s[0]), b"\x11")] + s[1:]),
    proof_row("path of its own", "PROOF", None, edit_statements=lambda s: [
        s[0][:-1] + counted([t.ZERO])] + s[1:]),
    statement_row("support: path", "PROOF", 1, t.last_bit_flipped),
    statement_row("support: path missing", "PROOF", 1,
                  lambda s: s[:-1 - 32 * len(path_of(0, [t.ZERO] * SIZE))] + b"\0"),
    proof_row("order", "PROOF", None, edit_statements=lambda s: s[:1] + s[:0:-1]),
    proof_row("a statement twice", "PROOF", None, edit_statements=lambda s: s + s[-1:]),
    proof_row("the first again", "PROOF", None, support=BOUGHT_SUPPORT + [BOUGHT]),
    proof_row("another record", "PROOF", 0, support=BOUGHT_SUPPORT + [(0, 0)]),
    proof_row("another account", "PROOF", None, support=BOUGHT_SUPPORT
              + [account_at(t.RESERVE_2)]),
    proof_row("another key", "PROOF", None, support=BOUGHT_SUPPORT + [key_at(1, t.T2)]),
    proof_row("an entry as support", "PROOF", 1, support=BOUGHT_SUPPORT + [(1, ALONE)]),
] + [proof_row("without statement %d" % at, "PROOF", BOUGHT[0],
               support=BOUGHT_SUPPORT[:at] + BOUGHT_SUPPORT[at + 1:])
     for at in range(len(BOUGHT_SUPPORT))]


class Proofs(unittest.TestCase):
    def test_good(self):
        witnesses = [key_of(witness) for witness in WITNESSES]
        for name, place, support in PROOFS:
            with self.subTest(name):
                data = ProofDraft(place, support).build()
                proof, refusal = judge(data, "given", t.leaf(BASE[0].entry), witnesses)
                self.assertIsNone(refusal, refusal)
                self.assertEqual(proof.counts["support"], len(support))
                self.assertEqual((proof.counts["log"], proof.counts["cosignature"]), (1, 2))
                self.assertTrue(proof.describe()[0].startswith("entry %d of" % place[0]))

    def test_said(self):
        lines = judge(ProofDraft(DONATED, DONATED_SUPPORT).build())[0].describe()
        self.assertIn("countersigned by party 1, Treasury, key 2, treasury 3", lines)
        self.assertIn("signed by party 2, Custodian, key 0, custodian", lines)
        self.assertEqual(lines[-1], "donation of 1500 base units of BTC, 2:0 (custody) to 1:1 "
                                    "(reserve)")

    def test_refused(self):
        names = [row[0] for row in PROOF_ROWS]
        self.assertEqual(len(set(names)), len(names))
        for name, status, entry, build in PROOF_ROWS:
            with self.subTest(name):
                _, refusal = judge(build())
                self.assertIsNotNone(refusal)
                self.assertEqual(refusal.status, status, refusal)
                if entry is not None:
                    self.assertEqual(refusal.entry, entry, refusal)

    def test_keys_that_could_not_sign(self):
        """A key that was added later, and one of a role that does not count."""
        writer = copy.deepcopy(t.BASE)
        early = t.add(writer, t.TREASURY, 1, [t.GOOD_MOVE], sign=[t.NEW])
        added = t.add(writer, 0, 0, [t.add_key(t.TREASURY, 5, t.NEW)])
        other = t.add(writer, t.TREASURY, 1, [t.GOOD_MOVE], sign=[t.TA])
        shared = [party_at(1), account_at(t.RESERVE), account_at(t.RESERVE_2), asset_at(1)]
        for raw, key, status in ((early, (added.index, 0), "PROOF"),
                                 (other, key_at(1, t.TA), "KEY_ROLE")):
            data = ProofDraft((raw.index, 0), shared + [key], raws=writer.raws,
                              size=len(writer.raws)).build()
            self.assertEqual(judge(data)[1].status, status)

    def test_another_ledger(self):
        data = ProofDraft(BOUGHT, BOUGHT_SUPPORT).build()
        self.assertEqual(judge(data, ledger_id=t.ZERO)[1].status, "LEDGER_ID")
        other = Signer(t.LOG_KEYS[1], "tijori.example/test/" + "00" * 32)
        self.assertEqual(judge(data, key_of(other))[1].status, "PROOF")

    def test_wrong_entries(self):
        """What a log has signed into its tree is not right for that."""
        for status, position, content in [("SIGNATURE", -1, None), ("MAGIC", 0, b"X"),
                                          ("VERSION_UNKNOWN", 3, b"\2"),
                                          ("RESERVED_NOT_ZERO", 7, b"\1"), ("PROOF", 8, b"\0"),
                                          ("FLAGS_UNKNOWN", 64 + 5, b"\1"),
                                          ("LEDGER_ID", 64 + 48, b"\0")]:
            with self.subTest(status):
                raws, index = list(BASE), BOUGHT[0]
                entry = raws[index].entry
                wrong = t.put(entry, position, content) if content else t.last_bit_flipped(entry)
                raws[index] = raws[index].changed("entry", wrong)
                _, refusal = judge(ProofDraft(BOUGHT, BOUGHT_SUPPORT, raws=raws).build())
                self.assertEqual((refusal.status, refusal.entry), (status, index))

    def test_flips(self):
        """One bit anywhere."""
        rng = random.Random(SEED)
        witnesses = [key_of(witness) for witness in WITNESSES]
        data = ProofDraft(BOUGHT, BOUGHT_SUPPORT).build()
        for at in range(rng.randrange(19), len(data), 19):
            flipped = t.put(data, at, bytes([data[at] ^ 1 << rng.randrange(8)]))
            proof, refusal = judge(flipped, witnesses=witnesses)
            # A cosignature under another name or key id is a stranger's, and not counted.
            self.assertTrue(refusal or proof.counts["cosignature"] < 2, (at, SEED))
            self.assertNotEqual(refusal and refusal.status, "INTERNAL", refusal)


# --------------------------------------------------------------------------------------------
# The program, and what it is built from
# --------------------------------------------------------------------------------------------


class Program(unittest.TestCase):
    def run_program(self, *arguments, data=b""):
        done = subprocess.run([sys.executable, t.VERIFIER, *arguments], input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertNotIn(b"Traceback", done.stderr)
        return done.returncode, done.stdout.decode()

    def test_folder(self):
        files = small(public=True)
        with tempfile.TemporaryDirectory() as folder:
            write(folder, files)
            status, text = self.run_program(folder, "--log-key", log_signer(BASE).vkey,
                                            "--ledger-id", t.leaf(BASE[0].entry).hex(),
                                            "--witness", WITNESSES[0].vkey)
            self.assertEqual((status, text.split("\n")[-2]), (0, "passed"))
            self.assertIn("cosignature by witness1.example", text)
            self.assertNotIn("links of records", text)
            self.assertEqual(self.run_program(folder, "--log-key", log_signer(BASE, 3).vkey)[0], 1)
            self.assertEqual(self.run_program(folder)[0], 3)
            self.assertEqual(self.run_program(folder, "--log-key", "x+y+z")[0], 2)
            write(folder, {body_path(6): b""})
            status, text = self.run_program(folder)
            self.assertEqual(status, 1)
            self.assertIn("FAIL entry 6: RECORD_COUNT", text)
            status, text = self.run_program(folder, "--json")
            failure = json.loads(text)["failure"]
            self.assertEqual((status, failure["entry"], failure["status"]), (1, 6, "RECORD_COUNT"))
            key = ("--log-key", log_signer(BASE).vkey)
            write(folder, dict(files, x=b""))
            status, text = self.run_program(folder, *key)
            self.assertEqual((status, text.split("\n")[-2]), (3, "incomplete"))
            self.assertIn("SKIP not looked at: x", text)
            write(folder, dict(small(), kind=b"public\n"))
            status, text = self.run_program(folder, *key)
            self.assertEqual((status, text.split("\n")[-2]), (4, "findings"))
            write(folder, {"policy": policy_text(NOBODY).encode(), "twice": b"quorum none\n" * 2})
            for name, expected in (("policy", 4), ("twice", 2)):
                self.assertEqual(self.run_program(
                    folder, *key, "--policy", os.path.join(folder, name))[0], expected)
            os.remove(os.path.join(folder, "checkpoint"))
            self.assertEqual(self.run_program(folder)[0], 65)

    def test_proof(self):
        data = ProofDraft(BOUGHT, BOUGHT_SUPPORT).build()
        key = ("--log-key", log_signer(BASE).vkey)
        self.assertEqual(self.run_program("--proof", "-", *key, data=data)[0], 0)
        status, text = self.run_program("--proof", "-", data=data)
        self.assertEqual((status, text.split("\n")[-2]), (3, "INCOMPLETE"))
        status, text = self.run_program("--proof", "-", "--json", *key, data=data[:-2] + b"\n")
        self.assertEqual((status, json.loads(text)["verified"]), (1, False))
        status, text = self.run_program("--proof", "-", "--json", *key, data=data)
        self.assertIn("5000000 base units of BTC", json.loads(text)["proven"][-1])
        self.assertEqual(self.run_program("--proof", HERE)[0], 65)

    def test_lines_take_no_log_key(self):
        self.assertEqual(self.run_program("-", "--log-key", log_signer(BASE).vkey)[0], 2)


class Vectors(unittest.TestCase):
    def test_rfc_8032(self):
        """Section 7.1, tests 1 and 2."""
        rows = [("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                 "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
                ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
        for key, message, signature in rows:
            key, message, signature = map(bytes.fromhex, (key, message, signature))
            self.assertTrue(v.ed25519_verify(key, message, signature))
            self.assertFalse(v.ed25519_verify(key, message + b"\0", signature))
            larger = int.from_bytes(signature[32:], "little") + v.ORDER_ED
            self.assertFalse(v.ed25519_verify(
                key, message, signature[:32] + larger.to_bytes(32, "little")))

    def test_wycheproof(self):
        with open(t.data_file("wycheproof", "ed25519_test.json"), encoding="utf-8") as vectors:
            groups = json.load(vectors)["testGroups"]
        for group in groups:
            key = bytes.fromhex(group["publicKey"]["pk"])
            for test in group["tests"]:
                with self.subTest(test["tcId"]):
                    valid = v.ed25519_verify(key, bytes.fromhex(test["msg"]),
                                                       bytes.fromhex(test["sig"]))
                    self.assertEqual(valid, test["result"] == "valid", test["comment"])

    def test_keys_that_are_no_points(self):
        for key in (v.P_ED + 1, 2, 1, 0, 1 | 1 << 255, 2**255 - 1):
            self.assertIsNone(v.ed25519_point(key.to_bytes(32, "little")))
        self.assertIsNone(v.ed25519_point(bytes(31)))

    def test_signed_note(self):
        """The example of C2SP's signed-note as x/mod has it."""
        with open(t.data_file("tlog", "sumdb_note_vectors.json"), encoding="utf-8") as source:
            vectors = json.load(source)
        key = second_note.parse_verifier_key(vectors["verifier_key"])
        note_ = second_note.Note(vectors["signed_note"].encode())
        self.assertEqual(note_.text.decode(), vectors["text"])
        self.assertEqual(note_.verified_by([key]), [key])
        for bad in vectors["bad_verifier_keys"]:
            with self.assertRaises(v.Refused):
                second_note.parse_verifier_key(bad)

    def test_verifier_keys(self):
        key = WITNESSES[0]
        name, key_id, public = key.vkey.split("+", 2)
        self.assertEqual(second_note.parse_verifier_key(key.vkey).public, key.secret.public)
        other_type = t.sha256(name.encode() + b"\n\2" + key.secret.public)[:4].hex()
        spaced = Signer(key.secret, "a b", 4).vkey
        for bad in (name, name + "+" + key_id, "+".join([name, "00000000", public]),
                    "+".join(["", key_id, public]), "+".join([name, key_id.upper() + "0", public]),
                    "+".join([name, other_type, b64(b"\2" + key.secret.public)]),
                    "+".join([name, key_id, public[:-4]]), key.vkey + "\n", spaced):
            with self.assertRaises(v.Refused, msg=bad):
                second_note.parse_verifier_key(bad)

    def test_notes(self):
        """One fault each, and the same note without it."""
        def line(name, blob):
            return "\u2014 %s %s\n" % (name, b64(blob))
        good = "text\n\nmore\n\n" + line("a", bytes(5))
        self.assertEqual(second_note.Note(good.encode()).text, b"text\n\nmore\n")
        for bad in (good.replace("text", "te\txt"), good.replace("text", "te\x1fxt"), good[:-1],
                    good + "\n", good.replace("more\n\n", "more\n").replace("text\n\n", "text\n"),
                    good + line("b", bytes(4)), good + line("b", b""), good + line("b+c", bytes(5)),
                    good + line("b\u2003c", bytes(5)), good + line("a", bytes(5)),
                    good.replace("\u2014", "-"), good + "\u2014 b AAAAAAB=\n", "text\n", "\n\n"):
            with self.assertRaises(v.Refused, msg=bad):
                second_note.Note(bad.encode())
        second_note.Note((good + line("b", bytes(5)) + line("a", bytes(3) + b"\1\1")).encode())
        lines = [line("a", t.le(at, 4) + b"\1") for at in range(65)]
        second_note.Note(("text\n\n" + "".join(lines[:64])).encode())
        second_note.Note((good + line("b", bytes(8192))).encode())
        full = "x" * (1_048_576 - len(good.encode())) + good
        second_note.Note(full.encode())
        for bad in ("text\n\n" + "".join(lines), good + line("b", bytes(8193)), "x" + full):
            with self.assertRaises(v.Refused):
                second_note.Note(bad.encode())

    def test_checkpoint_text(self):
        def made(*lines):
            return ("\n".join(lines) + "\n\n\u2014 a %s\n" % b64(bytes(5))).encode()
        self.assertEqual(second_note.Checkpoint(made("o", "7", b64(t.ZERO))).size, 7)
        for bad in (("o", "7"), ("", "7", b64(t.ZERO)), ("o", "07", b64(t.ZERO)),
                    ("o", "+7", b64(t.ZERO)), ("o", "\u0667", b64(t.ZERO)), ("o", "7", "AA=="),
                    ("o", "7", b64(t.ZERO), "more"), ("o", "7", b64(t.ZERO), "")):
            with self.assertRaises(v.Refused, msg=bad):
                second_note.Checkpoint(made(*bad))

    def test_paths(self):
        """Every leaf of every small tree, and each path changed in length or for another leaf."""
        for size in range(1, 20):
            leaves = [t.leaf(bytes([at])) for at in range(size)]
            root = t.tree_hash(leaves)
            for index in range(size):
                path = path_of(index, leaves)
                self.assertEqual(
                    second_note.root_from_path(leaves[index], index, size, path), root)
                for changed in (path[:-1], path[1:], path + [root], [root] + path):
                    if changed != path:
                        self.assertNotEqual(second_note.root_from_path(
                            leaves[index], index, size, changed), root)
                for other in {index ^ 1, size, size + 1} - {index}:
                    self.assertNotEqual(second_note.root_from_path(
                        leaves[index], other, size, path), root)

    def test_rfc_6962_mutations(self):
        top = t.data_file("rfc6962", "testdata", "inclusion")
        seen = 0
        for folder, _, files in os.walk(top):
            for name in files:
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    case = json.load(source)
                if min(case["leafIdx"], case["treeSize"]) < 0:
                    continue
                leaf, root = (base64.b64decode(case[part] or "") for part in ("leafHash", "root"))
                path = [base64.b64decode(hash_) for hash_ in case["proof"] or []]
                found = second_note.root_from_path(leaf, case["leafIdx"], case["treeSize"], path)
                self.assertEqual(found == root, not case["wantErr"], name)
                seen += 1
        self.assertGreater(seen, 20)


if __name__ == "__main__":
    unittest.main()
