# SPDX-License-Identifier: BSD-2-Clause
"""The image that is a PE file and a bzImage at once, made from a small invented ELF file."""

import importlib.util
import pathlib
import struct
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("mkimage", ROOT / "scripts/build/mkimage.py")
mkimage = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mkimage)

BASE = 0x200000
SETUP_SIZE = 0x2000
R, W, X = 4, 2, 1


def setup_part():
    s = bytearray(SETUP_SIZE)
    s[0x1F1] = SETUP_SIZE // 512 - 1
    s[0x1FE:0x200] = b"\x55\xaa"
    s[0x202:0x206] = b"HdrS"
    return s


def elf(segments=None, symbols=None):
    """segments: (flags, address, bytes, memory size)."""
    if segments is None:
        segments = [(R | X, BASE, b"T" * 0x1000, 0x1000), (R, BASE + 0x1000, b"R" * 0x800, 0x1000),
                    (R | W, BASE + 0x2000, b"D" * 0x1000, 0x5000)]
    if symbols is None:
        symbols = {"entry_linux32": BASE, "entry_linux64": BASE + 0x200, "efi_entry": BASE + 0x345}
    strings, table = b"\0", bytes(24)
    for name, value in symbols.items():
        table += struct.pack("<IBBHQQ", len(strings), 0x12, 0, 1, value, 0)
        strings += name.encode() + b"\0"
    offset = 64 + 56 * len(segments)
    headers, body = b"", b""
    for flags, address, data, size in segments:
        headers += struct.pack("<IIQQQQQQ", 1, flags, offset + len(body), address, address, len(data), size, 4096)
        body += data
    table_at = offset + len(body)
    strings_at = table_at + len(table)
    sections_at = strings_at + len(strings)
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, table_at, len(table), 2, 0, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, strings_at, len(strings), 0, 0, 1, 0)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, BASE, 64, sections_at, 0, 64, 56, len(segments), 64, 3, 0)
    return header + headers + body + table + strings + sections


class MakeImage(unittest.TestCase):
    def setUp(self):
        self.image = bytes(mkimage.make(elf(), setup_part()))
        self.pe = struct.unpack_from("<I", self.image, 0x3C)[0]

    def sections(self):
        count, _, _, _, optional = struct.unpack_from("<HIIIH", self.image, self.pe + 6)
        at = self.pe + 24 + optional
        return [struct.unpack_from("<8sIIIIIIHHI", self.image, at + 40 * i) for i in range(count)]

    def test_pe_headers(self):
        self.assertEqual(self.image[:2], b"MZ")
        self.assertEqual(self.image[self.pe : self.pe + 6], b"PE\0\0\x64\x86")
        magic, = struct.unpack_from("<H", self.image, self.pe + 24)
        self.assertEqual(magic, 0x20B)
        entry, = struct.unpack_from("<I", self.image, self.pe + 24 + 16)
        self.assertEqual(entry, SETUP_SIZE + 0x345)
        subsystem, dll = struct.unpack_from("<HH", self.image, self.pe + 24 + 68)
        self.assertEqual(subsystem, 10)
        self.assertTrue(dll & 0x100, "NX_COMPAT")
        size_of_image, = struct.unpack_from("<I", self.image, self.pe + 24 + 56)
        self.assertEqual(size_of_image, SETUP_SIZE + 0x7000 + 0x1000)

    def test_sections(self):
        by_name = {s[0].rstrip(b"\0"): s for s in self.sections()}
        self.assertEqual(set(by_name), {b".text", b".rodata", b".data", b".reloc"})
        end = SETUP_SIZE
        for name, vsize, rva, raw_size, raw, _, _, _, _, flags in self.sections():
            self.assertEqual(rva % 4096, 0)
            self.assertGreaterEqual(rva, end)
            self.assertEqual(raw % 512, 0)
            self.assertEqual(raw_size % 512, 0)
            self.assertLessEqual(raw + raw_size, len(self.image))
            self.assertNotEqual(flags & 0xA0000000, 0xA0000000, "writable and executable")
            end = rva + vsize
        self.assertEqual(by_name[b".data"][1], 0x5000)
        self.assertEqual(by_name[b".text"][9], 0x60000020)

    def test_payload_is_the_image(self):
        self.assertEqual(self.image[SETUP_SIZE : SETUP_SIZE + 0x1000], b"T" * 0x1000)
        self.assertEqual(self.image[SETUP_SIZE + 0x1000 : SETUP_SIZE + 0x2000], b"R" * 0x800 + bytes(0x800))
        self.assertEqual(self.image[SETUP_SIZE + 0x2000 : SETUP_SIZE + 0x3000], b"D" * 0x1000)

    def test_linux_header(self):
        syssize, = struct.unpack_from("<I", self.image, 0x1F4)
        self.assertEqual(syssize * 16, len(self.image) - SETUP_SIZE)
        init_size, = struct.unpack_from("<I", self.image, 0x260)
        self.assertEqual(init_size, 0x7000)
        self.assertEqual(self.image[0x202:0x206], b"HdrS")

    def test_same_bytes_every_time(self):
        self.assertEqual(self.image, bytes(mkimage.make(elf(), setup_part())))

    def refused(self, words, *args):
        with self.assertRaisesRegex(mkimage.Bad, words):
            mkimage.make(*args)

    def test_refusals(self):
        symbols = {"entry_linux32": BASE + 4, "entry_linux64": BASE + 0x200, "efi_entry": BASE}
        self.refused("entry_linux32 is at 0x4", elf(symbols=symbols), setup_part())
        self.refused("no symbol efi_entry", elf(symbols={"entry_linux32": BASE, "entry_linux64": BASE + 0x200}),
                     setup_part())
        self.refused("writable and executable", elf([(7, BASE, b"x" * 4096, 4096)]), setup_part())
        self.refused("does not begin a page", elf([(5, BASE, b"x", 1), (4, BASE + 1, b"x", 1)]), setup_part())
        self.refused("not a little-endian ELF64", b"\x7fELF\x01", setup_part())
        self.refused("setup part", elf(), bytes(SETUP_SIZE))
        many = [(4, BASE + 0x1000 * i, b"x", 1) for i in range(9)]
        self.refused("run into", elf(many), setup_part())


if __name__ == "__main__":
    unittest.main()
