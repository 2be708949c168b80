#!/usr/bin/env python3
"""`tijori import` as a custodian's night job meets it: a bank's CSV with faults of many kinds, the corrected file, the
same file again, kills in the middle, what was voided or corrected; counted from what the ledger shows.

    import_test.py BUILD_DIR [ROWS]
"""

import collections
import csv
import decimal
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TIJORI = os.path.join(os.path.abspath(sys.argv[1]), "tijori")
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
CUSTOMERS = 20
SEED = int(os.environ.get("TIJORI_SEED", "1"))
PASS, USAGE, DATA = 0, 2, 65
RULES = """# A bank's statement
separator ;
decimal ,
grouping .
date DD.MM.YYYY
skip 2
negative swap
constant from 1:0
lookup to Kunde customers.csv
lookup purpose Art purposes.csv
column amount Betrag
constant unit BTC
column value_date Buchung
column reference Referenz
column reference_else "Bank Nr"
"""
HEAD = "Kontoauszug\nerstellt: heute\nBuchung;Art;Kunde;Betrag;Referenz;Bank Nr;Text\n"
FIRST = 4  # the line of the first row
Row = collections.namedtuple("Row", "date kind customer amount reference bank text")

# What can be wrong with a row, and what the run says of it.
FAULTS = {
    "cells": (lambda row: ";".join(row[:-1]), "has 6 cells, and there are 7 columns"),
    "decimal": (lambda row: ";".join(row._replace(amount="1.5")), "is no number as the rules have them"),
    "digits": (lambda row: ";".join(row._replace(amount="0,123456789")), "has more digits than BTC"),
    "zero": (lambda row: ";".join(row._replace(amount="0,0")), "amount"),
    "date": (lambda row: ";".join(row._replace(date="31.02.2026")), "is no date of the form DD.MM.YYYY"),
    "customer": (lambda row: ";".join(row._replace(customer="Nobody")), "has no line for 'Nobody'"),
    "purpose": (lambda row: ";".join(row._replace(kind="Gebühr")), "has no line for 'Gebühr'"),
    "none": (lambda row: ";".join(row._replace(reference="NOTPROVIDED", bank="")), "reference: there is none"),
    "long": (lambda row: ";".join(row._replace(reference="R" * 17)), "is longer than 16 bytes"),
    "quote": (lambda row: ";".join(row._replace(text='"never closed')), "quotation mark"),
    "behind": (lambda row: ";".join(row._replace(text='"closed" and more')), "text stands behind a cell"),
    "account": (lambda row: ";".join(row._replace(customer="Ghost")), "ACCOUNT_UNKNOWN"),
    "balance": (lambda row: ";".join(row._replace(kind="Auszahlung", amount="-20.000.000,0")), "BALANCE"),
    "duplicate": (None, "already"),
}


def call(*args, expect=PASS, **more):
    done = subprocess.run([TIJORI, *map(str, args)], capture_output=True, stdin=subprocess.DEVNULL, check=False, **more)
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, args))}: exit {done.returncode}, not {expect}\n"
                             f"{done.stdout.decode()}\n{done.stderr.decode()}")
    return done.stdout.decode(), done.stderr.decode()


