/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setup part of the bzImage form (Linux Documentation/arch/x86/boot.rst): the header that loaders read, and
 * real-mode code for loaders that enter there (iPXE and PXELINUX under BIOS, QEMU -kernel). It asks the BIOS for the
 * memory map, opens A20 and jumps in protected mode to code32_start, as the 32-bit boot protocol says.
 *
 * One flat piece, SETUP_SIZE bytes, assembled for segment:0 without relocations. scripts/build/mkimage.py puts it in
 * front of the image, writes the MZ and PE headers into its first 0x1f1 bytes and fills in syssize and init_size.
 * 8 KiB, so that a multiboot header in the image lies beyond the 8 KiB that multiboot loaders search: they take this
 * file for the Linux kernel that it claims to be.
 */
#define SETUP_SIZE      0x2000
#define PARAMS          0x1000  /* the zero page, built here */
#define STACK_TOP       0x1000  /* down to the end of the code: more than 2 KiB */

#define HEADER          0x1f1
#define HEADER_END      0x268
#define E820_COUNT      0x1e8
#define E820_TABLE      0x2d0
#define E820_ENTRY      20
#define E820_MAX        128
#define CODE32_START    0x214

#define SEL_CODE32      0x10    /* __BOOT_CS and __BOOT_DS of the protocol */
#define SEL_DATA32      0x18

#define AT(label)       ((label) - setup)

    .section .setup, "ax", @progbits
    .code16
setup:
    .org    HEADER
    .byte   SETUP_SIZE / 512 - 1    /* setup_sects */
    .word   1                       /* root_flags */
    .long   0                       /* syssize: mkimage.py */
    .word   0                       /* ram_size */
    .word   0xffff                  /* vid_mode: normal */
    .word   0                       /* root_dev */
    .word   0xaa55                  /* boot_flag */
    .byte   0xeb, HEADER_END - 0x202 /* jump; also tells where the header ends */
    .ascii  "HdrS"
    .word   0x020e                  /* version 2.14 */
    .long   0                       /* realmode_swtch */
    .word   0x1000                  /* start_sys_seg, obsolete */
    .word   AT(version) - 0x200     /* kernel_version */
    .byte   0                       /* type_of_loader */
    .byte   1                       /* loadflags: LOADED_HIGH */
    .word   0x8000                  /* setup_move_size */
    .long   0x100000                /* code32_start */
    .long   0, 0                    /* ramdisk_image, ramdisk_size */
    .long   0                       /* bootsect_kludge */
    .word   0                       /* heap_end_ptr */
    .byte   0, 0                    /* ext_loader_ver, ext_loader_type */
    .long   0                       /* cmd_line_ptr */
    .long   0x7fffffff              /* initrd_addr_max */
    .long   0x200000                /* kernel_alignment */
    .byte   1                       /* relocatable_kernel */
    .byte   12                      /* min_alignment: a page is enough */
    .word   1                       /* xloadflags: XLF_KERNEL_64 */
    .long   2048                    /* cmdline_size */
    .long   0                       /* hardware_subarch */
    .quad   0                       /* hardware_subarch_data */
    .long   0, 0                    /* payload_offset, payload_length: not compressed */
    .quad   0                       /* setup_data */
    .quad   0x200000                /* pref_address */
    .long   0                       /* init_size: mkimage.py */
    .long   0                       /* handover_offset: none */
    .org    HEADER_END

/* DS = ES = SS = the segment where offset 0 of this file lies; CS = DS + 0x20. */
start16:
    cli
    cld
    movw    %ds, %ax
    movw    %ax, %es
    movw    %ax, %ss
    movl    $STACK_TOP, %esp
    pushw   %ax
    pushw   $AT(1f)
    lretw
1:  sti

    /* Zero page: zeros, then our header with what the loader wrote into it. */
    xorl    %eax, %eax
    movw    $PARAMS, %di
    movw    $(4096 / 4), %cx
    rep stosl
    movw    $HEADER, %si
    movw    $(PARAMS + HEADER), %di
    movw    $(HEADER_END - HEADER), %cx
    rep movsb

/* INT 15h, EAX = E820h (ACPI 6.5, 15.1). A BIOS may change every register it is not documented to keep. */
    movw    $(PARAMS + E820_TABLE), %di
    xorl    %ebx, %ebx
