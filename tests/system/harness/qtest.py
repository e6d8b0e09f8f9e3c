# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's test protocol: reads and writes of physical addresses behind the back of what runs in the machine."""

import socket

from .config import Failure


class Qtest:
    def __init__(self, path):
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.connect(str(path))
        self._file = self._sock.makefile("r", encoding="ascii")

    def _command(self, *words):
        self._sock.sendall((" ".join(str(word) for word in words) + "\n").encode())
        answer = self._file.readline().split()
        while answer and answer[0] == "IRQ":
            answer = self._file.readline().split()
        if not answer or answer[0] != "OK":
            raise Failure(f"qtest {words}: {answer}")
        return int(answer[1], 16) if len(answer) > 1 else None

    def read(self, address, size):
        return self._command(f"read{'bwlq'[size.bit_length() - 1]}", f"{address:#x}")

    def write(self, address, size, value):
        self._command(f"write{'bwlq'[size.bit_length() - 1]}", f"{address:#x}", f"{value:#x}")

    def close(self):
        self._file.close()
        self._sock.close()


def bar_address(qmp, device, bar):
    """Where base address register `bar` of the PCI function with QEMU id `device` lies."""
    for bus in qmp.command("query-pci"):
        for function in bus["devices"]:
            if function["qdev_id"] == device:
                for region in function["regions"]:
                    if region["bar"] == bar:
                        return region["address"]
    raise Failure(f"no BAR {bar} of {device}")


def virtio_net_fail(qtest, qmp, device):
    """
    Corrupts the transmit queue so that the device finds it broken, sets DEVICE_NEEDS_RESET and says so with a
    configuration interrupt (virtio 1.2, 2.1.1). QEMU puts the common structure at BAR 4 + 0, notification at 0x3000.
    """
    common = bar_address(qmp, device, 4)
    qmp.command("stop")
    selected = qtest.read(common + 0x16, 2)
    qtest.write(common + 0x16, 2, 1)
    driver_ring = qtest.read(common + 0x28, 4) | qtest.read(common + 0x2c, 4) << 32
    notify = common + 0x3000 + 4 * qtest.read(common + 0x1e, 2)
    qtest.write(common + 0x16, 2, selected)
    qmp.command("cont")
    qtest.write(driver_ring + 2, 2, (qtest.read(driver_ring + 2, 2) + 0x4000) & 0xFFFF)
    qtest.write(notify, 2, 1)


def e1000e_reset(qtest, qmp, device):
    """CTRL.RST (82574 datasheet, 10.2.2.1): the card forgets its rings, interrupts and filters."""
    qtest.write(bar_address(qmp, device, 0), 4, 1 << 26)


def gem_stop(qtest):
    """network_control (UG1087) of the ZCU102's GEM3: receiver and transmitter go off."""
    qtest.write(0xFF0E0000, 4, 0)
