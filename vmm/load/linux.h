/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_LINUX_H
#define VMM_LOAD_LINUX_H

#include "loader.h"

/* The Linux/x86 boot protocol (kernel tree, Documentation/arch/x86/boot.rst). */

#define LINUX_HEADER_AT  0x1f1 /* in the file and in struct boot_params */
#define LINUX_HEADER_END 0x290 /* struct boot_params has no room for more */
#define LINUX_ENTRY_64   0x200 /* behind the 32-bit entry, which is the kernel's first byte */

/* What loading needs of a setup header; checked. */
struct linux_header {
    uint8_t raw[LINUX_HEADER_END]; /* the file's first bytes, as far as the header says */
    unsigned raw_size;
    uint16_t version;
    uint64_t setup_size;   /* real-mode code; the kernel proper follows in the file */
    uint64_t payload_size; /* of the kernel proper */
    uint64_t memory_size;  /* what it needs from its address on until it has unpacked itself */
    uint64_t pref_address;
    uint64_t alignment;
    uint64_t initrd_limit; /* first address that an initrd may not use */
    uint64_t cmdline_max;  /* length without NUL */
    bool is_relocatable, is_64bit;
};

must_check int linux_header_read(struct loader *l, struct linux_header *header);

/* Where the parts have been put. */
struct linux_layout {
    uint64_t kernel;
    uint64_t initrd, initrd_size;
};

/* boot_params, command line, GDT, page tables; then the registers. */
must_check int linux_boot_build(struct loader *l, const struct linux_header *header,
                                const struct linux_layout *layout);

#endif
