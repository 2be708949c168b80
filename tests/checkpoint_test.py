#!/usr/bin/env python3
"""tijori checkpoint from outside: what it signs, and how it gathers cosignatures from witnesses that
run, over HTTP and by files; quorums that are there and that are missing; auditors' keys beside
witnesses'.

    checkpoint_test.py BUILD_DIR
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import cli_read_test as c  # noqa: E402  (both take the build directory from the command line)

sys.argv.insert(1, c.BUILD)
import witness_test as w  # noqa: E402


def move(amount):
    return {"kind": "move", "purpose": "internal_transfer", "from": "1:1", "to": "1:2",
            "amount": f"{amount} sat"}


class Checkpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-checkpoint-")
        cls.at = cls.temporary.name
        cls.world = c.World(cls.at)
        cls.dir = cls.world.dir

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.at, name)

    def witness(self, name):
        witness = w.Witness(self.path(name), name=name, logs=[self.world.vkey])
        self.addCleanup(witness.process.wait)
        self.addCleanup(witness.process.terminate)
        self.addCleanup(witness.process.stdout.close)
        self.addCleanup(witness.errors.close)
        return witness

    def policy(self, name, lines, quorum):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"log {self.world.vkey}\n" + "\n".join(lines) + f"\nquorum {quorum}\n")
        return path

    def grow(self):
        self.world.ingest(1, [move(1)], ["t1", "t2"])

    def checkpoint(self, *args, expect=0):
        return c.run("checkpoint", self.dir, *args, expect=expect)

    def sign(self, *args, expect=0):
        return self.checkpoint("--log-key", self.world.key("log"), *args, expect=expect)

    # ----

    def test_signs_and_keeps(self):
        self.grow()
        out, _ = self.sign()
        size = json.loads(c.run("status", self.dir, "--format", "json")[0])["entries"]
        self.assertEqual(out.splitlines()[1], str(size))
        self.assertEqual(self.sign()[0], out)
        self.assertEqual(self.checkpoint()[0], out)
        _, err = self.checkpoint("--log-key", self.world.key("t1"), expect=65)
        self.assertIn("ed25519", err)
        stranger = self.path("stranger.pem")
        c.run("key", "new", stranger, "--type", "ed25519")
        _, err = self.checkpoint("--log-key", stranger, expect=65)
        self.assertIn("not an active log key", err)

    def test_gathers_a_quorum(self):
        one, two = self.witness("one.example"), self.witness("two.example")
        lines = [f"witness one {one.vkey} {one.url}", f"witness two {two.vkey} {two.url}",
                 "group both all one two"]
        policy = self.policy("both", lines, "both")
        for _ in range(3):  # the second and third with a proof from the one before
            self.grow()
            out, err = self.sign("--policy", policy)
            self.assertEqual(out.count("\n— "), 3, out + err)
            c.audit(self.dir, "--policy", policy)
        # Nothing new: asked again, nothing changes.
        again, _ = self.sign("--policy", policy)
        self.assertEqual(sorted(again.splitlines()), sorted(out.splitlines()))
        export = self.path("export")
        c.run("export", self.dir, export, "--attachments")
        out, _ = c.audit(export, "--policy", policy)
        self.assertRegex(out, r"PASS +\d+  times of receipt")
        self.assertGreaterEqual(len(os.listdir(os.path.join(export, "checkpoints"))), 3)

    def test_exports_into_no_folder_of_something_else(self):
        self.grow()
        self.sign()
        keys = self.path("keys")
        os.mkdir(keys)
        with open(os.path.join(keys, "secret.pem"), "w", encoding="utf-8") as file:
            file.write("x")
        _, err = c.run("export", self.dir, keys, expect=65)
        self.assertIn("secret.pem", err)
        self.assertEqual(os.listdir(keys), ["secret.pem"])
        # A first export that was cut short is gone on with.
        short = self.path("short")
        c.run("export", self.dir, short)
        os.unlink(os.path.join(short, "checkpoint"))
        c.run("export", self.dir, short)
        c.audit(short, "--log-key", self.world.vkey, "--without-documents")

    def verify(self, source, *args, expect=0):
        return c.audit(source, "--log-key", self.world.vkey, "--without-documents", *args,
                       expect=expect)[0]

    def test_a_public_export_and_what_comes_after(self):
        deposit = {"purpose": "customer_deposit", "from": "2:0", "to": "2:1", "amount": "7 sat"}
        envelope = self.world.propose(2, [{"kind": "pending", **deposit}], ["c"], "--restricted")
        entry = json.loads(c.run("ingest", self.dir, envelope, "--format", "json")[0])["entry"]
        self.sign()
        public, full, state = self.path("public"), self.path("full"), self.path("public-state")
        c.run("export", self.dir, public, "--public")
        self.verify(public, "--public", "--state", state)
        c.audit(public, "--log-key", self.world.vkey, "--state", state, expect=3)
        # Cosigned by an auditor who replays is only what was seen whole.
        key = self.path("whole.pem")
        c.run("key", "new", key, "--type", "ed25519")
        out = self.path("never")
        self.verify(public, "--public", "--state", state, "--cosign-key", key, "--cosign-name",
                    "a.example/replayed", "--cosign-state", self.path("whole"), "-o", out, expect=3)
        self.assertFalse(os.path.exists(out))
        # The hidden record is settled in public; a full export, and the ledger, come later.
        self.world.ingest(2, [{"kind": "post", **deposit, "evidence": f"{entry}:0"}], ["c"])
        self.sign()
        c.run("export", self.dir, full)
        self.verify(full)
        self.verify(full, "--public", "--state", state)
        _, err = c.audit(self.dir, "--log-key", self.world.vkey, "--state", state, expect=2)
        self.assertIn("of its own", err)
        # What was cut short is not published by mistake.
        os.unlink(os.path.join(full, "checkpoint"))
        _, err = c.run("export", self.dir, full, "--public", expect=65)
        self.assertIn("records of restricted entries", err)

    def test_no_size_hides_the_newest_checkpoint(self):
        self.grow()
        note, _ = self.sign()
        export = self.path("hidden")
        c.run("export", self.dir, export)
        origin, size, root, _, line = note.split("\n")[:5]
        huge = f"{origin}\n{2**64 - 1}\n{root}\n\n{line}\n{line.replace(origin, 'other.example')}\n"
        os.makedirs(os.path.join(export, "checkpoints"), exist_ok=True)
        name = f"{2**64 - 1}-{w.hashlib.sha256(huge.encode()).hexdigest()[:16]}"
        with open(os.path.join(export, "checkpoints", name), "w", encoding="utf-8") as file:
            file.write(huge)
        out = self.verify(export, expect=1)
        self.assertIn("checkpoint", out.partition("first failure")[2])

    def test_says_what_is_missing(self):
        one = self.witness("three.example")
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        key = self.path("nobody.pem")
        c.run("key", "new", key, "--type", "ed25519")
        shown = c.run("key", "show", key, "--witness", "nobody.example", "--format", "json")[0]
        lines = [f"witness one {one.vkey} {one.url}",
                 f"witness nobody {json.loads(shown)['verifier_key']} {nobody}", "group both all one nobody",
                 ]
        policy = self.policy("missing", lines, "both")
        self.grow()
        out, err = self.sign("--policy", policy, "--timeout", "3s", expect=3)
        self.assertIn("the quorum is missing: 1 of", err)
        self.assertIn(nobody, err)
        self.assertEqual(out.count("\n— "), 2)
        # What was got is kept: a policy that asks for less is content.
        less = self.policy("less", [lines[0]], "one")
        self.assertEqual(self.checkpoint("--policy", less)[0], out)
        c.audit(self.dir, "--policy", policy, expect=3)
        c.audit(self.dir, "--policy", less)
        # The missing one cosigns by a file.
        cosigned = self.path("cosigned")
        c.run("cosign", self.dir, "--key", key, "--name", "nobody.example", "--state",
              self.path("nobody-state"), "--log-key", self.world.vkey, "-o", cosigned,
              program=c.AUDIT)
        out, _ = self.checkpoint("--policy", policy, "--add", cosigned, "--timeout", "1s")
        self.assertEqual(out.count("\n— "), 3)
        c.audit(self.dir, "--policy", policy)

    def test_takes_in_only_what_verifies(self):
        one = self.witness("four.example")
        policy = self.policy("one", [f"witness one {one.vkey}"], "one")
        self.grow()
        note, _ = self.sign()
        forged = self.path("forged")
        identity = one.vkey.split("+")
        line = "— " + identity[0] + " "
        with open(forged, "w", encoding="utf-8") as file:  # the right name and id, no signature
            file.write(note + line + w.base64.b64encode(bytes.fromhex(identity[1]) + bytes(72)).decode()
                       + "\n")
        _, err = self.checkpoint("--policy", policy, "--add", forged, expect=65)
        self.assertIn("no cosignature by a witness of the policy that verifies", err)
        # It did not take the place of the real one.
        out, _ = self.checkpoint("--policy", policy, "--witness", one.url)
        self.assertEqual(out.count("\n— "), 2)
        c.audit(self.dir, "--policy", policy)
        _, err = self.checkpoint("--add", forged, expect=2)
        self.assertIn("--policy", err)

    def test_a_wrong_clock_is_not_taken(self):
        """By HTTP and by file, behind and ahead; the witness is named, and a right one beside it counts."""
        right = self.witness("right.example")
        shim = os.path.join(c.BUILD, "libplayed_clock.so")
        lines = [f"witness right {right.vkey} {right.url}"]
        wrong = []
        for name, clock in (("past.example", "5"), ("future.example", "4102444800")):
            with mock.patch.dict(os.environ, LD_PRELOAD=shim, PLAYED_CLOCK=clock):
                wrong.append(self.witness(name))
        lines += [f"witness w{i} {witness.vkey} {witness.url}" for i, witness in enumerate(wrong)]
        policy = self.policy("clocks", lines + ["group any 1 right w0 w1"], "any")
        self.grow()
        out, err = self.sign("--policy", policy, expect=65)
        self.assertEqual(out.count("\n— "), 2, out + err)
        for name in ("past.example", "future.example"):
            self.assertIn(f"not taken: witness {name} ", err)
        self.assertEqual(err.count(": cosigned\n"), 1, err)
        c.audit(self.dir, "--policy", policy)
        cosigned = self.path("cosigned-wrong")
        for number, (name, clock) in enumerate((("past.example", "5"), ("future.example", "4102444800"))):
            with mock.patch.dict(os.environ, LD_PRELOAD=shim, PLAYED_CLOCK=clock):
                c.run("cosign", self.dir, "--key", wrong[number].key, "--name", name, "--state",
                      self.path(name + "-file"), "--log-key", self.world.vkey, "-o", cosigned,
                      program=c.AUDIT)
            _, err = self.checkpoint("--policy", policy, "--add", cosigned, expect=65)
            self.assertIn(f"{cosigned}: not taken: witness {name} ", err)
        self.grow()
        self.sign()
        c.audit(self.dir, "--policy", policy, expect=3)  # not cosigned yet, and no failure

    def test_others_write_while_witnesses_are_asked(self):
        one = self.witness("patient.example")
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        policy = self.policy("patient", [f"witness one {one.vkey}"], "one")
        self.grow()
        asking = subprocess.Popen(
            [c.TIJORI, "checkpoint", self.dir, "--log-key", self.world.key("log"), "--policy", policy,
             "--timeout", "8s", "--witness", one.url + "/add-checkpoint",
             f"http://127.0.0.1:{silent.getsockname()[1]}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = silent.accept()  # it waits for an answer now
        start = time.monotonic()
        self.grow()
        self.assertLess(time.monotonic() - start, 7)
        self.assertIsNone(asking.poll())
        out, err = asking.communicate()
        connection.close()
        # What came is stored under the checkpoint that was asked about.
        self.assertEqual((asking.returncode, out.decode().count("\n— ")), (0, 2), err)
        # The address was taken as the witness prints it.
        self.assertIn(f"{one.url}/add-checkpoint: cosigned\n", err.decode())

    def test_a_stranger_has_not_cosigned(self):
        one, stranger = self.witness("asked.example"), self.witness("stranger.example")
        policy = self.policy("asked", [f"witness one {one.vkey}"], "one")
        self.grow()
        out, err = self.sign("--policy", policy, "--witness", stranger.url, expect=3)
        self.assertNotIn(": cosigned", err)
        self.assertIn("signed by nobody whom the policy knows: stranger.example", err)
        self.assertEqual(out.count("\n— "), 1)

    def test_an_auditor_that_replays(self):
        """verify --cosign-key signs only what passed, under a name that says so."""
        self.grow()
        self.sign()
        key = self.path("auditor.pem")
        c.run("key", "new", key, "--type", "ed25519")
        cosigned = self.path("replayed")
        options = ("--cosign-key", key, "--cosign-state", self.path("auditor-state"), "-o", cosigned,
                   "--log-key", self.world.vkey)
        c.audit(self.dir, *options, "--cosign-name", "auditor.example", expect=78)
        c.audit(self.dir, *options, "--cosign-name", "auditor.example/replayed")
        shown = c.run("key", "show", key, "--witness", "auditor.example/replayed", "--format",
                      "json")[0]
        policy = self.policy("auditor",
                             [f"witness auditor {json.loads(shown)['verifier_key']}"], "auditor")
        self.checkpoint("--policy", policy, "--add", cosigned)
        out, _ = c.audit(self.dir, "--policy", policy)
        self.assertIn("replayed", out)
        # A consistency witness may not use such a name.
        c.run("cosign", self.dir, "--key", key, "--name", "auditor.example/replayed", "--state",
              self.path("other-state"), "--log-key", self.world.vkey, program=c.AUDIT, expect=78)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main()
