# SPDX-License-Identifier: BSD-2-Clause
"""Kernels and initrds that cannot be started are refused by name; images that VMs use stay; memory that is not there."""

import gzip
import struct

from harness.config import check, check_equal
from harness.registry import test, with_vms
from harness.vm import Vm, check_answers, guest_file, make, neighbour, upload

HOST = {"cpus": 2, "memory": "512M"}


def elf(segments, machine=62, entry=0x100000):
    """A 64-bit ELF file with a PVH note; each segment is (address, size in the file, size in memory)."""
    count = len(segments) + 1
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", entry)
    at = 64 + 56 * count
    headers = struct.pack("<IIQQQQQQ", 4, 4, at, 0, 0, len(note), len(note), 4)
    at += len(note)
    for address, in_file, in_memory in segments:
        headers += struct.pack("<IIQQQQQQ", 1, 7, at, address, address, in_file, in_memory, 4096)
        at += in_file
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return header + headers + note + b"\xf4" * sum(size for _, size, _ in segments)


def bzimage(version=0x20f, sectors=4, announced=0x1000, size=0x11000):
    """The head of a Linux kernel that halts at once."""
    image = bytearray(size)
    image[0x1f1] = sectors
    struct.pack_into("<I", image, 0x1f4, announced)
    struct.pack_into("<H", image, 0x1fe, 0xaa55)
    image[0x200:0x206] = b"\xebfHdrS"
    struct.pack_into("<H", image, 0x206, version)
    image[0x211] = 1
    struct.pack_into("<II", image, 0x22c, 0x7fffffff, 0x200000)
    struct.pack_into("<BBH", image, 0x234, 1, 21, 1)
    struct.pack_into("<I", image, 0x238, 2047)
    struct.pack_into("<QI", image, 0x258, 0x1000000, 0x20000)
    return bytes(image)


# What is uploaded: the field and words of the detail.
BAD_KERNELS = {
    "nothing": (b"\0" * 4096, "neither a Linux bzImage nor"),
    "text": (b"#!/bin/sh\n", "neither a Linux bzImage nor"),
    "gzip": (gzip.compress(b"x" * 1000), "compressed"),
    "elf-cut": (elf([(0x100000, 4096, 4096)])[:-1], "truncated"),
    "elf-head": (elf([(0x100000, 4096, 4096)])[:50], "truncated"),
    "elf-overlap": (elf([(0x100000, 8192, 8192), (0x101000, 4096, 4096)]), "overlap"),
    "elf-arm": (elf([(0x100000, 64, 64)], machine=183), "machine 183"),
    "elf-shrinks": (elf([(0x100000, 4096, 64)]), "bytes in the file but"),
    "elf-wraps": (elf([(0xfffffffffffff000, 4096, 8192)]), "64 bits"),
    "linux-cut": (bzimage(announced=0x2000), "truncated"),
    "linux-old": (bzimage(version=0x207), "boot protocol 2.07"),
    "linux-head": (bzimage()[:0x240], "truncated"),
}


def refuse(t, name, field, words, **config):
    """A VM of this configuration is made, but not started, and can be deleted."""
    with Vm(t.api, name, vcpus=1, **config) as vm:
        answer = vm.try_action("start")
        problem = answer.json()
        check_equal((answer.status, problem["code"], problem["field"]), (422, "not_loadable", field), f"{name}: answer")
        check(words in problem["detail"], f"{name}: {problem['detail']!r} does not say {words!r}")
        check_equal(vm.info()["state"], "created", f"{name}: state")


