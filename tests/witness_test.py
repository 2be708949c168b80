#!/usr/bin/env python3
"""tijori-audit witness over HTTP, from outside: every answer, many requests at once, restarts, SIGKILL,
wrong command lines; and the client that gathers cosignatures, from real witnesses and from ones that
lie, stall or go on for ever.

    witness_test.py BUILD_DIR
"""

import base64
import concurrent.futures
import hashlib
import http.client
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
TIJORI = os.path.join(BUILD, "tijori")
AUDIT = os.path.join(BUILD, "tijori-audit")
TOOL = os.path.join(BUILD, "tests", "witness_tool")
SEED = int(os.environ.get("TIJORI_SEED", "1"))
ORIGIN = "log.example/one"
HONEST = 255  # no entry is forged
NAME = "witness.example/w"


def tool(*arguments, data=b"", expect=0):
    done = subprocess.run([TOOL, *map(str, arguments)], input=data, capture_output=True)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"witness_tool {arguments}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def request(old, size, fork=HONEST, origin=ORIGIN, seed=1):
    return tool("request", origin, seed, fork, old, size)


def log_vkey(origin=ORIGIN, seed=1):
    return tool("vkey", origin, seed, HONEST).decode().strip()


class Witness:
    """A running tijori-audit witness."""

    def __init__(self, at, name=NAME, logs=None, more=()):
        self.key = os.path.join(at, "key.pem")
        if not os.path.exists(self.key):
            os.makedirs(at, exist_ok=True)
            subprocess.run([TIJORI, "key", "new", self.key, "--type", "ed25519"], check=True,
                           capture_output=True)
        self.state = os.path.join(at, "state")
        self.errors = open(os.path.join(at, "errors"), "ab")
        self.process = subprocess.Popen(
            [AUDIT, "witness", "--listen", "127.0.0.1:0", "--key", self.key, "--name", name,
             "--state", self.state, "--log", *(logs or [log_vkey()]), *more],
            stdout=subprocess.PIPE, stderr=self.errors)
        self.vkey = self.process.stdout.readline().decode().strip()
        where = self.process.stdout.readline().decode().strip()
        assert where.startswith("listening on http://127.0.0.1:"), (self.vkey, where)
        self.port = int(where.split(":")[2].split("/")[0])
        self.url = f"http://127.0.0.1:{self.port}"

    def ask(self, body, method="POST", path="/add-checkpoint"):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def status(self, *arguments, **more):
        return self.ask(request(*arguments, **more))[0]

    def cosigned(self, size, answer):
        """The time of a cosignature; fails when it does not verify."""
        return int(tool("verify", ORIGIN, 1, HONEST, size, self.vkey, data=answer))

    def stop(self, number=signal.SIGTERM):
        if self.process.returncode is None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process.stdout.close()
            self.errors.close()
        return self.process.returncode

    def said(self):
        with open(self.errors.name, encoding="utf-8") as file:
            return file.read()


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="tijori-witness-")
        self.addCleanup(self.temporary.cleanup)

    def witness(self, where="w", **more):
        witness = Witness(os.path.join(self.temporary.name, where), **more)
        # Killed by the test, or ended well: a sanitizer's finding is another status.
        self.addCleanup(lambda: self.assertIn(witness.stop(), (0, -signal.SIGKILL), witness.said()))
        return witness

    def path(self, name):
        return os.path.join(self.temporary.name, name)


