# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's machine protocol: commands, answers and events over a local socket."""

import json
import queue
import socket
import threading

from .config import Failure
from .stopwatch import patiently


class Qmp:
    def __init__(self, sock, on_event):
        self._sock = sock
        self._file = sock.makefile("r", encoding="utf-8")
        self._answers = queue.Queue()
        self._on_event = on_event
        self._lock = threading.Lock()
        json.loads(self._file.readline())  # the greeting
        self._thread = threading.Thread(target=self._read, name="qmp", daemon=True)
        self._thread.start()
        self.command("qmp_capabilities")

    def _read(self):
        try:
            for line in self._file:
                message = json.loads(line)
                if "event" in message:
                    self._on_event(message["event"], message.get("data", {}))
                else:
                    self._answers.put(message)
        except (OSError, ValueError):
            pass
        self._answers.put({"error": {"desc": "QEMU closed the connection"}})

    def _answer(self):
        try:
            return self._answers.get(timeout=1)
        except queue.Empty as empty:
            raise TimeoutError from empty

    def command(self, name, /, **arguments):
        """Runs one command and gives its result."""
        with self._lock:
            message = {"execute": name}
            if arguments:
                message["arguments"] = arguments
            try:
                self._sock.sendall(json.dumps(message).encode() + b"\n")
                answer = patiently(self._answer, 60, "nothing comes")
            except (OSError, Failure) as error:
                raise Failure(f"QEMU does not answer {name}: {error}") from error
        if "error" in answer:
            raise Failure(f"QEMU refuses {name}: {answer['error']['desc']}")
        return answer["return"]

    def monitor(self, line):
        """A command of the human monitor, for what QMP does not offer."""
        return self.command("human-monitor-command", **{"command-line": line})

    def close(self):
        # Closing while the reader blocks in it would wait for the reader: end the stream first.
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(5)
        self._sock.close()
