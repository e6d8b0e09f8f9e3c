# SPDX-License-Identifier: BSD-2-Clause
"""
What a guest's operations cost the host, in instructions: the guest tests/guest/ARCH/bench.c takes the time, and the host
counts one nanosecond per instruction (counted.py).
"""

import pathlib
import time

from counted import virtual
from harness.config import BOARDS, LOGS, Failure
from harness.host import Host
from harness.stopwatch import wait_until
from harness.vm import Vm, guest_file, upload

TYPED = 40
# Another compiler's code may be a little longer; a new lock or a lost inline is more than that.
SLACK_PERCENT, SLACK = 10, 10


class Operation:
    """One line of the table; `kvm` is KVM's figure for the same on the same emulated machine, `aim` our own."""

    def __init__(self, key, name, kvm=None, aim=None):
        self.key, self.name, self.kvm, self.aim = key, name, kvm, aim


# KVM: kvm-unit-tests' vmexit on Debian 6.1's kvm-amd, mitigations on, on QEMU's nested SVM.
X86_64 = [
    Operation("cpuid", "CPUID", 3186, 200),
    Operation("hypercall", "hypercall (VMMCALL)", 3150, 200),
    Operation("rdmsr", "RDMSR of an emulated register (APIC base)"),
    Operation("cr0-wp", "CR0.WP off and on", 9638),
    Operation("cr4-pge", "CR4.PGE off and on", 7537),
    Operation("in-device", "port read from a device (8259 mask)", 1717, 250),
    Operation("out-device", "port write to a device (8259 mask)", None, 250),
    Operation("in-absent", "port read where no device is", 5268, 250),
    Operation("pm-timer", "PM timer read", 5464, 300),
    Operation("uart-status", "UART line status read"),
    Operation("uart-out", "UART byte out", None, 300),
    Operation("uart-in", "UART byte in", None, 300),
    Operation("ecam-read", "MMIO read: PCI configuration (ECAM)", 7404, 600),
    Operation("ecam-write", "MMIO write: PCI configuration (ECAM)", 7404, 600),
    Operation("ioapic-read", "MMIO read: IOAPIC", None, 600),
    Operation("lapic-read", "MMIO read: local APIC", None, 600),
    Operation("lapic-write", "MMIO write: local APIC, task priority", None, 600),
    Operation("eoi-mmio", "EOI by MMIO", 3738, 400),
    Operation("x2apic-read", "x2APIC read (RDMSR, task priority)"),
    Operation("x2apic-write", "x2APIC write (WRMSR, task priority)"),
    Operation("eoi-x2apic", "EOI by x2APIC", None, 200),
    Operation("self-ipi-halt", "self-IPI with halt: ICR, HLT, interrupt, EOI", 13438, 1200),
    Operation("deadline-past", "TSC-deadline round, deadline over: arm, interrupt, EOI", 8934, 800),
    Operation("deadline-halt", "TSC-deadline round with a halt: arm, halt, interrupt, EOI"),
    Operation("deadline-late", "  of it from the deadline to the end"),
    Operation("ipi", "IPI to a halted CPU and back, both CPUs' work", 45374, 3500),
    Operation("fault", "nested page fault, 2 MiB page", 3130, 600),
    Operation("fault-fresh", "  with clearing the 2 MiB"),
]

# KVM: kvm-unit-tests' micro-bench on Debian's 6.1, without VHE as on this CPU (cortex-a72), on QEMU's EL2. Its hypercall
# is one that is unknown; its timer round counts from the deadline on.
ARM64 = [
    Operation("hvc", "hypercall (HVC, PSCI_VERSION)", 1488, 150),
    Operation("smc", "the same by SMC", None, 150),
    Operation("uart-status", "MMIO read: serial port's flags", 15530, 300),
    Operation("uart-out", "MMIO write: serial port, byte out", 15530, 300),
    Operation("uart-in", "MMIO read: serial port, byte in", None, 300),
    Operation("gicd-read", "MMIO read: interrupt controller (GICD_IIDR)", 2320, 300),
    Operation("gicd-write", "MMIO write: interrupt controller (GICD_ISENABLER)", None, 300),
    Operation("gicr-read", "MMIO read: redistributor (GICR_TYPER)", None, 300),
    Operation("id-read", "identification register (ID_AA64PFR0_EL1)"),
    Operation("cntpct", "physical counter (CNTPCT_EL0)"),
    Operation("cntp-cval", "physical timer's deadline (CNTP_CVAL_EL0)"),
    Operation("sgi-nobody", "SGI to nobody (ICC_SGI1R_EL1)"),
    Operation("self-sgi", "virtual interrupt: SGI to itself, taken, ended"),
    Operation("self-sgi-wfi", "the same, with a WFI that finds it pending"),
    Operation("eoi", "interrupt acknowledged and ended", 21),
    Operation("timer-past", "timer that is over: set, interrupt, ended"),
    Operation("timer-halt", "timer round: set, WFI, interrupt, ended"),
    Operation("timer-late", "  of it from the deadline to the end", 5808, 1160),
    Operation("ipi", "IPI to a halted CPU and back, both CPUs' work", 5640, 1130),
    Operation("lpi", "LPI by an ITS command, to a halted CPU, both CPUs' work", 8380, 1680),
    Operation("fault-fresh", "stage 2 fault, 2 MiB page, with clearing it"),
]

