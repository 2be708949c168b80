"""What a power cut may leave of a folder, worked out from the calls that a program made
(tests/record_writes.c).

A file system keeps a promise for what was synced and for nothing else. Of the rest any of this may
be found afterwards, and each image is one such finding:

    the bytes of a file     all, a part, or none of those that were not synced
    a name in a folder      there or not, unless the folder was synced after it changed
"""

import os
import random
import shutil


class File:
    def __init__(self, data=b""):
        self.data = data
        self.synced = data


class Folder:
    """Names as the program sees them, and as the disk surely has them."""

    def __init__(self):
        self.names = {}
        self.synced = {}


class Disk:
    def __init__(self, root=None):
        """As empty, or as the folder `root` stands, all of it on the disk."""
        self.folders = {".": Folder()}
        if root is not None:
            self.load(root)

    def load(self, root):
        for at, folders, files in os.walk(root):
            path = os.path.relpath(at, root)
            names = self.folders.setdefault(path, Folder()).names
            for name in folders:
                names[name] = None  # a folder: self.folders has it under its path
            for name in files:
                with open(os.path.join(at, name), "rb") as file:
                    names[name] = File(file.read())
        for folder in self.folders.values():
            folder.synced = dict(folder.names)

    def split(self, path):
        folder, name = os.path.split(path)
        return self.folders[folder or "."], name

    def play(self, line):
        what, *words = line.split(" ")
        getattr(self, "do_" + what)(*[word for word in words if word])

    def do_create(self, path):
        folder, name = self.split(path)
        folder.names[name] = File()

    def do_write(self, path, digits):
        folder, name = self.split(path)
        folder.names[name].data += bytes.fromhex(digits)

    def do_rename(self, old, new):
        folder, name = self.split(old)
        moved = folder.names.pop(name)
        folder, name = self.split(new)
        folder.names[name] = moved

    def do_mkdir(self, path):
        folder, name = self.split(path)
        folder.names[name] = None
        self.folders[path] = Folder()

    def do_unlink(self, path):
        folder, name = self.split(path)
        folder.names.pop(name)

    def do_sync(self, path):
        if path in self.folders:
            self.folders[path].synced = dict(self.folders[path].names)
            return
        folder, name = self.split(path)
        folder.names[name].synced = folder.names[name].data

    def do_syncfs(self):
        for path, folder in self.folders.items():
            folder.synced = dict(folder.names)
            for name, item in folder.names.items():
                if item is not None:
                    self.do_sync(os.path.normpath(os.path.join(path, name)))

    def as_seen(self, root):
        """Writes all that a program sees now, synced or not."""
        shutil.rmtree(root, ignore_errors=True)
        for path, folder in self.folders.items():
            os.makedirs(os.path.join(root, path), exist_ok=True)
            for name, item in folder.names.items():
                if item is not None:
                    with open(os.path.join(root, path, name), "wb") as file:
                        file.write(item.data)

    # --- images

    def image(self, root, rng, chance):
        """Writes what may be left to `root`. `chance` is how likely what was not synced survives: 0
        only what was promised, 1 all names (with none of the bytes that were not synced)."""
        shutil.rmtree(root, ignore_errors=True)
        self.image_of(".", root, rng, chance)

    def image_of(self, path, root, rng, chance):
        os.makedirs(root)
        folder = self.folders[path]
        left = dict(folder.synced)
        for name in sorted(set(folder.names) | set(folder.synced)):
            if folder.names.get(name, self) is folder.synced.get(name, self):
                continue
            if rng.random() < chance:  # the change is on the disk though nobody waited for it
                left.pop(name, None)
                if name in folder.names:
                    left[name] = folder.names[name]
        for name, item in left.items():
            to = os.path.join(root, name)
            if item is None:
                self.image_of(os.path.normpath(os.path.join(path, name)), to, rng, chance)
                continue
            with open(to, "wb") as file:
                file.write(self.bytes_of(item, rng, chance))

    @staticmethod
    def bytes_of(item, rng, chance):
        more = item.data[len(item.synced):]
        if chance == 1:
            return item.synced
        return item.synced + more[:rng.randrange(len(more) + 1)] if more else item.synced


def images(lines, before=None):
    """For each call the disk as it is after it: (number, line, Disk)."""
    disk = Disk(before)
    yield 0, "nothing", disk
    for number, line in enumerate(lines, 1):
        disk.play(line)
        yield number, line, disk


def chances(rng):
    """The two extremes, and one in between."""
    return (0, 1, random.Random(rng.random()).uniform(0.2, 0.8))
