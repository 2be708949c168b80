"""An exported folder for the second verifier, written from docs/FORMAT.md section 14 alone.

Every file in the folder is accounted for: it is compared with what the entries imply, refused when
it is another, or told as a stray when there should be none.
The entries themselves go through the replay of second_verifier.py, body by body. What is refused
names the entry where one can be named.
"""

import os
import re
import time

import second_policy
from second_note import Checkpoint, ED25519, NoteKey, demand_note, inside
from second_verifier import (CHECKS, CLOCK_TOLERANCE_S, FIXED_SIZE, NS, PROGRAMME, REPORT, Refused,
                             Replay, TreeHash, demand, first_refusal, leaf_hash, named_documents,
                             sha256)

WIDTH = 256  # hashes in a full tile, entries in a full bundle
HASH_SIZE = 32
ATTACHMENT_SIZE_MAX = 4_194_304
ENTRIES = "entries"  # the level of bundles, in paths

EXPORT_CHECKS = [
    ("bundle", "entry bundles, partial ones of earlier sizes included"),
    ("tile", "hash tiles, partial ones of earlier sizes included"),
    ("attachment", "attachments of their SHA-256 and named by a record"),
    ("checkpoint", "checkpoints of the tree's root and signed by a log key active at their size"),
    ("cosignature", "cosignatures of the given witnesses verified"),
]
EXPORT_SKIPPED = ["links and tails: derived, and not in an export",
                  "FORMAT.md: not compared with this verifier's",
                  "statements: their figures are not computed anew"]

# --------------------------------------------------------------------------------------------
# Names in the folder
# --------------------------------------------------------------------------------------------

TILE = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
                  re.ASCII)
CONTENT = re.compile(r"(body|attachment)/([0-9a-f]{2})/([0-9a-f]{62})")
STORED = re.compile(r"checkpoints/(0|[1-9][0-9]*)-([0-9a-f]{16})", re.ASCII)


def tile_number(number):
    """N in groups of three digits, all but the last with x in front."""
    groups = "%03d" % (number % 1000)
    while number >= 1000:
        number //= 1000
        groups = "x%03d/" % (number % 1000) + groups
    return groups


def tile_path(level, number, width=WIDTH):
    path = "tile/%s/%s" % (level, tile_number(number))
    return path if width == WIDTH else "%s.p/%d" % (path, width)


def content_path(kind, digest):
    text = digest.hex()
    return "%s/%s/%s" % (kind, text[:2], text[2:])


class Folder:
    """The files of an export by their names, sorted into what they may be."""

    def __init__(self, root):
        self.root = root
        self.tiles = {}  # (level, number) to the widths there are; level is a number or "entries"
        self.contents = {"body": set(), "attachment": set()}  # the hashes that are names
        self.checkpoints = []  # (path, size, 16 hex digits)
        self.strays = []  # what does not belong in the folder, and is not looked at
        self.kind = None  # "full" or "public"
        self.read("checkpoint")  # without it this is no export: an OSError, not a refusal
        for path in self.list_files(""):
            self.sort(path)

    def list_files(self, below):
        with os.scandir(os.path.join(self.root, below)) as found:
            items = sorted(found, key=lambda item: item.name)
        if below and not items:
            self.strays.append(below)
        for item in items:
            path = below + item.name
            if item.is_dir(follow_symlinks=False):
                yield from self.list_files(path + "/")
            elif item.is_file(follow_symlinks=False):
                yield path
            else:
                self.strays.append(path)

    def sort(self, path):
        tile, content = TILE.fullmatch(path), CONTENT.fullmatch(path)
        stored = STORED.fullmatch(path)
        if tile:
            self.sort_tile(path, tile)
        elif content:
            self.contents[content[1]].add(bytes.fromhex(content[2] + content[3]))
        elif stored:
            self.checkpoints.append((path, int(stored[1]), stored[2]))
        elif path == "kind":
            words = {b"full\n": "full", b"public\n": "public"}
            self.kind = words.get(self.read(path))
        elif path not in ("checkpoint", "FORMAT.md"):
            self.strays.append(path)

    def sort_tile(self, path, match):
        level = ENTRIES if match[1] == ENTRIES else int(match[1])
        number = int(match[2].replace("x", "").replace("/", ""))
        width = int(match[3] or WIDTH)
        # Written again it must be the same: no leading groups of zeros, no partial tile of 256.
        if tile_path(level, number, width) == path:
            self.tiles.setdefault((level, number), set()).add(width)
        else:
            self.strays.append(path)

    def read(self, path):
        with open(os.path.join(self.root, path), "rb") as source:
            return source.read()

    def read_content(self, kind, digest):
        return self.read(content_path(kind, digest)) if digest in self.contents[kind] else None


