#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every test_*.py here, or those whose name contains an argument. Last line: N passed, N failed."""

import pathlib
import sys
import unittest


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    folder = pathlib.Path(__file__).resolve().parent
    tests = list(flatten(unittest.TestLoader().discover(str(folder), top_level_dir=str(folder))))
    words = sys.argv[1:]
    chosen = [t for t in tests if not words or any(w in t.id() for w in words)]
    result = unittest.TextTestRunner(verbosity=1).run(unittest.TestSuite(chosen))
    failed = len({str(t) for t, _ in result.failures + result.errors}) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    note = f" ({skipped} skipped)" if skipped else ""
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed{note}", flush=True)
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
