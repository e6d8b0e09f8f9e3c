/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_ARM64_H
#define CORE_PT_FMT_ARM64_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * VMSAv8-64 descriptors of stage 1, 4K granule, four levels, 48-bit output addresses: Arm ARM (DDI 0487),
 * D8.3. The manual counts levels from the top (0 to 3), the walker from the leaves: level 0 here is 3 there.
 */
#define PT_TOP 3

#define ARM64_PTE_VALID   BIT(0)
#define ARM64_PTE_TABLE   BIT(1)         /* table above level 0, page at it; clear: block */
#define ARM64_PTE_ATTR(n) ((n) * BIT(2)) /* index into MAIR */
#define ARM64_PTE_ATTRS   MASK(4, 2)
#define ARM64_PTE_EL0     BIT(6)     /* AP[1]: unprivileged access; RES1 where a regime has no EL0 */
#define ARM64_PTE_RO      BIT(7)     /* AP[2] */
#define ARM64_PTE_INNER   MASK(9, 8) /* SH: inner shareable */
#define ARM64_PTE_AF      BIT(10)
#define ARM64_PTE_PXN     BIT(53) /* RES0 where a regime has no EL0 */
#define ARM64_PTE_XN      BIT(54) /* UXN where it has one */
#define ARM64_PTE_ADDR    MASK(47, 12)
#define ARM64_PTE_FLAGS                                                                                  \
    (ARM64_PTE_VALID | ARM64_PTE_ATTRS | ARM64_PTE_EL0 | ARM64_PTE_RO | ARM64_PTE_INNER | ARM64_PTE_AF | \
     ARM64_PTE_PXN | ARM64_PTE_XN)

_Static_assert((ARM64_PTE_ADDR & (ARM64_PTE_FLAGS | ARM64_PTE_TABLE)) == 0,
               "address and flags do not overlap");
_Static_assert(ARM64_PTE_ADDR == 0x0000fffffffff000ULL, "48-bit output addresses");

/* Tables allow everything; leaves decide. */
static inline uint64_t pt_fmt_table(hpa_t table)
{
    return table.v | ARM64_PTE_VALID | ARM64_PTE_TABLE;
}

static inline uint64_t pt_fmt_leaf(hpa_t pa, unsigned level, uint64_t flags)
{
    return pa.v | flags | (level == 0 ? ARM64_PTE_TABLE : 0);
}

static inline bool pt_fmt_present(uint64_t e)
{
    return (e & ARM64_PTE_VALID) != 0;
}

static inline bool pt_fmt_is_leaf(uint64_t e, unsigned level)
{
    return level == 0 || !(e & ARM64_PTE_TABLE);
}

static inline hpa_t pt_fmt_table_addr(uint64_t e)
{
    return hpa(e & ARM64_PTE_ADDR);
}

static inline hpa_t pt_fmt_leaf_addr(uint64_t e, unsigned level)
{
    return hpa(e & ARM64_PTE_ADDR & ~(BIT(12 + 9 * level) - 1));
}

static inline uint64_t pt_fmt_flags(uint64_t e)
{
    return e & ARM64_PTE_FLAGS;
}

#endif
