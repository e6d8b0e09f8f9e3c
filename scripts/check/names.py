# SPDX-License-Identifier: BSD-2-Clause
"""The files, folders and functions that documents and comments name are there."""
import fnmatch
import os
import re

from files import read, tracked

# A source file, maybe without the folders it lies in, or whatever is in one of the repository's; stars are a pattern's.
FILE = r"(?:[\w*-]+/)*[\w*-]+(?:\.[\w*-]+)*\.(?:c|h|S|py|mk|md|sh)"
ROOMED = r"(?:configs|core|docs|net|platform|scripts|tests|vmm)/[\w./*-]*[\w*]"
PATH = re.compile(rf"(?<![\w./*${{-])({FILE}|{ROOMED})(?![\w/*-])")
CALL = re.compile(r"(?<![\w.>])([a-z]\w*_\w+)\(\)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# Of Xen, coreboot, Linux, lwIP, libc and QEMU.
FOREIGN = re.compile(r"(public|src|drivers|docs/misc)/.*|(opt|stdlib)\.h|cpu_clear_ignne")


class Names:
    def __init__(self, paths):
        self.places = {}
        self.words = set()
        for path in paths:
            while path:
                self.places.setdefault(os.path.basename(path), set()).add("/" + path)
                path = os.path.dirname(path)
        self.all = sorted(set().union(*self.places.values()))

    def has_place(self, name):
        name = name.replace("ARCH", "*")
        if "*" in name:
            return any(fnmatch.fnmatch(place, "*/" + name) for place in self.all)
        return any(place.endswith("/" + name) for place in self.places.get(os.path.basename(name), ()))

    def missing(self, text):
        """(line, what) of what is not there."""
        for number, line in enumerate(text.splitlines(), 1):
            for name in PATH.findall(line):
                if not FOREIGN.fullmatch(name) and not self.has_place(name):
                    yield number, f"no file '{name}'"
            for name in CALL.findall(line):
                if not FOREIGN.fullmatch(name) and name not in self.words:
                    yield number, f"no function '{name}()'"


def comments(code):
    """The comments of C, on the lines where they are."""
    at = 0
    for match in COMMENT.finditer(code):
        yield "\n" * code.count("\n", at, match.start()) + match.group()
        at = match.end()


def check(_):
    paths = tracked()
    names = Names(paths)
    texts = {path: read(path) for path in paths if path.endswith((".c", ".h", ".S", ".py", ".mk", ".md"))}
    for path, text in texts.items():
        if not path.endswith(".md"):
            names.words.update(re.findall(r"\w+", COMMENT.sub("", text)))
    problems = []
    for path, text in texts.items():
        if path.endswith((".c", ".h", ".S")):
            text = "".join(comments(text))
        elif not path.endswith(".md"):
            continue
        problems += [f"{path}:{number}: {what}" for number, what in names.missing(text)]
    return problems, f"{len(texts)} files"
