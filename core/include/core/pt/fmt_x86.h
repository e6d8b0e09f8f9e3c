/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_X86_H
#define CORE_PT_FMT_X86_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Four-level long-mode page tables: SDM vol. 3A, 5.5 and APM vol. 2, 5.3. Also the format of AMD's nested
 * tables (APM vol. 2, 15.25.5), there with the user bit set everywhere.
 */
#define PT_TOP 3

#define X86_PTE_P    BIT(0)
#define X86_PTE_W    BIT(1)
#define X86_PTE_U    BIT(2)
#define X86_PTE_PWT  BIT(3)
#define X86_PTE_PCD  BIT(4)
#define X86_PTE_A    BIT(5)
#define X86_PTE_D    BIT(6)
#define X86_PTE_PS   BIT(7) /* in a leaf above level 0; the same bit is PAT at level 0, which we leave 0 */
#define X86_PTE_G    BIT(8)
#define X86_PTE_NX   BIT(63)
#define X86_PTE_ADDR MASK(51, 12)
#define X86_PTE_FLAGS                                                                                    \
    (X86_PTE_P | X86_PTE_W | X86_PTE_U | X86_PTE_PWT | X86_PTE_PCD | X86_PTE_A | X86_PTE_D | X86_PTE_G | \
     X86_PTE_NX)

#define PT_FMT_PRESENT X86_PTE_P
#define PT_FMT_WRITE   X86_PTE_W
#define PT_FMT_ADDR    X86_PTE_ADDR
#define PT_FMT_FLAGS   X86_PTE_FLAGS
#include <core/pt/fmt_bits.h>

_Static_assert(X86_PTE_ADDR == 0x000ffffffffff000ULL, "52-bit physical addresses");

/* Tables allow everything; leaves decide. */
static inline uint64_t pt_fmt_table(hpa_t table)
{
    return table.v | X86_PTE_P | X86_PTE_W | X86_PTE_U;
}

static inline uint64_t pt_fmt_leaf(hpa_t pa, unsigned level, uint64_t flags)
{
    return pa.v | flags | (level > 0 ? X86_PTE_PS : 0);
}

static inline bool pt_fmt_is_leaf(uint64_t e, unsigned level)
{
    return level == 0 || (e & X86_PTE_PS) != 0;
}

#endif
