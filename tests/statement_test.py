#!/usr/bin/env python3
"""Statements, by the operator and by an auditor, over the half-year that the demo's second act plays.

    statement_test.py BUILD_DIR
"""

import csv
import decimal
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "build"
PERIOD = ("--as-of", "2025-06-30", "--period", "2025-01-01..2025-06-30")


def run(program, *arguments, played=None):
    environment = dict(os.environ)
    if played is not None:
        environment.update(LD_PRELOAD=os.path.join(BUILD, "libplayed_clock.so"),
                           PLAYED_CLOCK=str(played))
        options = environment.get("ASAN_OPTIONS", "")
        environment["ASAN_OPTIONS"] = options + ":verify_asan_link_order=0"
    return subprocess.run([os.path.join(BUILD, program), *arguments], env=environment,
                          capture_output=True, text=True, timeout=300)


def amount(text):
    return decimal.Decimal(text)


# --- the bytes of a document, written from docs/FORMAT.md section 17 alone


def quoted(text):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    out = []
    for character in text:
        units = character.encode("utf-16-be")
        if character in short:
            out.append(short[character])
        elif " " <= character < "\x7f" or character == "\x7f":
            out.append(character)
        else:
            out += ["\\u%02X%02X" % (units[at], units[at + 1]) for at in range(0, len(units), 2)]
    return '"%s"' % "".join(out)


