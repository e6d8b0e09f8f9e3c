# SPDX-License-Identifier: BSD-2-Clause
"""One emulated host: QEMU, its serial line, its machine protocol, its network, and the API behind it."""

import contextlib
import itertools
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from . import boot as boot_methods
from . import heartbeat
from . import netns as netns_module
from .api import Api, connect
from .config import GUEST_PORT, Failure, Skip
from .qmp import Qmp
from .qtest import Qtest
from .serial import Serial
from .stopwatch import Stopwatch

# What the host never says unless a test asks for it.
FATAL = r"^.*error: (panic on CPU|exception \d+).*$"
READY = r"agent: HTTP on port \d+"
ADDRESS = r"net: address \d+\.\d+\.\d+\.\d+/\d+"

_numbers = itertools.count(1)
_living = set()


def stop_all_at_signal():
    """A run that is interrupted leaves no machine and no network behind."""

    def stop(number, _frame):
        for host in list(_living):
            with contextlib.suppress(Exception):
                host.stop()
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)


class Host:
    """
    start() boots, stop() ends. Logs lie in `logdir` (serial.log, qemu.log, command), scratch files in `workdir`,
    which goes away. A reset that nobody expected fails every wait at once.
    """

    def __init__(self, config, logdir):
        self.config = config
        self.logdir = pathlib.Path(logdir)
        shutil.rmtree(self.logdir, ignore_errors=True)
        self.logdir.mkdir(parents=True)
        self.workdir = pathlib.Path(tempfile.mkdtemp(prefix="basalt-host-"))
        number = next(_numbers)
        self.mac = f"52:54:00:ba:{number >> 8 & 0xff:02x}:{number & 0xff:02x}"
        self.netns = None
        self.netdev_options = ""
        self.nic_options = ""
        self.resets = 0
        self.shutdown_reason = None  # why the machine stopped, by QEMU's word
        self._machine_changed = threading.Condition()
        self.process = self.serial = self.qmp = None
        self.api = Api(self.connect)
        self._cleanups = []
        self._port = None
        self._lost_before = heartbeat.lost()

    # --- life ---

    def start(self):
        _living.add(self)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self):
        config, board = self.config, self.config.board_info
        if not shutil.which(board.qemu):
            raise Skip(f"{board.qemu} is not installed")
        if config.net.startswith("tap"):
            self.netns = netns_module.Netns(self.workdir)
        boot_arguments = boot_methods.METHODS[config.boot](self)
        if config.net == "tap" and "dnsmasq" not in self.netns.running():
            self.netns.start_dnsmasq(self.mac)
        control = self.workdir / "qmp"
        command = (self.netns.exec_prefix if self.netns else []) + [
            board.qemu, "-name", "basalt", "-nodefaults", "-no-user-config", "-display", "none",
            # A reset nobody expects is the end of a test, and the registers at that moment are worth having.
            "-action", "reboot=shutdown,shutdown=pause",
            "-M", board.machine + config.machine_flags, "-accel", config.accel, "-cpu", (config.cpu or board.cpu) + config.cpu_flags,
            "-smp", str(config.cpus), "-m", config.memory,
            "-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0",
            "-chardev", f"socket,id=qmp,path={control},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
        ]
        if config.qtest:
            command += ["-chardev", f"socket,id=qtest,path={self.workdir / 'qtest'},server=on,wait=off",
                        "-qtest", "chardev:qtest", "-qtest-log", "none"]
        command += self._network_arguments() + boot_arguments + list(board.extra + config.extra)
        (self.logdir / "command").write_text(shlex.join(command) + "\n")
        with open(self.logdir / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.serial = Serial(self.process.stdout, self.logdir / "serial.log", FATAL)
        self.qmp = Qmp(self._await_control(control), self._qemu_event)

    def _await_control(self, path):
        """QEMU makes the socket soon after it starts, or ends with a message."""
        waiter = os.pidfd_open(self.process.pid)
        ended = select.poll()  # select() knows no descriptor above 1023
        ended.register(waiter, select.POLLIN)
        try:
            watch = Stopwatch()
            while not watch.is_past(30):
                with contextlib.suppress(OSError):
                    sock = socket.socket(socket.AF_UNIX)
                    sock.connect(str(path))
                    return sock
                if ended.poll(50):
                    break
        finally:
            os.close(waiter)
        said = (self.logdir / "qemu.log").read_text(errors="replace").strip()
        raise Failure(f"QEMU does not start: {said[-300:] or 'no message'}")

    def _network_arguments(self):
        config = self.config
        if config.net == "none":
            return ["-nic", "none"]
        record = []
        if self.netns:
            netdev = "tap,id=net0,ifname=tap0,script=no,downscript=no"
            record = ["-object", f"filter-dump,id=dump0,netdev=net0,maxlen=256,file={self.logdir / 'network.pcap'}"]
        else:
            self._port = free_port()
            netdev = f"user,id=net0,hostfwd=tcp:127.0.0.1:{self._port}-:{GUEST_PORT}"
        board = config.board_info
        if not board.has_pci:
            # Cards of the board are given out in order; ours is the last.
            others = ["-net", "nic"] * (board.card_slots - 1)
            return ["-netdev", netdev, *record, *others, "-net", f"nic,netdev=net0,macaddr={self.mac}"]
        return ["-netdev", netdev + self.netdev_options, *record,
                "-device", f"{config.nic},netdev=net0,id=nic0,mac={self.mac}{self.nic_options}"]

    def _qemu_event(self, name, data):
        if not data.get("guest"):
            return
        with self._machine_changed:
            if name == "RESET":
                self.resets += 1
            elif name == "SHUTDOWN":
                self.shutdown_reason = data["reason"]
            self._machine_changed.notify_all()
        if name == "SHUTDOWN" and self.shutdown_reason == "guest-reset":
            self.serial.fail("the machine reset")

    def at_stop(self, function):
        self._cleanups.append(function)

    def _keep_registers(self):
        if self.shutdown_reason == "guest-reset" and self.is_running:
            with contextlib.suppress(Failure):
                (self.logdir / "registers").write_text(
                    self.qmp.monitor("info registers -a") + self.qmp.monitor("x/12i $pc"))

    def stop(self):
        _living.discard(self)
        self._keep_registers()
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
        if self.serial:
            self.serial.join()
            self.process.stdout.close()
        if self.qmp:
            self.qmp.close()
        for function in reversed(self._cleanups):
            function()
        self._cleanups.clear()
        if self.netns:
            for log in self.workdir.glob("*.log"):
                shutil.copyfile(log, self.logdir / log.name)
            self.netns.close()
        self.process = self.serial = self.qmp = self.netns = None
        shutil.rmtree(self.workdir, ignore_errors=True)

    def lost(self):
        """Seconds that this computer has stood still since the host was made."""
        return heartbeat.lost() - self._lost_before

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    # --- talking to it ---

    def connect(self, timeout=10):
        """A TCP connection to the agent. Through slirp it opens before the host itself has accepted it."""
        if self.netns:
            return self.netns.connect(self.address, GUEST_PORT, timeout)
        sock = socket.socket()
        try:
            connect(sock, ("127.0.0.1", self._port), timeout)
        except BaseException:
            sock.close()
            raise
        return sock

    @property
    def address(self):
        return netns_module.HOST4

    @property
    def url(self):
        """For programs of their own; none when the host is in a namespace."""
        return f"http://127.0.0.1:{self._port}"

    def wait_serial(self, pattern, timeout=60, **more):
        return self.serial.wait(pattern, timeout, **more)

    def wait_ready(self, timeout=120, quiet=60, start=0):
        """Until the serial line says that the agent is there and has an address, and it answers."""
        self.wait_serial(READY, timeout, quiet=quiet, start=start)
        self.wait_serial(ADDRESS, timeout, quiet=quiet, start=start)
        answer = self.api.get("/healthz", timeout=30)
        if answer.status != 200:
            raise Failure(f"/healthz answers {answer.status} when the host says that it is ready")
        return self

    def has_died(self):
        """It has said what it never should, or reset."""
        return bool(self.resets or self.shutdown_reason or self.serial and self.serial.seen(FATAL))

    def check_alive(self, timeout=20):
        """The host answers now, and nothing fatal was said."""
        answer = self.api.get("/healthz", timeout=timeout)
        if answer.status != 200 or answer.body != b"ok\n":
            raise Failure(f"/healthz: {answer.status} {answer.body[:80]!r}")
        bad = self.serial.seen(FATAL)
        if bad:
            raise Failure(f"the host said {bad.group(0).strip()!r}")
        if self.shutdown_reason:
            raise Failure(f"the machine stopped: {self.shutdown_reason}")

    # --- the machine under it ---

    @contextlib.contextmanager
    def qtest(self):
        """Access to physical addresses; the configuration must say qtest=True."""
        qtest = Qtest(self.workdir / "qtest")
        try:
            yield qtest
        finally:
            qtest.close()

    def cpu_seconds(self):
        """Processor time that QEMU has used so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def set_link(self, up):
        self.qmp.command("set_link", name="nic0" if self.config.board_info.has_pci else "net0", up=up)

    def reset(self):
        self.qmp.command("system_reset")

    def allow_reset(self):
        """From now on a reset by the host is one; before, the machine stops at it and the test fails."""
        self.qmp.command("set-action", reboot="reset")

    def _wait_machine(self, condition, what, timeout):
        with self._machine_changed:
            watch = Stopwatch()
            while not self._machine_changed.wait_for(condition, 1):
                if watch.is_past(timeout):
                    raise Failure(f"the machine did not {what} within {timeout} s")

    def wait_reset(self, timeout=60):
        self._wait_machine(lambda: self.resets, "reset", timeout)

    def wait_poweroff(self, timeout=30):
        self._wait_machine(lambda: self.shutdown_reason, "power off", timeout)
        if self.shutdown_reason != "guest-shutdown":
            raise Failure(f"the machine did not power off: {self.shutdown_reason}")


# Below those that the kernel gives to anybody who asks for any (ip_local_port_range), so that between our choice and QEMU's
# use nobody takes one by chance. Runs that go on at the same time begin in different places.
_ports = itertools.cycle(range(20000, 32000))
_ports = itertools.chain(itertools.islice(_ports, os.getpid() * 41 % 12000, None))


def free_port():
    """A port that nobody listens on and that nobody else of this run was given."""
    for port in _ports:
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
