/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the image. File offsets and addresses advance together from image_start on, so that a loader that only
 * copies bytes (multiboot's address fields, a bzImage payload) gets the same result as one that reads program headers.
 * The link address is where multiboot and PVH loaders put it; every other entry works anywhere and relocates.
 */
#include "../../boot/segments.lds.h"

/* PVH entry: Xen public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY = 18. */
#define IMAGE_NOTES       .note.Xen : { LONG(4) LONG(8) LONG(18) LONG(0x006e6558) QUAD(entry_pvh) } :rodata :note
#define IMAGE_PERCPU_HEAD 24

OUTPUT_FORMAT(elf64-x86-64)
ENTRY(entry_multiboot)
EXTERN(efi_entry)

PHDRS
{
    IMAGE_SEGMENTS
}

SECTIONS
{
    . = IMAGE_LINK_BASE;
    image_start = .;
    .text : {
        text_start = .;
        KEEP(*(.head.text))
        /* Multiboot 0.6.96, 3.1: page-aligned modules, memory map, address fields; those make an ELF64 file
           acceptable to loaders that only know ELF32. */
        . = ALIGN(4);
        multiboot_header = .;
        LONG(0x1badb002) LONG(0x00010003) LONG(0 - 0x1badb002 - 0x00010003)
        LONG(multiboot_header) LONG(image_start) LONG(data_end) LONG(image_end) LONG(entry_multiboot)
        *(.text.hot .text.hot.*)
        *(.text .text.*)
        . = ALIGN(4096);
    } :text
#include "../../boot/image.lds.h"
}
