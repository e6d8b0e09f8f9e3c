/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of every guest: multiboot 1 with address fields, so that the file is a flat binary. Goes to 64-bit mode with the
 * first 4 GiB mapped one to one by 2 MiB pages. Further processors come in through the trampoline at 0x8000.
 */
#define CODE64 0x08
#define DATA   0x10
#define CODE32 0x18
#define TRAMPOLINE 0x8000
#define STACK_SIZE 16384

    .code32
    .section .text.start, "ax"
    .globl _start
    .balign 4
header:
    .long 0x1badb002, 0x00010003, -(0x1badb002 + 0x00010003)
    .long header, _start_of_image, _end_of_data, _end, _start
_start:
    cli
    mov %ebx, boot_info
    mov $page_tables, %edi
    lea 0x1003(%edi), %eax
    mov %eax, (%edi)
    lea 0x2003(%edi), %eax
    mov $4, %ecx
    lea 0x1000(%edi), %edx
1:  mov %eax, (%edx)
    add $0x1000, %eax
    add $8, %edx
    loop 1b
    lea 0x2000(%edi), %edx
    mov $0x83, %eax
    mov $2048, %ecx
2:  mov %eax, (%edx)
    add $0x200000, %eax
    add $8, %edx
    loop 2b
    mov $bsp64, %esi
enter_long:
    mov $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $page_tables, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax
    wrmsr
    mov $0x80010023, %eax /* PG, WP, NE, MP, PE */
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $CODE64, $3f
    .code64
3:  mov $DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %esi, %esi
    jmp *%rsi

bsp64:
    mov $bsp_stack_top, %esp
    xor %ebp, %ebp
    call guest_main
4:  cli
    hlt
    jmp 4b

ap64:
    mov $1, %edi
    lock xadd %edi, ap_arrived(%rip)
    mov %edi, %eax
    inc %eax
    imul $STACK_SIZE, %eax, %eax
    lea ap_stacks(%rax), %rsp
    xor %ebp, %ebp
    call ap_entry
    jmp 4b

    .code16
    .globl trampoline, trampoline_end
trampoline:
    cli
    xor %ax, %ax
    mov %ax, %ds
    lgdtl TRAMPOLINE + trampoline_gdt - trampoline
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $CODE32, $ap32
    .balign 4
trampoline_gdt:
    .word gdt_end - gdt - 1
    .long gdt
trampoline_end:

    .code32
ap32:
    mov $DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $ap64, %esi
    jmp enter_long

    .code64
    .text
common:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call trap_handle
    mov %rbp, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

    .globl trap_stubs
    .balign 16
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && vector != 17 && vector != 21 && (vector < 10 || vector > 14)
    push $0
    .endif
    .byte 0x68 /* push, always with 32 bits */
    .long vector
    jmp common
    .set vector, vector + 1
    .endr

    .data
    .balign 8
    .globl gdt
gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

    .globl boot_info, page_tables
boot_info:
    .quad 0

    .bss
    .balign 4096
page_tables:
    .skip 6 * 4096
    .skip STACK_SIZE
bsp_stack_top:
ap_stacks:
    .skip 64 * STACK_SIZE
    .section .note.GNU-stack, "", @progbits
