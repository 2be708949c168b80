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

import second_verifier as second

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1])
TIJORI, AUDIT = os.path.join(BUILD, "tijori"), os.path.join(BUILD, "tijori-audit")
CLOCK = os.path.join(BUILD, "libplayed_clock.so")
USAGE, INCOMPLETE, DATA, NO_INPUT, UNAVAILABLE, TRY_AGAIN, DENIED = 2, 3, 65, 66, 69, 75, 77
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
    """A log's verifier key has the origin of the file or ledger that knows the key; one that is told has the form of one."""
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
    run("key", "show", "log.pem", "--origin", "x.example/l", code=USAGE, says=["--origin", "64 hex digits"])


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


def test_clock():
    """A ledger that was idle for a year: the envelope's own date confirms its clock, or the kernel does,
    or the operator. An old envelope confirms nothing."""
    year = 1700000000 + 366 * DAY
    record = write("party.jsonl", json.dumps(
        {"kind": "register_party", "party": 1, "type": "auditor", "name": "Court"}) + "\n")
    for name, when in (("old", year - 40 * DAY), ("new", year - 60)):
        run("propose", "in-time", "--party", "0", record, "-o", f"{name}-party.tje", env=at(when))
        run("sign", f"{name}-party.tje", "--yes", "--signer-state", f"{name}-state", "--key", "a1.pem",
            "a2.pem", "a3.pem", env=at(when))
    said = run("ingest", "in-time", "old-party.tje", code=TRY_AGAIN, env=at(year),
               says=["CLOCK_JUMP", "newest entry", "960 h of created_s", "no cosignature", "--accept-clock"])
    check("EXPIRED" not in said, "judged on")
    for more, environment in (([], {**at(year), "PLAYED_SYNCHRONISED": "1"}), (["--accept-clock"], at(year))):
        run("ingest", "in-time", "old-party.tje", *more, code=DATA, env=environment, says=["EXPIRED"])
    run("ingest", "in-time", "new-party.tje", env=at(year))


# A key that no file holds, and the program that has it: it signs as its argument says.
SECRET = 0x7aab82e0a50af865a43ab58d3b6c29fe902709ab5650402e3f93c390a6eec24b
SIGNER = """#!/usr/bin/env python3
import json, sys
sys.path.insert(0, "{here}")
from second_verifier import G, N, multiply_two, tagged_hash, to_affine
line = sys.stdin.read()
open("request", "w").write(line)
request, d, k = json.loads(line), {secret}, 987654321
digest = bytes.fromhex(request["envelope_id"])
x, y = to_affine(multiply_two(k, 0, G))
if request["algorithm"] == "bip340":
    px, py = to_affine(multiply_two(d, 0, G))
    k, d = (N - k if y & 1 else k), (N - d if py & 1 else d)
    e = tagged_hash(b"BIP0340/challenge", x.to_bytes(32, "big") + px.to_bytes(32, "big") + digest)
    s = (k + int.from_bytes(e, "big") * d) % N
else:
    s = pow(k, -1, N) * (int.from_bytes(digest, "big") + x * d) % N
    s = max(s, N - s) if sys.argv[1] in ("high", "der") else min(s, N - s)
raw = x.to_bytes(32, "big") + s.to_bytes(32, "big")
numbers = b"".join(b"\\2" + bytes([len(n)]) + n for n in (
    part.lstrip(b"\\0") if part.lstrip(b"\\0")[0] < 128 else b"\\0" + part.lstrip(b"\\0")
    for part in (raw[:32], raw[32:])))
print((b"\\x30" + bytes([len(numbers)]) + numbers if sys.argv[1] == "der" else raw).hex())
"""


def public_keys():
    x, y = second.to_affine(second.multiply_two(SECRET, 0, second.G))
    return "ecdsa:%02x%064x" % (2 + (y & 1), x), "bip340:%064x" % x


def slot_signatures(name):
    """Of an envelope with one record: the 64 bytes at the end of each slot."""
    data = read(name)
    at, found = 176 + 112 + 2, []
    for _ in range(int.from_bytes(data[at - 2:at], "little")):
        at += 10 + int.from_bytes(data[at + 6:at + 8], "little") + 64
        found.append(data[at - 64:at])
    return found


