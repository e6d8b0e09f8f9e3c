/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/panic.h>
#include <platform/paging.h>

#include "paging.h"

#define PT_NAME(x) host_pt_##x
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>

#define LEAF_DATA (X86_PTE_P | X86_PTE_A | X86_PTE_D | X86_PTE_G)

/* CR3 is loaded in 32-bit code when CPUs start, and the first tables must lie in what boot's tables map. */
hpa_t paging_table_alloc(struct pt_tree *tree)
{
    (void)tree;
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

unsigned paging_leaf_level_max(void)
{
    return cpu_has(CPU_FEATURE_PAGE_1G) ? 2 : 1;
}

/* Entries with bits of what does not exist fault as reserved. SDM vol. 2, CPUID 80000008h. */
uint64_t paging_physical_limit(void)
{
    unsigned bits = 36;

    if (arch_cpuid(0x80000000, 0).eax >= 0x80000008)
        bits = arch_cpuid(0x80000008, 0).eax & 0xff;
    return 1ULL << bits;
}

int paging_tree_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    return host_pt_map(&paging_tree, va, pa, size, leaf_flags(flags));
}

int paging_tree_unmap(uint64_t va, uint64_t size)
{
    return host_pt_unmap(&paging_tree, va, size);
}

bool paging_tree_query(uint64_t va, struct pt_mapping *out)
{
    return host_pt_query(&paging_tree, va, out);
}

void paging_enter(void)
{
    arch_write_cr3(paging_tree.root.v);
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

void arch_tlb_flush_all(void)
{
    cpu_call_all(flush_all, NULL);
}

void paging_set_exec(hpa_t base, uint64_t size, bool executable)
{
    unsigned flags = executable ? MAP_EXEC : MAP_WRITE;

    if (host_pt_protect(&paging_tree, base.v, size, leaf_flags(flags)) != 0)
        panic("no memory to change the start-up page");
    flush_all(NULL);
}