class World:
    """Authority 0, custodian 1: account 1:0 is outside, 1:1 and so on are customers."""

    def __init__(self, at):
        self.at = at
        self.dir = self.path("ledger")
        self.count = 0
        for name, kind in (("auth", "ecdsa"), ("bank", "bip340"), ("log", "ed25519")):
            call("key", "new", self.path(name + ".pem"), "--type", kind)
        call("genesis", "--origin", "test.example/reserve", "--network", "regtest", "--authority",
             self.path("auth.pem"), "--threshold", 1, "--log-key", self.path("log.pem"), "-o",
             self.path("genesis.json"))
        call("init", self.dir, "--genesis", self.path("genesis.json"), "--key", self.path("auth.pem"))
        shown = json.loads(call("key", "show", self.path("bank.pem"), "--format", "json")[0])
        self.do(0, [
            {"kind": "register_party", "party": 1, "type": "custodian", "name": "Bank"},
            {"kind": "add_key", "party": 1, "ordinal": 0, "role": "initiate", "algorithm": shown["type"],
             "key": shown["public_key"], "label": "night"},
            {"kind": "set_threshold", "party": 1, "domain": "move", "threshold": 1},
            {"kind": "grant_classes", "party": 1, "classes": ["custody", "external"]},
        ], "auth", "bank")
        self.do(1, [{"kind": "open_account", "account": f"1:{n}", "class": "external" if n == 0 else "custody",
                     "asset": 1, "label": f"Customer {n}"} for n in range(CUSTOMERS + 1)], "bank")
        self.write("bank.rules", RULES)
        self.write("customers.csv", "# who is who\n" + "".join(f"Kunde {n},1:{n}\n" for n in
                                                                range(1, CUSTOMERS + 1)) + "Ghost,1:999\n")
        self.write("purposes.csv", "Einzahlung,customer_deposit\nAuszahlung,customer_withdrawal\n")

    def path(self, name):
        return os.path.join(self.at, name)

    def write(self, name, text, encoding="utf-8"):
        with open(self.path(name), "w", encoding=encoding, newline="") as file:
            file.write(text)
        return self.path(name)

    def do(self, party, records, *keys):
        self.count += 1
        out = self.path(f"{self.count}.tje")
        source = self.write(f"{self.count}.jsonl", "".join(json.dumps(record) + "\n" for record in records))
        call("propose", self.dir, "--party", party, source, "-o", out)
        call("sign", out, "--yes", "--key", *[self.path(key + ".pem") for key in keys], "--ledger", self.dir,
             "--signer-state", out + ".seen")
        call("ingest", self.dir, out)

    def bring_in(self, *files, expect=PASS, options=()):
        """What it said, and the rows of the result."""
        result = self.path("result.csv")
        if os.path.exists(result):
            os.unlink(result)
        said = call("import", self.dir, *files, "--rules", self.path("bank.rules"), "--key", self.path("bank.pem"),
                    "--result", result, *options, expect=expect)[1]
        if not os.path.exists(result):
            return said, []
        with open(result, encoding="utf-8", newline="") as file:
            return said, list(csv.DictReader(file))

    def booked(self):
        """Movements by reference, as the ledger shows them."""
        found = collections.defaultdict(list)
        for line in call("show", self.dir, "0..", "--format", "jsonl")[0].splitlines():
            entry = json.loads(line)
            for position, record in enumerate(entry.get("records", [])):
                record = record.get("record", record)
                if record.get("kind") in ("move", "pending"):
                    found[record.get("reference", "")].append({**record, "id": f"{entry['index']}:{position}"
                                                              if "index" in entry else None})
        return found


def german(base):
    whole, part = divmod(base, 10**8)
    return f"{whole:,}".replace(",", ".") + f",{part:08d}"


def statement(rows, seed=SEED, prefix="R"):
    """Deposits first, then what they allow."""
    draw = random.Random(seed)
    out = []
    for n in range(rows):
        deposit = n < rows // 2 or draw.random() < 0.5
        base = draw.randrange(1000 * 10**8, 5000 * 10**8) if n < rows // 2 else draw.randrange(1, 10**8)
        out.append(Row(f"{draw.randrange(1, 29):02d}.{draw.randrange(1, 13):02d}.2026",
                       "Einzahlung" if deposit else "Auszahlung",
                       f"Kunde {n % CUSTOMERS + 1 if n < rows // 2 else draw.randrange(1, CUSTOMERS + 1)}",
                       german(base) if deposit else "-" + german(base),
                       f"{prefix}{n}" if draw.random() < 0.9 else "NOTPROVIDED", f"{prefix}B{n}",
                       '"Text; ""so"""' if draw.random() < 0.1 else "Text"))
    return out


