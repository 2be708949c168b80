"""An exported folder for the second verifier, written from docs/FORMAT.md section 14 alone.

Every file in the folder is accounted for: it is compared with what the entries imply, refused when
it is another, or told as a stray when there should be none.
The entries themselves go through the replay of second_verifier.py, body by body. What is refused
names the entry where one can be named.
"""

import os
import re
import time

from second_note import Checkpoint, ED25519, NoteKey, demand_note, inside
from second_verifier import (CHECKS, FIXED_SIZE, MOVE, PENDING, RECORD_SIZE, Refused, Replay,
                             TreeHash, demand, first_refusal, leaf_hash, sha256)

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
                  "FORMAT.md: not compared with this verifier's"]

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


class Export:
    def __init__(self, root, replay, log_key, witnesses):
        self.folder = Folder(root)
        self.replay = replay
        self.counts = replay.counts
        self.log_key = log_key
        self.witnesses = witnesses
        self.restricted = {True: [], False: []}  # entries by whether their body is there
        self.named = set()  # bodies and attachments that entries name
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
        self.check_checkpoint("checkpoint", checkpoint)
        for path, other in stored:
            with inside(path):
                demand_note(other.cosignature_lines(other.origin), "not cosigned by anybody")
            self.check_checkpoint(path, other)
        self.replay.check_sums()
        self.tell()

    def tell(self):
        """What leaves the verification incomplete without speaking against the log."""
        folder, skipped = self.folder, self.replay.skipped
        if folder.kind is None:
            self.replay.incomplete.append("kind: missing, or says no kind of folder")
        if folder.strays:
            self.replay.incomplete.append("not looked at: %s" % ", ".join(sorted(folder.strays)))
        if folder.kind == "public" and self.restricted[True]:
            skipped.append("a finding: a public folder has bodies of %d restricted entries"
                           % len(self.restricted[True]))

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
        for at in range(0, len(body or b""), RECORD_SIZE):
            if body[at] in (MOVE, PENDING):
                digest = body[at + 60:at + 92]
                if digest in self.folder.contents["attachment"]:
                    self.named.add(digest)

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

    def check_checkpoint(self, path, checkpoint):
        state = self.replay.state
        origin = "%s/%s" % (state.name, state.ledger_id.hex())
        with inside(path):
            demand_note(checkpoint.origin == origin, "the origin is not %s" % origin)
            demand_note(checkpoint.root == self.roots[checkpoint.size],
                        "the root is not that of the first %d entries" % checkpoint.size)
            self.check_signatures(path, checkpoint)
        self.counts["checkpoint"] += 1

    def check_signatures(self, path, checkpoint):
        keys = {NoteKey(checkpoint.origin, ED25519, log_key.key): log_key
                for log_key in self.replay.state.log_keys}
        signed = [keys[key] for key in checkpoint.verified_by(keys)]
        active = [log_key for log_key in signed if is_active(log_key, checkpoint.size)]
        demand_note(active, "not signed by a log key that is active at size %d" % checkpoint.size)
        if path == "checkpoint" and self.log_key:
            demand_note(self.log_key in keys, "the given log key is not a log key of this ledger")
            demand_note(keys[self.log_key] in active, "not signed by the given log key, or that "
                        "key is not active")
        if not any(counts_at(log_key, checkpoint.size) for log_key in active):
            self.replay.skipped.append("%s: does not count, its key was retired with a smaller "
                                       "last good size" % path)
        self.list_cosignatures(path, checkpoint)

    def list_cosignatures(self, path, checkpoint):
        verified = {(key.name, key.key_id()) for key in checkpoint.verified_by(self.witnesses)}
        self.counts["cosignature"] += len(verified)
        for line in checkpoint.cosignature_lines(checkpoint.origin):
            if (line.name, line.key_id) not in verified:
                self.replay.skipped.append("%s: %s" % (path, describe_cosignature(line)))


def is_active(log_key, size):
    return log_key.added_at < size and (log_key.retired_at is None or log_key.retired_at >= size)


def counts_at(log_key, size):
    return log_key.last_good_size == 0 or size <= log_key.last_good_size


def describe_cosignature(line):
    time_s = int.from_bytes(line.blob[:8], "big")
    when = "time %d" % time_s
    if time_s < 2**37:  # what gmtime can always say
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))
    return "cosignature by %s+%s of %s, whose key is not given" % (
        line.name, line.key_id.hex(), when)


def verify_folder(root, ledger_id=None, log_key=None, witnesses=()):
    """Verify an export. Returns the replay and None, or the first refusal. log_key and witnesses
    are NoteKeys."""
    checks = [check for check in CHECKS if check[0] not in ("link", "tail")] + EXPORT_CHECKS
    replay = Replay(ledger_id, checks, EXPORT_SKIPPED)
    return replay, first_refusal(lambda: Export(root, replay, log_key, witnesses).verify())
