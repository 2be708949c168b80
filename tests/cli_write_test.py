#!/usr/bin/env python3
"""The writing commands of tijori as a person uses them: keys, genesis, init, propose, sign; what they
print, what they refuse, their exit codes, and that a refusal leaves no file changed.

    cli_write_test.py BUILD_DIR
"""

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile

TIJORI = os.path.join(os.path.abspath(sys.argv[1]), "tijori")
NONCE = "ab" * 32
HEADER = "kind,from,to,amount,purpose,value_date,reference,evidence\n"
USAGE, DATA, NO_INPUT, DENIED = 2, 65, 66, 77


def run(*arguments, code=0, says=(), data=None, **more):
    """Runs tijori without a terminal; checks exit code and what it says; standard output."""
    done = subprocess.run([TIJORI, *arguments], input=data, capture_output=True,
                          start_new_session=True, **more)
    out = done.stdout.decode("utf-8", "replace")
    both = out + done.stderr.decode("utf-8", "replace")
    if done.returncode != code or any(part not in both for part in says):
        sys.exit(f"cli_write_test: tijori {' '.join(arguments)}\n  exit code {done.returncode}, "
                 f"expected {code}; to say {list(says)}; said:\n{both}")
    return out


def check(condition, what):
    if not condition:
        sys.exit("cli_write_test: " + what)


