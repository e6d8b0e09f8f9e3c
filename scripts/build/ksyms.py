#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Turns `nm -n` output into the image's own symbol table, as assembly on standard output.

Functions only, sorted by address, as 32-bit offsets from image_start: position-independent without relocations.
core/include/core/build_info.h declares the result.
"""
import sys

functions, start = {}, 0
for line in sys.stdin:
    address, kind, name = line.split()
    if name == "image_start":
        start = int(address, 16)
    if kind in "tTwW" and not name.startswith("."):
        # Several names for one address: the global one tells more.
        if int(address, 16) not in functions or kind == "T":
            functions[int(address, 16)] = name
table = sorted((address - start, name) for address, name in functions.items() if address >= start)


def emit(symbol, lines):
    print(f".balign 4\n.globl {symbol}\n.hidden {symbol}\n{symbol}:")
    for line in lines:
        print(line)


index, position = [], 0
for _, name in table:
    index.append(position)
    position += len(name) + 1
print('.section .rodata.ksyms,"a",@progbits')
emit("ksyms_count", [f".long {len(table)}"])
emit("ksyms_offsets", [f".long {offset:#x}" for offset, _ in table])
emit("ksyms_names_index", [f".long {position}" for position in index])
emit("ksyms_names", [f'.asciz "{name}"' for _, name in table])
print('.section .note.GNU-stack,"",@progbits')
