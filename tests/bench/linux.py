# SPDX-License-Identifier: BSD-2-Clause
"""
Debian's kernel until its first program has powered off: as a guest, and on the same emulated machine without a
hypervisor. Instructions executed, time asleep left out.
"""

import dataclasses
import re
import subprocess
import sys
import time

from counted import counting, instructions
from harness.config import BOARDS, LOGS, ROOT, Failure
from harness.host import Host
from harness.vm import Vm

sys.path.insert(0, str(ROOT / "scripts" / "build"))
from debian import Packages, cpio  # noqa: E402

CONSOLES = {"quiet": " quiet", "verbose": ""}
AIMS = {"quiet": 1.02, "verbose": 1.05}
KVM = {"x86_64": {"quiet": 1.09, "verbose": 1.51}, "arm64": {"quiet": 1.03, "verbose": "–"}}
# The same machine without a hypervisor, and what starts a kernel there: on a PC a firmware that does next to nothing.
COMPILERS = {"x86_64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
BARE = {"x86_64": {"flags": "", "extra": ("-bios", "qboot.rom")}, "arm64": {"flags": ",virtualization=off", "extra": ()}}
MEMORY = "256M"
SAID = r"Basalt bench: init"
COUNTED = ("-icount", "shift=0,rr=record,rrfile=/dev/null", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm")


def guest_files(board, folder):
    """Kernel and initramfs, whose first program speaks and powers off."""
    program, initrd = folder / "init", folder / "bench-initrd"
    subprocess.run([COMPILERS[board.arch], "-O2", "-mgeneral-regs-only", "-static", "-nostdlib", "-fno-stack-protector",
                    "-o", str(program), str(ROOT / "tests" / "bench" / "init.c")], check=True)
    initrd.write_bytes(cpio({"init": (0o100755, program.read_bytes())}))
    return Packages(ROOT / "build" / "debian", "bookworm", board.debian).kernel(), initrd


def bare(config, kernel, initrd, cmdline):
    """Without a hypervisor: instructions until it powers off."""
    machine = BARE[config.board_info.arch]
    plain = dataclasses.replace(
        config, boot="other", net="none", memory=MEMORY, modules=(), machine_flags=machine["flags"],
        extra=COUNTED + machine["extra"] + ("-no-shutdown", "-kernel", str(kernel), "-initrd", str(initrd),
                                            "-append", cmdline))
    host = Host(plain, LOGS / "bench-linux-bare")
    try:
        host.start()
        host.wait_serial(SAID, 200)
        host.wait_poweroff(60)
        return instructions(host)
    finally:
        host.stop()


def as_guest(host, name, cmdline):
    """On Basalt: from the request to start it until it has powered off, everything the host does included."""
    with Vm(host.api, name, vcpus=1, memory=MEMORY, kernel="kernel", initrd="initrd", cmdline=cmdline) as vm:
        time.sleep(1)
        before = instructions(host)
        vm.start()
        while vm.info()["state"] == "running":
            time.sleep(2)  # what the question costs is not the guest's
        count = instructions(host) - before
        if not re.search(SAID, vm.output()):
            raise Failure(f"Linux does not reach its first program: {vm.output()[-300:]!r}")
        return count


def modules(board, folder, kernel, initrd):
    """As the host gets them: where there is one file only, it has both."""
    if board.arch == "x86_64":
        return ("kernel", kernel), ("initrd", initrd)
    bundle = folder / "bundle"
    bundle.write_bytes(cpio({name: (0o100644, path.read_bytes()) for name, path in (("kernel", kernel), ("initrd", initrd))}))
    return (("bundle", bundle),)


def measure(name):
    """[(name, as a guest, without a hypervisor, aim, KVM's ratio)]"""
    folder = LOGS / "bench-linux-files"
    folder.mkdir(parents=True, exist_ok=True)
    board = BOARDS[name]
    kernel, initrd = guest_files(board, folder)
    config = counting(board=name, memory="1G", modules=modules(board, folder, kernel, initrd))
    rows = []
    host = Host(config, LOGS / "bench-linux")
    try:
        host.start().wait_ready()
        host.wait_serial("boot module initrd is an image")
        for kind, options in CONSOLES.items():
            cmdline = f"console={board.console}{options}"
            rows.append((kind, as_guest(host, kind, cmdline), bare(config, kernel, initrd, cmdline), AIMS[kind],
                         KVM[board.arch][kind]))
    finally:
        host.stop()
    return rows


def markdown(rows):
    lines = ["| Linux 6.1 to its first program and off, million instructions | without hypervisor | on Basalt | ratio "
             "| aim | KVM |", "|---|---:|---:|---:|---:|---:|"]
    lines += [f"| {name} console | {plain / 1e6:.1f} | {guest / 1e6:.1f} | {guest / plain:.4f} | {aim} | {kvm} |"
              for name, guest, plain, aim, kvm in rows]
    return "\n".join(lines) + "\n"
