#!/usr/bin/env python3
"""The auditor on a machine that does not let it read, from outside. A file, a directory or memory is
refused, in each run at another place: a sound log is never called false, a tampered one never sound,
and nothing ends by a signal. What could not be read is named. And a storage that answers otherwise
the second time is found out.

    audit_reading_test.py BUILD_DIR
"""

import errno
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from cli_read_test import AUDIT, BUILD, World, run

PASS, FAIL, NOT_READ = 0, 1, (74, 75, 77)
PLACES = 3000
NOBODY = 65534
CALLS = {"openat": errno.EMFILE, "open": errno.ENFILE, "read": errno.EIO, "readdir": errno.EIO,
         "fdopendir": errno.ENOMEM, "fstatat": errno.EACCES, "fstat": errno.EIO}


def flip(path, at=-1):
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[at] ^= 1
    with open(path, "wb") as file:
        file.write(content)


def flip_entries(path):
    """The last byte of each entry of a bundle."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    at = 0
    while at < len(content):
        at += 2 + int.from_bytes(content[at:at + 2], "big")
        content[at - 1] ^= 1
    with open(path, "wb") as file:
        file.write(content)


def files(folder):
    return sorted(os.path.relpath(os.path.join(top, name), folder)
                  for top, _, names in os.walk(folder) for name in names)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-reading-")
        cls.at = cls.temporary.name
        cls.world = World(cls.at)
        cls.folder = os.path.join(cls.at, "export")
        run("export", cls.world.dir, cls.folder, "--attachments")
        cls.tampered = os.path.join(cls.at, "tampered")
        shutil.copytree(cls.folder, cls.tampered)
        bodies = [name for name in files(cls.tampered) if name.startswith("body/")]
        flip(os.path.join(cls.tampered, bodies[0]))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def copied(self, name):
        to = os.path.join(self.at, name)
        shutil.copytree(self.folder, to)
        self.addCleanup(shutil.rmtree, to)
        return to

    def verify(self, log, *more, library=None, before=(), **environment):
        """Exit code, output and errors."""
        added = {name: str(value) for name, value in environment.items()}
        if library is not None:
            added["LD_PRELOAD"] = os.path.join(BUILD, "tests", library)
        done = subprocess.run(
            [*before, AUDIT, "verify", log, "--log-key", self.world.vkey, "--threads", "1", *more],
            env=dict(os.environ, **added), capture_output=True, timeout=300)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


class Refused(Case):
    def every(self, log, sound, **given):
        """In the n-th run the n-th call is refused, until a run makes no more than n - 1 of them."""
        mark = os.path.join(self.at, "mark")
        wanted = (PASS, *NOT_READ) if sound else (FAIL, *NOT_READ)
        told = 0
        for n in range(1, PLACES):
            if os.path.exists(mark):
                os.unlink(mark)
            code, _, said = self.verify(log, REFUSE_AT=n, REFUSE_MARK=mark, **given)
            self.assertIn(code, wanted, f"{given} {n}: {said}")
            told += code in NOT_READ
            if not os.path.exists(mark):
                return told
        self.fail(f"{given}: refused all the time")

    def calls(self, log, sound):
        told = 0
        for call, error in CALLS.items():
            told += self.every(log, sound, library="librefuse_reading.so", REFUSE_CALL=call,
                               REFUSE_ERROR=error)
        return told

    def test_a_sound_folder(self):
        self.assertGreater(self.calls(self.folder, True), 30)

    def test_a_tampered_folder(self):
        self.calls(self.tampered, False)

    def test_a_ledger(self):
        self.assertGreater(self.calls(self.world.dir, True), 0)

    def test_no_memory(self):
        for log, sound in ((self.folder, True), (self.tampered, False), (self.world.dir, True)):
            told = 0
            for n in range(1, 120):
                code, _, said = self.verify(log, library="librefuse_allocation.so", REFUSE_AT=n)
                self.assertIn(code, (PASS if sound else FAIL, *NOT_READ), f"{log} {n}: {said}")
                told += code == 75
            self.assertGreater(told, 10)

    def test_limits(self):
        """Few descriptors, little memory. LMDB's map takes 1 TiB of address space."""
        tib = 1 << 40
        limits = [f"--nofile={n}" for n in range(4, 10)]
        limits += [f"--as={base + (n << 20)}" for base in (0, tib) for n in range(24, 160, 8)]
        for limit in limits:
            for log, sound in ((self.folder, True), (self.tampered, False), (self.world.dir, True)):
                code, _, said = self.verify(log, before=["prlimit", limit])
                if code != 127:  # not even its libraries can be loaded
                    self.assertIn(code, (PASS if sound else FAIL, *NOT_READ), f"{limit}: {said}")


