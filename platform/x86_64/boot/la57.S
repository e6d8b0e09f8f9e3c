/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void la57_leave(uint32_t pml4): from five to four levels of paging. 64-bit mode, then compatibility mode, then
 * protected mode without paging, and back; the upper halves of registers do not survive that, so what is needed again
 * waits in memory. Interrupts off; afterwards the segment registers hold this file's descriptors.
 */
#define CR0_PG          0x80000000
#define CR4_LA57        0x1000
#define SEL_CODE64      0x08
#define SEL_CODE32      0x10
#define SEL_DATA        0x18

    .text
    .globl la57_leave
la57_leave:
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, la57_rsp(%rip)

    leaq    la57_gdt(%rip), %rax
    movq    %rax, la57_gdtr + 2(%rip)
    lgdt    la57_gdtr(%rip)
    leaq    back64(%rip), %rax
    movl    %eax, la57_far(%rip)
    leaq    la57_far(%rip), %rbx
    movl    $SEL_DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    pushq   $SEL_CODE32
    leaq    no_paging(%rip), %rax
    pushq   %rax
    lretq

    .code32
no_paging:
    movl    %cr0, %eax
    andl    $~CR0_PG, %eax
    movl    %eax, %cr0
    movl    %cr4, %ecx
    andl    $~CR4_LA57, %ecx
    movl    %ecx, %cr4
    movl    %edi, %cr3
    orl     $CR0_PG, %eax           /* EFER.LME is still set: long mode is active again */
    movl    %eax, %cr0
    ljmp    *(%ebx)

    .code64
back64:
    movq    la57_rsp(%rip), %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    ret

    .data
    .balign 8
la57_gdt:
    .quad   0
    .quad   0x00af9b000000ffff      /* 64-bit code */
    .quad   0x00cf9b000000ffff      /* 32-bit code */
    .quad   0x00cf93000000ffff      /* data */
la57_rsp:
    .quad   0
la57_far:
    .long   0
    .word   SEL_CODE64
la57_gdtr:
    .word   31
    .quad   0

    .section .note.GNU-stack, "", @progbits
