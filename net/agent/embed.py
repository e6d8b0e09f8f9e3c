#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Minifies a file that goes into the image: embed.py OUTPUT INPUT... JSON loses its layout, HTML its indentation.
Several JSON documents become one: their objects are merged, their lists joined.
"""
import functools
import json
import re
import sys


def merged(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        both = {key: merged(ours[key], theirs[key]) for key in ours.keys() & theirs.keys()}
        return {key: both.get(key, ours.get(key, theirs.get(key))) for key in [*ours, *theirs]}
    if isinstance(ours, list) and isinstance(theirs, list):
        return ours + theirs
    sys.exit(f"embed: two documents disagree: {ours!r} and {theirs!r}")


def minified(texts, is_json):
    if is_json:
        document = functools.reduce(merged, map(json.loads, texts))
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"
    text = re.sub(r"<!--.*?-->", "", "".join(texts), flags=re.S)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def main():
    target, *sources = sys.argv[1:]
    texts = []
    for source in sources:
        with open(source, encoding="utf-8") as file:
            texts.append(file.read())
    with open(target, "w", encoding="utf-8") as file:
        file.write(minified(texts, target.endswith(".json")))


main()
