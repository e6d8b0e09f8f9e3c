#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make test`: builds and tests everything, and ends with one line `N passed, N failed` over all of it.

    run_tests.py BOARD O

A piece that counts its own tests says so in its last line of that form; another counts as one. What fails shows its
output, which is also kept in O/test/. TESTS="unit check" runs only those.
"""
import os
import re
import subprocess
import sys
import time

board, out = sys.argv[1:]
jobs = f"-j{os.cpu_count()}"
make = ["make", jobs, f"BOARD={board}"]
python = sys.executable
PIECES = [
    ("build", make + [f"O={out}", "all", "guests"]),
    ("build-clang", make + [f"O={out}-clang", "CC=clang-19", "all"]),
    ("boards", [python, "tests/build/boards.py", os.path.dirname(out) or "."]),
    ("unit", make + [f"O={out}", "unit"]),
    ("unit-py", [python, "tests/unit-py/run.py"]),
    ("fuzz-replay", make + [f"O={out}", "fuzz-replay"]),
    ("check", make + ["-k", f"O={out}", "check"]),
    ("configure", [python, "tests/build/configure.py", board, out]),
    ("incremental", [python, "tests/build/incremental.py", board, out]),
    ("reproducible", ["tests/build/reproducible.sh", board, out]),
    ("bench", make + ["bench", "BENCH=--guard"]),
    ("bench-arm64", ["make", jobs, "BOARD=qemu-virt-arm64", "bench", "BENCH=--guard"]),
    ("system", [python, "tests/system/run.py"]),
]
COUNT = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed")


def run(name, command):
    """(passed, failed) of one piece; its output goes to a log, and to the terminal when it fails or takes its time."""
    log_path = f"{out}/test/{name}.log"
    counts = None
    with open(log_path, "w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, errors="replace", env=env)
        for line in process.stdout:
            log.write(line)
            match = COUNT.match(line)
            if match:
                counts = int(match.group(1)), int(match.group(2))
            elif name == "system":  # minutes long: show that it lives
                print("    " + line, end="", flush=True)
    status = process.wait()
    passed, failed = counts or (int(status == 0), int(status != 0))
    if status and not failed:
        failed = 1
    return passed, failed, log_path


def main():
    total_passed = total_failed = 0
    wanted = os.environ.get("TESTS", "").split()
    for name, command in PIECES:
        path = next((arg for arg in command[-4:] if arg.startswith("tests/")), None)
        if (path and not os.path.exists(path)) or (wanted and name not in wanted):
            continue
        start = time.monotonic()
        passed, failed, log_path = run(name, command)
        total_passed += passed
        total_failed += failed
        seconds = time.monotonic() - start
        print(f"{'FAIL' if failed else 'ok':5}{name:14}{passed:5} passed {failed:4} failed {seconds:6.0f} s", flush=True)
        if failed:
            lines = open(log_path, errors="replace").read().splitlines()
            print("\n".join("    | " + line for line in lines[-120:] if not COUNT.match(line)))
            print(f"    (all of it: {log_path})", flush=True)
        if failed and name == "build":
            break  # nothing after this means anything
    print(f"{total_passed} passed, {total_failed} failed")
    sys.exit(total_failed != 0)


# The pieces are makes of their own: not in the job server of the make that started this, nor with its -n or -B.
env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
# tests/system looks for the images of all boards there.
env["BASALT_BUILD"] = os.path.dirname(out) or "."
os.makedirs(f"{out}/test", exist_ok=True)
main()
