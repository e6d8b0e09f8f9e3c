/* SPDX-License-Identifier: BSD-2-Clause */
/* Links an architecture that has no linker script yet; what comes out does not boot. */
SECTIONS
{
    image_start = .;
    .text : { *(.text .text.*) }
    .rodata : { *(.rodata .rodata.*) }
    build_id_note_start = .;
    .note.gnu.build-id : { KEEP(*(.note.gnu.build-id)) }
    .data : { *(.data .data.*) *(.got .got.plt) }
    .dynamic : { *(.dynamic) *(.dynsym) *(.dynstr) *(.gnu.hash) *(.hash) *(.rela .rela.*) }
    .bss : { *(.bss .bss.* COMMON) }
}
