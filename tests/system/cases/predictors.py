# SPDX-License-Identifier: BSD-2-Clause
"""Branch predictors of CPUs that need firmware's help, which firmware at EL3 counts (harness/el3.py)."""

from harness.config import check_equal
from harness.el3 import HOST, El3
from harness.registry import with_vms
from harness.stopwatch import wait_until
from harness.vm import make


@with_vms(cpus=1, **HOST)
def cleared(t):
    """Between two VMs and when a guest asks for it; not between vCPUs of one, nor for the host's own threads."""
    firmware = El3(t)
    firmware.reserve()
    firmware.psci(0)
    firmware.launch()
    t.host.wait_serial("branch predictors are cleared by firmware between VMs")
    with make(t, "fpstate", name="first", vcpus=2, cmdline="cpus=2 rounds=1000") as first:
        check_equal(firmware.barriers(), 0, "calls before there was a guest")
        first.start()
        wait_until(lambda: firmware.barriers() != 0, 30, "the first guest is entered")
        for _ in range(5):
            t.api.get_json("/v1/host")
        check_equal(firmware.barriers(), 1, "calls for one VM")
        with make(t, "fpstate", name="second", vcpus=2, cmdline="cpus=2 rounds=1000 seed=500") as second:
            second.start()
            wait_until(lambda: firmware.barriers() > 8, 30, "the VMs take turns")
    before = firmware.barriers()
    with make(t, "calls", cmdline="barriers=50") as vm:
        vm.run()
    check_equal((firmware.barriers() - before) % 256, 51, "calls for a guest that asks for 50")
