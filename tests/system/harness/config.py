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
    firmware: str  # what -kernel and network boot start from: "bios"
    nics: tuple


BOARDS = {
    "qemu-q35-svm": Board(
        name="qemu-q35-svm",
        qemu="qemu-system-x86_64",
        machine="q35,graphics=off",
        # AMD family 17h: plain `max` calls itself family 6, which no SVM processor has.
        cpu="max,family=23,model=1,stepping=2",
        firmware="bios",
        nics=("virtio-net-pci", "e1000e"),
    ),
}

DEFAULT_BOARD = "qemu-q35-svm"


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
