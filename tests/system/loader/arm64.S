/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware for QEMU's virt with EL3 and its security (secure=on), as boards have it whose CPUs wait in a spin-table: all
 * CPUs start here, at 0, at EL3. The first goes to the image at EL2, with the device tree that the test has written. CPU 1
 * waits at a release address of its own, 2 and 3 share one (Devicetree Specification 0.4, 3.8.1), and the rest wait for
 * PSCI's CPU_ON. There is no more of PSCI here but its version, and SMCCC_ARCH_WORKAROUND_1 as firmware of a CPU has it
 * that needs that; it is counted. Linux Documentation/arch/arm64/booting.rst says what EL2 is owed.
 *
 * Bytes that come in at the secure UART make an SError, which the emulator has none of by itself: the CPU's first one goes to
 * EL2 as the architecture would take it there, from what it interrupts, as firmware does that sees errors first. 'g': if
 * that is a guest (EL1 or EL0); 'c': the same, corrected; 'h': if it is the host, and it lets SErrors in. What comes back is
 * 'S', or '-': neither. 'b': what comes back is the count of SMCCC_ARCH_WORKAROUND_1, modulo 256.
 */
#define IMAGE      0x40200000
#define TREE       0x44000000
#define SPIN       0x48000000 /* a page that the tree reserves: what the CPUs run, and from RELEASE on their addresses */
#define RELEASE    0x800
#define SECURE_RAM 0x0e000000 /* zeroed: a flag that all is set up, from MAILBOX on two words for each CPU */
#define MAILBOX    0x100
#define FIRST_PSCI 4
#define GICD       0x08000000
#define GICR       0x080a0000
#define UART       0x09040000 /* secure; PL011 */
#define UART_SPI   8
#define STACKS     0x1000     /* in secure RAM; 256 bytes for each CPU */
#define SERROR     0xbe000011 /* ESR_EL2: SError, 32-bit instruction, asynchronous; AET 0: uncontainable */
#define CORRECTED  (6 << 10)  /* AET */
#define CPU_ON     0xc4000003
#define BARRIERS   0x80       /* in secure RAM: the count; with more than one CPU about right */
#define PSCI_VERSION    0x84000000
#define PSCI_FEATURES   0x8400000a
#define SMCCC_VERSION   0x80000000
#define SMCCC_FEATURES  0x80000001
#define WORKAROUND_1    0x80008000
#define ICC_SRE_EL3     s3_6_c12_c12_5
#define ICC_PMR_EL1     s3_0_c4_c6_0
#define ICC_IAR0_EL1    s3_0_c12_c8_0
#define ICC_EOIR0_EL1   s3_0_c12_c8_1
#define ICC_IGRPEN0_EL1 s3_0_c12_c12_6

    .text
    .globl _start
