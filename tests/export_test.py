#!/usr/bin/env python3
"""`tijori export` from outside: what kind of folder it makes, two at once, a damaged ledger, and
power cuts: whatever is left of a folder is no false verdict, and the next export makes it whole.

    export_test.py BUILD_DIR

TIJORI_SEED chooses what a power cut leaves; TIJORI_EVERY_CUT=1 tries a cut after every call.
"""

import fcntl
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import power_cut
from cli_read_test import AUDIT, BUILD, SEED, TIJORI, World, audit, memory_of, run

RECORDER = os.path.join(BUILD, "tests", "librecord_writes.so")
EVERY_CUT = os.environ.get("TIJORI_EVERY_CUT") == "1"
CUTS = 25  # of each export


def restricted(world, reference):
    """A restricted envelope of the custodian, in the ledger; its words."""
    source = os.path.join(world.at, reference + ".csv")
    envelope = os.path.join(world.at, reference + ".tje")
    with open(source, "w", encoding="ascii") as file:
        file.write("kind,from,to,amount,purpose,value_date,reference,evidence\n"
                   "move,2:0,2:1,1 sat,customer_deposit,,%s,\n" % reference)
    run("propose", world.dir, "--party", 2, source, "-o", envelope, "--restricted")
    run("sign", envelope, "--key", world.key("c"), "--ledger", world.dir, *memory_of(envelope))
    return envelope


def contains(folder, words):
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                if words in file.read():
                    return True
    return False


