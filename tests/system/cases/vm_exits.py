# SPDX-License-Identifier: BSD-2-Clause
"""What handling an exit does to the host."""

from harness.config import Skip, check
from harness.prometheus import Metrics
from harness.registry import test
from harness.vm import make

COMMON = ("cpuid", "hypercall", "io", "stage2-fault", "irq-window", "host-irq")


def counts(t, vm, name):
    """Of one VM, by reason; empty if this build does not count that."""
    samples = Metrics(t.api.get("/metrics").text).samples
    return {dict(labels)["reason"]: value for (family, labels), value in samples.items()
            if family == name and dict(labels)["vm"] == vm.name}


@test(cpus=2, memory="512M")
def take_no_lock(t):
    """
    The common exits take no lock and allocate nothing, except what the first of them may have to. Port I/O is that of
    the serial port, the PM timer, PCI configuration and nobody; 8259, 8254 and RTC have a lock each, and are rare.
    """
    names = ("basalt_vm_exits_total", "basalt_debug_exit_locks_total", "basalt_debug_exit_allocations_total")
    with make(t, "exits") as vm:
        vm.start()
        vm.wait_output("warm", timeout=60)
        before = [counts(t, vm, name) for name in names]
        if not before[1]:
            raise Skip("this build does not count locks")
        vm.type("g")
        vm.wait_output("done", timeout=60)
        exits, locks, allocations = ({reason: now - was[reason] for reason, now in counts(t, vm, name).items()}
                                     for name, was in zip(names, before))
        vm.type("e")
        vm.wait_end()
        found = {reason: (exits[reason], locks[reason], allocations[reason]) for reason in exits if exits[reason]}
        for reason in COMMON:
            check(exits[reason] >= 1000, f"only {exits[reason]:.0f} exits {reason}: {found}")
            check(locks[reason] == 0 and allocations[reason] == 0,
                  f"{reason}: exits, locks, allocations: {found}")
