# SPDX-License-Identifier: BSD-2-Clause
"""Reboot, power off, and what the host does when it cannot go on."""

from harness.config import check, check_equal
from harness.host import READY
from harness.registry import test


@test(host="own", cpus=2)
def reboot(t):
    t.host.wait_ready()
    t.host.expected_reset = True
    end = t.host.serial.mark()
    answer = t.api.post("/v1/host/actions/reboot")
    check_equal(answer.status, 202, "status")
    t.host.wait_serial(READY, start=end)
    t.host.check_alive()
    check_equal(t.host.resets, 1, "resets")


@test(host="own", cpus=2)
def poweroff(t):
    t.host.wait_ready()
    answer = t.api.post("/v1/host/actions/poweroff")
    check_equal(answer.status, 202, "status")
    check_equal(t.host.wait_exit(), 0, "QEMU's exit status")


@test(boot=["ovmf-disk"], host="own", timeout=120)
def poweroff_uefi(t):
    t.host.wait_ready()
    check_equal(t.api.post("/v1/host/actions/poweroff").status, 202, "status")
    check_equal(t.host.wait_exit(), 0, "QEMU's exit status")


def _check_report(t):
    """Registers and a backtrace that names functions."""
    serial = t.host.serial
    for register in ("rip", "rsp", "rax", "cr2", "cr3"):
        check(serial.seen(rf"(?i)\b{register}\b[ =:]*(0x)?[0-9a-f]{{8,16}}"), f"no {register} in the report")
    check(serial.seen(r"[a-z_][a-z0-9_]+\+0x[0-9a-f]+"), "no symbolised address in the report")


@test(host="own", arguments={"kind": ["page-fault", "invalid-opcode", "stack-overflow", "panic"]}, cpus=2,
      cmdline="panic=halt")
def crash_halts(t, kind):
    """The debug option makes the host crash in a thread; it reports, and stays halted."""
    _crash(t, kind)
    t.host.wait_serial(r"(?i)halt", fatal=False)
    check_equal(t.host.resets, 0, "resets")
    check(t.host.is_running, "QEMU ended")


@test(host="own", arguments={"kind": ["page-fault", "panic"]}, cpus=2, cmdline="panic=restart")
def crash_restarts(t, kind):
    t.host.expected_reset = True
    _crash(t, kind)


def _crash(t, kind):
    raise NotImplementedError
