# SPDX-License-Identifier: BSD-2-Clause
"""Runs cases: at most `jobs` hosts' worth of them at once, those of one configuration one after another on one host."""

import collections
import json
import os
import re
import shutil
import threading
import time
import traceback

from .config import LOGS, Failure, Skip, has_vms
from .host import Host
from .stopwatch import Stopwatch

# Whatever progress a test shows, it ends after this many times its timeout.
TOTAL_FACTOR = 8

# A failure says little when the machine stood still for so many seconds meanwhile: the test is run again, so often at most.
STANDSTILL_S = 2
ATTEMPTS = 3


class Context:
    """What a test function gets: its host and the means to start others."""

    def __init__(self, case, logdir):
        self.case = case
        self.logdir = logdir
        self.host = None
        self.hosts = []
        self.started = time.monotonic()
        self.own_progress = self.started
        self._seen_progress = self.started
        self._whole = self._since_progress = Stopwatch()
        self.stalled = None

    @property
    def api(self):
        return self.host.api

    def progress(self):
        """Tells the watchdog that work which neither serial line nor API shows goes on."""
        self.own_progress = time.monotonic()

    def adopt(self, host):
        self.host = host
        if host not in self.hosts:
            self.hosts.append(host)

    def launch(self, config, name=None):
        """A further host, started but not awaited; it ends with the test."""
        host = Host(config, self.logdir / (name or f"host{len(self.hosts)}"))
        self.hosts.append(host)
        self.host = self.host or host
        return host.start()

    def stop_launched(self, keep=None):
        for host in self.hosts:
            if host is not keep:
                host.stop()

    def last_progress(self):
        times = [self.own_progress]
        for host in self.hosts:
            serial = host.serial
            times += [host.api.last_activity, serial.last_activity if serial else 0]
        return max(times)

    def may_run_again(self):
        """
        Whether its failure may be the machine's, which stood still; not what a host of its own said or did before it died,
        nor a test that hung, whose time was counted without standstills already.
        """
        return not self.stalled and self._whole.stood_still() >= STANDSTILL_S and not any(host.has_died() for host in self.hosts)

    def watch(self):
        """Ends the hosts of a test that hangs; whatever it waits for fails then."""
        now, limit = time.monotonic(), self.case.timeout
        if self.last_progress() > self._seen_progress:
            self._seen_progress, self._since_progress = self.last_progress(), Stopwatch()
        if self._since_progress.is_past(limit):
            self.stalled = f"no progress for {now - self._seen_progress:.0f} s"
        elif self._whole.is_past(limit * TOTAL_FACTOR):
            self.stalled = f"not done after {now - self.started:.0f} s"
        if self.stalled:
            for host in self.hosts:
                if host.is_running:
                    host.process.kill()


