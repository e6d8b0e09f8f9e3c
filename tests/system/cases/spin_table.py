# SPDX-License-Identifier: BSD-2-Clause
"""Secondary CPUs that wait in a spin-table, under firmware of ours at EL3 (loader/arm64.S), which Arm boards without PSCI have."""

import dataclasses
import pathlib
import subprocess

from harness.config import Failure, Skip, check, check_equal
from harness.registry import with_vms
from harness.vm import make

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "loader" / "arm64.S"
# As the firmware has them.
IMAGE, TREE, SPIN, RELEASE = 0x40200000, 0x44000000, 0x48000000, 0x48000800
HOST = {"boards": ["qemu-virt-arm64"], "host": "none", "machine_flags": ",secure=on", "boot": "other", "memory": "512M"}


def _run(command, what):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Skip(f"{what}: {error}") from error
    if done.returncode != 0:
        raise Failure(f"{what}: {done.stderr[-300:]}")


def _firmware(t):
    elf, binary = t.logdir / "firmware.elf", t.logdir / "firmware.bin"
    _run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0,--build-id=none", "-o", elf, SOURCE], "the firmware")
    _run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", elf, binary], "the firmware")
    return binary


class Tree:
    """What QEMU says about the machine, changed into what its firmware would say."""

    def __init__(self, t, firmware):
        board, config = t.case.config.board_info, t.case.config
        self.path = t.logdir / "tree.dtb"
        _run([board.qemu, "-nodefaults", "-display", "none", "-M", f"{board.machine}{config.machine_flags},dumpdtb={self.path}",
              "-cpu", board.cpu, "-smp", str(config.cpus), "-m", config.memory, "-bios", firmware], "QEMU's device tree")

    def put(self, node, name, *values):
        is_text = values and isinstance(values[0], str)
        kind = ["-t", "s" if is_text else "x"] if values else []
        values = values if is_text else [f"{value:x}" for value in values]
        _run(["fdtput", "-p", *kind, self.path, node, name, *values], "fdtput")

    def spin(self, cpu, address):
        self.put(f"/cpus/cpu@{cpu:x}", "enable-method", "spin-table")
        if address is not None:
            self.put(f"/cpus/cpu@{cpu:x}", "cpu-release-addr", address >> 32, address & 0xFFFFFFFF)

    def reserve(self):
        self.put("/reserved-memory", "#address-cells", 2)
        self.put("/reserved-memory", "#size-cells", 2)
        self.put("/reserved-memory", "ranges")
        self.put(f"/reserved-memory/spin@{SPIN:x}", "reg", 0, SPIN, 0, 0x1000)


def _launch(t, firmware, tree):
    image = t.case.config.image("efi")
    t.launch(dataclasses.replace(t.case.config, extra=(
        "-bios", str(firmware), "-device", f"loader,file={image},addr={IMAGE:#x},force-raw=on",
        "-device", f"loader,file={tree.path},addr={TREE:#x},force-raw=on")))
    t.host.wait_ready()
    return t.api.get_json("/v1/host")


@with_vms(cpus=5, **HOST)
def starts(t):
    """One at an address of its own, two that share one, one by PSCI; and they run guests."""
    t.logdir.mkdir(parents=True, exist_ok=True)
    firmware = _firmware(t)
    tree = Tree(t, firmware)
    tree.reserve()
    tree.spin(1, RELEASE + 8)
    tree.put("/cpus/cpu@1", "status", "disabled")  # DTSpec 3.8.1: that is a CPU at rest
    tree.spin(2, RELEASE + 16)
    tree.spin(3, RELEASE + 16)
    tree.put("/psci", "compatible", "arm,psci-1.0")
    tree.put("/psci", "method", "smc")
    tree.put("/cpus/cpu@4", "enable-method", "psci")
    host = _launch(t, firmware, tree)
    check_equal(host["warnings"], [], "warnings")
    check_equal(len(host["cpus"]), 5, "CPUs")
    t.host.wait_serial("smp: 5 CPUs")
    with make(t, "smp", vcpus=4, cmdline="cpus=4 rounds=20") as vm:
        vm.run(timeout=60)


@with_vms(cpus=5, **HOST)
def refuses(t):
    """What cannot be a release address, and ways to start that nobody knows: a line for each, and the host goes on without."""
    t.logdir.mkdir(parents=True, exist_ok=True)
    firmware = _firmware(t)
    tree = Tree(t, firmware)
    tree.spin(1, None)
    tree.spin(2, 0x47FFFFF8)  # free RAM
    tree.spin(3, 0x7000000000)
    tree.put("/cpus/cpu@4", "enable-method", "acme,lever")
    host = _launch(t, firmware, tree)
    check_equal(len(host["cpus"]), 1, "CPUs")
    for word in ("affinity 0x1 is not started: its release address .* is not told",
                 "affinity 0x2 is not started: its release address 0x47fffff8 is in memory that nothing reserves",
                 "affinity 0x3 is not started: its release address 0x7000000000 is not in memory",
                 "affinity 0x4 is started in a way that is not known"):
        check(t.host.serial.seen(word), f"the log does not say: {word}")
    check_equal(len(host["warnings"]), 4, "warnings")
