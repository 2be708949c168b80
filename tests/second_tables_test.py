#!/usr/bin/env python3
"""Every number of docs/FORMAT.md has its row in the second verifier: kinds, purposes, classes, party
types, types of limits and programmes, figures. What is missing is named. (tests/unit/test_kinds.c
says the same of the document and the code.)"""

import ast
import os
import re
import unittest

import second_records
import second_verifier as v

HERE = os.path.dirname(os.path.abspath(__file__))
DETAIL = "detail"  # neither a movement nor a directive
MOVEMENTS_NEW = ("move", "pending")  # judged and applied by functions of their own
FOUNDING = ("ledger", "predecessor")  # entry 0 only


def section(heading):
    with open(os.path.join(HERE, "..", "docs", "FORMAT.md"), encoding="utf-8") as file:
        text = file.read()
    begin = text.index("\n" + heading) + 1
    end = text.find("\n#", begin)
    return text[begin:end if end > 0 else len(text)]


def rows(part):
    """The cells of each row of the tables."""
    for line in part.split("\n"):
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def numbers():
    """{heading: {name: number}} of the tables of section 1; a bold cell is a new heading."""
    found, headings = {}, {}
    for cells in rows(section("## 1 Numbers")):
        for column in range(0, len(cells) - 1, 3):
            name, number = cells[column].split(" (")[0], cells[column + 1]
            if number == "No.":
                headings[column] = name.strip("*")
            elif name.startswith("**"):
                headings[column] = name.strip("*")
            elif number.isdigit():
                found.setdefault(headings[column], {})[name] = int(number)
    return found


def in_prose(label):
    """{name: number} of "LABEL: outflow 1, balance 2." in section 1."""
    prose = section("## 1 Numbers").replace("\n", " ")
    listed = re.search(re.escape(label) + r": ([a-z0-9_, ]+)[.;]", prose)[1]
    return {name: int(number) for name, number in re.findall(r"([a-z0-9_]+) (\d+)", listed)}


def constant(kind):
    return "APPROVAL" if kind == "approve" else kind.upper()


