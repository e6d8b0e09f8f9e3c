/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A multiboot program of 32 bits (header with the address fields, so that the file's format does not matter)
 * that prepares a hostile hand-over and enters the image under test as a boot loader does.
 */
    .code32
    .section .text.start, "ax"
    .globl _start
    .balign 4
header:
    .long 0x1badb002, 0x00010003, -(0x1badb002 + 0x00010003)
    .long header, header, 0, _end, _start
_start:
    mov $stack_top, %esp
    push %ebx
    call loader_main

    .globl enter
/* void enter(uint32_t entry, void *info): multiboot 0.6.96, 3.2: machine state. */
enter:
    mov 4(%esp), %ecx
    mov 8(%esp), %ebx
    mov $0x2badb002, %eax
    jmp *%ecx

    .bss
    .skip 16384
stack_top:
    .section .note.GNU-stack, "", @progbits
