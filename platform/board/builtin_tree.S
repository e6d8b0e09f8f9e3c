/* SPDX-License-Identifier: BSD-2-Clause */
/* A flattened device tree, or nothing, as boot_main() hands it to the parsers. DTSpec 5.6: aligned to 8. */
    .section .rodata.builtin_tree, "a", @progbits
    .balign 8
    .globl builtin_tree
builtin_tree:
#ifdef TREE_FILE
    .incbin TREE_FILE
#endif
    .globl builtin_tree_end
builtin_tree_end:

    .section .note.GNU-stack, "", @progbits
