# SPDX-License-Identifier: BSD-2-Clause
"""Secondary CPUs that wait in a spin-table, as on Arm boards without PSCI."""

from harness.config import check, check_equal
from harness.el3 import HOST, RELEASE, El3
from harness.registry import with_vms
from harness.vm import make


@with_vms(cpus=5, **HOST)
def starts(t):
    """One at an address of its own, two that share one, one by PSCI; and they run guests."""
    firmware = El3(t)
    firmware.reserve()
    firmware.spin(1, RELEASE + 8)
    firmware.put("/cpus/cpu@1", "status", "disabled")  # DTSpec 3.8.1: that is a CPU at rest
    firmware.spin(2, RELEASE + 16)
    firmware.spin(3, RELEASE + 16)
    firmware.psci(4)
    host = firmware.launch()
    check_equal(host["warnings"], [], "warnings")
    check_equal(len(host["cpus"]), 5, "CPUs")
    t.host.wait_serial("smp: 5 CPUs")
    with make(t, "smp", vcpus=4, cmdline="cpus=4 rounds=20") as vm:
        vm.run(timeout=60)


@with_vms(cpus=5, **HOST)
def refuses(t):
    """What cannot be a release address, and ways to start that nobody knows: a line for each, and the host goes on without."""
    firmware = El3(t)
    firmware.spin(1, None)
    firmware.spin(2, 0x47FFFFF8)  # free RAM
    firmware.spin(3, 0x7000000000)
    firmware.put("/cpus/cpu@4", "enable-method", "acme,lever")
    host = firmware.launch()
    check_equal(len(host["cpus"]), 1, "CPUs")
    for word in ("affinity 0x1 is not started: its release address .* is not told",
                 "affinity 0x2 is not started: its release address 0x47fffff8 is in memory that nothing reserves",
                 "affinity 0x3 is not started: its release address 0x7000000000 is not in memory",
                 "affinity 0x4 is started in a way that is not known"):
        check(t.host.serial.seen(word), f"the log does not say: {word}")
    check_equal(len(host["warnings"]), 4, "warnings")
