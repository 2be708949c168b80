"""A source tree as the house rules see it: its files and floors, its functions, and what calls and
includes what. Shared by scripts/check-source and scripts/figures."""

import collections
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
    ("core/face",),  # the rest of tijori.h: the public face stands on all that the core has
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

    # --- functions

    def functions(self):
        """Each function that a C file defines."""
        for path, code in self.code_files():
            lines = self.texts[path].split("\n")
            for match in DEFINITION.finditer(code):
                end = code.find("\n}", match.end())
                first = code.count("\n", 0, match.start())
                opens = code.count("\n", 0, match.end())
                closes = code.count("\n", 0, end) + 1
                above = lines[first - 1].strip() if first > 0 else ""
                yield Function(path, first + 1, match["name"], closes - opens + 1,
                               code[match.end():end], above.endswith("*/") or above.startswith("//"))

    def prototypes(self):
        """Each prototype of a header."""
        for path, code in self.code_files():
            if path.endswith(".h"):
                for match in PROTOTYPE_BEGINS.finditer(code):
                    closes = closing(code, match.end() - 1)
                    tail = code[closes + 1:].partition(";")[0]
                    if "{" not in tail and "typedef" not in match["head"]:
                        parameters = [Parameter(text) for text in
                                      split_arguments(code[match.end():closes])]
                        yield Prototype(path, code.count("\n", 0, match.start("name")) + 1,
                                        match["name"], match["head"].split(), tail.split(),
                                        [p for p in parameters if p.text != "void"])


Function = collections.namedtuple("Function", "path line name size body explained")
Prototype = collections.namedtuple("Prototype", "path line name head tail parameters")
PROTOTYPE_BEGINS = re.compile(r"^(?P<head>[A-Za-z_][\w \n*]*?[ *])(?P<name>[A-Za-z_]\w*)\(",
                              re.MULTILINE)


def closing(code, at):
    """Where the parenthesis that opens at `at` closes."""
    depth = 0
    for place in range(at, len(code)):
        depth += (code[place] == "(") - (code[place] == ")")
        if depth == 0:
            return place
    return len(code) - 1


def split_arguments(text):
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [" ".join(part.split()) for part in parts if part.strip()]


class Parameter:
    """What the type and the name of a parameter say about what it is for."""

    def __init__(self, text):
        self.text = text
        named = re.search(r"\(\s*\*\s*(\w+)", text) or \
            re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", text)
        self.name = named[1] if named else ""
        kind = re.sub(r"\b(?:const|restrict)\s*$", "", text[:named.start(1)].strip()) if named else text
        function = "(" in kind
        self.array = "[" in text
        self.pointer = not function and ("*" in kind or self.array)
        # What it points to, and whether that is constant: the pointee of `const char **x` is not.
        pointee = kind if self.array else kind.rpartition("*")[0]
        inner = pointee.rpartition("*")[2]
        self.constant = "const" in inner.split()
        structure = re.search(r"\bstruct (\w+)", text)
        self.structure = structure[1] if structure else ""
        self.length = not self.pointer and not function and bool(
            re.search(r"(?:^|_)(size|count|length)$", self.name))

    def writes(self):
        """An output, or what is changed."""
        return self.pointer and not self.constant and self.name != "context"

    def stands_for(self, function):
        """Is it, in the first place, what the function works on?"""
        if not self.pointer or self.array:
            return False
        return not self.constant or (self.structure != "" and function.startswith(self.structure))


def arguments_broken(prototype):
    """What of the law of arguments a prototype breaks (context, outputs and what is changed, inputs; a
    length follows its array), or None."""
    parameters, names = prototype.parameters, [p.name for p in prototype.parameters]
    begins = 1 if parameters and parameters[0].stands_for(prototype.name) else 0
    given = None
    for at in range(len(parameters)):
        parameter = parameters[at]
        before = parameters[at - 1] if at > 0 else None
        if parameter.length:
            array = re.sub(r"_?(size|count|length)$", "", parameter.name)
            if array in names and names.index(array) != at - 1 and \
                    parameters[names.index(array)].pointer:
                return f"{parameter.name} does not follow {array}"
            if before is not None and before.pointer and not (at == 1 and before.structure):
                continue  # it belongs to what stands before it
        if at < begins:
            continue
        if parameter.writes():
            if given is not None:
                return f"{parameter.name} is written, and follows the input {given}"
        elif given is None:
            given = parameter.name
    return None
