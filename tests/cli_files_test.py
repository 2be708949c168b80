#!/usr/bin/env python3
"""What the programs do to files and streams that are not as they should be, from outside: links,
pipes and left-overs where an envelope is signed, two at once, output that cannot be written,
descriptors that are closed, passphrases, key files, and texts that an editor changed.

    cli_files_test.py BUILD_DIR
"""

import fcntl
import json
import os
import pty
import resource
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from cli_read_test import AUDIT, BUILD, TIJORI, World, run

USAGE, DATA, NO_INPUT, IO, TRY_AGAIN, DENIED = 2, 65, 66, 74, 75, 77
TODAY = time.strftime("%Y-%m-%d", time.gmtime())
BOM = b"\xef\xbb\xbf"
# Made once with the openssl program; none is used for anything.
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


class Files(unittest.TestCase):
    """Each test in a folder of its own, with an envelope that nobody has signed."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-files-")
        cls.world = World(os.path.join(cls.temporary.name))
        record = {"kind": "move", "purpose": "internal_transfer", "from": "1:1", "to": "1:2",
                  "amount": "1 sat"}
        source = write(os.path.join(cls.temporary.name, "one.jsonl"), json.dumps(record) + "\n")
        cls.unsigned = os.path.join(cls.temporary.name, "unsigned.tje")
        run("propose", cls.world.dir, source, "--party", 1, "-o", cls.unsigned)
        cls.source = source

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def setUp(self):
        self.at = tempfile.mkdtemp(prefix="tijori-file-")
        os.chmod(self.at, 0o755)
        self.addCleanup(shutil.rmtree, self.at)

    def path(self, name):
        return os.path.join(self.at, name)

    def envelope(self, name="u.tje"):
        return shutil.copy(self.unsigned, self.path(name))

    def sign(self, path, key="t1", **more):
        return run("sign", path, "--key", self.world.key(key), **more)

    def is_signed(self, path, keys=1):
        return os.path.getsize(path) == os.path.getsize(self.unsigned) + 106 * keys

    def left(self):
        return [name for name in os.listdir(self.at) if ".new" in name]


class Signing(Files):
    def test_two_at_once_lose_no_signature(self):
        for _ in range(30):
            path = self.envelope()
            both = [subprocess.Popen([TIJORI, "sign", path, "--key", self.world.key(key)],
                                     stdout=subprocess.DEVNULL) for key in ("t1", "t2")]
            self.assertEqual([one.wait() for one in both], [0, 0])
            self.assertTrue(self.is_signed(path, 2))
        self.assertEqual(self.left(), [])

    def test_two_files_of_one_folder_at_once(self):
        paths = [self.envelope(f"{n}.tje") for n in range(8)]
        all_of_them = [subprocess.Popen([TIJORI, "sign", path, "--key", self.world.key("t1")],
                                        stdout=subprocess.DEVNULL) for path in paths]
        self.assertEqual({one.wait() for one in all_of_them}, {0})
        self.assertTrue(all(map(self.is_signed, paths)))

    def test_a_link_is_written_through(self):
        os.mkdir(self.path("d"))
        path = self.envelope("d/u.tje")
        os.symlink("u.tje", self.path("d/near"))
        os.symlink("d/near", self.path("far"))
        self.sign(self.path("far"))
        self.assertTrue(os.path.islink(self.path("far")) and os.path.islink(self.path("d/near")))
        self.assertTrue(self.is_signed(path))
        self.sign(path, "t2")
        self.assertTrue(self.is_signed(self.path("far"), 2))

    def test_both_names_of_a_file_are_signed(self):
        path = self.envelope()
        os.link(path, self.path("second"))
        self.sign(path)
        self.assertTrue(self.is_signed(path) and os.path.samefile(path, self.path("second")))
        self.assertEqual(self.left(), [])

    def test_what_is_no_file_is_refused(self):
        os.mkfifo(self.path("pipe"))
        os.symlink("/dev/null", self.path("null"))
        for path, code in ((self.path("pipe"), DATA), ("/dev/null", DATA), (self.path("null"), DATA),
                           ("/dev/stdin", DATA), (self.at, NO_INPUT)):
            with self.subTest(path=path):
                _, err = self.sign(path, stdin=read(self.unsigned), expect=code)
                self.assertIn(path, err)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertTrue(os.path.islink("/dev/stdin") or os.path.exists("/dev/stdin"))

    def test_a_left_over_is_in_nobodys_way(self):
        path = self.envelope()
        write(path + ".new", b"")
        os.mkdir(self.path(".new"))
        self.sign(path)
        self.assertTrue(self.is_signed(path))
        self.assertEqual(read(path + ".new"), b"")

    def test_mode_and_owner_stay(self):
        owner = (1234, 4321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        for mode in (0o660, 0o604, 0o600):
            path = self.envelope()
            os.chown(path, *owner)
            os.chmod(path, mode)
            self.sign(path)
            info = os.stat(path)
            self.assertEqual((info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)),
                             (*owner, mode))

    def test_an_access_list_stays(self):
        path = self.envelope()
        nobody = 0xffffffff
        entries = ((1, 6, nobody), (2, 6, 1234), (4, 4, nobody), (16, 6, nobody), (32, 0, nobody))
        access = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
        try:
            os.setxattr(path, "system.posix_acl_access", access)
        except OSError as error:
            self.skipTest(f"no access lists here: {error}")
        self.sign(path)
        self.assertTrue(self.is_signed(path))
        self.assertEqual(os.getxattr(path, "system.posix_acl_access"), access)
        self.assertEqual(self.left(), [])

    @unittest.skipIf(os.geteuid() != 0, "only root can be another")
    def test_a_file_of_another_owner_stays_theirs(self):
        os.chmod(self.at, 0o777)
        path = self.envelope()
        os.chmod(path, 0o666)
        key = shutil.copy(self.world.key("t1"), self.path("k.pem"))
        program = shutil.copy(TIJORI, self.path("tijori"))
        os.chown(key, 1234, 1234)
        os.mkdir(self.path("theirs"))
        os.chown(self.path("theirs"), 1234, 1234)

        def another():
            os.setgroups([])
            os.setgid(1234)
            os.setuid(1234)

        def as_another():
            return subprocess.run([program, "sign", path, "--key", key], capture_output=True, preexec_fn=another,
                                  env=dict(os.environ, XDG_STATE_HOME=self.path("theirs"))).returncode
        self.assertEqual(as_another(), 0)
        self.assertTrue(self.is_signed(path))
        self.assertEqual(os.stat(path).st_uid, 0)
        # What may not be written is not replaced either, nor where no file can be made beside it.
        for file_mode, folder_mode in ((0o644, 0o777), (0o666, 0o755)):
            shutil.copyfile(self.unsigned, path)
            os.chmod(path, file_mode)
            os.chmod(self.at, folder_mode)
            self.assertEqual(as_another(), DENIED)
            self.assertEqual(read(path), read(self.unsigned))

    def test_a_lock_that_is_not_given_back(self):
        path = self.envelope()
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            signing = subprocess.Popen([TIJORI, "sign", path, "--key", self.world.key("t1")],
                                       stdout=subprocess.DEVNULL)
            time.sleep(0.3)
            self.assertIsNone(signing.poll())
            fcntl.flock(file, fcntl.LOCK_UN)
            self.assertEqual(signing.wait(), 0)
        self.assertTrue(self.is_signed(path))


class Outputs(Files):
    def test_what_is_there_stays(self):
        """Whatever stands under the name of a new file: a file, a link to one or to none, a pipe."""
        write(self.path("file"), "kept")
        os.symlink("file", self.path("link"))
        os.symlink("nowhere", self.path("dangling"))
        os.mkfifo(self.path("pipe"))
        commands = (("propose", self.world.dir, self.source, "--party", 1, "-o"),
                    ("prove", self.world.dir, f"{self.world.purchases}:0", "-o"),
                    ("statement", self.world.dir, "--as-of", TODAY, "-o"),
                    ("key", "new"))
        for command in commands:
            for name in ("file", "link", "dangling", "pipe", "."):
                with self.subTest(command=command[0], name=name):
                    _, err = run(*command, self.path(name), expect=None)
                    self.assertRegex(err, "exist|there is such a file already")
        self.assertEqual(read(self.path("file")), b"kept")
        self.assertFalse(os.path.exists(self.path("nowhere")))
        self.assertEqual(sorted(os.listdir(self.at)), ["dangling", "file", "link", "pipe"])

    def test_a_killed_program_leaves_no_part_of_a_file(self):
        """The size of files is limited, as a full disk is; SIGXFSZ ends it as kill does."""
        for ignored in (False, True):
            def limit():
                resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN if ignored else signal.SIG_DFL)
            out = self.path("p")
            done = subprocess.run([TIJORI, "prove", self.world.dir, f"{self.world.purchases}:0",
                                   "-o", out], capture_output=True, preexec_fn=limit)
            self.assertNotEqual(done.returncode, 0)
            self.assertFalse(os.path.exists(out))
            if ignored:
                self.assertEqual(done.returncode, IO)
                self.assertIn(out, done.stderr.decode())

    def test_of_two_outputs_both_or_none(self):
        write(self.path("proof"), "kept")
        command = ("prove", self.world.dir, f"{self.world.purchases}:0", "--entry-bytes",
                   self.path("entry"), "-o")
        run(*command, self.path("proof"), expect=None)
        self.assertEqual(os.listdir(self.at), ["proof"])
        run(*command, self.path("second"))
        self.assertEqual(sorted(os.listdir(self.at)), ["entry", "proof", "second"])

    def test_lost_output_is_a_failure(self):
        entry = f"{self.world.purchases}:0"
        proof = self.path("proof")
        run("prove", self.world.dir, entry, "-o", proof)
        log = ("--log-key", self.world.vkey)
        commands = ((TIJORI, "status", self.world.dir), (TIJORI, "--help"), (TIJORI, "--version"),
                    (TIJORI, "log", self.world.dir), (TIJORI, "accounts", self.world.dir),
                    (TIJORI, "key", "show", self.world.key("c"), "--format", "json"),
                    (TIJORI, "balance", self.world.dir, "1:1"), (TIJORI, "sign", "-", "--key",
                                                               self.world.key("t1")),
                    (TIJORI, "prove", self.world.dir, entry, "-o", "-"),
                    (TIJORI, "statement", self.world.dir, "--as-of", TODAY),
                    (TIJORI, "checkpoint", self.world.dir),
                    (TIJORI, "genesis", "--help"),
                    (AUDIT, "verify", self.world.dir, *log),
                    (AUDIT, "check-proof", proof, *log), (AUDIT, "--man"))
        with open("/dev/full", "wb") as full:
            for command in commands:
                def closed():
                    os.close(1)
                for more in ({"stdout": full}, {"preexec_fn": closed}):
                    with self.subTest(command=command[1:], more=list(more)):
                        done = subprocess.run(command, stderr=subprocess.PIPE,
                                              input=read(self.unsigned), **more)
                        self.assertEqual(done.returncode, IO, done.stderr)
                        self.assertIn(b"standard output", done.stderr)

    def test_closed_descriptors(self):
        """What is printed goes nowhere, and into no file of the ledger."""
        ledger = shutil.copytree(self.world.dir, self.path("ledger"))
        path = shutil.copy(self.unsigned, self.path("u.tje"))
        self.sign(path)
        self.sign(path, "t2")
        for closed in ((0,), (1,), (2,), (0, 1), (0, 1, 2), (1, 2)):
            def close():
                for descriptor in closed:
                    os.close(descriptor)
            with self.subTest(closed=closed):
                done = subprocess.run([TIJORI, "ingest", ledger, path], preexec_fn=close)
                self.assertEqual(done.returncode, IO if 1 in closed else 0)
                self.assertEqual(os.path.getsize(os.path.join(ledger, "writer.lock")), 0)
                self.assertEqual(subprocess.run([AUDIT, "verify", self.world.dir, "--log-key",
                                                 self.world.vkey], preexec_fn=close).returncode,
                                 IO if 1 in closed else 0)
        run("checkpoint", ledger, "--log-key", self.world.key("log"))
        run("verify", ledger, "--log-key", self.world.vkey, program=AUDIT)

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, "example_reserve")), "no examples")
    def test_closed_descriptors_of_the_examples(self):
        for closed in ((1,), (0, 1, 2)):
            def close():
                for descriptor in closed:
                    os.close(descriptor)
            name = self.path(f"ledger-{len(closed)}")
            done = subprocess.run([os.path.join(BUILD, "example_reserve"), name, name + "-out"],
                                  preexec_fn=close)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(os.path.getsize(os.path.join(name, "writer.lock")), 0)
            verify = os.path.join(BUILD, "example_verify")
            self.assertEqual(subprocess.run([verify, name + "-out"], preexec_fn=close).returncode, 3)
            with open("/dev/full", "wb") as full:
                done = subprocess.run([verify, name + "-out"], stdout=full, stderr=subprocess.PIPE)
            self.assertIn(b"standard output", done.stderr)

    def test_a_cosignature_takes_the_place_of_the_one_before(self):
        run("key", "new", self.path("w.pem"), "--type", "ed25519")
        command = ("cosign", self.world.dir, "--key", self.path("w.pem"), "--name", "w.example",
                   "--state", self.path("state"), "--log-key", self.world.vkey, "-o")
        run(*command, self.path("c"), program=AUDIT)
        os.symlink("c", self.path("link"))
        write(self.path("c"), "older")
        run(*command, self.path("link"), program=AUDIT)
        self.assertIn(b"w.example", read(self.path("c")))
        self.assertTrue(os.path.islink(self.path("link")))
        out, _ = run(*command, "/dev/stdout", program=AUDIT)
        self.assertIn("w.example", out)
        run(*command, self.at, program=AUDIT, expect=NO_INPUT)
        self.assertEqual(self.left(), [])


class Secrets(Files):
    def key(self, passphrase, name="k.pem"):
        path = self.path(name)
        if os.path.exists(path):
            os.unlink(path)
        return run("key", "new", path, "--passphrase-file", write(self.path("pw"), passphrase),
                   expect=None)

    def opens(self, passphrase):
        out, err = run("key", "show", self.path("k.pem"), "--passphrase-file",
                       write(self.path("other"), passphrase), expect=None)
        return out != "", err

    def test_a_passphrase_is_used_whole_or_refused(self):
        for text in (b"abc\rdef\n", b"abc\r\n", b"abc\n", b"abc", b"x" * 1023 + b"\r\n",
                     b" a b \n", b"\xef\xbb\xbfabc\n", b"abc\r\r\n"):
            with self.subTest(text=text[-10:]):
                self.assertNotIn("longer", self.key(text)[1])
                whole = text[:-2] if text.endswith(b"\r\n") else text.removesuffix(b"\n")
                if not whole.endswith(b"\r"):
                    self.assertTrue(self.opens(whole + b"\n")[0])
                self.assertTrue(self.opens(whole + b"\r\n")[0])
                for short in (whole[:-1], whole.split(b"\r")[0], whole + b"x"):
                    if short not in (b"", whole):
                        self.assertFalse(self.opens(short + b"\n")[0], short[-10:])
        for text, why in ((b"abc\0def\n", "NUL"), (b"\0\n", "NUL"), (b"x" * 1024 + b"\n", "1023"),
                          (b"x" * 5000, "1023"), (b"\n", "empty"), (b"\r\n", "empty"),
                          (b"", "no passphrase")):
            with self.subTest(text=text[-10:]):
                _, err = self.key(text)
                self.assertIn(why, err)
                self.assertFalse(os.path.exists(self.path("k.pem")))
        self.assertIn("only its first line", self.key(b"abc\ndef\n")[1])

    def at_prompt(self, act):
        """Runs key show on a terminal, waits for its question, and lets `act` do something. How it
        ended, what it printed, and whether the terminal echoes."""
        self.key(b"secret\n")
        parent, child = pty.openpty()
        asking = subprocess.Popen([TIJORI, "key", "show", self.path("k.pem")], stdin=child,
                                  stdout=child, stderr=child, start_new_session=True,
                                  preexec_fn=lambda: fcntl.ioctl(
                                      0, termios.TIOCSCTTY, 0))
        said = b""
        while b": " not in said:
            said += os.read(parent, 1000)
        act(asking, parent)
        try:
            code = asking.wait(20)
        except subprocess.TimeoutExpired:
            asking.kill()
            code = None
        echoes = bool(termios.tcgetattr(child)[3] & termios.ECHO)
        os.close(child)
        os.close(parent)
        return code, echoes

    def test_the_prompt_ends_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(signal=number):
                code, echoes = self.at_prompt(lambda asking, _: asking.send_signal(number))
                self.assertEqual((code, echoes), (-number, True))
        code, echoes = self.at_prompt(lambda _, terminal: os.write(terminal, b"\x03"))
        self.assertEqual((code, echoes), (-signal.SIGINT, True))
        code, echoes = self.at_prompt(lambda _, terminal: os.write(terminal, b"secret\n"))
        self.assertEqual((code, echoes), (0, True))
        for wrong in (b"\n", b"\x04", b"Secret\n", b"x" * 1024 + b"\n"):
            with self.subTest(wrong=wrong[:10]):
                code, echoes = self.at_prompt(lambda _, terminal: os.write(terminal, wrong))
                self.assertEqual((code, echoes), (DENIED, True))

    def test_a_stopped_prompt_asks_again(self):
        def stop(asking, terminal):
            asking.send_signal(signal.SIGTSTP)
            for _ in range(200):
                with open(f"/proc/{asking.pid}/stat", encoding="ascii") as file:
                    if file.read().rsplit(")", 1)[1].split()[0] == "T":
                        break
                time.sleep(0.02)
            asking.send_signal(signal.SIGCONT)
            said = b""
            while b": " not in said:
                said += os.read(terminal, 1000)
            os.write(terminal, b"secret\n")
        self.assertEqual(self.at_prompt(stop), (0, True))

    def test_a_core_holds_no_key(self):
        limits = []

        def look(asking, terminal):
            with open(f"/proc/{asking.pid}/limits", encoding="ascii") as file:
                limits.extend(line.split() for line in file if line.startswith("Max core file"))
            os.write(terminal, b"secret\n")
        self.at_prompt(look)
        self.assertEqual(limits[0][4:6], ["0", "0"])

    def test_a_key_that_others_can_read_is_told(self):
        path = write(self.path("plain.pem"), ED25519)
        for mode, told in ((0o600, False), (0o400, False), (0o604, True), (0o640, True),
                           (0o620, True), (0o777, True)):
            os.chmod(path, mode)
            _, err = run("key", "show", path)
            self.assertEqual("chmod 600 " + path in err, told, oct(mode))
        self.key(b"secret\n")
        os.chmod(self.path("k.pem"), 0o644)
        self.assertEqual(self.opens(b"secret\n"), (True, ""))

    def test_where_modes_cannot_be_set(self):
        """As on a stick with vfat, or on a share."""
        shim = os.path.join(BUILD, "tests", "librefuse_modes.so")
        for name, mask, mode, told in (("a.pem", 0o022, 0o600, False), ("b.pem", 0o277, 0o400, False),
                                       ("c.pem", 0o022, 0o644, True)):
            environment = dict(os.environ, LD_PRELOAD=shim)
            if told:
                environment["MODE_OF_ALL"] = oct(mode)[2:]
            path = self.path(name)
            before = os.umask(mask)
            done = subprocess.run([TIJORI, "key", "new", path], env=environment, capture_output=True)
            os.umask(before)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(b"others than its owner" in done.stderr, told, name)
            run("key", "show", path)
        path = self.envelope()
        os.chmod(path, 0o640)
        subprocess.run([TIJORI, "sign", path, "--key", self.world.key("t1")], check=True,
                       env=dict(os.environ, LD_PRELOAD=shim), stdout=subprocess.DEVNULL)
        self.assertTrue(self.is_signed(path))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)


class Texts(Files):
    def test_a_verifier_key_from_an_editor(self):
        proof = self.path("proof")
        run("prove", self.world.dir, f"{self.world.purchases}:0", "-o", proof)
        line = self.world.vkey.encode()
        for text in (line, line + b"\n", line + b"\r\n", BOM + line + b"\r\n", line + b" \r\n\r\n"):
            run("check-proof", proof, "--log-key", write(self.path("v"), text), program=AUDIT)
        run("check-proof", proof, "--log-key", self.world.vkey + "\r", program=AUDIT)
        for text, why in ((b"", "empty"), (b"\xff\xfe" + line.decode().encode("utf-16-le"), "UTF-16"),
                          (line + b"\r\n" + line, "CRLF"), (ED25519.encode(), "not a verifier key")):
            _, err = run("check-proof", proof, "--log-key", write(self.path("v"), text),
                         program=AUDIT, expect=DATA)
            self.assertIn(why, err)

    def test_texts_of_many_lines_name_what_was_done_to_them(self):
        proof = self.path("proof")
        run("prove", self.world.dir, f"{self.world.purchases}:0", "-o", proof)
        whole = read(proof)
        policy = f"log {self.world.vkey}\nquorum none\n".encode()
        plain = write(self.path("plain"), policy)
        run("check-proof", proof, "--policy", write(self.path("p"), policy), program=AUDIT)
        for change, why in ((lambda text: text.replace(b"\n", b"\r\n"), "CRLF"),
                            (lambda text: BOM + text, "byte order mark"),
                            (lambda text: text.decode().encode("utf-16"), "UTF-16")):
            changed = write(self.path("changed"), change(whole))
            _, err = run("check-proof", changed, "--log-key", self.world.vkey, program=AUDIT,
                         expect=DATA)
            self.assertIn(why, err)
            _, err = run("check-receipt", changed, self.world.dir, "--log-key", self.world.vkey,
                         program=AUDIT, expect=DATA)
            self.assertIn(why, err)
            _, err = run("check-proof", proof, "--policy",
                         write(self.path("p"), change(policy)), program=AUDIT, expect=None)
            self.assertTrue(why in err or err == "", err)
            _, err = run("checkpoint", self.world.dir, "--add", changed, "--policy", plain,
                         expect=DATA)
            self.assertIn(why, err)

    def test_a_password_is_not_repeated(self):
        policy = write(self.path("p"), f"log {self.world.vkey}\nquorum none\n")
        for url in ("http://me:geheim@127.0.0.1:9/x", "http://geheim@127.0.0.1:9/",
                    "https://me:ge/heim@127.0.0.1:9/", "http://m@e:geheim@127.0.0.1:9",
                    "http://me:" + "geheim" * 400 + "@127.0.0.1:9/"):
            _, err = run("checkpoint", self.world.dir, "--policy", policy, "--timeout", "2s",
                         "--witness", url, expect=None)
            self.assertNotIn("heim", err)
            self.assertIn("://", err)
            _, err = run("status", self.world.dir, url, expect=USAGE)
            self.assertNotIn("heim", err)
        write(self.path("p"), f"log {self.world.vkey} http://a:geheim@b c\nquorum none\n")
        _, err = run("checkpoint", self.world.dir, "--policy", self.path("p"), expect=DATA)
        self.assertNotIn("heim", err)


if __name__ == "__main__":
    unittest.main()
