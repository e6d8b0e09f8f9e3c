/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of a PC's BIOS as iPXE asks for, with the serial port for screen and keyboard, and a loader for the real-mode entry
 * of the Linux boot protocol: a multiboot program whose module is such a kernel. It lies at 16 MiB, out of the kernel's way; its
 * 16-bit part moves to 0xf0000. Interrupt services: Ralf Brown's list; the protocol: Linux, Documentation/arch/x86/boot.rst.
 */
#define BIOS_SEG    0xf000
#define SETUP_SEG   0x9000
#define SETUP       0x90000
#define KERNEL      0x100000
#define CMDLINE     0x99000
#define EBDA_SEG    0x9fc0
#define BASE_KIB    639
#define COM1        0x3f8
#define RAM_KIB     65536 /* what the VM must have */
#define TABLES_KIB  64    /* our host's ACPI tables, at the end of RAM */
#define CF          1
#define ZF          0x40

    .section .text.start, "ax"
    .code32
    .globl _start
    .balign 4
header:
    .long 0x1badb002, 0x00010003, -(0x1badb002 + 0x00010003)
    .long header, _start_of_image, _end_of_data, _end, _start
_start:
    cli
    cld
    mov $0x7c00, %esp
    mov %ebx, %ebp
    mov $bios16, %esi
    mov $(BIOS_SEG << 4), %edi
    mov $(bios16_end - bios16), %ecx
    rep movsb
    /* Every vector to an IRET, then those that do something. */
    xor %edi, %edi
    mov $256, %ecx
    mov $((BIOS_SEG << 16) + nothing - bios16), %eax
    rep stosl
    mov $vectors, %esi
1:  lodsw
    test %ax, %ax
    js 2f
    movzwl %ax, %edi
    movsw (%esi), (%edi)
    jmp 1b
    /* BIOS data area. */
2:  movw $COM1, 0x400
    movw $EBDA_SEG, 0x40e
    movw $BASE_KIB, 0x413
    movb $3, 0x449
    movw $80, 0x44a
    movb $24, 0x484
    movb $1, EBDA_SEG << 4 /* KiB of it */
    call devices
    /* The module: setup sectors to 0x90000, the rest to 1 MiB. */
    mov 24(%ebp), %esi
    mov (%esi), %edx
    mov 4(%esi), %ebp
    mov %edx, %esi
    movzbl 0x1f1(%esi), %ecx
    inc %ecx
    shl $9, %ecx
    mov $SETUP, %edi
    rep movsb
    mov %ebp, %ecx
    sub %esi, %ecx
    mov $KERNEL, %edi
    rep movsb
    movb $0xff, SETUP + 0x210
    orb $0x80, SETUP + 0x211
    movw $0x8e00, SETUP + 0x224
    movl $CMDLINE, SETUP + 0x228
    movb $0, CMDLINE
    lgdt gdt_pointer
    ljmp $8, $enter16 - bios16

devices:
    mov $pic_setup, %esi
1:  lodsw
    test %ax, %ax
    jz 2f
    movzwl %ax, %edx
    lodsb
    out %al, %dx
    jmp 1b
2:  ret

    .balign 4
pic_setup: /* port, value: 8259s at vectors 8 and 0x70, PIT at 18.2 Hz, UART at 115200 8N1 */
    .macro set port, value
    .word \port
    .byte \value
    .endm
    set 0x20, 0x11
    set 0x21, 8
    set 0x21, 4
    set 0x21, 1
    set 0xa0, 0x11
    set 0xa1, 0x70
    set 0xa1, 2
    set 0xa1, 1
    set 0x21, 0xfe
    set 0xa1, 0xff
    set 0x43, 0x36
    set 0x40, 0
    set 0x40, 0
    set COM1 + 3, 0x83
    set COM1, 1
    set COM1 + 1, 0
    set COM1 + 3, 3
    set COM1 + 2, 7
    set COM1 + 4, 3
    .word 0

vectors:
    .macro vector number, handler
    .word \number * 4, \handler - bios16
    .endm
    vector 0x08, tick
    vector 0x10, video
    vector 0x11, equipment
    vector 0x12, base_memory
    vector 0x13, refuse
    vector 0x15, system
    vector 0x16, keyboard
    vector 0x18, boot_failed
    vector 0x19, boot_failed
    vector 0x1a, time
    .word -1

    .balign 8
gdt:
    .quad 0
    .quad 0x00009b0f0000ffff /* 16-bit code at BIOS_SEG: the offsets below are from there */
    .quad 0x000093000000ffff
gdt_pointer:
    .word . - gdt - 1
    .long gdt

/* --- from here on at BIOS_SEG:0 --- */

    .code16
