#!/usr/bin/env python3
"""Governance as an operator meets it: approvals in one envelope and later, tiers, delays, vetoes, limits,
programmes, recovery; what `tijori sign`, `pending`, `rules`, `parties` and `log` say of them, and what is
refused, with which words and exit code.

    governance_cli_test.py BUILD_DIR
"""

import csv
import datetime
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

TIJORI = os.path.join(os.path.abspath(sys.argv[1]), "tijori")
BTC = 10**8
EVIL = "x\u200f\";=c"  # a mark of direction, unseen; tries to end a quotation
USAGE, DATA, NO_INPUT = 2, 65, 66


def run(*args, expect=0, says=()):
    done = subprocess.run([TIJORI, *map(str, args)], capture_output=True, stdin=subprocess.DEVNULL)
    out, err = done.stdout.decode(), done.stderr.decode()
    missing = [part for part in says if part not in out + err]
    if done.returncode != expect or missing:
        raise AssertionError(f"{' '.join(map(str, args))}: exit {done.returncode}, not {expect}; not said: "
                             f"{missing}\n{out}\n{err}")
    if expect in (USAGE, NO_INPUT):
        assert err != "" and out == "", f"what is wrong is said on standard error: {args}: {out}"
    return out


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class World:
    """Authority 0 (1 key); treasury 1: one key initiates, three approve, in groups 1, 2 and none; custodian 2."""

    def __init__(self, at):
        self.at = at
        self.dir = os.path.join(at, "ledger")
        self.count = 0
        begun = time.monotonic()
        for name, kind in (("auth", "ecdsa"), ("init", "bip340"), ("one", "bip340"), ("two", "ecdsa"),
                           ("three", "ecdsa"), ("adm", "ecdsa"), ("bank", "ecdsa"), ("new", "ecdsa"),
                           ("log", "ed25519")):
            run("key", "new", self.key(name), "--type", kind)
        run("genesis", "--origin", "test.example/reserve", "--network", "regtest", "--authority",
            self.key("auth"), "--threshold", 1, "--log-key", self.key("log"), "-o", self.path("genesis.json"))
        run("init", self.dir, "--genesis", self.path("genesis.json"), "--key", self.key("auth"))
        # A delay that has not run out after the commands of a test, however busy the machine is.
        # Those above were eleven; no whole minutes, which are told as such.
        self.delay_s = max(2, int(20 * (time.monotonic() - begun) / 11) + 1)
        self.delay_s += self.delay_s % 60 == 0

    def path(self, name):
        return os.path.join(self.at, name)

    def key(self, name):
        return self.path(name + ".pem")

    def add_key(self, party, ordinal, role, name, **more):
        shown = json.loads(run("key", "show", self.key(name), "--format", "json"))
        return {"kind": "add_key", "party": party, "ordinal": ordinal, "role": role, "algorithm": shown["type"],
                "key": shown["public_key"], "label": "key " + name, **more}

    def propose(self, party, records, *options, expect=0, says=()):
        self.count += 1
        source, out = self.path(f"{self.count}.jsonl"), self.path(f"{self.count}.tje")
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
        run("propose", self.dir, "--party", party, source, "-o", out, *options, expect=expect, says=says)
        return out

    def sign(self, envelope, *keys, **expected):
        """By somebody who has seen no other envelope: many here are refused, and made anew."""
        return run("sign", envelope, "--key", *map(self.key, keys), "--ledger", self.dir, "--signer-state",
                   envelope + ".seen", **expected)

    def sign_blindly(self, envelope, key, *options):
        """Without a ledger at hand nobody can tell that the signature will not count; what `show` says of it then."""
        run("sign", envelope, "--key", self.key(key), "--signer-state", envelope + ".seen", *options)
        return run("show", envelope, "--ledger", self.dir)

    def take(self, envelope):
        return json.loads(run("ingest", self.dir, envelope, "--format", "json"))["entry"]

    def refused(self, envelope, *says):
        run("ingest", self.dir, envelope, expect=DATA, says=says)

    def do(self, party, records, *keys, options=()):
        envelope = self.propose(party, records, *options)
        self.sign(envelope, *keys)
        return self.take(envelope)

    def fill(self):
        self.do(0, [
            {"kind": "register_party", "party": 1, "type": "treasury", "name": "Reserve Office"},
            self.add_key(1, 0, "initiate", "init"),
            self.add_key(1, 1, "approve", "one", group=1),
            self.add_key(1, 2, "approve", "two", group=2),
            self.add_key(1, 3, "approve", "three"),
            self.add_key(1, 4, "administer", "adm"),
            {"kind": "set_threshold", "party": 1, "domain": "move", "threshold": 1},
            {"kind": "set_threshold", "party": 1, "domain": "administer", "threshold": 1},
            {"kind": "grant_classes", "party": 1,
             "classes": ["reserve", "market", "mining", "seizure", "external"]},
            {"kind": "register_party", "party": 2, "type": "custodian", "name": "Bank"},
            self.add_key(2, 0, "initiate", "bank"),
            {"kind": "set_threshold", "party": 2, "domain": "move", "threshold": 1},
        ], "auth", "init", "one", "two", "three", "adm", "bank")
        self.do(1, [{"kind": "open_account", "account": f"1:{n}", "class": kind, "asset": 1, "label": label}
                    for n, (kind, label) in enumerate((("market", "Market"), ("reserve", EVIL), ("reserve", "Cold"),
                                                       ("seizure", ""), ("mining", "")))], "init")
        self.bought = self.do(1, [move("1:0", "1:1", "100 BTC", "purchase", reference="=SUM(A1)")], "init")
        self.rules = self.do(0, [
            {"kind": "set_tier", "rule": 0, "party": 1, "asset": 1, "above": "5 BTC", "approvals": 2,
             "groups": [1, 2]},
            {"kind": "set_tier", "rule": 1, "party": 1, "asset": 1, "above": "50 BTC", "approvals": 1,
             "delay_s": self.delay_s},
            {"kind": "set_limit", "rule": 2, "type": "outflow", "holder": "1:2", "asset": 1, "window_s": 86400,
             "amount": "10 BTC"},
            {"kind": "set_limit", "rule": 3, "type": "counterparty", "holder": "1:2", "directions": "out",
             "counterparty": "1:1"},
            {"kind": "set_limit", "rule": 4, "type": "purposes", "holder": "1:2", "directions": "in",
             "purposes": ["internal_transfer", "seizure"]},
            {"kind": "programme", "rule": 5, "type": "ceiling", "mode": "report", "asset": 1,
             "purposes": ["purchase", "mining"], "starts": today(), "ends": "2099-12-31", "amount": "0 BTC",
             "name": "No \"accumulation\""},
            {"kind": "programme", "rule": 6, "type": "mandate", "mode": "enforce", "asset": 1,
             "purposes": ["mining"], "starts": today(), "ends": "2099-12-31", "amount": "4 BTC",
             "amount_day": "3 BTC", "name": "Mine a little"},
            {"kind": "programme", "rule": 7, "type": "allocation", "mode": "report", "asset": 1,
             "purposes": ["mining"], "starts": today(), "ends": "2099-12-31", "power_mw": 2000, "name": "Hydro"},
            {"kind": "programme", "rule": 8, "type": "minimum", "mode": "enforce", "asset": 1, "starts": today(),
             "ends": "2099-12-31", "amount": "90 BTC", "name": "Backing"},
            {"kind": "set_limit", "rule": 9, "type": "balance", "holder": "2:*", "asset": 1, "amount": "1 BTC"},
            {"kind": "set_limit", "rule": 10, "type": "freeze", "holder": "2:*", "directions": "out"},
        ], "auth")


