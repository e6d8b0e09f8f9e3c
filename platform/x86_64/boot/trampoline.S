/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start-up of another CPU: it begins in real mode at the page that the SIPI named (SDM vol. 3A, 10.4.4; CS:IP =
 * page:0) and goes straight to long mode, whose page tables map this page executable for as long as CPUs are being
 * started. The code is copied, so it only uses addresses relative to its page, held in EBX.
 */
#define ARGS         0x1000     /* the page after: code is not writable, data not executable */
#define MSR_EFER     0xc0000080
#define EFER_LME_NXE 0x900
#define MSR_GS_BASE  0xc0000101
#define CR0_BITS     0x80010021     /* PG, WP, NE, PE; caches on */

    .section .rodata
    .balign 16
    .globl trampoline_start
    .code16
trampoline_start:
    cli
    cld
    movw    %cs, %ax
    movw    %ax, %ds
    xorl    %ebx, %ebx
    movw    %ax, %bx
    shll    $4, %ebx

    leal    (gdt - trampoline_start)(%ebx), %eax
    movl    %eax, (gdtr + 2 - trampoline_start)
    leal    (long_mode - trampoline_start)(%ebx), %eax
    movl    %eax, (far - trampoline_start)
    lgdtl   (gdtr - trampoline_start)

    movl    $0x20, %eax             /* CR4.PAE */
    movl    %eax, %cr4
    movl    (ARGS), %eax
    movl    %eax, %cr3
    movl    $MSR_EFER, %ecx
    rdmsr
    orl     $EFER_LME_NXE, %eax
    wrmsr
    movl    $CR0_BITS, %eax
    movl    %eax, %cr0
    ljmpl   *(far - trampoline_start)

    .code64
long_mode:
    movl    $16, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %ebx, %ebx
    movq    (ARGS + 16)(%rbx), %rsp
    movl    (ARGS + 24)(%rbx), %eax
    movl    (ARGS + 28)(%rbx), %edx
    movl    $MSR_GS_BASE, %ecx
    wrmsr
    movq    (ARGS + 32)(%rbx), %rdi
    movq    (ARGS + 8)(%rbx), %rax
    xorl    %ebp, %ebp
    call    *%rax
    ud2

    .balign 8
gdt:
    .quad   0
    .quad   0x00af9b000000ffff
    .quad   0x00cf93000000ffff
gdt_end:
    .word   0
gdtr:
    .word   gdt_end - gdt - 1
    .long   0
    .balign 4
far:
    .long   0
    .word   8
    .globl trampoline_end
trampoline_end:

    .section .note.GNU-stack, "", @progbits
