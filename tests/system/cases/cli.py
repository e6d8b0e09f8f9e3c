# SPDX-License-Identifier: BSD-2-Clause
"""The command line tool against a real host, and `make run`; how the tool itself behaves is in tests/unit-py."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import urllib.request

from harness.config import ROOT, Skip, check, check_equal
from harness.host import free_port
from harness.registry import each_architecture
from harness.stopwatch import patiently, wait_until


def _ctl(t, *arguments, status=0, token=None):
    # How long it waits is ours to say, whose clock knows what was lost.
    command = [str(ROOT / "scripts" / "basaltctl"), "--host", t.host.url, "--timeout", "3600", *arguments]
    environment = {**os.environ, **({"BASALT_TOKEN": token} if token else {})}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment) as tool:
        try:
            output, errors = patiently(lambda: _communicate(tool), 300, f"{' '.join(arguments)} does not end")
        except BaseException:
            tool.kill()
            raise
    check_equal(tool.returncode, status, f"exit status of {' '.join(arguments)} ({errors.decode()[-200:]})")
    return output


def _communicate(process):
    try:
        return process.communicate(timeout=1)
    except subprocess.TimeoutExpired as expired:
        raise TimeoutError from expired


@each_architecture()
def reads(t):
    host = json.loads(_ctl(t, "host", "--json"))
    check_equal(host["board"], t.case.config.board, "board")
    check(host["name"] in _ctl(t, "host").decode(), "the table has no name")
    log = json.loads(_ctl(t, "log", "--json"))
    messages = [entry["message"] for entry in (log["entries"] if isinstance(log, dict) else log)]
    check(any("agent: HTTP" in message for message in messages), "the log has no line of the agent")
    check(b"basalt_uptime_seconds" in _ctl(t, "metrics"), "no metrics")
    _ctl(t, "wait")
    _ctl(t, "nonsense", status=2)
    _ctl(t, "image", "show", "absent", status=5)


@each_architecture()
def images(t):
    with tempfile.TemporaryDirectory() as folder:
        source, back = os.path.join(folder, "blob"), os.path.join(folder, "back")
        content = os.urandom(3 << 20)
        with open(source, "wb") as file:
            file.write(content)
        _ctl(t, "image", "push", source, "by-tool")
        check(b"by-tool" in _ctl(t, "images"), "the list lacks the image")
        _ctl(t, "image", "get", "by-tool", back)
        with open(back, "rb") as file:
            check(file.read() == content, "the bytes came back differently")
        _ctl(t, "image", "rm", "by-tool")
        check(b"by-tool" not in _ctl(t, "images"), "the image is still listed")


@each_architecture(cmdline="token=look:read")
def refused(t):
    _ctl(t, "host", status=7)
    _ctl(t, "host", token="look")
    _ctl(t, "image", "rm", "x", status=7, token="look")


@each_architecture(host="none", timeout=120)
def make_run(t):
    """`make run` answers on a local port."""
    port = free_port()
    # As make itself was told: another spelling of the folder would be another build.
    folder = os.path.relpath(t.case.config.image("elf").parent, ROOT)
    if not (ROOT / folder / ".config").exists():
        raise Skip(f"{folder} was not built by make")
    process = subprocess.Popen(["make", f"BOARD={t.case.config.board}", f"O={folder}", f"PORT={port}", "run"],
                               cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        def answer():
            check(process.poll() is None, "make run ended")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as said:
                return said.read()

        check_equal(wait_until(answer, 60, "no answer", pause=0.5), b"ok\n", "answer")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