class Runner:
    def __init__(self, cases, jobs, keep):
        self.jobs = jobs
        self.keep = keep
        self.passed, self.failed, self.skipped, self.again = [], [], [], []
        self._lock = threading.Lock()
        self._timings_path = LOGS / "timings.json"
        try:
            self._timings = json.loads(self._timings_path.read_text())
        except (OSError, ValueError):
            self._timings = {}
        self._groups = self._group(cases)
        self._active = {}
        self._done = threading.Event()
        self._hosts = 0
        self._host_logs = LOGS / f"hosts-{os.getpid()}"

    def _group(self, cases):
        """Lists of cases that share a host; a case with a host of its own is a list of one. Longest first."""
        shared, groups = {}, []
        for case in cases:
            if case.host != "shared":
                groups.append([case])
            elif case.config in shared:
                shared[case.config].append(case)
            else:
                shared[case.config] = [case]
                groups.append(shared[case.config])
        groups.sort(key=lambda group: -sum(self._timings.get(case.name, 5.0) for case in group))
        return collections.deque(groups)

    def run(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        workers = [threading.Thread(target=self._work, name=f"worker{i}") for i in range(self.jobs)]
        watchdog = threading.Thread(target=self._watch, daemon=True)
        for thread in [watchdog, *workers]:
            thread.start()
        for thread in workers:
            thread.join()
        self._done.set()
        if not self.keep:
            shutil.rmtree(self._host_logs, ignore_errors=True)
        self._timings_path.write_text(json.dumps(self._timings, indent=1, sort_keys=True))
        for name, reason in sorted(self.again):
            print(f"again: {name}: {reason}")
        for name, reason in sorted(self.skipped):
            print(f"skipped: {name}: {reason}")
        print(f"{len(self.passed)} passed, {len(self.failed)} failed", flush=True)
        return not self.failed

    def _watch(self):
        while not self._done.wait(1):
            with self._lock:
                active = list(self._active.values())
            for context in active:
                context.watch()

    def _work(self):
        while True:
            with self._lock:
                if not self._groups:
                    return
                group = self._groups.popleft()
            self._run_group(group)

    def _run_group(self, group):
        host = None
        for case in group:
            host = self._run_case(case, host)
        if host:
            host.stop()

    def _start_shared(self, case, context):
        with self._lock:
            self._hosts += 1
            number = self._hosts
        host = Host(case.config, self._host_logs / str(number))
        context.adopt(host)
        host.start()
        if case.host == "shared":
            host.wait_ready()
        return host

    def _run_case(self, case, host, attempt=1):
        """Runs one case on `host` (None: a new one is made); gives the host if the next case may use it."""
        logdir = LOGS / (re.sub(r"[^\w.,=-]+", "_", case.name) + (f"-again{attempt - 1}" if attempt > 1 else ""))
        shutil.rmtree(logdir, ignore_errors=True)
        context = Context(case, logdir)
        with self._lock:
            self._active[case.name] = context
        reason = None
        try:
            if case.vms and not has_vms(case.config.board):
                raise Skip(f"the image of {case.config.board} runs no VMs")
            if case.host != "none":
                if host is None:
                    host = self._start_shared(case, context)
                context.adopt(host)
                context.own_progress = time.monotonic()
            case.function(context, **dict(case.arguments))
            if case.host == "shared":
                host.check_alive()
        except Skip as skip:
            self._report(case, context, "SKIP", str(skip))
        except Failure as failure:
            reason = str(failure)
        except Exception as error:  # a test that falls over is a failed test, not the end of the run
            reason = f"{type(error).__name__}: {error}"
            logdir.mkdir(parents=True, exist_ok=True)
            (logdir / "traceback").write_text(traceback.format_exc())
        else:
            self._report(case, context, "PASS", "")
        with self._lock:
            del self._active[case.name]
        is_again = False
        if reason is not None:
            is_again = attempt < ATTEMPTS and context.may_run_again()
            reason = f"{context.stalled} ({reason})" if context.stalled else reason
            self._keep_logs(context, host, logdir)
            self._report(case, context, "AGAIN" if is_again else "FAIL", reason)
        is_reusable = case.host == "shared" and reason is None and host and host.is_running
        context.stop_launched(keep=host if is_reusable else None)
        if host and not is_reusable:
            host.stop()
        if reason is None and not self.keep:
            shutil.rmtree(logdir, ignore_errors=True)
        if is_again:
            return self._run_case(case, None, attempt + 1)
        return host if is_reusable else None

    def _keep_logs(self, context, host, logdir):
        """The logs of the hosts that took part stay in the test's own folder."""
        for used in context.hosts:
            used.stop()
            if used.logdir.parent != logdir and used.logdir.exists():
                shutil.copytree(used.logdir, logdir / "host", dirs_exist_ok=True)

    def _report(self, case, context, verdict, reason):
        seconds = time.monotonic() - context.started
        with self._lock:
            if verdict == "PASS":
                self.passed.append(case.name)
                self._timings[case.name] = round(seconds, 1)
                print(f"PASS {case.name} ({seconds:.1f} s)", flush=True)
            elif verdict == "AGAIN":
                self.again.append((case.name, reason))
                print(f"AGAIN {case.name}: {reason} ({seconds:.1f} s, in which the machine stood still)", flush=True)
            elif verdict == "SKIP":
                self.skipped.append((case.name, reason))
                print(f"SKIP {case.name}: {reason}", flush=True)
            else:
                self.failed.append(case.name)
                logs = sorted(LOGS.glob(f"{re.sub(r'[^a-zA-Z0-9_.,=-]+', '_', case.name)}/**/serial.log"))
                where = f"; serial log: {logs[0]}" if logs else ""
                print(f"FAIL {case.name}: {reason} ({seconds:.1f} s){where}", flush=True)
