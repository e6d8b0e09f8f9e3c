/* SPDX-License-Identifier: BSD-2-Clause */
#include "paging.h"

#include <arch/layout.h>
#include <core/mm.h>
#include <core/panic.h>
#include <errno.h>

#include "../boot/boot.h"

static hpa_t table_alloc(struct pt_tree *tree);
static struct pt_tree tree = {.table_alloc = table_alloc,
                              .max_leaf_level = 2}; /* after boot: lock of core/mm/vmap */

static hpa_t table_alloc(struct pt_tree *unused)
{
    (void)unused;
    return page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);
}

/* The first physical address that does not exist: ID_AA64MMFR0_EL1.PARange (Arm ARM, D24.2.78). */
static uint64_t physical_limit(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};
    uint64_t range = arch_sysreg_read(id_aa64mmfr0_el1) & 15;

    return BIT(range < ARRAY_SIZE(bits) ? bits[range] : 48);
}

/* Walkers, of every CPU, see new entries from here on; they do not keep what was invalid (D8.16.1). */
int arch_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    int error;

    if (pa.v + size > physical_limit())
        return -ERANGE;
    error = host_pt_map(&tree, va, pa, size, paging_leaf_flags(flags));
    __asm__ volatile("dsb ishst; isb" ::: "memory");
    return error;
}

bool arch_is_mapped(uint64_t va)
{
    struct pt_mapping mapping;

    return tree.root.v != 0 && host_pt_query(&tree, va, &mapping);
}

void arch_unmap(uint64_t va, uint64_t size)
{
    /* What was mapped as a whole is unmapped as a whole: nothing is split, so no valid entry is ever replaced
     * by another (break-before-make, D8.16.1), and nothing can fail. */
    ASSERT(host_pt_unmap(&tree, va, size) == 0);
}

/* The hardware tells the other CPUs. */
void arch_tlb_flush_all(void)
{
    __asm__ volatile("dsb ishst; tlbi alle2is; dsb ish; isb" ::: "memory");
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
    map_image(image_start, text_start, MAP_READ);
    map_image(text_start, text_end, MAP_EXEC);
    map_image(text_end, relro_end, MAP_READ);
    map_image(relro_end, image_end, MAP_WRITE);
}

void paging_enter(void)
{
    cpu_mmu_replace(tree.root.v);
}

hpa_t paging_root(void)
{
    return tree.root;
}
