# SPDX-License-Identifier: BSD-2-Clause
"""Licence lines are there; nothing names a package registry's host or a path of somebody's machine."""
import re
import subprocess

from files import read, tracked

LICENCE = "SPDX-License-Identifier: BSD-2-Clause"
# Sources come by package name through the machine's own configuration: any host would be the wrong one somewhere.
FORBIDDEN = [(re.compile(r"^(<{7}|>{7}) "), "a merge conflict"),
             (re.compile(r"https?://[^\s/\"']*(debian|ubuntu|npmjs|pypi|github)[^\s\"']*", re.I), "a registry's address"),
             (re.compile(r"\b(deb|security|snapshot|ftp)\.debian\.(org|net)\b|\bregistry\.npmjs\b", re.I), "a registry's host"),
             (re.compile(r"(?<![\w.$}/])/(work|home)/\w+|(?<![\w.$}/])/tmp/team\b"), "a path of one machine")]


def check(_):
    problems = []
    paths = tracked()
    for path in paths:
        text = read(path)
        if path.endswith((".c", ".h", ".S", ".py", ".sh", ".mk")) or path == "Makefile":
            if text and LICENCE not in "\n".join(text.splitlines()[:2]):
                problems.append(f"{path}:1: no '{LICENCE}'")
        if path.startswith(("tests/fuzz/corpus/", "scripts/check/texts.py")) or "\0" in text:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            problems += [f"{path}:{number}: {what}" for pattern, what in FORBIDDEN if pattern.search(line)]
    # Messages cannot be mended once they are public, so only what is not there yet is looked at.
    log = subprocess.run(["git", "log", "--format=%h%x00%B%x01", "@{upstream}..HEAD"], capture_output=True, text=True).stdout
    for entry in filter(str.strip, log.split("\1")):
        commit, message = entry.strip().split("\0", 1)
        subject, _, body = message.strip().partition("\n")
        if not re.match(r"[\w./+-]+: \S", subject):
            problems.append(f"commit {commit}: the subject is not 'area: what'")
        if not body.strip():
            problems.append(f"commit {commit}: no body that says why")
        problems += [f"commit {commit}: {what}" for pattern, what in FORBIDDEN if pattern.search(message)]
    return problems, f"{len(paths)} files"
