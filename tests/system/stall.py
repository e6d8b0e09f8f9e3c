#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Runs a command, and stops its processes for many seconds now and then, as a computer does that has more to do than it can: no
test may fail of it. `stall.py -- tests/system/run.py -j 1 -k vm_life`; docs/testing.md.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness.processes import family  # noqa: E402  (the path comes first)


def _is_qemu(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("qemu-system")
    return False


WHICH = {
    "all": lambda pid, command: True,
    "qemu": lambda pid, command: _is_qemu(pid),
    "runner": lambda pid, command: pid == command,
}


def _stall(command, is_chosen, seconds):
    """Stops them, with what they start meanwhile, and lets them go on."""
    stopped = []
    with contextlib.suppress(ProcessLookupError):
        while new := [pid for pid in family(command) if is_chosen(pid, command) and pid not in stopped]:
            for pid in new:
                stopped.append(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
    if stopped:
        time.sleep(seconds)
    for pid in reversed(stopped):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    return len(stopped)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--which", choices=WHICH, default="all", help="whom to stop (default: all)")
    parser.add_argument("--every", type=float, default=8, metavar="S", help="seconds between, on average (default 8)")
    parser.add_argument("--seconds", type=float, default=15, metavar="S", help="how long at most (default 15)")
    parser.add_argument("--seed", type=int, help="of the random times")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    times, count, stood = random.Random(options.seed), 0, 0.0
    process = subprocess.Popen(options.command)
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(times.uniform(options.every / 2, options.every * 1.5))
            break
        seconds = times.uniform(options.seconds * 2 / 3, options.seconds)
        if _stall(process.pid, WHICH[options.which], seconds):
            count, stood = count + 1, stood + seconds
    print(f"stopped {count} times, {stood:.0f} s in all", flush=True)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
