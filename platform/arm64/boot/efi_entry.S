/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where UEFI enters the image: x0 = image handle, x1 = system table, identity-mapped, caches on, stack of 128 KiB
 * (UEFI 2.10, 2.3.6). x18 is the platform's there, which none of our code touches.
 */
    .text
    .globl efi_entry
efi_entry:
    stp     x29, x30, [sp, #-32]!
    stp     x0, x1, [sp, #16]
    mov     x29, sp
    bl      image_relocate
    ldp     x0, x1, [sp, #16]
    bl      efi_main
    ldp     x29, x30, [sp], #32
    ret

    .section .note.GNU-stack, "", @progbits
