/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/tlb.h>
#include <core/mm.h>
#include <platform/paging.h>

#include "../boot/boot.h"
#include "entry.h"

hpa_t paging_table_alloc(struct pt_tree *tree)
{
    (void)tree;
    return page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);
}

unsigned paging_leaf_level_max(void)
{
    return 2;
}

/* ID_AA64MMFR0_EL1.PARange (Arm ARM, D24.2.78). */
uint64_t paging_physical_limit(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};
    uint64_t range = arch_sysreg_read(id_aa64mmfr0_el1) & 15;

    return BIT(range < ARRAY_SIZE(bits) ? bits[range] : 48);
}

/* Walkers, of every CPU, see new entries from here on; they do not keep what was invalid (D8.16.1). */
int paging_tree_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    int error = host_pt_map(&paging_tree, va, pa, size, paging_leaf_flags(flags));

    __asm__ volatile("dsb ishst; isb" ::: "memory");
    return error;
}

int paging_tree_unmap(uint64_t va, uint64_t size)
{
    return host_pt_unmap(&paging_tree, va, size);
}

bool paging_tree_query(uint64_t va, struct pt_mapping *out)
{
    return host_pt_query(&paging_tree, va, out);
}

/* The hardware tells the other CPUs. */
void arch_tlb_flush_all(void)
{
    __asm__ volatile("dsb ishst; tlbi alle2is" ::: "memory");
    arch_tlbi_end();
}

void paging_enter(void)
{
    cpu_mmu_replace(paging_tree.root.v);
}
