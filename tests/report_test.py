#!/usr/bin/env python3
"""The report of tijori-audit verify: one description, three forms. A small log whose name and
witnesses are hostile text is audited whole, by periods, without its restricted bodies, and damaged;
the text and the HTML page must say what the JSON says, and the figures must add up.

    report_test.py BUILD_DIR
"""

import base64
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
TIJORI = os.path.join(BUILD, "tijori")
AUDIT = os.path.join(BUILD, "tijori-audit")
NAME = "<script>x</script>\"'&lt;</style>\\"  # ends an element, a string, a style; looks escaped
REPLAYS = "<b>\"wit'&/replayed"
WATCHES = "watches.example/<i>"
FORMS = ("text", "json", "html")
VOID = {"meta"}  # elements without an end tag
# What only machines read: forms of what stands in the page in another way.
MACHINE = re.compile(r"(_base|exit|decimals|number|entry|entries|log_key|log_key_pinned|origin|check"
                     r"|newer_software_needed)$")


def run(*args, program=TIJORI, expect=0):
    done = subprocess.run([program, *map(str, args)], capture_output=True)
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, args))}: exit {done.returncode}, not {expect}\n"
                             f"{out}\n{err}")
    return out


def audit(*args, form="json", expect=0):
    out = run("verify", *args, "--format", form, program=AUDIT, expect=expect)
    return json.loads(out) if form == "json" else out


def shown(value):
    """As text and HTML show a string: control characters and backslashes made harmless."""
    return str(value).replace("\\", "\\\\")


