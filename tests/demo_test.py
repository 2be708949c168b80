#!/usr/bin/env python3
"""The demo, run whole: what it promises is on the terminal, the second verifier (written from
docs/FORMAT.md alone) accepts the ledger it leaves, and refuses every tampered copy of it.

    demo_test.py BUILD_DIR
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
SEED = int(os.environ.get("TIJORI_SEED", "1"))


def check(condition, what):
    if not condition:
        sys.exit("demo_test: " + what)


def run_demo(build, out):
    start = time.monotonic()
    demo = subprocess.run([os.path.join(HERE, "..", "demo", "run"), build, out],
                          capture_output=True, text=True)
    print(demo.stdout)
    check(demo.returncode == 0, "the demo failed: " + demo.stderr)
    print("demo: %.1f s, %d lines" % (time.monotonic() - start, demo.stdout.count("\n")))
    return demo.stdout


def check_terminal(text):
    check(text.count("\n") <= 115, "the demo prints more than a reader takes in")
    for promised in ("2381.00000000", "not purchased", "internal_transfer", "first failure  entry 5",
                     "APPROVALS: ", "rule 0: 2 approvals wanted, 1 given",
                     "PROGRAMME: ", "ceiling: 0.00000000 BTC net, 0.00000000 counted",
                     "internal_transfer, market to reserve",
                     "statement are the same", "of this very document",
                     "the statement says inflow of purchase: 0.00000000 BTC; the log says 65.0",
                     "as internal_transfer, reference"):
        check(promised in text, "the demo does not print: " + promised)
    check("\x1b" not in text, "control sequences in a pipe")


def show_lines(build, ledger):
    shown = subprocess.run([os.path.join(build, "tijori"), "show", ledger, "0..", "--format", "jsonl"],
                           capture_output=True, text=True)
    check(shown.returncode == 0, "show failed: " + shown.stderr)
    return shown.stdout.splitlines()


def second_verifier(lines, ledger_id):
    return subprocess.run([sys.executable, os.path.join(HERE, "second_verifier.py"), "-",
                           "--ledger-id", ledger_id],
                          input="\n".join(lines) + "\n", capture_output=True, text=True)


def flipped(line, member, rng):
    shown = json.loads(line)
    raw = bytearray.fromhex(shown["raw"][member])
    at = rng.randrange(len(raw))
    raw[at] ^= 1 << rng.randrange(8)
    shown["raw"][member] = raw.hex()
    return json.dumps(shown), at


def check_tampered(lines, ledger_id):
    rng = random.Random(SEED)
    copies = 0
    for number in range(len(lines)):
        for member in ("entry", "records", "links", "tail"):
            copy = list(lines)
            copy[number], at = flipped(lines[number], member, rng)
            if copy[number] == lines[number]:
                continue
            verdict = second_verifier(copy, ledger_id)
            unseen = verdict.returncode == 0
            # Nothing follows the last entry that could hold the hash of its time and term; its
            # ledger stores the tree over it, which this verifier does not read.
            last_clock = number == len(lines) - 1 and member == "entry" and 16 <= at < 32
            check(not unseen or last_clock,
                  "entry %d, %s, byte %d: a flipped bit was accepted" % (number, member, at))
            copies += 1
    for number in range(len(lines) - 1):
        verdict = second_verifier(lines[:number] + lines[number + 1:], ledger_id)
        check(verdict.returncode != 0, "entry %d left out: accepted" % number)
        copies += 1
    print("second verifier: %d tampered copies refused (seed %d)" % (copies, SEED))


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def check_programme(out):
    """The statement separates what the wallet's growth was made of."""
    statement = read_json(os.path.join(out, "statement.json"))
    check(statement == read_json(os.path.join(out, "lender.json")), "two statements")
    asset = statement["assets"][0]
    moved = {one["purpose"]: (one["in"], one["out"]) for one in asset["reserve"]["movements"]}
    check(moved == {"purchase": ("65.00000000", "0.00000000"),
                    "mining": ("2.50000000", "0.00000000"),
                    "seizure": ("34.00000000", "0.00000000")}, "movements: %s" % moved)
    enforced, reported = asset["programmes"]
    check((enforced["status"], enforced["counted"], enforced["unclassified"],
           enforced["breaches"]) == ("ended", "0.00000000", "4.00000000", 0), "enforced")
    check((reported["status"], reported["counted"], reported["over"], reported["breaches"],
           reported["breach_first"]) == ("in force", "5.00000000", "5.00000000", 1, "14:0"),
          "reported")
    wallets = {one["account"]: one for one in statement["accounts"]}
    inside = [one for wallet in wallets.values() for one in wallet["movements"]
              if one["purpose"] == "internal_transfer"]
    check(len(inside) == 3 and sum(float(one["in"]) for one in inside) == 90, "consolidations")
    check(sum(float(one["closing"]) for one in wallets.values())
          == float(asset["reserve"]["closing"]) == 101.5, "closing")


def check_clocks(build, ledger):
    """An auditor's clock decides nothing."""
    shim = os.path.join(build, "libplayed_clock.so")
    said = set()
    for played in (0, 1, 1700000000, 1735689600, 2**31 + 5, 4102444800, 7258118400):
        environment = dict(os.environ, LD_PRELOAD=shim, PLAYED_CLOCK=str(played))
        environment["ASAN_OPTIONS"] = ":".join(
            [os.environ.get("ASAN_OPTIONS", "")] * ("ASAN_OPTIONS" in os.environ)
            + ["verify_asan_link_order=0"])
        told = subprocess.run([sys.executable, "-c", "import time; print(int(time.time()))"],
                              env=environment, capture_output=True, text=True)
        check(abs(int(told.stdout) - played) < 60, "the played clock does not play")
        audit = subprocess.run([os.path.join(build, "tijori-audit"), "verify", ledger, "--format",
                                "json", "--state-digest"], env=environment,
                               capture_output=True, text=True)
        said.add((audit.returncode, audit.stdout))
    check(len(said) == 1, "an audit's verdict depends on the auditor's clock")
    code, report = said.pop()
    check(code == 4 and json.loads(report)["result"] == "FINDING", "not a verdict: %d" % code)


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "demo")
        check_terminal(run_demo(build, out))
        for left in ("keys", "genesis.json", "envelopes", "ledger", "tampered", "partner", "policy",
                     "log.vkey", "export/checkpoint", "report.html", "proof.tlog-proof",
                     "proof.entry"):
            check(os.path.exists(os.path.join(out, left)), "the demo does not leave " + left)
        lines = show_lines(build, os.path.join(out, "ledger"))
        status = subprocess.run([os.path.join(build, "tijori"), "status", os.path.join(out, "ledger"),
                                 "--format", "json"], capture_output=True, text=True)
        ledger_id = json.loads(status.stdout)["ledger_id"]
        accepted = second_verifier(lines, ledger_id)
        print(accepted.stdout)
        check(accepted.returncode == 0, "the second verifier refuses the demo's ledger")
        check_tampered(lines, ledger_id)
        check_programme(os.path.join(out, "programme"))
        check_clocks(build, os.path.join(out, "programme", "ledger"))


if __name__ == "__main__":
    main()
