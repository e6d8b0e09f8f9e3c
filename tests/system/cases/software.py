# SPDX-License-Identifier: BSD-2-Clause
"""Other people's programs as guests, unmodified: memtest86+, GRUB, iPXE, U-Boot. Debian's packages, fetched on first use."""

import os
import re
import subprocess
import sys
import time

from harness.config import BUILD, ROOT, Skip, check, check_equal
from harness.linux import kernel_file
from harness.registry import test, with_vms
from harness.stopwatch import Stopwatch
from harness.vm import Vm, check_answers, guest_file, make, upload

sys.path.insert(0, str(ROOT / "scripts/build"))
from debian import Packages  # noqa: E402  (the path comes first)

HOST = {"cpus": 2, "memory": "512M"}
FULL = os.environ.get("BASALT_TEST_FULL") == "1"
GRUB_CONFIG = """
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=-1
menuentry "Entry one" { echo "this was one"; sleep --interruptible 60 }
menuentry "Entry two" { echo "this was two"; sleep --interruptible 60 }
"""


def package(name):
    """The folder of an unpacked package of Debian 12."""
    try:
        return Packages(BUILD / "debian", "bookworm").unpack(name)
    except subprocess.CalledProcessError as error:
        raise Skip(f"package {name} cannot be had: {error}") from error


def guest(t, file, name, **config):
    return Vm(t.api, name, vcpus=1, memory="64M", **config, kernel=upload(t.api, f"software-{name}", file.read_bytes()))


@test(timeout=300, **HOST)
def memtest(t):
    """
    memtest86+ tests 64 MiB without an error, on its serial console, beside a neighbour: its first tests, and with
    BASALT_TEST_FULL=1 a whole pass, which takes minutes.
    """
    file = package("memtest86+") / "boot/memtest86+x64.bin"
    with make(t, "echo", name="neighbour") as other, \
            guest(t, file, "memtest", cmdline="console=ttyS0,115200 nopause nobench nosm nobigstatus") as vm:
        other.start()
        other.wait_output("ready")
        vm.start()
        vm.wait_output("Memtest86+ v")
        vm.wait_output("of 63.6MB]")
        check_answers(other, "during")
        watch = Stopwatch()
        tests, passes = [], []
        while tests[-1:] != ["5"] if not FULL else passes[-1:] != [("1", "0")]:
            check(not watch.is_past(900), f"test {tests[-1:]}, pass {passes[-1:]} is all it has come to")
            time.sleep(1)
            text = vm.output()
            tests = re.findall(r"#(\d+)  \[", text)
            passes = re.findall(r"Pass: +(\d+) +Errors: +(\d+)", text)
            check(all(errors == "0" for _, errors in passes), f"errors: {text[-1000:]!r}")
            check_equal(vm.info()["state"], "running", "state")


def grub_image():
    """GRUB for coreboot, which is a multiboot program, with a menu in its memory disk."""
    image = BUILD / "debian" / "grub.elf"
    if not image.exists():
        tool = package("grub-common") / "usr/bin/grub-mkstandalone"
        modules = package("grub-coreboot-bin") / "usr/lib/grub/i386-coreboot"
        config, fresh = (image.with_suffix(f".{os.getpid()}.{kind}") for kind in ("cfg", "elf"))
        config.write_text(GRUB_CONFIG)
        done = subprocess.run(
            [tool, "-d", modules, "-O", "i386-coreboot", "-o", fresh, "--locales=", "--fonts=", "--themes=",
             "--modules=serial normal terminal", "--install-modules=serial normal terminal echo sleep minicmd tar",
             f"boot/grub/grub.cfg={config}"], capture_output=True, text=True, check=False)
        config.unlink()
        if done.returncode:
            raise Skip(f"grub-mkstandalone does not run here: {done.stderr[-300:]}")
        fresh.rename(image)
    return image


@test(timeout=120, **HOST)
def grub(t):
    """GRUB, started by multiboot, shows its menu and obeys the keys."""
    with guest(t, grub_image(), "grub") as vm:
        vm.start()
        vm.wait_output("GNU GRUB", 60)
        output = vm.wait_output("Entry two", 60)
        vm.type("\x1b[B")  # down
        output = vm.wait_output("*Entry two", 60)
        vm.type("\r")
        vm.wait_output("this was two", 60, after=len(output))


@test(timeout=120, **HOST)
def ipxe(t):
    """iPXE reaches its prompt and obeys, in real and protected mode by turns, on what the guest `bios` has of a BIOS."""
    kernel = upload(t.api, "bios", guest_file(t.host.config, "bios").read_bytes())
    program = upload(t.api, "ipxe", (package("ipxe") / "usr/lib/ipxe/ipxe.lkrn").read_bytes())
    with Vm(t.api, "ipxe", vcpus=1, memory="64M", kernel=kernel, initrd=program, debug_exit=True) as vm:
        vm.start()
        vm.wait_output("Press Ctrl-B", 60)
        vm.type("\x02")
        output = vm.wait_output("iPXE> ", 60)
        vm.type("echo ${builtin/platform} $\r")
        output = vm.wait_output("pcbios $", 60, after=len(output))
        vm.type("exit\r")
        check_equal(vm.wait_end()["exit_code"], 2, "what the BIOS ends with when there is nothing left to boot")


@test(**HOST)
def ipxe_alone(t):
    """It wants a BIOS, by a boot protocol that is too old; the answer says so."""
    with guest(t, package("ipxe") / "usr/lib/ipxe/ipxe.lkrn", "ipxe-alone") as vm:
        answer = vm.try_action("start")
        problem = answer.json()
        check_equal((answer.status, problem["code"], problem["field"]), (422, "not_loadable", "kernel"), "answer")
        check(re.search(r"boot protocol 2\.0\d, which starts in real mode", problem["detail"]),
              f"detail: {problem['detail']}")


@with_vms(["qemu-virt-arm64"], timeout=200, cpus=2, memory="1G")
def uboot(t):
    """U-Boot as firmware reaches its prompt, finds the PCI host, starts Linux by booti; and switches off."""
    firmware = upload(t.api, "u-boot", (package("u-boot-qemu") / "usr/lib/u-boot/qemu_arm64/u-boot.bin").read_bytes())
    linux = upload(t.api, "vmlinuz-6.1", kernel_file(t.host.config.board_info, "6.1").read_bytes())

    def say(vm, command, answer):
        before = len(vm.output())
        vm.type(command + "\n")
        return vm.wait_output(answer, 60, after=before + len(command))

    with Vm(t.api, "u-boot", vcpus=1, memory="256M", kernel=firmware, initrd=linux) as vm:
        vm.start()
        vm.wait_output("Hit any key", 60)
        vm.type("\n")
        vm.wait_output("=> ", 60)
        check("0x1b36" in say(vm, "pci", "=> "), f"pci shows no host bridge: {vm.output()[-500:]!r}")
        vm.type("poweroff\n")
        check_equal(vm.wait_end(60)["state"], "stopped", "state after poweroff")
        before = len(vm.output())
        vm.start()
        vm.wait_output("Hit any key", 60, after=before)
        say(vm, "", "=> ")
        say(vm, "setenv bootargs console=ttyAMA0 panic=-1", "=> ")
        say(vm, "booti 0x44000000 - 0x40000000", "Linux version 6.1")
        vm.action("stop")