class Answers(Case):
    def test_every_status(self):
        witness = self.witness()
        before = int(time.time())
        status, headers, body = witness.ask(request(0, 5))
        self.assertEqual(status, 200)
        self.assertTrue(body.startswith("\u2014 ".encode()) and body.endswith(b"\n"))
        self.assertTrue(before <= witness.cosigned(5, body) <= int(time.time()))
        self.assertEqual(witness.status(5, 9), 200)
        status, headers, body = witness.ask(request(5, 12))
        self.assertEqual((status, headers["Content-Type"], body), (409, "text/x.tlog.size", b"9\n"))
        self.assertEqual(witness.status(9, 12, fork=7), 422)
        self.assertEqual(witness.status(9, 9, fork=7), 422)
        self.assertEqual(len(os.listdir(os.path.join(witness.state, "evidence"))), 2)
        self.assertEqual(witness.status(0, 9, origin="log.example/two"), 404)
        self.assertEqual(witness.status(9, 12, seed=2), 403)
        self.assertEqual(witness.status(12, 9), 400)
        for body in (b"", b"old 9\n", b"\0" * 100, request(9, 12)[:-1]):
            self.assertEqual(witness.ask(body)[0], 400)
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            status, headers, _ = witness.ask(None, method)
            self.assertEqual((status, headers["Allow"]), (405, "POST"))
        self.assertEqual(witness.ask(None, "HEAD")[0], 405)
        for path in ("/", "/add-checkpoint/", "/x/add-checkpoint", "/../add-checkpoint"):
            self.assertEqual(witness.ask(request(9, 12), path=path)[0], 404)
        self.assertEqual(witness.status(9, 12), 200)
        self.assertEqual(witness.stop(), 0)
        lines = witness.said().splitlines()
        self.assertIn(f"tijori-audit witness: {ORIGIN}: nothing cosigned yet", lines)
        self.assertIn(f"tijori-audit witness: 200 {ORIGIN}, size 12 from 9: cosigned", lines)
        self.assertTrue(any("405 GET /add-checkpoint" in line for line in lines))
        self.assertTrue(any("stopped by SIGTERM" in line for line in lines))

    def test_one_connection_serves_many(self):
        witness = self.witness()
        connection = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=300)
        for old in range(20):
            connection.request("POST", "/add-checkpoint", request(old, old + 1))
            answer = connection.getresponse()
            self.assertEqual((answer.status, len(answer.read()) > 100), (200, True))
        connection.close()

    def test_too_large(self):
        witness = self.witness()
        largest = b"x" * 65536
        self.assertEqual(witness.ask(largest)[0], 400)
        # The answer comes before the body: a client that still writes may only see a reset.
        for length, wanted in ((b"65537", rb"413"), (b"99999999999999999999999", rb"(413|400)")):
            connection = socket.create_connection(("127.0.0.1", witness.port), timeout=300)
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"
                               b"Content-Length: " + length + b"\r\n\r\n")
            self.assertRegex(connection.recv(100), rb"^HTTP/1.1 " + wanted + rb" ")
            connection.close()
        # Without a length the body is read up to the bound, and then the connection ends.
        connection = socket.create_connection(("127.0.0.1", witness.port), timeout=300)
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        with self.assertRaises(OSError):
            for _ in range(1000):
                connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        connection.close()
        self.assertEqual(witness.status(0, 5), 200)

    def test_chunked(self):
        witness = self.witness()
        body = request(0, 200)
        parts = [body[i:i + 7] for i in range(0, len(body), 7)]
        connection = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=300)
        connection.request("POST", "/add-checkpoint", iter(parts), encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_idle_connections_do_not_lock_others_out(self):
        witness = self.witness()
        idle = [socket.create_connection(("127.0.0.1", witness.port), timeout=300)
                for _ in range(30)]
        for connection in idle:
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Le")
        self.assertEqual(witness.status(0, 5), 200)
        start = time.monotonic()
        self.assertEqual(witness.stop(), 0)
        self.assertLess(time.monotonic() - start, 15)  # they are not waited for
        for connection in idle:
            connection.close()


    def test_slow_connections_do_not_lock_others_out(self):
        """A byte now and then is not silence: a request has a deadline, and an address a bound."""
        witness = self.witness()
        slow = [socket.create_connection(("127.0.0.1", witness.port), timeout=300)
                for _ in range(64)]
        start = time.monotonic()
        ended = set()
        for connection in slow:
            try:
                connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nX: ")
            except OSError:
                ended.add(connection)
        self.assertEqual(witness.status(0, 5), 200)  # from the same address
        while len(ended) < len(slow):
            self.assertLess(time.monotonic() - start, 60)
            for connection in set(slow) - ended:
                try:
                    connection.sendall(b"x")
                    connection.settimeout(0.01)
                    if connection.recv(1) == b"":
                        ended.add(connection)
                except TimeoutError:
                    pass
                except OSError:
                    ended.add(connection)
            time.sleep(1)
        self.assertGreater(time.monotonic() - start, 15)
        self.assertEqual(witness.status(5, 6), 200)
        for connection in slow:
            connection.close()


class Races(Case):
    def test_of_eight_at_once_one_wins(self):
        witness = self.witness()
        old = 0
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in range(5):
                bodies = {size: request(old, size) for size in range(old + 1, old + 9)}
                answers = list(pool.map(lambda item: (item[0], witness.ask(item[1])),
                                        bodies.items()))
                won = [size for size, answer in answers if answer[0] == 200]
                self.assertEqual(len(won), 1)
                self.assertEqual([a[0] for _, a in answers if a[0] != 200], [409] * 7)
                for _, answer in answers:
                    if answer[0] == 409:
                        self.assertEqual(answer[2], b"%d\n" % won[0])
                old = won[0]

    def test_a_restart_remembers(self):
        witness = self.witness()
        self.assertEqual(witness.status(0, 5), 200)
        self.assertEqual(witness.stop(signal.SIGINT), 0)
        self.assertIn("stopped by SIGINT", witness.said())
        again = self.witness()
        self.assertEqual(again.vkey, witness.vkey)
        self.assertEqual(again.status(0, 9), 409)
        self.assertEqual(again.status(5, 9), 200)
        self.assertIn(f"{ORIGIN}: cosigned up to size 5", again.said())

    def test_sigkill_at_any_time(self):
        """Two histories fork at 40; whatever is killed when, cosignatures follow one of them."""
        rng = random.Random(SEED)
        print("seed", SEED, file=sys.stderr)
        bodies = {(fork, old): request(old, old + 1, fork=fork)
                  for fork in (HONEST, 40) for old in range(38, 60)}
        first = request(0, 38)
        seen = {}  # size: fork, of each 200

        def push(witness, fork):
            old = 38
            try:
                while old < 60:
                    status, _, body = witness.ask(bodies[fork, old])
                    if status == 200:
                        self.assertIn(seen.setdefault(old + 1, fork), (fork,), f"size {old + 1}")
                        old += 1
                    elif status == 409:
                        old = int(body)
                    else:
                        return status
            except (OSError, http.client.HTTPException, ConnectionError):
                pass  # killed
            return None

        witness = self.witness()
        self.assertEqual(witness.ask(first)[0], 200)
        for _ in range(12):
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                both = [pool.submit(push, witness, fork) for fork in (HONEST, 40)]
                time.sleep(rng.uniform(0, 0.02))
                witness.stop(signal.SIGKILL)
                for one in both:
                    one.result()
            witness = self.witness()
        for fork in (HONEST, 40):
            push(witness, fork)
        # Up to 40 the histories are one; from 41 on exactly one of them was followed.
        self.assertEqual(len({fork for size, fork in seen.items() if size > 40}), 1)
        self.assertIn(60, seen)

    def test_one_witness_for_one_state(self):
        witness = self.witness()
        done = subprocess.run([AUDIT, "witness", "--listen", "127.0.0.1:0", "--key", witness.key,
                               "--name", NAME, "--state", witness.state, "--log", log_vkey()],
                              capture_output=True)
        self.assertEqual(done.returncode, 75)
        self.assertIn(b"another process", done.stderr)


class CommandLine(Case):
    def refused(self, code, says, **changed):
        witness = self.witness()  # for its key
        witness.stop()
        options = {"--listen": "127.0.0.1:0", "--key": witness.key, "--name": NAME,
                   "--state": witness.state, "--log": log_vkey()}
        options.update({"--" + name: value for name, value in changed.items()})
        done = subprocess.run([AUDIT, "witness", *(part for item in options.items()
                                                   for part in item)], capture_output=True)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(says.encode(), done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_wrong_addresses(self):
        for address in ("127.0.0.1", "localhost:80", "127.0.0.1:65536", ":80", "::1:80", "[::1]",
                        "[127.0.0.1]:80", "127.0.0.1:x", "127.0.0.1:080", "127.1.1.1.1:80"):
            self.refused(2, "--listen takes an address", listen=address)
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:127.0.0.1]:0"):
            self.refused(2, "not a loopback address", listen=address)
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        self.refused(69, "in use", listen="127.0.0.1:%d" % taken.getsockname()[1])
        taken.close()

    def test_wrong_logs(self):
        self.refused(66, "neither a verifier key", log="log.example+x")
        witness = self.witness("other")
        self.refused(66, "neither a verifier key", log=witness.vkey)  # type 0x04
        for text, line in ((b"# logs\n\nx\n", 3), (log_vkey().encode() + b" more\n", 1),
                           (b"x" * 2000, 1), (witness.vkey.encode(), 1)):
            with open(self.path("logs"), "wb") as file:
                file.write(text)
            self.refused(65, f"line {line}: not a verifier key", log=self.path("logs"))
        with open(self.path("logs"), "wb") as file:
            file.write(b"# none\n\n")
        self.refused(65, "no key of any log", log=self.path("logs"))

    def test_wrong_names_and_keys(self):
        self.refused(78, "/replayed", name="auditor.example/replayed")
        self.refused(78, "no space", name="two words")
        self.refused(66, "no such key file", key=self.path("missing.pem"))
        subprocess.run([TIJORI, "key", "new", self.path("e.pem"), "--type", "ecdsa"], check=True,
                       capture_output=True)
        self.refused(65, "ed25519", key=self.path("e.pem"))
        self.refused(66, "No such file", state=self.path("missing/state"))

    def test_logs_from_a_file_and_a_passphrase(self):
        with open(self.path("logs"), "w", encoding="utf-8") as file:
            file.write(f"# mine\n{log_vkey()}\n\n  {log_vkey('log.example/two', 2)}  \n")
        with open(self.path("pass"), "w", encoding="utf-8") as file:
            file.write("open sesame\n")
        os.mkdir(self.path("w"))
        subprocess.run([TIJORI, "key", "new", self.path("w/key.pem"), "--type", "ed25519",
                        "--passphrase-file", self.path("pass")], check=True)
        witness = self.witness(logs=[self.path("logs"), log_vkey("log.example/three", 3)],
                               more=["--passphrase-file", self.path("pass")])
        for seed, origin in ((1, ORIGIN), (2, "log.example/two"), (3, "log.example/three")):
            self.assertEqual(witness.status(0, 5, seed=seed, origin=origin), 200)
        shown = json.loads(subprocess.run(
            [TIJORI, "key", "show", witness.key, "--witness", NAME, "--passphrase-file",
             self.path("pass"), "--format", "json"], check=True, capture_output=True).stdout)
        self.assertEqual(shown["verifier_key"], witness.vkey)
        name, key_id, key = witness.vkey.split("+", 2)
        key = base64.b64decode(key)
        self.assertEqual((name, key[0]), (NAME, 4))
        self.assertEqual(hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8], key_id)

    def test_ipv6_and_public_addresses(self):
        at = self.path("six")
        witness = self.witness("six")
        witness.stop()
        for address, more in (("[::1]:0", []), ("0.0.0.0:0", ["--public-address"])):
            process = subprocess.Popen(
                [AUDIT, "witness", "--listen", address, "--key", witness.key, "--name", NAME,
                 "--state", os.path.join(at, "state"), "--log", log_vkey(), *more],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            lines = process.stdout.readline(), process.stdout.readline()
            process.terminate()
            said = process.communicate()[1]
            if b"Cannot assign" in said or b"not supported" in said:
                continue  # a machine without IPv6
            self.assertIn(b"listening on http://" + address[:-1].encode(), lines[1], said)


class Liar(http.server.BaseHTTPRequestHandler):
    """A witness that answers what its server's `say` gives for the number of the request."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(body)
        status, headers, answer = self.server.say(len(self.server.asked))
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            pass  # the client had enough

    def log_message(self, *arguments):
        pass


class Gathering(Case):
    def liar(self, say):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        server.daemon_threads = True
        server.say = say
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.url = f"http://127.0.0.1:{server.server_port}"
        return server

    def gather(self, size, *sources, timeout_ms=15000, fork=HONEST):
        return json.loads(tool("gather", ORIGIN, 1, fork, size, timeout_ms, *sources))

    def policy(self, witnesses, quorum="g", needed="all"):
        path = self.path("policy")
        names = [f"w{i}" for i in range(len(witnesses))]
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"log {log_vkey()}\n")
            for name, (vkey, url) in zip(names, witnesses):
                file.write(f"witness {name} {vkey} {url}\n")
            file.write(f"group g {needed} {' '.join(names)}\nquorum {quorum}\n")
        return path

    def test_three_witnesses_at_different_sizes(self):
        witnesses = [self.witness(f"w{i}", name=f"w{i}.example") for i in range(3)]
        self.assertEqual(witnesses[1].status(0, 7), 200)
        self.assertEqual(witnesses[2].status(0, 20), 200)
        policy = self.policy([(w.vkey, w.url + "/" * (w is witnesses[1])) for w in witnesses])
        result = self.gather(20, policy)
        self.assertEqual((result["cosigned"], result["quorum"], result["lines"]), (3, True, 4))
        self.assertEqual([w["tries"] for w in result["witnesses"]], [1, 2, 2])
        for witness in result["witnesses"]:
            self.assertEqual((witness["outcome"], witness["old_size"]), ("cosigned", 20))
            self.assertLess(abs(witness["time"] - time.time()), 60)
        # The next one: each is asked from nothing again, and each names 20.
        result = self.gather(25, policy)
        self.assertEqual([w["tries"] for w in result["witnesses"]], [2, 2, 2])
        # One is gone: no quorum, and it is said which.
        witnesses[0].stop()
        result = self.gather(30, policy)
        self.assertEqual((result["cosigned"], result["quorum"]), (2, False))
        self.assertEqual(result["witnesses"][0]["outcome"], "could not be reached")
        self.assertNotEqual(result["witnesses"][0]["detail"], "")
        self.assertTrue(self.gather(31, self.policy([(w.vkey, w.url) for w in witnesses],
                                                    needed=2))["quorum"])
        # A log that turns back or aside.
        result = self.gather(29, policy)["witnesses"]
        self.assertEqual(result[1]["outcome"], "has cosigned a larger size")
        self.assertEqual(result[1]["old_size"], 31)
        result = self.gather(40, policy, fork=9)["witnesses"]
        self.assertRegex(result[2]["outcome"], "^refused")
        self.assertEqual(result[2]["http_code"], 422)
        self.assertIn("proof does not verify", result[2]["detail"])

    def test_urls_without_keys(self):
        witness = self.witness()
        result = self.gather(9, witness.url)
        self.assertEqual((result["cosigned"], result["lines"]), (1, 2))
        witness.cosigned(9, result["note"].split("\n\n")[1].split("\n", 1)[1].encode())

    def test_unknown_logs_and_proofs_that_are_not_there(self):
        other = self.witness("a", name="a.example", logs=[log_vkey("log.example/two", 2)])
        rotated = self.witness("b", name="b.example", logs=[log_vkey(ORIGIN, 2)])
        stuck = self.witness("c", name="c.example")
        self.assertEqual(stuck.status(0, 13), 200)
        result = self.gather(20, self.policy([(w.vkey, w.url) for w in (other, rotated, stuck)]))
        self.assertEqual([w["outcome"] for w in result["witnesses"]],
                         ["does not know this log", "does not trust the log's signature",
                          "remembers a size from which there is no proof"])
        self.assertEqual((result["cosigned"], result["lines"]), (0, 1))

    def test_liars(self):
        honest = self.witness("h", name="h.example")
        wrong = honest.ask(request(0, 9))[2]  # a cosignature of another size
        right = tool("gather", ORIGIN, 1, HONEST, 9, 9000, honest.url)
        right = json.loads(right)["note"].split("\n\n")[1].split("\n", 1)[1].encode()
        plain = {"Content-Type": "text/plain"}
        cases = (
            ((200, plain, b""), "gave an answer that is none", "not signature lines"),
            ((200, plain, b"hello\n"), "gave an answer that is none", "not signature lines"),
            ((200, plain, wrong[:-1]), "gave an answer that is none", "not signature lines"),
            ((200, plain, wrong), "gave an answer that is none", "does not verify"),
            ((200, plain, b"\n" + wrong), "gave an answer that is none", "not signature lines"),
            ((200, plain, "\u2014 x AAAAAAAA\n".encode()), "gave an answer that is none",
             "no cosignature by its key"),
            ((200, plain, b"x" * 40000), "gave an answer that is none", "larger than 32768"),
            ((302, {"Location": honest.url + "/add-checkpoint"}, b""),
             "gave an answer that is none", "HTTP status 302"),
            ((500, plain, b"\x1b[31moops\r\nmore\n"), "gave an answer that is none", "oops"),
            ((409, plain, b""), "gave an answer that is none", "conflict without a size"),
            ((409, plain, b"5"), "gave an answer that is none", "conflict without a size"),
            ((409, plain, b"05\n"), "gave an answer that is none", "conflict without a size"),
            ((409, plain, b"5\n5\n"), "gave an answer that is none", "conflict without a size"),
            ((409, plain, b"18446744073709551616\n"), "gave an answer that is none", "conflict"),
            ((409, plain, b"18446744073709551615\n"), "has cosigned a larger size", "size 1844"),
            ((409, plain, b"0\n"), "gave an answer that is none", "from size 0, it names 0"),
        )
        self.assertIn(b"h.example", right)
        for answer, outcome, detail in cases:
            server = self.liar(lambda number, answer=answer: answer)
            result = self.gather(10, self.policy([(honest.vkey, server.url)]))
            one = result["witnesses"][0]
            self.assertEqual(one["outcome"], outcome, (answer, one))
            self.assertIn(detail, one["detail"])
            self.assertEqual((result["cosigned"], result["lines"], len(server.asked)), (0, 1, 1))
        # What is right counts though other lines stand around it, and they do not come along.
        server = self.liar(lambda number: (200, plain, "\u2014 x AAAAAAAA\n".encode() + right))
        result = self.gather(9, self.policy([(honest.vkey, server.url)]))
        self.assertEqual((result["cosigned"], result["lines"], result["quorum"]), (1, 2, True))
        # Another size each time: four requests and no more.
        server = self.liar(lambda number: (409, plain, b"%d\n" % number))
        result = self.gather(10, self.policy([(honest.vkey, server.url)]))
        self.assertEqual((result["witnesses"][0]["tries"], len(server.asked)), (4, 4))
        self.assertTrue(server.asked[3].startswith(b"old 3\n"))

    def test_time_is_bounded(self):
        witness = self.witness()
        slow = self.liar(lambda number: time.sleep(30) or (200, {}, b""))
        drips = socket.socket()
        drips.bind(("127.0.0.1", 0))
        drips.listen()
        self.addCleanup(drips.close)
        start = time.monotonic()
        result = self.gather(9, witness.url, slow.url, f"http://127.0.0.1:{drips.getsockname()[1]}",
                             timeout_ms=1500)
        self.assertLess(time.monotonic() - start, 15)
        self.assertEqual([w["outcome"] for w in result["witnesses"]],
                         ["cosigned", "could not be reached", "could not be reached"])

    def test_schemes(self):
        with open(self.path("file"), "w", encoding="utf-8") as file:
            file.write("x")
        result = self.gather(9, "file://" + self.path("file"), "ftp://127.0.0.1/x", "gopher://x",
                             "http://", "https://127.0.0.1:1/x")
        self.assertEqual({w["outcome"] for w in result["witnesses"]}, {"could not be reached"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
