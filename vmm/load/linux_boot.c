/* SPDX-License-Identifier: BSD-2-Clause */
/* What a Linux kernel finds in memory and registers: boot.rst, "32-bit" and "64-bit boot protocol". */

#include "../x86/regs.h"
#include "linux.h"

#include <core/bytes.h>

/* struct boot_params beyond the setup header: kernel tree, Documentation/arch/x86/zero-page.rst. */
enum {
    PARAMS_RSDP = 0x70,
    PARAMS_E820_COUNT = 0x1e8,
    PARAMS_LOADER = 0x210,
    PARAMS_CODE32_START = 0x214,
    PARAMS_RAMDISK_IMAGE = 0x218,
    PARAMS_RAMDISK_SIZE = 0x21c,
    PARAMS_CMDLINE = 0x228,
    PARAMS_E820 = 0x2d0,
};

#define E820_MAX         128
#define E820_ENTRY       20
#define LOADER_UNDEFINED 0xff

/* One block of memory, in pages: what the kernel may overwrite only once it has read it. */
enum {
    BLOCK_PARAMS = 0x0000,
    BLOCK_GDT = 0x1000,
    BLOCK_PML4 = 0x2000,
    BLOCK_PDPT = 0x3000,
    BLOCK_PD = 0x4000, /* four: 4 GiB */
    BLOCK_STACK_TOP = 0x9000,
    BLOCK_CMDLINE = 0x9000,
};

#define PTE_P      BIT(0)
#define PTE_W      BIT(1)
#define PTE_PS     BIT(7)
#define PD_COUNT   4
#define PD_ENTRIES 512

static int u32_put(struct loader *l, uint64_t address, uint64_t value)
{
    uint32_t v = (uint32_t)value;

    return load_write(l, address, &v, sizeof(v));
}

/* Page directories of 2 MiB pages, a few entries at a time. */
static int directories_build(struct loader *l, uint64_t at)
{
    uint64_t entries[64], address = 0;

    for (unsigned i = 0; i < PD_COUNT * PD_ENTRIES / ARRAY_SIZE(entries); i++) {
        int status;

        for (unsigned j = 0; j < ARRAY_SIZE(entries); j++, address += MIB(2))
            entries[j] = address | PTE_PS | PTE_W | PTE_P;
        status = load_write(l, at + i * sizeof(entries), entries, sizeof(entries));
        if (status)
            return status;
    }
    return 0;
}

static int page_tables_build(struct loader *l, uint64_t block)
{
    uint64_t pml4e = (block + BLOCK_PDPT) | PTE_W | PTE_P, pdpte[PD_COUNT];
    int status = load_fill(l, block + BLOCK_PML4, BLOCK_PD - BLOCK_PML4);

    for (unsigned i = 0; i < PD_COUNT; i++)
        pdpte[i] = (block + BLOCK_PD + i * PAGE_SIZE) | PTE_W | PTE_P;
    if (!status)
        status = load_write(l, block + BLOCK_PML4, &pml4e, sizeof(pml4e));
    if (!status)
        status = load_write(l, block + BLOCK_PDPT, pdpte, sizeof(pdpte));
    return status ? status : directories_build(l, block + BLOCK_PD);
}

static int e820_build(struct loader *l, uint64_t params)
{
    const struct load_params *p = l->params;
    uint8_t count = (uint8_t)p->memory_map_count;
    int status;

    if (p->memory_map_count > E820_MAX)
        return load_fail(l, "memory", "the memory map has %u ranges, a Linux kernel takes %u",
                         p->memory_map_count, E820_MAX);
    status = load_write(l, params + PARAMS_E820_COUNT, &count, 1);
    for (unsigned i = 0; i < count && !status; i++) {
        uint8_t entry[E820_ENTRY];

        put_u64(entry, p->memory_map[i].base);
        put_u64(entry + 8, p->memory_map[i].size);
        put_u32(entry + 16, p->memory_map[i].type);
        status = load_write(l, params + PARAMS_E820 + i * E820_ENTRY, entry, sizeof(entry));
    }
    return status;
}

/* Zeroes, the file's setup header, and in it what the loader has to say. */
static int params_build(struct loader *l, const struct linux_header *header,
                        const struct linux_layout *layout, uint64_t params, uint64_t cmdline)
{
    uint8_t loader_type = LOADER_UNDEFINED;
    int status = load_fill(l, params, PAGE_SIZE);

    if (!status)
        status = load_write(l, params + LINUX_HEADER_AT, header->raw + LINUX_HEADER_AT,
                            header->raw_size - LINUX_HEADER_AT);
    if (!status)
        status = load_write(l, params + PARAMS_LOADER, &loader_type, 1);
    if (!status)
        status = load_write(l, params + PARAMS_RSDP, &l->params->rsdp, sizeof(l->params->rsdp));
    if (!status)
        status = u32_put(l, params + PARAMS_CODE32_START, layout->kernel);
    if (!status)
        status = u32_put(l, params + PARAMS_RAMDISK_IMAGE, layout->initrd);
    if (!status)
        status = u32_put(l, params + PARAMS_RAMDISK_SIZE, layout->initrd_size);
    if (!status)
        status = u32_put(l, params + PARAMS_CMDLINE, cmdline);
    return status ? status : e820_build(l, params);
}

static void regs_set(struct loader *l, const struct linux_header *header, const struct linux_layout *layout,
                     uint64_t block)
{
    struct x86_regs *regs = l->regs;

    if (header->is_64bit)
        entry_long(regs, layout->kernel + LINUX_ENTRY_64, block + BLOCK_PML4);
    else
        entry_flat32(regs, layout->kernel);
    regs->gdtr = (struct x86_table){block + BLOCK_GDT, BOOT_GDT_SIZE - 1};
    regs->gpr[X86_RSI] = block + BLOCK_PARAMS;
    regs->gpr[X86_RSP] = block + BLOCK_STACK_TOP;
}

int linux_boot_build(struct loader *l, const struct linux_header *header, const struct linux_layout *layout)
{
    uint64_t size = BLOCK_CMDLINE + strlen(l->params->cmdline ? l->params->cmdline : "") + 1;
    uint64_t block = space_lowest(l, size, PAGE_SIZE, LOAD_LOW_MIN, LOAD_LIMIT_4G), cursor, cmdline;
    int status;

    if (block == SPACE_NONE)
        return load_fail(l, "memory",
                         "no room for %llu bytes of boot parameters below 4 GiB; the largest free piece has "
                         "%llu",
                         (unsigned long long)size,
                         (unsigned long long)space_largest(l, LOAD_LOW_MIN, LOAD_LIMIT_4G));
    space_take(l, block, size);
    cursor = block + BLOCK_CMDLINE;
    status = string_put(l, l->params->cmdline, &cursor, &cmdline);
    if (!status)
        status = params_build(l, header, layout, block + BLOCK_PARAMS, cmdline);
    if (!status)
        status = load_write(l, block + BLOCK_GDT, header->is_64bit ? boot_gdt64 : boot_gdt32, BOOT_GDT_SIZE);
    if (!status)
        status = page_tables_build(l, block);
    if (!status)
        regs_set(l, header, layout, block);
    return status;
}
