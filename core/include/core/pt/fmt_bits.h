/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_PT_FMT_BITS_H
#define CORE_PT_FMT_BITS_H

/*
 * For formats (core/pt/fmt_*.h), at their end: what follows from where the bits are. The format has defined
 *
 *   PT_FMT_PRESENT  the bit that says that there is something
 *   PT_FMT_WRITE    the one that says that it may be written to; only if the format has one
 *   PT_FMT_ADDR     the address, of a table or of the smallest page
 *   PT_FMT_FLAGS    all that pt_fmt_leaf() is given as flags
 */
_Static_assert((PT_FMT_ADDR & PT_FMT_FLAGS) == 0, "address and flags do not overlap");
_Static_assert((PT_FMT_FLAGS & PT_FMT_PRESENT) == PT_FMT_PRESENT, "leaves are there by their flags");

static inline bool pt_fmt_present(uint64_t e)
{
    return (e & PT_FMT_PRESENT) != 0;
}

static inline hpa_t pt_fmt_table_addr(uint64_t e)
{
    return hpa(e & PT_FMT_ADDR);
}

/* Above level 0 a page is larger, and bits of its address may be something else (PAT in x86's, bit 12: SDM
 * vol. 3A, table 5-17). */
static inline hpa_t pt_fmt_leaf_addr(uint64_t e, unsigned level)
{
    return hpa(e & PT_FMT_ADDR & ~(BIT(12 + 9 * level) - 1));
}

static inline uint64_t pt_fmt_flags(uint64_t e)
{
    return e & PT_FMT_FLAGS;
}

#ifdef PT_FMT_WRITE
static inline bool pt_fmt_is_writable(uint64_t e)
{
    return (e & PT_FMT_WRITE) != 0;
}

static inline uint64_t pt_fmt_with_write(uint64_t e, bool is_writable)
{
    return is_writable ? e | PT_FMT_WRITE : e & ~(uint64_t)PT_FMT_WRITE;
}
#endif

#endif
