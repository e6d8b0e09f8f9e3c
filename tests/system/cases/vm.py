# SPDX-License-Identifier: BSD-2-Clause
"""VMs with guests of our own (tests/guest): what a guest sees, and what it cannot do to the others."""

import time

from harness.config import BOARDS, check, check_equal
from harness.registry import test, with_vms
from harness.stopwatch import at_most, wait_until
from harness.vm import check_answers, guest_file, make, neighbour, upload

HOST = {"cpus": 2, "memory": "512M"}


# What each guest gets, by architecture. Those that need what only hardware checks are told by their command lines.
GUESTS = {
    "x86_64": {
        "breakpoints": {},
        "clocks": {},
        "control": {},
        "cpustate": {"vcpus": 4, "cmdline": "cpus=4"},
        "exceptions": {},
        "halt": {},
        "hello": {},
        "ipi": {},
        "memory": {"memory": "16M"},
        "mmio": {},
        "msr": {},
        "ports": {"cmdline": "step=64"},
        "selfmod": {"vcpus": 2, "cmdline": "cpus=2"},
        "smp": {"vcpus": 4, "cmdline": "cpus=4 rounds=20"},
        "strings": {},
        "timer": {},
        "tscaux": {"vcpus": 4, "cmdline": "cpus=4"},
    },
    "arm64": {
        "calls": {"vcpus": 2},
        "cpustate": {"vcpus": 4, "cmdline": "cpus=4"},
        "fpstate": {"vcpus": 4, "cmdline": "cpus=4"},
        "gic": {"vcpus": 8, "cmdline": "cpus=8"},
        "gicmmio": {"vcpus": 2},
        "hello": {},
        "its": {},
        "memory": {"memory": "16M"},
        "mmio": {},
        "overflow": {"vcpus": 4, "cmdline": "cpus=4"},
        "programs": {},
        "psci": {"vcpus": 2, "cmdline": "cpus=2"},
        "selfmod": {"vcpus": 2, "cmdline": "cpus=2"},
        "smp": {"vcpus": 4, "cmdline": "cpus=4 rounds=20"},
        "sysregs": {},
        "timer": {},
    },
}


def passes(t, guest):
    """The guest's own checks hold, beside a neighbour that goes on."""
    with neighbour(t), make(t, guest, **GUESTS[t.host.config.board_info.arch][guest]) as vm:
        vm.run(timeout=60)
    t.host.check_alive()


PAYLOADS = {name: board.arch for name, board in BOARDS.items() if board.vms}
for name, arch in PAYLOADS.items():
    with_vms([name], arguments={"guest": sorted(GUESTS[arch])}, **HOST)(passes)
# Those that depend on which GIC guests have, with the other one.
with_vms(["qemu-virt-arm64-gicv2"], arguments={"guest": ["gic", "gicmmio", "mmio", "overflow", "psci", "smp", "sysregs", "timer"]}, **HOST)(passes)
with_vms(["xlnx-zcu102"], arguments={"guest": ["gic", "gicmmio", "overflow"]}, **HOST)(passes)
with_vms(["qemu-virt-arm64-gicv2"], cpu=["max"], arguments={"guest": ["gicmmio", "sysregs"]}, **HOST)(passes)
# Those that depend on what the CPU has, on one with everything that the emulator knows.
with_vms(["qemu-virt-arm64"], cpu=["max"], arguments={"guest": ["cpustate", "fpstate", "mmio", "programs", "smp", "sysregs", "timer"]}, **HOST)(passes)




def vectors(t, sve):
    """Two VMs with two vCPUs each on one CPU, and one that uses no FP: none sees another's registers."""
    wanted = f"cpus=2 rounds=60 sve={sve}"
    with neighbour(t), make(t, "fpstate", name="first", vcpus=2, cmdline=wanted) as first, \
            make(t, "fpstate", name="second", vcpus=2, cmdline=f"{wanted} seed=500") as second:
        first.start()
        second.start()
        for vm in (first, second):
            info = vm.wait_end(120)
            check_equal((info["state"], info["exit_code"]), ("stopped", 0), f"how {vm.name} ended: {vm.output()[-300:]!r}")


