/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where UEFI enters the image: RCX = image handle, RDX = system table, 64-bit code, identity-mapped, stack of 128 KiB
 * (UEFI 2.10, 2.3.4). RSI and RDI belong to the caller there, and so do XMM6 to XMM15, which we never touch.
 */
    .text
    .globl efi_entry
efi_entry:
    pushq   %rsi
    pushq   %rdi
    pushq   %rcx
    pushq   %rdx
    subq    $8, %rsp                /* the stack was 8 off a multiple of 16 at entry */
    call    image_relocate
    movq    16(%rsp), %rdi
    movq    8(%rsp), %rsi
    call    efi_main
    addq    $24, %rsp
    popq    %rdi
    popq    %rsi
    ret

    .section .note.GNU-stack, "", @progbits
