# SPDX-License-Identifier: BSD-2-Clause
"""Hand-overs and tables that are wrong: warnings, not crashes; and the host answers HTTP all the same."""

import dataclasses
import pathlib
import subprocess

from harness.config import BUILD, Failure, Skip, check, check_equal
from harness.registry import each_architecture, test

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "loader"
ACPI = ["checksums", "root-checksum", "madt-entry-zero", "madt-entry-long", "length-zero", "length-huge",
        "wild-pointers", "self-pointers", "mcfg-wild", "fadt-wild", "noise", "rsdp-checksum", "rsdp-wild", "none"]
# What the loader does to modules, memory map and command line, and whether a warning must come of it.
HANDOVERS = {
    "plain": False, "modules-overlap": True, "modules-image": True, "modules-wild": True, "modules-many": True,
    "modules-nowhere": True, "map-overlap": True, "map-broken": True, "map-cut": False, "map-nowhere": True, "map-none": True,
    "line-long": True, "line-binary": True, "line-nowhere": True,
}


def _loader():
    """Our hostile boot loader, built when it is first needed."""
    target = BUILD / "tests" / "loader.elf"
    sources = [SOURCES / name for name in ("start.S", "loader.c", "acpi.c")]
    newest = max(path.stat().st_mtime for path in [*sources, SOURCES / "loader.h"])
    if target.exists() and target.stat().st_mtime > newest:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-m32", "-O1", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mgeneral-regs-only",
               "-static", "-nostdlib", "-Wl,-Ttext=0xa000000,--build-id=none", "-o", str(target)]
    try:
        done = subprocess.run(command + [str(path) for path in sources], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Skip(f"no compiler for the hostile boot loader: {error}") from error
    if done.returncode != 0:
        raise Failure(f"the hostile boot loader does not build: {done.stderr[-300:]}")
    return target


def _launch(t, modes, cmdline="", modules=()):
    image = t.case.config.image("elf")
    initrd = ",".join([f"{image} image"] + [f"{path} {name}" for name, path in modules])
    config = dataclasses.replace(
        t.case.config, boot="other",
        extra=("-kernel", str(_loader()), "-append", f"{modes} -- {cmdline}".rstrip(), "-initrd", initrd))
    t.launch(config)
    t.host.wait_ready()
    return t.api.get_json("/v1/host")


@test(host="none", arguments={"mode": sorted(HANDOVERS)}, cpus=2)
def handover(t, mode):
    host = _launch(t, mode, "hostname=survivor")
    check_equal(len(host["cpus"]), 2, "CPUs")
    if mode != "line-nowhere":
        check_equal(host["name"], "survivor", "name")
    if HANDOVERS[mode]:
        check(host["warnings"], "no warning")
    else:
        check_equal(host["warnings"], [], "warnings")


@test(host="none", arguments={"damage": ACPI}, cpus=2)
def broken_acpi(t, damage):
    """With what is left the host comes up, perhaps with one CPU, and says what was wrong."""
    host = _launch(t, f"acpi-{damage}")
    check(host["warnings"], "no warning")
    check(1 <= len(host["cpus"]) <= 2, f"{len(host['cpus'])} CPUs")


@test(host="own", machine_flags=",acpi=off", cpus=2)
def firmwares_own_acpi(t):
    """Without tables of the machine's, SeaBIOS offers its own, of 2010's kind."""
    t.host.wait_ready()
    host = t.api.get_json("/v1/host")
    check_equal((len(host["cpus"]), host["warnings"]), (2, []), "CPUs and warnings")


@test(host="none", cpus=2)
def unknown_acpi_tables(t):
    """Tables nobody knows, and second ones of kinds that exist once, disturb nothing."""
    t.logdir.mkdir(parents=True, exist_ok=True)
    noise = t.logdir / "noise"
    noise.write_bytes(bytes(range(256)) * 4)
    extra = []
    for signature in ("XYZW", "APIC", "MCFG", "SRAT", "HPET", "SSDT"):
        extra += ["-acpitable", f"sig={signature},rev=1,data={noise}"]
    t.launch(dataclasses.replace(t.case.config, extra=tuple(extra)))
    t.host.wait_ready()
    check_equal(len(t.api.get_json("/v1/host")["cpus"]), 2, "CPUs")


@each_architecture(host="own", cmdline='frobnicate=yes ip=nonsense loglevel=shout "unfinished')
def odd_options(t):
    """Unknown options and bad values are named in a warning each; the rest counts."""
    t.host.wait_ready()
    warnings = t.api.get_json("/v1/host")["warnings"]
    for word in ("frobnicate", "ip", "loglevel"):
        check(any(word in warning for warning in warnings), f"no warning names {word}: {warnings}")
        check(t.host.serial.seen(rf"(?i)warn.*{word}|{word}.*(unknown|not|bad)"), f"the log does not mention {word}")


def two_nodes(t):
    """SRAT, or a device tree: CPUs and memory of two nodes."""
    t.host.wait_ready()
    cpus = t.api.get_json("/v1/host")["cpus"]
    check_equal([cpu["node"] for cpu in cpus], [0, 1], "nodes of the CPUs")


NODES = {"host": "own", "cpus": 2, "memory": "256M", "timeout": 180,
         "extra": ("-numa", "node,cpus=0,memdev=m0", "-numa", "node,cpus=1,memdev=m1",
                   "-object", "memory-backend-ram,id=m0,size=128M", "-object", "memory-backend-ram,id=m1,size=128M")}
test(**NODES)(two_nodes)
test(board=["qemu-virt-arm64"], boot=["kernel", "ovmf-disk"], **NODES)(two_nodes)


@test(host="own", extra=("-device", "intel-iommu,intremap=on,eim=on"), machine_flags=",kernel-irqchip=split", cpus=2)
def with_dmar(t):
    """A DMAR table and its unit, which we leave alone for now."""
    t.host.wait_ready()
    t.host.check_alive()
