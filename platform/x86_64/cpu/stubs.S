/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt entry: one 16-byte stub per vector, then a short path for interrupts and a full one for exceptions. */

    .text
    .balign 16
    .globl interrupt_stubs
interrupt_stubs:
vector = 0
    .rept 256
    .balign 16
    /* Exceptions that push an error code themselves: SDM vol. 3A, table 7-1. */
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    .else
    pushq   $0
    .endif
    .if vector < 32
    pushq   $vector
    jmp     exception_entry
    .else
    pushq   $vector
    jmp     interrupt_entry
    .endif
vector = vector + 1
    .endr
    .balign 16

/* Interrupts only save what C code may change; the interrupted RIP is repeated above RBP, as a frame for backtraces. */
interrupt_entry:
    pushq   %rax
    movq    8(%rsp), %rax           /* vector */
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    pushq   88(%rsp)                /* RIP */
    pushq   %rbp
    movq    %rsp, %rbp
    movl    %eax, %edi
    cld
    andq    $-16, %rsp
    call    interrupt_dispatch
    movq    %rbp, %rsp
    popq    %rbp
    addq    $8, %rsp
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rax
    addq    $16, %rsp
    iretq

exception_entry:
    pushq   %rax
    pushq   %rbx
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %rbp
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, %rdi
    cld
    movq    %rsp, %rbx
    andq    $-16, %rsp
    call    exception_dispatch
    movq    %rbx, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rbp
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rbx
    popq    %rax
    addq    $16, %rsp
    iretq

/*
 * 32 calls, which nothing ever returns to; whatever is predicted to, stops at once. No condition: it could be
 * mispredicted itself.
 */
    .macro  FILL_RETURNS
    .rept   32
    call    1f
    int3
1:
    .endr
    addq    $256, %rsp
    .endm

/* void arch_returns_fill(void); its own return is mispredicted, to the last of the calls. */
    .globl arch_returns_fill
arch_returns_fill:
    FILL_RETURNS
    ret

/* void arch_thread_switch(struct arch_thread *from, struct arch_thread *to); sp is at offset 0 of both. */
    .globl arch_thread_switch
arch_thread_switch:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    FILL_RETURNS                    /* what follows returns to where the other thread called from */
    movq    %rsp, (%rdi)
    movq    (%rsi), %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret

/* The first switch to a thread returns here: R12 = function, R13 = its argument. */
    .globl thread_start_stub
thread_start_stub:
    xorl    %ebp, %ebp
    movq    %r13, %rdi
    call    *%r12
    ud2

    .section .note.GNU-stack, "", @progbits
