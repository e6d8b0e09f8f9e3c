# SPDX-License-Identifier: BSD-2-Clause
"""
How long this process and those that it has started stood still although nothing of ours made them. A machine whose
hypervisor does not run it, or whose disk does not answer, need not say so: neither its scheduler nor its ticks see it.
"""

import os
import threading
import time

from . import processes

BEAT = 0.05
# Later than this is not the scheduler's doing, which has figures of its own.
TOLERANCE = 0.05
# Looking at every thread costs more than a beat.
BEATS_PER_LOOK = 4


class Heartbeat:
    """
    A thread that sleeps for a moment again and again. What it sleeps too long is lost, and so is the time from one look to
    the next when a thread of ours was held at both. There is one for each process that asks.
    """

    def __init__(self, clock=time.monotonic, sleep=time.sleep, held=lambda: processes.held(os.getpid())):
        self._clock, self._sleep, self._held = clock, sleep, held
        self._lock, self._is_beating = threading.Lock(), False
        self._lost, self._last = 0.0, clock()
        self._look, self._lost_at_look, self._held_at_look = self._last, 0.0, set()

    def _late(self, now):
        late = now - self._last - BEAT
        return late if late > TOLERANCE else 0.0

    def _account(self):
        now = self._clock()
        self._lost += self._late(now)
        self._last = now

    def _look_around(self):
        held, now = self._held(), self._clock()
        if held & self._held_at_look:
            self._lost = max(self._lost, self._lost_at_look + now - self._look)
        self._look, self._lost_at_look, self._held_at_look = now, self._lost, held

    def beat(self, with_look):
        self._sleep(BEAT)
        with self._lock:
            self._account()
            if with_look:
                self._look_around()

    def _run(self):
        number = 0
        while True:
            number += 1
            self.beat(with_look=number % BEATS_PER_LOOK == 0)

    def _start(self):
        self._is_beating = True
        self._last = self._look = self._clock()
        self._lost_at_look, self._held_at_look = self._lost, set()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def lost(self):
        """Seconds so far, with those that the thread does not yet know of because it has not been woken."""
        with self._lock:
            if not self._is_beating:
                self._start()
            return self._lost + self._late(self._clock())

    def forget_thread(self):
        """In the child of a fork, which has this object, but neither the thread nor whoever held the lock."""
        self._lock, self._is_beating = threading.Lock(), False


_heartbeat = Heartbeat()
os.register_at_fork(after_in_child=_heartbeat.forget_thread)
lost = _heartbeat.lost