with_vms(["qemu-virt-arm64"], cpus=1, memory="512M", arguments={"sve": [0]})(vectors)
with_vms(["qemu-virt-arm64"], cpus=1, memory="512M", cpu=["max", "max,sve-max-vq=3"], arguments={"sve": [1]})(vectors)


CRASHES = {"x86_64": {"triple": "triple fault", "jump": "no memory"}, "arm64": {"triple": "no memory"}}


def crashes(t, guest):
    """`crashed`, with the reason; the others go on."""
    board = t.host.config.board_info
    with neighbour(t), make(t, guest) as vm:
        vm.start()
        crash = vm.wait_end()["crash"]
        check_equal(vm.info()["state"], "crashed", "state")
        check(CRASHES[board.arch][guest] in crash["reason"], f"crash: {crash}")
        check_equal(crash["registers"][board.registers[0]], crash[board.registers[0]], "where it was")


for name, arch in PAYLOADS.items():
    with_vms([name], arguments={"guest": sorted(CRASHES[arch])}, **HOST)(crashes)


@test(**HOST)
def crash_registers(t):
    """The crash record shows what the vCPU's registers held, until the next start."""
    with make(t, "triple") as vm:
        vm.start()
        crash = vm.wait_end()["crash"]
        registers = crash["registers"]
        check_equal((crash["exit"], crash["vcpu"]), ("shutdown", 0), "exit and vCPU")
        check_equal((registers["r15"], registers["rax"], registers["cr2"]),
                    ("0xfedcba9876543210", "0x12345678", "0x12345678"), "registers")
        check_equal(registers["cs"], {"selector": "0x8", "base": "0x0", "limit": "0xffffffff",
                                      "attributes": "0xa9b"}, "CS")
        check_equal(registers["idtr"], {"base": "0x0", "limit": "0x0"}, "IDTR")
        check(int(registers["efer"], 16) & 0x1500 == 0x500, f"EFER is {registers['efer']}")
        check(int(registers["cr0"], 16) & 0x80000001 == 0x80000001, f"CR0 is {registers['cr0']}")
        listed = [item for item in t.api.get_json("/v1/vms")["items"] if item["name"] == vm.name]
        check_equal(set(listed[0]["crash"]), {"reason", "exit", "vcpu", "rip"}, "members in a list")


@with_vms(["qemu-virt-arm64"], **HOST)
def crash_registers_arm64(t):
    """The same, with the syndrome of the last exit among them."""
    with make(t, "triple") as vm:
        vm.start()
        crash = vm.wait_end()["crash"]
        registers = {name: int(value, 16) for name, value in crash["registers"].items()}
        check_equal((crash["exit"], crash["vcpu"]), ("stage2-fault", 0), "exit and vCPU")
        check_equal(registers["x18"], 0xfedcba9876543210, "x18")
        check_equal(registers["pc"], registers["vbar_el1"] + 0x200, "pc")
        check_equal((registers["esr_el2"] >> 26, registers["far_el2"]), (0x20, registers["pc"]), "what it exited with")
        check_equal((registers["esr_el1"] >> 26, registers["pstate"] & 0x3cf), (0x21, 0x3c5), "what it takes again and again")
        check_equal(registers["sctlr_el1"] & 1, 1, "SCTLR_EL1.M")
        listed = [item for item in t.api.get_json("/v1/vms")["items"] if item["name"] == vm.name]
        check_equal(set(listed[0]["crash"]), {"reason", "exit", "vcpu", "pc"}, "members in a list")


@with_vms(arguments={"guest": ["spin", "storm", "flood"]}, **HOST)
def noisy(t, guest):
    """Pause, resume and stop work on a guest that lets nobody in, and its neighbour answers meanwhile."""
    with neighbour(t) as other, make(t, guest) as vm:
        vm.start()
        time.sleep(0.5)  # it is in its loop: nothing else tells
        check_answers(other, "during")
        for action, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
            with at_most(5, action):
                check_equal(vm.action(action)["state"], state, f"state after {action}")


@with_vms(**HOST)
def nmi(t):
    """It reaches a guest that sleeps with its interrupts masked; on Arm it is an SError."""
    with make(t, "nmi") as vm:
        vm.start()
        vm.wait_output("ready")
        vm.action("nmi")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")


@test(**HOST)
def early_nmi(t):
    """An NMI for a guest that has not set up its local APIC for it goes nowhere, as on hardware."""
    with make(t, "echo", vcpus=4) as vm:
        vm.start()
        for _ in range(5):
            vm.action("nmi")
            check_equal(vm.action("reset")["state"], "running", "state")
        vm.wait_output("ready")
        vm.action("nmi")
        check_answers(vm, "hello")


@with_vms(**HOST)
def too_large(t):
    """507 with figures, and nothing of it stays."""
    upload(t.api, "guest-hello", guest_file(t.host.config, "hello").read_bytes())
    answer = t.api.post("/v1/vms", {"name": "huge", "vcpus": 1, "memory": "64G", "kernel": "guest-hello"})
    check_equal(answer.status, 507, "status")
    check(any(c.isdigit() for c in answer.json()["detail"]), f"no figures: {answer!r}")
    check_equal(t.api.get("/v1/vms/huge").status, 404, "status of what must not exist")


@with_vms(**HOST)
def memory_returns(t):
    """A VM that was run and deleted leaves as many free pages as there were."""
    def free():
        return t.api.get_json("/v1/host")["memory"]["free_bytes"]

    figures = []
    for _ in range(4):  # the first rounds fill caches
        with make(t, "memory", memory="32M") as vm:
            vm.run()
        figures.append(free())
    check(figures[1] - figures[3] < 256 << 10, f"free bytes after each round: {figures}")


DIRTY_PAGES, DIRTY_STEP, DIRTY_BY_HOST = 1024, 7, 100
DIRTY_REGION = {"x86_64": 0x1000000, "arm64": 0x41000000}


class Dirty:
    """The guest that writes its memory as it is told, and what the host noted of that."""

    def __init__(self, vm, region):
        self.vm = vm
        self.region = region
        self.seen = 0

    def order(self, letter):
        self.seen = len(self.vm.output())
        self.vm.type(letter)
        self.vm.wait_output(f"done {ord(letter)}", after=self.seen)

    def read(self):
        """Pages of the region that were written, by number; the log begins anew."""
        answer = self.vm.try_action("dirty-log-read")
        check_equal(answer.status, 200, f"status of dirty-log-read: {answer!r}")
        return self.pages(answer.json())

    def pages(self, log):
        check(not log["is_cut"], f"the log is cut: {log}")
        check_equal(sum(r["pages"] for r in log["ranges"]), log["dirty_pages"], "pages in all")
        found = []
        for r in log["ranges"]:
            first = (r["address"] - self.region) // log["page_size"]
            found += [p for p in range(first, first + r["pages"]) if 0 <= p < DIRTY_PAGES]
        return found


def dirty_log(t):
    """Every page that several vCPUs and the host itself write, and no other; large pages before and after."""
    some = list(range(0, DIRTY_PAGES, DIRTY_STEP))
    arch = t.host.config.board_info.arch
    with neighbour(t), make(t, "dirty", memory="64M", vcpus=4, cmdline="cpus=4") as vm:
        guest = Dirty(vm, DIRTY_REGION[arch])
        vm.start()
        vm.wait_output("ready")
        check_equal(t.api.get(f"{vm.path}/dirty-log").status, 409, "status of a log that is off")
        before = vm.info()["mappings"]
        check_equal(vm.action("dirty-log-start")["dirty_log"], True, "dirty_log")
        check_equal(vm.try_action("dirty-log-start").status, 409, "status of a second start")
        check_equal(guest.read(), [], "pages at first")
        guest.order("w")
        check_equal(guest.pages(t.api.get_json(f"{vm.path}/dirty-log")), some, "pages that are shown")
        check_equal(guest.read(), some, "pages written")
        guest.order("r")
        check_equal(guest.read(), [], "pages written by reading")
        if arch == "x86_64":
            guest.order("i")
            check_equal(guest.read(), [DIRTY_BY_HOST], "pages written by the emulator")
        guest.order("w")
        vm.action("pause")
        check_equal(guest.read(), some, "pages written before the pause")
        check_equal(guest.read(), [], "pages written during the pause")
        vm.action("resume")
        split = vm.info()["mappings"]
        check(split["4K"] >= before["4K"] + 1024 and split["2M"] < before["2M"], f"mappings: {before}, then {split}")
        check_equal(vm.action("dirty-log-stop")["dirty_log"], False, "dirty_log")
        check_equal(vm.try_action("dirty-log-stop").status, 409, "status of a second stop")
        guest.order("w")
        check_equal(vm.info()["mappings"], before, "mappings at last")
        vm.type("e")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")


# Where caches are to be cleaned of what is mapped, and where they need not be (FEAT_S2FWB).
with_vms(["qemu-q35-svm"], **HOST)(dirty_log)
with_vms(["qemu-virt-arm64"], cpu=["cortex-a72", "max"], **HOST)(dirty_log)


@with_vms(["qemu-virt-arm64"], cpu="max", **HOST)
def dirty_log_of_walks(t):
    """What a processor writes when it walks its tables (access flags, dirty state) is in the log, too."""
    with make(t, "walker", memory="64M") as vm:
        guest = Dirty(vm, DIRTY_REGION["arm64"])
        vm.start()
        vm.wait_output("ready")
        vm.action("dirty-log-start")
        for order, written in (("a", [0]), ("a", [0]), ("r", []), ("s", [0, 512]), ("s", [0, 512]), ("a", [0])):
            guest.order(order)
            check_equal(guest.read(), written, f"pages written by {order!r}")
        vm.action("dirty-log-stop")
        guest.order("s")
        vm.type("e")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")


@with_vms(**HOST)
def dirty_log_under_load(t):
    """Started, read and stopped again and again while four vCPUs write: nothing of theirs gets lost."""
    arch = t.host.config.board_info.arch
    with make(t, "dirty", memory="64M", vcpus=4, cmdline="cpus=4") as vm:
        guest = Dirty(vm, DIRTY_REGION[arch])
        vm.start()
        vm.wait_output("ready")
        vm.type("s")
        vm.wait_output("storm")
        for _ in range(5):
            vm.action("dirty-log-start")
            wait_until(guest.read, 30, "nothing was written", pause=0)
            for _ in range(9):
                guest.read()
            vm.action("dirty-log-stop")
        vm.action("dirty-log-start")  # a VM may end with the log on
        guest.order("r")
        vm.type("e")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")
        check_equal(vm.info()["dirty_log"], True, "dirty_log after the end")


def gib_page(t):
    """A GiB of RAM that is one in the host as well becomes one page when all of it has been touched."""
    with make(t, "gib", memory="2560M") as vm:
        vm.run(timeout=120)
        check_equal(vm.info()["mappings"]["1G"], 1, "pages of 1 GiB")


with_vms(["qemu-q35-svm"], cpus=2, memory="6G")(gib_page)
with_vms(["qemu-virt-arm64"], cpu=["cortex-a72", "max"], cpus=2, memory="6G")(gib_page)


@test(cpus=2, memory="6G", cpu_flags=",-pdpe1gb")
def no_gib_page(t):
    """Nor without hardware that has them."""
    with make(t, "gib", memory="2560M") as vm:
        vm.run(timeout=120)
        mappings = vm.info()["mappings"]
        check(mappings["1G"] == 0 and mappings["2M"] >= 512, f"mappings: {mappings}")
