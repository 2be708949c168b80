#!/usr/bin/env python3
"""The programs against the second verifier, which shares no code with them: exports and proofs that
`tijori` makes are accepted by it, and `tijori-audit` judges as it does the exports that
second_export_test.py makes from docs/FORMAT.md, good and tampered.

    second_programs_test.py BUILD_DIR
"""

import copy
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

import cli_read_test as c  # noqa: E402  (found beside this file; takes BUILD_DIR)
import second_export  # noqa: E402
import second_export_test as e  # noqa: E402
import second_note  # noqa: E402
import second_proof  # noqa: E402
import second_verifier as v  # noqa: E402
import second_verifier_test as t  # noqa: E402
from sample import sampled  # noqa: E402

SEED = e.SEED
GROWN = 260  # entries added to a ledger of a few: more than one full tile


def verifier_key(world):
    """Of the log key, from its public half, the ledger's name and its id."""
    ledger_id = json.loads(c.run("status", world.dir, "--format", "json")[0])["ledger_id"]
    name = "test.example/reserve/" + ledger_id
    public = b"\x01" + bytes.fromhex(world.public("log")["public_key"])
    return "%s+%s+%s" % (name, t.sha256(name.encode() + b"\n" + public)[:4].hex(), e.b64(public))


def grow(world):
    """Envelopes of the custodian, each in a lane of its own: they do not wait for each other."""
    source = os.path.join(world.at, "deposit.csv")
    with open(source, "w", encoding="ascii") as out:
        out.write("kind,from,to,amount,purpose,value_date,reference,evidence\n"
                  "move,2:0,2:1,1 sat,customer_deposit,,,\n")
    envelopes = []
    for lane in range(2, 2 + GROWN):
        envelopes.append(os.path.join(world.at, "lane%d.tje" % lane))
        c.run("propose", world.dir, "--party", 2, "--lane", lane, source, "-o", envelopes[-1])
    c.run("sign", *envelopes, "--key", world.key("c"))
    c.run("ingest", world.dir, *envelopes)


def export(world, name, *options):
    out = os.path.join(world.at, name)
    c.run("checkpoint", world.dir, "--log-key", world.key("log"))
    c.run("export", world.dir, out, *options)
    return out


def size_of(world):
    return json.loads(c.run("status", world.dir, "--format", "json")[0])["entries"]