# By architecture: what there is, and whose figures stand beside ours.
OPERATIONS = {"x86_64": X86_64, "arm64": ARM64}


def operations(board):
    return OPERATIONS[BOARDS[board].arch]


def recorded(board):
    """The file that the guard compares with."""
    return pathlib.Path(__file__).with_name(f"recorded-{BOARDS[board].arch}")


def wait_end(vm, timeout=120):
    """Seldom, so that the host has little else to do than the guest."""
    info = {}

    def has_ended():
        info.update(vm.info())
        return info["state"] in ("stopped", "crashed")

    time.sleep(1)
    wait_until(has_ended, timeout, lambda: f"the guest does not end; it said {vm.output()[-300:]!r}", pause=1)
    if info["state"] != "stopped" or info["exit_code"] != 0:
        raise Failure(f"the guest: {info['state']}, {info['crash']}; it said {vm.output()[-300:]!r}")
    return vm.output()


def costs(board, cpus, cmdline="", memory="64M"):
    """{key: instructions} of one run on a host with so many CPUs."""
    config = virtual(board=board, memory="512M", cpus=cpus)
    host = Host(config, LOGS / f"bench-exits-{cpus}")
    try:
        host.start().wait_ready()
        image = upload(host.api, "bench", guest_file(config, "bench").read_bytes())
        vm = Vm(host.api, "bench", vcpus=cpus, memory=memory, kernel=image, cmdline=cmdline, debug_exit=True)
        vm.start()
        if "input=" in cmdline:
            vm.wait_output("type\n", timeout=120)
            vm.type("x" * TYPED)
        lines = [line.split() for line in wait_end(vm).splitlines()]
    finally:
        host.stop()
    return {line[1]: int(line[2]) for line in lines if line[:1] == ["cost"] and len(line) == 3}


def measure(board):
    found = costs(board, 1, f"input={TYPED}")
    found.update(costs(board, 2, "cpus=2"))
    missing = [op.key for op in operations(board) if found.get(op.key) is None]
    if missing:
        raise Failure(f"the guest did not measure {', '.join(missing)}")
    return found


def figure(value):
    return "–" if value is None else f"{value:,}"


def print_table(board, found):
    print(f"{'operation, instructions':56} {'Basalt':>9} {'aim':>7} {'KVM':>7}")
    for op in operations(board):
        over = " over" if op.aim and found[op.key] > op.aim else ""
        print(f"{op.name:56} {figure(found[op.key]):>9} {figure(op.aim):>7} {figure(op.kvm):>7}{over}")


def markdown(board, found):
    lines = ["| operation | Basalt | aim | KVM |", "|---|---:|---:|---:|"]
    lines += [f"| {op.name} | {figure(found[op.key])} | {figure(op.aim)} | {figure(op.kvm)} |" for op in operations(board)]
    return "\n".join(lines) + "\n"


def record(board, found):
    """What the guard compares with from now on."""
    recorded(board).write_text("".join(f"{op.key} {found[op.key]}\n" for op in operations(board)))


def guard(board, found):
    """(passed, failed): whether an operation costs more than when it was recorded."""
    passed = failed = 0
    for line in recorded(board).read_text().splitlines():
        key, before = line.split()
        limit = int(before) + int(before) * SLACK_PERCENT // 100 + SLACK
        if found[key] <= limit:
            passed += 1
        else:
            failed += 1
            print(f"FAIL  {key}: {found[key]} instructions, {before} when it was recorded (make profile OP={key})")
    return passed, failed
