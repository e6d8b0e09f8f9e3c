# SPDX-License-Identifier: BSD-2-Clause
"""Addresses, ICMP, links that go and come back, cards that reset."""

import errno
import re
import socket
import struct

from harness.api import Connection, connect
from harness.config import check, check_equal
from harness.netns import HOST4, PREFIX6, SERVER4, slaac_address
from harness.qtest import e1000e_reset, gem_stop, virtio_net_fail
from harness.registry import everywhere, test
from harness.stopwatch import wait_until

NICS = ["virtio-net-pci", "e1000e"]


def _ipv4(t):
    return t.api.get_json("/v1/host")["network"]["ipv4"]


@everywhere(net="tap", nic=NICS)
def dhcp(t):
    ipv4 = _ipv4(t)
    check_equal(ipv4, {"address": HOST4, "prefix": 24, "gateway": SERVER4, "source": "dhcp"}, "address")


@everywhere(net="tap", nic=NICS)
def interface(t):
    """What the API says of the card is true."""
    interface, = t.api.get_json("/v1/host")["network"]["interfaces"]
    check_equal(interface["mac"].lower(), t.host.mac, "MAC")
    check_equal((interface["link"], interface["mtu"]), ("up", 1500), "link and MTU")
    before = interface["rx_packets"]
    t.api.get("/healthz")
    interface, = t.api.get_json("/v1/host")["network"]["interfaces"]
    check(interface["rx_packets"] > before, "rx_packets does not count")


@everywhere(net="tap", nic=NICS)
def ping(t):
    """ICMP echo, from nothing to fragments."""
    for size in (0, 56, 1472, 4000):
        check_equal(t.host.netns.ping(HOST4, count=3, size=size), 3, f"answers to pings of {size} bytes")


@everywhere(net="tap", nic=NICS)
def slaac(t):
    """The prefix a router advertises becomes an address; it pings and serves HTTP."""
    wanted = slaac_address(t.host.mac)
    # The log line comes when duplicate address detection has ended.
    t.host.wait_serial(re.escape(wanted), timeout=30)
    check(t.host.netns.ping(wanted, count=5, timeout=2) >= 3, f"{wanted} does not answer pings")
    states = {entry["address"]: entry["state"] for entry in t.api.get_json("/v1/host")["network"]["ipv6"]}
    check_equal(states.get(wanted), "preferred", f"state of {wanted}")
    check(any(address.startswith("fe80:") for address in states), "no link-local address")
    with Connection(t.host.netns.connect(wanted, 80)) as connection:
        connection.send_request("GET", "/healthz", {"Host": f"[{wanted}]"})
        check_equal(connection.read_response().status, 200, "status of an answer over IPv6")


TOTAL_RETRANS = 100  # of struct tcp_info (linux/tcp.h)


