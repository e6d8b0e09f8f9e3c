# SPDX-License-Identifier: BSD-2-Clause
"""What `make demo` shows: a shell of Debian's kernel on a network-booted host, on a terminal, typed at."""

import os
import pty
import select
import signal
import time

from harness.config import ROOT, check
from harness.registry import with_vms
from harness.stopwatch import Stopwatch

DETACH = b"\x1d"


class Terminal:
    """A program on a pseudo-terminal; waits for what it prints, not for time to pass."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        self.output = b""
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvp(command[0], command)

    def expect(self, text, seconds):
        watch = Stopwatch()
        while text not in self.output:
            check(not watch.is_past(seconds), f"no {text!r} on the terminal, which shows {self.output[-300:]!r}")
            if select.select([self.fd], [], [], 1)[0]:
                data = os.read(self.fd, 4096)
                check(data, f"the program ended without {text!r}")
                self.output += data

    def type(self, data):
        os.write(self.fd, data)

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@with_vms(host="none", timeout=180)
def shell(t):
    config = t.case.config
    terminal = Terminal(["scripts/demo", config.board, str(config.image(config.board_info.demo))])
    try:
        terminal.expect(b"on Basalt", 150)
        terminal.expect(b"# ", 20)
        terminal.type(b"echo answer=$((6*7))\r")
        terminal.expect(b"answer=42", 20)
        terminal.type(DETACH)
        terminal.expect(b"detached", 20)
    finally:
        terminal.close()
