# SPDX-License-Identifier: BSD-2-Clause
"""
How long a host has had for something: the time that passed, less what its machine was kept from running by others on
the computer that emulates it. Deadlines are in this time, so a busy computer makes tests slow but not fail.
"""

import contextlib
import os
import pathlib
import time

from .config import SLOW, Failure

PROC = pathlib.Path("/proc")


def _files(pattern):
    """Of /proc, whose folders go away while one looks at them."""
    try:
        return list(PROC.glob(pattern))
    except OSError:
        return []


def _family(pid):
    """A process and its descendants."""
    pids = [pid]
    for parent in pids:
        for file in _files(f"{parent}/task/*/children"):
            with contextlib.suppress(OSError):
                pids += map(int, file.read_text().split())
    return pids


def _threads():
    """Of this process and its descendants: nanoseconds that each thread has run, and waited for a processor."""
    found = {}
    for pid in _family(os.getpid()):
        for file in _files(f"{pid}/task/*/schedstat"):
            with contextlib.suppress(OSError, ValueError):
                run, wait, _ = map(int, file.read_text().split())
                found[file.parent.name] = run, wait
    return found


def _machine():
    """Ticks that this computer's processors have worked, and that a hypervisor below kept them from working."""
    with contextlib.suppress(OSError, ValueError):
        user, nice, system, _, _, irq, softirq, steal = map(int, (PROC / "stat").read_text().split("\n")[0].split()[1:9])
        return user + nice + system + irq + softirq, steal
    return 0, 0


class Stopwatch:
    """Runs from the moment that it is made."""

    def __init__(self):
        self._began = time.monotonic()
        self._threads = _threads()
        self._machine = _machine()

    def seconds(self):
        passed, run, wait = time.monotonic() - self._began, 0, 0
        for thread, now in _threads().items():
            before = self._threads.get(thread, (0, 0))
            run += now[0] - before[0]
            wait += now[1] - before[1]
        worked, stolen = (now - before for now, before in zip(_machine(), self._machine))
        # Threads wait side by side: neither is more lost than what one after another would, nor a larger part than
        # they lose on average.
        got = max(passed - wait / 1e9, passed * run / (run + wait or 1))
        return max(got * (worked + 1) / (worked + stolen + 1), passed / 100)

    def share(self):
        """What part of the time that passed that is."""
        return min(1.0, self.seconds() / max(time.monotonic() - self._began, 1e-9))

    def is_past(self, limit):
        """`limit` in seconds, and on slow machines as many times that as they ask for."""
        return time.monotonic() - self._began > limit * SLOW and self.seconds() > limit * SLOW


def wait_until(condition, limit, what, pause=0.1):
    """
    Asks `condition` until it gives something true, which is returned; a failure after `limit` seconds, and `what` says,
    or is a function that says, what is wrong then.
    """
    watch = Stopwatch()
    while True:
        is_late = watch.is_past(limit)  # before the question: what is late itself may still be answered with yes
        found = condition()
        if found:
            return found
        if is_late:
            raise Failure(what() if callable(what) else what)
        time.sleep(pause)


@contextlib.contextmanager
def at_most(limit, what):
    """What is done inside takes no longer than `limit` seconds."""
    watch = Stopwatch()
    yield
    if watch.is_past(limit):
        raise Failure(f"{what} takes {watch.seconds():.1f} s")
