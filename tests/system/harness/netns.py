# SPDX-License-Identifier: BSD-2-Clause
"""A network of our own for one host: a namespace with a tap device, dnsmasq and our clients in it."""

import contextlib
import ctypes
import ipaddress
import itertools
import os
import pathlib
import shutil
import socket
import subprocess
import threading

from .api import connect
from .config import SLOW, Skip
from .stopwatch import Stopwatch

SERVER4 = "10.77.0.1"
HOST4 = "10.77.0.15"
PREFIX6 = "fd77:ba5a::"
SERVER6 = PREFIX6 + "1"
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()
_lock = threading.Lock()


def _run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def slaac_address(mac, prefix=PREFIX6):
    """The modified EUI-64 address of an interface (RFC 4291, appendix A), in its canonical spelling."""
    octets = [int(part, 16) for part in mac.split(":")]
    identifier = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
    return str(ipaddress.IPv6Address(ipaddress.IPv6Address(prefix).packed[:8] + identifier))


def _free_name():
    """One that no run that was killed has left behind, whose process had our number."""
    return next(name for name in (f"basalt{os.getpid()}-{number}" for number in _numbers)
                if not os.path.exists(f"/run/netns/{name}"))


class Netns:
    """Context: made by one thread, used by any. close() removes everything."""

    def __init__(self, workdir):
        if os.geteuid() != 0:
            raise Skip("network namespaces need root")
        for tool in ("ip", "dnsmasq"):
            if not (shutil.which(tool) or os.path.exists(f"/usr/sbin/{tool}")):
                raise Skip(f"{tool} is not installed")
        self.name = _free_name()
        self.workdir = pathlib.Path(workdir)
        self._processes = {}
        try:
            _run("ip", "netns", "add", self.name)
        except OSError as error:
            raise Skip(f"network namespaces are not permitted here ({error})") from error
        try:
            inside = ("ip", "-n", self.name)
            _run(*inside, "link", "set", "lo", "up")
            _run(*inside, "tuntap", "add", "tap0", "mode", "tap")
            # No duplicate address detection on our side: the address must serve at once.
            _run("ip", "netns", "exec", self.name, "sh", "-c",
                 "echo 0 >/proc/sys/net/ipv6/conf/tap0/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/tap0/disable_ipv6; "
                 # Nor is a host unreachable that does not answer for three seconds.
                 "for v in 4 6; do for s in ucast mcast; do"
                 " echo 1000 >/proc/sys/net/ipv$v/neigh/tap0/${s}_solicit; done; done")
            _run(*inside, "addr", "add", f"{SERVER4}/24", "dev", "tap0")
            with contextlib.suppress(OSError):
                _run(*inside, "-6", "addr", "add", f"{SERVER6}/64", "dev", "tap0", "nodad")
            _run(*inside, "link", "set", "tap0", "up")
        except OSError as error:
            self.close()
            raise Skip(f"tap devices are not permitted here ({error})") from error

    @property
    def exec_prefix(self):
        return ["ip", "netns", "exec", self.name]

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside the namespace meanwhile; sockets it makes stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                if _libc.setns(there, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(there)
            try:
                yield
            finally:
                _libc.setns(home, CLONE_NEWNET)
        finally:
            os.close(home)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        with self.entered():
            return socket.socket(family, kind, protocol)

    def connect(self, address, port, timeout=10):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self.socket(family)
        try:
            connect(sock, (address, port), timeout)
        except BaseException:
            sock.close()
            raise
        return sock

    def start_dnsmasq(self, mac, tftp_root=None, bootfile=None, http_url=None, ipv6=True, name="dnsmasq", extra=()):
        """DHCP (the host always gets HOST4), TFTP, UEFI HTTP boot, router advertisements."""
        command = self.exec_prefix + [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=root",
            "--interface=tap0", "--bind-interfaces", "--port=0", "--log-dhcp", "--log-facility=-", "--no-ping",
            f"--pid-file={self.workdir / (name + '.pid')}",
            f"--dhcp-leasefile={self.workdir / (name + '.leases')}",
            "--dhcp-range=10.77.0.100,10.77.0.200,1h",
            f"--dhcp-host={mac},{HOST4}",
        ]
        if ipv6:
            command += ["--enable-ra", f"--dhcp-range={PREFIX6},ra-only,64,1h"]
        if tftp_root:
            command += ["--enable-tftp", f"--tftp-root={tftp_root}"]
        if bootfile:
            command += [f"--dhcp-boot=tag:!efihttp,{bootfile}"]
        if http_url:
            # Client architectures 16 and 19 (RFC 4578, IANA): x64 and arm64 UEFI HTTP; they want their class echoed.
            command += ["--dhcp-match=set:efihttp,option:client-arch,16", "--dhcp-match=set:efihttp,option:client-arch,19",
                        "--dhcp-option-force=tag:efihttp,60,HTTPClient", f"--dhcp-boot=tag:efihttp,{http_url}"]
        with open(self.workdir / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(command + list(extra), stdin=subprocess.DEVNULL, stdout=log,
                                                     stderr=log)

    def running(self):
        return set(self._processes)

    def stop_dnsmasq(self, name="dnsmasq"):
        process = self._processes.pop(name, None)
        if process:
            process.terminate()
            process.wait()

    def ping(self, address, count=3, size=56, timeout=5):
        """ICMP echo; gives how many were answered right."""
        answered = 0
        six = ":" in address
        with self.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP) as sock:
            sock.settimeout(timeout * SLOW)
            for number in range(count):
                ident = os.getpid() & 0xFFFF
                payload = bytes((number + i) & 0xFF for i in range(size))
                sock.sendto(_echo_request(six, ident, number, payload), (address, 0))
                watch, is_late = Stopwatch(), False
                while not is_late:
                    try:
                        answered += self._await_echo(sock, six, ident, number, payload)
                        break
                    except TimeoutError:
                        is_late = watch.is_past(timeout)
        return answered

    @staticmethod
    def _await_echo(sock, six, ident, number, payload):
        while True:
            packet = sock.recv(65536)
            icmp = packet if six else packet[(packet[0] & 15) * 4:]
            wanted = bytes([129 if six else 0, 0]) + icmp[2:4] + ident.to_bytes(2, "big") + number.to_bytes(2, "big")
            if icmp == wanted + payload:
                return 1

    def close(self):
        for name in list(self._processes):
            self.stop_dnsmasq(name)
        with contextlib.suppress(OSError):
            _run("ip", "netns", "del", self.name)


def _echo_request(six, ident, number, payload):
    head = bytes([128 if six else 8, 0, 0, 0]) + ident.to_bytes(2, "big") + number.to_bytes(2, "big")
    if six:
        return head + payload  # the kernel fills in the checksum
    data = head + payload + b"\0" * (len(payload) % 2)
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:2] + (~total & 0xFFFF).to_bytes(2, "big") + head[4:] + payload
