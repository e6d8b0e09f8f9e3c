/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the image. The first page is the header of the file that is started: Linux's and the PE/COFF one
 * (scripts/build/mkimage.py fills it in). File offsets and addresses advance together, so one copy of the image serves
 * every loader. It works anywhere: the link address only gives relocations something to be relative to.
 */
#include "../../boot/segments.lds.h"

#define IMAGE_NOTES
#define IMAGE_PERCPU_HEAD 64

OUTPUT_FORMAT(elf64-littleaarch64)
ENTRY(image_header)
EXTERN(image_header)
EXTERN(efi_entry)

PHDRS
{
    head PT_LOAD FLAGS(4);
    IMAGE_SEGMENTS
}

SECTIONS
{
    . = IMAGE_LINK_BASE;
    image_start = .;
    .head : {
        KEEP(*(.head))
        . = ALIGN(4096);
    } :head
    .text : {
        text_start = .;
        *(.text.vectors)
        *(.text.hot .text.hot.*)
        *(.text .text.*)
        . = ALIGN(4096);
    } :text
#include "../../boot/image.lds.h"
}
