# SPDX-License-Identifier: BSD-2-Clause
"""The functions of a program."""

import bisect
import subprocess

from harness.config import Failure


class Symbols:
    """By address and by name."""

    def __init__(self, path):
        found = []
        for line in subprocess.check_output(["nm", "-n", str(path)], text=True).splitlines():
            address, kind, name = line.split(maxsplit=2)
            # Neither data nor an assembler's marks.
            if kind in "tTwW" and not name.startswith("$"):
                found.append((int(address, 16), name))
        self.addresses = [address for address, _ in found]
        self.names = [name for _, name in found]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return self.names[at] if at >= 0 else "?"

    def address(self, name):
        if name not in self.names:
            raise Failure(f"no function {name}")
        return self.addresses[self.names.index(name)]
