# SPDX-License-Identifier: BSD-2-Clause
"""SErrors from outside, which firmware at EL3 hands on to EL2 because the emulator has none of its own."""

from harness.config import check, check_equal
from harness.el3 import HOST, El3
from harness.registry import with_vms
from harness.vm import make, neighbour


@with_vms(cpus=1, **HOST)
def hits_a_guest(t):
    """The VM whose guest it met is `crashed`, and can be started again; nobody else notices."""
    firmware = El3(t)
    firmware.launch()
    with neighbour(t), make(t, "spin") as vm:
        for _ in range(3):
            vm.start()
            vm.wait_output("ready")
            firmware.serror("c")
            check_equal(vm.info()["state"], "running", "state after an error that was corrected")
            firmware.serror("g")
            crash = vm.wait_end()["crash"]
            check_equal(vm.info()["state"], "crashed", "state")
            check("SError, syndrome 0xbe000011" in crash["reason"], f"crash: {crash}")
    t.host.check_alive()


@with_vms(cpus=1, cmdline="", **HOST)
def hits_the_host(t):
    """It cannot go on; the report says what it was."""
    firmware = El3(t)
    firmware.put("/chosen", "bootargs", "panic=halt")
    firmware.launch()
    firmware.serror("h")
    t.host.wait_serial(r"exception 0x2f \(SError\) on CPU 0", fatal=False)
    t.host.wait_serial(r"error: policy: halt", fatal=False)
