/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_BUILDER_H
#define FIRMWARE_BUILDER_H

/*
 * What the parsers share while host_info_build runs. Functions return 0 or -ENOMEM (arena full) unless they
 * say more; whatever is wrong with the input itself is warned about and left out.
 */

#include "handover.h"
#include "memmap.h"

/* A table whose length field and checksum are right; length >= ACPI_HEADER_SIZE. */
struct acpi_table {
    const uint8_t *data;
    uint32_t length;
};

/* A loader's file before names and overlaps are settled. */
struct boot_blob {
    uint64_t base;
    uint64_t size;
    const char *name;
    const char *cmdline;
    bool unpack; /* a newc cpio archive in it becomes one module per file */
};

struct cpu_affinity {
    uint64_t hardware_id; /* for GICC entries the ACPI UID */
    uint32_t domain;
};

/* What becomes host_info's CPUs when their nodes are known. */
struct host_cpus {
    struct host_cpu *items;
    size_t count;
};

struct fw_builder {
    const struct phys_reader *reader;
    struct arena *arena;
    struct host_info *info;
    struct arena_array ranges;         /* struct memmap_range */
    struct arena_array blobs;          /* struct boot_blob */
    struct arena_array memory_domains; /* struct memmap_affinity, node = proximity domain at first */
    struct arena_array cpu_domains;    /* struct cpu_affinity */
    bool cpu_domains_by_uid;
    struct acpi_table iort;   /* length 0: none */
    uint64_t device_tree;     /* that describes the machine; 0: none does */
    const char *loader_words; /* its command line, where that is not in the tree; NULL: it is */
    uint64_t ram_left;        /* of what the device tree calls memory: more of it is not there */
};

#define fw_warn(b, ...) host_info_warn((b)->info, (b)->arena, __VA_ARGS__)

/* [base, base + size) as firmware calls it. Empty and wrapping ranges are ignored. */
int must_check fw_range_add(struct fw_builder *b, uint64_t base, uint64_t size, enum host_memory_type type);

/* The same with an E820 type number (ACPI 6.5, table 15.4). */
int must_check fw_range_add_e820(struct fw_builder *b, uint64_t base, uint64_t size, uint32_t type);

/*
 * A file at base. text is what the loader says about it: a path or URI, then arguments. The name is the base
 * name of the first word, unless the arguments begin with "name=". text NULL or empty: default_name.
 */
int must_check fw_blob_add(struct fw_builder *b, uint64_t base, uint64_t size, const char *text,
                           const char *default_name, bool unpack);

/* The loader's command line joins the built-in one. A first word that is the image's name is dropped. */
int must_check fw_cmdline_set(struct fw_builder *b, const char *loader_text, bool drop_first_word);

/* Settles overlaps among blobs and with the image, unpacks, fills info->modules, adds their memory ranges. */
int must_check fw_modules_settle(struct fw_builder *b, hpa_t image, uint64_t image_size);

/*
 * What the architecture's loaders hand over, and how its firmware describes the machine; one of
 * bootinfo_x86.c and bootinfo_arm64.c is linked. -EINVAL: not a kind that comes here, or unreadable.
 */
int must_check bootinfo_parse(struct fw_builder *b, const struct boot_handover *handover);
int must_check machine_parse(struct fw_builder *b, const struct boot_handover *handover,
                             struct host_cpus *cpus);

/* The kinds of boot information. -EINVAL: it cannot be read or is not what it claims to be. */
int must_check bootinfo_multiboot_parse(struct fw_builder *b, uint64_t address);
int must_check bootinfo_pvh_parse(struct fw_builder *b, uint64_t address);
int must_check bootinfo_linux_parse(struct fw_builder *b, uint64_t address);
int must_check bootinfo_efi_parse(struct fw_builder *b, uint64_t address);
int must_check bootinfo_fdt_parse(struct fw_builder *b, uint64_t address);
/* Arm's older list of tags beside a tree that is the image's own; a list that is none is no error. */
int must_check bootinfo_atags_parse(struct fw_builder *b, uint64_t address);

/* An EFI memory map of size bytes, UEFI 2.10, 7.2.3. -EINVAL: unreadable. */
int must_check efi_memory_map_parse(struct fw_builder *b, uint64_t address, uint64_t size,
                                    uint64_t descriptor_size);
/* Takes RSDP and device tree from the EFI system table's configuration tables, UEFI 2.10, 4.3 and 4.6. */
void efi_system_table_parse(struct fw_builder *b, uint64_t address);

/*
 * Drops processors with a hardware ID that came before (one may be listed as LAPIC and as x2APIC); keeps the
 * order.
 */
int must_check host_cpus_unique(struct arena *arena, struct host_cpus *all);

/*
 * CPUs that wait at a release address are enabled no longer, with a warning, if that cannot be one: 8 bytes,
 * aligned, in memory that firmware reserves, so that neither it nor what the CPU runs has been given to
 * others (Linux Documentation/arch/arm64/booting.rst). info's memory is known.
 */
void host_cpus_release_check(struct fw_builder *b, struct host_cpus *all);

/* Built-in options (CONFIG_CMDLINE); a file of its own so that tests can have theirs. */
extern const char builtin_cmdline[];

#endif