def _retransmissions(t, port):
    """Of a client with that port whose connection the host closes, which waits with it then (TIME-WAIT)."""
    def try_connect():
        sock = t.host.netns.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        try:
            connect(sock, (t.host.address, 80), 20)
            return sock
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRNOTAVAIL:  # the host has not acknowledged the end of the one before
                raise

    sock = wait_until(try_connect, 20, "the port does not become free", pause=0.01)
    with Connection(sock) as connection:
        connection.send_request("GET", "/healthz", {"Connection": "close"})
        check_equal(connection.read_response().status, 200, "status")
        check(connection.at_end(), "the host does not close")
        return struct.unpack_from("I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 200), TOTAL_RETRANS)[0]


@everywhere(net="tap")
def port_comes_again(t):
    """A client that uses a port again is answered its first SYN: one that has to send another loses a second, or six."""
    _retransmissions(t, 50123)
    wait_until(lambda: _retransmissions(t, 50123) == 0, 20, "no SYN is answered at once", pause=0)


@everywhere(host="own", net="tap-nodhcp", cmdline=f"ip={HOST4}/24,{SERVER4}", nic=NICS)
def static_address(t):
    """By command line; nobody is asked."""
    t.host.wait_ready()
    check_equal(_ipv4(t), {"address": HOST4, "prefix": 24, "gateway": SERVER4, "source": "static"}, "address")


@everywhere(host="own", net="tap-nodhcp")
def no_dhcp_server(t):
    """Keeps trying, says so, and takes the address when a server appears at last."""
    t.host.wait_serial(r"(?i)dhcp.*(no answer|no server|no offer|still|trying|waiting)", timeout=90)
    t.host.netns.start_dnsmasq(t.host.mac)
    t.host.wait_serial(re.escape(HOST4), timeout=120)
    t.host.wait_ready()
    check_equal(_ipv4(t)["source"], "dhcp", "source")


@everywhere(host="own", net="tap", nic=NICS)
def link_down_and_up(t):
    """The host notices both, and answers on the same address afterwards; connections survive."""
    t.host.wait_ready()
    kept = t.api.open()
    kept.send_request("GET", "/healthz")
    check_equal(kept.read_response().status, 200, "first answer")
    for _ in range(3):
        mark = t.host.serial.mark()
        t.host.set_link(False)
        t.host.wait_serial(r"(?i)link.*down", timeout=20, start=mark)
        mark = t.host.serial.mark()
        t.host.set_link(True)
        t.host.wait_serial(r"(?i)link.*up", timeout=20, start=mark)
    kept.send_request("GET", "/healthz")
    check_equal(kept.read_response().status, 200, "answer on the connection that was open all the time")
    kept.close()
    t.host.check_alive()
    events = t.api.get_json("/v1/host/log?limit=1000")["entries"]
    check(sum("link" in entry["message"] and "down" in entry["message"] for entry in events) >= 3,
          "the log does not have the three times")


@everywhere(host="own", net="tap", nic=NICS)
def boot_without_link(t):
    """The cable is plugged in only later."""
    t.host.set_link(False)
    t.host.wait_serial(r"(?i)link.*down|no link|waiting for", timeout=60)
    t.host.set_link(True)
    t.host.wait_ready()
    t.host.check_alive()


@everywhere(needs_pci=True, host="own", net="tap", nic=["virtio-net-pci", "e1000e", "e1000"], cmdline=["", "pci.irq=msi", "pci.irq=intx"],
      cpus=2)
def interrupt_kinds(t):
    """Every kind that the card has carries traffic; what it does not have is not used."""
    has = {"virtio-net-pci": ["MSI-X", "INTx"], "e1000e": ["MSI-X", "MSI", "INTx"], "e1000": ["INTx"]}[t.case.config.nic]
    best = {"": "MSI-X", "pci.irq=msi": "MSI", "pci.irq=intx": "INTx"}[t.case.config.cmdline]
    order = ["MSI-X", "MSI", "INTx"]
    wanted = next(kind for kind in order[order.index(best):] if kind in has)
    t.host.wait_ready()
    used = re.findall(r"pci: [0-9a-f:.]+: (\S+)\s", t.host.serial.text)
    check_equal(used, [wanted], "interrupts")
    check_equal(t.host.netns.ping(HOST4, count=3, size=1472), 3, "answers to pings")
    body = bytes(range(256)) * 4096
    check_equal(t.api.put("/v1/images/carried", body).status, 201, "status of an upload")
    check(t.api.get("/v1/images/carried/content").body == body, "the bytes came back differently")


@everywhere(needs_pci=True, host="own", net="none")
def no_card(t):
    """No network card at all: the host says so on the serial line and stays up."""
    t.host.wait_serial(r"(?i)no network card", timeout=60)
    t.host.serial.wait(r"\Z", 1)
    check(t.host.is_running and not t.host.shutdown_reason, "the host did not stay up")


@everywhere(host="own", net="tap", nic=NICS, cpus=2, qtest=True, timeout=90)
def card_resets(t):
    """The card fails or is reset behind the driver's back; traffic comes back, on the same connection too."""
    t.host.wait_ready()
    kept = t.api.open(60)
    kept.send_request("GET", "/healthz")
    check_equal(kept.read_response().status, 200, "first answer")
    for _ in range(3):
        with t.host.qtest() as qtest:
            if t.case.config.nic == "e1000e":
                e1000e_reset(qtest, t.host.qmp, "nic0")
            elif t.case.config.nic == "gem":
                gem_stop(qtest)
            else:
                virtio_net_fail(qtest, t.host.qmp, "nic0")
        kept.send_request("GET", "/healthz")
        check_equal(kept.read_response().status, 200, "answer after a reset")
    kept.close()
    check(t.host.serial.seen(r"(?i)eth0.*reset"), "the log does not mention it")


@everywhere(needs_pci=True, host="own", net="tap", extra=("-netdev", "user,id=second", "-device", "e1000e,netdev=second,mac=52:54:00:bb:00:01"))
def two_cards(t):
    """A second card, of the other kind, is found and does not disturb."""
    t.host.wait_ready()
    interfaces = t.api.get_json("/v1/host")["network"]["interfaces"]
    check_equal(sorted(entry["driver"] for entry in interfaces), ["e1000e", "virtio-net"], "drivers")


@test(host="own", board=["qemu-virt-arm64", "qemu-virt-arm64-gicv2"], net="tap", nic="virtio-net-device", cpus=2,
      extra=("-global", "virtio-mmio.force-legacy=false"))
def memory_mapped_card(t):
    """A card in one of the slots that the device tree names, beside empty ones."""
    t.host.wait_ready()
    interfaces = t.api.get_json("/v1/host")["network"]["interfaces"]
    check_equal([entry["driver"] for entry in interfaces], ["virtio-net"], "drivers")
    check_equal(t.host.netns.ping(HOST4, count=3, size=1472), 3, "answers to pings")
    body = bytes(range(256)) * 4096
    check_equal(t.api.put("/v1/images/carried", body).status, 201, "status of an upload")
    check(t.api.get("/v1/images/carried/content").body == body, "the bytes came back differently")
    t.host.set_link(False)
    t.host.wait_serial(r"eth0: link down", timeout=20)
    t.host.set_link(True)
    t.host.check_alive()