2:  movl    $0xe820, %eax
    movl    $E820_ENTRY, %ecx
    movl    $0x534d4150, %edx       /* "SMAP" */
    pushw   %di
    pushw   %ds
    pushw   %es
    int     $0x15
    popw    %es
    popw    %ds
    popw    %di
    sti
    cld
    jc      3f                      /* also the way some BIOSes say "that was the last one" */
    cmpl    $0x534d4150, %eax
    jne     3f
    addw    $E820_ENTRY, %di
    incb    (PARAMS + E820_COUNT)
    cmpb    $E820_MAX, (PARAMS + E820_COUNT)
    jae     3f
    testl   %ebx, %ebx
    jnz     2b
3:

    call    a20_open

    /* Nothing may interrupt until the image has its own IDT: NMI off at the CMOS index port, both PICs masked. */
    cli
    movb    $0x80, %al
    outb    %al, $0x70
    outb    %al, $0x80
    movb    $0xff, %al
    outb    %al, $0xa1
    outb    %al, $0x80
    outb    %al, $0x21
    outb    %al, $0x80

    /* Linear addresses: this segment is at EBX. */
    xorl    %ebx, %ebx
    movw    %ds, %bx
    shll    $4, %ebx
    leal    AT(gdt)(%ebx), %eax
    movl    %eax, (AT(gdtr) + 2)
    leal    AT(protected)(%ebx), %eax
    movl    %eax, (AT(far32))
    leal    PARAMS(%ebx), %esi
    movl    (CODE32_START), %ecx
    lidtl   (AT(idtr))
    lgdtl   (AT(gdtr))
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   *(AT(far32))

    .code32
protected:
    movl    $SEL_DATA32, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    xorl    %ebx, %ebx
    jmp     *%ecx
    .code16

/* BIOS first, then the fast gate, then the keyboard controller; each is tried only while A20 is still closed. */
a20_open:
    call    a20_is_open
    jnz     a20_done
    movw    $0x2401, %ax
    int     $0x15
    call    a20_is_open
    jnz     a20_done
    inb     $0x92, %al
    orb     $2, %al
    andb    $0xfe, %al              /* bit 0 would reset the machine */
    outb    %al, $0x92
    call    a20_is_open
    jnz     a20_done
    call    kbc_wait
    movb    $0xd1, %al              /* write output port */
    outb    %al, $0x64
    call    kbc_wait
    movb    $0xdf, %al              /* A20 on */
    outb    %al, $0x60
    call    kbc_wait
    call    a20_is_open
    jnz     a20_done
    movw    $AT(a20_message), %si
1:  lodsb
    testb   %al, %al
    jz      2f
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     1b
2:  cli
    hlt
    jmp     2b
a20_done:
    ret

/* Until the controller takes a byte; a machine without one reads 0xff and the count ends it. */
kbc_wait:
    movw    $0xffff, %cx
1:  inb     $0x64, %al
    testb   $2, %al
    loopnz  1b
    ret

/* ZF clear: open. Writes below 1 MiB (the vector of INT 80h) and reads 1 MiB above; many times, gates are slow. */
a20_is_open:
    pushw   %fs
    pushw   %gs
    xorw    %ax, %ax
    movw    %ax, %fs
    decw    %ax
    movw    %ax, %gs
    movl    %fs:0x200, %edx
    movl    %edx, %eax
    movw    $256, %cx
1:  incl    %eax
    movl    %eax, %fs:0x200
    outb    %al, $0x80
    cmpl    %gs:0x210, %eax
    loope   1b
    movl    %edx, %fs:0x200
    popw    %gs
    popw    %fs
    ret

    .balign 8
gdt:
    .quad   0, 0
    .quad   0x00cf9b000000ffff      /* 0x10: code */
    .quad   0x00cf93000000ffff      /* 0x18: data */
gdt_end:
gdtr:
    .word   gdt_end - gdt - 1
    .long   0
idtr:
    .word   0
    .long   0
far32:
    .long   0
    .word   SEL_CODE32

version:
    .asciz  "Basalt"
a20_message:
    .asciz  "basalt: cannot open the A20 gate\r\n"

    .org    PARAMS
    .org    SETUP_SIZE

    .section .note.GNU-stack, "", @progbits
