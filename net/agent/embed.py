#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Minifies a file that goes into the image: embed.py INPUT OUTPUT. JSON loses its layout, HTML its indentation."""
import json
import re
import sys


def minified(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".json"):
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) + "\n"
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def main():
    source, target = sys.argv[1:]
    with open(target, "w", encoding="utf-8") as file:
        file.write(minified(source))


main()
