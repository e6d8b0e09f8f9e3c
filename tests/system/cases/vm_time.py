# SPDX-License-Identifier: BSD-2-Clause
"""Where a vCPU's time goes: running, stolen, halted; and what guests read of that."""

import time

from harness.config import check
from harness.prometheus import Metrics
from harness.registry import test
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


@test(cpus=1)
def steal(t):
    """Two guests that are both busy have half a CPU each, and know it."""
    with make(t, "spin") as other, make(t, "steal", cmdline="least=20") as vm:
        other.start()
        vm.run(timeout=60)
        cpu = vm.info()["cpus"][0]
        check(cpu["steal_ns"] > 400_000_000, f"stolen from the guest: {cpu}")
        before = other.info()["cpus"][0]
        time.sleep(1)
        after = other.info()["cpus"][0]
        check(after["run_ns"] - before["run_ns"] > 300_000_000, f"it runs: {before}, then {after}")
        check(after["halted_ns"] == before["halted_ns"] == 0, f"it never halts: {after}")


@test(cpus=1)
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
        modes = seconds(t, vm)
        check(modes["halt"] >= after["halted_ns"] / 1e9 and modes["run"] < modes["halt"], f"metrics: {modes}")


@test(cpus=2, cpu_flags=",-rdtscp")
def no_tsc_aux(t):
    """A CPU without RDTSCP has guests without."""
    with make(t, "tscaux", cmdline="offered=0") as vm:
        vm.run()
