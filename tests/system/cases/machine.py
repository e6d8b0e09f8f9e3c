# SPDX-License-Identifier: BSD-2-Clause
"""Reboot, power off, and what the host does when it cannot go on."""

import dataclasses
import re

from harness.config import check, check_equal
from harness.registry import test


@test(host="own", cpus=2)
def reboot(t):
    t.host.wait_ready()
    t.host.allow_reset()
    end = t.host.serial.mark()
    answer = t.api.post("/v1/host/actions/reboot")
    check_equal(answer.status, 202, "status")
    t.host.wait_ready(start=end)
    check(t.host.resets >= 1, "the machine did not reset")


@test(host="own", cpus=2)
def poweroff(t):
    t.host.wait_ready()
    answer = t.api.post("/v1/host/actions/poweroff")
    check_equal(answer.status, 202, "status")
    t.host.wait_poweroff()


@test(boot=["ovmf-disk"], host="own", timeout=120)
def poweroff_uefi(t):
    t.host.wait_ready()
    check_equal(t.api.post("/v1/host/actions/poweroff").status, 202, "status")
    t.host.wait_poweroff()


@test(host="none", arguments={"kind": ["page-fault", "stack-overflow", "wx", "panic"]}, cpus=2)
def crash_halts(t, kind):
    """The debug option makes the host crash on purpose: it reports and stays as it is."""
    t.launch(dataclasses.replace(t.case.config, cmdline=f"panic=halt debug.crash={kind}"))
    t.host.wait_serial(r"error: policy: halt", fatal=False, timeout=20)
    _check_report(t, kind != "panic")
    check(t.host.is_running and not t.host.shutdown_reason, "the machine did not stay as it was")


@test(host="none", cpus=2)
def crash_restarts(t):
    """The default: report, then start again."""
    t.launch(dataclasses.replace(t.case.config, cmdline="debug.crash=page-fault", extra=("-action", "reboot=reset")))
    t.host.wait_reset()
    _check_report(t, True)


def _check_report(t, is_exception):
    """Registers and a backtrace that names functions."""
    serial = t.host.serial
    if is_exception:
        for register in ("rip", "rsp", "rax", "r15", "cr2", "cr3"):
            check(serial.seen(rf"(?i)\b{register}\b[ =:]*(0x)?[0-9a-f]{{8,16}}"), f"no {register} in the report")
    names = re.findall(r"\b[a-z_][a-z0-9_]+\+0x[0-9a-f]+", serial.text)
    check(len(names) >= 3, f"the backtrace names only {names}")
