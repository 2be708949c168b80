"""Signed notes, checkpoints and paths for the second verifier, written from docs/FORMAT.md section
14, RFC 9162 and C2SP's signed-note, tlog-checkpoint and tlog-cosignature.
"""

import base64
import binascii
import collections
import contextlib
import re

from second_verifier import Refused, demand, ed25519_verify, node_hash, sha256

# --------------------------------------------------------------------------------------------
# Signed notes
# --------------------------------------------------------------------------------------------

ED25519, COSIGNATURE = 0x01, 0x04
KEY_ID_SIZE = 4
NOTE_SIZE_MAX, CHECKPOINT_SIZE_MAX, LINES_MAX, BLOB_SIZE_MAX = 1_048_576, 32_768, 64, 8_192
NAME_SIZE_MAX = 255
BLOB_SIZES = {ED25519: 64, COSIGNATURE: 8 + 64}  # what follows the key id


def demand_note(holds, rule):
    demand(holds, "CHECKPOINT", rule)


@contextlib.contextmanager
def inside(path):
    """What is refused inside says in which file."""
    try:
        yield
    except Refused as refusal:
        raise Refused(refusal.status, "%s: %s" % (path, refusal.rule), refusal.entry) from None


def decode_base64(text, what):
    """Standard base64 in its one encoding: padded, unused bits zero."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    demand_note(data is not None and base64.b64encode(data).decode() == text,
                "%s is not base64" % what)
    return data


def decode_number(text, what):
    demand_note(re.fullmatch("0|[1-9][0-9]{0,19}", text, re.ASCII) and int(text) < 2**64,
                "%s is not a decimal number without leading zeros" % what)
    return int(text)


def is_key_name(name):
    return (0 < len(name.encode()) <= NAME_SIZE_MAX and "+" not in name
            and not any(c.isspace() for c in name))


class NoteKey(collections.namedtuple("NoteKey", "name type public")):
    def key_id(self):
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public)[:KEY_ID_SIZE]

    def text(self):
        encoded = base64.b64encode(bytes([self.type]) + self.public).decode()
        return "%s+%s+%s" % (self.name, self.key_id().hex(), encoded)

    def verifies(self, text, blob):
        if len(blob) != BLOB_SIZES[self.type]:
            return False
        if self.type == COSIGNATURE:
            time_s = int.from_bytes(blob[:8], "big")
            text = b"cosignature/v1\ntime %d\n" % time_s + text
            return time_s < 2**63 and ed25519_verify(self.public, text, blob[8:])
        return ed25519_verify(self.public, text, blob)


def parse_verifier_key(text):
    """NAME+KEYID+BASE64, of type 1 or 4."""
    parts = text.split("+", 2)
    demand_note(len(parts) == 3 and is_key_name(parts[0]), "a verifier key is NAME+KEYID+BASE64")
    data = decode_base64(parts[2], "the key of a verifier key")
    demand_note(len(data) == 33 and data[0] in BLOB_SIZES, "the key is not of type 1 or 4")
    key = NoteKey(parts[0], data[0], data[1:])
    demand_note(parts[1] == key.key_id().hex(), "the key id is not that of name and key")
    return key


Line = collections.namedtuple("Line", "name key_id blob")
SIGNATURE_LINE = re.compile("\u2014 ([^ ]+) ([^ ]+)")


class Note:
    """text is bytes with its last newline; lines are the signatures, unverified."""

    def __init__(self, data):
        demand_note(len(data) <= NOTE_SIZE_MAX, "more than 1,048,576 bytes")
        try:
            note = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("CHECKPOINT", "not UTF-8") from None
        demand_note(not any(c < " " and c != "\n" for c in note), "a control character")
        text, blank, signatures = note.rpartition("\n\n")
        demand_note(blank and signatures.endswith("\n"), "no signature lines after a blank line")
        self.text = text.encode() + b"\n"
        self.lines = [parse_line(line) for line in signatures[:-1].split("\n")]
        demand_note(len(self.lines) <= LINES_MAX, "more than 64 signature lines")
        names = [(line.name, line.key_id) for line in self.lines]
        demand_note(len(set(names)) == len(names), "two signatures by one key")

    def verified_by(self, keys):
        """Those of the keys that signed. A signature of one of them that fails is refused."""
        found = []
        for line in self.lines:
            for key in keys:
                if (key.name, key.key_id()) == (line.name, line.key_id):
                    demand_note(key.verifies(self.text, line.blob),
                                "the signature of %s does not verify" % key.name)
                    found.append(key)
        return found

    def times(self, keys):
        """What the cosignatures of these keys state, key to seconds."""
        return {key: int.from_bytes(line.blob[:8], "big") for line in self.lines for key in keys
                if (key.name, key.key_id()) == (line.name, line.key_id)}

    def cosignature_lines(self, log_name):
        """The lines that have the size of a cosignature and are not the log's."""
        return [line for line in self.lines
                if line.name != log_name and len(line.blob) == BLOB_SIZES[COSIGNATURE]]


def parse_line(line):
    match = SIGNATURE_LINE.fullmatch(line)
    demand_note(match and is_key_name(match[1]), "a line that is not a signature")
    blob = decode_base64(match[2], "a signature")
    demand_note(KEY_ID_SIZE < len(blob) <= BLOB_SIZE_MAX, "a signature of %d bytes" % len(blob))
    return Line(match[1], blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])


class Checkpoint(Note):
    """A note whose text is origin, size and root, and no more."""

    def __init__(self, data):
        demand_note(len(data) <= CHECKPOINT_SIZE_MAX, "more than 32,768 bytes")
        super().__init__(data)
        lines = self.text.decode().split("\n")
        demand_note(len(lines) == 4 and lines[0], "a checkpoint has three lines")
        self.origin = lines[0]
        self.size = decode_number(lines[1], "the size")
        self.root = decode_base64(lines[2], "the root")
        demand_note(len(self.root) == 32, "the root is not 32 bytes")


# --------------------------------------------------------------------------------------------
# RFC 6962: inclusion
# --------------------------------------------------------------------------------------------


def root_from_path(leaf, index, size, path):
    """The root that a path from the leaf up leads to, or None when it is not as long as the path
    of this index in a tree of this size (RFC 9162 section 2.1.3.2)."""
    if index >= size:
        return None
    node, last, root = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = node_hash(hash_, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, hash_)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None