bios16:
enter16:
    mov $16, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %fs
    mov %ax, %gs
    mov %ax, %ss
    mov %cr0, %eax
    and $~1, %al
    mov %eax, %cr0
    ljmp $BIOS_SEG, $real16 - bios16
real16:
    lidt %cs:ivt_pointer - bios16
    mov $SETUP_SEG, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %fs
    mov %ax, %gs
    mov %ax, %ss
    mov $0x8ff0, %sp
    sti
    ljmp $SETUP_SEG + 0x20, $0

ivt_pointer:
    .word 0x3ff
    .long 0

nothing:
    iret

tick:
    push %ds
    push %ax
    xor %ax, %ax
    mov %ax, %ds
    incl 0x46c
    mov $0x20, %al
    out %al, $0x20
    pop %ax
    pop %ds
    iret

equipment:
    mov $0x0220, %ax
    iret

base_memory:
    push %ds
    xor %ax, %ax
    mov %ax, %ds
    mov 0x413, %ax
    pop %ds
    iret

/* The caller's flags: IP, CS and flags lie above BP. */
refuse:
    mov $0x86, %ah
fail:
    push %bp
    mov %sp, %bp
    orb $CF, 6(%bp)
    pop %bp
    iret
good:
    push %bp
    mov %sp, %bp
    andb $~CF, 6(%bp)
    pop %bp
    iret

video:
    cmp $0x0e, %ah
    je 1f
    cmp $0x0f, %ah
    je 2f
    cmp $0x03, %ah
    je 3f
    cmp $0x08, %ah
    jne 4f
    mov $0x0720, %ax
4:  iret
1:  push %dx
    mov $COM1, %dx
    out %al, %dx
    pop %dx
    iret
2:  mov $0x5003, %ax
    xor %bh, %bh
    iret
3:  mov $0x0607, %cx
    xor %dx, %dx
    iret

system:
    cmp $0xe820, %ax
    je 1f
    cmp $0xe801, %ax
    je 2f
    cmp $0x88, %ah
    jne refuse
    mov $0xfc00 - TABLES_KIB, %ax
    jmp good
2:  mov $0x3c00, %ax
    mov $(RAM_KIB - 16384 - TABLES_KIB) / 64, %bx
    mov %ax, %cx
    mov %bx, %dx
    jmp good
1:  cmp $(e820_end - e820) / 20, %ebx
    jae refuse
    push %si
    push %di
    push %ds
    push %cs
    pop %ds
    imul $20, %bx, %si
    add $(e820 - bios16), %si
    mov $20, %cx
    cld
    rep movsb
    pop %ds
    pop %di
    pop %si
    inc %ebx
    cmp $(e820_end - e820) / 20, %ebx
    jb 3f
    xor %ebx, %ebx
3:  mov $20, %ecx
    mov $0x534d4150, %eax
    jmp good

    .balign 4
e820: /* base, size, type */
    .long 0, 0, BASE_KIB << 10, 0, 1
    .long EBDA_SEG << 4, 0, 0x400, 0, 2
    .long 0xe0000, 0, 0x20000, 0, 2
    .long 0x100000, 0, (RAM_KIB - 1024 - TABLES_KIB) << 10, 0, 1
    .long (RAM_KIB - TABLES_KIB) << 10, 0, TABLES_KIB << 10, 0, 3
e820_end:

/* One key is held for those who only look. */
keyboard:
    push %dx
    mov %ah, %dh
    and $0xf, %dh
    jz 1f
    cmp $1, %dh
    je 2f
    xor %al, %al /* no shift keys */
    pop %dx
    iret
1:  call look
    jnz 3f
    sti
    hlt
    jmp 1b
3:  movw $0, %cs:key - bios16
    pop %dx
    iret
2:  call look
    pop %dx
    push %bp
    mov %sp, %bp
    jnz 4f
    orb $ZF, 6(%bp)
    pop %bp
    iret
4:  andb $~ZF, 6(%bp)
    pop %bp
    iret

/* AX: the key, ZF: there is none. Changes DX. */
look:
    mov %cs:key - bios16, %ax
    test %ax, %ax
    jnz 1f
    push %dx
    mov $COM1 + 5, %dx
    in %dx, %al
    test $1, %al
    jz 2f
    mov $COM1, %dx
    in %dx, %al
    mov $1, %ah
    mov %ax, %cs:key - bios16
2:  pop %dx
    mov %cs:key - bios16, %ax
    test %ax, %ax
1:  ret
key:
    .word 0

time:
    test %ah, %ah
    jnz refuse
    push %ds
    xor %ax, %ax
    mov %ax, %ds
    mov 0x46c, %dx
    mov 0x46e, %cx
    pop %ds
    jmp good

boot_failed:
    mov $2, %al
    out %al, $0xf4
    hlt
    jmp boot_failed
bios16_end:
