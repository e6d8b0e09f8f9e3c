#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the system tests: the real image on emulated boards. docs/testing.md tells how to write one."""

import argparse
import fnmatch
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness import registry, runner  # noqa: E402  (the path comes first)
from harness.host import stop_all_at_signal  # noqa: E402


def _matches(case, patterns):
    return any(pattern in case.name or fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only tests whose name contains or matches it")
    parser.add_argument("-x", metavar="PATTERN", action="append", help="not the tests whose name contains or matches it")
    parser.add_argument("-b", "--board", action="append", help="only tests of this board")
    parser.add_argument("-j", type=int, default=2, metavar="N", help="hosts at once (default 2)")
    parser.add_argument("--list", action="store_true", help="name the tests and what they run on")
    parser.add_argument("--keep", action="store_true", help="keep the logs of passed tests too")
    options = parser.parse_args()
    cases = registry.load()
    if options.k:
        cases = [case for case in cases if _matches(case, options.k)]
    if options.x:
        cases = [case for case in cases if not _matches(case, options.x)]
    if options.board:
        cases = [case for case in cases if case.config.board in options.board]
    if options.list:
        for case in cases:
            print(f"{case.name:60} {case.host:6} {case.config.label()}")
        return 0
    if not cases:
        print("no test matches", file=sys.stderr)
        return 2
    stop_all_at_signal()
    return 0 if runner.Runner(cases, options.j, options.keep).run() else 1


if __name__ == "__main__":
    sys.exit(main())
