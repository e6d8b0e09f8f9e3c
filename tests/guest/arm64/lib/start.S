/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of every guest: a Linux Image (Documentation/arch/arm64/booting.rst), entered at EL1 with the MMU off and the
 * device tree in x0, anywhere in RAM. The MMU is switched on with everything mapped one to one (mmu.c).
 */
#define STACK_SIZE 16384

    .section .text.start, "ax"
    .globl _start
_start:
    b start
    .long 0
    .quad 0                     /* text_offset */
    .quad _end - _start
    .quad 0xa                   /* little endian, 4K pages, anywhere */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

start:
    mov x19, x0
    adrp x0, _bss
    add x0, x0, :lo12:_bss
    adrp x1, _end
    add x1, x1, :lo12:_end
1:  cmp x0, x1
    b.hs 2f
    stp xzr, xzr, [x0], #16
    b 1b
    /* Relocations are all R_AARCH64_RELATIVE. */
2:  adrp x0, _rela_start
    add x0, x0, :lo12:_rela_start
    adrp x1, _rela_end
    add x1, x1, :lo12:_rela_end
    adr x2, _start
3:  cmp x0, x1
    b.hs 4f
    ldr x3, [x0], #16
    ldr x4, [x0], #8
    add x4, x4, x2
    str x4, [x3, x2]
    b 3b
4:  adrp x0, boot_info
    str x19, [x0, :lo12:boot_info]
    adrp x0, stacks + STACK_SIZE
    add sp, x0, :lo12:(stacks + STACK_SIZE)
    bl mmu_build
    bl mmu_on
    mov x0, #0
    msr tpidr_el1, x0
    mov x29, #0
    bl guest_main
5:  wfi
    b 5b

/* x0: number of the processor, 1 for the first that was started. */
    .globl ap_start
ap_start:
    mov x19, x0
    add x1, x0, #1
    adrp x2, stacks
    add x2, x2, :lo12:stacks
    mov x3, #STACK_SIZE
    madd x2, x1, x3, x2
    mov sp, x2
    bl mmu_on
    msr tpidr_el1, x19
    sub x0, x19, #1
    mov x29, #0
    bl ap_entry
    b 5b

mmu_on:
    adrp x0, page_table
    add x0, x0, :lo12:page_table
    msr ttbr0_el1, x0
    ldr x0, =0x44ff04           /* MAIR: 0 device nGnRE, 1 write-back, 2 not cacheable */
    msr mair_el1, x0
    mrs x1, id_aa64mmfr0_el1
    and x1, x1, #0xf
    cmp x1, #5
    mov x0, #5
    csel x1, x1, x0, lo
    ldr x0, =0x803519           /* 39 bits, 4K, write-back, inner shareable, no TTBR1 */
    orr x0, x0, x1, lsl #32
    msr tcr_el1, x0
    mov x0, #3 << 20            /* FP and SIMD */
    msr cpacr_el1, x0
    tlbi vmalle1
    dsb nsh
    ic iallu
    dsb nsh
    isb
    ldr x0, =0x30d0180d         /* MMU, caches, stack alignment; reserved ones */
    msr sctlr_el1, x0
    isb
    adrp x0, vectors
    add x0, x0, :lo12:vectors
    msr vbar_el1, x0
    isb
    ret

    .macro save
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    .endm

common:
    mrs x1, elr_el1
    stp x30, x1, [sp, #240]
    mrs x1, spsr_el1
    mrs x2, esr_el1
    stp x1, x2, [sp, #256]
    mrs x1, far_el1
    str x1, [sp, #272]
    mov x1, sp
    bl trap_handle
    ldp x30, x1, [sp, #240]
    msr elr_el1, x1
    ldr x1, [sp, #256]
    msr spsr_el1, x1
    ldp x0, x1, [sp, #0]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    add sp, sp, #288
    eret

    .balign 2048
    .globl vectors
vectors:
    .set number, 0
    .rept 16
    .balign 128
    sub sp, sp, #288
    save
    mov x0, #number
    b common
    .set number, number + 1
    .endr

    .bss
    .balign 4096
    .globl page_table, boot_info
page_table:
    .skip 4096
boot_info:
    .skip 16
    .balign 16
stacks:
    .skip 65 * STACK_SIZE
    .section .note.GNU-stack, "", @progbits
