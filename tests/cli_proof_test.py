#!/usr/bin/env python3
"""Proofs of entries and records, and signed receipts, from outside: made with tijori, checked with
tijori-audit; and that nothing else passes.

    cli_proof_test.py BUILD_DIR
"""

import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from cli_read_test import AUDIT, BUILD, World, run
from sample import sampled
from second_export_test import Signer, note
from second_verifier_test import LogSecret

BATCH = 333


def check(path, *args, **more):
    return run("check-proof", path, *args, program=AUDIT, **more)


def receipt_check(receipt, source, vkey, *args, **more):
    return run("check-receipt", receipt, source, "--log-key", vkey, *args, program=AUDIT, **more)


class FileSecret(LogSecret):
    """The Ed25519 key of a PEM file: the last 32 bytes of its PKCS#8."""

    def __init__(self, path):
        super().__init__("")
        with open(path, encoding="ascii") as file:
            body = "".join(line for line in file.read().split("\n") if "-----" not in line)
        self.expanded = hashlib.sha512(base64.b64decode(body)[-32:]).digest()
        self.scalar = (int.from_bytes(self.expanded[:32], "little") & (1 << 254) - 8) | 1 << 254


def verifier_key(path, origin):
    """Of an Ed25519 key file under any origin: the programs print none but a log's own."""
    public = bytes.fromhex(json.loads(run("key", "show", path, "--format", "json")[0])["public_key"])
    key_id = hashlib.sha256(origin.encode() + b"\n\1" + public).hexdigest()[:8]
    return f"{origin}+{key_id}+{base64.b64encode(bytes([1]) + public).decode()}"


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Unsigned(World):
    """Nothing is signed yet."""

    def sign(self, ledger):
        pass


def flipped(whole, at):
    changed = bytearray(whole)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


def structure(whole):
    """Where a text's lines and words begin and end: the bytes between, and those beside them."""
    edges = [at for at, byte in enumerate(whole) if byte in b"\n "] + [0, len(whole) - 1]
    return {at + beside for at in edges for beside in (-1, 0, 1) if 0 <= at + beside < len(whole)}


