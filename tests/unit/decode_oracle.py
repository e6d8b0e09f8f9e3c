#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Asks binutils' disassembler what the decoder's tests compare with, and prints decode_oracle.inc.

    tests/unit/decode_oracle.py > tests/unit/decode_oracle.inc         (takes minutes)

Lengths: for each mode, prefix and opcode map, each opcode with 128 ModRM bytes (all values of reg; of mod and rm those
that differ in length, and all registers). Equal answers are stored once: a line of lengths is a "pattern", and a row
names the pattern of each of its 256 opcodes. Memory operands: a checksum of the disassembler's text per ModRM, over
all SIB bytes. Operand sizes: the suffix of each mnemonic.
"""
import itertools
import re
import subprocess
import sys
import tempfile
import zlib

MACHINES = {16: "i8086", 32: "i386", 64: "i386:x86-64"}
MODRM = [mod << 6 | reg << 3 | rm for reg in range(8)
         for mod, rms in ((0, (0, 4, 5, 6)), (1, (0, 4)), (2, (0, 4)), (3, range(8))) for rm in rms]
# PFADD when it is read as the opcode of 3DNow!
FILLER = 0x9e
PREFIX_WORDS = {"data16", "data32", "addr16", "addr32", "rep", "repz", "repnz", "lock", "cs", "ds", "es", "ss", "fs",
                "gs", "bnd", "notrack", "xacquire", "xrelease", "{evex}"}


def disassemble(mode, chunks):
    """(length, text) per chunk; length 0 when the disassembler knows no such instruction."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(chunk.ljust(16, b"\x90") for chunk in chunks))
        file.flush()
        process = subprocess.Popen(["objdump", "-D", "-w", "-b", "binary", "-m", MACHINES[mode], "-M", "suffix", file.name],
                                   stdout=subprocess.PIPE, text=True)
        answers = []
        for line in process.stdout:
            if line[:1] != " " or line.find("0:") != line.find(":") - 1:
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 3:
                fields.append("(bad)")
            words = [word for word in fields[2].split() if word not in PREFIX_WORDS and not word.startswith("rex")]
            bad = "(bad)" in fields[2] or not words or "(bad" in fields[2]
            answers.append((0 if bad else len(fields[1].split()), fields[2]))
        assert process.wait() == 0 and len(answers) == len(chunks), (len(answers), len(chunks))
        return answers


def chunk(start, modrm):
    """SIB with and without a base take turns."""
    sib = 0x25 if modrm & 8 else 0x20
    return (start + bytes([modrm, sib])).ljust(15, bytes([FILLER]))


def rows():
    """(mode, prefixes and escape, opcodes that are no opcodes there)"""
    prefixes = ["", "66", "67", "6667", "f2", "f3"]
    skip = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x9b, 0x62, 0xc4, 0xc5, 0x8f}
    for mode in MACHINES:
        wide = ["48", "6648", "f348", "f0"] if mode == 64 else ["f0"]
        for prefix in prefixes + wide:
            yield mode, prefix, skip | (set(range(0x40, 0x50)) if mode == 64 else set())
            yield mode, prefix + "0f", {0x38, 0x3a}
        for prefix, escape in itertools.product(("", "66", "f2", "f3", "66f2"), ("0f38", "0f3a")):
            yield mode, prefix + escape, set()
    for mode in (32, 64):
        for pp in range(4):
            yield mode, f"c5f{8 | pp:x}", set()
            yield mode, f"c5f{0xc | pp:x}", set()
            for m, w in itertools.product((1, 2, 3), (0, 8)):
                yield mode, f"c4e{m}{7 | w:x}{8 | pp:x}", set()
                yield mode, f"62f{m}{7 | w:x}{0xc | pp:x}48", set()
            yield mode, f"62f57{0xc | pp:x}48", set()
            yield mode, f"62f67{0xc | pp:x}48", set()
        for m in (8, 9, 10):
            yield mode, f"8fe{m:x}78", set()


def squeeze(values):
    """1 1 1 2 -> 1*3 2"""
    runs = [(value, len(list(group))) for value, group in itertools.groupby(values)]
    return " ".join(f"{value}" if count == 1 else f"{value}*{count}" for value, count in runs)


