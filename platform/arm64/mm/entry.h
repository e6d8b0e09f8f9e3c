/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_MM_ENTRY_H
#define ARM64_MM_ENTRY_H

#include <arch/mmu.h>
#include <arch/sysreg.h>
#include <contract/arch.h>
#include <core/types.h>

#define PT_NAME(x) host_pt_##x
#include <core/pt/fmt_arm64.h>
#include <core/pt/walk.h>

/* What enum map_flags is in a descriptor of EL2's tables. Context: any, with the MMU off too. */
static inline uint64_t paging_leaf_flags(unsigned flags)
{
    bool has_el0 = arch_sysreg_read(hcr_el2) & HCR_E2H; /* then EL2's regime is laid out like EL1's */
    uint64_t leaf = ARM64_PTE_VALID | ARM64_PTE_AF | ARM64_PTE_INNER;

    leaf |= ARM64_PTE_ATTR(flags & MAP_UNCACHED          ? MAIR_DEVICE
                           : flags & MAP_WRITE_COMBINING ? MAIR_NOCACHE
                                                         : MAIR_NORMAL);
    if (!(flags & MAP_WRITE))
        leaf |= ARM64_PTE_RO;
    if (!has_el0)
        return leaf | ARM64_PTE_EL0 | (flags & MAP_EXEC ? 0 : ARM64_PTE_XN);
    return leaf | ARM64_PTE_XN | (flags & MAP_EXEC ? 0 : ARM64_PTE_PXN);
}

#endif
