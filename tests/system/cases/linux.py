# SPDX-License-Identifier: BSD-2-Clause
"""
Debian's unmodified kernels as guests, to a shell that is typed at. The default run has every kernel, number of vCPUs and
number of host CPUs, the first two in all pairs; BASALT_TEST_FULL=1 has all combinations.
"""

import itertools
import os
import re
import threading
from typing import NamedTuple

from harness.config import BOARDS, DEFAULT_BOARD, ROOT, check, check_equal
from harness.linux import KERNELS, PRINTK, STOOD_STILL, STOOD_STILL_LONG, LinuxVm, check_shell, check_time, complaints, complaints_on_qemu
from harness.load import GuestLoad, counted
from harness.registry import with_vms

# What a kernel says only if something is wrong.
BROKEN = re.compile(r"BUG|WARNING|Oops|panic|rcu: INFO|lockup|blocked for more")
FULL = os.environ.get("BASALT_TEST_FULL") == "1"
# On a busy machine QEMU alone, which counts instructions, is silent for minutes.
HOST = {"memory": "1G", "timeout": 300}
# The table of what is known and explained; the test and the reader have the same.
EXPLAINED = re.compile("|".join(
    re.findall(r"^\| `(.+?)` \|", (ROOT / "docs/guests.md").read_text(), re.M)))
_on_qemu = threading.Lock()


class Guest(NamedTuple):
    kernel: str
    vcpus: int

    def __str__(self):
        return f"{self.kernel}-{self.vcpus}v"


# By host CPUs.
FEW = {1: [Guest("6.1", 1), Guest("6.12", 4)], 2: [Guest("6.1", 2), Guest("6.12", 1)], 4: [Guest("6.1", 4), Guest("6.12", 2)]}
ALL = [Guest(*pair) for pair in itertools.product(sorted(KERNELS), (1, 2, 4))]


def is_standstill(line, lost):
    """Whether the line is no more than true, the computer having stood still for so many seconds."""
    return (lost > 1 and STOOD_STILL.search(line)) or (lost > 15 and STOOD_STILL_LONG.search(line))


def check_log(t, shell, guest, lost):
    """
    The kernel complains of nothing that it does not complain of on QEMU, but for what docs/guests.md explains, and that
    its machine stood still, if it did: for `lost` seconds.
    """
    here = complaints(shell)
    t.progress()
    with _on_qemu:  # from the second CPU on they complain of nothing new
        there = complaints_on_qemu(t.host.config.board_info, t.host.config.cpu, guest.kernel, min(guest.vcpus, 2))
    t.progress()
    new = [line for text, (line, plain) in here.items() if text not in there and not EXPLAINED.fullmatch(plain)
           and not is_standstill(plain, lost)]
    check(not new, "the guest's log has what QEMU's has not: " + " / ".join(new))


def shell(t, guest):
    """Boots, answers, knows its CPUs and the time, finds no fault with its machine, and powers off."""
    lost = t.host.lost()
    with LinuxVm(t.host, guest.kernel, vcpus=guest.vcpus) as vm:
        vm.start()
        check_shell(vm.wait_shell(), guest.vcpus)
        check_time(vm.shell, t.host)
        check_log(t, vm.shell, guest, t.host.lost() - lost)
        if t.host.config.board_info.arch == "arm64" and t.host.config.cpu == "max":
            words = vm.shell.run("grep -m1 Features /proc/cpuinfo").split()
            check("sve" in words and "sme" not in words, f"what the guest's CPU has: {words}")
        vm.power_off()


for cpus in FEW:
    with_vms(cpus=[cpus], arguments={"guest": ALL if FULL else FEW[cpus]}, **HOST)(shell)
# A CPU with everything that the emulator has, of which guests get a part.
with_vms(["qemu-virt-arm64"], cpus=[1, 2, 4] if FULL else 2, cpu=["max"], arguments={"guest": ALL if FULL else [Guest("6.12", 2)]}, **HOST)(shell)
# Another interrupt controller, for the host and so for guests; and a host that is no machine of QEMU's own making.
with_vms(["qemu-virt-arm64-gicv2"], cpus=[2], arguments={"guest": ALL if FULL else [Guest("6.1", 1), Guest("6.12", 4)]}, **HOST)(shell)
with_vms(["xlnx-zcu102"], cpus=[4], arguments={"guest": ALL if FULL else [Guest("6.1", 2)]}, **HOST)(shell)


@with_vms(cpus=2, **HOST)
def two(t):
    """
    Two at once, one of them with everything on its console, and packed where a kernel does not unpack itself;
    both answer while both are at work.
    """
    packings = ("gz", "zboot") if t.host.config.board_info.arch == "arm64" else (None, None)
    with LinuxVm(t.host, "6.1", vcpus=2, quiet=False, packed=packings[0]) as one, \
            LinuxVm(t.host, "6.12", vcpus=2, packed=packings[1]) as other:
        one.start()
        other.start()
        shells = [one.wait_shell(), other.wait_shell()]
        for number in range(8):
            begun = [shell.begin(f"sleep 0.{number}; echo $(({number}*{number}))") for shell in shells]
            order = (0, 1) if number % 2 else (1, 0)
            for which in order:
                said = shells[which].finish(begun[which])
                # The first is not quiet.
                trouble = [line for line in PRINTK.findall(said)
                           if (which or BROKEN.search(line)) and not is_standstill(line, t.host.lost())]
                check(not trouble, f"what kernel {which} said meanwhile: {trouble}")
                check_equal(PRINTK.sub("", said), f"{number * number}\n", f"answer {number} of {which}")
        one.power_off()
        check_equal(shells[1].run("echo still here"), "still here\n", "answer when the other is off")
        other.power_off()


def load(t, seconds):
    """
    Forks, page faults and timers on twice as many vCPUs as there are CPUs: nothing stalls, no clock drifts, no timer is
    lost. For a short time; tests/system/guest_load.py takes any.
    """
    figures, problems = GuestLoad(t.host, "6.1", 4, progress=t.progress).run(seconds)
    check(not problems, f"{' / '.join(problems)}: {figures}")


for name, seconds in ((DEFAULT_BOARD, 30), ("qemu-virt-arm64", 10)):
    with_vms([name], cpus=2, arguments={"seconds": seconds}, **counted(BOARDS[name]), **HOST)(load)
