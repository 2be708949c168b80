#!/usr/bin/env python3
"""What the writing side owes to those around it: an init that is killed at any call and run again; dry
runs beside a writer and on a copy that is read-only; a log key retired by the entry that its ingest
accepts; files that root makes for the service whose ledger it is.
    cli_writer_test.py BUILD_DIRECTORY"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
TIJORI, AUDIT = (os.path.join(BUILD, name) for name in ("tijori", "tijori-audit"))
KILL = os.path.join(BUILD, "tests", "libkill_at_call.so")
INCOMPLETE, DATA, DENIED = 3, 65, 77
KILLED = 137


def run(*arguments, code=0, says=(), program=TIJORI, **more):
    done = subprocess.run([program, *arguments], capture_output=True, start_new_session=True, **more)
    both = (done.stdout + done.stderr).decode("utf-8", "replace")
    if code is not None and (done.returncode != code or any(part not in both for part in says)):
        sys.exit(f"cli_writer_test: {' '.join(arguments)}\n  exit code {done.returncode}, "
                 f"expected {code}; to say {list(says)}; said:\n{both}")
    return done


def check(condition, what):
    if not condition:
        sys.exit("cli_writer_test: " + what)


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def public(name):
    return json.loads(run("key", "show", name, "--format", "json").stdout)["public_key"]


def status(ledger):
    return json.loads(run("status", ledger, "--format", "json").stdout)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def make():
    for name in ("a", "t", "u"):
        run("key", "new", name + ".pem")
    for name in ("log", "log2"):
        run("key", "new", name + ".pem", "--type", "ed25519")
    run("genesis", "--origin", "x.example/l", "--authority", "a.pem", "--threshold", "1", "--log-key",
        "log.pem", "-o", "genesis.json")


def init(ledger, **more):
    return run("init", ledger, "--genesis", "genesis.json", "--key", "a.pem", **more)


def test_killed_init():
    """Whatever call it was, the next init makes the ledger, or the killed one had made it whole."""
    made_whole = 0
    for at in range(1, 1000):
        killed = init("killed", code=None, env={**os.environ, "LD_PRELOAD": KILL, "KILL_AT": str(at)})
        if killed.returncode == 0:
            break
        check(killed.returncode == KILLED, f"call {at}: {killed.stderr.decode()}")
        whole = os.path.exists("killed/data.mdb")
        made_whole += whole
        init("killed", code=DATA if whole else 0, says=["EXISTS" if whole else "ledger id"])
        check(status("killed")["entries"] == 2, f"call {at}: not the two entries")
        run("verify", "killed", program=AUDIT, code=INCOMPLETE)
        left = set(os.listdir("killed")) - {"data.mdb", "lock.mdb", "writer.lock"}
        check(not left, f"call {at}: left behind: {left}")
        shutil.rmtree("killed")
    check(at > 20 and made_whole > 0, f"killed at {at} calls only")


def propose(name, text, party, *keys):
    run("propose", "ledger", "--party", party, write(name + ".in", text), "-o", name)
    run("sign", name, "--key", *keys, "--ledger", "ledger", "--replace")
    return name


def test_dry_run():
    """It changes nothing, asks for no lock, and is content with a copy that is read-only."""
    init("ledger")
    party = {"kind": "register_party", "party": 1, "type": "treasury", "name": "Office"}
    propose("p.tje", lines(party), "0", "a.pem")
    again = propose("q.tje", lines({**party, "name": "Other"}), "0", "a.pem")
    before = digest("ledger/data.mdb")
    run("ingest", "ledger", "p.tje", "--dry-run", says=["would be accepted", "entry 2"])
    check(digest("ledger/data.mdb") == before, "a dry run changed the ledger")
    with subprocess.Popen([TIJORI, "ingest", "ledger", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        with open("p.tje", "rb") as file:
            writer.stdin.write(file.read())
        writer.stdin.flush()
        check(b"entry 2" in writer.stdout.readline(), "the writer has not begun")
        run("ingest", "ledger", "p.tje", "--dry-run", says=["already in the ledger"])
        run("ingest", "ledger", again, "--dry-run", code=DATA, says=["CONFLICT"])
        run("ingest", "ledger", again, code=75, says=["open for writing"])
        writer.stdin.close()
        check(writer.wait() == 0, "the writer ended badly")
    shutil.copytree("ledger", "copy")
    os.remove("copy/lock.mdb")
    os.remove("copy/writer.lock")
    for name, mode in (("copy/data.mdb", 0o444), ("copy", 0o555)):
        os.chmod(name, mode)
    os.chmod(".", 0o755)
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    shutil.copy(TIJORI, "tijori-copy")
    os.chmod("tijori-copy", 0o755)
    os.chmod("p.tje", 0o644)
    run("ingest", "copy", "p.tje", "--dry-run", says=["already in the ledger"],
        program=os.path.abspath("tijori-copy"), **user)
    check(os.listdir("copy") == ["data.mdb"], "a dry run made files")
    os.chmod("copy", 0o755)


def test_rotation():
    """The key that an entry retires signs neither the checkpoint nor the receipt of that entry."""
    new, old = public("log2.pem"), public("log.pem")
    rotate = lines({"kind": "add_log_key", "number": 1, "algorithm": "ed25519", "key": new},
                   {"kind": "retire_log_key", "number": 0, "algorithm": "ed25519", "key": old})
    propose("rotate.tje", rotate, "0", "a.pem", "log.pem", "log2.pem")
    with open("rotate.tje", "rb") as file:
        twice = file.read() * 2
    with open("twice.tje", "wb") as file:
        file.write(twice)
    done = run("ingest", "ledger", "p.tje", "twice.tje", "q.tje", "--log-key", "log.pem",
               "--sign-receipts", "--format", "json", code=DATA, says=["retired this key"])
    check(done.stderr.decode().count("retired this key") == 1, "it is not said once")
    receipts = [json.loads(line) for line in done.stdout.decode().splitlines()]
    check([r["status"] for r in receipts] == ["ALREADY", "OK", "ALREADY", "CONFLICT"], "statuses")
    check(["receipt" in r for r in receipts] == [True, False, False, False], "signed receipts")
    check(["checkpoint" in r for r in receipts][:3] == [True, False, False], "checkpoints")
    check("checkpoint" not in receipts[3] or "\n3\n" in receipts[3]["checkpoint"], "a newer one")
    text = run("ingest", "ledger", "rotate.tje", "--log-key", "log.pem", code=DATA, says=["retired"])
    check(not text.stdout, "a retired key opened the ledger")
    run("checkpoint", "ledger", "--log-key", "log.pem", code=DATA)
    vkey = json.loads(run("key", "show", "log2.pem", "--format", "json", "--ledger",
                          "ledger").stdout)["verifier_key"]
    run("key", "show", "log.pem", "--ledger", "ledger", says=["log.pem", "retired", "verifier key"])
    write("log2.vkey", vkey + "\n")
    run("checkpoint", "ledger", "--log-key", "log2.pem")
    run("verify", "ledger", "--log-key", "log2.vkey", program=AUDIT)
    run("ingest", "ledger", "rotate.tje", "--log-key", "log2.pem", says=["checkpoint 4"])


def test_first_look():
    """Root looks first: the files that it makes are the service's, and a refusal names its file."""
    if os.geteuid() != 0:
        return
    for name in ("lock.mdb", "writer.lock"):
        os.remove("ledger/" + name)
    os.chmod("ledger/data.mdb", 0o660)
    for name in ("ledger", "ledger/data.mdb"):
        os.chown(name, 65534, 65533)
    run("status", "ledger")
    run("ingest", "ledger", "p.tje", says=["already"])
    for name in ("lock.mdb", "writer.lock"):
        made = os.stat("ledger/" + name)
        check((made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (65534, 65533, 0o660), name)
    service = {"user": 65534, "group": 65533, "extra_groups": [],
               "program": os.path.abspath("tijori-copy")}
    run("ingest", "ledger", "p.tje", says=["already"], **service)
    for name in ("data.mdb", "lock.mdb", "writer.lock"):
        os.chown("ledger/" + name, 0, 0)
        run("ingest", "ledger", "p.tje", code=DENIED, says=[name], **service)
        os.chown("ledger/" + name, 65534, 65533)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
        make()
        test_killed_init()
        test_dry_run()
        test_rotation()
        test_first_look()
        os.chdir("/")


main()