# --------------------------------------------------------------------------------------------
# Tiles and bundles
# --------------------------------------------------------------------------------------------


def level_size(level, size):
    return size if level == ENTRIES else size >> 8 * level


def check_tile_names(folder, size):
    """Every tile that a tree of this size has is there; one that it cannot have is a stray."""
    levels = [ENTRIES] + [level for level in range(8) if level_size(level, size)]
    for level in levels:
        total = level_size(level, size)
        for number in range((total + WIDTH - 1) // WIDTH):
            width = min(WIDTH, total - number * WIDTH)
            demand(width in folder.tiles.get((level, number), ()), "FOLDER",
                   "%s is missing" % tile_path(level, number, width),
                   number * WIDTH if level in (ENTRIES, 0) else None)
    for (level, number), widths in folder.tiles.items():
        room = level_size(level, size) - number * WIDTH
        for width in sorted(width for width in widths if width > room):
            widths.remove(width)
            folder.strays.append(tile_path(level, number, width))


def split_bundle(data, count, first):
    """The entries of a bundle; first is the index of its first one."""
    entries, at = [], 0
    for index in range(first, first + count):
        size = int.from_bytes(data[at:at + 2], "big")
        entry = data[at + 2:at + 2 + size]
        demand(len(data) >= at + 2 and len(entry) == size, "TILE", "the bundle is cut off", index)
        entries.append(entry)
        at += 2 + size
    demand(at == len(data), "TILE", "bytes after the last entry of the bundle", first + count - 1)
    return entries


class TileReader:
    """Reads the entries of an export, and compares every tile and bundle with them."""

    def __init__(self, folder, size, counts):
        self.folder = folder
        self.size = size
        self.counts = counts
        self.upper = []  # per level from 1 on, the hashes so far

    def bundles(self):
        """The entries of each bundle in turn, with the leaf hashes as level 0 has them."""
        for number in range((self.size + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            count = min(WIDTH, self.size - first)
            entries = self.read_bundle(number, count)
            hashes = [leaf_hash(entry) for entry in entries]
            self.compare(0, number, hashes, first)
            if count == WIDTH:
                self.climb(hashes)
            yield entries
        for level, hashes in enumerate(self.upper, 1):
            for number in range((len(hashes) + WIDTH - 1) // WIDTH):
                self.compare(level, number, hashes[number * WIDTH:(number + 1) * WIDTH], None)

    def read_bundle(self, number, count):
        first = number * WIDTH
        with inside(tile_path(ENTRIES, number, count)):
            entries = split_bundle(self.folder.read(tile_path(ENTRIES, number, count)), count, first)
        self.counts["bundle"] += 1
        for width in sorted(self.folder.tiles[ENTRIES, number] - {count}):
            self.compare_partial_bundle(tile_path(ENTRIES, number, width), entries[:width], first)
        return entries

    def compare_partial_bundle(self, path, entries, first):
        with inside(path):
            found = split_bundle(self.folder.read(path), len(entries), first)
            for index, (mine, other) in enumerate(zip(entries, found), first):
                demand(mine == other, "TILE", "another entry than the bundle of now has", index)
        self.counts["bundle"] += 1

    def compare(self, level, number, hashes, first):
        """Each tile of this number with the hashes it must hold; first is the entry that hash 0
        stands for, None above level 0."""
        for width in sorted(self.folder.tiles[level, number]):
            path = tile_path(level, number, width)
            data, expected = self.folder.read(path), b"".join(hashes[:width])
            demand(len(data) == len(expected), "TILE", "%s: %d bytes, not %d"
                   % (path, len(data), len(expected)))
            for at in range(0, len(expected), HASH_SIZE):
                demand(data[at:at + HASH_SIZE] == expected[at:at + HASH_SIZE], "TILE",
                       "%s: hash %d is not that of the entries" % (path, at // HASH_SIZE),
                       None if first is None else first + at // HASH_SIZE)
            self.counts["tile"] += 1

    def climb(self, hashes):
        """A full tile gives one hash to the level above, which may fill a tile there."""
        level = 0
        while True:
            if level == len(self.upper):
                self.upper.append([])
            self.upper[level].append(perfect_root(hashes))
            if len(self.upper[level]) % WIDTH:
                return
            hashes = self.upper[level][-WIDTH:]
            level += 1


def perfect_root(hashes):
    tree = TreeHash()
    for hash_ in hashes:
        tree.add(hash_)
    return tree.root()


# --------------------------------------------------------------------------------------------
# The export as a whole
# --------------------------------------------------------------------------------------------


class Pins:
    """What whoever audits brings (section 14.2). log_key is a NoteKey; documents says whether those
    that records cite are asked for."""

    def __init__(self, ledger_id=None, log_key=None, policy=None, documents=True):
        self.ledger_id, self.log_key = ledger_id, log_key
        self.policy, self.documents = policy, documents


def demand_pin(holds, rule):
    demand(holds, "PIN", rule)


class Export:
    def __init__(self, root, replay, pins):
        self.folder = Folder(root)
        self.replay = replay
        self.counts = replay.counts
        self.pins = pins
        self.restricted = {True: [], False: []}  # entries by whether their body is there
        self.named = set()  # bodies and attachments that entries name
        self.missing = set()  # documents that records cite and that are not there
        self.roots = {}  # size to root, of the sizes that checkpoints speak of

    def verify(self):
        with inside("checkpoint"):
            checkpoint = Checkpoint(self.folder.read("checkpoint"))
            demand_note(checkpoint.size > 0, "a ledger has an entry 0")
        stored = [self.open_stored(*names, checkpoint.size) for names in self.folder.checkpoints]
        check_tile_names(self.folder, checkpoint.size)
        self.roots = dict.fromkeys([checkpoint.size] + [other.size for _, other in stored])
        self.replay_entries(checkpoint.size)
        self.check_restricted()
        self.check_strays()
        self.check_pins()
        for path, other in stored:
            with inside(path):
                demand_note(other.cosignature_lines(other.origin), "not cosigned by anybody")
        judge_checkpoints(self.replay, self.pins.policy, self.roots,
                          stored + [("checkpoint", checkpoint)])
        self.replay.check_sums()
        self.tell()

    def check_pins(self):
        """The ledger id was compared with entry 0."""
        name, policy = origin_of(self.replay.state), self.pins.policy
        brought = [self.pins.log_key] if self.pins.log_key else []
        if not brought and policy and policy.logs:
            brought = [key for key in policy.logs if key.name == name][:1]
            demand_pin(brought, "the policy trusts other logs, not this one")
        if not brought:
            self.replay.incomplete.append("log key: none was brought")
        for key in brought:
            demand_pin(key.type == ED25519 and key.name == name,
                       "the log key that was brought is that of another origin")
            self.check_log_key(key)

    def check_log_key(self, key):
        own = [log_key for log_key in self.replay.state.log_keys if log_key.key == key.public]
        demand_pin(own, "the log key that was brought never was one of this log")
        if own[0].last_good_size:
            self.replay.incomplete.append("log key: what was brought was compromised and retired")

    def tell(self):
        """What leaves the verification incomplete without speaking against the log, and findings."""
        folder, incomplete, findings = self.folder, self.replay.incomplete, self.replay.findings
        if folder.kind is None:
            incomplete.append("kind: missing, or says no kind of folder")
        if folder.strays:
            incomplete.append("not looked at: %s" % ", ".join(sorted(folder.strays)))
        if self.missing and self.pins.documents:
            incomplete.append("%d documents that records cite are not there" % len(self.missing))
        if folder.kind == "public" and self.restricted[True]:
            findings.append("a public folder has bodies of %d restricted entries"
                            % len(self.restricted[True]))
        for number, rule in enumerate(self.replay.state.rules):
            if rule.record.kind == PROGRAMME and rule.record.mode == REPORT and rule.breaches:
                findings.append("programme %d was broken %d times" % (number, len(rule.breaches)))

    def open_stored(self, path, size, digits, largest):
        with inside(path):
            data = self.folder.read(path)
            checkpoint = Checkpoint(data)
            demand_note(sha256(data).hex()[:16] == digits, "not named by its SHA-256")
            demand_note(checkpoint.size == size, "not named by its size")
            demand_note(0 < size <= largest, "of a size that the export does not have")
        return path, checkpoint

    def replay_entries(self, size):
        index = 0
        for entries in TileReader(self.folder, size, self.counts).bundles():
            for entry in entries:
                try:
                    self.accept(index, entry)
                except Refused as refusal:
                    raise refusal.at(index)
                index += 1
                if index in self.roots:
                    self.roots[index] = self.replay.tree.root()

    def accept(self, index, entry):
        body_root = entry[FIXED_SIZE - HASH_SIZE:FIXED_SIZE]
        body = self.folder.read_content("body", body_root)
        self.replay.accept(index, entry, body)
        if self.replay.state.entries[index].restricted:
            self.restricted[body is not None].append(index)
        self.named.add(body_root)
        for digest, asked_for in named_documents(body or b""):
            if digest in self.folder.contents["attachment"]:
                self.named.add(digest)
            elif asked_for:
                self.missing.add(digest)

    def check_restricted(self):
        """A public export has none of the restricted bodies, any other has all of them."""
        there, missing = self.restricted[True], self.restricted[False]
        demand(not there or not missing, "FOLDER", "the body of this restricted entry is missing, "
               "and bodies of others are there", missing[0] if missing else None)
        if missing:
            self.replay.skipped += [
                "bodies of %d restricted entries: missing, as in a public export" % len(missing),
                "balances of parties outside the public sector and purpose totals outside: "
                "unknown from entry %d on" % missing[0]]

    def check_strays(self):
        for kind, digests in self.folder.contents.items():
            for digest in sorted(digests):
                path = content_path(kind, digest)
                if digest not in self.named:
                    self.folder.strays.append(path)
                elif kind == "attachment":
                    self.check_attachment(path, digest)

    def check_attachment(self, path, digest):
        data = self.folder.read(path)
        demand(sha256(data) == digest, "FOLDER", "%s: not of this SHA-256" % path)
        demand(0 < len(data) <= ATTACHMENT_SIZE_MAX, "FOLDER", "%s: %d bytes" % (path, len(data)))
        self.counts["attachment"] += 1


# --------------------------------------------------------------------------------------------
# Checkpoints: section 14.3
# --------------------------------------------------------------------------------------------


def origin_of(state):
    return "%s/%s" % (state.name, state.ledger_id.hex())


def is_active(log_key, size):
    """For checkpoints of this size."""
    return log_key.added_at < size and (log_key.retired_at is None or log_key.retired_at >= size)


def key_that_signed(log_keys, signed):
    """The lowest-numbered, when several did."""
    return next(log_key for log_key in log_keys if log_key in signed)


def covered_by(log_key, size):
    """Up to which size a checkpoint of this size by this key speaks for the log."""
    return min(size, log_key.last_good_size) if log_key.last_good_size else size


class Judge:
    """What checkpoints by rising size come to."""

    def __init__(self, replay, policy, roots):
        self.replay, self.state, self.policy, self.roots = replay, replay.state, policy, roots
        self.witnesses = list(policy.witnesses.values()) if policy else []
        self.covered = self.agreed = 0
        self.cosigned = 0  # entries that any witness of the policy cosigned

    def judge(self, path, checkpoint):
        origin = origin_of(self.state)
        with inside(path):
            demand_note(checkpoint.origin == origin, "the origin is not %s" % origin)
            demand_note(checkpoint.root == self.roots[checkpoint.size],
                        "the root is not that of the first %d entries" % checkpoint.size)
            signed = self.check_log(checkpoint)
            times = self.check_witnesses(path, checkpoint, signed)
        key = key_that_signed(self.state.log_keys, signed.values())
        self.covered = covered_by(key, checkpoint.size)
        if times:
            self.check_promise(checkpoint.size, times)
        self.replay.counts["checkpoint"] += 1

    def check_log(self, checkpoint):
        """The log keys that signed, by their NoteKeys."""
        active = {NoteKey(checkpoint.origin, ED25519, log_key.key): log_key
                  for log_key in self.state.log_keys if is_active(log_key, checkpoint.size)}
        signed = {key: active[key] for key in checkpoint.verified_by(active)}
        demand_note(signed, "not signed by a log key that is active at size %d" % checkpoint.size)
        return signed

    def check_witnesses(self, path, checkpoint, signed):
        """The times that the witnesses of the policy state, and that are not early."""
        cosigners = checkpoint.verified_by(self.witnesses)
        self.replay.counts["cosignature"] += len(cosigners)
        known = {(key.name, key.key_id()) for key in cosigners + list(signed)}
        for line in checkpoint.lines:
            if (line.name, line.key_id) not in known:
                self.replay.skipped.append("%s: %s" % (path, describe_line(line, checkpoint)))
        times = checkpoint.times(cosigners)
        early = self.check_times(path, checkpoint.size, times) if self.policy else set()
        return {key: time_s for key, time_s in times.items() if key not in early}

    def check_times(self, path, size, times):
        received = [entry.received_ns for entry in self.state.entries]
        tolerance = CLOCK_TOLERANCE_S * NS
        early = {key for key, time_s in times.items()
                 if time_s * NS + tolerance < received[size - 1]}
        late = {key for key, time_s in times.items()
                if size < len(received) and time_s * NS - tolerance > received[size]}
        for words, wrong, others in (("early", early, set(times) - early),
                                     ("late", late, set(times) - early - late)):
            for key in sorted(wrong):
                self.replay.findings.append("%s: the time of witness %s is %s"
                                            % (path, key.name, words))
            demand_note(not (self.policy.asks() and self.policy.holds(wrong)
                             and not self.policy.holds(others)),
                        "the witnesses that are %s are a quorum, and the others are none" % words)
        if self.policy.asks() and self.policy.holds(set(times) - early):
            self.agreed = max(self.agreed, size)
        return early

    def check_promise(self, size, times):
        """The first checkpoint that a witness cosigned over an entry came in time."""
        bound_ns = (self.state.checkpoint_delay_max_s + CLOCK_TOLERANCE_S) * NS
        first_ns = min(times.values()) * NS
        late = [entry.index for entry in self.state.entries[self.cosigned:size]
                if first_ns - entry.received_ns > bound_ns]
        if late:
            self.replay.findings.append("entries from %d on were cosigned later than promised"
                                        % late[0])
        self.cosigned = max(self.cosigned, size)

    def tell(self):
        entries, incomplete = len(self.state.entries), self.replay.incomplete
        if self.covered < entries:
            incomplete.append("entries from %d on: not covered by a checkpoint" % self.covered)
        if self.policy and self.policy.asks() and self.agreed < entries:
            incomplete.append("entries from %d on: no quorum cosigned them" % self.agreed)


def judge_checkpoints(replay, policy, roots, checkpoints):
    judge = Judge(replay, policy, roots)
    for path, checkpoint in sorted(checkpoints, key=lambda one: (one[1].size, one[0])):
        judge.judge(path, checkpoint)
    judge.tell()


def describe_line(line, checkpoint):
    if line in checkpoint.cosignature_lines(checkpoint.origin):
        return describe_cosignature(line)
    return "a line by %s+%s, which is no key of the log's that is active, nor a witness's" % (
        line.name, line.key_id.hex())


def describe_cosignature(line):
    time_s = int.from_bytes(line.blob[:8], "big")
    when = "time %d" % time_s
    if time_s < 2**37:  # what gmtime can always say
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))
    return "cosignature by %s+%s of %s, whose key is not given" % (
        line.name, line.key_id.hex(), when)


def verify_folder(root, ledger_id=None, log_key=None, witnesses=(), policy=None, documents=True):
    """Verify an export. Returns the replay and None, or the first refusal. log_key and witnesses
    are NoteKeys; witnesses alone are verified, and no quorum of them is asked for."""
    checks = [check for check in CHECKS if check[0] not in ("link", "tail")] + EXPORT_CHECKS
    replay = Replay(ledger_id, checks, EXPORT_SKIPPED)
    policy = second_policy.of_witnesses(witnesses) if witnesses else policy
    pins = Pins(ledger_id, log_key, policy, documents)
    return replay, first_refusal(lambda: Export(root, replay, pins).verify())
