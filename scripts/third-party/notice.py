#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the notice of an image: our licence, and for each third-party package that is linked its version and licence.

    notice.py THIRD-PARTY.mk SOURCE...
"""
import re
import sys

fragment, sources = sys.argv[1], sys.argv[2:]
values = dict(re.findall(r"^(\w+) := (.*)$", open(fragment).read(), re.M))

print("Basalt\n======\n")
print(open("LICENSE").read())
for key in sorted(name[:-4] for name in values if name.endswith("_DIR")):
    linked = [source for source in sources if source.startswith(values[f"{key}_DIR"] + "/")]
    if not linked:
        continue
    title = f"{key.lower().replace('_', '-')} {values[f'{key}_VERSION']}"
    print(f"\n{title}\n{'=' * len(title)}\n\nLinked, unmodified:")
    for source in linked:
        print(f"  {source[len(values[f'{key}_DIR']) + 1:]}")
    print()
    print(open(values[f"{key}_LICENCE"], errors="replace").read())
