# SPDX-License-Identifier: BSD-2-Clause
"""The files that checks look at: what git tracks, or would."""
import os
import subprocess


def tracked(*suffixes):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                         capture_output=True, text=True).stdout
    return sorted(path for path in set(out.split("\0"))
                  if path and os.path.isfile(path) and (not suffixes or path.endswith(suffixes)))


def read(path):
    with open(path, errors="replace") as file:
        return file.read()
