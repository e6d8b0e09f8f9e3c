# SPDX-License-Identifier: BSD-2-Clause
"""What handling an exit does to the host."""

from harness.config import Skip, check
from harness.prometheus import Metrics
from harness.registry import test, with_vms
from harness.vm import make

LEAST = 1000  # exits of each kind
X86_64 = ("cpuid", "hypercall", "io", "stage2-fault", "irq-window", "host-irq")
ARM64 = ("hypercall", "sysreg", "stage2-fault")


def counts(t, vm, name):
    """Of one VM, by reason; empty if this build does not count that."""
    samples = Metrics(t.api.get("/metrics").text).samples
    return {dict(labels)["reason"]: value for (family, labels), value in samples.items()
            if family == name and dict(labels)["vm"] == vm.name}


def go_on(t, vm, common, names, before):
    """
    Lets the guest do its work again until there were enough exits of each kind; gives what was counted since `before`.
    How many interrupts of the host's find its CPU in the guest depends on what else the machine does, so it may take
    several rounds; it ends when a round brings none at all of a kind that is wanted.
    """
    have = dict.fromkeys(common, 0)
    while True:
        seen = len(vm.output())
        vm.type("g")
        vm.wait_output("done", timeout=60, after=seen)
        t.progress()
        now = [{reason: value - was[reason] for reason, value in counts(t, vm, name).items()}
               for name, was in zip(names, before)]
        wanted = [reason for reason in common if have[reason] < LEAST]
        if all(now[0][reason] >= LEAST for reason in common) or any(now[0][reason] == have[reason] for reason in wanted):
            return now
        have = now[0]


def check_exits(t, common, locks_max, cmdline=""):
    """So many locks per exit at most, of each kind that is named, and no allocation."""
    names = ("basalt_vm_exits_total", "basalt_debug_exit_locks_total", "basalt_debug_exit_allocations_total")
    with make(t, "exits", cmdline=cmdline) as vm:
        vm.start()
        vm.wait_output("warm", timeout=60)
        before = [counts(t, vm, name) for name in names]
        if not before[1]:
            raise Skip("this build does not count locks")
        exits, locks, allocations = go_on(t, vm, common, names, before)
        vm.type("e")
        vm.wait_end()
        found = {reason: (exits[reason], locks[reason], allocations[reason]) for reason in exits if exits[reason]}
        for reason in common:
            check(exits[reason] >= LEAST, f"only {exits[reason]:.0f} exits {reason}: {found}")
            check(locks[reason] <= locks_max * exits[reason] and allocations[reason] == 0,
                  f"{reason}: exits, locks, allocations: {found}")


@test(cpus=2, memory="512M", vms=True)
def take_no_lock(t):
    """
    The common exits take no lock and allocate nothing, except what the first of them may have to. Port I/O is that of
    the serial port, the PM timer, PCI configuration and nobody; 8259, 8254 and RTC have a lock each, and are rare.
    """
    check_exits(t, X86_64, 0)


@with_vms(["qemu-virt-arm64"], cpus=2, memory="512M")
def take_few_locks(t):
    """The same, but for interrupts: each takes the lock of the queue that it comes into, and of the one it leaves."""
    check_exits(t, ARM64, 0)
    check_exits(t, (*ARM64, "host-irq"), 2, "irqs=1")
