# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernels with a busybox shell on the serial console, as VMs of a host or directly on QEMU."""

import contextlib
import gzip
import itertools
import json
import re
import struct
import subprocess
import sys
import time

from .config import BUILD, ROOT, Failure, Skip, check, check_equal
from .serial import ESCAPES, Serial
from .stopwatch import Stopwatch
from .vm import Vm, upload

sys.path.insert(0, str(ROOT / "scripts/build"))
from debian import Packages, cpio, initramfs  # noqa: E402  (the path comes first)

# The release that has it, whatever this machine runs.
KERNELS = {"6.1": "bookworm", "6.12": "trixie"}
MEMORY = "256M"
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
echo "the shell is here"
exec setsid cttyhack sh
"""
READY = "the shell is here"
# What a kernel that is not quiet says meanwhile.
PRINTK = re.compile(r"^\[ *\d+\.\d+\] .*\n", re.M)
# What it says when its machine stood still: true, and no fault of the host's.
STOOD_STILL = re.compile(r"clocksource: Long readout interval|clocksource: timekeeping watchdog|hrtimer: interrupt took|"
                         r"sched: RT throttling", re.I)
# And when that took about as long as what it waits for.
STOOD_STILL_LONG = re.compile(r"rcu: .*(stall|starved)|soft lockup", re.I)


def kernel_file(board, version):
    try:
        return Packages(BUILD / "debian", KERNELS[version], board.debian).kernel()
    except subprocess.CalledProcessError as error:
        raise Skip(f"no kernel {version}: {error}") from error


def initrd_bytes(board, programs=()):
    return initramfs(Packages(BUILD / "debian", "bookworm", board.debian).busybox(), INIT, programs)


def command_line(board, quiet=True):
    return f"console={board.console}" + (" quiet" if quiet else "")


class VmConsole:
    """A VM's console by HTTP: what it said since this object was made."""

    def __init__(self, vm):
        self.vm = vm
        self.offset = 0
        self.text = ""

    def send(self, data):
        while data:
            answer = self.vm.api.post(f"{self.vm.path}/console/input", data)
            check_equal(answer.status, 200, "console input")
            data = data[answer.json()["accepted_bytes"]:]

    def _more(self):
        answer = self.vm.api.get(f"{self.vm.path}/console/log?offset={self.offset}")
        check_equal(answer.status, 200, "console log")
        self.offset = int(answer.header("x-next-offset"))
        self.text += ESCAPES.sub(b"", answer.body).replace(b"\r", b"").decode("utf-8", "replace")
        return bool(answer.body)

    def wait(self, pattern, timeout, start=0):
        """The match of `pattern` at or behind `start`; fails after `timeout` seconds, or when the VM has crashed."""
        wanted = re.compile(pattern, re.M)
        watch = Stopwatch()
        while True:
            match = wanted.search(self.text, start)
            if match:
                return match
            if not self._more():
                info = self.vm.info()
                late = watch.is_past(timeout)
                if info["state"] != "running" or late:
                    self._more()
                    raise Failure(f"{self.vm.name} is {info['state']} ({info['crash']}), no {pattern!r} after "
                                  f"{self.text[start:][-600:]!r}")
                time.sleep(0.1)

    def mark(self):
        return len(self.text)


class QemuConsole:
    """The serial line of a QEMU process."""

    def __init__(self, process, log):
        self.process = process
        self.serial = Serial(process.stdout, log)

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait(self, pattern, timeout, start=0):
        return self.serial.wait(pattern, timeout, start)

    def mark(self):
        return self.serial.mark()


class Shell:
    """The guest's shell. Commands are typed; markers that the typed text itself does not contain frame what they say."""

    def __init__(self, console):
        self.console = console
        self._numbers = itertools.count(1)

    def wait_ready(self, timeout=90):
        self.console.wait(f"{READY}\n(.*\n)*?.*# ", timeout)
        return self

    def begin(self, command):
        """Types a command; what it gives is for finish()."""
        number = next(self._numbers)
        start = self.console.mark()
        self.console.send(f"echo '<''{number}'; {command}; echo \"$?:{number}>\"\n".encode())
        return number, start

    def finish(self, begun, timeout=30):
        """The command's output; a status other than 0 is a failure."""
        number, start = begun
        match = self.console.wait(rf"^<{number}\n(?s:(.*?))^(\d+):{number}>\n", timeout, start)
        if match.group(2) != "0":
            raise Failure(f"a command in the guest gives {match.group(2)} after {match.group(1)[-300:]!r}")
        return match.group(1)

    def run(self, command, timeout=30):
        return self.finish(self.begin(command), timeout)

    def uptime(self):
        """The guest's clock in seconds, between the two moments (ours) that it was read."""
        before = time.monotonic()
        match = re.search(r"^(\d+\.\d+) \d+\.\d+$", self.run("cat /proc/uptime"), re.M)
        check(match, "no answer to cat /proc/uptime")
        return before, float(match.group(1)), time.monotonic()


def zboot(image):
    """As distributions ship it: an EFI program with a packed kernel in it (Linux, zboot-header.S)."""
    payload = pack(image)
    return struct.pack("<4s4sII8x32sII", b"MZ", b"zimg", 64, len(payload), b"gzip", 0x818223cd, 0) + payload


