# SPDX-License-Identifier: BSD-2-Clause
"""What system tests take for the time that their host has had: tests/system/harness/stopwatch.py."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path.insert(0, str(SYSTEM))

from harness import heartbeat, processes  # noqa: E402  (the path comes first)

# Says what a stopwatch shows after the line that it waits for; as FORKED, one that was made before a fork does.
CHILD = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from harness.stopwatch import Stopwatch
watch, began = Stopwatch(), time.monotonic()
if sys.argv[2] == "FORKED" and os.fork():
    os.wait()
    sys.exit()
Stopwatch()  # its thread beats from now on, in a child as well
print(os.getpid(), flush=True)
sys.stdin.readline()
print(time.monotonic() - began, watch.seconds(), flush=True)
"""


class FakeTime:
    """A clock that goes on by sleeping, and by what is told to be lost in the next sleep."""

    def __init__(self):
        self.now, self.stall, self.held = 100.0, 0.0, set()

    def sleep(self, seconds):
        self.now += seconds + self.stall
        self.stall = 0.0


class HeartbeatTest(unittest.TestCase):
    def setUp(self):
        self.time = FakeTime()
        self.heart = heartbeat.Heartbeat(lambda: self.time.now, self.time.sleep, lambda: self.time.held)
        self.heart._is_beating = True  # by our hand

    def beats(self, count, stall=0.0):
        for number in range(1, count + 1):
            self.time.stall = stall
            self.heart.beat(with_look=number % 4 == 0)

    def test_nothing_is_lost_in_order(self):
        self.beats(100, stall=heartbeat.TOLERANCE * 0.9)
        self.assertEqual(self.heart.lost(), 0)

    def test_a_stall_is_lost(self):
        self.beats(3)
        self.beats(1, stall=12)
        self.beats(8)
        self.assertAlmostEqual(self.heart.lost(), 12)
        self.beats(2, stall=5)
        self.assertAlmostEqual(self.heart.lost(), 22)

    def test_a_stall_shows_before_the_thread_is_woken(self):
        self.beats(3)
        self.time.now += heartbeat.BEAT + 7
        self.assertAlmostEqual(self.heart.lost(), 7)
        self.time.now -= heartbeat.BEAT
        self.beats(1)
        self.assertAlmostEqual(self.heart.lost(), 7)

    def test_held_threads_are_lost_from_look_to_look(self):
        self.beats(4)
        self.time.held = {"7"}
        self.beats(8)  # seen at the first of two looks, held until the second
        self.assertAlmostEqual(self.heart.lost(), 4 * heartbeat.BEAT)
        self.beats(4, stall=3)  # not twice what is lost by both
        self.assertAlmostEqual(self.heart.lost(), 8 * heartbeat.BEAT + 12)
        self.time.held = set()
        self.beats(8)
        self.assertAlmostEqual(self.heart.lost(), 8 * heartbeat.BEAT + 12)

    def test_threads_that_are_held_for_a_moment_are_not(self):
        for name in range(20):
            self.time.held = {str(name)}
            self.beats(4)
        self.assertEqual(self.heart.lost(), 0)


class StopwatchTest(unittest.TestCase):
    def watch(self, mode, stop):
        """Time that passed, and what the stopwatch of a process shows, when `stop` has held what it names for 2 s."""
        with subprocess.Popen([sys.executable, "-B", "-c", CHILD, str(SYSTEM), mode], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as child:
            pid = int(child.stdout.readline())
            stop(child.pid, pid)
            child.stdin.write("\n")
            child.stdin.close()
            passed, seconds = map(float, child.stdout.readline().split())
        self.assertGreaterEqual(passed, 2)
        self.assertLessEqual(seconds, max(passed - 1.9, passed / 100))

    @staticmethod
    def stop(*pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def test_stopped_process(self):
        self.watch("ALONE", lambda outer, inner: self.stop(inner))

    def test_stopped_child_of_a_fork(self):
        self.watch("FORKED", lambda outer, inner: self.stop(inner))


class ProcessesTest(unittest.TestCase):
    def test_held_is_who_is_stopped(self):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
            self.assertIn(child.pid, processes.family(os.getpid()))
            self.assertNotIn(str(child.pid), processes.held(os.getpid()))
            os.kill(child.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
            self.assertIn(str(child.pid), processes.held(os.getpid()))
            os.kill(child.pid, signal.SIGCONT)
            child.stdin.close()

    def test_schedstats_name_every_thread(self):
        threads = {task for _, task in processes.threads(os.getpid())}
        self.assertIn(str(os.getpid()), threads)
        with contextlib.suppress(FileNotFoundError):  # a kernel without them
            pathlib.Path("/proc/self/schedstat").read_text()
            self.assertLessEqual({str(os.getpid())}, set(processes.schedstats(os.getpid())))


if __name__ == "__main__":
    unittest.main()
