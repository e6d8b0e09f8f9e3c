/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's vectors while guests may run (Arm ARM, D1.3.2). What the host does to itself goes on where it always does. A
 * guest's exception saves the guest's registers in its vCPU, which is found in the record that <backend/inline.h> leaves
 * on the stack, and goes back there with the vCPU in x0.
 *
 * An SError that the guest has caused may arrive only when EL2 is there already, where it would be the host's end. So
 * each exit waits for what is under way and looks: with FEAT_RAS by an ESB, which leaves what was pending in DISR_EL1;
 * otherwise by a barrier, ISR_EL1, and a window of one instruction in which it is taken (Arm ARM, D1.3.4 and D17.2.2).
 */
#include <arch/percpu.h>

/* Classes that no exception has (exits.c knows them): of interrupts, about which ESR_EL2 has nothing to say; and of an
 * SError behind an exit whose own ESR_EL2 and syndrome are at the two words after FAR. */
#define CLASS_IRQ    0x3f
#define CLASS_BEHIND 0x3e

#define DISR_EL1 s3_0_c12_c1_1
#define ISR_A    8

    .macro host offset
    .balign 128
    b       vectors + \offset
    .endm

/* 32 instructions at most. ESB: hint 16. */
    .macro guest is_irq=0
    .balign 128
    .if has_ras
    hint    #16
    .endif
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
    .if has_ras
    mrs     x2, DISR_EL1
    cbnz    x2, serror_deferred
    .else
    dsb     sy
    isb
    mrs     x2, isr_el1
    tbnz    x2, #ISR_A, serror_pending
    .endif
    ldp     x29, x18, [sp]
    ldr     x30, [sp, #24]
    add     sp, sp, #32
    br      x30
    .endm

    .macro table ras
    .set    has_ras, \ras
    .balign 2048
    host    0x000
    host    0x080
    host    0x100
    host    0x180
    host    0x200
    host    0x280
    host    0x300
    .if \ras
    host    0x380
    .else
    .balign 128
    b       host_serror
    .endif
    .rept 2                         /* a lower level in AArch64; in AArch32, EL0 only */
    guest
    guest   is_irq=1
    host    0x500                   /* FIQ: there are none */
    guest
    .endr
    .balign 128
    .endm

    .section .text.vectors, "ax", @progbits
    .balign 2048
    .globl arm64_vectors, arm64_vectors_ras
arm64_vectors:
    table   0
arm64_vectors_ras:
    table   1

/* x0 is the vCPU, whose registers are saved; x1 to x17 are free. What the exit says of addresses is not lost by it. */
serror_pending:
    mrs     x3, far_el2
    mrs     x4, hpfar_el2
    msr     daifclr, #4
serror_window:
    isb
    msr     daifset, #4
    b       serror_done             /* it has gone elsewhere */

/* Whether it was taken in the window, before or behind its barrier. x18 is free, per-CPU data has its value. */
host_serror:
    mrs     x18, tpidr_el2
    stp     x0, x1, [x18, #PERCPU_SCRATCH]
    mrs     x0, elr_el2
    adr     x1, serror_window
    sub     x0, x0, x1
    tst     x0, #~4
    ldp     x0, x1, [x18, #PERCPU_SCRATCH]
    b.ne    vectors + 0x380
    mrs     x2, esr_el2
    msr     far_el2, x3
    msr     hpfar_el2, x4
    b       serror_behind

serror_deferred:
    msr     DISR_EL1, xzr
serror_behind:
    ldr     x3, [x0, #264]
    stp     x3, x2, [x0, #280]
    mov     x3, #CLASS_BEHIND << 26
    str     x3, [x0, #264]
serror_done:
    ldp     x29, x18, [sp]
    ldr     x30, [sp, #24]
    add     sp, sp, #32
    br      x30

    .section .note.GNU-stack, "", @progbits
