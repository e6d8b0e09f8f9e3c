#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every board of configs/ is built, and nothing of an architecture, backend or driver that it did not choose is in its image.

    boards.py BUILD         BUILD/<board> are the output folders
"""
import os
import pathlib
import re
import subprocess
import sys

ARCHES = {"x86_64": ("platform/x86_64/", "vmm/x86/", "vmm/backend/svm/", "vmm/backend/vmx/"),
          "arm64": ("platform/arm64/", "vmm/arm64/", "vmm/backend/arm64/")}
# Drivers: what an image holds of them only if its configuration says so.
DRIVERS = {"HOST_GICV2": r"platform/arm64/irq/(gicv2|v2m)\.o|vmm/.*\bgicv2\b", "HOST_GICV3": r"platform/arm64/irq/(gicv3|its\w*)\.o|vmm/.*\bgicv3\b",
           "UART_16550": r"platform/drivers/uart/uart_16550\.o", "UART_PL011": r"platform/drivers/uart/uart_pl011\.o",
           "UART_CADENCE": r"platform/drivers/uart/uart_cadence\.o", "NIC_GEM": r"platform/drivers/nic/gem",
           "NIC_VIRTIO": r"platform/drivers/nic/virtio_net", "NIC_E1000E": r"platform/drivers/nic/e1000e",
           "PCI": r"platform/drivers/pci/", "VIRTIO": r"platform/drivers/virtio/",
           "VIRTIO_PCI": r"platform/drivers/virtio/virtio_pci", "VIRTIO_MMIO": r"platform/drivers/virtio/virtio_mmio"}
# Symbols that tell whose code it is, should an object's name not.
SYMBOLS = {"x86_64": r"lapic_(init|cpu_init|eoi|send)|ioapic_init|rtc_read$|vmcb|svm_|bootinfo_(multiboot|pvh|linux)", "arm64": r"gic_|its_|psci_|generic_timer_|bootinfo_fdt|fdt_machine"}



def problems_of(out):
    config = dict(re.findall(r'^CONFIG_(\w+)="?([^"\n]*)"?$', (out / ".config").read_text(), re.M))
    objects = re.findall(r"obj/(\S+\.o)\b", (out / "basalt.debug.d").read_text())
    names = subprocess.run(["nm", "--defined-only", out / "basalt.elf"], capture_output=True, text=True, check=True).stdout
    for arch, rooms in ARCHES.items():
        if arch == config["ARCH"]:
            continue
        yield from (f"{name} is linked" for name in objects if name.startswith(rooms))
        yield from (f"{name} is in the image" for name in re.findall(r"^\w+ [tTdDbB] (\S+)$", names, re.M)
                    if re.match(SYMBOLS[arch], name))
    for option, pattern in DRIVERS.items():
        if config.get(option) != "y":
            yield from (f"{name} is linked without CONFIG_{option}" for name in objects if re.match(pattern, name))
    for name in objects:
        backend = re.match(r"vmm/backend/(\w+)/", name)
        if backend and backend.group(1) != config["BACKEND"]:
            yield f"{name} is linked"


def main():
    build, passed, failed = pathlib.Path(sys.argv[1]), 0, 0
    for path in sorted(pathlib.Path("configs").glob("*_defconfig")):
        board = path.name.removesuffix("_defconfig")
        done = subprocess.run(["make", f"-j{os.cpu_count()}", f"BOARD={board}", f"O={build / board}", "all", "guests"],
                              capture_output=True, text=True, check=False)
        problems = [done.stdout[-2000:] + done.stderr[-2000:]] if done.returncode else sorted(set(problems_of(build / board)))
        passed, failed = passed + (not problems), failed + bool(problems)
        print(f"  {'FAIL' if problems else 'ok':5} {board}")
        for problem in problems:
            print(f"    {problem}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
