# SPDX-License-Identifier: BSD-2-Clause
"""Hundreds of VMs on one host: all answer, and each costs little beyond its memory."""

from harness.config import check, check_equal
from harness.registry import with_vms
from harness.vm import Vm, guest_file, upload

VMS = 300
RAM = 8 << 20
OVERHEAD_MAX = 256 << 10  # per VM with one vCPU: host memory beyond the guest's RAM


def free_bytes(t):
    return t.api.get_json("/v1/host")["memory"]["free_bytes"]


@with_vms(cpus=2, memory="4G", timeout=120)
def hundreds(t):
    """All run at once and answer; what each takes beyond its RAM is measured by the host's free pages."""
    image = upload(t.api, "guest-echo", guest_file(t.host.config, "echo").read_bytes())
    before, vms = free_bytes(t), []
    try:
        for n in range(VMS):
            vms.append(Vm(t.api, f"vm-{n}", vcpus=1, memory=RAM, kernel=image, debug_exit=True))
        made = free_bytes(t)
        for vm in vms:
            vm.start()
        for vm in vms:
            vm.wait_output("ready", 60)
        for vm in vms:
            vm.type(f"I am {vm.name}\n")
        for vm in vms:
            vm.wait_output(f"you said I am {vm.name}", 60)
        running = free_bytes(t)
        beyond = [(before - free) // VMS - RAM for free in (made, running)]
        told = vms[-1].info()["overhead_bytes"]
        print(f"  {VMS} VMs: {beyond[0]} bytes beyond RAM each when made, {beyond[1]} when running; {told} by the API")
        check(beyond[1] <= OVERHEAD_MAX, f"a VM takes {beyond[1]} bytes beyond its RAM")
        check(beyond[1] * 0.9 <= told <= beyond[1] * 1.1, f"the API says {told} bytes, measured are {beyond[1]}")
        check_equal(len(t.api.get_json("/v1/vms?limit=1000")["items"]), VMS, "VMs in the list")
        check_equal(t.api.get("/metrics", timeout=60).status, 200, "status of the metrics")
        for vm in vms[::50]:
            vm.type("end\n")
            check_equal(vm.wait_end()["exit_code"], 0, "exit code")
    finally:
        for vm in vms:
            vm.delete()
    lost = before - free_bytes(t)
    check(lost < 2 << 20, f"{lost} bytes of the host's memory are gone")
