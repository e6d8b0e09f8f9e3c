/* SPDX-License-Identifier: BSD-2-Clause */
/* The page table: 512 blocks of 1 GiB, one to one. Arm ARM (DDI 0487), D8.3. */
#include "guest.h"

void mmu_build(void);

void mmu_build(void)
{
    /* GiB 0 has devices, then comes RAM; what `virt` has from 256 GiB on are devices again. */
    for (uint64_t gib = 0; gib < 512; gib++)
        page_table[gib] = gib << 30 | (gib == 0 || gib >= 256 ? PTE_DEVICE | PTE_NO_EXEC : PTE_NORMAL);
}

/* Through the alias GiB `alias` the GiB `target` is seen as `attributes` say. */
void *memory_alias(unsigned alias, unsigned target, uint64_t attributes)
{
    page_table[alias] = 0;
    __asm__ volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb" : : : "memory");
    page_table[alias] = (uint64_t)target << 30 | attributes;
    __asm__ volatile("dsb ishst; isb" : : : "memory");
    return (void *)((uintptr_t)alias << 30);
}
