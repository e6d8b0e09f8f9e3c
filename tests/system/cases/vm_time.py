# SPDX-License-Identifier: BSD-2-Clause
"""Where a vCPU's time goes: running, stolen, halted; and what guests read of that."""

import datetime
import json
import re
import time

from harness.config import check
from harness.prometheus import Metrics
from harness.registry import test, with_vms
from harness.stopwatch import wait_until
from harness.vm import make


def seconds(t, vm):
    """basalt_vcpu_seconds_total of its first vCPU, by mode."""
    samples = Metrics(t.api.get("/metrics").text).samples
    found = {}
    for (name, labels), value in samples.items():
        labels = dict(labels)
        if name == "basalt_vcpu_seconds_total" and labels["vm"] == vm.name and labels["vcpu"] == "0":
            found[labels["mode"]] = value
    return found


@with_vms(cpus=1)
def steal(t):
    """Two guests that are both busy have half a CPU each, and know it."""
    with make(t, "spin") as other, make(t, "steal", cmdline="least=20") as vm:
        other.start()
        vm.run(timeout=60)
        cpu = vm.info()["cpus"][0]
        check(cpu["steal_ns"] > 400_000_000, f"stolen from the guest: {cpu}")
        enough = other.info()["cpus"][0]["run_ns"] + 300_000_000
        wait_until(lambda: other.info()["cpus"][0]["run_ns"] > enough, 10, "the other guest runs")
        after = other.info()["cpus"][0]
        check(after["halted_ns"] == 0, f"it never halts: {after}")


def runs(t, vm, count):
    """When the VM's first `count` runs began and ended, by the host's events; nanoseconds since 1970."""
    found = []
    with t.api.open() as connection:
        connection.send_request("GET", "/v1/events", {"Last-Event-ID": "0"})
        connection.read_head()
        text = ""
        while len(found) < 2 * count:
            text += connection.read_chunk().decode()
            *blocks, text = text.split("\n\n")
            for block in blocks:
                lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
                data = json.loads(lines.get("data", "{}"))
                if data.get("vm") == vm.name and data.get("state") in ("running", "stopped"):
                    moment = datetime.datetime.fromisoformat(data["time"].replace("Z", "+00:00"))
                    found.append(round(moment.timestamp() * 1000) * 1_000_000)
    return list(zip(found[::2], found[1::2]))


@with_vms(cpus=1)
def wall_clock(t):
    """The date that a guest reads lies between those of its start and its end by the host, also when it was off for a while."""
    with make(t, "clocks") as vm:
        for number in range(2):
            time.sleep(1.5 * number)
            seen = len(vm.output())
            vm.run(timeout=60)
            told = int(re.search(r"wall (\d+) ns", vm.output()[seen:]).group(1))
            began, ended = runs(t, vm, number + 1)[number]
            # Arm's machine has the date in whole seconds.
            coarse = 1_000_000_000 if t.host.config.board_info.arch == "arm64" else 0
            check(began - coarse <= told <= ended, f"{told} ns in the guest, from {began} to {ended} ns on the host")


@with_vms(cpus=1)
def halted(t):
    """A guest that sleeps costs nothing, and its times add up to the time that passes."""
    with make(t, "echo") as vm:
        vm.start()
        vm.wait_output("ready")
        time.sleep(0.2)
        begin = time.monotonic()
        before = vm.info()["cpus"][0]
        time.sleep(2)
        after, passed = vm.info()["cpus"][0], time.monotonic() - begin
        grown = {name: (after[name] - before[name]) / 1e9 for name in ("run_ns", "steal_ns", "halted_ns")}
        check(grown["halted_ns"] > 1.9, f"in {passed:.3f} s: {grown}")
        check(sum(grown.values()) < passed + 0.1, f"in {passed:.3f} s: {grown}")
        modes, last = seconds(t, vm), vm.info()["cpus"][0]
        for mode, name in (("run", "run_ns"), ("halt", "halted_ns")):
            check(after[name] / 1e9 - 1e-6 <= modes[mode] <= last[name] / 1e9 + 1e-6, f"metrics: {after}, {modes}, {last}")


@with_vms(["qemu-virt-arm64"], cpus=2, memory="512M")
def ticks_over_pauses(t):
    """A periodic timer loses no tick over pauses, for which the guest's time stands still."""
    with make(t, "ticks", cmdline="ticks=500") as vm:
        vm.start()
        vm.wait_output("ready")
        for _ in range(3):
            time.sleep(0.3)
            vm.action("pause")
            time.sleep(1)
            vm.action("resume")
        check(vm.wait_end()["exit_code"] == 0, f"it said {vm.output()[-300:]!r}")


@test(cpus=2, cpu_flags=",-rdtscp")
def no_tsc_aux(t):
    """A CPU without RDTSCP has guests without."""
    with make(t, "tscaux", cmdline="offered=0") as vm:
        vm.run()