class Exports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.world = c.World.copied(folder.name)
        self.key = second_note.parse_verifier_key(verifier_key(self.world))

    def check(self, out):
        replay, refusal = second_export.verify_folder(out, None, self.key)
        self.assertIsNone(refusal, refusal)
        self.assertEqual(len(replay.state.entries), size_of(self.world))
        return replay

    def test_full_public_grown(self):
        replay = self.check(export(self.world, "full", "--attachments"))
        self.assertEqual((replay.counts["attachment"], replay.state.bodies_missing), (1, 0))
        shown = json.loads(c.run("balance", self.world.dir, "--format", "json")[0])
        self.assertIn(str(replay.state.accounts[1 << 32 | 1].balance()), json.dumps(shown))
        for name in ("public", "public with documents"):
            options = ["--public"] + ["--attachments"] * (name != "public")
            replay = self.check(export(self.world, name, *options))
            self.assertEqual(replay.state.bodies_missing, 1)
        grow(self.world)
        for name, options in (("full", ["--attachments"]), ("public", ["--public"])):
            replay = self.check(export(self.world, name, *options))
            self.assertTrue(os.path.exists(os.path.join(self.world.at, name, "tile/1/000.p/1")))
            # Of the bundle that has become full, the partial one of before is still there.
            self.assertEqual(replay.counts["bundle"], 3)

    def test_tampered(self):
        """One bit anywhere in what the program wrote."""
        rng = random.Random(SEED)
        out = export(self.world, "out", "--attachments")
        paths = [os.path.join(folder, name) for folder, _, names in sorted(os.walk(out))
                 for name in sorted(names) if name != "FORMAT.md"]
        for path in paths:
            with open(path, "rb") as source:
                good = source.read()
            for _ in range(3):
                at = rng.randrange(len(good))
                with open(path, "wb") as sink:
                    sink.write(t.put(good, at, bytes([good[at] ^ 1 << rng.randrange(8)])))
                replay, refusal = second_export.verify_folder(out, None, self.key)
                self.assertTrue(refusal or replay.incomplete,
                                "%s, byte %d, seed %d" % (path, at, SEED))
            with open(path, "wb") as sink:
                sink.write(good)
        self.check(out)

    def test_proofs(self):
        """Every entry alone, and every record of every entry; of a sample, every kind of record."""
        if "\n  prove" not in c.run("--help")[0]:
            self.skipTest("tijori has no command prove")
        export(self.world, "out")
        places = []
        for index in range(size_of(self.world)):
            shown = json.loads(c.run("show", self.world.dir, "%d..%d" % (index, index), "--format",
                                     "jsonl")[0])
            records = bytes.fromhex(shown["raw"]["records"])
            places.append((str(index), None))
            places += [("%d:%d" % (index, at), records[at * v.RECORD_SIZE])
                       for at in range(len(records) // v.RECORD_SIZE)]
        for place, _kind in sampled(places, lambda place: place[1]):
            self.check_proof(place)

    def check_proof(self, place):
        path = os.path.join(self.world.at, "proof")
        c.run("prove", self.world.dir, place, "-o", path)
        with open(path, "rb") as source:
            data = source.read()
        os.remove(path)
        proof = second_proof.Proof(self.key)
        self.assertIsNone(v.first_refusal(proof.verify, data), place)


def audit(files, key=None):
    """The auditor's exit status and its report on an export."""
    files = with_document(files) if "FORMAT.md" in files else files
    done = subprocess.run(
        [c.AUDIT, "verify", e.FOLDER.become(files), "--log-key",
         key or e.log_signer(e.BASE).vkey, "--without-documents", "--public",
         "--findings-ok"],  # the ledger that rows start from has a statement that is false
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode()


def audited(files, policy_text, key=None):
    """The auditor's verdict on an export by a policy, in the words of section 14.4; None where it
    takes the policy for none. The ledger that rows start from has one finding of its own."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as policy:
        policy.write(policy_text)
        policy.flush()
        pins = ["--policy", policy.name] + (["--log-key", key] if key else [])
        done = subprocess.run(
            [c.AUDIT, "verify", e.FOLDER.become(files), *pins, "--without-documents", "--public",
             "--findings-ok"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    findings = re.search(r"^result .*\b(\d+) finding", text, re.MULTILINE)
    if done.returncode in (0, 3) and findings and int(findings[1]) > 1:
        return "findings", text
    return {0: "passed", 1: "failed", 3: "incomplete"}.get(done.returncode), text


def with_document(files):
    """The auditor knows its own."""
    with open(t.DOCUMENT, "rb") as source:
        return dict(files, **{"FORMAT.md": source.read()})


# The auditor's exit status where the second verifier refuses nothing.
UNREFUSED = {None: 0, "STRAY": 3}


class Folders(unittest.TestCase):
    """Exports made in Python: the auditor's verdict is that of the second verifier."""

    def test_good(self):
        sizes = (1, 255, 256, 257, 512, 513)
        for name, files in [("small", e.small()), ("public", e.small(public=True)),
                            ("large", e.export(e.LARGE, stale=sizes)),
                            ("large and public", e.export(e.LARGE, stale=sizes, public=True)),
                            ("just full", e.export(e.LARGE[:256])),
                            ("two just full", e.export(e.LARGE[:512]))]:
            with self.subTest(name):
                status, out = audit(files)
                self.assertEqual(status, 0, out)

    def test_refused(self):
        good = e.small()
        for rows in (e.FOLDER_ROWS, e.TILE_ROWS, e.CHECKPOINT_ROWS, e.RULE_ROWS):
            for name, expected, _entry, change in sampled(rows, lambda row: row[1]):
                with self.subTest(name):
                    files = dict(good)
                    change(files)
                    status, out = audit(files)
                    self.assertEqual(status, UNREFUSED.get(expected, 1), out)


class Policies(unittest.TestCase):
    """What pins and policies say of an export."""

    def check(self, files, verdict, text, key=None):
        found, out = audited(with_document(files), text, key)
        self.assertEqual(found, verdict, out)

    def test_verdicts(self):
        for name, verdict, cosigners, end, stored in e.POLICY_ROWS:
            with self.subTest(name):
                files = e.small(
                    cosigned=[e.cosigned(e.BASE, size, None, others) for size, others in stored],
                    newest=e.checkpoint(e.BASE, e.SIZE, cosigners=cosigners))
                self.check(files, verdict, e.policy_text(end), e.log_signer(e.BASE).vkey)

    def test_texts(self):
        """Of a policy that is one, the verdict does not matter."""
        for name, text, good in e.POLICY_TEXTS:
            with self.subTest(name):
                found, out = audited(with_document(e.small(cosigned=[])), text,
                                     e.log_signer(e.BASE).vkey)
                self.assertEqual(found is not None, good, out)

    def test_log_lines(self):
        for name, verdict, logs, number in e.LOG_LINES:
            with self.subTest(name):
                key = None if number is None else e.log_signer(e.BASE, number).vkey
                self.check(e.small(cosigned=[]), verdict,
                           e.policy_text(e.NOBODY, logs=logs, witnesses=[]), key)


# What the auditor says in words of its own, not by a status.
IN_WORDS = {"PLACE", "BODY_ROOT", "SIGNATURE", "SEQUENCE", "PREVIOUS_ID", "LEDGER_ID"}
BUNDLED_MAX = 65_535  # bytes of an entry in a bundle


def newest_log_key(raws):
    """Key 2 is added late in the ledger that rows start from, and stays."""
    added = any(t.add_log_key(2, t.LOG_KEYS[2]) in e.records_of(raw) for raw in raws)
    return e.log_signer(raws, 2 if added else 1)


class Rules(unittest.TestCase):
    """The rows of the second verifier's tables as exports: the auditor refuses the same entry
    by the same rule, and accepts what stands just inside."""

    def check(self, name, raws, status, public=False):
        signer = newest_log_key(raws)
        newest = e.checkpoint(raws, len(raws), [signer])
        files = e.export(raws, newest=newest, public=public)
        exit_status, out = audit(files, signer.vkey)
        if not status:
            self.assertEqual(exit_status, 0, out)
            return
        self.assertIn("\nfirst failure  entry %d\n" % (len(raws) - 1), "\n" + out)
        verdict = v.verdict_of(*e.verify(files, log_key=e.key_of(signer)))
        expected = {"failed": 1, "incomplete": 3}[verdict]
        self.assertEqual(exit_status, expected, out)
        if status not in IN_WORDS:
            self.assertRegex(out, r"\nwhat .*\b%s\b" % status)

    def check_row(self, name, status, make, **options):
        writer = copy.deepcopy(t.BASE)
        raw = make(writer)
        # Links and tails are not in an export.
        if status == "DERIVED" or not v.FIXED_SIZE < len(raw.entry) <= BUNDLED_MAX:
            return
        self.check(name, writer.raws + [raw], status, **options)

    def test_violations(self):
        for name, status, make in sampled(t.VIOLATIONS, lambda row: row[1]):
            with self.subTest(name):
                self.check_row(name, status, make)

    def test_boundaries(self):
        for name, make in sampled(t.BOUNDARIES, lambda row: row[0].split()[0]):
            with self.subTest(name):
                self.check_row(name, None, make)

    def test_hidden(self):
        for name, full, public, make in sampled(e.HIDDEN_ROWS, lambda row: row[1:3]):
            with self.subTest(name):
                self.check_row(name, full, make)
                self.check_row("public: " + name, public, make, public=True)

    def test_genesis(self):
        for name, status, records, fields in sampled(t.GENESIS_ROWS, lambda row: row[1]):
            with self.subTest(name):
                writer = t.Writer()
                self.check("genesis: " + name,
                           [writer.seal(t.genesis(writer, records, **fields))], status)

    def test_entry_1(self):
        writer = t.Writer()
        writer.commit(t.genesis(writer))
        for name, status, make in sampled(t.ENTRY_1_ROWS, lambda row: row[1]):
            with self.subTest(name):
                self.check(name, writer.raws + [writer.seal(make(writer))], status)


if __name__ == "__main__":
    unittest.main()
