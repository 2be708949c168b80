#!/usr/bin/env python3
"""An operator who shows two histories, or goes back on one, and those who remember: an auditor with
--state, a witness, two people who compare. And what an auditor keeps: that it goes on from there,
and what it says when that is damaged. Also that verifying a folder opens no socket.

    fork_test.py BUILD_DIR
"""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from cli_read_test import AUDIT, BTC, World, audit, run  # takes BUILD_DIR from the command line


def checkpoint(ledger):
    return run("checkpoint", ledger)[0]


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Forks(unittest.TestCase):
    """`before` is a ledger with a checkpoint; `one` and `other` go on from it, each with a movement
    that the other does not have, each signed by the log's key. `longer` goes on from `one`."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-fork-")
        at = cls.temporary.name
        cls.world = world = World(at)
        cls.vkey = world.vkey
        cls.before = world.dir
        cls.entries = json.loads(run("status", world.dir, "--format", "json")[0])["entries"]
        cls.one, cls.other = cls.grow("before", 2, 1), cls.grow("before", 3, 2)
        cls.longer = cls.grow("one", 4, 1)
        run("key", "new", world.key("w"), "--type", "ed25519")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def grow(cls, of, btc, count):
        """A copy of a ledger with `count` movements more, signed."""
        world = cls.world
        where = os.path.join(cls.temporary.name, f"ledger-{btc}")
        shutil.copytree(getattr(cls, of), where)
        world.dir = where
        for _ in range(count):
            world.ingest(1, [{"kind": "move", "purpose": "purchase", "from": "1:0", "to": "1:1",
                              "amount": f"{btc} BTC"}], ["t1", "t2"])
        world.sign(where)
        return where

    def setUp(self):
        self.at = tempfile.mkdtemp(dir=self.temporary.name)

    def place(self, name):
        return os.path.join(self.at, name)

    def export(self, ledger, *options):
        out = self.place("export-" + os.path.basename(ledger))
        run("export", ledger, out, "--attachments", *options)
        return out

    def forms(self, ledger):
        """A ledger as such, and as a folder."""
        return ledger, self.export(ledger)

    def evidence(self, state):
        return sorted(read(path).decode() for path in glob.glob(os.path.join(state, "evidence", "*")))

    def verify(self, source, state, *options, **more):
        return audit(source, "--state", self.place(state), "--log-key", self.vkey, *options, **more)

    # ---- an auditor who remembers

    def test_a_fork_is_shown_to_an_auditor(self):
        for i, form in enumerate(self.forms(self.other)):
            state = f"state-{i}"
            self.verify(self.one, state)
            kept = {name: read(self.place(os.path.join(state, name)))
                    for name in ("replica", "leaves")}
            out, err = self.verify(form, state, expect=1)
            self.assertIn(f"first failure  entry {self.entries}", out)
            self.assertIn("a fork", out)
            self.assertIn("evidence", err)
            both = sorted([checkpoint(self.one), checkpoint(self.other)])
            self.assertEqual(self.evidence(self.place(state)), both)
            shown = json.loads(self.verify(form, state, "--format", "json", expect=1)[0])
            self.assertEqual((shown["first_failure"]["check"], shown["first_failure"]["entry"]),
                             ("EXTENDS", self.entries))
            # What was seen stays as it was, and the log that goes on from it is still accepted.
            for name, content in kept.items():
                self.assertEqual(read(self.place(os.path.join(state, name))), content)
            self.verify(self.one, state)
            self.verify(self.longer, state)
            # Evidence stays, whatever is shown next.
            self.verify(self.other, state, expect=1)
            self.assertEqual(self.evidence(self.place(state)),
                             sorted(both + [checkpoint(self.longer)]))

    def test_a_rollback_is_shown_to_an_auditor(self):
        for i, form in enumerate(self.forms(self.before)):
            state = f"state-{i}"
            self.verify(self.one, state)
            out, _ = self.verify(form, state, expect=1)
            self.assertIn(f"first failure  entry {self.entries}", out)
            self.assertIn("a rollback", out)
            self.assertEqual(self.evidence(self.place(state)),
                             sorted([checkpoint(self.one), checkpoint(self.before)]))

    def test_each_alone_is_sound(self):
        """No one who sees one of them, and remembers nothing, can tell."""
        for ledger in (self.before, self.one, self.other):
            for form in self.forms(ledger):
                audit(form, "--log-key", self.vkey)

    # ---- a witness

    def cosign(self, source, *options, expect=0):
        return run("cosign", source, "--key", self.world.key("w"), "--name", "witness.example/w",
                   "--state", self.place("cosigned"), *options, program=AUDIT, expect=expect)

    def test_a_witness_is_shown_both(self):
        out, _ = self.cosign(self.one, "--log-key", self.vkey)
        self.assertTrue(out.startswith(checkpoint(self.one)))
        self.assertIn("\n— witness.example/w ", out)
        for form in self.forms(self.other):
            out, err = self.cosign(form, expect=1)
            self.assertEqual(out, "")
            self.assertIn("not cosigned", err)
        kept = "".join(self.evidence(self.place("cosigned")))
        for ledger in (self.one, self.other):
            self.assertIn(checkpoint(ledger).splitlines()[2], kept)
        for form in self.forms(self.before):
            _, err = self.cosign(form, expect=1)
            self.assertIn("a rollback", err)
        # What extends the one it saw is cosigned as before.
        self.cosign(self.longer)

    def test_who_replays_does_not_cosign_a_fork(self):
        options = ("--cosign-key", self.world.key("w"), "--cosign-name", "w.example/replayed",
                   "--cosign-state", self.place("cosigned"), "-o", self.place("note"))
        self.verify(self.one, "state", *options)
        self.assertIn("w.example/replayed", read(self.place("note")).decode())
        os.remove(self.place("note"))
        self.verify(self.other, "state", *options, expect=1)
        # Even an auditor who lost what was verified: the witness has a memory of its own.
        audit(self.other, "--log-key", self.vkey, *options, expect=1)
        self.assertFalse(os.path.exists(self.place("note")))

    # ---- two who compare

    def diff(self, a, b, *options, expect=0):
        return run("diff", a, b, *options, program=AUDIT, expect=expect)[0]

    def test_two_compare(self):
        for one in self.forms(self.one):
            for other in self.forms(self.other):
                out = self.diff(one, other, expect=1)
                self.assertIn(f"forked at entry {self.entries}\n", out)
                self.assertIn(checkpoint(self.one), out)
                self.assertIn(checkpoint(self.other), out)
                self.assertIn("showed two histories", out)
                shown = json.loads(self.diff(one, other, "--format", "json", expect=1))
                self.assertEqual((shown["result"], shown["forked_at"]), ("forked", self.entries))
            for before in self.forms(self.before):
                self.assertRegex(self.diff(before, one),
                                 rf"extends .*: {self.entries} entries in common, 1 more")
        self.assertIn("identical", self.diff(*self.forms(self.one)))

    # ---- the operator's own tools

    def test_the_operator_is_refused_a_second_checkpoint(self):
        """A log that was rolled back under its last checkpoint is not signed again."""
        ledger = self.place("ledger")
        shutil.copytree(self.one, ledger)
        out = self.export(self.one)
        _, err = run("export", self.other, out, expect=65)
        self.assertIn("fork", err)
        _, err = run("export", self.before, out, expect=65)
        self.assertIn("rolled back", err)

    # ---- what an auditor keeps

    def test_the_next_audit_verifies_what_is_new(self):
        first = json.loads(self.verify(self.before, "state", "--format", "json")[0])
        second = json.loads(self.verify(self.longer, "state", "--format", "json")[0])
        whole = json.loads(audit(self.longer, "--log-key", self.vkey, "--format", "json")[0])
        range_of = lambda shown: [shown[k] for k in ("first_entry", "last_entry", "new_entries")]
        self.assertEqual(range_of(first), [0, self.entries - 1, self.entries])
        self.assertEqual(range_of(second), [self.entries, self.entries + 1, 2])
        new = whole["signatures"] - first["signatures"]
        self.assertEqual((second["signatures"], second["records"]), (new, 2))
        self.assertEqual(second["tree_root"], whole["tree_root"])
        out, _ = self.verify(self.longer, "state")
        self.assertIn("nothing new", out)
        self.assertIn(f"entries 0 to {self.entries + 1} were verified in an earlier audit", out)
        # In either form, and back: the state is of the log, not of the form.
        self.verify(self.export(self.longer), "state")
        self.verify(self.longer, "state")
        # The key was remembered, and only the same log's is taken.
        audit(self.longer, "--state", self.place("state"))
        other = "other.example+" + self.vkey.split("+", 1)[1]
        audit(self.longer, "--state", self.place("state"), "--log-key", other, expect=2)

    def test_what_was_not_verified_stays_open(self):
        """Entries that no checkpoint covers are not covered because they were seen before."""
        ledger = self.place("ledger")
        shutil.copytree(self.before, ledger)
        self.world.dir = ledger
        self.world.ingest(1, [{"kind": "move", "purpose": "purchase", "from": "1:0", "to": "1:1",
                               "amount": f"{BTC} sat"}], ["t1", "t2"])
        for _ in range(2):
            out, _ = self.verify(ledger, "state", expect=3)
            self.assertRegex(out, r"SKIP +1  entries covered by a signed checkpoint")
        self.world.sign(ledger)
        self.verify(ledger, "state")

    def test_a_document_changed_after_it_was_verified(self):
        folder = self.export(self.one)
        self.verify(folder, "state")
        document, = glob.glob(os.path.join(folder, "attachment", "*", "*"))
        with open(document, "ab") as file:
            file.write(b"and more")
        out, _ = self.verify(folder, "state", expect=1)
        self.assertIn(f"first failure  entry {self.world.purchases}", out)
        self.assertIn("does not hash to its name", out)

    def test_the_state_of_another_log(self):
        at = self.place("another")
        os.mkdir(at)
        another = World(at)
        self.verify(self.one, "state")
        for options, code, words in (((), 1, "entry 0 is not that of the ledger that this auditor"),
                                     (("--log-key", another.vkey), 2, "another log")):
            out, err = audit(another.dir, "--state", self.place("state"), *options, expect=code)
            self.assertIn(words, out + err)
        self.assertEqual(self.evidence(self.place("state")), [])
        self.verify(self.one, "state")

    def test_a_state_that_is_damaged(self):
        self.verify(self.one, "state")
        for name in ("replica", "leaves"):
            path = self.place(os.path.join("state", name))
            good = read(path)
            for bad in (b"", good[:-1], good[:len(good) // 2], good[:40] + b"\xff" + good[41:]):
                with open(path, "wb") as file:
                    file.write(bad)
                out, err = self.verify(self.one, "state", expect=65)
                self.assertEqual(out, "")
                self.assertIn("the state of earlier audits is damaged", err)
                self.assertIn("nothing was verified", err)
            with open(path, "wb") as file:
                file.write(good)
            self.verify(self.one, "state")
        # A save that was killed before its end.
        with open(self.place("state/replica.new"), "wb") as file:
            file.write(b"half")
        with open(self.place("state/leaves"), "ab") as file:
            file.write(b"more leaves than are counted, cut sho")
        self.verify(self.longer, "state")
        self.verify(self.longer, "state")

    # ---- no network

    def test_verifying_opens_no_socket(self):
        strace = shutil.which("strace")
        trace = self.place("trace")
        if strace is None or subprocess.run([strace, "-f", "-o", trace, "true"],
                                            capture_output=True).returncode != 0:
            self.skipTest("strace cannot run here")
        folder = self.export(self.one)
        # LeakSanitizer cannot work under a tracer.
        done = subprocess.run(
            [strace, "-f", "-e", "trace=%network,openat", "-o", trace, AUDIT, "verify", folder,
             "--log-key", self.vkey, "--state", self.place("state")], capture_output=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = read(trace).decode().splitlines()
        calls = set(re.match(r"\d+ +(\w+)\(", line)[1] for line in lines
                    if re.match(r"\d+ +(\w+)\(", line))
        self.assertEqual(calls, {"openat"})
        self.assertTrue(any("checkpoint" in line for line in lines), "it was traced")


if __name__ == "__main__":
    unittest.main()
