#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Where the instructions of a guest's operation go: `make profile OP=cpuid`. The emulator tells of every instruction of
the image that it executes; rounds of the operation are told apart by a function of the guest, exits by where the host
goes on after them. What the guest itself executes is not counted.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "system"), str(pathlib.Path(__file__).resolve().parent)]
sys.dont_write_bytecode = True

from counted import VIRTUAL, virtual  # noqa: E402
from exits import TYPED, operations, wait_end  # noqa: E402
from harness.api import Closed  # noqa: E402
from harness.config import LOGS, Failure, Skip  # noqa: E402
from harness.host import Host  # noqa: E402
from harness.vm import Vm, guest_file, upload  # noqa: E402
from symbols import Symbols  # noqa: E402

# How far above its linked address the host is loaded by the board's -kernel, and the guest in its RAM.
LOADED = {"qemu-virt-arm64": (0x40000000, 0x40000000)}
TRACE = re.compile(rb"^Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")


def trace(options, image, mark):
    """Runs the guest with QEMU's log of executed instructions on; gives [(CPU, address as linked)]."""
    cpus = 2 if options.operation in ("ipi", "lpi") else 1
    moved, guest_moved = LOADED.get(pathlib.Path(options.out).name, (0, 0))
    mark += guest_moved
    first, last = image.address("text_start") + moved, image.address("text_end") + moved - 1
    config = dataclasses.replace(
        virtual(board=pathlib.Path(options.out).name, memory="512M", cpus=cpus),
        accel="tcg,thread=single,one-insn-per-tb=on",
        extra=VIRTUAL + ("-dfilter", f"{first:#x}..{last:#x},{mark:#x}..{mark:#x}"))
    host = Host(config, LOGS / "bench-profile")
    log = host.workdir / "trace"
    try:
        host.start().wait_ready()
        kernel = upload(host.api, "bench", guest_file(config, "bench").read_bytes())
        vm = Vm(host.api, "bench", vcpus=cpus, memory="64M", kernel=kernel, debug_exit=True,
                cmdline=f"trace={options.operation} input={TYPED}" + (" cpus=2" if cpus == 2 else ""))
        vm.start()
        vm.wait_output("ready\n")
        host.qmp.monitor(f"logfile {log}")
        host.qmp.monitor("log exec,nochain")
        vm.type("x" * (1 + TYPED))
        wait_end(vm, timeout=300)
        host.qmp.monitor("log none")
        with open(log, "rb") as lines:
            found = [TRACE.match(line) for line in lines]
        steps = [(int(match[1]), int(match[2], 16)) for match in found if match]
        return [(cpu, address - (moved if first <= address <= last else guest_moved)) for cpu, address in steps]
    finally:
        host.stop()


def rounds(steps, image, mark):
    """Per complete round a list of exits, each a Counter {(CPU, function): instructions}."""
    # What comes first after the guest's function is an exit, but for the odd interrupt.
    after = collections.Counter(b for (_, a), (_, b) in zip(steps, steps[1:]) if a == mark).most_common(1)
    found, current = [], None
    for cpu, address in steps:
        if address == mark:
            if current:
                found.append([part for part in current if part])
            current = [collections.Counter()]
        elif current is not None:
            if address == after[0][0]:
                current.append(collections.Counter())
            current[-1][cpu, image.name(address)] += 1
    return found


def typical(found):
    """A round whose length most rounds have."""
    lengths = [sum(sum(part.values()) for part in one) for one in found]
    length, times = collections.Counter(lengths).most_common(1)[0]
    return found[lengths.index(length)], length, times


def show(one, length, times, total):
    print(f"{length} instructions in the host ({times} of {total} rounds are exactly so)")
    cpus = len({cpu for part in one for cpu, _ in part}) > 1
    sums = collections.Counter()
    for part in one:
        sums.update(part)
    parts = one if 1 < len(one) <= 10 else []
    print(f"{'function':36} {'all':>6}" + "".join(f"{'exit ' + str(i + 1):>8}" for i in range(len(parts))))
    for (cpu, name), count in sums.most_common():
        label = f"{name} (CPU {cpu})" if cpus else name
        print(f"{label:36} {count:6}" + "".join(f"{part[cpu, name] or '':>8}" for part in parts))
    print(f"{'all':36} {length:6}" + "".join(f"{sum(part.values()):>8}" for part in parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="the build folder of the board; its parent must be BASALT_BUILD")
    parser.add_argument("operation", nargs="?", help="without it: the names")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    if options.operation is None:
        parser.error("say OP=NAME, one of: " + ", ".join(op.key for op in operations(out.name)))
    try:
        image = Symbols(out / "basalt.debug")
        mark = Symbols(out / "guest" / "bench.elf").address("bench_round")
        found = rounds(trace(options, image, mark), image, mark)
        if not found:
            raise Failure("nothing was traced")
        show(*typical(found), len(found))
    except (Failure, Skip, Closed, OSError) as failure:
        print(f"profile: {failure or type(failure).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
