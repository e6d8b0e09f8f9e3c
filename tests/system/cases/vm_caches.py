# SPDX-License-Identifier: BSD-2-Clause
"""Guests that maintain caches by set and way (the emulator has none: what traps, and when, is what it can show)."""

from harness.config import check_equal
from harness.prometheus import Metrics
from harness.registry import with_vms
from harness.stopwatch import at_most
from harness.vm import make

HOST = {"cpus": 2, "memory": "512M"}
WAYS = 64
# System registers that trap in each step of the guest: writes with caches on, sets and ways, the same writes (of which the
# first one ends the watch), caches off and sets and ways, all registers of stage 1, caches on, writes.
PLAIN = [0, WAYS, 1, WAYS, 22, 1, 0]
FORCED = [0, WAYS, 0, WAYS, 0, 0, 0]  # FEAT_S2FWB: what the guest does to its caches does not matter


def trapped(t, vm):
    samples = Metrics(t.api.get("/metrics").text).samples
    return sum(value for (family, labels), value in samples.items()
               if family == "basalt_vm_exits_total" and dict(labels) == {"vm": vm.name, "reason": "sysreg"})


@with_vms(["qemu-virt-arm64"], cpu=["cortex-a72", "max"], **HOST)
def set_way(t):
    """Registers of stage 1 trap from the first maintenance by set and way on until caches are on, and keep what is written."""
    with make(t, "setway", memory="16M") as vm:
        vm.start()
        vm.wait_output("ready")
        found = []
        for n in range(len(PLAIN)):
            before = trapped(t, vm)
            vm.type("g")
            vm.wait_output(f"done {n}")
            found.append(int(trapped(t, vm) - before))
        vm.type("e")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")
        check_equal(found, FORCED if t.host.config.cpu == "max" else PLAIN, "accesses that trapped in each step")


@with_vms(["qemu-virt-arm64"], **HOST)
def set_way_storm(t):
    """A guest that has all its memory cleaned all the time can be paused and stopped at any moment."""
    with make(t, "setway", memory="256M", cmdline="storm=1") as vm:
        vm.start()
        vm.wait_output("storm", timeout=60)
        for action, state in (("pause", "paused"), ("resume", "running"), ("reset", "running"), ("stop", "stopped")):
            with at_most(5, action):
                check_equal(vm.action(action)["state"], state, f"state after {action}")


@with_vms(["qemu-virt-arm64"], cpu=["cortex-a72", "max"], **HOST)
def reset_of_much(t):
    """A reset does not wait for the VM's memory to leave the caches, which then may be interrupted, and goes on."""
    with make(t, "setway", memory="256M", cmdline="storm=1") as vm, make(t, "hello") as other:
        vm.start()
        for _ in range(3):
            said = len(vm.wait_output("storm", timeout=60))
            vm.action("reset")
            check_equal(vm.action("pause")["state"], "paused", "state")
            check_equal(vm.action("resume")["state"], "running", "state")
            other.run()
            vm.action("reset")
            vm.wait_output("storm", timeout=60, after=said)
