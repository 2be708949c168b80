"""A source tree as the house rules see it: its files and floors, its functions, and what calls and
includes what. Shared by scripts/check-source and scripts/figures."""

import os
import re
import subprocess

# The floors of the house, from the ground up. What stands on a floor uses what is below it, by
# include or by call; two folders on one floor know nothing of each other. Inside a folder any file
# may use any other, as long as no circle comes of it. The files x.c, x.h and x_internal.h are one.
FLOORS = (
    ("include", "crypto", "storage"),
    ("bitcoin",),
    ("core/base",),
    ("core/format",),
    ("core/rules",),
    ("core/log",),
    ("core/ingest", "core/audit"),
    ("core/exchange",),
    ("text",),
    ("cli",),
    ("cli/tijori", "cli/audit"),
    ("bench",),
    ("examples", "demo", "tests"),
)
# Besides: what is below, and still none of a folder's business.
NEVER = {"bitcoin": ("storage", "include"), "examples": ("crypto", "storage", "core", "text", "cli")}
# Programs of their own: nobody calls what they define.
APART = ("demo", "examples", "tests")
FLOOR_OF = {folder: floor for floor, row in enumerate(FLOORS) for folder in row}
TOP = tuple(sorted({folder.split("/")[0] for folder in FLOOR_OF}))

TEXT = (".c", ".h", ".md", ".txt", ".cmake", ".in", ".json", ".sh", ".py", ".1", ".5", ".7")
DATA = ("tests/vectors/", "tests/fuzz/corpus/")  # bytes as they are, not ours to tidy


def blank(text):
    return re.sub(r"[^\n]", " ", text)


TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m[0]) if m[0][0] == "/" else m[0], text)


def code_only(text):
    return TOKEN.sub(lambda m: blank(m[0]), text)


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(text):
    """(line number, quoted, name) of each #include."""
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


DEFINITION = re.compile(r"^(?P<head>[A-Za-z_][^;{}#=]*?)\b(?P<name>[A-Za-z_]\w*)\s*\([^;{}=]*\)\s*\n\{",
                        re.MULTILINE)
WORD = re.compile(r"(?<![\w.])(?<!->)[A-Za-z_]\w*")


def definitions(code):
    """(name, static) of each function that is defined in a file's code."""
    for match in DEFINITION.finditer(code):
        yield match["name"], "static" in match["head"].split()


def mentions(path, code):
    """The names that may be functions of another file: what is called, and what has our prefix. A
    prototype in a header is no use of what it declares."""
    if path.endswith(".h"):
        code = re.sub(r"^(?![#{} \n])[^{}#;]*;", lambda match: blank(match[0]), code, flags=re.MULTILINE)
    for match in WORD.finditer(code):
        name = match[0]
        if code[max(0, match.start() - 7):match.start()].endswith(("struct ", "enum ")):
            continue
        if name.startswith(("tj_", "tijori_")) or code[match.end():match.end() + 1] == "(":
            yield name, match.start()


def unit_of(path):
    return re.sub(r"(_internal)?\.[ch]$", "", path)


def folder_of(path):
    """The folder of FLOORS that a file stands in, or None."""
    parts = path.split("/")[:-1]
    while parts:
        if "/".join(parts) in FLOOR_OF:
            return "/".join(parts)
        parts.pop()
    return None


def circles(arrows):
    """The strongly connected parts of a graph {unit: {other: ...}} that have more than one unit."""
    order, low, stack, found, counter = {}, {}, [], [], [0]

    def visit(unit):
        order[unit] = low[unit] = counter[0]
        counter[0] += 1
        stack.append(unit)
        for other in arrows.get(unit, ()):
            if other not in order:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], order[other])
        if low[unit] == order[unit]:
            part = stack[stack.index(unit):]
            del stack[stack.index(unit):]
            if len(part) > 1:
                found.append(sorted(part))

    for unit in sorted(arrows):
        if unit not in order:
            visit(unit)
    return sorted(found)


class SourceTree:
    """The text files of a tree, and what the C files among them use of each other."""

    def __init__(self, root):
        self.root = root
        self.texts = {}
        for path in self.list_files():
            if path.startswith(DATA):
                continue
            if path.endswith(TEXT) or path.startswith((".ci/", "scripts/")):
                with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
                    self.texts[path] = file.read()

    def list_files(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            try:
                # safe.directory: in a container the tree often belongs to another user.
                names = subprocess.run(
                    ["git", "-c", "safe.directory=" + os.path.abspath(self.root), "ls-files", "-z",
                     "--cached", "--others", "--exclude-standard"],
                    cwd=self.root, check=True, capture_output=True).stdout
                paths = sorted(set(os.fsdecode(names).split("\0")) - {""})
                return [p for p in paths if os.path.isfile(os.path.join(self.root, p))]
            except (OSError, subprocess.CalledProcessError):
                pass  # no git: walk the folders
        paths = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
            folders.sort()
            paths += [os.path.relpath(os.path.join(folder, f), self.root) for f in sorted(files)]
        return paths

    def file_of(self, unit):
        return unit + ".c" if unit + ".c" in self.texts else unit + ".h"

    def code_files(self):
        """(path, code) of the C files that stand on a floor. Each program of tests is by itself."""
        for path, text in self.texts.items():
            if path.endswith((".c", ".h")) and folder_of(path) is not None:
                yield path, code_only(text)

    def arrows(self):
        """{unit: {other unit: (path, line, how)}}, by include and by call."""
        home, own, codes = {}, {}, dict(self.code_files())
        for path, code in codes.items():
            for name, static in definitions(code):
                own.setdefault(unit_of(path), set()).add(name)
                if (not static or path.endswith(".h")) and folder_of(path) not in APART:
                    home[name] = unit_of(path)
        arrows = {unit_of(path): {} for path in codes}
        for path, code in codes.items():
            unit = unit_of(path)
            for number, _, name in includes(self.texts[path]):
                other = unit_of(name)
                if other in arrows and other != unit:
                    arrows[unit].setdefault(other, (path, number, "included"))
            for name, at in mentions(path, code):
                other = home.get(name, unit)
                if folder_of(path) == "examples" and name.startswith("tijori_"):
                    other = "include/tijori"  # behind it is nothing that they know of
                if other != unit and name not in own.get(unit, ()):
                    line = code.count("\n", 0, at) + 1
                    arrows[unit].setdefault(other, (path, line, name))
        return arrows

    def wrong_arrows(self, arrows):
        """(path, line, folder, unit used, how) of each arrow that runs up or to a folder beside."""
        for unit in sorted(arrows):
            for other, (path, number, how) in sorted(arrows[unit].items()):
                here, there = folder_of(unit), folder_of(other)
                never = any((there + "/").startswith(folder + "/")
                            for folder in NEVER.get(here, ()))
                if here != there and (FLOOR_OF[there] >= FLOOR_OF[here] or never):
                    yield path, number, here, other, how