def today():
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def move(source, target, amount, purpose, kind="move", **more):
    return {"kind": kind, "from": source, "to": target, "amount": amount, "purpose": purpose, **more}


def naming(kind, record, evidence):
    return {**{key: record[key] for key in ("from", "to", "amount", "purpose")}, "kind": kind, "evidence": evidence}


class Governance(unittest.TestCase):
    """Tests add to one ledger, in the order of their names, which are numbered."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tijori-governance-")
        os.environ["XDG_STATE_HOME"] = os.path.join(cls.temporary.name, "state")
        cls.world = World(cls.temporary.name)
        cls.world.fill()
        cls.dir = cls.world.dir

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def json(self, *args):
        return json.loads(run(*args, "--format", "json"))

    def rule(self, number, *args):
        return next(r for r in self.json("rules", self.dir, *args) if r["rule"] == number)

    # ---- approvals in one envelope, and a tier's refusal

    def test_01_one_envelope_gathers_approvals(self):
        w = self.world
        envelope = w.propose(1, [move("1:1", "1:2", "1 BTC", "internal_transfer"),
                                 move("1:1", "1:2", "7 BTC", "internal_transfer")])
        said = w.sign(envelope, "init", says=["1 of 1 signatures; record 1 wants 2 approvals, one each of groups "
                                              "1 and 2 by rule 0: 0 given"])
        self.assertNotIn("complete", said)
        w.refused(envelope, "APPROVALS", "record 1", "rule 0: 2 approvals wanted, 0 given")
        w.sign(envelope, "one", says=["record 1 wants", "1 given"])
        said = w.sign(envelope, "three", says=["3 of 1 signatures", "2 given"])
        self.assertNotIn("complete", said)
        w.refused(envelope, "APPROVALS", "none of group 2 approved")
        w.sign(envelope, "two", says=["4 of 1 signatures: complete"])
        w.take(envelope)

    def test_02_a_delay_wants_a_pending_movement(self):
        w = self.world
        envelope = w.propose(1, [move("1:1", "1:2", "60 BTC", "internal_transfer")])
        said = w.sign(envelope, "init", "three", says=[
            f"record 0 has to wait {w.delay_s} s by rule 1: propose it as pending"])
        self.assertIn("record 0 wants 2 approvals, one each of groups 1 and 2 by rule 0", said)
        w.refused(envelope, "APPROVALS", "rule 0: 2 approvals wanted, 1 given")
        w.sign(envelope, "one", "two")
        w.refused(envelope, "DELAY", f"rule 1: waits {w.delay_s} s")

    # ---- approvals that come later

    def test_03_approvals_come_later(self):
        w = self.world
        pending = move("1:1", "1:2", "6 BTC", "internal_transfer", kind="pending", reference="=later",
                       timeout="2099-01-01T00:00:00Z")
        named = f"{w.do(1, [pending], 'init', 'one')}:0"
        shown = self.json("pending", self.dir)
        self.assertEqual([(p["record"], p["approvals"], p["rule"], p["amount_base"]) for p in shown],
                         [(named, 1, 0, str(6 * BTC))])
        self.assertEqual(shown[0]["approved_by"], '"key one" (group 1)')
        self.assertEqual(shown[0]["wants"], "2 approvals, one each of groups 1 and 2")
        self.assertEqual(shown[0]["missing"], "1 approval, one of group 2")
        self.assertEqual((shown[0]["timeout"], shown[0]["not_before"]), ("2099-01-01T00:00:00Z", None))
        post = w.propose(1, [naming("post", pending, named)])
        w.sign(post, "init", says=["record 0 wants 2 approvals", "1 given"])
        w.refused(post, "APPROVALS", "2 approvals wanted, 1 given")
        approval = w.propose(1, [naming("approve", pending, named)])
        w.sign(approval, "init", expect=DATA, says=["approvals are signed by keys of role approve", "initiate"])
        w.sign(approval, "two", says=["1 of 1 signatures: complete"])
        entry = w.take(approval)
        again = w.propose(1, [naming("approve", pending, named)])
        w.sign(again, "two", expect=DATA, says=["would not count", "APPROVED"])
        said = w.sign_blindly(again, "two")
        self.assertTrue("0 of 1 signatures" in said and "APPROVED" in said and "complete" not in said, said)
        w.refused(again, "APPROVED")
        run("pending", self.dir, says=["approved by \"key one\" (group 1), \"key two\" (group 2)",
                                       "rule 0 wants 2 approvals, one each of groups 1 and 2: there", "1 pending"])
        self.assertEqual(self.json("pending", self.dir)[0]["missing"], None)
        self.assertIn("'=later", run("pending", self.dir, "--format", "csv"))
        post = w.propose(1, [naming("post", pending, named)])
        w.sign(post, "init", says=["1 of 1 signatures: complete"])
        w.take(post)
        self.assertEqual(self.json("pending", self.dir), [])
        run("pending", self.dir, says=["0 pending"])
        run("show", self.dir, entry, says=["approve:", "refers_to " + named])
        run("log", self.dir, "--kind", "approve",
            says=[f"Reserve Office approved record {named}, 6 BTC from 1:1 to 1:2 as internal_transfer "
                  "[\"key two\" of Reserve Office (approve)]"])

    def test_04_approvals_have_envelopes_of_their_own(self):
        w = self.world
        record = move("1:1", "1:2", "1 BTC", "internal_transfer")
        w.propose(1, [record, naming("approve", record, "4:0:" + "ab" * 32)], expect=DATA,
                  says=["line 2", "movements and approvals do not share an envelope"])
        w.propose(1, [naming("approve", record, "9999:0")], expect=DATA, says=["there is no record 9999:0"])
        with open(w.path("approve.csv"), "w", encoding="utf-8") as file:
            file.write("kind,from,to,amount,purpose,value_date,reference,evidence\n"
                       f"approve,1:1,1:2,1 BTC,internal_transfer,,,4:0:{'ab' * 32}\n")
        run("propose", "--genesis", w.path("genesis.json"), "--party", 1, "--sequence", 1, w.path("approve.csv"),
            "-o", w.path("approve.tje"), says=["1 record in 1 envelope"])
        with open(w.path("approve.tje"), "rb") as file:
            self.assertEqual(file.read(6)[4:6], b"\x02\x00")  # the header's flag, offline too

    def test_05_a_veto_and_a_delay(self):
        w = self.world
        pending = move("1:1", "1:2", "55 BTC", "internal_transfer", kind="pending")
        vetoed = {**pending, "amount": "20 BTC"}
        entry = w.do(1, [pending, vetoed], "init", "one", "three")
        shown = self.json("pending", self.dir)
        self.assertEqual([p["record"] for p in shown], [f"{entry}:0", f"{entry}:1"])
        self.assertEqual([(p["rule"], p["wants"], p["missing"]) for p in shown],
                         [(0, "2 approvals, one each of groups 1 and 2", "1 approval, one of group 2")] * 2)
        self.assertTrue(shown[0]["not_before"] > shown[0]["since"])
        run("pending", self.dir, says=["rule 0 wants 2 approvals, one each of groups 1 and 2: missing 1 approval, one of "
                                       "group 2, may be posted from 20"])
        post = w.propose(1, [naming("post", pending, f"{entry}:0")])
        said = w.sign(post, "init", "two", says=["2 of 1 signatures; record 0 has to wait", "s more by rule 1"])
        self.assertNotIn("complete", said)
        w.refused(post, "DELAY", f"rule 1: waits {w.delay_s} s")
        # The authority calls one off, from lane 0.
        w.do(0, [naming("void", vetoed, f"{entry}:1")], "auth", options=("--lane", 0))
        self.assertEqual([p["record"] for p in self.json("pending", self.dir)], [f"{entry}:0"])
        # By a key that is revoked meanwhile nothing is approved.
        key = {key: value for key, value in w.add_key(1, 3, "approve", "three").items() if key != "label"}
        w.do(0, [{**key, "kind": "revoke_key"}], "auth")
        shown = self.json("pending", self.dir)[0]
        self.assertEqual((shown["approvals"], shown["missing"]), (1, "1 approval, one of group 2"))
        self.assertIn("revoked: does not count", shown["approved_by"])
        w.do(1, [naming("approve", pending, f"{entry}:0")], "two")
        time.sleep(w.delay_s + 0.1)
        post = w.propose(1, [naming("post", pending, f"{entry}:0")])
        w.sign(post, "init", says=["1 of 1 signatures: complete"])
        w.take(post)
        run("log", self.dir, "--kind", "revoke_key", says=[
            'Authority revoked key 3 ("key three") of party 1 (Reserve Office) [key 0 of Authority (administer)]'])

    # ---- rules

    def test_06_rules_in_words(self):
        said = run("rules", self.dir)
        for sentence in (
                "more than 5 BTC of party 1 wants 2 approvals, one each of groups 1 and 2\n",
                f"more than 50 BTC of party 1 wants 1 approval, and waits {self.world.delay_s} seconds\n",
                "at most 10 BTC may leave account 1:2 in 1 day\n",
                "account 1:2 may send only to account 1:1 and whom other rules like this one name\n",
                "only seizure, internal_transfer may enter account 1:2\n",
                "\"No 'accumulation'\", purchase, mining may add at most 0 BTC net to the reserve, from " + today(),
                "up to 4 BTC may be acquired by mining, at most 3 BTC a day, from " + today(),
                "2000 MW for mining, from ", "the reserve holds at least 90 BTC, from ",
                "party 2 may hold at most 1 BTC\n", "party 2 is frozen outwards\n", "11 rules, as of 20"):
            self.assertIn(sentence, said)
        self.assertEqual([r["rule"] for r in self.json("rules", self.dir, "--party", 2)], [9, 10])
        self.assertEqual([r["rule"] for r in self.json("rules", self.dir, "--party", 1)], [0, 1, 2, 3, 4])
        run("rules", self.dir, "--party", 7, expect=NO_INPUT, says=["no party 7"])
        run("rules", self.dir, "--party", "x", expect=USAGE)
        run("pending", self.dir, "--party", 7, expect=NO_INPUT, says=["no party 7"])

    def test_07_an_outflow_limit_is_used_up(self):
        w = self.world
        w.do(1, [move("1:2", "1:1", "4 BTC", "internal_transfer")], "init")
        rule = self.rule(2)
        self.assertEqual((rule["used_base"], rule["left_base"]), (str(4 * BTC), str(6 * BTC)))
        run("rules", self.dir, says=["used 4 BTC, left 6 BTC"])
        over = w.propose(1, [move("1:2", "1:1", "6.5 BTC", "internal_transfer")])
        w.sign(over, "init", "one", "two")
        w.refused(over, "LIMIT_OUTFLOW", "4.00000000 used, 6.00000000 left")
        wrong = w.propose(1, [move("1:2", "1:0", "1 BTC", "sale")])
        w.sign(wrong, "init")
        w.refused(wrong, "LIMIT_COUNTERPARTY", "rule 3")
        wrong = w.propose(1, [move("1:0", "1:2", "1 BTC", "purchase")])
        w.sign(wrong, "init")
        w.refused(wrong, "LIMIT_PURPOSES", "rule 4", "purchase")

    def test_08_programmes_count(self):
        w = self.world
        w.do(1, [move("1:0", "1:1", "1 BTC", "purchase"), move("1:4", "1:1", "2 BTC", "mining"),
                 move("1:3", "1:1", "0.5 BTC", "seizure")], "init")
        ceiling = self.rule(5)
        self.assertEqual((ceiling["used_base"], ceiling["left_base"], ceiling["unclassified_base"],
                          ceiling["breaches"]), (str(3 * BTC), str(-3 * BTC), str(BTC // 2), 2))
        run("rules", self.dir, says=["net 3 BTC, over by 3 BTC, unclassified 0.5 BTC, corrected 0 BTC, 2 breaches "
                                     "(records ", "recorded income 2 BTC"])
        over = w.propose(1, [move("1:4", "1:1", "1.5 BTC", "mining")])
        w.sign(over, "init")
        w.refused(over, "PROGRAMME", "rule 6, mandate")
        mandate = self.rule(6)
        self.assertEqual((mandate["today_base"], mandate["used_base"], mandate["left_base"]),
                         (str(2 * BTC), str(2 * BTC), str(2 * BTC)))
        minimum = self.rule(8)
        self.assertEqual((minimum["bound_base"], minimum["used_base"], minimum["left_base"]),
                         (str(90 * BTC), str(10350000000), str(1350000000)))
        run("rules", self.dir, says=["reserve 103.5 BTC, headroom 13.5 BTC, 0 breaches"])
        self.assertEqual(self.rule(9)["used_base"], "0")

    def test_09_rules_end(self):
        w = self.world
        w.do(0, [{"kind": "end_rule", "rule": 8}, {"kind": "end_rule", "rule": 10}], "auth")
        self.assertNotIn(8, [r["rule"] for r in self.json("rules", self.dir)])
        ended = self.rule(8, "--all")
        self.assertEqual(ended["status"], "ended")
        self.assertEqual((ended["used_base"], ended["breaches"]), (None, None))
        again = w.propose(0, [{"kind": "end_rule", "rule": 8}])
        w.sign(again, "auth")
        w.refused(again, "RULE_STATUS")
        run("log", self.dir, "--kind", "end_rule",
            says=["Authority ended rule 8: \"Backing\", the reserve holds at least 90 BTC"])
        self.assertEqual(len(rows(run("rules", self.dir, "--all", "--format", "csv"))), 11)
        wrong = w.propose(0, [{"kind": "set_tier", "rule": 20, "party": 1, "asset": 1, "above": "1 BTC",
                               "approvals": 1}])
        w.sign(wrong, "auth")
        w.refused(wrong, "NUMBER")
        w.propose(0, [{"kind": "set_tier", "rule": 11, "party": 1, "asset": 1, "above": 5, "approvals": 1}],
                  expect=DATA, says=["line 1, above", "with its unit"])
        w.propose(0, [{"kind": "set_limit", "rule": 11, "type": "freeze", "holder": "2:1", "directions": "in"}],
                  expect=DATA, says=["holder"])

    # ---- parties

    def test_10_a_party_is_renamed_and_recovers(self):
        w = self.world
        shown = self.json("parties", self.dir, "--keys")
        self.assertEqual([k["group"] for k in shown["keys"] if k["party"] == 1], [None, 1, 2, None, None])
        w.do(0, [{"kind": "rename_party", "party": 1, "name": "National Bitcoin Office"},
                 {"kind": "recover_party", "party": 1, "delay_s": 604800},
                 {"kind": "close_party", "party": 2}], "auth")
        shown = self.json("parties", self.dir)["parties"]
        opened = datetime.datetime.fromisoformat(shown[1]["recovery_from"][:19]).replace(
            tzinfo=datetime.timezone.utc)
        days = (opened - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400
        self.assertTrue(6.9 < days <= 7, days)
        self.assertEqual((shown[1]["name"], shown[1]["accounts_open"]), ("National Bitcoin Office", 5))
        self.assertEqual((shown[2]["status"], shown[2]["recovery_from"]), ("closed", None))
        early = w.propose(0, [w.add_key(1, 5, "administer", "new")])
        w.sign(early, "auth", "new")
        w.refused(early, "RECOVERY")
        w.do(1, [{"kind": "object_recovery", "party": 1}], "adm")
        self.assertEqual(self.json("parties", self.dir)["parties"][1]["recovery_from"], None)
        said = run("log", self.dir)
        self.assertIn("Authority renamed party 1 (Reserve Office) to National Bitcoin Office", said)
        self.assertIn("Authority opened a recovery of party 1 (National Bitcoin Office): new keys may be given from",
                      said)
        self.assertIn("National Bitcoin Office objected to the recovery of party 1 (National Bitcoin Office) "
                      "[\"key adm\" of National Bitcoin Office (administer)]", said)
        # What was done before is told by the name of then.
        self.assertIn("Reserve Office moved 100 BTC from 1:0 to 1:1 as purchase, reference \"=SUM(A1)\" "
                      "[\"key init\" of Reserve Office (initiate)]", said)

    def test_11_statements(self):
        w = self.world
        yesterday = (datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(1)).isoformat()
        w.do(0, [{"kind": "statement", "figure": "inflow", "purpose": "purchase", "asset": 1,
                  "period_from": "2026-01-01", "as_of": yesterday, "value": "-12.5 BTC"},
                 {"kind": "statement", "figure": "breaches", "rule": 5, "asset": 1, "period_from": "2026-01-01",
                  "as_of": yesterday, "value": 0}], "auth")
        run("log", self.dir, "--kind", "statement",
            says=[f"Authority stated inflow by purchase from 2026-01-01 to {yesterday}: -12.5 BTC [",
                  f"Authority stated breaches of rule 5 from 2026-01-01 to {yesterday}: 0 ["])

    # ---- log

    def test_12_every_record_has_a_line(self):
        shown = [json.loads(line) for line in run("log", self.dir, "--format", "jsonl").splitlines()]
        entries = [json.loads(line) for line in run("show", self.dir, "0..", "--format", "jsonl").splitlines()]
        self.assertEqual([line["record"] for line in shown],
                         [record["id"] for entry in entries for record in entry["records"]])
        self.assertEqual([line["kind"] for line in shown],
                         [record["kind"] for entry in entries for record in entry["records"]])
        self.assertEqual(len(run("log", self.dir).splitlines()), len(shown))
        self.assertEqual(len(rows(run("log", self.dir, "--format", "csv"))), len(shown))
        self.assertEqual(json.loads(run("log", self.dir, "--format", "json")), shown)
        self.assertEqual((shown[0]["what"], shown[0]["signed_by"]),
                         ("made the ledger test.example/reserve (regtest, rules 1)", ""))
        for line in shown:
            self.assertNotIn("?", line["what"], line)

    def test_13_filters(self):
        def ids(*args):
            return [line["record"] for line in self.json("log", self.dir, *args)]

        w = self.world
        everything = self.json("log", self.dir)
        self.assertEqual(ids("--kind", "set_tier"), [f"{w.rules}:0", f"{w.rules}:1"])
        self.assertEqual(ids("--kind", "set_tier", "set_limit", "--party", 2), [f"{w.rules}:9", f"{w.rules}:10"])
        self.assertEqual(ids("--kind", "end_rule", "--party", 2), [line["record"] for line in everything
                                                                   if line["what"].startswith("ended rule 10")])
        # Its own keys, accounts and movements, and what ended a rule on it; not a programme.
        of_one = ids("--party", 1)
        self.assertIn(f"{w.bought}:0", of_one)
        self.assertIn(f"{w.rules}:0", of_one)
        self.assertNotIn(f"{w.rules}:5", of_one)
        at = self.json("log", self.dir, "--account", "1:2")
        self.assertEqual({line["kind"] for line in at},
                         {"open_account", "move", "pending", "post", "void", "approve", "set_limit"})
        cut = everything[-1]["received"]
        self.assertEqual(ids("--since", cut), [line["record"] for line in everything if line["received"] >= cut])
        self.assertEqual(ids("--until", everything[0]["received"])[-1], everything[0]["record"].split(":")[0] + ":" +
                         str(sum(line["record"].startswith("0:") for line in everything) - 1))
        self.assertEqual(ids("--since", everything[0]["received"][:10], "--until", cut[:10]), ids())
        self.assertEqual(ids("--until", "2020-01-01"), [])
        for wrong, code, says in (
                (("--kind", "mint"), USAGE, "'mint' is not a kind of record"),
                (("--since", "yesterday"), USAGE, "--since: 'yesterday'"),
                (("--since", "2026-02-01", "--until", "2026-01-01"), USAGE, "after"),
                (("--account", "5"), USAGE, "not an account"), (("--party", "-1"), USAGE, "--party"),
                (("--party", "1", "--until", "2020-01-01"), NO_INPUT, "no party 1 in this log until then"),
                (("--account", "1:99"), NO_INPUT, "no account 1:99"), (("--party", "9"), NO_INPUT, "no party 9")):
            run("log", self.dir, *wrong, expect=code, says=[says])
        run("log", w.path("nowhere"), expect=NO_INPUT, says=["nowhere"])

    def test_14_a_summary(self):
        w = self.world
        entry = w.do(1, [move("1:0", "1:1", "0.25 BTC", "purchase") for _ in range(3)] +
                     [move("1:1", "1:2", "1 BTC", "internal_transfer")], "init")
        shown = self.json("log", self.dir, "--summary", "--kind", "move")[-2:]
        self.assertEqual([(line["record"], line["records"], line["amount_base"], line["from"]) for line in shown],
                         [(f"{entry}:0", 3, "75000000", None), (f"{entry}:3", 1, "100000000", "1:1")])
        run("log", self.dir, "--summary", says=["National Bitcoin Office moved 0.75 BTC in 3 records as purchase ["])

    def test_15_an_export_tells_the_same(self):
        w = self.world
        w.do(0, [{"kind": "register_party", "party": 3, "type": "custodian", "name": "Second Bank"},
                 w.add_key(3, 0, "initiate", "new"),
                 {"kind": "set_threshold", "party": 3, "domain": "move", "threshold": 1},
                 {"kind": "grant_classes", "party": 3, "classes": ["custody", "external"]}], "auth", "new")
        w.do(3, [{"kind": "open_account", "account": "3:0", "class": "external", "asset": 1},
                 {"kind": "open_account", "account": "3:1", "class": "custody", "asset": 1}], "new")
        secret = w.do(3, [move("3:0", "3:1", "7 sat", "customer_deposit")] * 2, "new", options=("--restricted",))
        run("checkpoint", self.dir, "--log-key", w.key("log"))
        run("export", self.dir, w.path("full"))
        run("export", self.dir, w.path("public"), "--public")
        said = run("log", self.dir)
        self.assertEqual(run("log", w.path("full")), said)
        self.assertIn("Second Bank moved 0.00000007 BTC from 3:0 to 3:1 as customer_deposit", said)
        public = run("log", w.path("public"))
        self.assertNotIn("customer_deposit", public)
        self.assertIn(f"{secret}:0", public)
        self.assertIn("Second Bank entered 2 restricted records, which are not public", public)
        self.assertEqual([line for line in said.splitlines() if f"{secret}:" not in line],
                         [line for line in public.splitlines() if f"{secret}:" not in line])

    def test_16_a_damaged_log_is_said_to_be(self):
        w = self.world
        shown = json.loads(run("show", self.dir, w.bought, "--format", "json"))
        root = shown["header"]["body_root"]
        body = os.path.join(w.path("full"), "body", root[:2], root[2:])
        with open(body, "rb") as file:
            good = file.read()
        self.assertEqual(len(good), 112)
        for bad, says in ((b"\xff" + good[1:], "entered a damaged record"),
                          (good[:44] + b"\x1b[2J" + good[48:], "entered a damaged record"),
                          (good[:-1], f"the records of entry {w.bought} are not there, or damaged"),
                          (None, f"the records of entry {w.bought} are not there, or damaged")):
            os.remove(body)
            if bad is not None:
                with open(body, "wb") as file:
                    file.write(bad)
            said = run("log", w.path("full"), expect=1, says=[says])
            self.assertNotIn("\x1b", said)
            self.assertIn("0:0 ", said)  # what came before was told
            with open(body, "wb") as file:
                file.write(good)
        run("log", w.path("full"))

    def test_17_text_of_others_is_harmless(self):
        said = run("log", self.dir)
        self.assertNotIn("\u200f", said)
        self.assertIn("\"x\\u{200f}';=c\"", said.lower())  # it cannot end its quotation

    # ---- what an envelope lacks is what the ledger refuses

    def test_18_coins_from_one_custodian_to_another(self):
        """What an external account says of coins has to be said by their new custodian as well."""
        w = self.world
        run("key", "new", w.key("third"))
        w.do(0, [{"kind": "register_party", "party": 4, "type": "custodian", "name": "Third Bank"},
                 w.add_key(4, 0, "initiate", "third"),
                 {"kind": "set_threshold", "party": 4, "domain": "move", "threshold": 1}], "auth", "third")
        w.do(4, [{"kind": "open_account", "account": "4:0", "class": "custody", "asset": 1}], "third")
        deposit = [move("3:0", "4:0", "5 sat", "customer_deposit")]
        lacks = "party 4 countersigns: 0 of 1 signatures"
        envelope = w.propose(3, deposit, says=["0 of 1 signatures; " + lacks])
        said = w.sign(envelope, "new", says=["1 of 1 signatures; " + lacks])
        self.assertNotIn("complete", said)
        w.refused(envelope, "COUNTERSIGN_MISSING", "party 4")
        w.do(0, [{"kind": "suspend_party", "party": 4}], "auth")
        w.sign(envelope, "third", expect=DATA, says=["would not count", "PARTY_SUSPENDED"])
        said = w.sign_blindly(envelope, "third", "--party", 4)
        self.assertIn("1 more that does not count here, the party is suspended; signature 1, party: PARTY_SUSPENDED",
                      said)
        self.assertNotIn("complete", said)
        w.refused(envelope, "PARTY_SUSPENDED", "party 4")
        w.do(0, [{"kind": "reinstate_party", "party": 4}], "auth")
        w.take(envelope)
        envelope = w.propose(3, deposit)
        w.sign(envelope, "new", "third",
               says=["1 of 1 signatures: complete; party 4 countersigns: 1 of 1 signatures"])
        w.take(envelope)
        # Coins that a customer holds may come to any custodian.
        envelope = w.propose(3, [move("3:1", "4:0", "5 sat", "customer_transfer")])
        self.assertNotIn("countersigns", w.sign(envelope, "new", says=["1 of 1 signatures: complete"]))
        w.take(envelope)

    def test_19_one_signature_too_many(self):
        """The ledger refuses an envelope for a signature that does not count, whatever else is there."""
        w = self.world
        envelope = w.propose(1, [move("1:0", "1:1", "1 sat", "purchase")])
        w.sign(envelope, "init", "adm", expect=DATA, says=["would not count", "KEY_ROLE"])
        w.sign_blindly(envelope, "adm")
        said = w.sign(envelope, "init", says=["1 of 1 signatures, 1 more that does not count here", "KEY_ROLE"])
        self.assertNotIn("complete", said)
        w.refused(envelope, "KEY_ROLE", "role administer")
        envelope = w.propose(1, [move("1:0", "1:1", "1 sat", "purchase")])
        w.sign(envelope, "init", says=["1 of 1 signatures: complete"])
        with open(envelope, "r+b") as file:  # a bit of its signature: no attachments follow it
            file.seek(-3, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-3, os.SEEK_END)
            file.write(bytes([last ^ 1]))
        said = w.sign(envelope, "one", says=["SIGNATURE"])
        self.assertNotIn("complete", said)
        w.refused(envelope, "SIGNATURE")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
