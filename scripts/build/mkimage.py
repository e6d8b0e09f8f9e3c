#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes one file that is both an EFI application (PE32+) and a Linux kernel of its architecture.

    mkimage.py basalt.elf setup16.bin basalt.efi        x86: bzImage
    mkimage.py basalt.elf basalt.efi                    arm64: Image

On x86 the file is the setup part (platform/x86_64/boot/setup16.S), then the image exactly as it lies in memory, then a
.reloc section. The PE headers live in the setup part before the Linux header at 0x1f1. The PE sections are the ELF's
loadable segments; file offset and RVA of everything are the same, so one copy of the image serves both forms. The
image relocates itself: .reloc holds nothing, it only says that any address will do.

On arm64 the image's own first page (platform/arm64/boot/head.S) has the place for both headers.

Same input, same bytes: no time stamps.
"""

import struct
import sys

PAGE = 4096
FILE_ALIGN = 512
LINUX_HEADER = 0x1F1
PE_AT = 0x40
PT_LOAD, PF_X, PF_W = 1, 1, 2
ENTRY32, ENTRY64 = 0, 0x200

SCN_CODE, SCN_DATA, SCN_DISCARD = 0x20, 0x40, 0x02000000
SCN_X, SCN_R, SCN_W = 0x20000000, 0x40000000, 0x80000000


class Bad(Exception):
    pass


def align(n, to):
    return (n + to - 1) // to * to


class Elf:
    """The few facts of a little-endian ELF64 file that an image needs."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise Bad("not a little-endian ELF64 file")
        self.data = data
        self.machine = struct.unpack_from("<H", data, 18)[0]
        self.load = sorted(p for p in self._table(32, 54, "<IIQQQQQQ") if p[0] == PT_LOAD)
        if not self.load:
            raise Bad("no loadable segment")
        # p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align
        self.load.sort(key=lambda p: p[3])
        self.base = self.load[0][3]
        self.memory_size = align(max(p[3] + p[6] for p in self.load) - self.base, PAGE)

    def _table(self, offset_at, entry_at, fmt):
        """Program headers (32, 54) or section headers (40, 58)."""
        offset = struct.unpack_from("<Q", self.data, offset_at)[0]
        size, count = struct.unpack_from("<HH", self.data, entry_at)
        return [struct.unpack_from(fmt, self.data, offset + i * size) for i in range(count)]

    def symbol(self, name):
        """Address of a symbol relative to the image's start."""
        sections = self._table(40, 58, "<IIQQQQIIQQ")
        for _, kind, _, _, offset, size, link, _, _, entry in sections:
            if kind != 2:  # SHT_SYMTAB
                continue
            strings = sections[link][4]
            for at in range(offset, offset + size, entry):
                st_name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                end = self.data.index(b"\0", strings + st_name)
                if self.data[strings + st_name : end].decode() == name:
                    return value - self.base
        raise Bad("no symbol %s" % name)

    def without_head(self):
        """The image but for its first page, which is a segment of its own. Gives that page."""
        head = self.load.pop(0)
        if head[6] != PAGE or head[3] + PAGE != self.load[0][3]:
            raise Bad("the header is no segment of one page")
        self.base += PAGE
        self.memory_size -= PAGE
        return bytearray(self.data[head[2] : head[2] + PAGE])

    def flat(self):
        """The image as it lies in memory, without what is zero at the end."""
        image = bytearray(max(p[3] + p[5] for p in self.load) - self.base)
        for _, _, offset, vaddr, _, filesz, _, _ in self.load:
            image[vaddr - self.base : vaddr - self.base + filesz] = self.data[offset : offset + filesz]
        return image


def section_table(elf, setup_size, reloc_rva, reloc_size):
    """[(name, rva, virtual size, raw offset, raw size, characteristics)]"""
    sections = []
    for _, flags, _, vaddr, _, filesz, memsz, _ in elf.load:
        rva = setup_size + vaddr - elf.base
        if rva % PAGE:
            raise Bad("segment at %#x does not begin a page" % vaddr)
        if flags & PF_X and flags & PF_W:
            raise Bad("segment at %#x is writable and executable" % vaddr)
        if flags & PF_X:
            name, kind = b".text", SCN_CODE | SCN_X | SCN_R
        elif flags & PF_W:
            name, kind = b".data", SCN_DATA | SCN_R | SCN_W
        else:
            name, kind = b".rodata", SCN_DATA | SCN_R
        sections.append((name, rva, memsz, rva if filesz else 0, align(filesz, FILE_ALIGN), kind))
    sections.append((b".reloc", reloc_rva, reloc_size, 0, FILE_ALIGN, SCN_DATA | SCN_R | SCN_DISCARD))
    return sections


