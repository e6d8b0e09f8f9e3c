/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_LOAD_H
#define VMM_LOAD_LOAD_H

#include "../mem/gmem.h"
#include <core/compiler.h>
#include <core/types.h>

/*
 * Puts a kernel, an initrd and firmware tables into a VM's memory and says how the first vCPU starts. The
 * bytes come from operators, so every field is checked against the file and against the VM's memory before it
 * is used.
 */

/* Bytes of an image, wherever they are kept. read: 0 or negative errno; [offset, offset + size) is inside.
 * Context: thread. */
struct load_source {
    int (*read)(const struct load_source *source, uint64_t offset, void *to, size_t size);
    uint64_t size;
    const char *name; /* for messages */
};

/* Why a VM cannot be started, for the operator: which field of the request, and one sentence. */
struct load_error {
    const char *field; /* "kernel", "initrd", "cmdline", "memory" */
    char detail[200];
};

/* A range of the guest's memory map, with E820's type numbers (ACPI 6.5, table 15.4). */
enum load_range_type { LOAD_RAM = 1, LOAD_RESERVED = 2, LOAD_ACPI = 3, LOAD_NVS = 4 };

struct load_range {
    uint64_t base, size;
    uint32_t type;
};

struct load_module {
    const struct load_source *source;
    const char *cmdline; /* or NULL */
};

struct load_params {
    const struct load_source *kernel;
    const struct load_source *initrd;  /* or NULL */
    const struct load_module *modules; /* multiboot and PVH; an initrd comes before them */
    unsigned module_count;
    const char *cmdline;                 /* or NULL */
    const struct load_range *memory_map; /* sorted by base, not overlapping; RAM is in the VM's slots */
    unsigned memory_map_count;
    uint64_t rsdp; /* guest-physical address of the ACPI root pointer, 0 without ACPI */
};

struct x86_regs;

/*
 * Recognises the kernel's format by its content (Linux bzImage, started at its 64-bit entry or else its
 * 32-bit one; PVH ELF; multiboot 1), loads it and what comes with it, and sets all registers. -EINVAL, or
 * what a source's read() returned, with *error filled: not loadable; the memory is then in no defined state.
 * Context: thread.
 */
must_check int load_kernel(struct gmem *gmem, const struct load_params *params, struct x86_regs *regs,
                           struct load_error *error);

/* What the guest's tables must say about the machine. */
struct machine_description {
    unsigned vcpu_count;
    uint64_t low_ram_end;                     /* end of RAM below 4 GiB */
    uint64_t high_ram_end;                    /* end of RAM above 4 GiB, or 0 */
    uint64_t ecam_base;                       /* 256 MiB, segment 0, buses 0-255 */
    uint64_t pci_hole_base, pci_hole_end;     /* 32-bit window */
    uint64_t pci_hole64_base, pci_hole64_end; /* 64-bit window, 0 if none */
    uint16_t pm_base;                         /* ACPI PM block: event +0, control +4, timer +8, GPE0 +0x20 */
    uint8_t sci_gsi;
};

/* The IOAPIC input that interrupt pin 0-3 (INTA-INTD) of a slot on bus 0 is wired to: 16 to 23. */
static inline unsigned machine_pci_gsi(unsigned slot, unsigned pin)
{
    return 16 + ((slot + pin) & 7);
}

/* What the tables take at the top of low RAM; to be ACPI memory in the memory map. Enough for 1,000 vCPUs. */
#define ACPI_TABLES_ROOM KIB(64)

/*
 * Writes RSDT and XSDT, FADT (with reset register), FACS, DSDT (PCI root bus with _CRS and _PRT, \_S5, serial
 * port, RTC, processors), MADT and MCFG into the last ACPI_TABLES_ROOM bytes of low RAM, and the root pointer
 * at 0xe0000, where RAM must be; stores its address. The same machine gives the same bytes. -ENOSPC: no RAM
 * there, or more vCPUs than fit; -ENOMEM. Context: thread.
 */
must_check int acpi_tables_build(struct gmem *gmem, const struct machine_description *machine,
                                 uint64_t *rsdp);

#endif
