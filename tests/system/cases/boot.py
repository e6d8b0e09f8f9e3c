# SPDX-License-Identifier: BSD-2-Clause
"""The ways to boot, with what each must hand over."""

import dataclasses
import re

from harness.config import check, check_equal
from harness.registry import each_architecture, test

TOKEN = "boot-secret"


def _check_host(t, firmware):
    t.host.wait_ready()
    host = t.api.get_json("/v1/host")
    check_equal(host["firmware"], firmware, "firmware")
    check_equal(host["board"], t.case.config.board, "board")
    check_equal(len(host["cpus"]), t.case.config.cpus, "number of CPUs")
    return host


@test(host="own", boot=["kernel", "pvh", "ipxe-tftp", "ipxe-http", "grub"], cmdline="hostname=by-cmdline",
      arguments={"firmware": "bios"})
def multiboot(t, firmware):
    if t.case.config.boot == "pvh":
        firmware = "pvh"
    host = _check_host(t, firmware)
    check_equal(host["name"], "by-cmdline", "name from the command line")


@test(host="own", boot=["bzimage", "ipxe-bzimage", "grub-linux"], cmdline="hostname=by-cmdline")
def linux_loader(t):
    host = _check_host(t, "bios")
    check_equal(host["name"], "by-cmdline", "name from the command line")


@test(host="own", boot=["ovmf-pxe", "ovmf-http", "ovmf-disk"], cpus=2, timeout=120)
def uefi(t):
    _check_host(t, "uefi")


def uefi_companion(t):
    """Without a loader in between, a file beside the image brings options and modules."""
    t.logdir.mkdir(parents=True, exist_ok=True)
    tokens, blob = t.logdir / "tokens", t.logdir / "blob"
    tokens.write_text(f"{TOKEN} admin\n")
    blob.write_bytes(bytes(range(256)) * 5000)
    t.launch(dataclasses.replace(t.case.config, cmdline="hostname=by-companion loglevel=debug",
                                 modules=(("tokens", str(tokens)), ("blob", str(blob)))))
    t.host.wait_ready()
    check_equal(t.api.get("/v1/host").status, 401, "status without a token")
    api = t.api.with_token(TOKEN)
    host = api.get_json("/v1/host")
    check_equal((host["name"], host["warnings"]), ("by-companion", []), "name and warnings")
    t.host.wait_serial(r"boot module blob is an image")
    check(api.get("/v1/images/blob/content").body == blob.read_bytes(), "the module arrived damaged")


test(host="none", boot=["ovmf-pxe", "ovmf-http", "ovmf-disk"], timeout=120)(uefi_companion)
test(host="none", board=["qemu-virt-arm64"], boot="ovmf-disk", timeout=180)(uefi_companion)


@test(host="own", boot=["grub-efi-chain", "grub-efi-linux"], cmdline="hostname=by-cmdline", timeout=120)
def uefi_grub(t):
    host = _check_host(t, "uefi")
    check_equal(host["name"], "by-cmdline", "name from the command line")


@test(host="own", boot=["ipxe-http", "ovmf-http", "ovmf-pxe"], net="tap", nic="e1000e", timeout=120)
def network_with_dnsmasq(t):
    """As a fleet boots: dnsmasq, a server on the same wire, the other NIC."""
    _check_host(t, "uefi" if t.case.config.boot.startswith("ovmf") else "bios")


@test(host="own", board="qemu-virt-arm64", cmdline="hostname=by-cmdline", cpus=[1, 4], cpu=["cortex-a72", "max"])
def arm64_image(t):
    """Linux's boot protocol for arm64: the device tree tells everything. With and without VHE."""
    host = _check_host(t, "fdt")
    check_equal(host["name"], "by-cmdline", "name from the command line")
    check_equal("vhe" in host["cpu"]["features"], t.case.config.cpu == "max", "VHE")


