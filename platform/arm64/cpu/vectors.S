/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions at EL2 (Arm ARM, D1.3.6). The host runs with SP_EL2 ("SPx"). An interrupt is handled on the stack of the
 * thread that it interrupts. Everything else is a bug of ours or dead hardware and gets the CPU's exception stack,
 * because the thread's may be what is broken. x18 is free to use there: per-CPU data has its value.
 */
#include <arch/percpu.h>

#include "cpu.h"

#define IRQ_FRAME 192

    .macro fatal kind
    .balign 128
    mrs     x18, tpidr_el2
    stp     x0, x1, [x18, #PERCPU_SCRATCH]
    mov     x1, #\kind
    b       fatal_entry
    .endm

    .section .text.vectors, "ax", @progbits
    .balign 2048
    .globl vectors
vectors:
    .rept 4                         /* current EL with SP_EL0 */
    fatal   TRAP_WRONG_STACK
    .endr
    fatal   TRAP_SYNC               /* current EL with SPx */
    .balign 128
    b       irq_entry
    fatal   TRAP_FIQ
    fatal   TRAP_SERROR
    .rept 8                         /* lower EL, 64-bit and 32-bit */
    fatal   TRAP_LOWER_EL
    .endr

/* x1 = kind; x0 and x1 in the scratch room. */
fatal_entry:
    mov     x0, sp
    str     x0, [x18, #PERCPU_SCRATCH + 16]
    ldr     x0, [x18, #PERCPU_EXC_STACK]
    sub     sp, x0, #TRAP_FRAME_SIZE
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    ldp     x2, x3, [x18, #PERCPU_SCRATCH]
    stp     x2, x3, [sp]
    ldr     x2, [x18, #PERCPU_SCRATCH + 16]
    stp     x30, x2, [sp, #240]
    ldr     x18, [x18, #PERCPU_CURRENT]
    stp     x18, x19, [sp, #144]
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [sp, #256]
    mrs     x2, esr_el2
    mrs     x3, far_el2
    stp     x2, x3, [sp, #272]
    mov     x0, sp
    mov     x29, xzr
    mov     x30, xzr
    b       exception_dispatch

/* Saves what C code may change; {x29, ELR} is a frame record, so that backtraces go on where it was interrupted. */
irq_entry:
    sub     sp, sp, #IRQ_FRAME
    stp     x0, x1, [sp, #16]
    stp     x2, x3, [sp, #32]
    stp     x4, x5, [sp, #48]
    stp     x6, x7, [sp, #64]
    stp     x8, x9, [sp, #80]
    stp     x10, x11, [sp, #96]
    stp     x12, x13, [sp, #112]
    stp     x14, x15, [sp, #128]
    stp     x16, x17, [sp, #144]
    mrs     x0, elr_el2
    mrs     x1, spsr_el2
    stp     x29, x0, [sp]
    stp     x30, x1, [sp, #160]
    mov     x29, sp
    bl      interrupt_dispatch
    ldp     x30, x1, [sp, #160]
    ldp     x29, x0, [sp]
    msr     elr_el2, x0
    msr     spsr_el2, x1
    ldp     x2, x3, [sp, #32]
    ldp     x4, x5, [sp, #48]
    ldp     x6, x7, [sp, #64]
    ldp     x8, x9, [sp, #80]
    ldp     x10, x11, [sp, #96]
    ldp     x12, x13, [sp, #112]
    ldp     x14, x15, [sp, #128]
    ldp     x16, x17, [sp, #144]
    ldp     x0, x1, [sp, #16]
    add     sp, sp, #IRQ_FRAME
    eret

    .section .note.GNU-stack, "", @progbits
