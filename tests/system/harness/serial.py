# SPDX-License-Identifier: BSD-2-Clause
"""The host's serial line: kept in a file, watched for patterns as it arrives."""

import os
import re
import threading
import time

from .config import SLOW, Failure
from .stopwatch import Stopwatch

# Colours and cursor movements of firmware.
ESCAPES = re.compile(rb"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|c)")


class Serial:
    """
    Reads a pipe from a thread of its own. Waiters sleep on a condition that each arriving byte signals, so
    nothing here polls. `fatal` is a pattern that ends every wait at once (a panic where none is expected).
    """

    def __init__(self, pipe, path, fatal=None):
        self.path = path
        self.fatal = re.compile(fatal) if fatal else None
        self.last_activity = time.monotonic()
        self.text = ""
        self.closed = False
        self.failure = None
        self._pipe = pipe
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="serial", daemon=True)
        self._thread.start()

    def _read(self):
        pending = b""
        with open(self.path, "ab", buffering=0) as log:
            while True:
                data = os.read(self._pipe.fileno(), 65536)
                if not data:
                    break
                try:
                    log.write(data)
                except OSError as error:  # but go on reading, or QEMU waits for ever
                    self.fail(f"{self.path}: {error.strerror}")
                # An escape sequence may be cut by the read: keep its beginning for the next round.
                pending += data
                cut = pending.rfind(b"\x1b", -16)
                if cut >= 0 and not ESCAPES.match(pending[cut:]):
                    pending, rest = pending[:cut], pending[cut:]
                else:
                    rest = b""
                text = ESCAPES.sub(b"", pending).replace(b"\r", b"").decode("utf-8", "replace")
                pending = rest
                with self._changed:
                    self.text += text
                    self.last_activity = time.monotonic()
                    self._changed.notify_all()
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def mark(self):
        """The present end of the text, as a `start` for wait()."""
        with self._changed:
            return len(self.text)

    def fail(self, reason):
        """Wakes all waiters with a failure (the machine reset, QEMU died)."""
        with self._changed:
            self.failure = self.failure or reason
            self._changed.notify_all()

    def wait(self, pattern, timeout, start=0, quiet=None, fatal=True):
        """
        The match of `pattern` at or after `start`. Fails after `timeout` seconds in all or after `quiet`
        seconds without a single byte from the host.
        """
        wanted = re.compile(pattern, re.M)
        whole = since_byte = Stopwatch()
        begin = heard = time.monotonic()
        with self._changed:
            while True:
                match = wanted.search(self.text, start)
                if match:
                    return match
                if fatal and self.fatal:
                    bad = self.fatal.search(self.text, start)
                    if bad:
                        # Let the rest of the report arrive before giving up.
                        self._changed.wait(1.0)
                        raise Failure(f"the host said {bad.group(0).strip()!r} while {pattern!r} was awaited")
                if self.failure:
                    raise Failure(f"{self.failure} while {pattern!r} was awaited")
                if self.closed:
                    raise Failure(f"QEMU ended while {pattern!r} was awaited")
                if self.last_activity > heard:
                    heard, since_byte = self.last_activity, Stopwatch()
                if whole.is_past(timeout) or (quiet is not None and since_byte.is_past(quiet)):
                    raise Failure(f"no {pattern!r} on the serial line after {time.monotonic() - begin:.0f} s")
                self._changed.wait(min(1.0, timeout * SLOW / 10))

    def seen(self, pattern, start=0):
        with self._changed:
            return re.compile(pattern, re.M).search(self.text, start)

    def join(self):
        self._thread.join(5)
