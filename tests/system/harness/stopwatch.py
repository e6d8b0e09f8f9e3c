# SPDX-License-Identifier: BSD-2-Clause
"""
How long a host has had for something: the time that passed, less what its machine was kept from running by others on
the computer that emulates it, or because that computer stood still. Deadlines are in this time, so a busy computer makes
tests slow but not fail.
"""

import collections
import contextlib
import os
import statistics
import time

from . import heartbeat, processes
from .config import SLOW, Failure


class Stopwatch:
    """Runs from the moment that it is made."""

    def __init__(self):
        self._lost = heartbeat.lost()
        self._began = time.monotonic()
        self._threads = processes.schedstats(os.getpid())
        self._machine = processes.machine_ticks()

    def _got(self, passed):
        """What the scheduler and the hypervisor below have left of it."""
        run = wait = 0
        for thread, now in processes.schedstats(os.getpid()).items():
            before = self._threads.get(thread, (0, 0))
            run += now[0] - before[0]
            wait += now[1] - before[1]
        worked, stolen = (now - before for now, before in zip(processes.machine_ticks(), self._machine))
        # Threads wait side by side: neither is more lost than what one after another would, nor a larger part than
        # they lose on average.
        got = max(passed - wait / 1e9, passed * run / (run + wait or 1))
        return got * (worked + 1) / (worked + stolen + 1)

    def seconds(self):
        passed = time.monotonic() - self._began  # first: what is lost from here on must not be missing in the other
        lost = self.stood_still()
        # Who waits for a processor is late as well, so the two are estimates of the same and not to be added.
        return max(min(self._got(passed), passed - lost), passed / 100)

    def stood_still(self):
        """Seconds in which nothing of ours ran although nobody else did, as far as the heartbeat knows."""
        return heartbeat.lost() - self._lost

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


def patiently(operation, limit, what):
    """
    Does again what ends in a TimeoutError, until it has had `limit` seconds without an end since the first of them; `what` is
    wrong then.
    """
    watch = None
    while True:
        is_late = watch is not None and watch.is_past(limit)
        try:
            return operation()
        except TimeoutError as error:
            if is_late:
                raise Failure(what) from error
        watch = watch or Stopwatch()


def usually_within(limit, action, what, count=20):
    """
    Does `action`, which gives the seconds that something took, until most of the last `count` took less than `limit`. A
    machine that others use for a while makes that take longer; it fails when it does not come about in a minute.
    """
    watch, delays = Stopwatch(), collections.deque(maxlen=count)
    while len(delays) < count or statistics.median(delays) * watch.share() >= limit * SLOW:
        if delays and watch.is_past(60):
            raise Failure(f"{what}: {statistics.median(delays):.3f} s in the median")
        delays.append(action())


@contextlib.contextmanager
def at_most(limit, what):
    """What is done inside takes no longer than `limit` seconds."""
    watch = Stopwatch()
    yield
    if watch.is_past(limit):
        raise Failure(f"{what} takes {watch.seconds():.1f} s")
