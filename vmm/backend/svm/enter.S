/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void svm_enter(uint64_t vmcb_pa, uint64_t *gpr, uint64_t host_vmcb_pa);
 *
 * One trip into the guest: APM vol. 2, 15.5. Called with interrupts off; GIF keeps interrupts and NMIs away while host and guest
 * state are mixed, and IF is set below it so that host interrupts end the guest's run (15.21.1: V_INTR_MASKING). RAX, RSP, RIP and RFLAGS
 * are in the VMCB. VMLOAD/VMSAVE switch what VMRUN leaves alone: FS, GS, TR, LDTR and the system-call MSRs.
 */
    .text
    .balign 16
    .globl svm_enter
svm_enter:
    pushq   %rbp
    pushq   %rbx
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    pushq   %rdx                    /* host VMCB */
    pushq   %rdi                    /* guest VMCB */
    pushq   %rsi                    /* GPRs */
    movq    %rdi, %rax
    movq    1*8(%rsi), %rcx
    movq    2*8(%rsi), %rdx
    movq    3*8(%rsi), %rbx
    movq    5*8(%rsi), %rbp
    movq    7*8(%rsi), %rdi
    movq    8*8(%rsi), %r8
    movq    9*8(%rsi), %r9
    movq    10*8(%rsi), %r10
    movq    11*8(%rsi), %r11
    movq    12*8(%rsi), %r12
    movq    13*8(%rsi), %r13
    movq    14*8(%rsi), %r14
    movq    15*8(%rsi), %r15
    movq    6*8(%rsi), %rsi
    clgi
    sti
    vmload  %rax
    vmrun   %rax
    vmsave  %rax
    movq    16(%rsp), %rax
    vmload  %rax
    cli
    stgi
    /*
     * The guest's calls and returns have left their addresses in the return address predictor, from which the host's next returns would
     * be predicted: 32 calls replace them ("Software techniques for managing speculation on AMD processors", V2-3). Nothing
     * ever returns to them.
     */
    cmpb    $0, svm_needs_rsb_fill(%rip)
    je      2f
    .rept   32
    call    1f
    int3
1:
    .endr
    addq    $(32 * 8), %rsp
2:
    popq    %rax                    /* GPRs */
    movq    %rcx, 1*8(%rax)
    movq    %rdx, 2*8(%rax)
    movq    %rbx, 3*8(%rax)
    movq    %rbp, 5*8(%rax)
    movq    %rsi, 6*8(%rax)
    movq    %rdi, 7*8(%rax)
    movq    %r8, 8*8(%rax)
    movq    %r9, 9*8(%rax)
    movq    %r10, 10*8(%rax)
    movq    %r11, 11*8(%rax)
    movq    %r12, 12*8(%rax)
    movq    %r13, 13*8(%rax)
    movq    %r14, 14*8(%rax)
    movq    %r15, 15*8(%rax)
    addq    $16, %rsp
    /* Nothing of the guest stays in registers that speculation could use. */
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %esi, %esi
    xorl    %edi, %edi
    xorl    %r8d, %r8d
    xorl    %r9d, %r9d
    xorl    %r10d, %r10d
    xorl    %r11d, %r11d
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    ret

    .section .note.GNU-stack, "", @progbits