class Page(html.parser.HTMLParser):
    """What a page says, section by section; asserts on the way that its tags are balanced."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.sections = {}  # title -> {"facts": [(label, text)], "tables": {caption: rows}, "lines"}
        self.words = []
        self.text = ""
        self.feed(source)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        attributes = dict(attrs)
        self.text = ""
        if tag == "table":
            self.rows = []
            self.facts = attributes.get("class") == "facts"
            self.caption = attributes.get("aria-label")
        elif tag == "tr":
            self.cells = []

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open}"
        self.open.pop()
        if tag == "h2":
            self.section = self.sections[self.text] = {"facts": [], "tables": {}, "lines": []}
        elif tag == "caption":
            self.caption = self.text
        elif tag in ("th", "td"):
            self.cells.append(self.text)
        elif tag == "tr":
            self.rows.append(self.cells)
        elif tag == "li":
            self.section["lines"].append(self.text)
        elif tag == "table" and self.facts:
            self.section["facts"] = self.rows
        elif tag == "table":
            self.section["tables"][self.caption] = self.rows

    def handle_data(self, data):
        self.text += data
        if "style" not in self.open:
            self.words.append(data)


class World:
    """A log of two assets: authority (1 key), treasury 1 (1 key), custodian 2 (1 key)."""

    def __init__(self, at):
        self.at = at
        os.makedirs(at, exist_ok=True)
        self.ledger = os.path.join(at, "ledger")
        self.count = 0
        for name, kind in (("a", "ecdsa"), ("t", "bip340"), ("c", "ecdsa"), ("log", "ed25519"),
                           ("replays", "ed25519"), ("watches", "ed25519")):
            run("key", "new", self.key(name), "--type", kind)
        genesis = os.path.join(at, "genesis.json")
        run("genesis", "--origin", NAME, "--network", "regtest", "--authority", self.key("a"),
            "--threshold", 1, "--log-key", self.key("log"), "-o", genesis)
        run("init", self.ledger, "--genesis", genesis, "--key", self.key("a"))
        self.id = json.loads(run("status", self.ledger, "--format", "json"))["ledger_id"]
        self.origin = f"{NAME}/{self.id}"
        self.vkey = run("key", "show", self.key("log"), "--ledger", self.ledger).split()[-1]
        self.submit(0, [
            {"kind": "open_asset", "asset": 2, "code": "GOLD", "decimals": 3, "name": "Gold <b>",
             "amount_max": 10**9},
            {"kind": "register_party", "party": 1, "type": "treasury", "name": "<b>Reserve"},
            self.add_key(1, "t"),
            {"kind": "set_threshold", "party": 1, "domain": "move", "threshold": 1},
            {"kind": "grant_classes", "party": 1, "classes": ["reserve", "market"]},
            {"kind": "register_party", "party": 2, "type": "custodian", "name": "Bank"},
            self.add_key(2, "c"),
            {"kind": "set_threshold", "party": 2, "domain": "move", "threshold": 1},
            {"kind": "grant_classes", "party": 2, "classes": ["custody", "external"]},
        ], "a", "t", "c")
        self.submit(1, [{"kind": "open_account", "account": f"1:{n}", "class": kind, "asset": asset}
                        for n, (kind, asset) in enumerate((
                            ("market", 1), ("reserve", 1), ("reserve", 1), ("market", 2),
                            ("reserve", 2)))], "t")
        self.submit(2, [
            {"kind": "open_account", "account": "2:0", "class": "external", "asset": 1},
            {"kind": "open_account", "account": "2:1", "class": "custody", "asset": 1}], "c")
        self.move(1, "purchase", "1:0", "1:1", "10 BTC", "t")
        self.move(1, "internal_transfer", "1:1", "1:2", "4.00000001 BTC", "t")
        self.move(1, "purchase", "1:3", "1:4", "2.500 GOLD", "t")
        self.restricted = self.move(2, "customer_deposit", "2:0", "2:1", "123 sat", "c",
                                    "--restricted")

    def key(self, name):
        return os.path.join(self.at, name + ".pem")

    def public(self, name):
        return json.loads(run("key", "show", self.key(name), "--format", "json"))

    def add_key(self, party, name):
        key = self.public(name)
        return {"kind": "add_key", "party": party, "ordinal": 0, "role": "initiate",
                "algorithm": key["type"], "key": key["public_key"], "label": name}

    def submit(self, party, records, *keys, options=()):
        self.count += 1
        source = os.path.join(self.at, f"{self.count}.jsonl")
        envelope = os.path.join(self.at, f"{self.count}.tje")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
        run("propose", self.ledger, "--party", party, source, "-o", envelope, *options)
        run("sign", envelope, "--key", *map(self.key, keys), "--ledger", self.ledger)
        return json.loads(run("ingest", self.ledger, envelope, "--format", "json"))["entry"]

    def move(self, party, purpose, source, to, amount, key, *options):
        return self.submit(party, [{"kind": "move", "purpose": purpose, "from": source, "to": to,
                                    "amount": amount}], key, options=options)

    def export(self, name, *options):
        """The log as it is, under a checkpoint, as a folder."""
        folder = os.path.join(self.at, name)
        run("checkpoint", self.ledger, "--log-key", self.key("log"))
        run("export", self.ledger, folder, *options)
        return folder

    def witness(self, name, holder):
        """The verifier key of a cosigner, C2SP tlog-cosignature."""
        key = b"\x04" + bytes.fromhex(self.public(name)["public_key"])
        number = hashlib.sha256(holder.encode() + b"\n" + key).digest()[:4]
        return f"{holder}+{number.hex()}+{base64.b64encode(key).decode()}"

    def policy(self, quorum):
        path = os.path.join(self.at, f"policy-{quorum}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"log {self.vkey}\nwitness r {self.witness('replays', REPLAYS)}\n"
                       f"witness w {self.witness('watches', WATCHES)}\n"
                       f"group both all r w\nquorum {quorum}\n")
        return path


def amount(row, member):
    """Base units; and the decimal text must be the same number."""
    base = int(row[member + "_base"])
    assert int(row[member].replace(".", "")) == base, row
    return base


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-report-")
        os.environ["XDG_STATE_HOME"] = os.path.join(cls.temporary.name, "state")
        cls.world = World(cls.temporary.name)
        cls.export = cls.world.export("export")
        cls.pin = ("--log-key", cls.world.vkey)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    # ---- what must hold of any report

    def check_sums(self, report):
        for asset in report["assets"]:
            rows = asset["balances"]
            self.assertEqual([row["class"] for row in rows][0], "reserve")
            for row in [*rows, asset["sums"]]:
                self.assertEqual(amount(row, "opening") + amount(row, "brought_in") +
                                 amount(row, "in") - amount(row, "out"), amount(row, "closing"))
                moved = [m for m in asset["movements"] if row["class"] in (m["class"], "sum")]
                for way in ("brought_in", "in", "out"):
                    self.assertEqual(amount(row, way), sum(amount(m, way) for m in moved))
            for member in ("opening", "brought_in", "in", "out", "closing"):
                self.assertEqual(amount(asset["sums"], member),
                                 sum(amount(row, member) for row in rows))
            self.assertEqual(amount(asset["sums"], "closing"), 0)
            for row in asset["movements"]:
                self.assertEqual(amount(row, "net"), amount(row, "in") - amount(row, "out"))

    def check_page(self, source):
        page = Page(source)
        self.assertTrue(source.startswith("<!DOCTYPE html>\n"))
        self.assertNotIn("script", page.tags)
        self.assertLessEqual({name for name, _ in page.attributes},
                             {"lang", "charset", "name", "content", "class", "scope", "aria-label"})
        self.assertIsNone(re.search(r"https?://|url\(|@import|<!--|\b(src|href)\s*=", source))
        style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
        self.assertNotIn("<", style)
        self.assertEqual(style.count("{"), style.count("}"))
        self.assertIn("@media print", style)
        self.assertEqual(source.count("</style>"), 1)
        between_tags = re.sub(r"<[^<>]*>", "", source.replace(style, ""))
        self.assertIsNone(re.search("[<>\"']", between_tags))
        return page

    def leaves(self, value, path=""):
        if isinstance(value, dict):
            for member, inner in value.items():
                yield from self.leaves(inner, member)
        elif isinstance(value, list):
            for inner in value:
                yield from self.leaves(inner, path)
        elif value not in (None, ""):
            yield path, value

    def check_tables(self, page, text, report):
        """Each figure stands under its own head."""
        heads = {"Balances by class": ("balances", ["class", "accounts", "opening", "brought_in",
                                                    "in", "out", "closing"]),
                 "Movements by purpose": ("movements", ["class", "purpose", "movements",
                                                        "brought_in", "in", "out", "net"])}
        for title, (member, columns) in heads.items():
            for asset in report["assets"]:
                rows = asset[member] + ([asset["sums"]] if member == "balances" else [])
                cells = [[str(row[column]) for column in columns] for row in rows]
                if asset[member] == []:
                    self.assertNotIn(f"{title}, {asset['asset']}:", text)
                    continue
                names = [column.replace("_", " ") for column in columns]
                self.assertEqual(page.sections[title]["tables"][asset["asset"]],
                                 [names, *cells])
                after = text.split(f"{title}, {asset['asset']}:\n")[1].split("\n\n")[0]
                self.assertEqual([re.split("  +", line.strip()) for line in after.split("\n")],
                                 [names, *cells])
        checks = page.sections["Checks"]["tables"]["Checks"][1:]
        self.assertEqual(checks, [[c["result"], c["text"], str(c["passed"]), str(c["failed"]),
                                   str(c["skipped"]), c["note"] or "-"] for c in report["checks"]])

    @staticmethod
    def keep(state):
        """What puts the auditor's state back as it is now."""
        before = state + ".before"
        shutil.copytree(state, before)

        def restore():
            shutil.rmtree(state)
            shutil.copytree(before, state)

        return restore

    def check_forms(self, *args, expect=0, restore=None):
        """Runs the audit in all forms, twice each; answers the JSON."""
        outs = {}
        for form in FORMS:
            runs = []
            for _ in range(2):
                if restore is not None:
                    restore()
                runs.append(run("verify", *args, "--format", form, program=AUDIT, expect=expect))
            self.assertEqual(runs[0], runs[1], "two audits of one log, two reports")
            outs[form] = runs[0]
        report = json.loads(outs["json"])
        page = self.check_page(outs["html"])
        words = "".join(page.words)
        for member, value in self.leaves(report):
            if MACHINE.search(member) or isinstance(value, bool):
                continue
            self.assertIn(shown(value), words, member)
            # In text a check that has nothing to say has no line.
            if member not in ("text", "note", "result") and not (isinstance(value, int) and value == 0):
                self.assertIn(shown(value), outs["text"], member)
        self.check_tables(page, outs["text"], report)
        self.check_sums(report)
        for title, section in page.sections.items():
            for label, fact in section["facts"]:
                self.assertIn(f"{label:14} {fact}\n", outs["text"], title)
            for line in section["lines"]:
                self.assertIn(f"- {line}\n", outs["text"])
        self.assertEqual(page.sections["What this does not prove"]["lines"],
                         [shown(line) for line in report["not_proven"]])
        self.assertEqual(outs["text"].split("\n")[-2], report["result"])
        self.assertEqual(report["exit"], expect)
        return report

    # ---- one audit

    def test_whole(self):
        report = self.check_forms(self.export, *self.pin, "--state-digest")
        last = self.world.restricted
        self.assertEqual(report["result"], "PASS")
        self.assertEqual(report["log"], self.world.origin)
        self.assertEqual(report["ledger_name"], NAME)
        self.assertEqual((report["first_entry"], report["last_entry"]), (0, last))
        self.assertEqual([asset["asset"] for asset in report["assets"]], ["BTC", "GOLD"])
        reserve = report["assets"][0]["balances"][0]
        self.assertEqual((reserve["class"], reserve["accounts"], reserve["closing"]),
                         ("reserve", 2, "10.00000000"))
        self.assertEqual(report["assets"][1]["balances"][0]["closing"], "2.500")
        self.assertEqual([(row["class"], row["purpose"], row["net"])
                          for row in report["assets"][0]["movements"]],
                         [("reserve", "purchase", "10.00000000"),
                          ("reserve", "internal_transfer", "0.00000000"),
                          ("custody", "customer_deposit", "0.00000123"),
                          ("market", "purchase", "-10.00000000"),
                          ("external", "customer_deposit", "-0.00000123")])
        with open(os.path.join(self.export, "checkpoint"), "rb") as file:
            note = file.read()
        checkpoint = report["checkpoint"]
        self.assertEqual(checkpoint["sha256"], hashlib.sha256(note).hexdigest())
        self.assertEqual(base64.b64encode(bytes.fromhex(checkpoint["root"])),
                         note.split(b"\n")[2])
        self.assertEqual((checkpoint["size"], checkpoint["log_key"], checkpoint["log_key_pinned"]),
                         (last + 1, 0, True))
        self.assertEqual(report["quorum"], "not asked for: no policy was given")
        version = run("--version", program=AUDIT).strip()
        self.assertEqual(report["program"], version)

    def test_page_head(self):
        """The head of each printed page, in the style sheet, unescaped as a browser does."""
        page = audit(self.export, *self.pin, form="html")
        report = audit(self.export, *self.pin)
        head = re.search(r'@top-left\{[^}]*content:"([^"]*)"', page)[1]
        head = re.sub(r"\\([0-9a-f]{6})", lambda m: chr(int(m[1], 16)), head)
        self.assertEqual(head, f"{shown(NAME)}\nledger id {report['ledger_id']}\n"
                               f"checkpoint {report['checkpoint']['sha256']}\n")

    def test_unpinned(self):
        report = self.check_forms(self.export, expect=3)
        self.assertEqual(report["result"], "INCOMPLETE")
        self.assertFalse(report["checkpoint"]["log_key_pinned"])
        self.assertIn("no pinned key vouches for", report["checkpoint"]["signer"])
        lines = "\n".join(report["not_proven"])
        self.assertIn("That this is the ledger you were promised", lines)
        self.assertIn("no pinned key vouches for the key", lines)

    def test_a_ledger_newer_than_its_checkpoint(self):
        ledger = os.path.join(self.world.at, "newer")
        shutil.copytree(self.world.ledger, ledger)
        world = self.world
        keep, world.ledger = world.ledger, ledger
        entry = world.move(1, "sale", "1:1", "1:0", "0.5 BTC", "t")
        world.ledger = keep
        report = self.check_forms(ledger, *self.pin, expect=3)
        self.assertIn(f"That entries from {entry} on will stay", "\n".join(report["not_proven"]))

    # ---- witnesses

    def test_lines_that_nobody_checks(self):
        folder = os.path.join(self.world.at, "lines")
        shutil.copytree(self.export, folder)
        with open(os.path.join(folder, "checkpoint"), "ab") as file:
            file.write("\u2014 stranger.example/x ".encode() +
                       base64.b64encode(b"\0\0\0\1" + bytes(64)) + b"\n")
        report = self.check_forms(folder, *self.pin)
        row, = [row for row in report["checks"] if row["check"] == "LINES"]
        self.assertEqual((row["result"], row["skipped"]), ("SKIP", 1))
        self.assertIn("stranger.example/x+00000001", row["note"])
        row, = [row for row in audit(self.export, *self.pin)["checks"] if row["check"] == "LINES"]
        self.assertEqual(row["result"], "NONE")

    def test_a_policy_without_a_quorum(self):
        path = os.path.join(self.world.at, "nobody")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"log {self.world.vkey}\nquorum none\n")
        report = self.check_forms(self.export, "--policy", path)
        row, = [row for row in report["checks"] if row["check"] == "WITNESSES"]
        self.assertEqual((row["result"], row["passed"]), ("SKIP", 0))
        self.assertEqual(report["quorum"], "not asked for: the policy's quorum is none")
        self.assertEqual(report["result"], "PASS")

    def test_witnesses(self):
        folder = os.path.join(self.world.at, "witnessed")
        shutil.copytree(self.export, folder)
        for quorum, reached in (("both", False), ("r", True)):
            cosigned = os.path.join(self.world.at, f"cosigned-{quorum}")
            policy = ("--policy", self.world.policy(quorum))
            report = self.check_forms(folder, *policy, expect=0 if quorum == "r" else 3)
            self.assertEqual(report["quorum"], "reached" if reached else "not reached")
            by_name = {row["name"]: row for row in report["witnesses"]}
            self.assertEqual(by_name[REPLAYS]["checked"], "replayed the whole log")
            self.assertEqual(by_name[WATCHES]["checked"], "consistency only")
            self.assertEqual(by_name[WATCHES]["verdict"], "no cosignature")
            self.assertIsNone(by_name[WATCHES]["time"])
            lines = "\n".join(report["not_proven"])
            self.assertEqual("no quorum of witnesses did" in lines, not reached)
            if quorum == "both":
                self.assertEqual(by_name[REPLAYS]["verdict"], "no cosignature")
                run("verify", folder, *self.pin, "--cosign-key", self.world.key("replays"),
                    "--cosign-name", REPLAYS, "--cosign-state",
                    os.path.join(self.world.at, "cosign-state"), "-o", cosigned, program=AUDIT)
                shutil.copy(cosigned, os.path.join(folder, "checkpoint"))
            else:
                self.assertEqual(by_name[REPLAYS]["verdict"], "cosigned")
                self.assertRegex(by_name[REPLAYS]["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    # ---- periods, and less than everything

    def test_periods(self):
        """What one period closes with the next opens with; the two together are the whole."""
        world = World(os.path.join(self.temporary.name, "periods"))
        pin = ("--log-key", world.vkey)
        state = os.path.join(world.at, "state")
        first = audit(world.export("first"), *pin, "--state", state)
        world.move(1, "purchase", "1:0", "1:2", "1 BTC", "t")
        world.move(1, "sale", "1:1", "1:0", "0.00000007 BTC", "t")
        folder = world.export("second")
        second = self.check_forms(folder, *pin, "--state", state, restore=self.keep(state))
        whole = audit(folder, *pin)
        self.check_sums(first)
        self.assertEqual(second["last_entry_before"], first["last_entry"])
        self.assertEqual(second["first_entry"], first["last_entry"] + 1)
        self.assertEqual((first["new_entries"], second["new_entries"]),
                         (first["last_entry"] + 1, 2))
        self.assertEqual(second["entries"], whole["entries"])
        self.assertIn("It does go on from what this auditor verified before",
                      "\n".join(second["not_proven"]))
        for one, two, both in zip(first["assets"], second["assets"], whole["assets"]):
            self.assertEqual(len(one["balances"]), len(two["balances"]))
            for a, b, c in zip(one["balances"], two["balances"], both["balances"]):
                self.assertEqual((a["class"], a["closing"]), (b["class"], b["opening"]))
                self.assertEqual(b["closing"], c["closing"])
                self.assertEqual(amount(a, "in") + amount(b, "in"), amount(c, "in"))
        self.assertEqual([(row["class"], row["purpose"]) for row in
                          second["assets"][0]["movements"]],
                         [("reserve", "purchase"), ("reserve", "sale"), ("market", "purchase"),
                          ("market", "sale")])
        # Once more, with nothing new.
        third = self.check_forms(folder, *pin, "--state", state)
        self.assertEqual(third["nothing_new"], "nothing new: all of it was verified before")
        self.assertNotIn("first_entry", third)
        self.assertEqual([row["opening"] for row in third["assets"][0]["balances"]],
                         [row["closing"] for row in second["assets"][0]["balances"]])

    def test_public(self):
        folder = self.world.export("public", "--public")
        report = self.check_forms(folder, *self.pin, "--public")
        self.assertEqual(report["restricted"],
                         {"entries": 1, "first_entry": self.world.restricted, "records": 1})
        text = audit(folder, *self.pin, "--public", form="text")
        self.assertIn(f"from entry {self.world.restricted} on: their totals are attested", text)
        self.assertEqual([row["class"] for row in report["assets"][0]["movements"]],
                         ["reserve", "reserve", "market"])
        self.assertIn("What 1 restricted entries say", "\n".join(report["not_proven"]))
        whole = audit(self.export, *self.pin, form="text")
        self.assertNotIn("attested", whole)

    def test_a_period_after_one_without_restricted_bodies(self):
        """What was never there is missing in the balances of every later period, and it is said."""
        world = World(os.path.join(self.temporary.name, "partial"))
        pin = ("--log-key", world.vkey, "--public", "--state", os.path.join(world.at, "state"))
        folder = world.export("public", "--public")
        first = audit(folder, *pin)
        self.assertIsNone(first["restricted_before"])
        world.move(1, "sale", "1:1", "1:0", "1 BTC", "t")
        second = self.check_forms(world.export("public", "--public"), *pin,
                                  restore=self.keep(pin[-1]))
        self.assertNotIn("restricted", second)
        self.assertIn("not there in an earlier audit", second["restricted_before"])
        self.assertIn("What restricted entries of earlier audits say",
                      "\n".join(second["not_proven"]))
        self.check_sums(first)

    # ---- failures

    def damaged(self, name, path, at):
        folder = os.path.join(self.world.at, name)
        shutil.copytree(self.export, folder)
        with open(os.path.join(folder, path), "r+b") as file:
            file.seek(at, 0 if at >= 0 else 2)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        return folder

    def test_a_changed_entry(self):
        bundle = next(os.path.relpath(os.path.join(at, file), self.export)
                      for at, _, files in os.walk(os.path.join(self.export, "tile", "entries"))
                      for file in files)
        folder = self.damaged("changed", bundle, -5)
        report = self.check_forms(folder, *self.pin, expect=1)
        self.assertEqual(report["result"], "FAIL")
        self.assertEqual(report["assets"], [])
        self.assertEqual(report["balances_note"], "Not derived: the replay did not reach the end.")
        self.assertEqual(report["first_failure"]["entry"], self.world.restricted)
        self.assertIsNone(report["checkpoint"])
        text = audit(folder, *self.pin, form="text", expect=1)
        self.assertRegex(text, rf"\nfirst failure  entry {self.world.restricted}\ncheck +\S")
        self.assertRegex(text, r"\nFAIL +1  ")
        self.assertRegex(text, r"\nSKIP +1  .*: not reached")
        self.assertTrue(text.endswith("\nFAIL\n"))

    def test_a_log_that_is_none(self):
        ledger = os.path.join(self.world.at, "none")
        os.mkdir(ledger)
        with open(os.path.join(ledger, "data.mdb"), "wb") as file:
            file.write(b"\0" * 8192)
        report = audit(ledger, expect=1)
        self.assertEqual((report["result"], report["exit"]), ("FAIL", 1))
        page = self.check_page(audit(ledger, form="html", expect=1))
        self.assertIn(report["text"], "".join(page.words))
        text = audit(ledger, form="text", expect=1)
        self.assertIn(report["text"], text)
        self.assertTrue(text.endswith("\nFAIL\n"))


if __name__ == "__main__":
    unittest.main()