class Denied(Case):
    """By a user who is not the owner."""

    def setUp(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("only root can become somebody else, by setpriv")
        os.chmod(self.at, 0o755)
        subprocess.run(["chmod", "-R", "a+rX", self.folder, self.tampered], check=True)

    def nobody(self, folder, *more):
        return self.verify(folder, *more, before=["setpriv", f"--reuid={NOBODY}",
                                                  f"--regid={NOBODY}", "--clear-groups"])

    def test_each(self):
        """Each file that may not be read, and each directory that may not be listed or entered."""
        self.assertEqual(self.nobody(self.folder)[0], PASS)
        folder = self.copied("denied")
        names = files(folder)
        folders = sorted({os.path.dirname(name) for name in names} | {"tile", "body"})
        for name, mode in [(name, 0) for name in names] + [
                (name, mode) for name in folders for mode in (0o711, 0o744, 0)]:
            path = os.path.join(folder, name)
            before = os.stat(path).st_mode
            os.chmod(path, mode)
            code, out, said = self.nobody(folder)
            os.chmod(path, before)
            with self.subTest(name=name or ".", mode=oct(mode)):
                if mode == 0o711 and code == PASS:
                    self.fail("what cannot be listed counts as empty")
                self.assertEqual(code, 77, said)
                self.assertIn("Permission denied" if name else "denied", said)
                if name:
                    self.assertIn(os.path.basename(name), said + out)

    def test_several(self):
        """A failure stands beside what could not be read, and the report has both."""
        folder = os.path.join(self.at, "both")
        shutil.copytree(self.tampered, folder)
        os.makedirs(os.path.join(folder, "checkpoints"), exist_ok=True)
        os.chmod(os.path.join(folder, "checkpoints"), 0o711)
        code, out, _ = self.nobody(folder, "--format", "json")
        report = json.loads(out)
        self.assertEqual(code, FAIL)
        self.assertEqual(report["first_failure"]["check"], "BODIES")
        self.assertEqual(report["not_read"]["status"], "DENIED")


class Writer(Case):
    """A ledger is read by somebody who may not lock it, and a writer comes meanwhile."""

    def setUp(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("only root can become somebody else, by setpriv")
        os.chmod(self.at, 0o755)
        subprocess.run(["chmod", "-R", "a+rX", self.world.dir], check=True)

    def verify_meanwhile(self, before, write):
        go = os.path.join(self.at, "go")
        added = {"LD_PRELOAD": os.path.join(BUILD, "tests", "librefuse_reading.so"),
                 "PAUSE_UNTIL": go}
        running = subprocess.Popen([*before, AUDIT, "verify", self.world.dir, "--log-key",
                                    self.world.vkey], env=dict(os.environ, **added),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        for _ in range(write):
            self.world.ingest(1, [{"kind": "move", "purpose": "internal_transfer", "from": "1:1",
                                   "to": "1:2", "amount": "1 sat"}], ["t1", "t2"])
            self.world.sign(self.world.dir)
        with open(go, "wb"):
            pass
        _, said = running.communicate(timeout=120)
        os.unlink(go)
        return running.returncode, said.decode()

    def test_it(self):
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.assertEqual(self.verify_meanwhile(nobody, 0)[0], PASS)
        for count in (1, 2, 5):
            code, said = self.verify_meanwhile(nobody, count)
            self.assertEqual(code, 75, said)
            self.assertIn("writer came", said)
        code, said = self.verify_meanwhile([], 2)
        self.assertEqual(code, PASS, said)


class Twice(Case):
    """What is read again is held against what was judged."""

    def test_bodies(self):
        other = os.path.join(self.at, "other")
        found = 0
        for name in files(self.folder):
            if not name.startswith(("body/", "tile/entries/")):
                continue
            shutil.copy(os.path.join(self.folder, name), other)
            (flip if name.startswith("body/") else flip_entries)(other)
            code, _, said = self.verify(self.folder, library="librefuse_reading.so",
                                        SECOND_NAME=name, SECOND_FILE=other)
            again = self.opened_twice(name)
            with self.subTest(name=name):
                self.assertEqual(code, FAIL if again else PASS, said)
            found += again
        self.assertGreater(found, 0)

    def opened_twice(self, name):
        """Whether the auditor opens this file a second time: then, it is not there."""
        code, _, _ = self.verify(self.folder, library="librefuse_reading.so", SECOND_NAME=name,
                                 SECOND_FILE=os.path.join(self.at, "nothing"))
        return code != PASS

    def test_later_audits(self):
        """Every hash of a tile of an earlier size is compared, also after an earlier audit."""
        folder = self.copied("grown")
        state = os.path.join(self.at, "state")
        self.assertEqual(self.verify(folder, "--state", state)[0], PASS)
        self.world.ingest(1, [{"kind": "move", "purpose": "internal_transfer", "from": "1:1",
                               "to": "1:2", "amount": "1 sat"}], ["t1", "t2"])
        self.world.sign(self.world.dir)
        run("export", self.world.dir, folder, "--attachments")
        partial = [name for name in files(folder) if ".p/" in name]
        for name in partial:
            kept = os.path.join(self.at, "kept")
            copied = os.path.join(self.at, "state-copy")
            shutil.copytree(state, copied)
            path = os.path.join(folder, name)
            shutil.copy(path, kept)
            flip(path, at=10)
            code, out, said = self.verify(folder, "--state", copied)
            shutil.copy(kept, path)
            shutil.rmtree(copied)
            with self.subTest(name=name):
                self.assertEqual(code, FAIL, out + said)
        self.assertEqual(self.verify(folder, "--state", state)[0], PASS)


class Many(Case):
    """An entry whose every record names one of an entry of an earlier audit."""

    RECORDS = 8190

    def test_posts(self):
        move = {"purpose": "internal_transfer", "from": "1:1", "to": "1:2", "amount": "1 sat"}
        bulk = os.path.join(self.at, "bulk")
        state = os.path.join(self.at, "bulk-state")
        named = self.world.ingest(1, [{"kind": "pending", **move}] * self.RECORDS,
                                  ["t1", "t2"])["entry"]
        self.world.sign(self.world.dir)
        run("export", self.world.dir, bulk, "--attachments")
        self.assertEqual(self.verify(bulk, "--state", state)[0], PASS)
        self.world.ingest(1, [{"kind": "post", **move, "evidence": f"{named}:{i}"}
                              for i in range(self.RECORDS)], ["t1", "t2"])
        self.world.sign(self.world.dir)
        run("export", self.world.dir, bulk, "--attachments")
        began = time.monotonic()
        code, _, said = self.verify(bulk, "--state", state)
        seconds = time.monotonic() - began
        print(f"an entry of {self.RECORDS} posts: {seconds:.2f} s with --state")
        self.assertEqual(code, PASS, said)
        self.assertLess(seconds, 10)


if __name__ == "__main__":
    unittest.main()
