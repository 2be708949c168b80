#!/usr/bin/env python3
"""Checkpoints, tiles and proofs against golang.org/x/mod/sumdb (tests/interop/interop.go), which
others wrote. First the exports that second_export_test.py makes from docs/FORMAT.md, then, when a
build is given, those of the programs.

    interop_test.py [BUILD_DIR]

Exits with 77, and says why, where there is no Go or no golang.org/x/mod.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import second_export_test as e  # noqa: E402  (found beside this file)
import second_note  # noqa: E402
import second_verifier_test as t  # noqa: E402

BUILD = ""  # set by main
SEED = int(os.environ.get("TIJORI_SEED", "1"))
GO_PATH = "/usr/share/gocode"  # where Debian puts the sources of Go packages
PROOFS = 200  # of each kind
SKIPPED = 77
INTEROP = ""  # the program, set by main


def run(*command, stdin=b"", expect=0):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                          check=False)
    if done.returncode != expect:
        raise AssertionError("%s: exit %d, not %d\n%s\n%s" % (
            " ".join(map(str, command)), done.returncode, expect, done.stdout[-2000:].decode(),
            done.stderr.decode()))
    return done.stdout


def build_interop(at):
    """The path of the program, or exits."""
    go = shutil.which("go")
    if not go:
        missing("no go")
    if not os.path.isdir(os.path.join(GO_PATH, "src/golang.org/x/mod/sumdb/tlog")):
        missing("no golang.org/x/mod (golang-golang-x-mod-dev)")
    program = os.path.join(at, "interop")
    settings = dict(os.environ, GO111MODULE="off", GOPATH=GO_PATH, GOFLAGS="", GOTOOLCHAIN="local")
    if not {"GOCACHE", "XDG_CACHE_HOME", "HOME"} & set(settings):  # where Go keeps what it compiled
        settings["GOCACHE"] = os.path.join(at, "cache")
    subprocess.run([go, "build", "-o", program, os.path.join(HERE, "interop", "interop.go")],
                   env=settings, check=True)
    return program


def missing(what):
    print("skipped: %s" % what)
    sys.exit(SKIPPED)


def check_export(folder, vkey, cosigners=(), proofs=b"", expect=0):
    """What the program counts, by name."""
    out = run(INTEROP, "export", folder, vkey, *cosigners, stdin=proofs, expect=expect).decode()
    return {name: int(count) for name, count in map(str.split, out.splitlines())}


# --------------------------------------------------------------------------------------------
# Exports made in Python
# --------------------------------------------------------------------------------------------


def subproof(old, leaves, whole):
    """SUBPROOF of RFC 6962 section 2.1.2, as it is written there."""
    if old == len(leaves):
        return [] if whole else [t.tree_hash(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return subproof(old, leaves[:split], whole) + [t.tree_hash(leaves[split:])]
    return subproof(old - split, leaves[split:], False) + [t.tree_hash(leaves[:split])]


def proof_lines(raws, count, rng):
    """As print_proofs prints them."""
    leaves = [t.leaf(raw.entry) for raw in raws]
    for _ in range(count):
        size = rng.randrange(1, len(leaves) + 1)
        index, old = rng.randrange(size), rng.randrange(1, size + 1)
        for kind, first, path in (("inclusion", index, e.path_of(index, leaves[:size])),
                                  ("consistency", old, subproof(old, leaves[:size], True))):
            yield " ".join([kind, str(first), str(size)] + [e.b64(hash_) for hash_ in path]) + "\n"


class Written(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = self.folder.name
        self.vkey = e.log_signer(e.LARGE).vkey
        self.cosigners = [witness.vkey for witness in e.WITNESSES]
        e.write(self.at, e.export(e.LARGE, stale=(7, 300), cosigned=[
            e.cosigned(e.LARGE, size) for size in (2, 256, 300)]))

    def check(self, proofs=b"", expect=0):
        return check_export(self.at, self.vkey, self.cosigners, proofs, expect)

    def test_export(self):
        lines = "".join(proof_lines(e.LARGE, PROOFS, random.Random(SEED))).encode()
        self.assertEqual(self.check(lines), {"entries": len(e.LARGE), "checkpoints": 4,
                                             "cosignatures": 6, "inclusion": PROOFS,
                                             "consistency": PROOFS})

    def test_tampered(self):
        """That the program finds what is wrong: its word is what the rest relies on."""
        for path in ("checkpoint", "tile/1/000.p/2", "tile/0/001", "tile/entries/002.p/18"):
            with open(os.path.join(self.at, path), "rb") as source:
                good = source.read()
            e.write(self.at, {path: t.last_bit_flipped(good[:-4]) + good[-4:]})
            self.check(expect=1)
            e.write(self.at, {path: good})
        self.check()
        lines = list(proof_lines(e.LARGE, 1, random.Random(SEED)))
        for line in lines:
            for changed in (line.replace("i", "o", 1), line.rsplit(" ", 1)[0] + "\n",
                            line.replace(" ", " 1", 1), "\n"):
                self.check(changed.encode(), expect=1)

    def test_note_made_in_go(self):
        """A note and a cosignature of x/mod are opened by the second verifier."""
        text = "first\n\nTreasury \u20ac\n"
        key, opened = self.open_made(["sign", "a.example/log"], text.encode(), second_note.Note)
        self.assertEqual((opened.text, opened.verified_by([key])), (text.encode(), [key]))
        data = e.checkpoint(e.LARGE, 9, cosigners=e.WITNESSES)
        key, opened = self.open_made(["cosign", "w.example", self.vkey], data,
                                     second_note.Checkpoint)
        log = second_note.parse_verifier_key(self.vkey)
        self.assertEqual((opened.size, opened.verified_by([log, key])), (9, [log, key]))
        self.assertEqual(len(opened.cosignature_lines(opened.origin)), 3)

    def open_made(self, arguments, data, kind):
        vkey, _, made = run(INTEROP, *arguments, stdin=data).partition(b"\n")
        return second_note.parse_verifier_key(vkey.decode()), kind(made)


# --------------------------------------------------------------------------------------------
# Exports by the programs
# --------------------------------------------------------------------------------------------


class Programs(unittest.TestCase):
    """A ledger exported twice into one folder: when small, and when it has more than a tile."""

    def setUp(self):
        if not BUILD:
            self.skipTest("no BUILD_DIR")
        sys.argv.insert(1, BUILD)  # where the module takes it from
        import second_programs_test as programs
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.programs, self.world = programs, programs.c.World(folder.name)
        self.vkey = programs.verifier_key(self.world)

    def check(self, cosigners=()):
        out = self.programs.export(self.world, "out")
        proofs = run(os.path.join(BUILD, "tests", "print_proofs"), out, PROOFS, SEED)
        counts = check_export(out, self.vkey, cosigners, proofs)
        self.assertEqual((counts["entries"], counts["inclusion"], counts["consistency"]),
                         (self.programs.size_of(self.world), PROOFS, PROOFS))
        return out, counts

    def test_export_and_grow(self):
        self.check()
        self.programs.grow(self.world)
        out, _ = self.check()
        self.assertTrue(os.path.exists(os.path.join(out, "tile", "0", "000")))

    def test_cosigned_in_go(self):
        """A cosignature by x/mod's note is added, exported, and counted by the auditor."""
        out, _ = self.check()
        with open(os.path.join(out, "checkpoint"), "rb") as source:
            vkey, _, cosigned = run(INTEROP, "cosign", "go.example", self.vkey,
                                    stdin=source.read()).partition(b"\n")
        vkey = vkey.decode()
        added, policy = (os.path.join(self.world.at, name) for name in ("cosigned", "policy"))
        e.write(self.world.at, {"cosigned": cosigned, "policy": (
            "log %s\nwitness go %s\nquorum go\n" % (self.vkey, vkey)).encode()})
        audit = os.path.join(BUILD, "tijori-audit")
        run(audit, "verify", out, "--policy", policy, "--without-documents", expect=3)
        run(os.path.join(BUILD, "tijori"), "checkpoint", self.world.dir, "--add", added, "--policy",
            policy)
        out, counts = self.check([vkey])
        self.assertEqual((counts["checkpoints"], counts["cosignatures"]), (2, 2))
        run(audit, "verify", out, "--policy", policy, "--without-documents")


def main():
    global BUILD, INTEROP
    BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as at:
        INTEROP = build_interop(at)
        passed = unittest.main(exit=False).result.wasSuccessful()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
