/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every way into the image ends in boot_entry64: long mode, memory identity-mapped, RDI = struct boot_handover.
 *
 *   image + 0      Linux 32-bit entry, ESI = boot_params (Linux/x86 boot protocol, "32-bit boot protocol")
 *   image + 0x200  Linux 64-bit entry, RSI = boot_params
 *   entry_multiboot  EAX = 0x2badb002, EBX = information (Multiboot 0.6.96, 3.2)
 *   entry_pvh      EBX = hvm_start_info (Xen "x86/HVM direct boot ABI")
 *   boot_entry64   from the EFI stub
 */
#include "../../firmware/handover.h"

#define CR0_PE_PG_WP_NE 0x80010021
#define CR4_PAE         0x20
#define MSR_EFER        0xc0000080
#define EFER_LME        0x100
#define PTE_P_RW        0x003
#define PTE_P_RW_PS     0x083

/* Where multiboot and PVH loaders put the image; basalt.lds.S links it there. */
#define LINK_BASE       0x200000

/*
 * 32-bit code has no instruction-relative data access: EBP holds the image's address, and RVA() is a difference the
 * assembler can express as a relative relocation, so that nothing in the text needs to be relocated.
 */
#define RVA(symbol)     ((symbol) - head_start)

    .section .head.text, "ax", @progbits
    .code32
head_start:
    .globl entry_linux32
entry_linux32:
    cld
    cli
    leal    0x1e8(%esi), %esp       /* boot_params.scratch, the one stack the protocol offers */
    movl    %esi, %ebx
    movl    $BOOT_KIND_LINUX, %edi
    jmp     common32

    .globl entry_multiboot
entry_multiboot:
    cld
    cli
    movl    $BOOT_KIND_MULTIBOOT1, %edi
    cmpl    $0x2badb002, %eax
    je      at_link_base
    hlt

    .globl entry_pvh
entry_pvh:
    cld
    cli
    movl    $BOOT_KIND_PVH, %edi
at_link_base:
    movl    LINK_BASE + RVA(stack32_distance), %esp
    addl    $(LINK_BASE + RVA(stack32_distance)), %esp
    jmp     common32
stack32_distance:
    .long   boot_stack32_top - .

    .org    0x200
    .code64
    .globl entry_linux64
entry_linux64:
    cld
    cli
    leaq    handover32(%rip), %rdi
    movq    $BOOT_KIND_LINUX, 0(%rdi)
    movq    %rsi, 8(%rdi)
    jmp     boot_entry64

/* EDI = kind, EBX = information, ESP = a few usable words; paging off, flat segments. */
    .code32
common32:
    call    1f
1:  popl    %ebp
    subl    $RVA(1b), %ebp               /* where the image lies */

    leal    RVA(handover32)(%ebp), %eax
    movl    %edi, 0(%eax)
    movl    $0, 4(%eax)
    movl    %ebx, 8(%eax)
    movl    $0, 12(%eax)

    /* Identity map of the first 4 GiB in 2M pages, until the host's own tables are built. */
    leal    RVA(boot_pml4)(%ebp), %edi
    xorl    %eax, %eax
    movl    $(6 * 4096 / 4), %ecx
    rep stosl
    leal    RVA(boot_pml4)(%ebp), %edi
    leal    (4096 + PTE_P_RW)(%edi), %eax
    movl    %eax, (%edi)
    addl    $4096, %eax
    movl    $4, %ecx
    leal    4096(%edi), %esi
2:  movl    %eax, (%esi)
    addl    $4096, %eax
    addl    $8, %esi
    loop    2b
    leal    (2 * 4096)(%edi), %esi
    movl    $PTE_P_RW_PS, %eax
    movl    $2048, %ecx
3:  movl    %eax, (%esi)
    addl    $0x200000, %eax
    addl    $8, %esi
    loop    3b

    movl    %edi, %cr3
    movl    $CR4_PAE, %eax
    movl    %eax, %cr4
    movl    $MSR_EFER, %ecx
    rdmsr
    orl     $EFER_LME, %eax
    wrmsr
    leal    RVA(boot_gdt)(%ebp), %eax
    leal    RVA(boot_gdtr32)(%ebp), %ecx
    movl    %eax, 2(%ecx)
    lgdt    (%ecx)
    leal    RVA(enter64)(%ebp), %eax
    leal    RVA(boot_far32)(%ebp), %ecx
    movl    %eax, (%ecx)
    movl    $CR0_PE_PG_WP_NE, %eax
    movl    %eax, %cr0
    ljmp    *(%ecx)

    .code64
enter64:
    leaq    handover32(%rip), %rdi

    .globl boot_entry64
boot_entry64:
    cld
    cli
    leaq    boot_stack_top(%rip), %rsp
    movq    %rdi, %rbx

    /* Our own segments: the loader's GDT may lie in memory that we shall reuse. */
    leaq    boot_gdt(%rip), %rax
    leaq    boot_gdtr64(%rip), %rcx
    movq    %rax, 2(%rcx)
    lgdt    (%rcx)
    pushq   $8
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
1:  xorl    %eax, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    %eax, %fs
    movl    %eax, %gs
    lldt    %ax

    leaq    bss_start(%rip), %rdi
    leaq    bss_end(%rip), %rcx
    subq    %rdi, %rcx
    shrq    $3, %rcx
    rep stosq

    leaq    boot_stack_top(%rip), %rsp
    xorl    %ebp, %ebp
    call    image_relocate
    movq    %rbx, %rdi
    call    boot_main
    ud2

    .data
    .balign 8
boot_gdt:
    .quad   0
    .quad   0x00af9b000000ffff      /* 64-bit code */
    .quad   0x00cf93000000ffff      /* data */
boot_gdt_end:
    .balign 8
handover32:
    .skip   32
    .skip   6
boot_gdtr32:
    .word   boot_gdt_end - boot_gdt - 1
    .long   0
    .skip   6
    .balign 8
    .skip   6
boot_gdtr64:
    .word   boot_gdt_end - boot_gdt - 1
    .quad   0
    .balign 8
boot_far32:
    .long   0
    .word   8

    .section .boot_nobits, "aw", @nobits
    .balign 4096
boot_pml4:
    .skip   6 * 4096                /* PML4, PDPT, four page directories */
    .skip   64
boot_stack32_top:

/* In .boot_nobits too: the boot stack is in use while .bss is cleared. */
    .balign 16
    .globl boot_stack
boot_stack:
    .skip   16384
    .globl boot_stack_top
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
