/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/layout.h>
#include <arch/msr.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/panic.h>
#include <errno.h>

#include "../boot/boot.h"
#include "paging.h"

#define PT_NAME(x) host_pt_##x
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>

#define LEAF_DATA (X86_PTE_P | X86_PTE_A | X86_PTE_D | X86_PTE_G)

static hpa_t table_alloc(struct pt_tree *tree);
static struct pt_tree tree = {.table_alloc = table_alloc}; /* after boot: lock of core/mm/vmap */

/* CR3 is loaded in 32-bit code when CPUs start, and the first tables must lie in what boot's tables map. */
static hpa_t table_alloc(struct pt_tree *unused)
{
    (void)unused;
    return page_alloc(PAGE_ORDER_4K, PAGE_ZERO | PAGE_LOW, NODE_ANY);
}

static uint64_t leaf_flags(unsigned flags)
{
    uint64_t leaf = LEAF_DATA;

    if (flags & MAP_WRITE)
        leaf |= X86_PTE_W;
    if (!(flags & MAP_EXEC) && cpu_has(CPU_FEATURE_NX))
        leaf |= X86_PTE_NX;
    if (flags & MAP_UNCACHED)
        leaf |= X86_PTE_PCD | X86_PTE_PWT; /* PAT entry 3 */
    else if (flags & MAP_WRITE_COMBINING)
        leaf |= X86_PTE_PWT; /* PAT entry 1: cpu/setup.c */
    return leaf;
}

/* The first physical address that does not exist; entries with such bits set fault as reserved. SDM vol. 2,
 * CPUID 80000008h. */
static uint64_t physical_limit(void)
{
    unsigned bits = 36;

    if (arch_cpuid(0x80000000, 0).eax >= 0x80000008)
        bits = arch_cpuid(0x80000008, 0).eax & 0xff;
    return 1ULL << bits;
}

int arch_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    if (pa.v + size > physical_limit())
        return -ERANGE;
    return host_pt_map(&tree, va, pa, size, leaf_flags(flags));
}

bool arch_is_mapped(uint64_t va)
{
    struct pt_mapping mapping;

    return hpa_valid(tree.root) && tree.root.v != 0 && host_pt_query(&tree, va, &mapping);
}

static void flush_all(void *unused)
{
    uint64_t cr4 = arch_read_cr4();

    (void)unused;
    /* Toggling PGE drops global entries too (SDM vol. 3A, 5.10.4.1). */
    arch_write_cr4(cr4 & ~CR4_PGE);
    arch_write_cr4(cr4);
    if (!(cr4 & CR4_PGE))
        arch_write_cr3(arch_read_cr3());
}

void arch_unmap(uint64_t va, uint64_t size)
{
    /* What was mapped as a whole is unmapped as a whole: nothing is split, nothing can fail. */
    ASSERT(host_pt_unmap(&tree, va, size) == 0);
}

void arch_tlb_flush_all(void)
{
    cpu_call_all(flush_all, NULL);
}

/* Maps the parts of [base, end) that are not the image, which has mappings of its own. */
static void map_ram(uint64_t base, uint64_t end)
{
    uint64_t image = (uint64_t)image_start, image_last = (uint64_t)image_end;

    base = MAX(base, PAGE_SIZE); /* page 0 stays unmapped: null pointers fault */
    if (base < image && image < end) {
        map_ram(base, image);
        base = image;
    }
    if (base >= image && base < image_last)
        base = MIN(image_last, end);
    if (base < end && arch_map(ARCH_DIRECT_MAP_BASE + base, hpa(base), end - base, MAP_WRITE) != 0)
        panic("no memory for the host's page tables");
}

static void map_image(const char *from, const char *to, unsigned flags)
{
    if (to > from && arch_map((uint64_t)from, hpa((uint64_t)from), (uint64_t)(to - from), flags) != 0)
        panic("no memory for the image's page tables");
}

void paging_init(const struct host_info *info)
{
    tree.max_leaf_level = cpu_has(CPU_FEATURE_PAGE_1G) ? 2 : 1;
    tree.root = table_alloc(&tree);
    if (!hpa_valid(tree.root))
        panic("no memory for the host's page tables");

    for (size_t i = 0; i < info->memory_count;) {
        uint64_t base = info->memory[i].base.v, end = base;

        /* Neighbouring ranges are joined, so that large pages span them. */
        while (i < info->memory_count && info->memory[i].base.v == end &&
               info->memory[i].type < HOST_MEM_RESERVED)
            end += info->memory[i++].size;
        if (end > base)
            map_ram(base, end);
        else
            i++;
    }
    map_image(image_start, text_end, MAP_EXEC);
    map_image(text_end, relro_end, MAP_READ);
    map_image(relro_end, image_end, MAP_WRITE);
    arch_write_cr3(tree.root.v);
}

hpa_t paging_root(void)
{
    return tree.root;
}

void paging_set_exec(hpa_t base, uint64_t size, bool executable)
{
    unsigned flags = executable ? MAP_EXEC : MAP_WRITE;

    if (host_pt_protect(&tree, base.v, size, leaf_flags(flags)) != 0)
        panic("no memory to change the start-up page");
    flush_all(NULL);
}
