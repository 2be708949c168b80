#!/usr/bin/env python3
"""A ledger that is founded by people who never meet, and keys that are not in files of this machine:
genesis, its endorsements and their union; what is refused on the way, and that a refusal makes nothing.

    ceremony_test.py BUILD_DIR
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
TIJORI, AUDIT = os.path.join(BUILD, "tijori"), os.path.join(BUILD, "tijori-audit")
CLOCK = os.path.join(BUILD, "libplayed_clock.so")
USAGE, INCOMPLETE, DATA, NO_INPUT, DENIED = 2, 3, 65, 66, 77
DAY = 86400


def run(*arguments, code=0, says=(), program=TIJORI, **more):
    """Runs tijori without a terminal; checks exit code and what it says; all that it said."""
    done = subprocess.run([program, *arguments], capture_output=True, start_new_session=True, **more)
    both = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode != code or any(part not in both for part in says):
        sys.exit(f"ceremony_test: {' '.join(arguments)}\n  exit code {done.returncode}, "
                 f"expected {code}; to say {list(says)}; said:\n{both}")
    return both


def check(condition, what):
    if not condition:
        sys.exit("ceremony_test: " + what)


def write(name, content):
    with open(name, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return name


def read(name):
    with open(name, "rb") as file:
        return file.read()


def shown(name, *more):
    return json.loads(run("key", "show", name, "--format", "json", *more))


def fact(said, name):
    """The value of a line 'name  value'."""
    return [line[len(name):].split()[0] for line in said.splitlines() if line.startswith(name + " ")][0]


def at(seconds):
    """The environment in which a program's clock says this; sanitizers want to be loaded first."""
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {**os.environ, "LD_PRELOAD": CLOCK, "PLAYED_CLOCK": str(seconds), "ASAN_OPTIONS": options}


MEMBERS = (("a1", "ecdsa", "Minister"), ("a2", "bip340", "Governor"), ("a3", "ecdsa", "Auditor General"))


def draft(created, lifetime_s=7 * DAY):
    """What people write by hand: labels, two roles, a move threshold, a second asset."""
    def member(ordinal, name, label):
        key = shown(name + ".pem")
        return {"kind": "add_key", "party": 0, "ordinal": ordinal, "algorithm": key["type"],
                "role": "administer", "key": key["public_key"], "label": label}
    return {"format": "tijori-genesis-1", "created": created, "records": [
        {"kind": "ledger", "network": "regtest", "rules": 1, "lifetime_max_s": lifetime_s,
         "checkpoint_delay_max_s": 3600, "nonce": "ab" * 32, "name": "x.example/l"},
        {"kind": "add_log_key", "number": 0, "algorithm": "ed25519",
         "key": shown("log.pem")["public_key"]},
        {"kind": "register_party", "party": 0, "type": "authority", "name": "Council"},
        *[member(i, name, label) for i, (name, _, label) in enumerate(MEMBERS)],
        {"kind": "set_threshold", "party": 0, "domain": "administer", "threshold": 2},
        {"kind": "open_asset", "asset": 1, "code": "BTC", "name": "Bitcoin", "decimals": 8,
         "amount_max": 2100000000000000},
        {"kind": "open_asset", "asset": 2, "code": "XAU", "name": "Gold", "decimals": 3,
         "amount_max": 1000000}]}


def endorse(name, genesis="genesis.json", output=None, **expect):
    return run("genesis", "--endorse", genesis, "--key", name + ".pem", "-o", output or name + ".tje",
               **expect)


def unite(ledger, *names, genesis="genesis.json", **expect):
    return run("init", ledger, "--genesis", genesis, "--endorsement", *names, **expect)


