#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints an apt sources entry (deb822) for another suite, taken from what this machine already trusts.

    debsources.py TYPE SUITE        e.g.  debsources.py deb-src trixie

The mirror and the keyring are the machine's own, so that no host name stands in the repository and a mirror,
proxy or snapshot that an administrator chose is used here too. Reads deb822 (*.sources) and one-line (*.list).
"""
import glob
import re
import sys

RELEASES = ("bookworm", "trixie")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def deb822_entries(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields, key = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and key:
                fields[key] += "\n" + line
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, fields.get("components", "").split(), fields.get("signed-by")


def one_line_entries(text):
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match:
            signed = re.search(r"signed-by=(\S+)", match.group(1) or "", re.I)
            yield match.group(2), match.group(3), match.group(4).split(), signed and signed.group(1)


def main():
    kind, wanted = sys.argv[1:]
    entries = []
    for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        entries += deb822_entries(open(path).read())
    for path in glob.glob("/etc/apt/sources.list") + sorted(glob.glob("/etc/apt/sources.list.d/*.list")):
        entries += one_line_entries(open(path).read())
    for uri, suite, components, signed in entries:
        if suite in RELEASES and "main" in components:
            print(f"Types: {kind}\nURIs: {uri}\nSuites: {wanted}\nComponents: main\nSigned-By: {signed or KEYRING}")
            return
    sys.exit("debsources: this machine's apt sources name no Debian 12 or 13 archive to derive from")


main()
