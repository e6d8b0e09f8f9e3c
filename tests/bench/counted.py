# SPDX-License-Identifier: BSD-2-Clause
"""
A host whose instructions are counted. QEMU ties virtual time to instructions (-icount); in its recording mode it also
tells the exact number executed so far (query-replay), idle time not included. The recording itself goes nowhere.
"""

import contextlib
import dataclasses
import socket
import struct

from harness.config import BOARDS, DEFAULT_BOARD, Failure, HostConfig
from harness.host import Host
from harness.stopwatch import patiently

MULTIBOOT_MAGIC = 0x1BADB002

COUNTING = (
    "-icount", "shift=0,rr=record,rrfile=/dev/null", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm",
    "-object", "filter-replay,id=replay0,netdev=net0",
)
# Idle time passes at once instead of in real time: for figures of the host's own clock.
VIRTUAL = ("-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm")

# QEMU 10 ends with "Bad icount read" when the local APIC's timer is read or written by MSR in counting mode. An Arm
# CPU's counter, of 62.5 MHz if nobody says otherwise, would count by sixteens.
CPU_FLAGS = {"x86_64": ",-x2apic", "arm64": ",cntfrq=1000000000"}


def _config(extra, board, parameters):
    return HostConfig(board=board, accel="tcg,thread=single", cpu_flags=CPU_FLAGS[BOARDS[board].arch], extra=extra,
                      **parameters)


def counting(board=DEFAULT_BOARD, **parameters):
    return _config(COUNTING, board, parameters)


def virtual(board=DEFAULT_BOARD, **parameters):
    return _config(VIRTUAL, board, parameters)


def instructions(host):
    """Executed so far since power-on. QEMU counts exactly with one CPU only."""
    return host.qmp.command("query-replay")["icount"]


# QEMU's virt has its RAM at 1 GiB, and loads what has the header of a Linux Image at 2 MiB of that, which is where the program
# is linked without the RAM's base.
ARM64_RAM = 0x40000000
ARM64_ENTRY = ARM64_RAM + 0x200000


def load_offset(board):
    """What the image's addresses are more at run time than in its symbols."""
    return ARM64_RAM if BOARDS[board].arch == "arm64" else 0


def entry_address(config):
    """Where a loader enters the image: multiboot's header has it in its last address field (multiboot 0.6.96, 3.1.3)."""
    if config.board_info.arch == "arm64":
        return ARM64_ENTRY
    path = config.image("elf")
    data = path.read_bytes()[:8192]
    for at in range(0, len(data) - 32, 4):
        magic, flags, checksum = struct.unpack_from("<III", data, at)
        if magic == MULTIBOOT_MAGIC and (magic + flags + checksum) & 0xFFFFFFFF == 0:
            return struct.unpack_from("<I", data, at + 28)[0]
    raise Failure(f"{path} has no multiboot header")


class Debugger:
    """As much of GDB's remote protocol as it takes to stop at one address."""

    def __init__(self, path):
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(1)
        self._sock.connect(str(path))
        self._buffer = b""

    def command(self, text):
        data = text.encode()
        self._sock.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))
        return self.answer()

    def answer(self):
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if start >= 0 and end >= 0 and len(self._buffer) >= end + 3:
                packet, self._buffer = self._buffer[start + 1:end], self._buffer[end + 3:]
                self._sock.sendall(b"+")
                return packet.decode()
            data = patiently(lambda: self._sock.recv(4096), 60, "QEMU's debugger says nothing")
            if not data:
                raise Failure("QEMU's debugger connection closed")
            self._buffer += data

    def run_to(self, address):
        if self.command(f"Z1,{address:x},1") != "OK":
            raise Failure("no breakpoint at the entry")
        stop = self.command("c")
        if not stop.startswith(("T05", "S05")):
            raise Failure(f"the machine stopped with {stop!r} instead of at the entry")
        self.command(f"z1,{address:x},1")

    def detach(self):
        self.command("D")
        self._sock.close()


@contextlib.contextmanager
def booted(config, logdir):
    """A host that runs from its first instruction; gives (host, instructions executed at hand-over)."""
    host = Host(config, logdir)
    control = host.workdir / "gdb"
    host.config = dataclasses.replace(
        config, extra=config.extra + ("-S", "-gdb", f"unix:{control},server=on,wait=off"))
    try:
        host.start()
        debugger = Debugger(control)
        debugger.run_to(entry_address(config))
        begin = instructions(host) if "rr=record" in " ".join(config.extra) else None
        debugger.detach()
        yield host, begin
    finally:
        host.stop()