def text_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def test_genesis_of_a_file():
    for name, kind, _ in MEMBERS:
        run("key", "new", name + ".pem", "--type", kind)
    run("key", "new", "log.pem", "--type", "ed25519")
    run("key", "new", "stranger.pem")
    now = int(time.time())
    write("draft.json", json.dumps(draft(text_time(now))))
    said = run("genesis", "draft.json", "-o", "genesis.json")
    check(json.loads(read("genesis.json"))["records"][3]["label"] == "Minister", "a label was lost")
    check(fact(said, "origin") == "x.example/l/" + fact(said, "ledger id"), "the origin")
    check(fact(said, "init until") == text_time(now + 7 * DAY), "until when init runs")
    check(fact(said, "verifier key").startswith(fact(said, "origin") + "+"), "the verifier key")
    # The same file gives the same, from standard input too; a new time gives a new ledger.
    again = run("genesis", "-", "-o", "-", stdin=open("draft.json", "rb"))
    check(said in again and read("genesis.json").decode() in again, "the same file gives another ledger")
    later = run("genesis", "draft.json", "--created", text_time(now - 1), "-o", "other.json")
    check(fact(later, "ledger id") != fact(said, "ledger id"), "another time gives the same id")
    run("genesis", "draft.json", "-o", "genesis.json", code=DATA, says=["genesis.json", "exists"])
    for more, says in ((["--origin", "x"], "--origin"), (["--threshold", "1"], "--threshold"),
                       (["--key", "a1.pem"], "--endorse")):
        run("genesis", "draft.json", "-o", "no.json", *more, code=USAGE, says=[says])
    run("genesis", "--origin", "x", "-o", "no.json", code=USAGE, says=["--authority is missing", "INPUT"])
    run("genesis", "none.json", "-o", "no.json", code=NO_INPUT, says=["none.json"])
    wrong = draft(text_time(now))
    wrong["records"][6]["threshold"] = 4
    run("genesis", write("wrong.json", json.dumps(wrong)), "-o", "no.json", code=DATA,
        says=["UNREACHABLE"])
    check(not os.path.exists("no.json"), "a refused genesis was written")


def test_endorsements():
    """Each sees what he signs; a key that the genesis does not know signs nothing."""
    for name, _, label in MEMBERS:
        said = endorse(name, says=['"x.example/l"', "regtest", '"Council"', "of type authority",
                                   f'endorsed by key {int(name[1]) - 1} "{label}"', "2 keys sign",
                                   "BTC", "XAU", "1000 XAU", "verifier key", "init until"])
        for _, _, other in MEMBERS:
            check(f'"{other}"' in said, "a member is not named before the signature")
    for name in ("stranger", "log"):
        endorse(name, code=DATA, says=[name + ".pem", "none of the authority's", shown(
            name + ".pem")["fingerprint"], "genesis.json"])
        check(not os.path.exists(name + ".tje"), "a stranger endorsed")
    before = read("a1.tje")
    endorse("a1", code=DATA, says=["a1.tje", "exists"])
    check(read("a1.tje") == before, "an endorsement was overwritten")
    run("genesis", "--endorse", "genesis.json", "-o", "no.tje", code=USAGE, says=["--key is missing"])
    run("genesis", "draft.json", "--endorse", "genesis.json", "--key", "a1.pem", "-o", "no.tje", code=USAGE,
        says=["no INPUT"])
    run("genesis", "--endorse", "genesis.json", "--threshold", "2", "--key", "a1.pem", "-o", "no.tje",
        code=USAGE, says=["--threshold"])


def test_union():
    """No private key is there; who is missing is named."""
    keys = {name: shown(name + ".pem") for name, _, _ in MEMBERS}
    os.mkdir("away")
    for name in ("a1", "a2", "a3"):
        os.rename(name + ".pem", os.path.join("away", name + ".pem"))
    said = unite("ledger", "a2.tje", code=INCOMPLETE, says=["2 of 3 endorsements are missing"])
    for name, kind, label in MEMBERS:
        line = f'"{label}" ({kind}, fingerprint {keys[name]["fingerprint"]}) is missing'
        check((line in said) == (name != "a2"), "who is missing: " + said)
    check(not os.path.exists("ledger"), "a ledger without all endorsements")
    # In any order, one of them twice, two in one file.
    write("both.tje", read("a1.tje"))
    run("sign", "both.tje", "--key", "away/a3.pem", "--genesis", "genesis.json")
    said = unite("ledger", "both.tje", "a2.tje", "a1.tje")
    status = json.loads(run("status", "ledger", "--format", "json"))
    check(status["ledger_id"] == said.split()[-1] and status["entries"] == 2, "what was founded")
    shutil.rmtree("ledger")
    unite("ledger", "a3.tje", "a1.tje", "a2.tje")
    created = json.loads(read("genesis.json"))["created"]
    run("show", "ledger", "1", says=["created      " + created])
    run("verify", "ledger", program=AUDIT, code=INCOMPLETE)  # nothing is pinned, nothing is wrong
    unite("ledger", "a1.tje", "a2.tje", "a3.tje", code=DATA, says=["EXISTS"])
    for name in ("a1", "a2", "a3"):
        os.rename(os.path.join("away", name + ".pem"), name + ".pem")


