#!/usr/bin/env python3
"""The programs without memory, from outside: each command runs again and again, and in the n-th run
the n-th request for memory is refused. A run may end well or say that it did not. It may not end by
a signal, nor say that it ended well with another output, nor leave a part of a file.

    cli_memory_test.py BUILD_DIR
"""

import json
import os
import random
import re
import subprocess
import tempfile
import time
import unittest

from cli_read_test import AUDIT, BUILD, TIJORI, World, run

PLACES = 60
RANDOM_PLACES = 60  # of all that libraries ask for
NO_MEMORY = 75
BAD_INPUT = 65  # what a reader of input could not read, for whatever reason
RECORD = {"kind": "move", "purpose": "internal_transfer", "from": "1:2", "to": "1:1",
          "amount": "1 sat", "evidence": "file:contract.txt"}


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-memory-")
        cls.at = cls.temporary.name
        cls.world = World(cls.at)
        cls.out = os.path.join(cls.at, "out")
        os.mkdir(cls.out)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.at, name)

    def left(self):
        """What stands in the folder for output, by name; the folder is empty again then."""
        files = {}
        for name in os.listdir(self.out):
            path = os.path.join(self.out, name)
            with open(path, "rb") as file:
                files[name] = file.read()
            if name == "envelope":  # created_s and expires_s are those of the run
                files[name] = files[name][:24] + files[name][40:]
            os.unlink(path)
        return files

    def once(self, program, args, refused):
        environment = dict(os.environ, REFUSE_AT=str(refused),
                           LD_PRELOAD=os.path.join(BUILD, "tests", "librefuse_allocation.so"))
        done = subprocess.run([program, *map(str, args)], env=environment, capture_output=True,
                              timeout=120)
        return done.returncode, done.stdout, done.stderr.decode(), self.left()

    def check(self, *args, program=TIJORI):
        """How many of the runs said that there was no memory."""
        said = 0
        code, out, err, files = self.once(program, args, 0)
        self.assertEqual(code, 0, err)
        for n in range(1, PLACES + 1):
            got, printed, why, written = self.once(program, args, n)
            with self.subTest(command=args[0], refused=n):
                if got == 0:
                    self.assertEqual((out, files), (printed, written), why)
                    continue
                self.assertIn(written, ({}, files), "a part of a file is left")
                self.assertIn(got, (NO_MEMORY, BAD_INPUT), why)
                self.assertRegex(why, "out of memory|Cannot allocate memory|not enough memory")
                said += 1
        return said

    def test_a_file_that_is_written_from_a_ledger(self):
        source = self.path("source.jsonl")
        with open(source, "w", encoding="ascii") as file:
            file.write(json.dumps(RECORD) + "\n")
        said = self.check("propose", self.world.dir, source, "--party", 1, "-o",
                          os.path.join(self.out, "envelope"))
        self.assertGreater(said, 10)

    def test_a_file_that_is_written_without_one(self):
        said = self.check("genesis", "--origin", "test.example/reserve", "--network", "regtest",
                          "--authority", self.world.key("a"), "--threshold", 1, "--log-key",
                          self.world.key("log"), "--created", "2026-01-31T12:00:00Z", "--nonce",
                          "00" * 32, "-o", os.path.join(self.out, "genesis"))
        self.assertGreater(said, 1)

    def test_json(self):
        self.assertGreater(self.check("status", self.world.dir, "--format", "json"), 10)

    def test_a_check_without_a_ledger(self):
        proof = self.path("proof")
        run("prove", self.world.dir, f"{self.world.purchases}:0", "-o", proof)
        said = self.check("check-proof", proof, "--log-key", self.world.vkey, program=AUDIT)
        self.assertGreater(said, 3)

    def everywhere(self, *args):
        """The same with the requests of all libraries, one of them refused or all that follow too:
        a check says what it says with memory, or that it had none, and never something else."""
        library = os.path.join(BUILD, "tests", "librefuse_allocation.so")
        base = dict(os.environ, LD_PRELOAD=library, REFUSE_ALL="1")
        command = [AUDIT, *map(str, args)]
        right = subprocess.run(command, env=dict(base, REFUSE_COUNT="1"), capture_output=True)
        self.assertEqual(right.returncode, 0, right.stderr)
        count = int(re.search(rb"asked (\d+)", right.stderr).group(1))
        seed = int(os.environ.get("TIJORI_SEED", time.time_ns() % 10**6))
        print(f"TIJORI_SEED={seed}: {count} requests")
        places = random.Random(seed).sample(range(1, count + 1), min(count, RANDOM_PLACES))
        said = 0
        for n in places:
            for more in ({}, {"REFUSE_ON": "1"}):
                with self.subTest(command=args[0], refused=n, on=bool(more)):
                    got = subprocess.run(command, env=dict(base, REFUSE_AT=str(n), **more),
                                         capture_output=True, timeout=120)
                    self.assertNotIn(b"FAIL", got.stdout)
                    self.assertIn(got.returncode, (0, 74, NO_MEMORY, BAD_INPUT), got.stderr)
                    if got.returncode == 0:
                        self.assertEqual(got.stdout, right.stdout)
                    said += got.returncode == NO_MEMORY
        return said

    def test_what_libraries_ask_for(self):
        proof = self.path("proof-all")
        run("prove", self.world.dir, f"{self.world.purchases}:0", "-o", proof)
        run("export", self.world.dir, self.path("export"))
        self.assertGreater(self.everywhere("check-proof", proof, "--log-key", self.world.vkey), 5)
        self.everywhere("verify", self.path("export"), "--log-key", self.world.vkey,
                        "--without-documents", "--findings-ok", "--threads", "1")


if __name__ == "__main__":
    unittest.main()