@test(host="own", board="qemu-virt-arm64", cpu=["cortex-a72", "max"], boot=["ovmf-pxe", "ovmf-disk"], cpus=2, timeout=180)
def arm64_uefi(t):
    """UEFI's own translation and caches are on when the image is entered; ACPI tells of the machine."""
    _check_host(t, "uefi")


@test(host="own", board="qemu-virt-arm64", boot="ovmf-disk", machine_flags=["", ",iommu=smmuv3"], cpus=2, timeout=180)
def arm64_messages(t):
    """ACPI tells which number a card has for the translation service, straight or through an SMMU."""
    _check_host(t, "uefi")
    check(t.host.serial.seen(r"pci: 0000:[0-9a-f:.]+: MSI-X\s"), "the card does not interrupt by messages")


@test(host="own", board="qemu-virt-arm64", boot="ovmf-http", net="tap", cpus=2, timeout=180)
def arm64_uefi_http(t):
    """UEFI HTTP boot, as a fleet does it."""
    _check_host(t, "uefi")


@test(host="own", board=["qemu-virt-arm64", "qemu-virt-arm64-gicv2"], boot="uboot-booti", net="tap", cpus=2, cmdline="hostname=by-cmdline")
def arm64_uboot(t):
    """U-Boot loads by TFTP and starts what it takes for Linux; it hands over a device tree."""
    host = _check_host(t, "fdt")
    check_equal(host["name"], "by-cmdline", "name from the command line")


@test(host="own", board="qemu-virt-arm64", boot="uboot-bootefi", net="tap", cpus=2)
def arm64_uboot_efi(t):
    """U-Boot's EFI, which has a device tree instead of ACPI."""
    _check_host(t, "uefi")


@test(host="own", cpus=[1, 2, 8], cpu_flags=["", ",-x2apic"], memory="512M")
def processors(t):
    """All processors come up, in either mode of the local APIC, and do work."""
    host = _check_host(t, "bios")
    cpus = host["cpus"]
    check_equal(sorted({cpu["state"] for cpu in cpus}), ["online"], "states")
    check_equal([cpu["id"] for cpu in cpus], list(range(len(cpus))), "CPU numbers")
    check_equal(len({cpu["apic_id"] for cpu in cpus}), len(cpus), "different APIC IDs")
    features = host["cpu"]["features"]
    if "-x2apic" in t.case.config.cpu_flags:
        check("x2apic" not in features, "x2apic is listed although the processor has none")
    log = t.api.get_json("/v1/host/log?limit=1000")["entries"]
    seen = {entry["cpu"] for entry in log}
    check(seen <= set(range(len(cpus))), f"log lines from CPUs {sorted(seen)}")


@each_architecture(host="own", memory=["128M", "4G", "16G"], cpus=2, timeout=120)
def memory(t):
    """Small; across a PC's PCI hole; large. Nearly all of it is there and most of it is free."""
    host = _check_host(t, t.case.config.board_info.firmware)
    size = {"128M": 128 << 20, "4G": 4 << 30, "16G": 16 << 30}[t.case.config.memory]
    total, free = host["memory"]["total_bytes"], host["memory"]["free_bytes"]
    check(size - (4 << 20) <= total <= size, f"total_bytes {total} of {size}")
    # What the host keeps for itself: 16 MiB is the aim, page metadata grows with the size.
    kept = total - free
    check(kept <= (16 << 20) + size // 64, f"{kept >> 20} MiB in use at idle")


@each_architecture(host="own", cmdline=f"token={TOKEN}", memory="256M")
def tokens_stay_secret(t):
    """A token on the command line does not appear in what the API shows of the command line."""
    t.host.wait_ready()
    host = t.api.with_token(TOKEN).get_json("/v1/host")
    check(TOKEN not in host["cmdline"], "the API shows a token")
    check(not t.host.serial.seen(re.escape(TOKEN)), "the serial log shows a token")
