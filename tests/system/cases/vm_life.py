# SPDX-License-Identifier: BSD-2-Clause
"""The life of VMs: states and what they refuse, restarts, the switch, and deletion."""

import contextlib
import time

from harness.config import SLOW, check, check_equal
from harness.registry import test
from harness.vm import make, neighbour

HOST = {"cpus": 2, "memory": "512M"}


@contextlib.contextmanager
def timed(what, seconds):
    begin = time.monotonic()
    yield
    took = time.monotonic() - begin
    check(took < seconds * SLOW, f"{what} takes {took:.1f} s")


@contextlib.contextmanager
def busy_host(t, vms=2):
    """Guests that leave no CPU idle and let nobody in by themselves."""
    with contextlib.ExitStack() as stack:
        for n in range(vms):
            vm = stack.enter_context(make(t, "spin", name=f"busy-{n}", vcpus=2, cmdline="cpus=2"))
            vm.start()
            vm.wait_output("ready")
        yield


@test(arguments={"vcpus": [1, 16]}, **HOST)
def delete_on_busy_host(t, vcpus):
    """Guests that use every CPU do not keep a VM from being deleted, nor requests from being answered."""
    with busy_host(t):
        vm = make(t, "hello", vcpus=vcpus)
        vm.start()
        vm.wait_end()
        with timed("the deletion", 3):
            vm.delete()
        with timed("the next request", 2):
            check_equal(t.api.get("/v1/vms/hello").status, 404, "status of what was deleted")
