/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_ARM64_STAGE2_H
#define CORE_PT_FMT_ARM64_STAGE2_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * VMSAv8-64 descriptors of stage 2, 4K granule, 48-bit output addresses: Arm ARM (DDI 0487), D8.3. Where
 * walks start, and in how many tables in a row (D8.2.8 "Concatenated translation tables"), is the tree's
 * choice. The manual counts levels from the top (0 to 3), the walker from the leaves: level 0 here is 3
 * there.
 */
#define PT_TOP               3
#define PT_TREE_TOP(tree)    (tree)->top
#define PT_TREE_TABLES(tree) (tree)->root_tables
#define PT_BUSY              BIT(55) /* one of the bits that software may use in any descriptor, D8.3.1 */

#define S2_PTE_VALID   BIT(0)
#define S2_PTE_TABLE   BIT(1)         /* table above level 0, page at it; clear: block */
#define S2_PTE_ATTR(n) ((n) * BIT(2)) /* MemAttr */
#define S2_PTE_ATTRS   MASK(5, 2)
#define S2_PTE_READ    BIT(6) /* S2AP[0] */
#define S2_PTE_WRITE   BIT(7) /* S2AP[1] */
#define S2_PTE_INNER   MASK(9, 8)
#define S2_PTE_AF      BIT(10)
#define S2_PTE_XN      MASK(54, 53)
#define S2_PTE_ADDR    MASK(47, 12)
#define S2_PTE_FLAGS \
    (S2_PTE_VALID | S2_PTE_ATTRS | S2_PTE_READ | S2_PTE_WRITE | S2_PTE_INNER | S2_PTE_AF | S2_PTE_XN)

/* MemAttr, D8.6.5: inner and outer write-back. With FEAT_S2FWB and HCR_EL2.FWB, D8.6.6: write-back whatever
 * stage 1 says. */
#define S2_ATTR_WRITE_BACK        15
#define S2_ATTR_FORCED_WRITE_BACK 6

_Static_assert((S2_PTE_ADDR & (S2_PTE_FLAGS | S2_PTE_TABLE)) == 0, "address and flags do not overlap");
_Static_assert(S2_PTE_ADDR == 0x0000fffffffff000ULL, "48-bit output addresses");

static inline uint64_t pt_fmt_table(hpa_t table)
{
    return table.v | S2_PTE_VALID | S2_PTE_TABLE;
}

static inline uint64_t pt_fmt_leaf(hpa_t pa, unsigned level, uint64_t flags)
{
    return pa.v | flags | (level == 0 ? S2_PTE_TABLE : 0);
}

static inline bool pt_fmt_present(uint64_t e)
{
    return (e & S2_PTE_VALID) != 0;
}

static inline bool pt_fmt_is_writable(uint64_t e)
{
    return (e & S2_PTE_WRITE) != 0;
}

static inline uint64_t pt_fmt_with_write(uint64_t e, bool is_writable)
{
    return is_writable ? e | S2_PTE_WRITE : e & ~(uint64_t)S2_PTE_WRITE;
}

static inline bool pt_fmt_is_leaf(uint64_t e, unsigned level)
{
    return level == 0 || !(e & S2_PTE_TABLE);
}

static inline hpa_t pt_fmt_table_addr(uint64_t e)
{
    return hpa(e & S2_PTE_ADDR);
}

static inline hpa_t pt_fmt_leaf_addr(uint64_t e, unsigned level)
{
    return hpa(e & S2_PTE_ADDR & ~(BIT(12 + 9 * level) - 1));
}

static inline uint64_t pt_fmt_flags(uint64_t e)
{
    return e & S2_PTE_FLAGS;
}

#endif
