#!/usr/bin/env python3
"""Details, from outside: written as people write them, shown before they are signed and after, named with their
record, proven with it, and left as they were when what is shown is proposed again.

    cli_details_test.py BUILD_DIR
"""

import datetime
import hashlib
import json
import os
import tempfile
import unittest

from cli_read_test import AUDIT, World, audit, run

TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
LONG = "Purchase of 27 October 2021"
MEMO = "Bought in three lots, of which the last was settled a day late. " * 3 + "\u00a7 7 \U0001fa99"
DETAILS = {"memo": MEMO.strip(), "transaction": {"txid": TXID, "output": 0},
           "price": {"total": "8857500.00", "currency": "USD", "source": "invoice 17"},
           "address": "bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs",
           "attachment_name": "contract of sale.txt", "media_type": "text/plain",
           "counterparty": "0000TIJORI0EXAMPLE35"}
MOVE = {"kind": "move", "purpose": "purchase", "from": "1:0", "to": "1:1", "amount": "150 BTC",
        "reference": LONG, "evidence": "file:contract.txt", "details": DETAILS}
WALLET = b"wpkh([d34db33f/84h/0h/0h]xpub.../0/*)\n"


class Details(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-details-")
        cls.at = cls.temporary.name
        cls.world = World(cls.at)
        cls.dir = cls.world.dir
        with open(cls.path("wallet.txt"), "wb") as file:
            file.write(WALLET)
        cls.envelope = cls.world.propose(1, [MOVE, {"kind": "move", "purpose": "purchase", "from": "1:0",
                                                    "to": "1:1", "amount": "1 BTC"}], ["t1", "t2"])
        cls.entry = cls.ingest(cls.envelope)
        opened = {"kind": "open_account", "account": "1:3", "class": "reserve", "asset": 1, "label": "Collateral",
                  "details": {"descriptor": "file:wallet.txt", "encumbrance": "pledged"}}
        cls.opening = cls.world.propose(1, [opened], ["t1", "t2"])
        cls.opened = cls.ingest(cls.opening)
        pending = {"kind": "pending", "purpose": "internal_transfer", "from": "1:1", "to": "1:3", "amount": "2 BTC",
                   "details": {"memo": "as collateral"}}
        cls.pending = cls.ingest(cls.world.propose(1, [pending], ["t1", "t2"]))
        post = {"kind": "post", "purpose": "internal_transfer", "from": "1:1", "to": "1:3", "amount": "2 BTC",
                "evidence": f"{cls.pending}:0"}
        cls.posted = cls.ingest(cls.world.propose(1, [post], ["t1", "t2"]))
        cls.world.sign(cls.dir)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.at, name)

    @classmethod
    def ingest(cls, envelope):
        return json.loads(run("ingest", cls.dir, envelope, "--format", "json")[0])["entry"]

    # ---- before it is signed, and after

    def test_a_signer_sees_them(self):
        text, _ = run("show", self.envelope, "--ledger", self.dir)
        for line in ("memo " + DETAILS["memo"], f"transaction txid {TXID}, output 0",
                     "price total 8857500.00, currency USD, source invoice 17", "address " + DETAILS["address"],
                     "counterparty 0000TIJORI0EXAMPLE35", "attachment_name contract of sale.txt",
                     "media_type text/plain"):
            self.assertIn(line + "\n", text)
        self.assertIn("reference " + LONG, text)
        self.assertIn("move: 2 records", text)
        self.assertNotIn("WARNING", text)
        shown = json.loads(run("show", self.envelope, "--format", "json")[0])[0]
        self.assertEqual([record["position"] for record in shown["records"]], [0, 11])
        self.assertEqual(shown["records"][0]["details"], DETAILS)
        self.assertEqual(shown["records"][0]["reference"], LONG)
        self.assertNotIn("details", shown["records"][1])

    def test_a_descriptor_is_warned_of(self):
        text, _ = run("show", self.opening, "--ledger", self.dir)
        self.assertRegex(text, "WARNING +a descriptor .* everybody sees all past and future addresses")
        self.assertIn("descriptor " + hashlib.sha256(WALLET).hexdigest(), text)
        self.assertIn("encumbrance pledged", text)

    def test_an_entry_shows_them(self):
        shown = json.loads(run("show", self.dir, self.entry, "--format", "json")[0])
        self.assertEqual([record["id"] for record in shown["records"]], [f"{self.entry}:0", f"{self.entry}:11"])
        self.assertEqual(shown["records"][0]["details"], DETAILS)
        text, _ = run("show", self.dir, f"{self.entry}:0")
        self.assertIn("group hash", text)
        self.assertEqual(text, run("show", self.dir, f"{self.entry}:5")[0], "a detail is shown with its record")
        self.assertNotIn("group hash", run("show", self.dir, f"{self.entry}:11")[0])

    def test_the_log_tells_them(self):
        text, _ = run("log", self.dir)
        self.assertIn(f'reference "{LONG}", memo "{DETAILS["memo"]}", transaction {TXID} output 0, price '
                      f'8857500.00 USD by "invoice 17", address {DETAILS["address"]}', text)
        self.assertIn(", pledged", text)
        lines = [line for line in text.splitlines() if line.startswith(f"{self.entry}:")]
        self.assertEqual([line.split()[0] for line in lines], [f"{self.entry}:0", f"{self.entry}:11"])
        self.assertIn("memo", run("log", self.dir, "--format", "csv")[0])

    def test_what_is_shown_can_be_proposed_again(self):
        """The same bytes come out: of the record, and of each detail."""
        shown = json.loads(run("show", self.dir, self.entry, "--format", "json")[0])
        known = {"kind", "purpose", "from", "to", "amount", "reference", "hash", "details"}
        records = [{name: value for name, value in record.items() if name in known} for record in shown["records"]]
        again = self.world.propose(1, records, ["t1", "t2"])
        with open(again, "rb") as file:
            bytes_again = file.read()
        records = bytes.fromhex(shown["raw"]["records"])
        self.assertEqual(bytes_again[176:176 + len(records)], records)

    def test_a_long_reference_is_a_reference_everywhere(self):
        self.assertIn(f",{LONG}\n", run("history", self.dir, "1:1", "--format", "csv")[0])
        waiting = "a movement that waits for its second signature"
        pending = {"kind": "pending", "purpose": "sale", "from": "1:1", "to": "1:0", "amount": "1 BTC",
                   "reference": waiting}
        world = World.copied(tempfile.mkdtemp(dir=self.at))
        world.ingest(1, [pending], ["t1", "t2"])
        self.assertIn(f'reference "{waiting}"', run("pending", world.dir)[0])
        self.assertIn(waiting, run("pending", world.dir, "--format", "csv")[0])

    # ---- named, audited, proven

    def test_a_post_holds_the_group_hash(self):
        pending = json.loads(run("show", self.dir, self.pending, "--format", "json")[0])["records"][0]
        post = json.loads(run("show", self.dir, self.posted, "--format", "json")[0])["records"][0]
        self.assertEqual(post["hash"], pending["group_hash"])
        self.assertNotEqual(post["hash"], pending["leaf_hash"])

    def test_an_audit_passes(self):
        out, _ = audit(self.dir, "--log-key", self.world.vkey)
        self.assertTrue(out.rstrip().endswith("PASS"), out)

    def prove(self, record, **more):
        path = self.path(record.replace(":", "-") + ".proof")
        if os.path.exists(path):
            os.unlink(path)
        _, err = run("prove", self.dir, record, "-o", path, **more)
        return path, err

    def test_a_proof_shows_them(self):
        path, _ = self.prove(f"{self.entry}:0")
        text, _ = run("check-proof", path, "--log-key", self.world.vkey, program=AUDIT)
        self.assertIn(f'memo "{DETAILS["memo"]}"', text)
        self.assertIn(f"transaction {TXID} output 0", text)
        proof = json.loads(run("check-proof", path, "--log-key", self.world.vkey, "--format", "json",
                               program=AUDIT)[0])
        self.assertEqual(proof["record"]["details"], DETAILS)
        path, _ = self.prove(f"{self.posted}:0")
        proof = json.loads(run("check-proof", path, "--log-key", self.world.vkey, "--format", "json",
                               program=AUDIT)[0])
        opened = [one for one in proof["rests_on"] if one.get("account") == "1:3"][0]
        self.assertEqual(opened["details"]["encumbrance"], "pledged")

    def test_a_detail_has_no_proof_of_its_own(self):
        for position in (1, 10):
            _, err = self.prove(f"{self.entry}:{position}", expect=None)
            self.assertIn(f"record {self.entry}:{position} is a detail", err)
            self.assertIn(f"ask for {self.entry}:0", err)
            self.assertFalse(os.path.exists(self.path(f"{self.entry}-{position}.proof")))

    def test_a_statement_says_what_is_encumbered(self):
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        made = json.loads(run("statement", self.dir, "--as-of", today)[0])
        self.assertEqual(made["assets"][0]["reserve"]["encumbered"],
                         [{"encumbrance": "pledged", "closing": "2.00000000"}])
        self.assertEqual({row["account"]: row.get("encumbrance") for row in made["accounts"]},
                         {"1:1": None, "1:2": None, "1:3": "pledged", "2:1": None})
        text = run("statement", self.dir, "--as-of", today, "--format", "csv")[0]
        self.assertRegex(text, r"encumbered,BTC,.*pledged,closing,,2\.00000000")

    # ---- many of them

    def test_a_record_is_not_cut_off_from_its_details(self):
        source, out = self.path("many.csv"), self.path("many.tje")
        line = "move,1:0,1:1,1 sat,purchase,,%s,\n"
        with open(source, "w", encoding="utf-8") as file:
            file.write("kind,from,to,amount,purpose,value_date,reference,evidence\n")
            file.write(line % "short")
            for n in range(4100):
                file.write(line % f"a reference of more than 16 bytes {n}")
        _, err = run("propose", self.dir, "--party", 1, source, "-o", out)
        self.assertIn("4101 records in 2 envelopes", err)
        shown = json.loads(run("show", out, "--format", "json")[0])
        self.assertEqual([len(one["records"]) for one in shown], [1 + 4094, 6])


if __name__ == "__main__":
    unittest.main(verbosity=2)