def packed_kinds():
    """The kinds that a builder of second_records packs."""
    with open(second_records.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for call in ast.walk(tree):
        if (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args
                and call.func.id in ("pack", "key_record", "movement")):
            first = call.args[0]
            if isinstance(first, ast.Constant):
                yield first.value
            elif isinstance(first, ast.Name):
                yield getattr(second_records, first.id, None)


class Tables(unittest.TestCase):
    def setUp(self):
        self.numbers = numbers()
        self.kinds = self.numbers["Record kind"]

    def has(self, name, holds, where):
        self.assertTrue(holds, "%s: missing or different in %s" % (name, where))

    def test_the_document_was_read(self):
        self.assertGreaterEqual(len(self.kinds), 33)
        self.assertEqual(set(self.numbers), {"Record kind", "Purpose", "Account class", "Party type",
                                             "Key role", "Algorithm", "Slot use"})
        self.assertEqual(self.numbers["Key role"]["administer"], 3)

    def test_every_kind_has_its_rows(self):
        packed = set(packed_kinds())
        judged = {cells[0] for cells in rows(section("### 7.2 Directives"))} - {"Kind", "---"}
        for kind, number in self.kinds.items():
            self.has(kind, getattr(v, constant(kind), None) == number, "second_verifier's numbers")
            if kind == DETAIL:
                self.has(kind, number in packed, "second_records: nothing packs it")
                continue
            self.has(kind, number in v.FIELDS, "second_verifier.FIELDS")
            if number in v.MOVEMENTS:
                self.has(kind, kind in MOVEMENTS_NEW or number in v.NAMED_RULES,
                         "second_verifier.NAMED_RULES")
                self.has(kind, getattr(second_records, constant(kind), None) == number,
                         "second_records' numbers")
                continue
            self.has(kind, number in v.DIRECTIVES, "second_verifier.DIRECTIVES")
            self.has(kind, number in packed, "second_records: nothing packs it")
            if kind not in FOUNDING:
                self.has(kind, kind in judged, "docs/FORMAT.md section 7.2")
                self.has(kind, number in v.DIRECTIVE_RULES, "second_verifier.DIRECTIVE_RULES")
        self.assertEqual(judged, {kind for kind, number in self.kinds.items()
                                  if number in v.DIRECTIVE_RULES})

    def test_layouts(self):
        for cells in rows(section("### 3.2 Directives")):
            match = re.fullmatch(r"(\d+) ([a-z_]+)", cells[0])
            if match:
                told = {(int(offset), int(size)) for offset, size in
                        re.findall(r"(?:^|· )(\d+) (\d+) ", cells[1])}
                ours = {field[:2] for field in v.DIRECTIVE_FIELDS.get(int(match[1]), ())}
                self.has(match[2], told == ours, "second_verifier.DIRECTIVE_FIELDS")

    def test_purposes_and_their_pairs(self):
        purposes, classes = self.numbers["Purpose"], self.numbers["Account class"]
        told = {cells[0]: cells[1] for cells in rows(section("### 7.1 Movements"))}
        highest = max(purposes.values())
        for purpose, number in purposes.items():
            self.has(purpose, v.PURPOSES[number:number + 1] == [purpose],
                     "second_verifier.PURPOSES")
            pairs = {(classes[a], classes[b]) for a, b in
                     re.findall(r"([a-z]+) → ([a-z]+)", told.get(purpose, ""))}
            self.has(purpose, purpose in told, "docs/FORMAT.md section 7.1")
            self.has(purpose, v.PAIRS.get(number) == pairs, "second_verifier.PAIRS")
        decode = next(field[3] for field in v.MOVEMENT_FIELDS if field[2] == "purpose")
        self.has("purpose %d" % highest, decode(bytes([highest]), "purpose") == highest,
                 "second_verifier.MOVEMENT_FIELDS")

    def test_classes_and_party_types(self):
        for name, number in self.numbers["Account class"].items():
            self.has(name, v.CLASSES[number:number + 1] == [name], "second_verifier.CLASSES")
            self.has(name, getattr(v, name.upper(), None) == number, "second_verifier's numbers")
        for name, number in self.numbers["Party type"].items():
            self.has(name, getattr(v, name.upper(), None) == number, "second_verifier's numbers")
            self.has(name, number in v.GRANTABLE, "second_verifier.GRANTABLE")

    def test_types_and_figures(self):
        for label, kind in (("Limit types", v.SET_LIMIT), ("Programme types", v.PROGRAMME),
                            ("Figures of a statement", v.STATEMENT)):
            listed = in_prose(label)
            self.assertGreaterEqual(len(listed), 4)
            for name, number in listed.items():
                self.has("%s: %s" % (label, name), number in v.USES[kind][1],
                         "second_verifier.USES")
            self.assertEqual(set(v.USES[kind][1]), set(listed.values()), label)

    def test_details(self):
        kinds, listed = self.kinds, in_prose("Types of a detail")
        told = {}
        for cells in rows(section("### 3.3 Details (kind 48)")):
            match = re.fullmatch(r"(\d+) ([a-z_]+)", cells[0])
            if match:
                told[match[2]] = (int(match[1]), cells[1], cells[2])
        self.assertEqual({name: row[0] for name, row in told.items()}, listed)
        self.assertEqual(set(v.DETAIL_TYPES), set(listed.values()))
        for name, (number, of, layout) in told.items():
            if of.startswith("as "):
                of = told[of[len("as "):]][1]
            wanted = {kinds[word] for word in re.findall(r"[a-z_]+", of.split(";")[0])
                      if word in kinds}
            if "every movement" in of:
                wanted = (set(v.MOVEMENTS) - {v.APPROVAL}) | set(v.DIRECTIVES)
            self.has(name, set(v.DETAIL_TYPES[number][0]) == wanted, "DETAIL_TYPES: its kinds")
            pieces = {(int(offset), int(size)) for offset, size in
                      re.findall(r"(?:^|· )(\d+) (\d+) ", layout)}
            _kinds, _many, fields, text = v.DETAIL_TYPES[number]
            ours = {field[:2] for field in fields}
            ours |= {(text[0].start, text[0].stop - text[0].start)} if text else set()
            self.has(name, pieces == ours, "DETAIL_TYPES: its fields")
            self.has(name, name.upper() in ("COUNTERPARTY",)
                     or getattr(v, name.upper(), None) == number, "second_verifier's numbers")

    def test_encumbrances(self):
        for name, number in in_prose("Encumbrances").items():
            self.has(name, getattr(v, name.upper(), None) == number, "second_verifier's numbers")

    def test_movements(self):
        told = {(int(cells[0]), int(cells[1])) for cells in rows(section("### 3.1 Movements"))
                if cells[0].isdigit() and cells[2] not in ("kind", "zero", "blind")}
        self.assertEqual(told, {field[:2] for field in v.MOVEMENT_FIELDS})


if __name__ == "__main__":
    unittest.main()