def plain(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else "%d" % value


def on_one_line(value):
    if isinstance(value, dict):
        return "{%s}" % ",".join(quoted(k) + ":" + on_one_line(v) for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ",".join(on_one_line(v) for v in value)
    return plain(value)


def on_lines(value, depth=1):
    if not isinstance(value, (dict, list)):
        return plain(value)
    if not value:
        return "[]"
    pad = "\n" + " " * depth
    if isinstance(value, dict):
        inside = [quoted(k) + ": " + on_lines(v, depth + 1) for k, v in value.items()]
        return "{" + pad + ("," + pad).join(inside) + pad[:-1] + "}"
    return "[" + pad + ("," + pad).join(on_lines(v, depth + 1) for v in value) + pad[:-1] + "]"


def document_bytes(document):
    head = {name: value for name, value in document.items() if name != "accounts"}
    lines = ",".join("\n  " + on_one_line(account) for account in document["accounts"])
    return (on_lines(head)[:-2] + ',\n "accounts": [' + lines + "\n ]\n}\n").encode("ascii")


def member_orders():
    """The rows of FORMAT's table of members: object to its members in order."""
    with open(os.path.join(HERE, "..", "docs", "FORMAT.md"), encoding="utf-8") as file:
        table = file.read().partition("| Object | Members |")[2].partition("\n\n")[0]
    rows = (line.strip("|").split("|") for line in table.strip().split("\n") if "`" in line)
    return {name.strip(): re.findall(r"`(\w+)`", members) for name, members in rows}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tijori-statement-")
        cls.at = os.path.join(cls.folder.name, "programme")
        os.environ["XDG_STATE_HOME"] = os.path.join(cls.folder.name, "state")
        subprocess.run([os.path.join(HERE, "..", "demo", "programme"), BUILD, cls.at], check=True,
                       capture_output=True, timeout=300)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, *names):
        return os.path.join(self.at, *names)

    def said(self, result, code, *parts):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)

    def in_order(self, made, order, what):
        self.assertEqual(list(made), [name for name in order if name in made], what)

    def statement(self, *arguments, program="tijori", where="ledger", code=0):
        result = run(program, "statement", self.path(where), *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def submit(self, name, record, keys, played):
        """One record by the authority, into the ledger."""
        for suffix in (".jsonl", ".tje"):
            if os.path.exists(self.path(name + suffix)):
                os.unlink(self.path(name + suffix))
        with open(self.path(name + ".jsonl"), "w", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        envelope = self.path(name + ".tje")
        for arguments in (("propose", self.path("ledger"), "--party", "0",
                           self.path(name + ".jsonl"), "-o", envelope),
                          ("sign", envelope, "--ledger", self.path("ledger"), "--replace", "--key", *keys),
                          ("ingest", self.path("ledger"), envelope)):
            result = run("tijori", *arguments, played=played)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Documents(Case):
    def test_the_same_bytes_from_ledger_and_export(self):
        made = self.statement(*PERIOD)
        self.assertEqual(made, self.statement(*PERIOD, program="tijori-audit", where="export",
                                              code=4))
        with open(self.path("statement.json"), encoding="utf-8") as file:
            self.assertEqual(made, file.read())

    def test_csv_adds_up(self):
        rows = list(csv.DictReader(io.StringIO(self.statement(*PERIOD, "--format", "csv"))))
        document = json.loads(self.statement(*PERIOD))
        self.assertEqual({row["section"] for row in rows},
                         {"about", "reserve", "reserve_by_party", "programmes", "accounts"})
        for account in ("1:1", "1:2", "1:3", "2:1"):
            lines = [row for row in rows
                     if row["section"] == "accounts" and row["account"] == account]
            value = {row["item"]: amount(row["amount"]) for row in lines}
            moved = sum(amount(row["amount"]) * (1 if row["item"] == "in" else -1)
                        for row in lines if row["item"] in ("in", "out"))
            self.assertEqual(value["opening"] + moved, value["closing"])
        reserve = [row for row in rows if row["section"] == "reserve"]
        self.assertEqual(amount(reserve[0]["amount"])
                         + sum(amount(row["amount"]) * (1 if row["item"] == "in" else -1)
                               for row in reserve if row["item"] in ("in", "out")),
                         amount(document["assets"][0]["reserve"]["closing"]))

    def test_html_stands_by_itself(self):
        page = self.statement(*PERIOD, "--format", "html")
        self.assertIn("<h1>Statement, 2025-01-01 to 2025-06-30</h1>", page)
        self.assertNotRegex(page, r"<script|http:|https:|<link|<img")
        self.assertEqual(len(re.findall("<table>", page)), len(re.findall("</table>", page)))
        self.assertIn("No voluntary accumulation", page)

    def test_periods(self):
        """Opening is the closing before; a day belongs to what was received on it."""
        def reserve(first, last):
            made = json.loads(self.statement("--as-of", last, "--period", first + ".." + last))
            return made, made["assets"][0]["reserve"]
        _, january = reserve("2025-01-01", "2025-01-31")
        _, rest = reserve("2025-02-01", "2025-06-30")
        self.assertEqual(january["closing"], rest["opening"])
        self.assertEqual(january["closing"], "62.50000000")
        self.assertEqual(reserve("2025-01-01", "2025-01-30")[1]["closing"], "60.00000000")
        _, day = reserve("2025-03-10", "2025-03-10")
        self.assertEqual((day["opening"], day["closing"]), ("62.50000000", "92.50000000"))
        made, _ = reserve("2025-01-01", "2025-04-30")
        self.assertEqual([one["rule"] for one in made["assets"][0]["programmes"]], [2])
        whole = json.loads(self.statement("--as-of", "2025-06-30"))
        self.assertEqual(whole["period_from"], "2025-01-02")

    def test_bytes(self):
        """The document is, byte for byte and member for member, what FORMAT says."""
        order = member_orders()
        self.assertEqual(len(order), 15)
        for arguments in (PERIOD, (*PERIOD, "--price", "BTC=95000.50 USD, d\u00e9j\u00e0 \U0001f4b0"),
                          ("--as-of", "2025-03-31")):
            text = self.statement(*arguments, "--format", "json")
            made = json.loads(text)
            self.assertEqual(text.encode("utf-8"), document_bytes(made))
            self.in_order(made, order["document"], "document")
            for asset in made["assets"]:
                self.in_order(asset, order["asset"], "asset")
                self.in_order(asset["reserve"], order["reserve"], "reserve")
                for movement in asset["reserve"]["movements"]:
                    self.assertEqual(list(movement), ["purpose", "brought_in", "in", "out"])
                for row in asset["reserve_by_party"]:
                    self.in_order(row, order["of reserve_by_party, by party"], "party")
                for row in asset["customers_by_custodian"]:
                    self.in_order(row, order["of reserve_by_party, by party"] +
                                  order["of customers_by_custodian, by party"], "custodian")
                for row in asset["programmes"]:
                    sums = "those of a minimum" if row["type"] == "minimum" else "its sums"
                    self.in_order(row, order["programme, by rule"] + order[sums], "programme")
                for member, name in (("pending", "pending, by record"),
                                     ("frozen", "frozen, by account"),
                                     ("corrections", "corrections, by record")):
                    for row in asset[member]:
                        self.in_order(row, order[name], member)
                if "price" in asset:
                    self.in_order(asset["price"], order["price"], "price")
            for account in made["accounts"]:
                self.in_order(account, order["account"], "account")
                for movement in account["movements"]:
                    self.in_order(movement, order["of its movements, by purpose"], "movement")

    def test_prices(self):
        made = json.loads(self.statement(*PERIOD, "--price", "BTC=95000.50 USD, a made-up fixing"))
        self.assertEqual(made["assets"][0]["price"],
                         {"of_one": "95000.50", "unit": "USD", "source": "a made-up fixing",
                          "reserve_closing": "9642550.75"})
        # 101.5 of it: to the nearest, half away from zero.
        for price, value in (("1", "102"), ("3", "305"), ("0.001", "0.102"), ("0.3", "30.5"),
                             ("0.00000001", "0.00000102"), ("2", "203")):
            made = json.loads(self.statement(*PERIOD, "--price", f"BTC={price} USD, x"))
            self.assertEqual(made["assets"][0]["price"]["reserve_closing"], value, price)
        self.assertNotIn("price", json.loads(self.statement(*PERIOD))["assets"][0])
        for bad in ("BTC", "BTC=1", "BTC=1 USD", "BTC=1.2.3 USD, x", "BTC=-1 USD, x", "BTC= USD, x",
                    "BTC=1. USD, x", "BTC=123456789012345 USD, x", "BTC=1 USD, "):
            self.said(run("tijori", "statement", self.path("ledger"), *PERIOD, "--price", bad), 2,
                      "--price")

    def test_prices_that_mean_nothing(self):
        for bad, part in ((b"BTC=1 USD, \xff", "text"), (b"BTC=1 USD, a\tb", "text"),
                          (b"BTC=1 U\x07D, x", "text"), (b"BTC=1 , x", "--price")):
            self.said(run("tijori", "statement", self.path("ledger"), *PERIOD, "--price", bad), 2,
                      part)
        twice = ("--price", "BTC=1 USD, x", "--price", "BTC=2 EUR, y")
        self.said(run("tijori", "statement", self.path("ledger"), *PERIOD, *twice), 2, "BTC", "twice")
        result = run("tijori", "statement", self.path("ledger"), *PERIOD, "--price", "XAU=1 USD, x")
        self.said(result, 65, "XAU", "asset")
        self.assertEqual(result.stdout, "")

    def test_a_day_that_is_not_over_is_provisional(self):
        for as_of, provisional in (("2999-12-31", True), ("2025-06-30", False)):
            result = run("tijori", "statement", self.path("ledger"), "--as-of", as_of)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual("provisional" in result.stderr, provisional, result.stderr)

    def test_bad_input(self):
        ledger = self.path("ledger")
        for arguments, code, part in (
                (("--as-of", "yesterday"), 2, "--as-of"),
                (("--as-of", "2024-12-31"), 65, "begins after"),
                (("--as-of", "2025-06-30", "--period", "2025-01-01"), 2, "--period"),
                (("--as-of", "2025-06-30", "--period", "2025-07-01..2025-06-30"), 2, "ends before"),
                (("--as-of", "2025-06-30", "--period", "2025-01-01..2025-05-31"), 2, "--as-of"),
                ((*PERIOD, "-o", self.path("genesis.json")), 2, "already"),
                ((*PERIOD, "--sign", self.path("keys", "authority-1.pem")), 2, "--envelope"),
                ((*PERIOD, "--sign", self.path("keys", "none.pem"), "--envelope",
                  self.path("x.tje"), "-o", self.path("x.json")), 66, "none.pem"),
                (("--as-of", "2999-12-31", "--envelope", self.path("x.tje")), 65, "not over"),
                (("--as-of", "2999-12-31", "--sign", self.path("keys", "authority-1.pem"),
                  "--envelope", self.path("x.tje")), 65, "not over")):
            self.said(run("tijori", "statement", ledger, *arguments), code, part)
        self.said(run("tijori", "statement", self.path("nowhere"), *PERIOD), 66)
        for name in ("x.tje", "x.json"):
            self.assertFalse(os.path.exists(self.path(name)), name)

    def test_no_statement_of_a_damaged_log(self):
        subprocess.run(["cp", "-r", self.path("export"), self.path("damaged")], check=True)
        bundles = self.path("damaged", "tile", "entries")
        name = [os.path.join(where, file) for where, _, files in os.walk(bundles)
                for file in files][0]
        with open(name, "r+b") as file:
            file.seek(400)
            byte = file.read(1)
            file.seek(400)
            file.write(bytes([byte[0] ^ 1]))
        result = run("tijori-audit", "statement", self.path("damaged"), *PERIOD)
        self.said(result, 1, "does not verify")
        self.assertEqual(result.stdout, "")


class Log(Case):
    """What is in the log is held against the log."""

    def test_what_was_signed_is_this_document(self):
        result = run("tijori-audit", "statement", self.path("export"), *PERIOD)
        self.said(result, 4, "11 figures, of this very document")
        priced = run("tijori-audit", "statement", self.path("export"), *PERIOD, "--price",
                     "BTC=1 USD, x")
        self.said(priced, 4, "11 figures, of another document")
        report = json.loads(run("tijori-audit", "verify", self.path("export"), "--public",
                                "--format", "json").stdout)
        check = [one for one in report["checks"] if one["check"] == "STATEMENTS"]
        self.assertEqual((check[0]["passed"], check[0]["failed"]), (11, 0), check)

    def test_an_audit_goes_on_and_still_knows(self):
        state = self.path("audits")
        audit = ("verify", self.path("ledger"), "--state", state, "--format", "json")
        self.assertEqual(run("tijori-audit", *audit).returncode, 4)
        keys = [self.path("keys", "authority-%d.pem" % n) for n in (1, 3)]
        stated = {"kind": "statement", "figure": "opening", "asset": 1,
                  "period_from": "2025-02-01", "as_of": "2025-04-30", "value": "62.5 BTC"}
        self.submit("true", stated, keys, 1752300000)
        report = json.loads(run("tijori-audit", *audit).stdout)
        check = [one for one in report["checks"] if one["check"] == "STATEMENTS"]
        self.assertEqual((check[0]["passed"], check[0]["failed"]), (1, 0), check)
        self.submit("false", dict(stated, value="62.50000001 BTC"), keys, 1752303600)
        report = json.loads(run("tijori-audit", *audit).stdout)
        self.assertTrue(any("62.50000001 BTC; the log says 62.50000000 BTC" in one["text"]
                            for one in report["findings"]), report["findings"])
        page = run("tijori-audit", *audit[:-1], "html").stdout
        self.assertIn("breach", page)
        self.assertIn("62.50000001 BTC; the log says", page)

    def test_signed_on_another_machine(self):
        """The operator makes document and envelope without a key; who signs has only the envelope."""
        period = ("--as-of", "2025-05-31", "--period", "2025-01-01..2025-05-31")
        with tempfile.TemporaryDirectory(prefix="tijori-elsewhere-") as elsewhere:
            envelope = os.path.join(elsewhere, "h1.tje")
            document = os.path.join(elsewhere, "h1.json")
            made = run("tijori", "statement", self.path("ledger"), *period, "-o", document,
                       "--envelope", envelope, played=1752400000)
            self.said(made, 0, "figures in an envelope, with 0 signatures", "tijori sign")
            refused = run("tijori", "ingest", self.path("ledger"), envelope, played=1752400100)
            self.assertEqual(refused.returncode, 65, refused.stderr)
            self.assertIn("THRESHOLD", refused.stdout + refused.stderr)
            for n in (1, 3):
                signed = run("tijori", "sign", envelope, "--key",
                             self.path("keys", "authority-%d.pem" % n), "--genesis",
                             self.path("genesis.json"), played=1752400200)
                self.said(signed, 0)
            self.assertIn("2 of 2 signatures: complete", signed.stdout)
            taken = run("tijori", "ingest", self.path("ledger"), envelope, played=1752400300)
            self.said(taken, 0)
            with open(document, encoding="utf-8") as file:
                self.assertEqual(file.read(), self.statement(*period))
            self.said(run("tijori-audit", "statement", self.path("ledger"), *period), 4,
                      "figures, of this very document")

    def test_a_finding_is_not_passed_over(self):
        """Nor in the first line, nor by who only looks at the exit status, nor in a later audit."""
        state = self.path("findings")
        keys = [self.path("keys", "authority-%d.pem" % n) for n in (1, 3)]
        self.submit("false-2", {"kind": "statement", "figure": "opening", "asset": 1,
                                "period_from": "2025-02-01", "as_of": "2025-04-30",
                                "value": "61 BTC"}, keys, 1752307200)
        self.submit("false-3", {"kind": "statement", "figure": "brought_in", "asset": 1,
                                "period_from": "2025-02-01", "as_of": "2025-04-30",
                                "value": "-7 BTC"}, keys, 1752307201)
        self.submit("true-3", {"kind": "statement", "figure": "brought_in", "asset": 1,
                               "period_from": "2025-02-01", "as_of": "2025-04-30",
                               "value": "0 BTC"}, keys, 1752307202)
        verify = [os.path.join(BUILD, "tijori-audit"), "verify", self.path("ledger")]
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(verify + ["--state", state], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 74, done)
        self.assertIn(b"left as it was", done.stderr)
        told = []
        for _ in range(3):
            done = run("tijori-audit", "verify", self.path("ledger"), "--state", state)
            self.assertEqual(done.returncode, 4, done)
            first = done.stdout.split("\n")[0]
            self.assertRegex(first, r"^result +FINDING: \d+ findings?; ")
            self.assertIn("61.00000000 BTC; the log says", done.stdout)
            self.assertIn("the statement says brought_in: -7.00000000 BTC; the log says 0.00000000 BTC",
                          done.stdout)
            self.assertEqual(done.stdout.count("brought_in:"), 1)
            told.append(first)
        self.assertEqual(len(set(told)), 1, told)
        self.assertIn("found by earlier audits", done.stdout)
        done = run("tijori-audit", "verify", self.path("ledger"), "--findings-ok")
        self.assertEqual((done.returncode, done.stdout.split("\n")[-2]), (3, "FINDING"))
        statement = ("statement", self.path("ledger"), "--as-of", "2025-06-30")
        self.assertEqual(run("tijori-audit", *statement).returncode, 4)
        self.assertEqual(run("tijori-audit", *statement, "--findings-ok").returncode, 3)

    def test_a_day_must_be_over(self):
        keys = [self.path("keys", "authority-%d.pem" % n) for n in (1, 3)]
        record = {"kind": "statement", "figure": "closing", "asset": 1,
                  "period_from": "2025-07-01", "as_of": "2025-07-09", "value": "101.5 BTC"}
        with self.assertRaisesRegex(AssertionError, "that day is not over"):
            self.submit("early", record, keys, 1752051600)
        self.submit("early", record, keys, 1752138000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
