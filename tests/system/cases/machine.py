# SPDX-License-Identifier: BSD-2-Clause
"""Reboot, power off, and what the host does when it cannot go on."""

import dataclasses
import re
import time

from harness.config import check, check_equal
from harness.prometheus import Metrics
from harness.registry import each_architecture, everywhere, test
from harness.stopwatch import usually_within, wait_until


@everywhere(host="own", cpus=2)
def reboot(t):
    t.host.wait_ready()
    t.host.allow_reset()
    end = t.host.serial.mark()
    answer = t.api.post("/v1/host/actions/reboot")
    check_equal(answer.status, 202, "status")
    t.host.wait_ready(start=end)
    check(t.host.resets >= 1, "the machine did not reset")


@everywhere(host="own", cpus=2)
def poweroff(t):
    t.host.wait_ready()
    answer = t.api.post("/v1/host/actions/poweroff")
    check_equal(answer.status, 202, "status")
    t.host.wait_poweroff()


@everywhere(boot=["ovmf-disk"], host="own", timeout=120)
def poweroff_uefi(t):
    t.host.wait_ready()
    check_equal(t.api.post("/v1/host/actions/poweroff").status, 202, "status")
    t.host.wait_poweroff()


@everywhere(host="none", arguments={"kind": ["page-fault", "stack-overflow", "wx", "panic", "lock-order", "double-free"]}, cpus=2)
def crash_halts(t, kind):
    """The debug option makes the host crash on purpose: it reports and stays as it is."""
    t.launch(dataclasses.replace(t.case.config, cmdline=f"panic=halt debug.crash={kind}"))
    t.host.wait_serial(r"error: policy: halt", fatal=False, timeout=20)
    _check_report(t, kind in ("page-fault", "stack-overflow", "wx"))
    check(t.host.is_running and not t.host.shutdown_reason, "the machine did not stay as it was")


@everywhere(host="none", cpus=2)
def crash_restarts(t):
    """The default: report, then start again."""
    t.launch(dataclasses.replace(t.case.config, cmdline="debug.crash=page-fault", extra=("-action", "reboot=reset")))
    t.host.wait_reset()
    _check_report(t, True)


@everywhere(host="own", cpus=[1, 2], cmdline="debug.load=spin")
def busy(t):
    """Threads that never sleep, two per CPU, do not keep those of higher priority waiting."""
    t.host.wait_ready()

    def ask():
        began = time.monotonic()
        t.host.check_alive()
        return time.monotonic() - began

    # A host that waited for its time slices would need a multiple of 10 ms for each step of an answer.
    usually_within(0.1, ask, "answers come late")


@each_architecture(host="none")
def busy_boot_images(t):
    """Nor those that take boot modules, which share the CPU with guests."""
    name = "initrd"  # which is what it is called where loaders give no name
    module = t.logdir / name
    t.logdir.mkdir(parents=True, exist_ok=True)
    module.write_bytes(bytes(range(256)) * 4096)
    t.launch(dataclasses.replace(t.case.config, cmdline="debug.load=spin", modules=((name, str(module)),)))
    t.host.wait_ready()
    t.host.wait_serial(f"boot module {name} is an image of 1048576 bytes")
    check_equal(t.api.get_json(f"/v1/images/{name}")["size_bytes"], 1 << 20, "size")


@everywhere(host="own", cpus=[1, 2, 8], memory="512M")
def idle(t):
    """CPUs with nothing to do halt, and nothing ticks: the emulator has next to nothing to do."""
    t.host.wait_ready()
    t.host.wait_serial(r"net: address fe80::|net: address fd", timeout=30)
    used = [0.0]

    def idles():
        before, began = t.host.cpu_seconds(), time.monotonic()
        time.sleep(4)
        used[0] = (t.host.cpu_seconds() - before) / (time.monotonic() - began)
        return used[0] < 0.2

    wait_until(idles, 30, lambda: f"{used[0]:.2f} of a processor's time when it idles")


def _control_registers(t):
    """Of every CPU, as QEMU shows them."""
    text = t.host.qmp.monitor("info registers -a")
    registers = {}
    for name in ("CR0", "CR4", "EFER"):
        registers[name] = {int(value, 16) for value in re.findall(rf"{name}=([0-9a-f]+)", text)}
    return registers


BITS = {"smep": ("CR4", 20), "smap": ("CR4", 21), "umip": ("CR4", 11), "nx": ("EFER", 11)}


@test(host="own", cpus=2, cpu_flags=["", ",-smep,-smap,-umip", ",-nx,-pdpe1gb,-pge",
                               ",-rdrand,-rdseed,-fsgsbase,-arat,-xsave,-x2apic"])
def protections(t):
    """What the processor offers is used on every CPU, and nothing that it does not offer."""
    t.host.wait_ready()
    features = t.api.get_json("/v1/host")["cpu"]["features"]
    registers = _control_registers(t)
    check(all(value >> 16 & 1 for value in registers["CR0"]), "CR0.WP is off")
    for name, (register, bit) in BITS.items():
        offered = f"-{name}" not in t.case.config.cpu_flags
        check_equal(name in features, offered, f"{name} among the features")
        check_equal({value >> bit & 1 for value in registers[register]}, {int(offered)}, f"{name} in {register}")
    t.host.check_alive()


@test(host="own", machine_flags=["", ",hpet=off"], cpus=2)
def clock(t):
    """The clock runs as fast as ours, whatever it was calibrated against."""
    t.host.wait_ready()
    reference = "ACPI PM timer" if "hpet=off" in t.case.config.machine_flags else "HPET"
    t.host.wait_serial(rf"clock: .*{reference}", timeout=5)
    _clock_check(t)


@test(host="own", board=["qemu-virt-arm64"], cpus=2, cpu_flags=["", ",cntfrq=25000000"])
def generic_timer(t):
    """So does one whose frequency the processor tells."""
    t.host.wait_ready()
    _clock_check(t)


def _clock_check(t):
    first_began, first, first_ended = _uptime(t)
    time.sleep(3)
    second_began, second, second_ended = _uptime(t)
    # Whatever the requests took, the readings lie within them.
    shortest, longest = second_began - first_ended, second_ended - first_began
    check(shortest * 0.98 - 0.01 <= second - first <= longest * 1.02 + 0.01,
          f"{second - first:.3f} s by the host's clock, {shortest:.3f} to {longest:.3f} s by ours")


def _uptime(t):
    began = time.monotonic()
    metrics = Metrics(t.api.get("/metrics").text)
    return began, metrics.samples[("basalt_uptime_seconds", ())], time.monotonic()


def _check_report(t, is_exception):
    """Registers and a backtrace that names functions."""
    serial = t.host.serial
    if is_exception:
        for register in t.case.config.board_info.registers:
            check(serial.seen(rf"(?i)\b{register}\b[ =:]*(0x)?[0-9a-f]{{8,16}}"), f"no {register} in the report")
    names = re.findall(r"\b[a-z_][a-z0-9_]+\+0x[0-9a-f]+", serial.text)
    check(len(names) >= 3, f"the backtrace names only {names}")
