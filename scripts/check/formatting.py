# SPDX-License-Identifier: BSD-2-Clause
"""clang-format agrees with every C file."""
import re
import subprocess

from files import tracked


def check(_):
    sources = tracked(".c", ".h")
    done = subprocess.run(["clang-format-19", "--dry-run", *sources], capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:", done.stderr, re.M)))
    if done.returncode and not wrong:
        return [done.stderr.strip()], ""
    return [f"{path}: run clang-format-19 -i on it" for path in wrong], f"{len(sources)} files"