def pack(image):
    return gzip.compress(image, compresslevel=1)


PACKINGS = {None: bytes, "gz": pack, "zboot": zboot}


class LinuxVm(Vm):
    """A VM with a Debian kernel; start() returns when the kernel runs, wait_shell() when it can be typed at."""

    def __init__(self, host, kernel, name=None, vcpus=1, memory=MEMORY, quiet=True, programs=(), packed=None):
        api, board = host.api, host.config.board_info
        image = PACKINGS[packed](kernel_file(board, kernel).read_bytes())
        super().__init__(api, name or f"linux-{kernel}", vcpus=vcpus, memory=memory, cmdline=command_line(board, quiet),
                         kernel=upload(api, f"vmlinuz-{kernel}" + (f".{packed}" if packed else ""), image),
                         initrd=upload(api, "-".join(["initrd", *(path.name for path in programs)]),
                                       initrd_bytes(board, programs)))
        self.shell = Shell(VmConsole(self))

    def wait_shell(self, timeout=90):
        self.shell.wait_ready(timeout)
        return self.shell

    def power_off(self):
        self.shell.console.send(b"poweroff -f\n")
        info = self.wait_end(60)
        check_equal(info["state"], "stopped", f"state after poweroff (crash: {info['crash']})")


# Levels warning and above, and words that tell of trouble at any level.
TROUBLE = (r"^<[0-4]>|warn|error|fail|bug|stall|lockup|unable|cannot|invalid|unexpected|spurious|timeout|timed out|illegal|"
           r"corrupt|conflict|broken|nobody cared|hung|not responding|unstable|disabl|unsupported|missing")


def complaints(shell):
    """What the kernel's log has of that, by the text without numbers: the line, and its text behind the time."""
    lines = {}
    for line in shell.run(f"dmesg -r | grep -iE '{TROUBLE}'", timeout=60).splitlines():
        text = re.sub(r"^<\d+>\[ *[\d.]+\] *", "", line)
        lines[re.sub(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", "#", text)] = line, text
    return lines


def complaints_on_qemu(board, cpu, kernel, vcpus):
    """
    What the same system complains of on QEMU itself, without a hypervisor. Time is counted in instructions there, with
    one processor at a time: with real time on a busy machine the kernel measures wrong frequencies, and then complains
    a lot. So the answer is always the same, and kept.
    """
    folder = BUILD / "linux-on-qemu" / f"{kernel_file(board, kernel).name}-{vcpus}{cpu and f'-{cpu}'}"
    command = [board.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M", board.guest_machine,
               "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", cpu or board.cpu, "-smp", str(vcpus),
               "-m", MEMORY, "-serial", "stdio", "-append", command_line(board), "-kernel",
               str(kernel_file(board, kernel))]
    version = subprocess.run([board.qemu, "--version"], capture_output=True, text=True, check=True).stdout
    key = " ".join([version, *command, TROUBLE, INIT])
    with contextlib.suppress(OSError):
        kept = json.loads((folder / "complaints").read_text())
        if kept["key"] == key:
            return kept["complaints"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "initrd").write_bytes(initrd_bytes(board))
    process = subprocess.Popen([*command, "-initrd", str(folder / "initrd")], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    try:
        found = complaints(Shell(QemuConsole(process, folder / "serial.log")).wait_ready(timeout=300))
    finally:
        process.kill()
        process.wait()
    (folder / "complaints").write_text(json.dumps({"key": key, "complaints": found}, indent=1))
    return found


def check_shell(shell, vcpus):
    """It answers, knows its CPUs, and its time is ours."""
    check_equal(shell.run("echo $((6*7))"), "42\n", "the shell's answer")
    check_equal(shell.run("nproc").strip(), str(vcpus), "nproc")
    for which in ("online", "present"):
        cpus = "0" if vcpus == 1 else f"0-{vcpus - 1}"
        check_equal(shell.run(f"cat /sys/devices/system/cpu/{which}").strip(), cpus, f"CPUs {which}")


def check_time(shell, host, seconds=3):
    """The guest's clock goes as ours does, as far as the moments of reading it tell; a sleep is as long as asked for."""
    sent1, guest1, answered1 = shell.uptime()
    shell.run(f"sleep {seconds}", timeout=seconds + 30)
    sent2, guest2, answered2 = shell.uptime()
    passed = guest2 - guest1
    check(0.99 * (sent2 - answered1) - 0.02 <= passed <= 1.01 * (answered2 - sent1) + 0.02,
          f"{passed:.2f} s passed in the guest, between {sent2 - answered1:.2f} s and {answered2 - sent1:.2f} s here")
    check(passed >= seconds, f"sleep {seconds} took {passed:.2f} s of the guest's time")
    before = time.time()
    date = int(shell.run("date +%s"))
    # The emulator's RTC, the host's reading of it, the guest's RTC and its kernel each cut to whole seconds; and a machine
    # that stood still when one of them had just been read makes the date old.
    check(before - 6 - host.lost() <= date <= time.time() + 2, f"the guest's date is {date}, ours {before:.0f}")
