# SPDX-License-Identifier: BSD-2-Clause
"""What a test asks of a host, and what a board is to QEMU."""

import dataclasses
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("BASALT_BUILD", ROOT / "build")).resolve()
LOGS = BUILD / "test-logs"
GUEST_PORT = 80

# Factor on every deadline, for slow machines.
SLOW = float(os.environ.get("BASALT_TEST_SLOW", "1"))


@dataclasses.dataclass(frozen=True)
class Board:
    """How QEMU is told to be one of our boards."""

    name: str
    qemu: str
    machine: str
    cpu: str
    firmware: str  # what the host calls the firmware that -kernel starts from
    nics: tuple
    kernel: str  # which of the image's files -kernel takes
    demo: str  # and which one `make demo` boots
    backend: str
    arch: str
    vendor: str  # of the processor, and what its features name
    features: tuple
    registers: tuple  # that a crash report shows
    debian: str  # what Debian calls the architecture
    console: str  # Linux guests' name for their serial port
    guest_machine: str  # QEMU's machine that guests' is a subset of: the board as a guest sees one, without us
    uefi_code: tuple
    uefi_vars: tuple
    uefi_name: str  # of the removable-media loader (UEFI 2.10, 3.5.1.1)
    vms: bool = True  # what is about VMs runs here, too; else only what names this board, the rest on its architecture's other
    cpus_max: int = 512
    has_pci: bool = True  # else its card is part of it, the last of `card_slots`
    card_slots: int = 0
    extra: tuple = ()  # more QEMU arguments


BOARDS = {
    "qemu-q35-svm": Board(
        name="qemu-q35-svm",
        qemu="qemu-system-x86_64",
        machine="q35,graphics=off",
        # AMD family 17h: plain `max` calls itself family 6, which no SVM processor has.
        cpu="max,family=23,model=1,stepping=2",
        firmware="bios",
        nics=("virtio-net-pci", "e1000e"),
        kernel="elf",
        demo="elf",
        backend="svm",
        arch="x86_64",
        vendor="AuthenticAMD",
        features=("svm",),
        registers=("rip", "rsp", "rax", "r15", "cr2", "cr3"),
        debian="amd64",
        console="ttyS0",
        guest_machine="q35,graphics=off",
        uefi_code=("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd"),
        uefi_vars=("/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
        uefi_name="BOOTX64.EFI",
    ),
    "qemu-virt-arm64": Board(
        name="qemu-virt-arm64",
        qemu="qemu-system-aarch64",
        machine="virt,virtualization=on,gic-version=3",
        cpu="cortex-a72",
        firmware="fdt",
        nics=("virtio-net-pci", "e1000e"),
        kernel="efi",
        demo="efi",
        backend="arm64",
        arch="arm64",
        vendor="Arm",
        features=("gic-sysregs",),
        registers=("pc", "sp", "x0", "x18", "x30", "far", "ttbr0"),
        debian="arm64",
        console="ttyAMA0",
        guest_machine="virt,gic-version=3",
        uefi_code=("/usr/share/AAVMF/AAVMF_CODE.fd",),
        uefi_vars=("/usr/share/AAVMF/AAVMF_VARS.fd",),
        uefi_name="BOOTAA64.EFI",
    ),
}
BOARDS["qemu-virt-arm64-gicv2"] = dataclasses.replace(
    BOARDS["qemu-virt-arm64"],
    name="qemu-virt-arm64-gicv2",
    machine="virt,virtualization=on,gic-version=2",
    guest_machine="virt,gic-version=2",
    features=("crc32",),
    vms=False,
)
BOARDS["xlnx-zcu102"] = dataclasses.replace(
    BOARDS["qemu-virt-arm64"],
    name="xlnx-zcu102",
    machine="xlnx-zcu102,virtualization=on",
    guest_machine="virt,gic-version=2",
    cpu="cortex-a53",
    nics=("gem",),
    features=("crc32",),
    uefi_code=(),
    uefi_vars=(),
    cpus_max=4,
    has_pci=False,
    card_slots=4,
    extra=("-audio", "none"),
    vms=False,
)

DEFAULT_BOARD = "qemu-q35-svm"


def has_vms(board):
    """Whether the board's image runs VMs; one that is not there is not said to run none."""
    try:
        return "\nCONFIG_VMM=y\n" in (BUILD / board / ".config").read_text()
    except OSError:
        return True


@dataclasses.dataclass(frozen=True)
class HostConfig:
    """Everything that makes two hosts different; tests with equal configurations share one host."""

    board: str = DEFAULT_BOARD
    variant: str = ""  # "release": the image that tests/build/configure.py leaves
    boot: str = "kernel"  # harness/boot.py: METHODS
    cpus: int = 1
    memory: str = "256M"
    nic: str = "virtio-net-pci"
    net: str = "user"  # "user": slirp; "tap": a network namespace with dnsmasq; "tap-nodhcp"; "none"
    cmdline: str = ""
    modules: tuple = ()  # (name, path)
    cpu: str = ""  # instead of the board's
    cpu_flags: str = ""  # appended to -cpu
    extra: tuple = ()  # more QEMU arguments
    machine_flags: str = ""  # appended to -M
    accel: str = "tcg,thread=multi"
    qtest: bool = False  # physical memory and registers can be reached with Host.qtest()

    @property
    def board_info(self):
        return BOARDS[self.board]

    def image(self, suffix):
        folder = f"{self.board}-{self.variant}" if self.variant else self.board
        return BUILD / folder / f"basalt.{suffix}"

    def label(self):
        """Short text that tells hosts apart in a list: only what differs from the default."""
        default = HostConfig()
        parts = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != getattr(default, field.name):
                parts.append(f"{field.name}={value}" if isinstance(value, (str, int)) else field.name)
        return " ".join(parts) or "default"


class Skip(Exception):
    """The test cannot run here; its text says why."""


class Failure(Exception):
    """The host did something else than expected."""


def check(condition, message):
    """Fails the test with `message` unless `condition` holds."""
    if not condition:
        raise Failure(message)


def check_equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: {got!r}, expected {wanted!r}")