def lengths():
    patterns, lines = {}, []
    for mode, start, skip in rows():
        head = bytes.fromhex(start)
        opcodes = [opcode for opcode in range(256) if opcode not in skip]
        answers = disassemble(mode, [chunk(head + bytes([opcode]), modrm) for opcode in opcodes for modrm in MODRM])
        numbers = [0] * 256  # not asked
        for at, opcode in enumerate(opcodes):
            # Without what the row begins with, so that rows have patterns in common; 0: no such instruction.
            found = tuple(max(length - len(head), 0) for length, _ in answers[at * len(MODRM):][:len(MODRM)])
            numbers[opcode] = patterns.setdefault(found, len(patterns) + 1)
        lines.append(f'ORACLE_LENGTHS({mode}, "{start}", "{squeeze(numbers)}")')
    print(f'ORACLE_MODRM("{bytes(MODRM).hex()}")')
    for pattern in patterns:
        print(f'ORACLE_PATTERN("{squeeze(pattern)}")')
    print("\n".join(lines))


def operand(text):
    """The memory operand of "movl  %gs:-0x62(%rax,%riz,1),%eax" in one canonical form."""
    found = re.match(r"\S+\s+(?:\S+ )*?(?:%([c-gs]s):)?(-?0x[0-9a-f]+)?(?:\(([^)]*)\))?,%\w+(?:\s|$)", text)
    segment, offset, registers = found.groups()
    base, index, scale = ((registers or "").replace("%", "").split(",") + ["", ""])[:3]
    if index in ("riz", "eiz", ""):
        index, scale = "", "1"
    return f"{segment or ''} {base} {index} {scale or 1} {int(offset or '0', 16) & 0xffffffff:x};"


def operands():
    for mode, prefixes in ((16, ("", "67", "65")), (32, ("", "67", "64", "2e")),
                           (64, ("", "67", "65", "41", "42", "43", "6743", "4f"))):
        for prefix in prefixes:
            head, sums = bytes.fromhex(prefix) + b"\x8b", []
            for modrm in [mod << 6 | rm for mod in range(3) for rm in range(8)]:
                answers = disassemble(mode, [head + bytes([modrm, sib, 0x12, 0x22, 0x33, 0x94]) for sib in range(256)])
                sums.append(zlib.crc32("".join(operand(text) for _, text in answers).encode()))
            print(f'ORACLE_MEMORY({mode}, "{prefix}", "{" ".join(f"{number:08x}" for number in sums)}")')


def sizes():
    arithmetic = [f"{row + column:02x}03" for row in range(0, 0x40, 8) for column in range(4)]
    groups = [f"{opcode}{reg << 3 | 3:02x}" for opcode, regs in (
        ("80", range(8)), ("81", range(8)), ("83", range(8)), ("c0", range(8)), ("c1", range(8)), ("d0", range(8)),
        ("d1", range(8)), ("d2", range(8)), ("d3", range(8)), ("f6", (0, 2, 3)), ("f7", (0, 2, 3)), ("fe", (0, 1)),
        ("ff", (0, 1, 2, 4, 6)), ("0fba", (4, 5, 6, 7)), ("8f", (0,)), ("c6", (0,)), ("c7", (0,))) for reg in regs]
    others = [f"{opcode}03" for opcode in (
        "84 85 86 87 88 89 8a 8b 63 6c 6d 6e 6f a4 a5 a6 a7 aa ab ac ad ae af 68 6a 04 05 a8 a9 e4 e5 e6 e7 ec ed ee ef "
        "0f40 0f4f 0fa3 0fab 0fb0 0fb1 0fb3 0fb6 0fb7 0fbb 0fbe 0fbf 0fc0 0fc1 0fc3 0f38f0 0f38f1").split()]
    opcodes = arithmetic + groups + others
    print(f'ORACLE_OPCODES("{" ".join(opcodes)}")')
    for mode, prefix in itertools.chain(((mode, prefix) for mode in MACHINES for prefix in ("", "66", "67", "6667")),
                                        ((64, "48"), (64, "6648"), (64, "40"))):
        answers = disassemble(mode, [bytes.fromhex(prefix + opcode) for opcode in opcodes])
        letters = ""
        for length, text in answers:
            words = [word for word in text.split() if word not in PREFIX_WORDS and not word.startswith("rex")]
            letters += words[0][-1] if length and words and words[0][-1] in "bwlq" else "."
        print(f'ORACLE_SIZES({mode}, "{prefix}", "{letters}")')


if __name__ == "__main__":
    print("/* SPDX-License-Identifier: BSD-2-Clause */\n/* Written by decode_oracle.py; see there. */")
    if "--quick" not in sys.argv:
        lengths()
    operands()
    sizes()
