#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make check`: runs every check over the tracked files and ends with `N passed, N failed`.

    check.py LIST [NAME...]     LIST names objects, of which clang-tidy takes the command lines; names choose checks
"""
import sys

import formatting
import includes
import names
import sizes
import texts
import tidy

CHECKS = [("format", formatting), ("includes", includes), ("names", names), ("sizes", sizes), ("texts", texts), ("tidy", tidy)]


def main():
    objects, chosen = sys.argv[1], sys.argv[2:]
    passed = failed = 0
    for name, module in CHECKS:
        if chosen and name not in chosen:
            continue
        problems, note = module.check(objects)
        print(f"  {'FAIL' if problems else 'ok':5} {name}{': ' + note if note else ''}", flush=True)
        for problem in problems:
            print(f"    {problem}")
        passed += not problems
        failed += bool(problems)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