class Exports(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="tijori-export-")
        self.addCleanup(temporary.cleanup)
        self.world = World.copied(temporary.name)
        self.out = os.path.join(temporary.name, "out")

    def export(self, *options, expect=0, out=None):
        return run("export", self.world.dir, out or self.out, *options, expect=expect)

    def verify(self, *options, expect=0):
        return audit(self.out, "--log-key", self.world.vkey, "--without-documents", *options,
                     expect=expect)[0]

    def put(self, name, data=b""):
        path = os.path.join(self.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def test_newest(self):
        """What `ingest --log-key` signed last goes out, and is kept: cosignatures can be added."""
        envelope = self.world.propose(2, [{"kind": "move", "from": "2:0", "to": "2:1",
                                           "amount": "1 sat", "purpose": "customer_deposit"}],
                                      ["c"])
        run("ingest", self.world.dir, envelope, "--log-key", self.world.key("log"))
        entries = json.loads(run("status", self.world.dir, "--format", "json")[0])["entries"]
        self.export()
        with open(os.path.join(self.out, "checkpoint"), encoding="utf-8") as file:
            self.assertEqual(int(file.read().split("\n")[1]), entries)
        # A witness cosigns what went out; meanwhile the log has grown.
        note, policy, witness = (os.path.join(self.world.at, name)
                                 for name in ("note", "policy", "witness.pem"))
        run("key", "new", witness, "--type", "ed25519")
        run("cosign", self.out, "--key", witness, "--name", "w.example", "--state",
            os.path.join(self.world.at, "seen"), "--log-key", self.world.vkey, "-o", note,
            program=AUDIT)
        run("ingest", self.world.dir, restricted(self.world, "next"), "--log-key",
            self.world.key("log"))
        shown = run("key", "show", witness, "--witness", "w.example")[0].split()[-1]
        with open(policy, "w", encoding="ascii") as file:
            file.write("log %s\nwitness w %s\nquorum w\n" % (self.world.vkey, shown))
        run("checkpoint", self.world.dir, "--policy", policy, "--add", note)
        self.verify()

    def test_while_another_writes(self):
        """The newest goes out as well when it cannot be kept, and that is said."""
        envelope = restricted(self.world, "held")
        run("ingest", self.world.dir, envelope, "--log-key", self.world.key("log"))
        with open(os.path.join(self.world.dir, "writer.lock"), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _, said = self.export("--public")
        self.assertIn("could not be kept", said)
        self.verify("--public")

    def test_kind(self):
        """A public folder gets no restricted record without a word, whatever became of `kind`."""
        run("ingest", self.world.dir, restricted(self.world, "confidential"))
        self.world.sign(self.world.dir)
        self.export("--public")
        self.assertIn("Go on with --public", self.export(expect=65)[1])
        for data in (None, b"", b"full", b"public\n\n"):
            if data is None:
                os.remove(os.path.join(self.out, "kind"))
            else:
                self.put("kind", data)
            self.assertIn("kind", self.verify("--public", expect=3))
            self.assertIn("--change-kind", self.export(expect=65)[1])
            self.export("--public")
            self.verify("--public")
        self.assertFalse(contains(self.out, b"confidential"))
        self.export("--change-kind")
        self.assertTrue(contains(self.out, b"confidential"))
        self.verify()
        self.assertIn("a folder of its own", self.export("--public", expect=65)[1])
        # Somebody says that it is public: it is not.
        self.put("kind", b"public\n")
        self.assertIn("must not be published", self.export("--public", expect=65)[1])
        self.assertIn("restricted entries", self.verify("--public", expect=None))

    def test_strangers(self):
        """What others leave in a folder is named, and says nothing about the log."""
        self.export()
        for name in (".DS_Store", "lost+found/x", "index.html", "body/.tmp.aB3", "tile/0/.nfs0001",
                     "checkpoints/.checkpoint.Xy", "attachment/00/x~"):
            self.put(name)
            with self.subTest(name):
                self.assertIn(name.split("/")[0], self.verify(expect=3))
            os.remove(os.path.join(self.out, name))
            for at, _, _ in os.walk(self.out, topdown=False):
                if not os.listdir(at):
                    self.assertIn(os.path.relpath(at, self.out), self.verify(expect=3))
                    os.rmdir(at)
        self.put("FORMAT.md", b"another edition\n")
        self.assertIn("NOTE", self.verify())
        self.put(".new-1", b"cut short")
        self.verify(expect=3)
        self.export()  # and is removed
        self.verify()

    def test_one_at_a_time(self):
        """The folder is locked; of two at once each that ends well leaves a sound folder."""
        os.mkdir(self.out)
        folder = os.open(self.out, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.assertIn("another export", self.export(expect=75)[1])
        os.close(folder)
        for _ in range(10):
            shutil.rmtree(self.out, ignore_errors=True)
            both = [subprocess.Popen([TIJORI, "export", self.world.dir, self.out],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for _ in range(2)]
            codes = sorted(process.wait() for process in both)
            for process in both:
                process.stdout.close()
                process.stderr.close()
            self.assertEqual(codes[0], 0)
            self.assertIn(codes[1], (0, 75))
            self.verify()

    def test_damaged_ledger(self):
        """Nothing leaves a ledger whose entries or records are not those that were signed."""
        self.export()
        sound = {}
        for name in self.files():
            with open(name, "rb") as file:
                sound[name] = file.read()
        path = os.path.join(self.world.dir, "data.mdb")
        with open(path, "rb") as file:
            good = file.read()
        for name in self.files():
            if "/tile/entries/" not in name and "/body/" not in name:
                continue
            # A record, or the entry's first bytes: they may stand in pages that are no longer in
            # use as well.
            data = sound[name][:112] if "/body/" in name else sound[name][2:180]
            flipped = bytes([data[0] ^ 1]) + data[1:]
            self.assertIn(data, good)
            with open(path, "wb") as file:
                file.write(good.replace(data, flipped))
            _, said = self.export(expect=None)
            self.assertIn("damaged", said, name)
            for kept, data in sound.items():
                with open(kept, "rb") as file:
                    self.assertEqual(file.read(), data, kept)
            with open(path, "wb") as file:
                file.write(good)
        self.export()
        self.verify()

    def files(self):
        return [os.path.join(at, name) for at, _, names in os.walk(self.out) for name in names]

    # --- power cuts

    def recorded(self, *options):
        """Exports, and gives the calls that did it."""
        to = os.path.join(self.world.at, "calls")
        subprocess.run([TIJORI, "export", self.world.dir, self.out, *options], check=True,
                       capture_output=True,
                       env=dict(os.environ, LD_PRELOAD=RECORDER, RECORD_FOLDER=self.out,
                                RECORD_TO=to))
        with open(to, encoding="utf-8") as file:
            lines = [line for line in file.read().split("\n") if line not in ("", "mkdir .")]
        os.remove(to)
        return lines

    def check_image(self, what):
        """Of what is left no false verdict comes, and the next export makes it whole."""
        code = subprocess.run([AUDIT, "verify", self.out, "--log-key", self.world.vkey, "--public",
                               "--without-documents"], capture_output=True).returncode
        self.assertIn(code, (0, 3, 66), what)
        self.export("--public")
        self.verify("--public")

    def check_cuts(self, before):
        """Cuts after some of the calls of an export into the folder `before` (None: none yet)."""
        shutil.rmtree(self.out, ignore_errors=True)
        if before is not None:
            shutil.copytree(before, self.out)
        lines = self.recorded("--public")
        self.assertGreater(len(lines), 10)
        self.assertIn("sync checkpoint", "\n".join(lines))
        rng = random.Random(SEED)
        cuts = set(rng.sample(range(len(lines) + 1), min(CUTS, len(lines))))
        cuts |= {number for number, line in enumerate(lines, 1) if "checkpoint" in line}
        for number, line, disk in power_cut.images(lines, before):
            if number not in cuts and not EVERY_CUT:
                continue
            for chance in power_cut.chances(rng):
                disk.image(self.out, rng, chance)
                self.check_image("cut after call %d (%s), chance %.2f, seed %d"
                                 % (number, line, chance, SEED))

    def test_killed_and_then_a_cut(self):
        """An export that was killed leaves files that are not on the disk yet. The next one believes
        them by their bytes, and has them synced before its checkpoint says that they are there."""
        lines = self.recorded("--public")
        written = next(number for number, line in enumerate(lines)
                       if line.endswith(" FORMAT.md"))  # the last before all is synced
        disk = power_cut.Disk()
        for line in lines[:written + 1]:
            disk.play(line)
        rng = random.Random(SEED)
        disk.as_seen(self.out)
        again = self.recorded("--public")
        self.assertFalse([line for line in again if line.startswith("write body/")])
        for line in again:
            disk.play(line)
        for chance in power_cut.chances(rng):
            disk.image(self.out, rng, chance)
            self.verify("--public")

    def test_power_cut(self):
        self.check_cuts(None)
        before = os.path.join(self.world.at, "before")
        shutil.copytree(self.out, before)
        run("ingest", self.world.dir, restricted(self.world, "more"))
        self.world.sign(self.world.dir)
        self.check_cuts(before)


if __name__ == "__main__":
    unittest.main()
