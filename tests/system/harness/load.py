# SPDX-License-Identifier: BSD-2-Clause
"""A Linux guest under load (tests/guest/linux/load.c), and what its clock, its timers and its kernel's log show then."""

import re
import time

from .config import SLOW, Failure
from .linux import LinuxVm
from .prometheus import Metrics
from .vm import guest_file

# One thread of the emulator executes the host's CPUs by turns. Where each has its own, QEMU (10.0 and before) loses guests
# under load: whenever a CPU loads x87 state, cpu_clear_ignne() rewrites CPU 0's flags without synchronization, and what
# CPU 0 has just changed there on its way into or out of a guest (nested paging on or off, GIF) is undone.
BY_TURNS = {"accel": "tcg,thread=single"}
# Time counted in instructions, 16 ns each: what else runs on this machine does not slow the host down then. (QEMU does not
# reach the local APIC's timer by MSR in this mode.)
# A machine with nothing to do passes its time at once on x86, and in real time on Arm, where its clients have to keep up.
COUNTED = {"x86_64": ("shift=4,sleep=off", ",-x2apic"), "arm64": ("shift=4,sleep=on", "")}


def counted(board):
    count, flags = COUNTED[board.arch]
    return {**BY_TURNS, "extra": ("-icount", count, "-rtc", "clock=vm"), "cpu_flags": flags}


# What the kernel says when a CPU, a task or a clock does not go on.
STALL = (r"stall|lockup|hung|blocked for more than|\bBUG\b|WARNING: CPU|Oops|Call Trace|unstable|nobody cared|"
         r"[Uu]nexpected|skewed|rcu:.*starved")
DRIFT = 0.001
# A timer that comes this late was not delayed but lost, and only something else's interrupt has shown it.
LOST_US = 5_000_000


class Drift:
    """
    How two clocks have moved against each other. One is read before and after the other, so each sample bounds their
    offset; of the samples at the beginning and at the end the bounds that fit all of them are taken.
    """

    def __init__(self):
        self.samples = []

    def add(self, before, guest, after):
        self.samples.append((before, guest, after))

    def bounds(self):
        """Least and most of (guest's time passed / other time passed - 1), and the other time passed."""
        half = max(1, min(10, len(self.samples) // 2))
        first, last = self.samples[:half], self.samples[-half:]

        def offsets(samples):
            return max(guest - after for _, guest, after in samples), min(guest - before for before, guest, _ in samples)

        (low1, high1), (low2, high2) = offsets(first), offsets(last)
        passed = last[len(last) // 2][0] - first[len(first) // 2][0]
        return (low2 - high1) / passed, (high2 - low1) / passed, passed


def parse(line):
    """The figures of the program's last line."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}


class GuestLoad:
    def __init__(self, host, kernel, vcpus, progress=lambda: None, say=lambda text: None):
        self.host, self.kernel, self.vcpus = host, kernel, vcpus
        self.progress, self.say = progress, say
        self.drifts = {"host's": Drift()}
        if "-icount" not in host.config.extra:  # or its time is its own
            self.drifts["test's"] = Drift()

    def _host_uptime(self):
        return Metrics(self.host.api.get("/metrics", timeout=60).text).value("basalt_uptime_seconds")

    def _sample(self, shell):
        before_host, before = self._host_uptime(), time.monotonic()
        _, guest, _ = shell.uptime()
        after, after_host = time.monotonic(), self._host_uptime()
        for which, sample in (("host's", (before_host, guest, after_host)), ("test's", (before, guest, after))):
            if which in self.drifts:
                self.drifts[which].add(*sample)

    def _watch(self, shell, seconds):
        """Looks at the clocks until so much time has passed for the host, most often at the beginning and at the end."""
        begin = now = self._host_uptime()
        while now < begin + seconds:
            self._sample(shell)
            self.progress()
            near_end = min(now - begin, begin + seconds - now) < 10
            time.sleep(0.2 if near_end else 5)
            now = self._host_uptime()
        for _ in range(10):
            self._sample(shell)

    def run(self, seconds):
        """Figures, and what is wrong with them."""
        program = guest_file(self.host.config, "linux/load", suffix="")
        with LinuxVm(self.host, self.kernel, name="load", vcpus=self.vcpus, programs=(program,)) as vm:
            shell = vm.start().wait_shell()
            shell.run("renice -n -20 $$")  # the less it waits, the better its clock is known
            shell.run(f"({{ load {int(seconds)} > /load.out 2>&1; touch /load.end; }} &)")
            self._watch(shell, seconds)
            shell.run("until [ -e /load.end ]; do sleep 1; done", timeout=60)
            output = shell.run("cat /load.out").strip()
            log = [line for line in shell.run("dmesg", timeout=60).splitlines() if re.search(STALL, line)]
            info = vm.info()
            for vcpu in info.get("vcpu_stats", []):
                self.say(f"vCPU: {vcpu}")
            vm.power_off()
        return self._judge(output, log)

    def _judge(self, output, log):
        figures = parse(output.splitlines()[-1] if output else "")
        if "alarms" not in figures:
            raise Failure(f"the load has no result: {output[-600:]!r}")
        problems = [f"log: {line}" for line in log]
        problems += [line for line in output.splitlines()[:-1]]
        problems += [f"{name} is {figures[name]}" for name in ("corrupt", "failed", "missing", "surplus", "backwards")
                     if figures[name]]
        problems += [f"{name} is 0" for name in ("forks", "execs", "faults", "expirations", "alarms") if not figures[name]]
        if figures["late_max_us"] > LOST_US * SLOW:
            problems.append(f"a timer was {figures['late_max_us']} us late")
        for name, drift in self.drifts.items():
            low, high, passed = drift.bounds()
            text = f"against the {name} clock: {100 * low:+.4f}% to {100 * high:+.4f}% over {passed:.0f} s"
            figures[f"drift {text.partition(':')[0]}"] = text.partition(": ")[2]
            if low > DRIFT or high < -DRIFT:
                problems.append(f"drift {text}")
        return figures, problems