_start:
    mrs     x19, mpidr_el1
    and     x19, x19, #0xff
    adr     x0, vectors
    msr     vbar_el3, x0
    ldr     x0, =SECURE_RAM + STACKS + 0x100
    add     x0, x0, x19, lsl #8
    mov     sp, x0
    mov     x0, #0x535              /* SCR_EL3: NS, FIQ, HCE, RW; SMC as it is */
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    msr     mdcr_el3, xzr
    ldr     x0, =0x30c50830         /* SCTLR_EL2: MMU and caches off */
    msr     sctlr_el2, x0
    mov     x0, #15                 /* system registers, and EL2 may choose them */
    msr     ICC_SRE_EL3, x0
    isb
    /* This CPU's redistributor, which is 128 KiB as the CPUs are numbered: awake, everything in non-secure group 1. */
    ldr     x0, =GICR
    add     x0, x0, x19, lsl #17
    str     wzr, [x0, #0x14]
1:  ldr     w1, [x0, #0x14]
    tbnz    w1, #2, 1b
    add     x0, x0, #0x10000
    mov     w1, #-1
    str     w1, [x0, #0x80]
    mov     x1, #0xff
    msr     ICC_PMR_EL1, x1
    mov     x1, #1
    msr     ICC_IGRPEN0_EL1, x1
    cbnz    x19, secondary

    ldr     x0, =GICD
    mov     w1, #0x30               /* ARE for both worlds comes before the groups */
    str     w1, [x0]
    mov     w1, #0x33
    str     w1, [x0]
    add     x2, x0, #0x84
    mov     w1, #-1
    mov     w3, #31
2:  str     w1, [x2], #4
    subs    w3, w3, #1
    b.ne    2b
    /* The UART's interrupt is group 0, which is a FIQ here; it goes to the first CPU with the highest priority. */
    mov     w1, #~(1 << UART_SPI)
    str     w1, [x0, #0x84]
    mov     w1, #1 << UART_SPI
    str     w1, [x0, #0x104]
    ldr     x0, =UART
    mov     w1, #0x60               /* 8 bits */
    str     w1, [x0, #0x2c]
    mov     w1, #0x301
    str     w1, [x0, #0x30]
    mov     w1, #0x10               /* something came in */
    str     w1, [x0, #0x38]
    /* What non-secure CPUs run cannot be in this flash. */
    ldr     x0, =SPIN
    adr     x1, spin
    adr     x2, spin_end
3:  ldr     x3, [x1], #8
    str     x3, [x0], #8
    cmp     x1, x2
    b.lo    3b
    dsb     sy
    ldr     x1, =SECURE_RAM
    mov     w0, #1
    str     w0, [x1]
    dsb     sy
    sev
    ldr     x1, =IMAGE
    ldr     x0, =TREE
go_el2:
    msr     elr_el3, x1
    mov     x1, #0x3c9              /* EL2h, everything masked */
    msr     spsr_el3, x1
    ic      iallu
    dsb     sy
    isb
    mov     x1, xzr
    mov     x2, xzr
    mov     x3, xzr
    eret

secondary:
    ldr     x1, =SECURE_RAM
1:  wfe
    ldr     w0, [x1]
    cbz     w0, 1b
    cmp     x19, #FIRST_PSCI
    b.hs    2f
    cmp     x19, #1
    mov     x0, #2
    csel    x0, x19, x0, eq
    ldr     x1, =SPIN
    add     x0, x1, x0, lsl #3
    add     x0, x0, #RELEASE
    b       go_el2
2:  add     x2, x1, #MAILBOX
    add     x2, x2, x19, lsl #4
3:  wfe
    ldr     x1, [x2]
    cbz     x1, 3b
    ldr     x0, [x2, #8]
    b       go_el2

/* Copied; x0 = where to look. */
    .balign 8
spin:
    wfe
    ldr     x4, [x0]
    cbz     x4, spin
    mov     x0, xzr
    br      x4
    .balign 8
spin_end:

/* SMC from EL2: x9 and x10 may be used (SMC Calling Convention). */
smc:
    ldr     w9, =WORKAROUND_1
    cmp     w0, w9
    b.eq    barrier
    ldr     w9, =PSCI_VERSION
    cmp     w0, w9
    b.eq    version
    ldr     w9, =SMCCC_VERSION
    cmp     w0, w9
    b.eq    version
    ldr     w9, =PSCI_FEATURES
    ldr     w10, =SMCCC_VERSION
    cmp     w0, w9
    b.eq    feature
    ldr     w9, =SMCCC_FEATURES
    ldr     w10, =WORKAROUND_1
    cmp     w0, w9
    b.eq    feature
    ldr     w9, =CPU_ON
    cmp     w0, w9
    b.ne    1f
    and     x1, x1, #0xff
    cmp     x1, #FIRST_PSCI
    b.lo    1f
    ldr     x9, =SECURE_RAM + MAILBOX
    add     x9, x9, x1, lsl #4
    ldr     x10, [x9]
    cbnz    x10, 2f
    str     x3, [x9, #8]
    dsb     sy
    str     x2, [x9]
    dsb     sy
    sev
    mov     x0, #0
    eret
1:  mov     x0, #-2                 /* INVALID_PARAMETERS */
    eret
2:  mov     x0, #-4                 /* ALREADY_ON */
    eret
version:
    ldr     w0, =0x10001
    eret
feature:                            /* that of w10 only */
    cmp     w1, w10
    csetm   x0, ne
    eret
barrier:
    ldr     x9, =SECURE_RAM + BARRIERS
    ldr     w10, [x9]
    add     w10, w10, #1
    str     w10, [x9]
    mov     x0, #0
    eret

fiq:
    stp     x0, x1, [sp, #-16]!
    stp     x2, x3, [sp, #-16]!
    stp     x4, x5, [sp, #-16]!
    mrs     x0, ICC_IAR0_EL1
    ldr     x1, =UART
    ldr     w2, [x1]
    mov     w3, #0x7ff
    str     w3, [x1, #0x44]
    dsb     sy
    msr     ICC_EOIR0_EL1, x0
    cmp     w2, #'b'
    b.ne    6f
    ldr     x2, =SECURE_RAM + BARRIERS
    ldrb    w2, [x2]
    b       5f
6:  mrs     x3, spsr_el3
    tbnz    x3, #3, 1f
    mov     x4, #0x580              /* the vector: a lower level in AArch64, or, in AArch32, 0x780 */
    tbz     x3, #4, 2f
    mov     x4, #0x780
2:  ldr     x5, =SERROR
    cmp     w2, #'g'
    b.eq    3f
    cmp     w2, #'c'
    b.ne    4f
    orr     x5, x5, #CORRECTED
    b       3f
1:  mov     x4, #0x380              /* EL2 itself */
    ldr     x5, =SERROR
    tbnz    x3, #8, 4f
    cmp     w2, #'h'
    b.ne    4f
3:  mrs     x0, elr_el3
    msr     elr_el2, x0
    msr     spsr_el2, x3
    msr     esr_el2, x5
    mrs     x0, vbar_el2
    add     x0, x0, x4
    msr     elr_el3, x0
    mov     x0, #0x3c9
    msr     spsr_el3, x0
    mov     w2, #'S'
    b       5f
4:  mov     w2, #'-'
5:  str     w2, [x1]
    ldp     x4, x5, [sp], #16
    ldp     x2, x3, [sp], #16
    ldp     x0, x1, [sp], #16
    eret

    .balign 2048
vectors:
    .rept 8
    b       .
    .balign 128
    .endr
    .rept 2
    b       smc
    .balign 128
    b       .
    .balign 128
    b       fiq
    .balign 128
    b       .
    .balign 128
    .endr
    .ltorg
    .section .note.GNU-stack, "", @progbits
