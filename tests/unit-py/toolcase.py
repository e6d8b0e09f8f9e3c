# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of basaltctl share: the tool in this process, servers that misbehave, a case with a host."""

import contextlib
import functools
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from fakehost import FakeHost

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "scripts" / "basaltctl"

sys.path.insert(0, str(ROOT / "tests" / "system"))
from harness import heartbeat  # noqa: E402  (the path comes first)
from harness.stopwatch import Stopwatch, patiently, wait_until  # noqa: E402,F401

PATIENCE_S = 30     # of the stopwatch, for what should come at once


def load_tool():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("basaltctl", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("basaltctl", loader))
    sys.modules["basaltctl"] = module
    loader.exec_module(module)
    module.QUIET_GAP_S, module.RETRY_MIN_S = 0.5, 0.02
    return module


ctl = load_tool()


class Result:
    def __init__(self, status, out, err):
        self.status, self.bytes, self.err = status, out, err
        self.out = out.decode("utf-8", "replace")
        self.lines = self.out.splitlines()

    def json(self):
        return json.loads(self.out)


def run(*argv, stdin=b"", env=None):
    """main() in this process, with its standard streams and environment replaced."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    saved, saved_in = dict(os.environ), sys.stdin
    for name in [n for n in os.environ if n.startswith("BASALT_")]:
        del os.environ[name]
    os.environ.update(env or {})
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = ctl.main([str(a) for a in argv])
            except SystemExit as leave:
                status = leave.code or 0
        out.flush()
        return Result(status, out.buffer.getvalue(), err.getvalue())
    finally:
        sys.stdin = saved_in
        os.environ.clear()
        os.environ.update(saved)


def _in_rounds(wait):
    """What subprocess waits for, asked for again and again: whether it is late is the stopwatch's to say."""
    def attempt():
        try:
            return wait()
        except subprocess.TimeoutExpired as expired:
            raise TimeoutError from expired
    return patiently(attempt, PATIENCE_S, "the tool does not end")


def output_of(process, data=None):
    """What it says until it ends: standard output, standard error."""
    first = [data]
    return _in_rounds(lambda: process.communicate(first.pop() if first else None, timeout=1))


def status_of(process):
    return _in_rounds(lambda: process.wait(1))


def again_after_stall(test):
    """For tests in which the tool is given less than a second: what fails when the machine stood still is done again."""
    @functools.wraps(test)
    def attempts(self):
        while True:
            before = heartbeat.lost()
            try:
                return test(self)
            except AssertionError:
                if heartbeat.lost() == before:
                    raise
            self.doCleanups()
            self.setUp()
    return attempts


class RawServer:
    """Answers each connection with what script(socket, number) does: for servers no library would produce."""

    def __init__(self, script):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.label = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.script, self.number = script, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.number += 1
                self.script(connection, self.number)

    def close(self):
        self.socket.close()


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(4096)
        if not block:
            break
        data += block
    return data


class HostCase(unittest.TestCase):
    def setUp(self):
        self.fake = FakeHost()
        self.addCleanup(self.fake.close)
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def ctl(self, *argv, **more):
        return run("--host", self.fake.label, *argv, **more)

    def good(self, *argv, **more):
        result = self.ctl(*argv, **more)
        self.assertEqual((result.status, result.err), (0, ""))
        return result

    def bad(self, status, *argv, **more):
        """The command must fail with this status and exactly one line; returns the line."""
        result = self.ctl(*argv, **more)
        self.assert_one_line(result.err)
        self.assertEqual(result.status, status, result.err)
        return result.err

    def assert_one_line(self, text):
        self.assertRegex(text, r"\Abasaltctl: [^\n]+\n\Z")

    def raw(self, script):
        server = RawServer(script)
        self.addCleanup(server.close)
        return server.label

    def file(self, name="image.bin", size=300000):
        path = self.folder / name
        path.write_bytes(os.urandom(size))
        return path