class Proofs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-proof-")
        cls.at = cls.temporary.name
        cls.world = Unsigned(cls.at)
        cls.dir = cls.world.dir
        cls.origin = json.loads(run("status", cls.dir, "--format", "json")[0])["origin"]
        cls.vkey = cls.world.vkey
        cls.vkey_file = os.path.join(cls.at, "log.vkey")
        with open(cls.vkey_file, "w", encoding="utf-8") as file:
            file.write(cls.vkey + "\n")
        moves = [{"kind": "move", "purpose": "internal_transfer", "from": "1:2", "to": "1:1",
                  "amount": f"{n + 1} sat"} for n in range(BATCH)]
        cls.early = cls.path("early")
        run("prove", cls.dir, "5:0", "-o", cls.early, expect=3)
        cls.batch = cls.ingest(1, moves, ["t1", "t2"])[0]
        cls.uncovered = cls.world.ingest(1, moves[:1], ["t1", "t2"])["entry"]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.at, name)

    @classmethod
    def ingest(cls, party, records, keys, *options, expect=0):
        """Receipts of one envelope, ingested with the log's key."""
        envelope = cls.world.propose(party, records, keys)
        out, _ = run("ingest", cls.dir, envelope, "--format", "json", "--log-key",
                     cls.world.key("log"), *options, expect=expect)
        return [json.loads(line) for line in out.splitlines()]

    def prove(self, what, *options):
        path = self.path(f"{what}{len(options)}.tlog-proof".replace(":", "-"))
        if os.path.exists(path):
            os.unlink(path)
        run("prove", self.dir, what, "-o", path, *options)
        return path

    def json(self, path, *args, **more):
        return json.loads(check(path, "--log-key", self.vkey, "--format", "json", *args,
                                **more)[0])

    # ---- what is proven

    def test_every_record_of_every_entry(self):
        for index in range(self.batch["entry"]):
            shown = json.loads(run("show", self.dir, index, "--format", "json")[0])
            proof = self.json(self.prove(str(index)))
            self.assertEqual(proof["result"], "PASS")
            self.assertEqual((proof["entry"]["leaf"], proof["entry"]["envelope_id"]),
                             (shown["leaf"], shown["envelope_id"]))
            self.assertNotIn("record", proof)
            signers = [s for s in shown["slots"] if s["use"] != "possession"]
            self.assertEqual([s["key"] for s in proof["signed"]], [s["key"] for s in signers])
            self.assertEqual([s["role"] for s in proof["signed"]], [s["role"] for s in signers])
            for record in sampled(shown["records"], lambda record: record["kind"]):
                proof = self.json(self.prove(record["id"]))
                self.assertEqual(proof["record"]["id"], record["id"])
                for member in ("kind", "amount", "from", "to", "account", "key", "name", "blind"):
                    self.assertEqual(proof["record"].get(member), record.get(member))

    def test_a_movement_in_words(self):
        record = f"{self.world.purchases}:1"
        proof = self.json(self.prove(record))
        kinds = [r["kind"] for r in proof["rests_on"]]
        self.assertEqual({k: kinds.count(k) for k in kinds},
                         {"add_key": 2, "register_party": 1, "open_account": 2, "open_asset": 1})
        text, err = check(self.prove(record), "--log-key", self.vkey_file)
        self.assertEqual(err, "")
        self.assertIn(
            f"Entry {self.world.purchases}, received {proof['entry']['received']}, record 1: "
            "party 1 (Reserve Office) moved 5.00000000 BTC from account 1:0 (market) to account "
            "1:1 (reserve) as purchase, value date 2024-03-02, reference \"two\", citing the "
            "document of SHA-256", text)
        for name, role in (("t1", "initiate"), ("t2", "approve")):
            fingerprint = self.world.public(name)["fingerprint"]
            self.assertRegex(text, f"Signed by party 1 \\(Reserve Office\\) with bip340 key "
                                   f"{fingerprint}, role {role} \\(registered by entry 2 record "
                                   f"[0-9]+, .key {name}.\\)")
        for line in ("none of these keys was revoked", "as the thresholds ask",
                     "no later record corrects or voids it", "no witnesses were asked for"):
            self.assertIn(line, text)
        self.assertTrue(text.endswith("\nPASS\n"))
        for sentence in proof["proves"] + proof["logs_word_only"]:
            self.assertIn("- " + sentence + "\n", text)

    def test_each_kind_in_words(self):
        settled, pending = self.world.settled, self.world.pending
        for record, words in ((f"{pending}:0", "announced, pending, 1.00000000 BTC from"),
                              (f"{settled}:0", "completed the pending movement of 1.00000000 BTC"),
                              (f"{settled}:1", "called off the pending movement of 2.00000000 BTC"),
                              (f"{settled}:2", "took back 3.00000000 BTC from account 1:1"),
                              (f"{settled}:2", f", of record {self.world.purchases}:0"),
                              ("2:0", "party 0 (Authority) gave the directive register_party:"),
                              ("2:0", "name \"Reserve Office\""),
                              ("0", "an envelope of"), ("0", "Nobody signs the genesis"),
                              (f"{settled}", "an envelope of 3 records by party 1 (Reserve Office)")):
            self.assertIn(words, check(self.prove(record), "--log-key", self.vkey)[0])

    def test_the_only_movement_shown_is_the_one_proven(self):
        proof = self.prove(f"{self.batch['entry']}:300")
        with open(proof, encoding="utf-8") as file:
            extra = base64.b64decode(file.read().splitlines()[1].split(" ")[1])
        for n in range(BATCH):
            amount = struct.pack("<QQQ", 1 << 32 | 2, 1 << 32 | 1, n + 1)  # from, to, amount
            self.assertEqual(amount in extra, n == 300)

    def test_a_record_of_a_large_batch(self):
        for n in (0, 255, 256, 300, BATCH - 1):
            proof = self.json(self.prove(f"{self.batch['entry']}:{n}"))
            self.assertEqual(proof["record"]["amount"], f"{(n + 1) / 1e8:.8f} BTC")
        run("prove", self.dir, f"{self.batch['entry']}:{BATCH}", "-o", self.path("x"), expect=66)

    def test_the_entry_is_the_leaf_of_a_general_proof(self):
        """RFC 9162 section 2.1.3.2 over what a verifier of C2SP tlog-proof has."""
        leaf_file = self.path("leaf")
        path = self.prove(f"{self.batch['entry']}:7", "--entry-bytes", leaf_file)
        with open(path, encoding="utf-8") as file:
            head, checkpoint = file.read().split("\n\n", 1)
        with open(leaf_file, "rb") as file:
            leaf = file.read()
        lines = head.split("\n")
        self.assertEqual(lines[0], "c2sp.org/tlog-proof@v1")
        self.assertEqual(lines[2], f"index {self.batch['entry']}")
        origin, size, root = checkpoint.split("\n")[:3]
        self.assertEqual(origin, self.origin)
        fn, sn, r = self.batch["entry"], int(size) - 1, hashlib.sha256(b"\0" + leaf).digest()
        for line in lines[3:]:
            p = base64.b64decode(line)
            self.assertGreater(sn, 0)
            if fn & 1 or fn == sn:
                r = node(p, r)
                while fn and not fn & 1:
                    fn, sn = fn >> 1, sn >> 1
            else:
                r = node(r, p)
            fn, sn = fn >> 1, sn >> 1
        self.assertEqual((sn, r), (0, base64.b64decode(root)))
        run("prove", self.dir, "3", "-o", self.path("y"), "--entry-bytes", leaf_file, expect=65)

    # ---- what is not

    def test_no_checkpoint_yet(self):
        self.assertFalse(os.path.exists(self.early))
        _, err = run("prove", self.dir, self.uncovered, "-o", self.path("z"), expect=3)
        self.assertIn(f"covers {self.uncovered} entries, not yet entry {self.uncovered}", err)
        self.assertIn(f"tijori checkpoint {self.dir} --log-key", err)
        self.assertFalse(os.path.exists(self.path("z")))
        run("prove", self.dir, self.uncovered + 1, "-o", self.path("z"), expect=66)
        run("prove", self.dir, "1:x", "-o", self.path("z"), expect=2)
        proof = self.prove("3")
        run("prove", self.dir, "3", "-o", proof, expect=65)  # not overwritten

    def test_without_the_log_key(self):
        text, _ = check(self.prove("5:0"), expect=3)
        self.assertIn("SKIP  the checkpoint's signature: no log key given (--log-key)\n", text)
        self.assertIn("What this proves, if the checkpoint is the log's:", text)
        self.assertTrue(text.endswith("\nINCOMPLETE\n"))
        shown = json.loads(check(self.prove("5:0"), "--format", "json", expect=3)[0])
        self.assertEqual((shown["result"], shown["checkpoint"]["signature"]),
                         ("INCOMPLETE", "SKIP"))

    def test_another_key(self):
        proof = self.prove("5:0")
        run("key", "new", self.path("other.pem"), "--type", "ed25519")
        other = verifier_key(self.path("other.pem"), self.origin)
        text, _ = check(proof, "--log-key", other, expect=1)
        self.assertEqual(text, "FAIL  checkpoint: not signed by the log's key\n")
        elsewhere = self.origin[:-1] + ("0" if self.origin[-1] != "0" else "1")
        moved = verifier_key(self.world.key("log"), elsewhere)
        text, _ = check(proof, "--log-key", moved, expect=1)
        self.assertEqual(text, "FAIL  checkpoint: of another log than the key's\n")
        self.assertEqual(json.loads(check(proof, "--log-key", other, "--format", "json",
                                          expect=1)[0])["result"], "FAIL")
        unnamed = verifier_key(self.world.key("log"), "x.example")
        check(proof, "--log-key", unnamed, expect=1)
        check(proof, "--log-key", "no+key", expect=2)
        check(proof, "--log-key", self.path("missing"), expect=2)
        check(self.path("missing"), "--log-key", self.vkey, expect=66)

    def test_bad_files(self):
        path = self.path("bad")
        proof = self.prove("5:0")
        with open(proof, "rb") as file:
            whole = file.read()
        lines = whole.split(b"\n")
        cases = [b"", b"hello\n", whole[:100], b"\n".join(lines[:1] + lines[2:]),
                 whole.replace(b"index 5\n", b"index 4\n"), whole + b"more\n",
                 whole.replace(b"extra ", b"extra AAAA")]
        for bad in cases:
            with open(path, "wb") as file:
                file.write(bad)
            out, err = check(path, "--log-key", self.vkey, expect=65)
            self.assertEqual(out, "")
            self.assertIn("bad: ", err)

    def test_policy(self):
        proof = self.prove("5:0")
        policy = self.path("policy")
        with open(policy, "w", encoding="utf-8") as file:
            file.write(f"log {self.vkey}\nquorum none\n")
        text, _ = check(proof, "--log-key", self.vkey, "--policy", policy)
        self.assertTrue(text.endswith("\nPASS\n"))
        self.assertEqual(check(proof, "--policy", policy)[0], text)  # its log line is a log key
        witness = b"\4" + base64.b64decode(self.vkey.split("+", 2)[2])[1:]
        name = "witness.example/w"
        key_id = hashlib.sha256(name.encode() + b"\n" + witness).digest()[:4].hex()
        with open(policy, "w", encoding="utf-8") as file:
            file.write(f"log {self.vkey}\nwitness W {name}+{key_id}+"
                       f"{base64.b64encode(witness).decode()}\nquorum W\n")
        text, _ = check(proof, "--log-key", self.vkey, "--policy", policy, expect=3)
        self.assertIn("SKIP  the policy's quorum: too few witnesses cosigned\n", text)
        with open(policy, "w", encoding="utf-8") as file:
            file.write("quorum\n")
        _, err = check(proof, "--log-key", self.vkey, "--policy", policy, expect=65)
        self.assertIn("policy, line 1", err)

    def test_every_flipped_byte(self):
        proof = self.prove("5:1")
        with open(proof, "rb") as file:
            whole = file.read()
        path = self.path("flipped")
        every, _ = run(proof, self.vkey, program=os.path.join(BUILD, "tests", "flip_proof"))
        self.assertEqual(len(every), len(whole))
        fail, malformed = every.count("f"), every.count("m")
        self.assertEqual(fail + malformed, len(whole), every)
        self.assertGreater(fail, len(whole) // 3)
        # The program says so as well, of some of them: each takes a process.
        places = list(sampled(sorted(structure(whole) | set(range(0, len(whole), 41))),
                              lambda at: (every[at], whole[at] in b"\n ")))
        for at in places:
            with open(path, "wb") as file:
                file.write(flipped(whole, at))
            done = subprocess.run([AUDIT, "check-proof", path, "--log-key", self.vkey],
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, {"f": 1, "m": 65}[every[at]], f"byte {at}: {done}")
        print(f"{len(whole)} flipped bytes: {fail} fail, {malformed} are malformed; "
              f"{len(places)} of them for the program", file=sys.stderr)

    def test_a_damaged_ledger_gives_no_proof(self):
        """A store whose leaf hashes do not go with its checkpoint any more."""
        damaged = self.path("damaged")
        os.mkdir(damaged)
        with open(os.path.join(self.dir, "data.mdb"), "rb") as file:
            data = file.read()
        entry = bytes.fromhex(json.loads(run("show", self.dir, self.world.purchases, "--format",
                                             "json")[0])["raw"]["entry"])
        body = bytes.fromhex(json.loads(run("show", self.dir, self.world.purchases, "--format",
                                            "json")[0])["raw"]["records"])
        for part, at, why in ((entry, len(entry) - 1, "the chain of hashes is broken"),
                              (body, 112 + 60, "was not written")):
            changed = bytearray(part)
            changed[at] ^= 1
            self.assertIn(part, data)
            with open(os.path.join(damaged, "data.mdb"), "wb") as file:
                file.write(data.replace(part, bytes(changed)))
            _, err = run("prove", damaged, f"{self.world.purchases}:1", "-o", self.path("no"),
                         expect=1)
            self.assertIn(why, err)
            self.assertFalse(os.path.exists(self.path("no")))

    # ---- receipts

    def test_receipts_carry_the_checkpoint(self):
        move = {"kind": "move", "purpose": "internal_transfer", "from": "1:1", "to": "1:2",
                "amount": "1 sat"}
        receipt, = self.ingest(1, [move], ["t1", "t2"])
        self.assertNotIn("receipt", receipt)
        origin, size = receipt["checkpoint"].split("\n")[:2]
        self.assertEqual((origin, int(size)), (self.origin, receipt["entry"] + 1))
        run("prove", self.dir, f"{receipt['entry']}:0", "-o", self.path("r"))
        plain = self.world.ingest(1, [move], ["t1", "t2"])
        self.assertNotIn("checkpoint", plain)
        envelope = self.world.propose(1, [move], ["t1", "t2"])
        text, _ = run("ingest", self.dir, envelope, "--log-key", self.world.key("log"))
        self.assertIn(f"  checkpoint {plain['entry'] + 2}\n", text)

    def test_signed_receipts(self):
        move = {"kind": "move", "purpose": "internal_transfer", "from": "1:1", "to": "1:2",
                "amount": "1 sat"}
        receipt, = self.ingest(1, [move], ["t1", "t2"], "--sign-receipts")
        lines = receipt["receipt"].split("\n")
        self.assertEqual(lines[:7], [
            "tijori/receipt/v1", self.origin, "envelope " + receipt["envelope_id"], "status OK",
            f"entry {receipt['entry']}", "leaf " + receipt["leaf"], lines[6]])
        self.assertRegex(lines[6], "^received [0-9]{19}$")
        size, root = receipt["checkpoint"].split("\n")[1:3]
        self.assertEqual(lines[7], f"head {size} {root}")
        refused, = self.ingest(1, [{**move, "amount": "20000000 BTC"}], ["t1", "t2"],
                               "--sign-receipts", expect=65)
        self.assertEqual(refused["status"], "BALANCE")
        lines = refused["receipt"].split("\n")
        self.assertEqual(lines[2:4], ["envelope " + refused["envelope_id"], "status BALANCE"])
        self.assertEqual(lines[4], "head %s %s" % tuple(refused["checkpoint"].split("\n")[1:3]))

    def test_options_of_ingest(self):
        log, empty = self.world.key("log"), self.path("empty")
        with open(empty, "wb"):
            pass
        for args, code in ((["--sign-receipts"], 2), (["--log-key", log, "--dry-run"], 2),
                           (["--log-key", log, "--sign-receipts"], 2),
                           (["--log-key", self.world.key("t1")], 65),
                           (["--log-key", self.path("missing")], 66)):
            run("ingest", self.dir, empty, *args, expect=code)
        run("key", "new", self.path("stranger.pem"), "--type", "ed25519")
        _, err = run("ingest", self.dir, empty, "--log-key", self.path("stranger.pem"), expect=65)
        self.assertIn("no such key", err)


MOVE = {"kind": "move", "purpose": "internal_transfer", "from": "1:1", "to": "1:2",
        "amount": "1 sat"}


class Receipts(unittest.TestCase):
    """What the log signed to a sender, against what it shows to everyone."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tijori-receipt-")
        self.addCleanup(folder.cleanup)
        self.at = folder.name
        self.world = World.copied(folder.name)
        self.dir, self.vkey = self.world.dir, self.world.vkey

    def path(self, name):
        return os.path.join(self.at, name)

    def ingest(self, ledger, envelope, name, expect=0):
        """The receipt, and the file its line is in."""
        out, _ = run("ingest", ledger, envelope, "--format", "json", "--log-key",
                     self.world.key("log"), "--sign-receipts", expect=expect)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(out)
        return json.loads(out), self.path(name)

    def send(self, name, record=MOVE, expect=0):
        return self.ingest(self.dir, self.propose(record), name, expect)

    def propose(self, record, *options, ledger=None):
        self.world.dir = ledger or self.dir
        self.last = self.world.propose(1, [record], ["t1", "t2"], *options)
        return self.last

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def export(self, name, ledger=None):
        run("checkpoint", ledger or self.dir, "--log-key", self.world.key("log"))
        run("export", ledger or self.dir, self.path(name))
        return self.path(name)

    def signed(self, name, lines):
        """A receipt that the log signed, of any content."""
        signer = Signer(FileSecret(self.world.key("log")), self.vkey.split("+")[0])
        self.assertEqual(signer.vkey, self.vkey)
        return self.write(name, note("".join(line + "\n" for line in lines).encode(), [signer]))

    # ---- a promise

    def test_a_kept_promise(self):
        receipt, line = self.send("kept")
        bare = self.write("kept.note", receipt["receipt"])
        for source in (self.dir, self.export("export")):
            for file in (line, bare):
                text, _ = receipt_check(file, source, self.vkey)
                self.assertEqual(text, f"PASS  entry {receipt['entry']} stands in the log as "
                                       f"promised, under the checkpoint over "
                                       f"{receipt['entry'] + 1} entries\n")
        shown = json.loads(receipt_check(line, self.path("export"), self.vkey, "--format",
                                         "json")[0])
        self.assertEqual((shown["result"], shown["status"], shown["entry"], shown["leaf"]),
                         ("PASS", "OK", receipt["entry"], receipt["leaf"]))
        again, file = self.ingest(self.dir, self.last, "again")
        self.assertEqual(again["status"], "ALREADY")
        receipt_check(file, self.dir, self.vkey)

    def test_not_due_and_missed(self):
        export = self.export("export")
        receipt, line = self.send("late")
        text, _ = receipt_check(line, export, self.vkey, expect=3)
        self.assertRegex(text, f"^INCOMPLETE  entry {receipt['entry']} is not yet under the "
                               f"checkpoint over {receipt['entry']} entries; .* due by ")
        due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600 + 60))
        text, _ = receipt_check(line, export, self.vkey, "--at", due, expect=1)
        self.assertIn("FAIL  missed deadline", text)
        self.assertIn("That is not proven: this may be an old export.", text)
        # A witness that saw the old checkpoint when the time was over.
        witness = Signer(LogSecret("witness"), "witness.example/w", 4, int(time.time()) + 3660)
        policy = self.write("policy", f"witness W {witness.vkey}\nquorum W\n")
        with open(os.path.join(export, "checkpoint"), encoding="utf-8") as file:
            checkpoint = file.read()
        lines = checkpoint.split("\n\n")[0] + "\n"
        self.write("export/checkpoint", checkpoint + witness.line(lines.encode()))
        text, _ = receipt_check(line, export, self.vkey, "--at", due, "--policy", policy, expect=1)
        self.assertIn("A witness still saw that one at ", text)
        text, _ = receipt_check(line, export, self.vkey, "--at", due, expect=1)
        self.assertIn("not proven", text)

    def test_a_fork(self):
        other = self.path("other")
        shutil.copytree(self.dir, other)
        receipt, line = self.send("here")
        there, _ = self.ingest(
            other, self.propose({**MOVE, "amount": "2 sat"}, ledger=other), "there")
        self.assertEqual(receipt["entry"], there["entry"])
        receipt_check(line, self.dir, self.vkey)
        for source in (other, self.export("export", other)):
            text, _ = receipt_check(line, source, self.vkey, expect=1)
            self.assertTrue(text.startswith(
                f"FAIL  the log was forked: another entry stands at index {receipt['entry']}, of "
                f"leaf hash {there['leaf']}\n"), text)
            self.assertIn(receipt["receipt"], text)
            self.assertIn(f"c2sp.org/tlog-proof@v1\nindex {receipt['entry']}\n", text)
        shown = json.loads(receipt_check(line, other, self.vkey, "--format", "json", expect=1)[0])
        self.assertEqual(shown["receipt"], receipt["receipt"])
        self.assertIn(there["checkpoint"].split("\n")[2], shown["contrary"])
        # A refusal at that head forks it as well.
        refused, line = self.send("refused", {**MOVE, "amount": "9 BTC"}, expect=65)
        text, _ = receipt_check(line, other, self.vkey, expect=1)
        self.assertIn("the log was forked: its first", text)
        self.assertIn(refused["receipt"], text)
        self.assertIn(there["checkpoint"].split("\n")[2], text)

    def test_a_receipt_that_contradicts_itself(self):
        receipt, _ = self.send("kept")
        lines = receipt["receipt"].split("\n\n")[0].split("\n")
        receipt_check(self.signed("same", lines), self.dir, self.vkey)
        for at, line in ((2, "envelope " + "ab" * 32), (6, "received 1700000000000000000")):
            changed = lines[:at] + [line] + lines[at + 1:]
            text, _ = receipt_check(self.signed("changed", changed), self.dir, self.vkey, expect=1)
            self.assertIn("contradicts itself", text)

    def test_what_no_log_signs(self):
        """An entry that the receipt's own head does not reach, and a status that decides nothing."""
        receipt, _ = self.send("kept")
        lines = receipt["receipt"].split("\n\n")[0].split("\n")
        for size in (0, receipt["entry"]):
            changed = lines[:-1] + [f"head {size} {lines[-1].split()[2]}"]
            text, _ = receipt_check(self.signed("short", changed), self.dir, self.vkey, expect=1)
            self.assertIn("does not reach to its entry", text)
        for status in ("FAILED", "IO", "MEMORY", "NOT_FOUND", "CORRUPT", "READ_ONLY", "NO_ED25519"):
            changed = lines[:3] + ["status " + status] + lines[-1:]
            with self.subTest(status=status):
                text, _ = receipt_check(self.signed("status", changed), self.dir, self.vkey,
                                        expect=1)
                self.assertIn("nothing was decided", text)

    def test_a_head_that_is_not_shown(self):
        """The log that is shown may be another one from its end on: that is not known."""
        receipt, _ = self.send("kept")
        export = self.export("export")
        lines = receipt["receipt"].split("\n\n")[0].split("\n")
        later, _ = self.send("later")
        head = later["receipt"].split("\n\n")[0].split("\n")[-1]
        # Of the entry that is shown, of the head that is not.
        kept = self.signed("ahead", lines[:-1] + [head])
        text, _ = receipt_check(kept, export, self.vkey, expect=3)
        self.assertRegex(text, f"^INCOMPLETE .* log had {later['entry'] + 1} entries")
        receipt_check(kept, self.dir, self.vkey)
        refused, line = self.send("refused", {**MOVE, "amount": "9 BTC"}, expect=65)
        self.assertEqual(refused["status"], "BALANCE")
        receipt_check(line, export, self.vkey, expect=3)
        receipt_check(line, self.dir, self.vkey)

    def test_without_ed25519(self):
        """An OpenSSL without its default provider says nothing about a log."""
        receipt, line = self.send("kept")
        export = self.export("export")
        run("prove", self.dir, f"{receipt['entry']}:0", "-o", self.path("proof"))
        conf = self.write("openssl.cnf", "openssl_conf = all\n[all]\nproviders = list\n[list]\n"
                                         "base = base\n[base]\nactivate = 1\n")
        for args in (("verify", export), ("verify", self.dir), ("check-proof", self.path("proof")),
                     ("check-receipt", line, export)):
            done = subprocess.run([AUDIT, *args, "--log-key", self.vkey], capture_output=True,
                                  env=dict(os.environ, OPENSSL_CONF=conf))
            with self.subTest(command=args[0]):
                self.assertEqual(done.returncode, 74, done)
                if args[0] == "verify":  # its report says what it could not read, and no verdict
                    self.assertIn(b"nothing is concluded", done.stdout)
                else:
                    self.assertEqual(done.stdout, b"")
                self.assertIn(b"offers no Ed25519", done.stderr)

    # ---- a refusal

    def stream(self):
        """Sequence 2 of a lane, sequence 1, sequence 2 again; the receipts, and the file of the
        first."""
        first = self.propose(MOVE, "--lane", 7)
        out, _ = run("ingest", self.dir, first, "--dry-run", "--format", "json")
        second = self.path("second.tje")
        records = self.write("second.jsonl", json.dumps(MOVE))
        run("propose", "--genesis", self.path("genesis.json"), "--party", 1, "--lane", 7,
            "--sequence", 2, "--previous", json.loads(out)["envelope_id"], records, "-o", second)
        run("sign", second, "--key", self.world.key("t1"), self.world.key("t2"))
        out, _ = run("ingest", self.dir, second, first, second, "--format", "json", "--log-key",
                     self.world.key("log"), "--sign-receipts", expect=65)
        lines = out.splitlines()
        return [json.loads(line) for line in lines], self.write("early", lines[0])

    def test_a_refusal(self):
        refused, line = self.send("refused", {**MOVE, "amount": "9 BTC"}, expect=65)
        self.assertEqual(refused["status"], "BALANCE")
        envelope = self.last
        export = self.export("export")
        text, _ = receipt_check(line, export, self.vkey)
        size = self.world.customer + 1
        self.assertEqual(text, f"PASS  the log refused the envelope (BALANCE), and it is not among "
                               f"the {size} entries\n")
        # The sender funds the account and submits the same envelope again.
        funding = {"kind": "move", "purpose": "purchase", "from": "1:0", "to": "1:1",
                   "amount": "9 BTC"}
        run("ingest", self.dir, self.propose(funding, "--lane", 2))
        accepted, _ = self.ingest(self.dir, envelope, "accepted")
        text, _ = receipt_check(line, self.dir, self.vkey)
        self.assertEqual(text, f"PASS  the log refused the envelope (BALANCE) when it had {size} "
                               f"entries; submitted again, it became entry {accepted['entry']}\n")
        # Three of one stream: refused, then what it lacked, then accepted. The refusal does not say
        # that the log had by then what came after.
        out, early = self.stream()
        self.assertEqual([r["status"] for r in out], ["SEQUENCE", "OK", "OK"])
        self.assertEqual(out[0]["envelope_id"], out[2]["envelope_id"])
        sizes = [int(r["receipt"].split("\n")[-4].split(" ")[1]) for r in out]
        self.assertEqual(sizes, [out[1]["entry"], out[1]["entry"] + 1, out[2]["entry"] + 1])
        text, _ = receipt_check(early, self.dir, self.vkey)
        self.assertIn(f"it became entry {out[2]['entry']}\n", text)
        # A log that refuses what it has.
        head = accepted["receipt"].split("\n")[7]
        lying = self.signed("lying", refused["receipt"].split("\n")[:4] + [head])
        text, _ = receipt_check(lying, self.dir, self.vkey, expect=1)
        self.assertIn(f"and it is entry {accepted['entry']} of them", text)

    # ---- what is no receipt of this log

    def test_not_a_receipt_of_this_log(self):
        receipt, line = self.send("kept")
        export = self.export("export")
        run("key", "new", self.path("other.pem"), "--type", "ed25519")
        other = verifier_key(self.path("other.pem"), self.vkey.split("+")[0])
        text, _ = receipt_check(line, export, other, expect=1)
        self.assertEqual(text, "FAIL  the receipt is not signed by --log-key, or of another log\n")
        elsewhere = verifier_key(self.world.key("log"), "x.example/" + "0" * 64)
        receipt_check(line, export, elsewhere, expect=1)
        for bad in (b"", b"{", b"{}", b"[]", b'{"receipt": 1}', b'{"receipt": "x"}',
                    (receipt["receipt"] * 2).encode(), receipt["checkpoint"].encode()):
            receipt_check(self.write("bad", bad), export, self.vkey, expect=65)
        whole = receipt["receipt"].encode()
        for at in sampled(range(0, len(whole), 7)):
            flipped = bytearray(whole)
            flipped[at] ^= 1 << at % 8
            done = subprocess.run([AUDIT, "check-receipt", self.write("bad", bytes(flipped)), export,
                                   "--log-key", self.vkey], capture_output=True, check=False)
            self.assertIn(done.returncode, (1, 65), f"byte {at}")
        run("check-receipt", line, export, program=AUDIT, expect=2)
        receipt_check(line, self.path("missing"), self.vkey, expect=66)
        receipt_check(line, export, self.vkey, "--at", "noon", expect=2)

    def test_a_log_that_is_not_signed(self):
        world = Unsigned(tempfile.mkdtemp(dir=self.at))
        _, line = self.send("kept")
        text, _ = receipt_check(line, world.dir, self.vkey, expect=3)
        self.assertIn("has no checkpoint that --log-key signed", text)

    def test_a_damaged_export(self):
        receipt, line = self.send("kept")
        export = self.export("export")
        bundle = os.path.join(export, f"tile/entries/000.p/{receipt['entry'] + 1}")
        with open(bundle, "rb") as file:
            data = file.read()
        self.write("export/" + os.path.relpath(bundle, export), data[:-1] + bytes([data[-1] ^ 1]))
        text, _ = receipt_check(line, export, self.vkey, expect=1)
        self.assertIn("is damaged: entry", text)


if __name__ == "__main__":
    unittest.main()