@test(**HOST)
def bad_kernels(t):
    with neighbour(t):
        for name, (data, words) in BAD_KERNELS.items():
            image = upload(t.api, f"bad-{name}", data)
            refuse(t, name, "kernel", words, memory="64M", kernel=image)
            check_equal(t.api.delete(f"/v1/images/{image}").status, 204, f"{name}: deletion of the image")
        whole = guest_file(t.host.config, "hello").read_bytes()
        refuse(t, "multiboot-cut", "kernel", "truncated", memory="64M",
               kernel=upload(t.api, "bad-multiboot", whole[:len(whole) // 2]))


@test(**HOST)
def too_little_memory(t):
    """What does not fit into the VM is refused with figures: a segment, a Linux kernel, an initrd."""
    far = upload(t.api, "far", elf([(0x3000000, 4096, 4096)], entry=0x3000000))
    big = upload(t.api, "big", bytes(16 << 20))
    linux = upload(t.api, "linux-16M", bzimage())
    guest = upload(t.api, "guest-hello", guest_file(t.host.config, "hello").read_bytes())
    refuse(t, "far", "memory", "0x1000 bytes at 0x3000000", memory="16M", kernel=far)
    refuse(t, "linux", "memory", str(0x20000), memory="16M", kernel=linux)
    refuse(t, "initrd", "initrd", str(16 << 20), memory="8M", kernel=guest, initrd=big)
    refuse(t, "linux-initrd", "initrd", str(16 << 20), memory="18M", kernel=linux, initrd=big)


def image(text_offset=0, size=0x20000, magic=b"ARM\x64", first=0x14000000):
    """The head of a Linux/arm64 Image that loops at once, if its first instruction is not another."""
    header = struct.pack("<IIQQQQQQ4sI", first, 0, text_offset, size, 0xa, 0, 0, 0, magic, 0)
    return header + bytes(0x1000)


BAD_IMAGES = {
    "empty": (b"", "empty"),
    "text": (b"#!/bin/sh\n", "not a Linux/arm64 Image"),
    "gzip-cut": (gzip.compress(image())[:40], "gzip"),
    "zboot": (b"MZ\0\0zimg" + bytes(100), "damaged"),
    "zboot-xz": (b"MZ\0\0zimg" + struct.pack("<IIII", 64, 64, 0, 0) + b"xzkern" + bytes(200), "xzkern"),
    "magic": (image(magic=b"ARM\x65", first=0xd503201f), "not a Linux/arm64 Image"),
    "offset": (image(text_offset=0x200000), "damaged"),
    "huge": (image(size=1 << 60), "damaged"),
    "bzimage": (bzimage(), "for x86"),
}


@with_vms(["qemu-virt-arm64"], **HOST)
def bad_images(t):
    with neighbour(t):
        for name, (data, words) in BAD_IMAGES.items():
            kernel = upload(t.api, f"bad-{name}", data)
            refuse(t, name, "kernel", words, memory="64M", kernel=kernel)
            check_equal(t.api.delete(f"/v1/images/{kernel}").status, 204, f"{name}: deletion of the image")
        big = upload(t.api, "big", bytes(16 << 20))
        refuse(t, "small", "memory", str(32 << 20), memory="16M", kernel=upload(t.api, "image-32M", image(size=32 << 20)))
        refuse(t, "initrd", "initrd", str(16 << 20), memory="8M", kernel=upload(t.api, "image", image()), initrd=big)


@with_vms(**HOST)
def wrong_configurations(t):
    """What is wrong with a VM that is to be made is said by field."""
    good = {"name": "x", "vcpus": 1, "memory": "8M", "kernel": upload(t.api, "some", b"x")}
    for change, field, code in (({"memory": "3M"}, "memory", "invalid_value"), ({"memory": 0}, "memory", "invalid_value"),
                                ({"vcpus": 1025}, "vcpus", "invalid_value"), ({"kernel": "nix"}, "kernel", "unknown_image"),
                                ({"initrd": "nix"}, "initrd", "unknown_image"), ({"cpus": 1}, "cpus", "unknown_field"),
                                ({"restart": "maybe"}, "restart", "invalid_value")):
        answer = t.api.post("/v1/vms", good | change)
        problem = answer.json()
        check_equal((answer.status, problem["code"], problem["field"]), (422, code, field), f"answer to {change}")
    with Vm(t.api, **good):
        answer = t.api.post("/v1/vms", good)
        check_equal((answer.status, answer.code), (409, "exists"), "answer when the name is taken")


@with_vms(**HOST)
def images_in_use(t):
    """An image of a VM can be neither deleted nor replaced until the VM is gone."""
    name = upload(t.api, "used", guest_file(t.host.config, "hello").read_bytes())
    path = f"/v1/images/{name}"
    for role in ("kernel", "initrd"):
        config = {"kernel": upload(t.api, "guest-echo", guest_file(t.host.config, "echo").read_bytes())}
        with Vm(t.api, "user", vcpus=1, memory="8M", **(config | {role: name})):
            check_equal(t.api.get_json(path)["in_use"], True, "in_use")
            for answer in (t.api.delete(path), t.api.put(path, b"other")):
                check_equal(answer.status, 409, f"status for a {role}")
        check_equal(t.api.get_json(path)["in_use"], False, "in_use afterwards")
    check_equal(t.api.delete(path).status, 204, "deletion afterwards")


@with_vms(**HOST)
def vms_until_memory_ends(t):
    """The one that does not fit is refused with figures; those that did run on, and all memory comes back."""
    def free():
        return t.api.get_json("/v1/host")["memory"]["free_bytes"]

    with neighbour(t) as other:
        before, vms = free(), []
        try:
            while len(vms) < 40:
                config = {"name": f"big-{len(vms)}", "vcpus": 2, "memory": "32M", "kernel": other.info()["kernel"]}
                answer = t.api.post("/v1/vms", config)
                if answer.status != 201:
                    break
                vms.append(config["name"])
            check_equal((answer.status, answer.code, answer.json()["field"]),
                        (507, "insufficient_storage", "memory"), "the last answer")
            check(str(32 << 20) in answer.json()["detail"], f"no figures in {answer.json()['detail']!r}")
            check(len(vms) > 4, f"only {len(vms)} VMs of 32 MiB fit into {before} free bytes")
            check_answers(other, "during")
            check_equal(t.api.put("/v1/images/small", b"x" * 1000).status in (201, 507), True, "an upload is answered")
            for name in vms[:2]:  # what was made can be run
                t.api.post(f"/v1/vms/{name}/actions/start")
                check_equal(t.api.get_json(f"/v1/vms/{name}")["state"], "running", "state")
        finally:
            for name in vms:
                t.api.post(f"/v1/vms/{name}/actions/stop")
                t.api.delete(f"/v1/vms/{name}")
            t.api.delete("/v1/images/small")
        check(free() > before - (1 << 20), f"{before} bytes were free, and now {free()}")
    with make(t, "hello") as vm:
        vm.run()
