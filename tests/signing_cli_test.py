#!/usr/bin/env python3
"""What a signer sees and signs, from outside: envelopes shown in words, the question on the terminal, what
is refused before a signature is added, what a signer has seen before, and signatures joined and taken off.

    signing_cli_test.py BUILD_DIR
"""

import fcntl
import hashlib
import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import termios
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
            self.assertNotIn("\u200f", text)  # a label of this ledger holds a mark of direction
            self.assertIn("\\u{200f}=cmd", text)
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


def with_header(envelope, **fields):
    """The bytes of an envelope, its header changed; nobody has signed it."""
    places = {"sequence": (16, 8), "created_s": (24, 8), "expires_s": (32, 8), "known_index": (40, 8),
              "ledger_id": (48, 32), "previous_id": (80, 32), "known_leaf": (112, 32)}
    out = bytearray(envelope)
    for name, value in fields.items():
        at, size = places[name]
        out[at:at + size] = value if isinstance(value, bytes) else value.to_bytes(size, "little")
    return bytes(out)


def envelope_id(envelope):
    tag = hashlib.sha256(b"tijori/envelope/v1").digest()
    return hashlib.sha256(tag + tag + envelope[:HEADER]).digest()


class Terminal:
    """A program on a terminal of its own, with standard input elsewhere where that is given."""

    def __init__(self, *arguments, stdin=None, stdout=None):
        self.parent, child = pty.openpty()

        def take():
            os.setsid()
            fcntl.ioctl(child, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([TIJORI, *map(str, arguments)], stdin=child if stdin is None else stdin,
                                        stdout=child if stdout is None else stdout, stderr=child, preexec_fn=take,
                                        pass_fds=[child])
        os.close(child)
        self.said = b""

    def read(self):
        try:
            part = os.read(self.parent, 4096)
        except OSError:  # EIO: the other end is closed
            part = b""
        self.said += part
        return part != b""

    def until(self, text):
        while text not in self.said:
            assert self.read(), f"'{text}' was not said: {self.said}"

    def answer(self, text):
        os.write(self.parent, text)

    def end(self):
        """The exit code, and all that was said."""
        while self.read():
            pass
        os.close(self.parent)
        return self.process.wait(20), self.said.decode().replace("\r\n", "\n")


class Asked(Signer):
    """On a terminal a signer sees what he signs, and is asked."""

    def ask(self, path, answer, *options, key="t1", **more):
        asked = Terminal("sign", path, "--key", self.key(key), "--ledger", self.dir, *options, **more)
        asked.until(b"Sign? [y/N] ")
        asked.answer(answer)
        return asked.end()

    def test_yes_and_no(self):
        path = self.propose([move("1.5 BTC", "purchase", ("1:0", "1:2"))])
        unsigned = read(path)
        for no in (b"n\n", b"\n", b"\x04", b"no\n", b"yy\n", b"x" * 100 + b"\n"):
            with self.subTest(answer=no):
                code, said = self.ask(path, no)
                self.assertEqual((code, read(path)), (DENIED, unsigned))
                self.assertIn("e.tje: not signed", said)
        self.assertFalse(os.path.exists(self.path("state")), "what was not signed is not remembered")
        for yes in (b"y\n", b"Y\n", b"yes\n"):
            write(path, unsigned)
            code, said = self.ask(path, yes)
            self.assertEqual((code, len(read(path))), (0, len(unsigned) + 106))
        self.assertIn('from 1:0 (Reserve Office, "Market"), to 1:2 (Reserve Office, "=1+1"), amount 1.50000000 BTC',
                      said)
        self.assertIn("signatures   0 of 2 signatures\n", said)
        self.assertIn("1 of 2 signatures\n", said.split("Sign?")[1])

    def test_an_end_by_a_key(self):
        path = self.propose([move("1 BTC")])
        unsigned = read(path)
        code, _ = self.ask(path, b"\x03")
        self.assertEqual((code, read(path)), (-signal.SIGINT, unsigned))

    def test_more_than_fits_a_screen(self):
        """Above 20 records the totals stand for them, and where all are is said."""
        sale = move("2 sat", "sale", ("1:1", "1:0"))
        for records, all_shown in (([move("1 sat")] * 20, True), ([move("1 sat")] * 19 + [sale] * 2, False)):
            path = self.propose(records)
            _, said = self.ask(path, b"n\n")
            self.assertEqual(said.count("  record "), len(records) if all_shown else 0)
            self.assertEqual(f"'tijori show {path}' prints each record" in said, not all_shown)
        self.assertIn("in all       move: 19 records, 0.00000019 BTC as internal_transfer\n", said)
        self.assertIn("in all       move: 2 records, 0.00000004 BTC as sale\n", said)

    def test_the_file_on_standard_input(self):
        """The terminal is read for the answer, and standard input for the envelope."""
        path = self.propose([move("1 BTC")])
        for answer, size in ((b"y\n", os.path.getsize(path) + 106), (b"n\n", 0)):
            with open(path, "rb") as source, open(self.path("out"), "wb") as out:
                code, _ = self.ask("-", answer, stdin=source, stdout=out)
            self.assertEqual((code == 0, os.path.getsize(self.path("out"))), (size > 0, size))

    def test_who_is_not_asked(self):
        path = self.propose([move("1 BTC")])
        unsigned = read(path)
        code, said = Terminal("sign", path, "--key", self.key("t1"), "--ledger", self.dir, "--yes").end()
        self.assertEqual((code, "Sign?" in said, "record 0" in said), (0, False, False))
        write(path, unsigned)  # a script that somebody started on a terminal
        with open(os.devnull, "rb") as nothing:
            code, said = Terminal("sign", path, "--key", self.key("t1"), stdin=nothing).end()
        self.assertEqual((code, "Sign?" in said), (0, False))
        # Signed already: there is nothing to ask.
        code, said = Terminal("sign", path, "--key", self.key("t1")).end()
        self.assertEqual((code, "Sign?" in said), (0, False))

    def test_no_lock_while_a_person_looks(self):
        """Who signs meanwhile does not wait, and neither signature is lost."""
        path = self.propose([move("1 BTC")])
        unsigned = read(path)
        asked = Terminal("sign", path, "--key", self.key("t1"), "--ledger", self.dir)
        asked.until(b"Sign? [y/N] ")
        self.sign(path, "t2")
        asked.answer(b"y\n")
        self.assertEqual(asked.end()[0], 0)
        self.assertIn("2 of 2 signatures: complete", self.shown(path))
        # Another envelope under the name is not what was shown.
        write(path, unsigned)
        asked = Terminal("sign", path, "--key", self.key("t1"), "--ledger", self.dir)
        asked.until(b"Sign? [y/N] ")
        other = with_header(unsigned, created_s=1)
        write(path, other)
        asked.answer(b"y\n")
        code, said = asked.end()
        self.assertEqual((code, read(path)), (TRY_AGAIN, other))
        self.assertIn("e.tje: it was changed meanwhile", said)


class Refused(Signer):
    """What is not signed, whoever asks; the file stays as it was."""

    def refused(self, path, keys, *says, options=(), expect=DATA):
        before = read(path)
        _, err = self.sign(path, *keys, options=(*options, "--yes"), expect=expect)
        for part in says:
            self.assertIn(part, err)
        self.assertEqual(read(path), before, "a refusal leaves the file as it was")

    def test_expired(self):
        path = self.propose([move("1 BTC")])
        late = int(time.time()) - 1
        write(path, with_header(read(path), created_s=late - 100, expires_s=late))
        for ledger in ((), ("--ledger", self.dir)):
            self.refused(path, ["t1"], "e.tje: envelope 1, expires_s: it expired at 20", "propose it anew",
                         options=ledger)
        self.assertIn("  EXPIRED ", self.shown(path))
        self.assertTrue(self.json(path)[0]["expired"])
        good = self.propose([move("1 BTC")], name="f.tje")
        self.refused(write(self.path("both.tje"), read(good) + read(path)), ["t1"], "both.tje: envelope 2, expires_s")

    def test_a_signature_that_would_not_count(self):
        path = self.propose([move("1 BTC")])
        ledger = ("--ledger", self.dir)
        self.refused(path, ["a"], "envelope 1: the signature would not count", "KEY_ROLE", options=ledger)
        lane_0 = self.propose([{"kind": "set_threshold", "party": 1, "domain": "move", "threshold": 1}], name="l.tje")
        self.refused(lane_0, ["t1"], "would not count", "KEY_ROLE", options=ledger)
        self.refused(path, ["t1", "a"], "would not count", options=ledger)
        self.sign(path, "a")  # nobody knows better
        self.assertIn("1 more that does not count here", self.sign(path, "t1", options=ledger)[0])

    def test_against_the_ledger_at_hand(self):
        path = self.propose([move("1 BTC")])
        unsigned, ledger = read(path), ("--ledger", self.dir)
        known = self.world.customer
        for fields, says in (
                ({"ledger_id": bytes(31) + b"\1"}, "ledger_id: it is for ledger"),
                ({"known_leaf": bytes(31) + b"\1"}, f"known_leaf: it knows another entry {known} than "),
                ({"previous_id": bytes(31) + b"\1"}, "previous_id: it does not follow envelope 5 of party 1, lane 1"),
                ({"sequence": 5}, "has another envelope 5 of party 1, lane 1: propose it anew"),
                ({"sequence": 2}, "has another envelope 2 of party 1, lane 1")):
            with self.subTest(fields=fields):
                self.refused(write(path, with_header(unsigned, **fields)), ["t1"], "e.tje: envelope 1, ", says,
                             options=ledger)
        # What is further on than this copy of the ledger may be right.
        for fields in ({"sequence": 9}, {"known_index": 1000}):
            self.sign(write(path, with_header(unsigned, **fields)), "t1", options=(*ledger, "--replace"))
        # One that is in the ledger is no other.
        self.sign(self.path("5.tje"), "t1", options=ledger)
        self.refused(write(path, with_header(unsigned, ledger_id=bytes(31) + b"\1")), ["t1"], "the genesis is ledger",
                     options=("--genesis", self.path("genesis.json")))

    def test_wrong_input(self):
        path = self.propose([move("1 BTC")])
        for data, says in ((b"", "holds no envelope"), (b"text", "envelope 1: MAGIC"),
                           (b"x" * 200, "envelope 1: MAGIC"), (read(path)[:-1], "envelope 1: TRUNCATED"),
                           (read(path) + b"x" * 200, "envelope 2: MAGIC")):
            with self.subTest(data=data[:10]):
                self.refused(write(self.path("w.tje"), data), ["t1"], "w.tje: ", says)


class Again(Signer):
    def test_the_same_key_again(self):
        """No error: the file is as it was, and that is said."""
        path = self.propose([move("1 BTC")])
        self.sign(path, "t1")
        before, times = read(path), os.stat(path)
        for ledger in ((), ("--ledger", self.dir)):
            out, err = self.sign(path, "t1", options=ledger)
            self.assertIn("e.tje: envelope 1: ", err)
            self.assertIn("t1.pem signed it already", err)
            self.assertIn("1", out)
        self.assertEqual((read(path), os.stat(path).st_ctime_ns), (before, times.st_ctime_ns),
                         "not even written again")
        out, err = self.sign(path, "t1", "t2", "t2")
        self.assertEqual(len(read(path)), len(before) + 106)
        self.assertTrue("t1.pem signed it already" in err and "t2.pem signed it already" in err)
        done = subprocess.run([TIJORI, "sign", "-", "--key", self.key("t1")], input=read(path), capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, read(path)))

    def test_one_of_several(self):
        """Of a file of which one envelope is signed, the other is."""
        path = self.propose([move("1 sat")] * 8191)
        first = json.loads(run("show", path, "--format", "jsonl")[0].splitlines()[0])
        size = HEADER + 8190 * RECORD + 4
        data = read(path)
        self.sign(write(self.path("one.tje"), data[:size]), "t1")
        both = write(self.path("both.tje"), read(self.path("one.tje")) + data[size:])
        _, err = self.sign(both, "t1")
        self.assertIn("both.tje: envelope 1: ", err)
        self.assertNotIn("envelope 2", err)
        self.assertEqual(len(read(both)), len(data) + 2 * 106)
        self.assertEqual(first["header"]["sequence"], 6)

    def test_what_is_there_is_no_signature(self):
        path = self.propose([move("1 BTC")])
        self.sign(path, "t1")
        broken = bytearray(read(path))
        broken[-3] ^= 1  # of the signature: an empty list of attachments follows
        write(path, broken)
        _, err = self.sign(path, "t1", expect=DATA)
        self.assertIn("envelope 1: it holds a signature by", err)
        self.assertEqual(read(path), broken)


