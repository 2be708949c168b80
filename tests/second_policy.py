"""Policies (C2SP's tlog-policy, docs/FORMAT.md section 14.2) for the second verifier: which witnesses
are trusted, and when those that cosigned one checkpoint are a quorum.
"""

import re

from second_note import COSIGNATURE, ED25519, parse_verifier_key
from second_verifier import Refused, demand

LINES_MAX = 64  # of each of logs, witnesses and groups
NONE = "none"


def demand_policy(holds, rule):
    demand(holds, "POLICY", rule)


class Policy:
    """logs are NoteKeys, witnesses names to NoteKeys, groups names to (how many, members). Names are
    octets, held as one character each."""

    def __init__(self, data):
        self.logs, self.witnesses, self.groups = [], {}, {}
        self.members = set()
        self.quorum = None
        demand_policy(data == b"" or data.endswith(b"\n"), "the last line is not ended")
        for line in data.decode("latin-1").split("\n")[:-1]:
            demand_policy(re.fullmatch("[\t\x20-\x7e\x80-\xff]*", line), "a control character")
            items = re.findall("[^ \t]+", line)
            if items and not items[0].startswith("#"):
                self.read_line(*items)
        demand_policy(self.quorum is not None, "no quorum line")
        for lines in (self.logs, self.witnesses, self.groups):
            demand_policy(len(lines) <= LINES_MAX, "more than 64 lines of a sort")
        for keys in (self.logs, self.witnesses.values()):
            public = [key.public for key in keys]
            demand_policy(len(set(public)) == len(public), "a public key stands twice")

    def read_line(self, word, *items):
        readers = {"log": (1, 2, self.read_log), "witness": (2, 3, self.read_witness),
                   "group": (3, 2 + LINES_MAX * 2, self.read_group), "quorum": (1, 1, self.read_quorum)}
        demand_policy(word in readers, "a line that begins with %s" % word)
        fewest, most, read = readers[word]
        demand_policy(fewest <= len(items) <= most, "a %s line of %d items" % (word, len(items)))
        read(*items)

    def read_log(self, vkey, _url=None):
        self.logs.append(read_key(vkey, ED25519))

    def read_witness(self, name, vkey, _url=None):
        self.check_new(name)
        self.witnesses[name] = read_key(vkey, COSIGNATURE)

    def check_new(self, name):
        demand_policy(name != NONE and name not in self.witnesses and name not in self.groups,
                      "the name %s stands twice, or is none" % name)

    def is_defined(self, name):
        return name in self.witnesses or name in self.groups

    def read_group(self, name, count, *members):
        self.check_new(name)
        for member in members:
            demand_policy(self.is_defined(member), "%s is not defined before" % member)
            demand_policy(member not in self.members, "%s stands in two groups, or twice" % member)
            self.members.add(member)
        wanted = {"any": 1, "all": len(members)}.get(count)
        if wanted is None:
            demand_policy(re.fullmatch("[1-9][0-9]{0,2}", count), "no number of members")
            wanted = int(count)
        demand_policy(wanted <= len(members), "more members wanted than there are")
        self.groups[name] = wanted, members

    def read_quorum(self, name):
        demand_policy(self.quorum is None, "two quorum lines")
        demand_policy(name == NONE or self.is_defined(name), "%s is not defined before" % name)
        self.quorum = name

    def asks(self):
        return self.quorum != NONE

    def holds(self, keys, name=None):
        """Whether the witnesses of these NoteKeys are a quorum, or a group of that name."""
        name = self.quorum if name is None else name
        if name in self.witnesses:
            return self.witnesses[name] in keys
        wanted, members = self.groups[name]
        return sum(self.holds(keys, member) for member in members) >= wanted


def read_key(vkey, kind):
    try:
        key = parse_verifier_key(vkey.encode("latin-1").decode("utf-8"))
    except (Refused, UnicodeDecodeError):
        raise Refused("POLICY", "not a verifier key: %s" % vkey) from None
    demand_policy(key.type == kind, "a key of another type than the line's")
    return key


def of_witnesses(keys):
    """Witnesses that are verified, and no quorum that is asked for."""
    lines = ["witness %d %s" % (at, key.text()) for at, key in enumerate(keys)] + ["quorum none"]
    return Policy("".join(line + "\n" for line in lines).encode())
