/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's vectors while guests may run (Arm ARM, D1.3.2). What the host does to itself goes on where it always does. A
 * guest's exception saves the guest's registers in its vCPU, which is found in the record that <backend/inline.h> leaves
 * on the stack, and goes back there with the vCPU in x0.
 */
#include <arch/percpu.h>

/* ESR_EL2 has nothing to say about interrupts: a class that no exception has (exits.c knows it). */
#define CLASS_IRQ 0x3f

    .macro host offset
    .balign 128
    b       vectors + \offset
    .endm

/* 32 instructions at most. */
    .macro guest is_irq=0
    .balign 128
    stp     x0, x1, [sp, #-16]!
    ldr     x0, [sp, #16 + 16]
    stp     x2, x3, [x0, #16]
    stp     x4, x5, [x0, #32]
    stp     x6, x7, [x0, #48]
    stp     x8, x9, [x0, #64]
    stp     x10, x11, [x0, #80]
    stp     x12, x13, [x0, #96]
    stp     x14, x15, [x0, #112]
    stp     x16, x17, [x0, #128]
    stp     x18, x19, [x0, #144]
    stp     x20, x21, [x0, #160]
    stp     x22, x23, [x0, #176]
    stp     x24, x25, [x0, #192]
    stp     x26, x27, [x0, #208]
    stp     x28, x29, [x0, #224]
    ldp     x2, x3, [sp], #16
    stp     x2, x3, [x0]
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    .if \is_irq
    mov     x4, #CLASS_IRQ << 26
    .else
    mrs     x4, esr_el2
    .endif
    stp     x30, x2, [x0, #240]
    stp     x3, x4, [x0, #256]
    ldp     x29, x18, [sp]
    ldr     x30, [sp, #24]
    add     sp, sp, #32
    br      x30
    .endm

    .section .text.vectors, "ax", @progbits
    .balign 2048
    .globl arm64_vectors
arm64_vectors:
    host    0x000
    host    0x080
    host    0x100
    host    0x180
    host    0x200
    host    0x280
    host    0x300
    host    0x380
    .rept 2                         /* a lower level in AArch64; in AArch32, EL0 only */
    guest
    guest   is_irq=1
    host    0x500                   /* FIQ: there are none */
    guest
    .endr
    .balign 128

    .section .note.GNU-stack, "", @progbits