def write(name, text):
    with open(name, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    return name


def read(name):
    with open(name, "rb") as file:
        return file.read()


def public(name):
    return json.loads(run("key", "show", name + ".pem", "--format", "json"))["public_key"]


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_keys():
    write("pass", "correct horse\nsecond line\n")
    write("wrong", "battery staple\n")
    write("empty", "")
    run("key", "new", "a1.pem", "--passphrase-file", "pass")
    run("key", "new", "a2.pem", "--type", "ecdsa", "--passphrase-file", "pass")
    run("key", "new", "a3.pem", "--type", "bip340", says=["without a passphrase"])
    run("key", "new", "log.pem", "--type", "ed25519")
    for name in ("a1.pem", "a3.pem"):
        check(stat.S_IMODE(os.stat(name).st_mode) == 0o600, name + " is not of mode 0600")
    check(b"ENCRYPTED" in read("a1.pem") and b"ENCRYPTED" not in read("a3.pem"), "encryption")
    before = read("a3.pem")
    run("key", "new", "a3.pem", code=DENIED, says=["a3.pem", "exists"])
    check(read("a3.pem") == before, "an existing key was touched")
    run("key", "new", "x.pem", "--passphrase-file", "empty", code=DATA, says=["empty"])
    run("key", "new", "x.pem", "--passphrase", code=DENIED, says=["terminal"])
    run("key", "new", "x.pem", "--passphrase", "--passphrase-file", "pass", code=USAGE)
    run("key", "new", "x.pem", "--type", "rsa", code=USAGE, says=["ecdsa|bip340|ed25519"])
    run("key", "new", os.path.join("nowhere", "x.pem"), code=DENIED)
    check(not os.path.exists("x.pem"), "a refused key was written")


def test_key_show():
    run("key", "show", "a1.pem", "--passphrase-file", "pass", says=["ecdsa", "public key"])
    run("key", "show", "a1.pem", "--passphrase-file", "wrong", "pass", says=["ecdsa"])
    run("key", "show", "a1.pem", "--passphrase-file", "wrong", code=DENIED, says=["passphrase"])
    run("key", "show", "a1.pem", code=DENIED, says=["terminal"])
    run("key", "show", "none.pem", code=NO_INPUT, says=["none.pem"])
    run("key", "show", write("junk.pem", "junk"), code=DATA)
    shown = json.loads(run("key", "show", "a3.pem", "--format", "json"))
    digest = hashlib.sha256(b"\x02" + bytes.fromhex(shown["public_key"])).hexdigest()
    check(shown["type"] == "bip340" and shown["fingerprint"] == digest[:16], "fingerprint")
    shown = json.loads(run("key", "show", "log.pem", "--format", "json", "--witness", "w.example"))
    check(base64.b64decode(shown["verifier_key"].split("+", 2)[2])[0] == 4, "type of a witness")
    check(shown["verifier_key"].startswith("w.example+"), "verifier key of a witness")
    run("key", "show", "log.pem", "--witness", "w+x", code=USAGE, says=["--witness"])
    run("key", "show", "a3.pem", "--witness", "w", code=USAGE, says=["ed25519"])
    run("key", "show", "log.pem", "--witness", "w", "--ledger", "l", code=USAGE, says=["exclude"])
    run("key", "show", "log.pem", "--origin", "x.example/l", code=USAGE, says=["64 hex digits"])


# openssl ecparam -name secp256k1 -genkey; made for this test.
SEC1 = """-----BEGIN EC PARAMETERS-----
BgUrgQQACg==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHQCAQEEIHqrguClCvhlpDq1jTtsKf6QJwmrVlBALj+Tw5Cm7sJLoAcGBSuBBAAK
oUQDQgAEEx++avhCsQkHj9cejqFLqT9vjgjAFb4FFp07WI9+/k0ac3stTScwh9ND
QKQPr/yBfOr0tHP+q1E+qnCBa7PZNg==
-----END EC PRIVATE KEY-----
"""


def test_key_convert():
    """The same key in the project's own form; what is none is named, with the command that helps."""
    shown = run("key", "show", write("sec1.pem", SEC1), says=["sec1.pem", "chmod 600"])
    check("0213" in shown or "0313" in shown, "the public half of another key")
    run("key", "convert", "sec1.pem", "-o", "plain.pem", says=["plain.pem", "without a passphrase"])
    run("key", "convert", "sec1.pem", "-o", "secret.pem", "--new-passphrase-file", "pass")
    for name, more in (("plain.pem", []), ("secret.pem", ["--passphrase-file", "pass"])):
        check(run("key", "show", name, *more).strip() in shown, "another key than before")
        check(read(name).startswith(b"-----BEGIN " + (b"ENCRYPTED " if more else b"") + b"PRIVATE KEY"),
              "the form of " + name)
        check(stat.S_IMODE(os.stat(name).st_mode) == 0o600, name + " is not of mode 0600")
    # From one passphrase to another; a BIP-340 key stays one.
    run("key", "convert", "secret.pem", "-o", "again.pem", "--passphrase-file", "pass",
        "--new-passphrase-file", write("pass2", "another\n"))
    check(run("key", "show", "again.pem", "--passphrase-file", "pass2").strip() in shown, "again")
    run("key", "show", "again.pem", "--passphrase-file", "pass", code=DENIED,
        says=["again.pem", "--passphrase-file"])
    run("key", "convert", "a3.pem", "-o", "bip340.pem")
    check(read("bip340.pem") == read("a3.pem"), "a BIP-340 key is written otherwise")
    before = read("plain.pem")
    run("key", "convert", "sec1.pem", "-o", "plain.pem", code=DENIED, says=["plain.pem", "exists"])
    check(read("plain.pem") == before, "a key was overwritten")
    run("key", "convert", "sec1.pem", "-o", "x.pem", "--new-passphrase", "--new-passphrase-file", "pass",
        code=USAGE, says=["--new-passphrase-file"])
    run("key", "convert", "sec1.pem", "-o", "x.pem", "--new-passphrase", code=DENIED, says=["terminal"])
    run("key", "convert", "sec1.pem", code=USAGE, says=["--output"])
    run("key", "convert", "secret.pem", "-o", "x.pem", code=DENIED, says=["--passphrase-file"])
    run("key", "convert", "none.pem", "-o", "x.pem", code=NO_INPUT, says=["none.pem"])
    for label, says in (("PUBLIC KEY", ["a public key", "tijori key show PRIVATE.pem"]),
                        ("RSA PRIVATE KEY", ["RSA", "this helps: tijori key new NEW.pem"]),
                        ("DSA PRIVATE KEY", ["DSA", "tijori key new"]),
                        ("CERTIFICATE", ["a certificate"])):
        text = f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"
        run("key", "convert", write("wrong.pem", text), "-o", "x.pem", code=DATA, says=["wrong.pem", *says])
    der = base64.b64decode("".join(SEC1.split("\n")[4:7]))
    run("key", "convert", write("wrong.der", der), "-o", "x.pem", code=DATA, says=[
        "DER", "this helps: openssl pkcs8 -topk8 -inform DER -in wrong.der -out NEW.pem"])
    check(not os.path.exists("x.pem"), "a refused key was written")


def genesis(output, *more, **expect):
    return run("genesis", "--origin", "x.example/l", "--log-key", "log.pem", "--nonce", NONCE,
               "--created", "2024-01-01T00:00:00Z", "--passphrase-file", "pass", "-o", output,
               *more, **expect)


AUTHORITY = ["--authority", "a1.pem", "a2.pem", "a3.pem", "--threshold", "2"]


def test_genesis():
    first = genesis("genesis.json", *AUTHORITY)
    # The same records and time give the same id; public keys do in place of key files.
    bare = ["--authority"]
    for name in ("a1", "a2", "a3"):
        shown = json.loads(run("key", "show", name + ".pem", "--passphrase-file", "pass", "--format",
                               "json"))
        bare.append(shown["type"] + ":" + shown["public_key"])
    check(genesis("again.json", *bare, "--threshold", "2") == first, "the ledger id differs")
    check(read("again.json") == read("genesis.json"), "the genesis differs")
    text = read("genesis.json").decode()
    check(json.loads(text)["format"] == "tijori-genesis-1" and "PRIVATE" not in text, "its form")
    before = read("genesis.json")
    genesis("genesis.json", *AUTHORITY, code=DATA, says=["exists"])
    check(read("genesis.json") == before, "a genesis was overwritten")
    wrong = json.loads(text)
    key = [i for i, record in enumerate(wrong["records"]) if record["kind"] == "add_key"][0]
    wrong["records"].insert(key + 1, {**wrong["records"][key], "ordinal": 1})
    run("init", "no", "--genesis", write("wrong.json", json.dumps(wrong)), "--key", "a3.pem", code=DATA,
        says=["same key", f"record {key}"])
    genesis("no.json", *AUTHORITY[:-1], "4", code=USAGE, says=["threshold"])
    genesis("no.json", "--authority", "a3.pem", "a3.pem", "--threshold", "1", code=DATA,
            says=["a3.pem and a3.pem are the same key"])
    genesis("no.json", "--authority", *17 * ["a3.pem"], "--threshold", "1", code=USAGE,
            says=["17 keys", "16 is the most"])
    genesis("no.json", *AUTHORITY, "--log-key", "log.pem", "log.pem", code=DATA, says=["same key"])
    for name in ("x+y", "x y"):
        run("genesis", "--origin", name, "--log-key", "log.pem", *AUTHORITY, "-o", "no.json", code=DATA,
            says=[f"'{name}'", "no plus sign"])
    genesis("no.json", "--authority", "log.pem", "--threshold", "1", code=USAGE)
    genesis("no.json", *AUTHORITY, "--log-key", "a3.pem", code=USAGE, says=["ed25519"])
    genesis("no.json", *AUTHORITY, "--lifetime-max", "7", code=USAGE, says=["lifetime-max"])
    genesis("no.json", *AUTHORITY, "--lifetime-max", "1s", code=DATA, says=["lifetime_max_s"])
    run("genesis", "--origin", "x", code=USAGE, says=["missing"])
    # A list takes all up to the next option, also what was meant otherwise; and help is of what exists.
    run("sign", "--key", "a3.pem", "x.tje", code=USAGE, says=["'x.tje' was taken as one more --key"])
    for words in (("nothing", "--help"), ("help", "nothing"), ("--help", "nothing"), ("key", "nwe", "--help"),
                  ("key",)):
        run(*words, code=USAGE, says=["there is no command"])
    for words in (("key", "--help"), ("help", "key"), ("key", "-h")):
        out = run(*words, says=["key new", "key show"])
        check("genesis" not in out, "help of a group shows the group")
    run("genesis", "--origin", "x", "--authority", "a3.pem", "--threshold", "1", "--log-key",
        "log.pem", "--created", "3000-01-01T00:00:00Z", "-o", "no.json", code=DATA, says=["created"])
    check(not os.path.exists("no.json"), "a refused genesis was written")


def init(directory, *keys, file="genesis.json", **expect):
    return run("init", directory, "--genesis", file, "--passphrase-file", "pass", "--key", *keys,
               **expect)


def test_init():
    init("ledger", "a1.pem", "a3.pem", code=DATA, says=["2 of 3"])
    init("ledger", "a1.pem", "a2.pem", "a3.pem", "a3.pem", code=DATA, says=["SLOT_DUPLICATE"])
    text = read("genesis.json").decode()
    for old, new, says in (('"threshold": 2', '"threshold": 4', "UNREACHABLE"),
                           ('"network"', '"networks"', "networks"),
                           ('"tijori-genesis-1"', '"tijori-genesis-2"', "format"),
                           ('"created"', '"made"', "created"),
                           ('"records": [', '"records": [{},', "kind"), ("{", "", "line")):
        write("bad.json", text.replace(old, new, 1))
        init("ledger", "a1.pem", "a2.pem", "a3.pem", file="bad.json", code=DATA, says=[says])
    check(not os.path.exists("ledger"), "a refused ledger was left behind")
    init("ledger", "a1.pem", "a2.pem", "a3.pem", file="none.json", code=NO_INPUT)
    printed = init("ledger", "a1.pem", "a2.pem", "a3.pem").split()[-1]
    status = json.loads(run("status", "ledger", "--format", "json"))
    check(status["ledger_id"] == printed and len(printed) == 64, "init prints another id")
    init("ledger", "a1.pem", "a2.pem", "a3.pem", code=DATA, says=["EXISTS"])


def test_descriptor():
    """A descriptor gives its passphrase once, and both encrypted keys get it."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"correct horse\n")
    os.close(write_end)
    run("init", "by-descriptor", "--genesis", "genesis.json", "--key", "a1.pem", "a2.pem", "a3.pem",
        "--passphrase-file", f"/dev/fd/{read_end}", pass_fds=[read_end])
    os.close(read_end)


def add_key(party, ordinal, role, algorithm, name):
    return {"kind": "add_key", "party": party, "ordinal": ordinal, "role": role,
            "algorithm": algorithm, "key": public(name), "label": name}


def propose(source, output, *more, party="1", **expect):
    return run("propose", "ledger", "--party", party, source, "-o", output, *more, **expect)


def sign(name, *keys, **expect):
    return run("sign", name, "--passphrase-file", "pass", "--ledger", "ledger", "--key", *keys,
               **expect)


def test_parties():
    for name, kind in (("t1", "bip340"), ("t2", "bip340"), ("t3", "bip340"), ("u1", "ecdsa")):
        run("key", "new", name + ".pem", "--type", kind)
    write("parties.jsonl", lines(
        {"kind": "register_party", "party": 1, "type": "treasury", "name": "Reserve Office"},
        add_key(1, 0, "initiate", "bip340", "t1"), add_key(1, 1, "approve", "bip340", "t2"),
        add_key(1, 2, "approve", "bip340", "t3"),
        {"kind": "set_threshold", "party": 1, "domain": "move", "threshold": 2},
        {"kind": "grant_classes", "party": 1, "classes": ["reserve", "market"]},
        {"kind": "register_party", "party": 2, "type": "treasury", "name": "Second Office"},
        add_key(2, 0, "initiate", "ecdsa", "u1"),
        {"kind": "set_threshold", "party": 2, "domain": "move", "threshold": 1},
        {"kind": "grant_classes", "party": 2, "classes": ["reserve"]}))
    propose("parties.jsonl", "parties.tje", party="0", says=["10 records in 1 envelope"])
    unsigned = read("parties.tje")
    run("sign", "parties.tje", "--key", "a3.pem", says=["1 signature", "without --ledger"])
    write("parties.tje", unsigned)
    run("sign", "parties.tje", "--key", "a3.pem", "--genesis", "genesis.json",
        says=["1 of 2 signatures"])
    one = read("parties.tje")
    run("sign", "parties.tje", "--key", "a3.pem", says=["a3.pem signed it already"])
    run("sign", "parties.tje", "--key", "log.pem", code=DATA,
        says=["log.pem", "a record adds it as log key"])
    check(read("parties.tje") == one, "a refused signature changed the file")
    check("complete" not in sign("parties.tje", "a1.pem", says=["2 of 2 signatures", "0 of 4"]),
          "complete without the new keys")
    sign("parties.tje", "t1.pem", "t2.pem", "t3.pem", "u1.pem",
         says=["2 of 2 signatures: complete", "4 of 4 prove possession"])
    run("ingest", "ledger", "parties.tje")


def test_accounts():
    opened = [{"kind": "open_account", "account": f"1:{i}", "class": kind, "asset": 1, "label": kind}
              for i, kind in enumerate(("market", "reserve", "reserve"))]
    propose(write("accounts.jsonl", lines(*opened)), "accounts.tje")
    said = sign("accounts.tje", "t2.pem", "t3.pem", says=["2 of 2", "none of them by a key that"])
    check("complete" not in said, "complete without a key that initiates")
    sign("accounts.tje", "t1.pem", says=["3 of 2 signatures: complete"])
    sign("accounts.tje", "u1.pem", says=["party 2 countersigns: 1 of 1"])  # harmless here
    run("ingest", "ledger", "accounts.tje")
    second = {"kind": "open_account", "account": "2:0", "class": "reserve", "asset": 1}
    propose(write("second.jsonl", lines(second)), "second.tje", "--expires", "1h", party="2")
    run("key", "new", "stranger.pem")
    sign("second.tje", "stranger.pem", code=DATA, says=["does not know this key"])
    sign("second.tje", "u1.pem", says=["1 of 1 signatures: complete"])
    run("ingest", "ledger", "second.tje")
    propose("second.jsonl", "lane0.tje", "--lane", "0")
    sign("lane0.tje", "t1.pem", code=DATA, says=["lane0.tje: envelope 1", "would not count", "KEY_ROLE"])
    run("sign", "lane0.tje", "--key", "t1.pem")  # without a ledger nobody can tell
    said = run("show", "lane0.tje", "--ledger", "ledger", says=["0 of 0", "never reached", "1 more that does not"])
    check("complete" not in said, "complete in a lane that nobody reaches")


def movement(*cells):
    return HEADER + ",".join(cells) + "\n"


def test_propose_refuses():
    good = ("move", "1:0", "1:1", "1.5 BTC", "purchase", "2021-09-07", "ref", "")

    def bad(column, value, *says):
        cells = list(good)
        cells[column] = value
        propose(write("bad.csv", movement(*cells)), "no.tje", code=DATA, says=["line 2", *says])

    bad(3, "150", "amount", "unit")
    bad(3, "1.5 XAU", "amount", "unit")
    bad(5, "7.9.2021", "value_date", "date")
    bad(7, "file:../secret", "evidence", "directory")
    bad(7, "file:/etc/hostname", "evidence", "directory")
    bad(7, "file:none.pdf", "evidence", "none.pdf")
    bad(7, "file:.", "evidence")
    bad(6, '"a""', "quoted cell does not end")
    bad(6, '"a"b', "after the closing quotation mark")
    bad(6, 'a"b', "quotation mark inside")
    bad(0, "post", "evidence")
    propose(write("bad.csv", movement(*good[:-1])), "no.tje", code=DATA, says=["evidence", "8"])
    propose(write("bad.csv", HEADER), "no.tje", code=DATA, says=["no records"])
    # What the ledger would refuse only when everybody has signed.
    bad(4, "correction", "purpose", "only a correct record corrects")
    bad(3, "21000000.00000001 BTC", "amount", "the most is 21000000.00000000 BTC")
    propose(write("bad.csv", ""), "no.tje", code=DATA, says=["nothing in it"])
    propose(write("bad.csv", movement("void", "1:0", "1:1", "1 BTC", "purchase", "", "", "99:0")),
            "no.tje", code=DATA, says=["99:0", "ledger"])
    move = {"kind": "move", "from": "1:0", "to": "1:1", "amount": "1 BTC", "purpose": "purchase"}
    mixed = lines(move, {"kind": "close_account", "account": "1:0"})
    propose(write("mixed.jsonl", mixed), "no.tje", code=DATA, says=["line 2", "share"])
    propose(write("blind.jsonl", lines({**move, "blind": "11" * 16})), "no.tje", code=DATA,
            says=["blind", "--restricted"])
    propose("accounts.jsonl", "no.tje", "--restricted", code=DATA, says=["public"])
    propose("none.csv", "no.tje", code=NO_INPUT, says=["none.csv"])
    propose(write("good.csv", movement(*good)), "no.tje", party="9", code=DATA, says=["party 9"])
    propose("good.csv", "no.tje", "--expires", "8d", code=USAGE, says=["expires"])
    propose("good.csv", "no.tje", "--expires", "2020-01-01T00:00:00Z", code=USAGE)
    propose("good.csv", "no.tje", "--sequence", "1", code=USAGE, says=["--genesis"])
    run("propose", "nowhere", "--party", "1", "good.csv", "-o", "no.tje", code=NO_INPUT)
    check(not os.path.exists("no.tje"), "a refused proposal was written")


def test_evidence():
    document = write("invoice.txt", "one invoice\n")
    digest = hashlib.sha256(read(document)).hexdigest()
    rows = "".join(f"move,1:0,1:{1 + i % 2},1 BTC,purchase,,{i},file:invoice.txt\n" for i in (0, 1))
    propose(write("evidence.csv", "\ufeff" + HEADER.replace("\n", "\r\n") + rows), "evidence.tje")
    envelope = read("evidence.tje")
    check(envelope.count(b"one invoice\n") == 1, "the document is not attached once")
    check(envelope.count(bytes.fromhex(digest)) == 2, "the records do not hold its SHA-256")
    sign("evidence.tje", "t1.pem", "t2.pem", says=["complete"])
    receipt = json.loads(run("ingest", "ledger", "evidence.tje", "--format", "json"))
    # A correction names the record; the ledger knows its group hash.
    named = f"{receipt['entry']}:0"
    propose(write("correct.csv", movement("correct", "1:1", "1:0", "1 BTC", "purchase", "", "",
                                          named)), "correct.tje")
    raw = json.loads(run("show", "ledger", str(receipt["entry"]), "--format", "jsonl"))["raw"]
    leaf = hashlib.sha256(b"\0" + bytes.fromhex(raw["records"])[:112]).hexdigest()
    check(bytes.fromhex(leaf) in read("correct.tje"), "the leaf hash was not looked up")
    offline = ["--genesis", "genesis.json", "--sequence", "2", "--previous", "11" * 32]
    run("propose", *offline, "--party", "1", "correct.csv", "-o", "no.tje", code=DATA,
        says=["ENTRY:POSITION:HASH"])
    write("offline.csv", movement("correct", "1:1", "1:0", "1 BTC", "purchase", "", "",
                                  f"{named}:{leaf}"))
    run("propose", *offline, "--party", "1", "offline.csv", "-o", "offline.tje")
    check(bytes.fromhex(leaf) in read("offline.tje"), "the leaf hash was not taken over")
    sign("correct.tje", "t1.pem", "t3.pem", says=["2 of 2 signatures: complete"])
    run("ingest", "ledger", "correct.tje")


def test_countersign():
    """A movement to another party's reserve account waits for that party."""
    cells = ("move", "1:1", "2:0", "0.5 BTC", "internal_transfer", "", "", "")
    propose(write("transfer.csv", movement(*cells)), "transfer.tje")
    said = sign("transfer.tje", "t1.pem", "t2.pem",
                says=["2 of 2 signatures;", "party 2 countersigns: 0 of 1"])
    check("complete" not in said, "complete without the countersignature")
    sign("transfer.tje", "u1.pem", "--party", "1", code=DATA, says=["for party 2"])
    sign("transfer.tje", "u1.pem", "--party", "2", says=["2 of 2 signatures: complete"])


def test_streams():
    move = movement("move", "1:0", "1:1", "1 BTC", "purchase", "", "", "").encode()
    from_stdin = subprocess.run([TIJORI, "propose", "ledger", "--party", "1", "-", "-o", "-"],
                                input=move, capture_output=True, check=True).stdout
    check(from_stdin[:3] == b"TJE" and len(from_stdin) == 176 + 112 + 4, "propose - -o -")
    run("sign", "-", "--key", "t1.pem", data=from_stdin, code=DATA, says=["was signed before", "--replace"])
    done = subprocess.run([TIJORI, "sign", "-", "--key", "t1.pem", "--ledger", "ledger", "--replace"],
                          input=from_stdin, capture_output=True, check=True)
    check(done.stdout[:3] == b"TJE" and len(done.stdout) == len(from_stdin) + 106, "sign -")
    check(b"1 of 2 signatures" in done.stderr, "sign - says nothing")
    for at in (150, 176 + 30, len(from_stdin) - 1):  # body_root, a record, attachments
        broken = bytearray(from_stdin)
        broken[at] ^= 1
        write("broken.tje", broken)
        run("sign", "broken.tje", "--key", "t1.pem", code=DATA)
        check(read("broken.tje") == broken, "a broken envelope was changed")
    run("sign", write("cut.tje", from_stdin[:-1]), "--key", "t1.pem", code=DATA, says=["TRUNCATED"])
    run("sign", write("void.tje", ""), "--key", "t1.pem", code=DATA)
    check(not [name for name in os.listdir(".") if name.endswith(".new")], "temporary files left")


def test_split():
    """8,191 records take two envelopes, the second naming the first; both become entries."""
    row = "move,1:0,1:1,1 sat,purchase,,,\n"
    propose(write("many.csv", HEADER + 8191 * row), "many.tje",
            says=["8191 records in 2 envelopes"])
    said = sign("many.tje", "t1.pem", "t2.pem", "--replace", says=["complete"])
    check(said.count("complete") == 2, "both are to be signed")
    receipts = run("ingest", "ledger", "many.tje", "--format", "json").splitlines()
    check([json.loads(r)["status"] for r in receipts] == ["OK", "OK"], "both are to be accepted")


def log_key(kind, number, name, **more):
    return {"kind": kind, "number": number, "algorithm": "ed25519", "key": public(name), **more}


def status():
    return json.loads(run("status", "ledger", "--format", "json"))


def test_log_keys():
    """A rotation is signed by both log keys; a compromised key signs nothing and is judged by a root."""
    for name in ("log2", "log3", "log4"):
        run("key", "new", name + ".pem", "--type", "ed25519")
    write("rotate.jsonl", lines(log_key("add_log_key", 1, "log2"),
                                log_key("retire_log_key", 0, "log")))
    propose("rotate.jsonl", "rotate.tje", party="0")
    said = sign("rotate.tje", "a1.pem", "a3.pem", says=["2 of 2 signatures", "keys: 0 of 2 prove"])
    check("complete" not in said, "complete without the log keys")
    sign("rotate.tje", "log3.pem", code=DATA, says=["log3.pem", "a record adds it as log key"])
    sign("rotate.tje", "log2.pem", says=["keys: 1 of 2 prove possession"])
    shutil.copy("rotate.tje", "half.tje")
    run("ingest", "ledger", "half.tje", code=DATA, says=["POSSESSION", "record 1"])
    sign("rotate.tje", "log.pem", says=["2 of 2 signatures: complete", "keys: 2 of 2 prove"])
    run("ingest", "ledger", "rotate.tje")
    run("show", "ledger", str(status()["entries"] - 1), says=["possession", "ed25519"])
    check([(key["status"], key["last_good_size"]) for key in status()["log_keys"]]
          == [("retired", 0), ("active", 0)], "which log keys are active")

    good = status()
    leave = {"last_good_size": good["entries"], "last_good_root": good["tree_root"]}
    add = log_key("add_log_key", 2, "log3")
    wrong = {**leave, "last_good_root": "ab" * 32}
    propose(write("bad.jsonl", lines(add, log_key("retire_log_key", 1, "log2", **wrong))), "bad.tje",
            party="0")
    sign("bad.tje", "a1.pem", "a3.pem", "log3.pem", says=["complete", "keys: 1 of 1 prove"])
    run("ingest", "ledger", "bad.tje", code=DATA, says=["NAMED_HASH", "last_good_root"])
    propose(write("leave.jsonl", lines(add, log_key("retire_log_key", 1, "log2", **leave))),
            "leave.tje", party="0")
    sign("leave.tje", "log2.pem", code=DATA, says=["log2.pem", "without a last_good_size"])
    sign("leave.tje", "a1.pem", "a3.pem", "log3.pem", "--replace", says=["complete"])
    run("ingest", "ledger", "leave.tje")
    run("status", "ledger", says=[f"retired, compromised after {good['entries']} entries"])
    check([(key["status"], key["last_good_size"]) for key in status()["log_keys"]]
          == [("retired", 0), ("retired", good["entries"]), ("active", 0)], "which is compromised")


def main():
    home = os.getcwd()
    scratch = tempfile.mkdtemp(prefix="tijori-cli-")
    os.chdir(scratch)
    os.environ["XDG_STATE_HOME"] = os.path.join(scratch, "state")
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