def text_of(rows):
    return HEAD + "".join(";".join(row) + "\n" for row in rows)


def reference_of(row):
    return row.bank if row.reference == "NOTPROVIDED" else row.reference


def spoil(rows, count):
    """The text with `count` faults, and by line the kind of fault. Small rows, which no later one needs."""
    draw = random.Random(SEED + 1)
    lines = [";".join(row) for row in rows]
    where = sorted(draw.sample([n for n in range(len(rows) // 2, len(rows)) if rows[n].kind == "Einzahlung"], count))
    kinds = list(FAULTS)
    faults = {}
    for i, n in enumerate(where):
        kind = kinds[i % len(kinds)]
        if kind == "duplicate":
            lines[n] = ";".join(rows[n]._replace(reference=reference_of(rows[0])))
        else:
            lines[n] = FAULTS[kind][0](rows[n])
        faults[n + FIRST] = kind
    return HEAD + "".join(line + "\n" for line in lines), faults


class Import(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="tijori-import-")
        self.addCleanup(self.temporary.cleanup)
        self.world = World(self.temporary.name)

    def check_booked(self, rows):
        """Each row once, as it says, and nothing else."""
        found = self.world.booked()
        wanted = {reference_of(row): row for row in rows}
        self.assertEqual(len(wanted), len(rows))
        self.assertEqual({key: len(value) for key, value in found.items()}, {key: 1 for key in wanted})
        for reference, row in wanted.items():
            record = found[reference][0]
            account = "1:" + row.customer.split()[1]
            sides = ("1:0", account) if row.kind == "Einzahlung" else (account, "1:0")
            amount = row.amount.lstrip("-").replace(".", "").replace(",", ".")
            self.assertEqual((record["from"], record["to"]), sides)
            self.assertEqual(decimal.Decimal(record["amount"].split()[0]), decimal.Decimal(amount))
            day, month, year = row.date.split(".")
            self.assertEqual(record["value_date"], f"{year}-{month}-{day}")

    def test_faults_are_all_told_and_what_is_right_is_booked_once(self):
        rows = statement(ROWS)
        text, faults = spoil(rows, 40)
        self.assertGreaterEqual(len(set(faults.values())), 12)
        file = self.world.write("night.csv", text)
        said, result = self.world.bring_in(file, expect=DATA)
        for line, kind in faults.items():
            about = [one for one in said.splitlines() if f"{file}: line {line}" in one]
            self.assertTrue(any(FAULTS[kind][1] in one for one in about), f"line {line}, {kind}: {about}")
        # Nothing that is right is told of.
        told = {int(one.split(": line ")[1].split(",")[0].split(":")[0]) for one in said.splitlines()
                if ": line " in one}
        self.assertEqual(told, set(faults))
        self.assertEqual({int(row["line"]) for row in result if row["status"] == "error"}, set(faults))
        self.assertEqual({row["status"] for row in result}, {"error", "held_back"})
        self.assertEqual(self.world.booked(), {})

        _, result = self.world.bring_in(file, expect=DATA, options=("--dry-run", "--partial"))
        self.assertEqual(self.world.booked(), {})
        _, result = self.world.bring_in(file, expect=DATA, options=("--partial",))
        self.assertEqual(collections.Counter(row["status"] for row in result),
                         {"error": 40, "booked": ROWS - 40})
        self.check_booked([row for n, row in enumerate(rows) if n + FIRST not in faults])

        file = self.world.write("night.csv", text_of(rows))
        _, result = self.world.bring_in(file)
        self.assertEqual(collections.Counter(row["status"] for row in result),
                         {"already": ROWS - 40, "booked": 40})
        self.check_booked(rows)
        found = self.world.booked()
        for row in result:
            self.assertIn(row["reference"], found)
        _, result = self.world.bring_in(file)
        self.assertEqual({row["status"] for row in result}, {"already"})
        self.check_booked(rows)

    def test_killed_runs_book_nothing_twice(self):
        rows = statement(ROWS)
        file = self.world.write("night.csv", text_of(rows))
        draw = random.Random(SEED + 2)
        begun = time.monotonic()
        call("import", self.world.dir, file, "--rules", self.world.path("bank.rules"), "--party", 1, "--dry-run")
        took = time.monotonic() - begun
        seen = set()
        for attempt in range(12):
            with subprocess.Popen([TIJORI, "import", self.world.dir, file, "--rules", self.world.path("bank.rules"),
                                   "--key", self.world.path("bank.pem"), "--batch", "7"],
                                  stderr=subprocess.DEVNULL) as process:
                if attempt % 2 == 0:
                    time.sleep(draw.random() * 3 * took + took / 2)
                # However busy the machine is: as soon as a commit has written, the next ones later.
                store = os.path.join(self.world.dir, "data.mdb")
                for _ in range(attempt // 2 + 1 if attempt % 2 == 1 else 0):
                    written = os.stat(store).st_mtime_ns
                    while process.poll() is None and os.stat(store).st_mtime_ns == written:
                        time.sleep(0.0005)
                process.send_signal(signal.SIGKILL)
            found = self.world.booked()
            self.assertTrue(all(len(records) == 1 for records in found.values()))
            seen.add(len(found))
        _, result = self.world.bring_in(file)
        self.assertEqual(len(result), ROWS)
        self.assertEqual({row["status"] for row in result} - {"already", "booked"}, set())
        self.check_booked(rows)
        self.assertTrue(any(0 < count < ROWS for count in seen) or ROWS < 1000,
                        f"no kill came in the middle: {sorted(seen)}")

    def test_a_reference_is_taken_until_its_movement_is_gone(self):
        row = Row("01.02.2026", "Einzahlung", "Kunde 1", "2,5", "A1", "B1", "")
        file = self.world.write("a.csv", text_of([row]))
        self.world.bring_in(file)
        for other in (row._replace(amount="2,6"), row._replace(customer="Kunde 2"),
                      row._replace(kind="Auszahlung", amount="-2,5")):
            changed = self.world.write("b.csv", text_of([other]))
            said, _ = self.world.bring_in(changed, expect=DATA)
            self.assertIn("with other accounts, another amount or another purpose", said)
        # Another date or text is the same movement.
        _, result = self.world.bring_in(self.world.write("b.csv", text_of([row._replace(date="02.02.2026", text="x")])))
        self.assertEqual([one["status"] for one in result], ["already"])
        where = result[0]["record"]
        back = {"kind": "correct", "from": "1:1", "to": "1:0", "amount": "1 BTC", "purpose": "customer_deposit",
                "evidence": where}
        self.world.do(1, [back], "bank")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "already", "a part of it still stands")
        self.world.do(1, [{**back, "amount": "1.5 BTC"}], "bank")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "booked")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "already")

    def test_pending_ones_that_were_voided_or_posted(self):
        self.world.write("bank.rules", RULES + "constant kind pending\n")
        row = Row("01.02.2026", "Einzahlung", "Kunde 1", "2", "P1", "B1", "")
        file = self.world.write("a.csv", text_of([row]))
        naming = {"from": "1:0", "to": "1:1", "amount": "2 BTC", "purpose": "customer_deposit"}
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "booked")
        self.world.do(1, [{**naming, "kind": "void", "evidence": result[0]["record"]}], "bank")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "booked")
        self.world.do(1, [{**naming, "kind": "post", "evidence": result[0]["record"]}], "bank")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "already")
        head = json.loads(call("show", self.world.dir, "0..", "--format", "jsonl")[0].splitlines()[-1])
        post = f"{head.get('index', head.get('entry'))}:0"
        self.world.do(1, [{"kind": "correct", "from": "1:1", "to": "1:0", "amount": "2 BTC",
                           "purpose": "customer_deposit", "evidence": post}], "bank")
        _, result = self.world.bring_in(file)
        self.assertEqual(result[0]["status"], "booked")

    def test_files_as_programs_write_them(self):
        rows = statement(60)
        cut = text_of(rows).splitlines(keepends=True)
        first = self.world.write("1.csv", "\ufeffsep=;\r\n" + "".join(cut[:33]).replace("\n", "\r\n"))
        second = self.world.write("2.csv", "".join(cut[:3] + cut[33:]).rstrip("\n"))
        _, result = self.world.bring_in(first, second)
        self.assertEqual(collections.Counter(row["file"] for row in result), {first: 30, second: 30})
        self.check_booked(rows)
        # The same row in both.
        said, _ = self.world.bring_in(first, first, expect=DATA)
        self.assertIn(f"reference: stands in {first}, line 5 already", said)

    def test_the_example(self):
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "import")
        call("import", self.world.dir, os.path.join(here, "bank.csv"), "--rules", os.path.join(here, "bank.rules"),
             "--key", self.world.path("bank.pem"))
        found = {key: [(one["from"], one["to"], one["amount"].split()[0]) for one in records]
                 for key, records in self.world.booked().items()}
        self.assertEqual(found, {"E-2026-0001": [("1:0", "1:1", "1250.50000000")],
                                 "B2": [("1:0", "1:2", "0.75000000")],
                                 "E-2026-0003": [("1:1", "1:0", "250.00000001")]})

    def test_batches_follow_each_other_in_their_lane(self):
        rows = statement(45)
        file = self.world.write("a.csv", text_of(rows))
        _, result = self.world.bring_in(file, options=("--batch", "7", "--lane", "3"))
        entries = [tuple(map(int, row["record"].split(":"))) for row in result]
        first = entries[0][0]
        self.assertEqual(entries, [(first + n // 7, n % 7) for n in range(45)])
        self.check_booked(rows)
        for batch in (0, 8191):
            call("import", self.world.dir, file, "--rules", self.world.path("bank.rules"), "--key",
                 self.world.path("bank.pem"), "--batch", batch, expect=USAGE)
        _, result = self.world.bring_in(self.world.write("b.csv", text_of(statement(45, prefix="S"))),
                                        options=("--batch", "8190", "--lane", "3"))
        self.assertEqual(result[-1]["record"].split(":")[1], "44")

    def test_a_row_is_judged_on_what_those_before_it_do(self):
        self.world.do(0, [{"kind": "set_limit", "rule": 0, "type": "outflow", "holder": "1:1", "asset": 1,
                           "window_s": 86400, "amount": "10 BTC"}], "auth")
        rows = [Row("01.02.2026", "Einzahlung" if amount[0] != "-" else "Auszahlung", f"Kunde {customer}", amount,
                    f"L{n}", "", "") for n, (customer, amount) in enumerate(
                        ((1, "20"), (1, "-6"), (1, "-5"), (1, "-4"), (1, "-0,00000001"), (2, "1"), (2, "-1"),
                         (2, "-0,00000001")))]
        file = self.world.write("a.csv", text_of(rows))
        for batch in (1, 3, 512):
            said, result = self.world.bring_in(file, expect=DATA, options=("--dry-run", "--batch", batch))
            self.assertEqual([n for n, row in enumerate(result) if row["status"] == "error"], [2, 4, 7], said)
            self.assertIn(f"{file}: line 6, amount: LIMIT", said)
            self.assertIn("(L2, 1:1 to 1:0, 5.00000000 BTC)", said)
            self.assertIn(f"{file}: line 11, amount: BALANCE", said)
        self.world.bring_in(file, expect=DATA, options=("--partial",))
        self.check_booked([row for n, row in enumerate(rows) if n not in (2, 4, 7)])

    def test_pending_ones_of_many_envelopes(self):
        self.world.write("bank.rules", RULES + "constant kind pending\n")
        rows = [row for row in statement(60) if row.kind == "Einzahlung"]
        file = self.world.write("a.csv", text_of(rows))
        self.world.bring_in(file, options=("--batch", "2"))
        self.check_booked(rows)

    def test_restricted_accounts_want_restricted_envelopes(self):
        source = self.world.write("open.jsonl", "".join(json.dumps(record) + "\n" for record in (
            {"kind": "open_account", "account": "1:r0", "class": "external", "asset": 1, "label": "out"},
            {"kind": "open_account", "account": "1:r1", "class": "custody", "asset": 1, "label": "one"})))
        out = self.world.path("open.tje")
        call("propose", self.world.dir, "--party", 1, "--restricted", source, "-o", out)
        call("sign", out, "--yes", "--key", self.world.path("bank.pem"), "--ledger", self.world.dir,
             "--signer-state", out + ".seen")
        call("ingest", self.world.dir, out)
        self.world.write("bank.rules", RULES.replace("1:0", "1:r0"))
        self.world.write("customers.csv", "Kunde 1,1:r1\n")
        file = self.world.write("a.csv", text_of([Row("01.02.2026", "Einzahlung", "Kunde 1", "2", "P1", "B1", "")]))
        said, _ = self.world.bring_in(file, expect=DATA)
        self.assertIn("RESTRICTED_ACCOUNT", said)
        _, result = self.world.bring_in(file, options=("--restricted",))
        self.assertEqual(result[0]["status"], "booked")
        _, result = self.world.bring_in(file, options=("--restricted",))
        self.assertEqual(result[0]["status"], "already")

    def test_what_cannot_be_read_at_all(self):
        file = self.world.write("a.csv", text_of(statement(4)))
        other = self.world.write("b.csv", "a\nb\nBuchung;Art\n")
        said, _ = self.world.bring_in(file, other, expect=DATA)
        self.assertIn(f"{other}: line 3, to: there is no column 'Kunde' (line 9 of the rules)", said)
        self.assertEqual(self.world.booked(), {})
        # What is wrong with the other file is told all the same.
        wrong = self.world.write("c.csv", text_of([statement(4)[0]._replace(amount="x")]))
        said, _ = self.world.bring_in(wrong, other, file, expect=DATA)
        self.assertIn(f"{wrong}: line 4, amount: 'x' is no number", said)
        self.assertIn(f"{other}: line 3, to: ", said)
        call("import", self.world.dir, file, self.world.path("none.csv"), "--rules", self.world.path("bank.rules"),
             "--key", self.world.path("bank.pem"), expect=66)
        self.assertEqual(self.world.booked(), {})
        self.world.write("purposes.csv", "Einzahlung,gift\n")
        self.world.write("customers.csv", "Kunde 1,1:1\nKunde 1,1:2\nKunde 3\nKunde 4,two\n")
        said, _ = self.world.bring_in(file, expect=DATA)
        self.assertIn("purposes.csv: line 1: 'gift': there is no such purpose", said)
        for line, rule in ((2, "'Kunde 1' stands in line 1 already"), (3, "a cell's text, a comma"),
                           (4, "'two': an account is PARTY:NUMBER")):
            self.assertIn(f"customers.csv: line {line}: ", said)
            self.assertIn(rule, said)

    def test_keys_that_may_not_sign(self):
        file = self.world.write("a.csv", text_of(statement(4)))
        call("import", self.world.dir, file, "--rules", self.world.path("bank.rules"), expect=USAGE)
        call("import", self.world.dir, file, "--rules", self.world.path("bank.rules"), "--key",
             self.world.path("auth.pem"), expect=DATA)
        call("import", self.world.dir, file, "--rules", self.world.path("bank.rules"), "--party", 1, "--key",
             self.world.path("auth.pem"), expect=DATA)
        self.assertEqual(self.world.booked(), {})


if __name__ == "__main__":
    print(f"TIJORI_SEED={SEED}")
    unittest.main(argv=sys.argv[:1])
