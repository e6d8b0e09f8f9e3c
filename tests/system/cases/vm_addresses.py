# SPDX-License-Identifier: BSD-2-Clause
"""Guest-physical addresses of every size that a CPU has."""

from harness.config import check, check_equal
from harness.registry import test, with_vms
from harness.vm import make, neighbour

HOST = {"cpus": 2, "memory": "512M"}
SIZES = (32, 36, 40, 42, 44, 48)
CPUS = {"cortex-a53": 40, "cortex-a72": 44, "max": 48}  # what ID_AA64MMFR0_EL1.PARange of each says


def refusal(t, **config):
    """The problem that creating such a VM leads to: status, field and text."""
    answer = t.api.post("/v1/vms", {"name": "refused", "memory": "8M", "kernel": "guest-addresses", **config})
    problem = answer.json()
    return answer.status, problem["field"], problem["detail"]


@with_vms(["qemu-virt-arm64"], cpu=list(CPUS), timeout=120, **HOST)
def sizes(t):
    """RAM at the end of the address space, for each size up to the CPU's; what is larger is refused."""
    most = CPUS[t.host.config.cpu]
    with neighbour(t):
        for bits in SIZES:
            if bits > most:
                status, field, detail = refusal(t, address_bits=bits)
                check_equal((status, field), (422, "address_bits"), f"what is said about {bits} bits")
                check(str(bits) in detail and str(most) in detail, f"no value or limit in {detail!r}")
                continue
            with make(t, "addresses", memory="8M", cmdline=f"bits={bits}", address_bits=bits) as vm:
                vm.run(timeout=60)
                check_equal(vm.info()["address_bits"], bits, "address_bits")
        too_much = 1 << most
        status, field, detail = refusal(t, memory=too_much)
        check_equal((status, field), (422, "memory"), f"what is said about {too_much} bytes")
        check(str(too_much) in detail and str(most) in detail, f"no value or limit in {detail!r}")
    check_equal(refusal(t, address_bits=41)[:2], (422, "address_bits"), "what is said about 41 bits")


@test(cpus=2, memory="512M", vms=True)
def no_choice(t):
    """Where the machine has none, to ask for some is an error."""
    with make(t, "hello") as vm:
        check_equal(vm.info()["address_bits"], None, "address_bits")
        answer = t.api.post("/v1/vms", {"name": "refused", "memory": "8M", "kernel": "guest-hello", "address_bits": 40})
        check_equal((answer.status, answer.json()["field"]), (422, "address_bits"), "the answer")