def test_union_refuses():
    """What is no endorsement of this genesis is named by its file."""
    run("genesis", "draft.json", "--created", "2030-01-01T00:00:00Z", "-o", "future.json")
    endorse("a1", genesis="future.json", output="future.tje")
    unite("no", "a2.tje", "future.tje", "a3.tje", code=DATA,
          says=["future.tje", "another genesis file", json.loads(run(
              "status", "ledger", "--format", "json"))["ledger_id"]])
    good = read("a1.tje")
    for place, says in ((len(good) - 5, ["does not verify", "Minister"]), (150, ["BODY_ROOT"]),
                        (24, ["its header differs"])):
        bad = bytearray(good)
        bad[place] ^= 1
        unite("no", "a2.tje", write("bad.tje", bad), "a3.tje", code=DATA, says=["bad.tje", *says])
    for content, says in ((b"", ["TRUNCATED"]), (good + good, ["TRAILING_BYTES"]),
                          (read("genesis.json"), ["MAGIC"])):
        unite("no", "a2.tje", write("bad.tje", content), code=DATA, says=["bad.tje", *says])
    write("bad.tje", good[:176 + 112] + bytes(2) + good[-2:])
    unite("no", "bad.tje", code=DATA, says=["bad.tje", "nobody signed"])
    write("bad.tje", good)
    run("sign", "bad.tje", "--key", "stranger.pem")
    unite("no", "bad.tje", "a2.tje", "a3.tje", code=DATA,
          says=["bad.tje", "does not register", shown("stranger.pem")["fingerprint"]])
    unite("no", "none.tje", code=NO_INPUT, says=["none.tje"])
    run("init", "no", "--genesis", "genesis.json", code=USAGE, says=["--key", "--endorsement"])
    run("init", "no", "--genesis", "genesis.json", "--key", "a1.pem", "--endorsement", "a2.tje", code=USAGE)
    check(not os.path.exists("no"), "a refused ledger was left behind")


def test_verifier_key():
    """A log's verifier key has the origin of the file or ledger that knows the key, and no other."""
    said = run("genesis", "draft.json", "-o", "-", "--created", json.loads(
        read("genesis.json"))["created"])
    vkey = fact(said, "verifier key")
    for where in (["--genesis", "genesis.json"], ["--ledger", "ledger"]):
        check(shown("log.pem", *where)["verifier_key"] == vkey, "another verifier key")
        check(fact(run("key", "show", "log.pem", *where), "verifier key") == vkey, "as text")
        public = "ed25519:" + shown("log.pem")["public_key"]
        check(shown(public, *where)["verifier_key"] == vkey, "of a public key")
        for name in ("a1.pem", "other-log.pem"):
            if not os.path.exists(name):
                run("key", "new", name, "--type", "ed25519")
            run("key", "show", name, *where, code=DATA, says=[name, where[1], "no log key", "x.example/l/"])
    check("verifier" not in run("key", "show", "log.pem"), "a verifier key without an origin")
    run("verify", "ledger", "--log-key", vkey, program=AUDIT, code=INCOMPLETE)  # no checkpoint yet
    run("checkpoint", "ledger", "--log-key", "log.pem")
    run("verify", "ledger", "--log-key", vkey, program=AUDIT)
    run("key", "show", "log.pem", "--genesis", "none.json", code=NO_INPUT, says=["none.json"])
    run("key", "show", "log.pem", "--ledger", "nowhere", code=NO_INPUT, says=["nowhere"])
    run("key", "show", "log.pem", "--origin", "x.example/l", code=USAGE, says=["--origin"])


def test_in_time():
    """Endorsements count as long as an envelope lives; the last second is one of them."""
    created = 1700000000
    write("old.json", json.dumps(draft(text_time(created), lifetime_s=DAY)))
    for name, _, _ in MEMBERS:
        endorse(name, genesis="old.json", output=f"old-{name}.tje", env=at(created + 60))
    names = [f"old-{name}.tje" for name, _, _ in MEMBERS]
    over = ["old.json", text_time(created + DAY), "--created"]
    unite("late", *names, genesis="old.json", code=DATA, says=over, env=at(created + DAY + 1))
    endorse("a1", genesis="old.json", output="no.tje", code=DATA, says=over, env=at(created + DAY + 1))
    check(not os.path.exists("late") and not os.path.exists("no.tje"), "made although it was over")
    unite("in-time", *names, genesis="old.json", env=at(created + DAY - 20))
    # Of one machine's keys the genesis may be as old as it likes.
    run("init", "one-machine", "--genesis", "old.json", "--key", "a1.pem", "a2.pem", "a3.pem")


def main():
    home = os.getcwd()
    scratch = tempfile.mkdtemp(prefix="tijori-ceremony-")
    os.chdir(scratch)
    try:
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
                print("passed:", name)
    finally:
        os.chdir(home)
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
