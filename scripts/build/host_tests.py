#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the host's test programs and ends with `N passed, N failed`; what failed shows its output.

    host_tests.py unit PROGRAM...           Criterion programs; counts their tests
    host_tests.py replay PROGRAM...         fuzz targets, each over its committed corpus; counts targets
    host_tests.py fuzz --runs N PROGRAM...  fuzz targets, N new inputs each
"""
import argparse
import glob
import os
import re
import resource
import subprocess
import sys

CORPUS = "tests/fuzz/corpus"
LIMITS = ["-rss_limit_mb=2048", "-print_final_stats=0"]
SLOW = float(os.environ.get("BASALT_TEST_SLOW", "1"))
# libFuzzer's timeout is by the clock on the wall: a machine that others keep busy needs more of it.
TIMEOUT = f"-timeout={10 * SLOW:.0f}"
# So committed inputs are run without, and all of a target's have so much of a processor.
REPLAY_CPU_S = int(300 * SLOW)


def run(command, cpu_s=None):
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))

    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=limit if cpu_s else None)
    return done.returncode, done.stdout.decode(errors="replace")


def unit(program, _):
    status, output = run([program])
    counts = re.search(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)", output)
    if not counts:
        return 0, 1, output
    tested, passing = int(counts.group(1)), int(counts.group(2))
    failed = tested - passing
    if tested == 0 or (status and not failed):
        failed += 1  # no test at all, or something went wrong outside of any test (a leak at exit)
    return passing, failed, output


def replay(program, _):
    name = os.path.basename(program).split("_", 1)[1]
    inputs = sorted(path for path in glob.glob(f"{CORPUS}/{name}/**", recursive=True) if os.path.isfile(path))
    if not inputs:
        return 0, 1, f"no corpus in {CORPUS}/{name}\n"
    status, output = run([program, "-timeout=0", *LIMITS, *inputs], REPLAY_CPU_S)
    return int(status == 0), int(status != 0), output


def fuzz(program, runs):
    name = os.path.basename(program).split("_", 1)[1]
    found = f"build/corpus/{name}"
    os.makedirs(found, exist_ok=True)
    status, output = run([program, TIMEOUT, *LIMITS, f"-runs={runs}", "-verbosity=1", f"-artifact_prefix={found}-",
                          found, f"{CORPUS}/{name}"])
    done = re.findall(r"^Done .*$", output, re.M)
    print(f"  {name}: {done[-1] if done else 'stopped'}", flush=True)
    return int(status == 0), int(status != 0), output


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("unit", "replay", "fuzz"))
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("programs", nargs="*")
    args = parser.parse_intermixed_args()
    # Boxes (Criterion forks each test) must not be slowed by core dumps or symbolised twice.
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    total_passed = total_failed = 0
    for program in args.programs:
        passed, failed, output = {"unit": unit, "replay": replay, "fuzz": fuzz}[args.kind](program, args.runs)
        total_passed += passed
        total_failed += failed
        name = os.path.basename(program)
        print(f"  {'FAIL' if failed else 'ok':5} {name}: {passed} passed, {failed} failed", flush=True)
        if failed:
            print("    | " + output.rstrip().replace("\n", "\n    | "))
    print(f"{total_passed} passed, {total_failed} failed")
    sys.exit(total_failed != 0)


main()
