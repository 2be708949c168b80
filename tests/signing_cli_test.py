#!/usr/bin/env python3
"""What a signer sees and signs, from outside: envelopes shown in words, the question on the terminal, what
is refused before a signature is added, what a signer has seen before, and signatures joined and taken off.

    signing_cli_test.py BUILD_DIR
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import unittest

from cli_read_test import DOCUMENT, EVIL, TIJORI, World, run

USAGE, INCOMPLETE, DATA, NO_INPUT, IO, TRY_AGAIN, DENIED, CONFIG = 2, 3, 65, 66, 74, 75, 77, 78
HEADER = 176
RECORD = 112
TODAY = time.strftime("%Y-%m-%d", time.gmtime())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, (bytes, bytearray)) else data.encode())
    return path


def move(amount, purpose="internal_transfer", way=("1:1", "1:2"), **more):
    return {"kind": "move", "purpose": purpose, "from": way[0], "to": way[1], "amount": amount, **more}


class Signer(unittest.TestCase):
    """Each test with a fresh copy of the ledger, and a folder of its own."""

    def setUp(self):
        self.at = tempfile.mkdtemp(prefix="tijori-signing-")
        self.addCleanup(shutil.rmtree, self.at)
        self.world = World.copied(self.at)
        self.dir = self.world.dir
        os.environ["XDG_STATE_HOME"] = self.path("state")

    def path(self, name):
        return os.path.join(self.at, name)

    def key(self, name):
        return self.world.key(name)

    def propose(self, records, *options, party=1, name="e.tje"):
        """The path of an envelope that nobody has signed."""
        source = write(self.path("records.jsonl"), "".join(json.dumps(r) + "\n" for r in records))
        if os.path.exists(self.path(name)):
            os.remove(self.path(name))
        run("propose", self.dir, "--party", party, source, "-o", self.path(name), *options)
        return self.path(name)

    def sign(self, path, *keys, options=(), **more):
        return run("sign", path, "--key", *map(self.key, keys), *options, **more)

    def shown(self, path, *options, **more):
        return run("show", path, "--ledger", self.dir, *options, **more)[0]

    def json(self, path, *options):
        return json.loads(run("show", path, "--format", "json", *options)[0])


class Show(Signer):
    def test_in_words(self):
        write(self.path("contract.txt"), DOCUMENT)
        path = self.propose([move("1.5 BTC", "purchase", ("1:0", "1:2"), value_date="2026-01-15",
                                  reference="mine", evidence="file:contract.txt"), move("2 BTC"), move("1 BTC")])
        for text in (self.shown(path), run("show", "-", "--ledger", self.dir, stdin=read(path))[0]):
            for part in (
                    ": envelope 1\n", "  party        1 (Reserve Office), lane 1, sequence 6, public\n",
                    ", expires 20", f"  knew         entry {self.world.customer}, leaf ",
                    "  that is      as in the ledger at hand\n",
                    'record 0     move: purpose purchase, from 1:0 (Reserve Office, "Market"), to 1:2 (Reserve '
                    'Office, "=1+1"), amount 1.50000000 BTC, value_date 2026-01-15, reference mine',
                    "in all       move: 1 record, 1.50000000 BTC as purchase\n",
                    "in all       move: 2 records, 3.00000000 BTC as internal_transfer\n",
                    f"attachment   SHA-256 {hashlib.sha256(DOCUMENT).hexdigest()}, {len(DOCUMENT)} bytes\n",
                    "signatures   0 of 2 signatures\n", "looked up    in the ledger at hand\n"):
                self.assertIn(part, text)
            self.assertNotIn("\u202e", text)  # a label of this ledger turns the direction of writing
            self.assertIn("\\u{202e}=cmd", text)
        self.sign(path, "t1", "t2")
        self.assertIn("2 of 2 signatures: complete", self.shown(path))
        self.assertEqual(len(re.findall(r"  sign         party 1 \(Reserve Office\)  bip340 key \w{16}, ",
                                        self.shown(path))), 2)

    def test_without_a_ledger(self):
        path = self.propose([move("1.5 BTC", "purchase", ("1:0", "1:2"))])
        text, _ = run("show", path)
        for part in ("party        1, lane 1", "from 1:0, to 1:2, amount_base 150000000",
                     "looked up    nothing: numbers stand alone", "threshold not known without --ledger"):
            self.assertIn(part, text)
        self.assertNotIn("Reserve Office", text)
        self.assertNotIn("not registered", text)
        with_genesis, _ = run("show", path, "--genesis", self.path("genesis.json"))
        self.assertIn("looked up    in the genesis alone", with_genesis)

    def test_json(self):
        path = self.propose([move("1.5 BTC", "purchase", ("1:0", "1:2"))])
        self.sign(path, "t1")
        [envelope] = self.json(path, "--ledger", self.dir)
        record = envelope["records"][0]
        self.assertEqual((record["from_name"], record["from_label"], record["amount"], record["position"]),
                         ("Reserve Office", "Market", "1.50000000 BTC", 0))
        self.assertEqual((envelope["ready"], envelope["expired"], envelope["rules"]), (False, False, []))
        self.assertEqual(envelope["totals"], [{"kind": "move", "records": 1, "purpose": "purchase",
                                               "amount": "1.50000000 BTC"}])
        self.assertEqual(self.json(self.path("1.tje"), "--ledger", self.dir)[0]["header"]["party"], 0)
        [bare] = self.json(path)
        self.assertEqual((bare["records"][0]["amount_base"], bare["rules"]), (150000000, None))
        self.assertNotIn("from_name", bare["records"][0])
        # Entries are printed by the same printer, and have the same members.
        entry = json.loads(run("show", self.dir, self.world.transfer, "--format", "json")[0])
        self.assertEqual(entry["records"][0]["from_name"], "Reserve Office")

    def test_several(self):
        one, two = self.propose([move("1 BTC")]), self.propose([move("2 BTC")], party=1, name="f.tje")
        both = write(self.path("both.tje"), read(one) + read(two))
        text = self.shown(both)
        self.assertTrue("both.tje: envelope 1\n" in text and "both.tje: envelope 2\n" in text)
        lines = run("show", both, "--format", "jsonl")[0].splitlines()
        self.assertEqual([json.loads(line)["envelope"] for line in lines], [1, 2])
        out, err = run("show", write(both, read(one) + read(two)[:-1]), expect=DATA)
        self.assertIn("both.tje: envelope 2: TRUNCATED", err)
        self.assertIn("both.tje: envelope 1\n", out)
        broken = bytearray(read(one) + read(two))
        broken[len(read(one)) + HEADER + 2] = 99
        _, err = run("show", write(both, broken), expect=DATA)
        self.assertIn("both.tje: envelope 2: record 0, purpose: VALUE", err)

    def test_rules_that_are_met(self):
        """Those that look at a movement of the envelope, and no others."""
        self.world.ingest(0, [
            {"kind": "set_tier", "rule": 0, "party": 1, "asset": 1, "above": "5 BTC", "approvals": 1},
            {"kind": "set_limit", "rule": 1, "type": "outflow", "holder": "1:1", "asset": 1, "window_s": 86400,
             "amount": "10 BTC"},
            {"kind": "set_limit", "rule": 2, "type": "purposes", "holder": "1:2", "directions": "in",
             "purposes": ["internal_transfer"]},
            {"kind": "set_limit", "rule": 3, "type": "balance", "holder": "1:2", "asset": 1, "amount": "9 BTC"},
            {"kind": "programme", "rule": 4, "type": "ceiling", "mode": "report", "asset": 1,
             "purposes": ["purchase"], "starts": TODAY, "ends": "2099-12-31", "amount": "0 BTC",
             "name": "None"},
            {"kind": "programme", "rule": 5, "type": "minimum", "mode": "enforce", "asset": 1,
             "starts": TODAY, "ends": "2099-12-31", "amount": "1 BTC", "name": "Backing"},
        ], ["a"])

        def met(*records):
            return [rule["rule"] for rule in self.json(self.propose(records), "--ledger", self.dir)[0]["rules"]]
        self.assertEqual(met(move("1 BTC")), [1, 2, 3])
        self.assertEqual(met(move("6 BTC")), [0, 1, 2, 3])
        self.assertEqual(met(move("1 BTC", way=("1:2", "1:1"))), [])
        self.assertEqual(met(move("1 BTC", "purchase", ("1:0", "1:1"))), [4])
        self.assertEqual(met(move("1 BTC", "purchase", ("1:0", "1:1")), move("1 BTC")), [1, 2, 3, 4])
        self.assertEqual(met(move("1 BTC", "sale", ("1:1", "1:0"))), [1, 5])
        self.assertEqual(met({**move("6 BTC", "sale", ("1:1", "1:0")), "kind": "pending"}), [0, 1, 5])
        text = self.shown(self.propose([move("6 BTC")]))
        self.assertIn("rule 0       more than 5 BTC of party 1 wants 1 approval\n", text)
        self.assertIn("rule 3       account 1:2 may hold at most 9 BTC\n", text)

    def test_what_is_no_envelope_of_this_ledger(self):
        path = self.propose([move("1 BTC")])
        other = os.path.join(tempfile.mkdtemp(dir=self.at), "ledger")
        run("genesis", "--origin", "o.example", "--authority", self.key("a"), "--threshold", 1, "--log-key",
            self.key("log"), "-o", self.path("o.json"))
        run("init", other, "--genesis", self.path("o.json"), "--key", self.key("a"))
        _, err = run("show", path, "--ledger", other, expect=DATA)
        self.assertIn("e.tje: envelope 1, ledger_id: it is for ledger", err)
        run("show", path, "--genesis", self.path("o.json"), expect=DATA)
        for arguments, code, says in (
                ((self.dir,), USAGE, "say which ENTRY"), ((path, "5"), USAGE, "leave '5' out"),
                ((self.dir, "1", "--ledger", self.dir), USAGE, "go with a FILE"),
                ((self.path("none.tje"),), NO_INPUT, "none.tje"), ((self.path("none"), "1"), NO_INPUT, "none"),
                ((write(self.path("empty"), ""),), DATA, "holds no envelope"),
                ((write(self.path("text"), "kind,from"),), DATA, "envelope 1: MAGIC"),
                ((path, "--ledger", self.path("none")), NO_INPUT, "none")):
            with self.subTest(arguments=arguments):
                self.assertIn(says, run("show", *arguments, expect=code)[1])

    def test_more_than_fits_a_screen(self):
        path = self.propose([move("1 sat")] * 25)
        self.assertEqual(self.shown(path).count("  record "), 25)


if __name__ == "__main__":
    unittest.main()