class Remembered(Signer):
    """What a signer has seen, and what contradicts it."""

    def state(self):
        [ledger_id] = os.listdir(self.path("state/tijori/signers"))
        return self.path("state/tijori/signers/" + ledger_id)

    def refused(self, path, *says, key="t1", options=(), expect=DATA):
        before = read(path)
        _, err = self.sign(path, key, options=options, expect=expect)
        for part in says:
            self.assertIn(part, err)
        self.assertEqual(read(path), before)

    def test_it_is_begun_once(self):
        one, two = self.propose([move("1 BTC")]), self.propose([move("1 BTC")], "--lane", "7", name="f.tje")
        self.assertIn("begun here", self.sign(one, "t1")[1])
        self.assertNotIn("begun here", self.sign(two, "t1")[1])
        for path, mode in ((self.state(), 0o600), (self.path("state/tijori/signers"), 0o700)):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
        text = read(self.state()).decode()
        header = self.json(one)[0]["header"]
        self.assertIn(f"known {header['known_index']} {header['known_leaf']}\n", text)
        self.assertIn(f"lane 1 1 5 {header['previous_id']}\nlane 1 1 6 {envelope_id(read(one)).hex()}\n"
                      f"lane 1 7 1 {envelope_id(read(two)).hex()}\nsha256 ", text)
        self.assertEqual(os.path.basename(self.state()), header["ledger_id"])

    def test_where_it_is(self):
        path, home = self.propose([move("1 BTC")]), dict(os.environ, HOME=self.at)
        unsigned, name = read(path), "tijori/signers/" + self.json(path)[0]["header"]["ledger_id"]

        def sign(environment, *options):
            write(path, unsigned)
            done = subprocess.run([TIJORI, "sign", path, "--key", self.key("t1"), *options], env=environment,
                                  capture_output=True, cwd=self.at)
            return done.returncode
        for xdg, where in ((self.path("x"), self.path("x")), ("relative", self.path(".local/state")),
                           ("", self.path(".local/state"))):
            self.assertEqual(sign({**home, "XDG_STATE_HOME": xdg}), 0)
            self.assertTrue(os.path.exists(os.path.join(where, name)), xdg)
        self.assertFalse(os.path.exists(self.path("relative")))
        self.assertEqual(sign(home, "--signer-state", "here"), 0)
        self.assertTrue(os.path.exists(self.path("here")))
        self.assertEqual(sign(home, "--signer-state", "no/where"), NO_INPUT)
        bare = {name: value for name, value in home.items() if name not in ("HOME", "XDG_STATE_HOME")}
        self.assertEqual((sign(bare), read(path)), (CONFIG, unsigned))
        self.assertEqual(sign(bare, "--signer-state", "here"), 0)

    def test_two_of_one_sequence(self):
        one, two = self.propose([move("1 BTC")]), self.propose([move("2 BTC")], name="f.tje")
        self.sign(one, "t1")
        self.refused(two, "f.tje: envelope 1, sequence: another envelope 6 of party 1, lane 1 was signed before",
                     "--replace")
        self.refused(two, "another envelope 6", key="t2")  # the signer's, not the key's
        self.sign(one, "t2")
        self.assertEqual(self.sign(two, "t1", options=["--replace"])[1], "")
        self.refused(one, "another envelope 6 of party 1, lane 1 was signed before", key="c")
        self.sign(two, "t2")

    def test_a_chain(self):
        unsigned = read(self.propose([move("1 BTC")]))
        six = self.path("e.tje")
        self.sign(six, "t1")
        seven = with_header(unsigned, sequence=7, previous_id=envelope_id(unsigned))
        other = with_header(unsigned, sequence=7, previous_id=bytes(32 * [7]))
        path = self.path("f.tje")
        self.refused(write(path, other), "f.tje: envelope 1, previous_id: it does not follow the envelope 6")
        self.sign(write(path, seven), "t1")
        self.sign(six, "t2")  # it is remembered, although it is not the last
        self.refused(write(path, with_header(unsigned, sequence=3)), "envelope 1, sequence: it is envelope 3",
                     "envelope 7 was signed before")
        # Of a file each envelope is compared with those before it.
        self.refused(write(path, seven + with_header(unsigned, sequence=8)), "envelope 2, previous_id", key="t2")
        self.sign(write(path, with_header(unsigned, sequence=3)), "t1", options=["--replace"])

    def test_a_fork(self):
        """A ledger that went back to an old copy, and on from there on another way."""
        old = shutil.copytree(self.dir, self.path("old"))
        self.world.ingest(2, [{"kind": "move", "purpose": "customer_deposit", "from": "2:0", "to": "2:1",
                               "amount": "1 sat"}], ["c"])
        self.sign(self.propose([move("1 BTC")]), "t1", options=("--ledger", self.dir))
        # The copy alone contradicts nothing: a lower index of the same log.
        self.dir = old
        behind = self.propose([move("1 BTC")], "--lane", "8", name="f.tje")
        self.sign(behind, "t1", options=("--ledger", old))
        self.world.dir = old
        os.environ["XDG_STATE_HOME"] = self.path("others")
        self.world.ingest(2, [{"kind": "move", "purpose": "customer_deposit", "from": "2:0", "to": "2:1",
                               "amount": "2 sat"}], ["c"])
        fork = self.propose([move("1 BTC")], "--lane", "9", name="g.tje")
        os.environ["XDG_STATE_HOME"] = self.path("state")
        entry = self.world.customer + 1
        self.refused(fork, f"g.tje: envelope 1, known_leaf: it knows another entry {entry} than", "two histories")
        self.refused(fork, "two histories", options=["--replace"])
        # Further on no envelope names that entry any more; the ledger at hand still has it.
        later = write(self.path("h.tje"), with_header(read(fork), known_index=entry + 5))
        self.refused(later, f"its entry {entry} is another than the one that signatures were given on before",
                     options=("--ledger", old))

    def test_another_ledger_in_a_file_of_ones_own(self):
        path = self.propose([move("1 BTC")])
        unsigned, state = read(path), ("--signer-state", self.path("mine"))
        self.sign(path, "t1", options=state)
        other = write(self.path("o.tje"), with_header(unsigned, ledger_id=bytes(32 * [9])))
        self.refused(other, "o.tje: envelope 1, ledger_id: ", "remembers what was signed for ledger", options=state)
        self.refused(write(other, with_header(unsigned, sequence=7, previous_id=envelope_id(unsigned)) +
                           with_header(unsigned, ledger_id=bytes(32 * [9]))), "envelope 2, ledger_id", options=state)

    def test_one_that_is_damaged_or_cannot_be_read(self):
        """Never begun anew: nothing is signed, and the file stays."""
        self.sign(self.propose([move("1 BTC")]), "t1")
        state, path = self.state(), self.propose([move("1 BTC")], "--lane", "7", name="f.tje")
        good = read(state)
        for bad, code in ((b"", DATA), (good[:-1], DATA), (good[:40], DATA), (good + b"x", DATA),
                          (good.replace(b"known", b"knowm"), DATA), (b"\0" * len(good), DATA),
                          (good.replace(b"/v1", b"/v2"), INCOMPLETE)):
            with self.subTest(bad=bad[:20]):
                write(state, bad)
                self.refused(path, os.path.basename(state), "damaged" if code == DATA else "version", expect=code)
                self.assertEqual(read(state), bad)
        os.remove(state)
        os.mkdir(state)
        self.refused(path, os.path.basename(state), expect=None)
        os.rmdir(state)
        os.symlink("nowhere", state)
        self.refused(path, os.path.basename(state), expect=NO_INPUT)
        os.remove(state)
        shutil.rmtree(self.path("state"))
        write(self.path("state"), "a file")
        self.refused(path, "state", expect=None)

    def test_it_is_written_first(self):
        """What is signed is remembered, even where the envelope cannot be written."""
        path = self.propose([move("1 BTC")])
        done = subprocess.run([TIJORI, "sign", "-", "--key", self.key("t1")], input=read(path),
                              stdout=os.open("/dev/full", os.O_WRONLY), stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, IO)
        self.refused(self.propose([move("2 BTC")], name="f.tje"), "another envelope 6")

    def test_two_signers_at_once(self):
        """Nobody's memory is lost; of two envelopes for one place only one is signed."""
        paths = [self.propose([move("1 BTC")], "--lane", str(lane), name=f"{lane}.tje") for lane in range(1, 9)]
        signing = [subprocess.Popen([TIJORI, "sign", path, "--key", self.key("t1")], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE) for path in paths]
        told = [one.communicate()[1] for one in signing]
        self.assertEqual({one.returncode for one in signing}, {0})
        self.assertEqual(sum(b"begun here" in one for one in told), 1)
        text = read(self.state()).decode()
        for path in paths:
            self.assertIn(envelope_id(read(path)).hex(), text)
        rivals = [self.propose([move(f"{n} BTC")], "--lane", "20", name=f"r{n}.tje") for n in range(1, 7)]
        signing = [subprocess.Popen([TIJORI, "sign", path, "--key", self.key("t1")], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for path in rivals]
        self.assertEqual(sorted(one.wait() for one in signing), [0] + 5 * [DATA])
        self.assertEqual(os.listdir(os.path.dirname(self.state())), [os.path.basename(self.state())])

    def test_the_bound(self):
        """64 envelopes of a lane: what lies further back is a sequence that was passed."""
        unsigned = read(self.propose([move("1 BTC")]))
        chain, last = [], None
        for n in range(6, 6 + 70):
            last = with_header(unsigned, sequence=n, **({"previous_id": envelope_id(last)} if last else {}))
            chain.append(last)
        path = write(self.path("chain.tje"), b"".join(chain))
        self.sign(path, "t1")
        self.assertEqual(read(self.state()).count(b"\nlane "), 64)
        self.refused(write(path, chain[0]), "it is envelope 6", "envelope 75 was signed before", key="t2")
        self.sign(write(path, chain[-64]), "t2")


class Joined(Signer):
    """Signatures that were given on copies, and one that is taken off."""

    def copies(self, *keys, name="e.tje", records=None, options=()):
        """Copies of one unsigned file, each signed by one key."""
        path = self.propose(records or [move("1 BTC")], *options, name=name)
        out = [shutil.copy(path, self.path(f"{name}.{key}")) for key in keys]
        for copied, key in zip(out, keys):
            self.sign(copied, key)
        return out

    def merge(self, *files, out="out.tje", **more):
        if os.path.exists(self.path(out)) and not more:
            os.remove(self.path(out))
        return run("merge", *files, "-o", self.path(out), "--ledger", self.dir, **more)

    def test_merge(self):
        one, two = self.copies("t1", "t2")
        self.assertIn("2 of 2 signatures: complete", self.merge(one, two)[0])
        merged = read(self.path("out.tje"))
        self.merge(two, one)
        self.assertEqual(read(self.path("out.tje")), merged, "whichever comes first")
        self.sign(one, "t2")  # another signature by the same key: the first is kept
        self.merge(one, two)
        self.assertEqual(read(self.path("out.tje")), read(one), "a key stands once")
        self.merge(two, two)
        self.assertEqual(read(self.path("out.tje")), read(two))
        run("ingest", self.dir, write(self.path("merged.tje"), merged))

    def test_merge_of_several_envelopes_and_documents(self):
        write(self.path("contract.txt"), DOCUMENT)
        records = [move("1 sat", evidence="file:contract.txt")] + [move("1 sat")] * 8190
        one, two = self.copies("t1", "t2", records=records)
        document = len(DOCUMENT).to_bytes(4, "little") + DOCUMENT
        data = read(two)  # the copy that lost its document
        self.assertEqual(data.count(b"\1\0" + document), 1)
        write(two, data.replace(b"\1\0" + document, b"\0\0"))
        for order in ((one, two), (two, one)):
            out, _ = self.merge(*order)
            self.assertEqual(out.count("2 of 2 signatures"), 2)
            self.assertEqual(read(self.path("out.tje")).count(document), 1)
        run("ingest", self.dir, self.path("out.tje"))

    def test_what_cannot_be_merged(self):
        one, two = self.copies("t1", "t2")
        other = self.propose([move("2 BTC")], name="f.tje")
        kept = write(self.path("out.tje"), "kept")
        broken = bytearray(read(two))
        broken[-3] ^= 1
        for files, code, says in (
                ((one, other), DATA, "f.tje: envelope 1: it is another than envelope 1 of "),
                ((one, write(self.path("more"), read(two) + read(other))), DATA, "more: envelope 2: "),
                ((write(self.path("more"), read(two) + read(other)), one), DATA, "t1: it ends after envelope 1"),
                ((one, write(self.path("broken"), broken)), DATA, "broken: envelope 1: signature 0 does not verify"),
                ((one, write(self.path("cut"), read(two)[:-1])), DATA, "cut: envelope 1: TRUNCATED"),
                ((one, write(self.path("empty"), "")), DATA, "empty: holds no envelope"),
                ((one, self.path("none")), NO_INPUT, "none"), ((one,), USAGE, "from 2 to")):
            with self.subTest(files=files):
                self.assertIn(says, self.merge(*files, out="new.tje", expect=code)[1])
                self.assertFalse(os.path.exists(self.path("new.tje")))
        self.assertIn("out.tje: ", self.merge(one, two, expect=DATA)[1])
        self.assertEqual(read(kept), b"kept")

    def unsign(self, path, *options, expect=0):
        out = self.path("off.tje")
        if os.path.exists(out):
            os.remove(out)
        said = run("unsign", path, "-o", out, *options, expect=expect)
        self.assertEqual(os.path.exists(out), expect == 0)
        return said

    def test_unsign(self):
        path = self.propose([move("1 BTC")])
        unsigned = read(path)
        self.sign(path, "t1")
        one = read(path)
        self.sign(path, "t2")
        both = read(path)
        shown = self.world.public("t2")
        for options in (("--key", self.key("t2")), ("--key", f"{shown['type']}:{shown['public_key']}")):
            self.assertIn("1 of 2 signatures", self.unsign(path, *options, "--ledger", self.dir)[0])
            self.assertEqual(read(self.path("off.tje")), one)
        order = [slot["key"] for slot in self.json(path)[0]["slots"]]
        self.unsign(path, "--slot", order.index(shown["public_key"]))
        self.assertEqual((read(self.path("off.tje")), read(path)), (one, both))
        self.unsign(write(self.path("one.tje"), one), "--slot", "0")
        self.assertEqual(read(self.path("off.tje")), unsigned)
        self.sign(self.path("off.tje"), "t1")  # signed before, and remembered: no other envelope
        for options, code, says in (
                (("--slot", "2"), DATA, "e.tje: there is no signature 2"), (("--slot", "16"), USAGE, "slot"),
                (("--key", self.key("c")), DATA, "e.tje: there is no signature by this key"),
                (("--key", self.path("none.pem")), NO_INPUT, "none.pem"),
                (("--slot", "0", "--envelope", "2"), DATA, "it holds no envelope 2"), ((), USAGE, "one of --key and"),
                (("--slot", "0", "--key", self.key("t1")), USAGE, "one of --key and"),
                (("--slot", "0", "--envelope", "0"), USAGE, "envelope")):
            with self.subTest(options=options):
                self.assertIn(says, self.unsign(path, *options, expect=code)[1])

    def test_unsign_one_of_several(self):
        path = self.propose([move("1 sat")] * 8191)
        size = HEADER + 8190 * RECORD + 4 + 106
        self.sign(path, "t1")
        data = read(path)
        self.assertIn("say with --envelope", self.unsign(path, "--slot", 0, expect=USAGE)[1])
        self.unsign(path, "--slot", 0, "--envelope", 2)
        self.assertEqual(read(self.path("off.tje"))[:size], data[:size])
        self.assertEqual(len(read(self.path("off.tje"))), len(data) - 106)
        self.unsign(path, "--key", self.key("t1"))
        self.assertEqual(len(read(self.path("off.tje"))), len(data) - 2 * 106)

    def test_a_signature_that_does_not_verify_comes_off(self):
        path = self.propose([move("1 BTC")])
        unsigned = read(path)
        self.sign(path, "t1")
        broken = bytearray(read(path))
        broken[-3] ^= 1
        self.unsign(write(path, broken), "--key", self.key("t1"))
        self.assertEqual(read(self.path("off.tje")), unsigned)

    def test_one_that_is_in_the_ledger(self):
        """It is no other envelope in its place: signed again, it is what it was."""
        entered = self.path("5.tje")
        party = self.json(entered)[0]["header"]["party"]
        key = "c" if party == 2 else "t1"
        self.unsign(entered, "--key", self.key(key))
        self.sign(self.path("off.tje"), key, options=("--ledger", self.dir))


if __name__ == "__main__":
    unittest.main()
