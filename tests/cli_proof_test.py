#!/usr/bin/env python3
"""Proofs of entries and records, and signed receipts, from outside: made with tijori, checked with
tijori-audit; and that nothing else passes.

    cli_proof_test.py BUILD_DIR
"""

import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

from cli_read_test import AUDIT, World, run

BATCH = 333


def check(path, *args, **more):
    return run("check-proof", path, *args, program=AUDIT, **more)


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Unsigned(World):
    """Nothing is signed yet."""

    def sign(self, ledger):
        pass


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
            for record in shown["records"]:
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
        self.assertIn("SKIP  the checkpoint's signature: no --log-key given\n", text)
        self.assertIn("What this proves, if the checkpoint is the log's:", text)
        self.assertTrue(text.endswith("\nINCOMPLETE\n"))
        shown = json.loads(check(self.prove("5:0"), "--format", "json", expect=3)[0])
        self.assertEqual((shown["result"], shown["checkpoint"]["signature"]),
                         ("INCOMPLETE", "SKIP"))

    def test_another_key(self):
        proof = self.prove("5:0")
        run("key", "new", self.path("other.pem"), "--type", "ed25519")
        other = json.loads(run("key", "show", self.path("other.pem"), "--origin", self.origin,
                               "--format", "json")[0])["verifier_key"]
        text, _ = check(proof, "--log-key", other, expect=1)
        self.assertEqual(text, "FAIL  checkpoint: not signed by --log-key\n")
        elsewhere = self.origin[:-1] + ("0" if self.origin[-1] != "0" else "1")
        moved = json.loads(run("key", "show", self.world.key("log"), "--origin", elsewhere,
                               "--format", "json")[0])["verifier_key"]
        text, _ = check(proof, "--log-key", moved, expect=1)
        self.assertEqual(text, "FAIL  checkpoint: of another log than --log-key names\n")
        self.assertEqual(json.loads(check(proof, "--log-key", other, "--format", "json",
                                          expect=1)[0])["result"], "FAIL")
        unnamed = json.loads(run("key", "show", self.world.key("log"), "--origin", "x.example",
                                 "--format", "json")[0])["verifier_key"]
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
        codes = {1: 0, 65: 0}
        for at in range(len(whole)):
            flipped = bytearray(whole)
            flipped[at] ^= 1 << at % 8
            with open(path, "wb") as file:
                file.write(flipped)
            done = subprocess.run([AUDIT, "check-proof", path, "--log-key", self.vkey],
                                  capture_output=True, check=False)
            self.assertIn(done.returncode, codes, f"byte {at}: {done}")
            codes[done.returncode] += 1
        print(f"{len(whole)} flipped bytes: {codes[1]} fail, {codes[65]} are malformed",
              file=sys.stderr)
        self.assertGreater(codes[1], len(whole) // 2)

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
        for part, at in ((entry, len(entry) - 1), (body, 112 + 60)):
            changed = bytearray(part)
            changed[at] ^= 1
            self.assertIn(part, data)
            with open(os.path.join(damaged, "data.mdb"), "wb") as file:
                file.write(data.replace(part, bytes(changed)))
            _, err = run("prove", damaged, f"{self.world.purchases}:1", "-o", self.path("no"),
                         expect=1)
            self.assertIn("was not written", err)
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


if __name__ == "__main__":
    unittest.main()