def test_signer():
    """A program elsewhere has the key; what it answers is verified, and normalised where it may be."""
    write("hsm.py", SIGNER.format(here=HERE, secret=SECRET))
    ecdsa, bip340 = public_keys()
    for key, way in ((ecdsa, "low"), (ecdsa, "high"), (ecdsa, "der"), (bip340, "any")):
        run("genesis", "--origin", "x.example/hsm", "--authority", key, "--threshold", "1", "--log-key",
            "log.pem", "-o", f"{way}.json")
        run("genesis", "--endorse", f"{way}.json", "--key", key, "--signer",
            f"python3 'hsm.py' {way}", "-o", f"{way}.tje", says=["endorsed by key 0"])
        line = read("request").decode()
        request = json.loads(line)
        check(line.endswith("}\n") and line.count("\n") == 1, "the request is one line")
        check(sorted(request) == ["algorithm", "envelope_id", "format", "public_key", "what_for"], line)
        check(request["envelope_id"] == second.envelope_id(read(f"{way}.tje")[:176]).hex(), "the id")
        check(f"{request['algorithm']}:{request['public_key']}" == key, "the key")
        check("sign for party 0" in request["what_for"], "what for: " + line)
        signature = slot_signatures(f"{way}.tje")[0]
        check(key == bip340 or 2 * int.from_bytes(signature[32:], "big") < second.N, "s is high")
        unite("hsm-" + way, f"{way}.tje", genesis=f"{way}.json")
    # The one-machine way, and envelopes.
    hsm = ["--key", ecdsa, "--signer", "python3 hsm.py high"]
    run("init", "hsm", "--genesis", "low.json", *hsm)
    write("party.jsonl", json.dumps({"kind": "register_party", "party": 1, "type": "treasury",
                                     "name": "Office $(touch injected) `touch injected`"}) + "\n")
    run("propose", "hsm", "--party", "0", "party.jsonl", "-o", "party.tje")
    unsigned = read("party.tje")
    run("sign", "party.tje", *hsm, "--ledger", "hsm", says=["1 of 1 signatures: complete"])
    check("envelope of party 0, lane 0, sequence 3, with 1 record" in json.loads(read("request"))[
        "what_for"], "what an envelope's request says")
    run("ingest", "hsm", "party.tje")
    check(not os.path.exists("injected"), "text of an envelope reached the shell")
    # Beside a key file, in one command.
    write("both.tje", unsigned)
    run("sign", "both.tje", "--key", "a1.pem", ecdsa, "--signer", "python3 hsm.py low", says=["2 signatures"])


def test_signer_refuses():
    """What the command does wrong is said, and the file stays as it was."""
    ecdsa, bip340 = public_keys()
    run("propose", "hsm", "--party", "0", "party.jsonl", "-o", "refused.tje")
    before = read("refused.tje")
    zeros = "0" * 64
    other = "ecdsa:" + shown("a1.pem")["public_key"]
    for key, command, code, says in (
            (other, "python3 hsm.py low", DATA, ["not one of " + other, "by another key"]),
            (ecdsa, f"echo {zeros}{zeros}", DATA, [ecdsa, "not one of"]),
            (ecdsa, f"echo {'ff' * 64}", DATA, [ecdsa, "no signature", "ffff"]),
            (ecdsa, "echo 3044", DATA, ["no signature", "DER", "'3044"]),
            (bip340, "echo 3044", DATA, ["no signature", "64 bytes in hex;"]),
            (ecdsa, "echo no", DATA, ["no signature", "it printed 3 bytes: 'no"]),
            (ecdsa, "printf '\\000'", DATA, ["no signature"]),
            (ecdsa, "true", DATA, ["it printed 0 bytes"]),
            (ecdsa, "head -c 100000 /dev/zero | tr '\\0' f || true", DATA, ["no signature"]),
            (ecdsa, "python3 hsm.py low; echo the token is locked >&2; exit 3", UNAVAILABLE,
             ["the token is locked", "exit status 3"]),
            (ecdsa, "./no-such-program", UNAVAILABLE, ["exit status 127", "no such program"]),
            (ecdsa, "kill -9 $$", UNAVAILABLE, ["signal 9"])):
        said = run("sign", "refused.tje", "--key", key, "--signer", command, code=code,
                   says=["--signer", *says])
        check("signatures" not in said, "a refused signature is counted")
        check(read("refused.tje") == before, f"'{command}' changed the file")
    run("sign", "refused.tje", "--key", ecdsa, code=USAGE, says=[ecdsa, "--signer CMD"])
    run("sign", "refused.tje", "--key", "a1.pem", "--signer", "true", code=USAGE, says=["none of them"])
    run("sign", "refused.tje", "--key", "ecdsa:$(touch injected)", "--signer", "true", code=DATA,
        says=["not a public key"])
    for command in (["init", "no", "--genesis", "low.json", "--key", ecdsa],
                    ["genesis", "--endorse", "low.json", "-o", "no.tje", "--key", ecdsa],
                    ["statement", "hsm", "--as-of", "2020-01-01", "--envelope", "no.tje", "--sign", ecdsa]):
        run(*command, code=USAGE, says=[ecdsa, "--signer CMD"])
    check(not os.path.exists("no") and not os.path.exists("no.tje"), "made without a signature")
    check(not os.path.exists("injected"), "a key's text reached the shell")


def test_signer_by_openssl():
    """The example, whose answers are DER and of either half."""
    if shutil.which("openssl") is None:
        print("SKIP: no openssl program")
        return
    example = os.path.join(HERE, "..", "examples", "openssl_signer.py")
    run("propose", "ledger", "--party", "0", "party.jsonl", "-o", "example.tje")
    unsigned = read("example.tje")
    for _ in range(4):
        write("example.tje", unsigned)
        run("sign", "example.tje", "--ledger", "ledger", "--key", "ecdsa:" + shown("a1.pem")["public_key"],
            "--signer", f"{example} a1.pem", says=["1 of 2 signatures", "to sign for party 0"])


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
