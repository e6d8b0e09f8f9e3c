# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's virt with EL3 and firmware of ours in it (loader/arm64.S): boards with a spin-table, and SErrors."""

import dataclasses
import pathlib
import socket
import subprocess
import tempfile

from .config import Failure, Skip
from .stopwatch import patiently, wait_until

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


class El3:
    """The firmware, and the device tree that it hands over: what QEMU says of the machine, to be changed by put()."""

    def __init__(self, t):
        t.logdir.mkdir(parents=True, exist_ok=True)
        self._t = t
        self._tree = t.logdir / "tree.dtb"
        self._firmware = t.logdir / "firmware.bin"
        self._monitor = None
        elf = t.logdir / "firmware.elf"
        _run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0,--build-id=none", "-o", elf, SOURCE], "the firmware")
        _run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", elf, self._firmware], "the firmware")
        board, config = t.case.config.board_info, t.case.config
        _run([board.qemu, "-nodefaults", "-display", "none", "-cpu", board.cpu, "-smp", str(config.cpus), "-m", config.memory,
              "-M", f"{board.machine}{config.machine_flags},dumpdtb={self._tree}", "-bios", self._firmware], "QEMU's device tree")

    def put(self, node, name, *values):
        """A property: text, cells, or nothing."""
        is_text = bool(values) and isinstance(values[0], str)
        kind = ["-t", "s" if is_text else "x"] if values else []
        values = values if is_text else [f"{value:x}" for value in values]
        _run(["fdtput", "-p", *kind, self._tree, node, name, *values], "fdtput")

    def spin(self, cpu, address):
        """The CPU waits at a release address; None: at one that is not told."""
        self.put(f"/cpus/cpu@{cpu:x}", "enable-method", "spin-table")
        if address is not None:
            self.put(f"/cpus/cpu@{cpu:x}", "cpu-release-addr", address >> 32, address & 0xFFFFFFFF)

    def psci(self, cpu):
        """PSCI starts it."""
        self.put("/psci", "compatible", "arm,psci-1.0")
        self.put("/psci", "method", "smc")
        self.put(f"/cpus/cpu@{cpu:x}", "enable-method", "psci")

    def reserve(self):
        """The page of the spin-table is nobody else's."""
        self.put("/reserved-memory", "#address-cells", 2)
        self.put("/reserved-memory", "#size-cells", 2)
        self.put("/reserved-memory", "ranges")
        self.put(f"/reserved-memory/spin@{SPIN:x}", "reg", 0, SPIN, 0, 0x1000)

    def launch(self):
        """Starts the host; gives /v1/host."""
        t, image = self._t, self._t.case.config.image("efi")
        with tempfile.TemporaryDirectory(prefix="basalt-el3-") as folder:
            t.launch(dataclasses.replace(t.case.config, extra=(
                "-bios", str(self._firmware), "-device", f"loader,file={image},addr={IMAGE:#x},force-raw=on",
                "-device", f"loader,file={self._tree},addr={TREE:#x},force-raw=on",
                "-chardev", f"socket,id=el3,path={folder}/el3,server=on,wait=off", "-serial", "chardev:el3")))
            self._monitor = socket.socket(socket.AF_UNIX)
            self._monitor.connect(f"{folder}/el3")
        t.host.at_stop(self._monitor.close)
        t.host.wait_ready()
        return t.api.get_json("/v1/host")

    def barriers(self):
        """How often SMCCC_ARCH_WORKAROUND_1 was called, modulo 256."""
        return self._ask(b"b")[0]

    def _ask(self, what):
        self._monitor.settimeout(1)
        self._monitor.sendall(what)
        return patiently(lambda: self._monitor.recv(1), 30, "the firmware does not answer")

    def serror(self, whom):
        """An SError for the first CPU: "g", when it runs a guest; "c": that the CPU has corrected; "h": the host."""
        def hit():  # one try may meet the other
            return self._ask(whom.encode()) == b"S"

        wait_until(hit, 30, "an SError finds the CPU where it is meant to")
