/* SPDX-License-Identifier: BSD-2-Clause */
#include "embedded.h"

/* The build passes OPENAPI_FILE and INDEX_FILE, the minified files, to this file alone. */
#define EMBED(name, file)                                                                           \
    __asm__(".section .rodata." #name ", \"a\"\n"                                                   \
            ".balign 4\n"                                                                           \
            ".globl " #name "_size\n.hidden " #name "_size\n" #name "_size: .long 9f - " #name "\n" \
            ".globl " #name "\n.hidden " #name "\n" #name ": .incbin \"" file "\"\n"                \
            "9:\n"                                                                                  \
            ".previous\n")

EMBED(embedded_openapi, OPENAPI_FILE);
EMBED(embedded_index, INDEX_FILE);
