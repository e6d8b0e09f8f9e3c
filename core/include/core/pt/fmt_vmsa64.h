/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_VMSA64_H
#define CORE_PT_FMT_VMSA64_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * What VMSAv8-64 descriptors of both stages have in common, 4K granule, 48-bit output addresses: Arm ARM (DDI
 * 0487), D8.3. The manual counts levels from the top (0 to 3), the walker from the leaves: level 0 here is 3
 * there. For fmt_arm64.h and fmt_arm64_stage2.h, which define PT_FMT_FLAGS first.
 */
#define PT_FMT_PRESENT BIT(0)
#define PT_FMT_TABLE   BIT(1) /* table above level 0, page at it; clear: block */
#define PT_FMT_ADDR    MASK(47, 12)
#include <core/pt/fmt_bits.h>

_Static_assert(PT_FMT_ADDR == 0x0000fffffffff000ULL, "48-bit output addresses");
_Static_assert(((PT_FMT_ADDR | PT_FMT_FLAGS) & PT_FMT_TABLE) == 0, "what an entry is depends on its level");

/* Tables allow everything; leaves decide. */
static inline uint64_t pt_fmt_table(hpa_t table)
{
    return table.v | PT_FMT_PRESENT | PT_FMT_TABLE;
}

static inline uint64_t pt_fmt_leaf(hpa_t pa, unsigned level, uint64_t flags)
{
    return pa.v | flags | (level == 0 ? PT_FMT_TABLE : 0);
}

static inline bool pt_fmt_is_leaf(uint64_t e, unsigned level)
{
    return level == 0 || !(e & PT_FMT_TABLE);
}

#endif
