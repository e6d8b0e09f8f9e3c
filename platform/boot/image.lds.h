/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image from the end of its text on; each architecture's basalt.lds.S has what comes before, and defines
 *
 *   IMAGE_NOTES        ELF notes that its loaders look for
 *   IMAGE_PERCPU_HEAD  bytes of struct arch_percpu_head
 */
/* clang-format off */
    text_end = .;

    .rodata : {
        *(.rodata .rodata.*)
        *(.eh_frame)
    } :rodata
    .note.gnu.build-id : {
        build_id_note_start = .;
        *(.note.gnu.build-id)
        build_id_note_end = .;
    } :rodata :note
    IMAGE_NOTES
    .dynsym : { *(.dynsym) } :rodata
    .dynstr : { *(.dynstr) } :rodata
    .hash : { *(.hash) *(.gnu.hash) } :rodata
    .rela.dyn : {
        rela_start = .;
        *(.rela*) /* also .relaboot_options and the like, named after sections without a dot */
        rela_end = .;
    } :rodata
    .rodata.ksyms : { *(.rodata.ksyms) . = ALIGN(4096); } :rodata
    rodata_end = .;

    /* Written once, by relocation; read-only from the moment the host's own page tables are in use. */
    .data.rel.ro : {
        relro_start = .;
        *(.data.rel.ro .data.rel.ro.*)
        *(.got .got.plt)
        . = ALIGN(8);
        __start_boot_steps = .;    KEEP(*(boot_steps))    __stop_boot_steps = .;
        . = ALIGN(8);
        __start_boot_options = .;  KEEP(*(boot_options))  __stop_boot_options = .;
        . = ALIGN(8);
        __start_pci_drivers = .;   KEEP(*(pci_drivers))   __stop_pci_drivers = .;
        . = ALIGN(8);
        __start_http_routes = .;   KEEP(*(http_routes))   __stop_http_routes = .;
    } :data
    .dynamic : { *(.dynamic) . = ALIGN(4096); } :data :dynamic
    relro_end = .;

    .data : {
        . = ALIGN(64);
        __start_percpu = .;
        KEEP(*(percpu_head))
        percpu_head_end = .;
        KEEP(*(percpu))
        . = ALIGN(64);
        __stop_percpu = .;
        *(.data .data.*)
        . = ALIGN(4096);
    } :data
    data_end = .;

    .bss (NOLOAD) : {
        bss_start = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(64);
        boot_percpu_area = .;
        . += __stop_percpu - __start_percpu;
        . = ALIGN(4096);
        bss_end = .;
        /* Used before .bss is cleared. */
        *(.boot_nobits)
        . = ALIGN(4096);
    } :data
    image_end = .;
    ASSERT(SIZEOF(.data) == 0 || percpu_head_end - __start_percpu >= IMAGE_PERCPU_HEAD, "percpu head is missing")

    /DISCARD/ : { *(.comment) *(.note.GNU-stack) *(.gnu.version*) *(.interp) }