def pe_headers(elf, sections, headers_size, reloc_size):
    """COFF header, optional header and section table (PE format, Microsoft; UEFI 2.10, 2.1.1)."""
    machine = {62: 0x8664, 183: 0xAA64}[elf.machine]
    directories = [(0, 0)] * 5 + [(sections[-1][1], reloc_size)]
    code = sum(s[4] for s in sections if s[5] & SCN_CODE)
    data = sum(s[4] for s in sections if s[5] & SCN_DATA)
    size_of_image = align(sections[-1][1] + sections[-1][2], PAGE)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        0x20B, 2, 20, code, data, 0,                     # magic, linker version, sizes
        headers_size + elf.symbol("efi_entry"), sections[0][1],
        0, PAGE, FILE_ALIGN,                             # image base, alignments
        0, 0, 0, 0, 1, 0, 0,                             # versions: OS, image, subsystem; Win32
        size_of_image, headers_size, 0,                  # checksum: none
        10, 0x0020 | 0x0040 | 0x0100,                    # EFI application; any address, no code outside .text
        0, 0, 0, 0, 0, len(directories))
    optional += b"".join(struct.pack("<II", *d) for d in directories)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, len(sections), 0, 0, 0, len(optional), 0x0226)
    table = b"".join(
        struct.pack("<8sIIIIIIHHI", name, vsize, rva, raw_size, raw, 0, 0, 0, 0, kind)
        for name, rva, vsize, raw, raw_size, kind in sections)
    return coff + optional + table


def make(elf_data, setup):
    elf = Elf(elf_data)
    setup = bytearray(setup)
    if len(setup) % PAGE or setup[LINUX_HEADER] != len(setup) // 512 - 1 or setup[0x202:0x206] != b"HdrS":
        raise Bad("setup part is not one")
    for name, offset in (("entry_linux32", ENTRY32), ("entry_linux64", ENTRY64)):
        if elf.symbol(name) != offset:
            raise Bad("%s is at %#x in the image, loaders enter at %#x" % (name, elf.symbol(name), offset))

    payload = elf.flat()
    payload += bytes(align(len(payload), PAGE) - len(payload))
    # One block for the first page with one entry of type ABSOLUTE, which means nothing.
    reloc = struct.pack("<IIHH", len(setup), 12, 0, 0)
    reloc_at = len(setup) + len(payload)
    sections = section_table(elf, len(setup), len(setup) + elf.memory_size, len(reloc))
    name, rva, vsize, _, raw_size, kind = sections[-1]
    sections[-1] = (name, rva, vsize, reloc_at, raw_size, kind)

    headers = pe_headers(elf, sections, len(setup), len(reloc))
    if PE_AT + len(headers) > LINUX_HEADER:
        raise Bad("PE headers run into the Linux header")
    setup[0:2] = b"MZ"
    struct.pack_into("<I", setup, 0x3C, PE_AT)
    setup[PE_AT : PE_AT + len(headers)] = headers

    payload += reloc + bytes(FILE_ALIGN - len(reloc))
    struct.pack_into("<I", setup, 0x1F4, align(len(payload), 16) // 16)
    struct.pack_into("<I", setup, 0x260, elf.memory_size)
    return setup + payload


def make_arm64(elf_data):
    """Linux Documentation/arch/arm64/booting.rst: image_size counts what follows the file in memory too."""
    elf = Elf(elf_data)
    head = elf.without_head()
    if head[:2] != b"MZ" or head[0x38:0x3C] != b"ARM\x64":
        raise Bad("the first page has no header")
    payload = elf.flat()
    payload += bytes(align(len(payload), PAGE) - len(payload))
    reloc = struct.pack("<IIHH", PAGE, 12, 0, 0)
    sections = section_table(elf, PAGE, PAGE + elf.memory_size, len(reloc))
    name, rva, vsize, _, raw_size, kind = sections[-1]
    sections[-1] = (name, rva, vsize, PAGE + len(payload), raw_size, kind)
    headers = pe_headers(elf, sections, PAGE, len(reloc))
    struct.pack_into("<Q", head, 0x10, align(PAGE + elf.memory_size, PAGE))
    struct.pack_into("<I", head, 0x3C, PE_AT)
    head[PE_AT : PE_AT + len(headers)] = headers
    return head + payload + reloc + bytes(FILE_ALIGN - len(reloc))


def main(argv):
    if len(argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        parts = [open(path, "rb").read() for path in argv[1:-1]]
        image = make(*parts) if len(parts) == 2 else make_arm64(*parts)
    except (OSError, Bad) as error:
        sys.exit("mkimage.py: %s: %s" % (argv[1], error))
    with open(argv[-1], "wb") as out:
        out.write(image)


if __name__ == "__main__":
    main(sys.argv)
