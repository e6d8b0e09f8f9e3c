/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage1.h"

#define TABLE       3 /* a descriptor's type */
#define LAST_LEVEL  3
#define VA_BITS_MAX 52
#define EPD0        BIT(7)
#define EPD1        BIT(23)
#define ADDRESS_TOP 47
#define UPPER(va)   ((va) >> 55 & 1) /* which of the two ranges */

/* log2 of the granule by TCR_EL1.TG0 and TG1; 0: reserved. D24.2.182. */
static unsigned granule_shift(uint64_t tcr, bool is_upper)
{
    static const uint8_t lower[4] = {12, 16, 14, 0}, upper[4] = {0, 14, 12, 16};

    return is_upper ? upper[tcr >> 30 & 3] : lower[tcr >> 14 & 3];
}

int stage1_hole_level(const struct stage1 *s, uint64_t va, stage1_read *read, void *context)
{
    bool is_upper = UPPER(va);
    unsigned shift = granule_shift(s->tcr, is_upper), step = shift - 3;
    unsigned bits = 64 - (unsigned)(s->tcr >> (is_upper ? 16 : 0) & 63), top;
    uint64_t table = is_upper ? s->ttbr1 : s->ttbr0;

    if (shift == 0 || (s->tcr & (is_upper ? EPD1 : EPD0)) || bits <= shift || bits > VA_BITS_MAX)
        return -1;
    va &= BIT(bits) - 1;
    top = (bits - shift - 1) / step; /* steps below the first table */
    if (top > LAST_LEVEL)
        return -1;
    /* A first table that is not a whole granule is aligned to its size. */
    table &= MASK(ADDRESS_TOP, bits - (shift + top * step) + 3);
    for (unsigned level = LAST_LEVEL - top; level <= LAST_LEVEL; level++) {
        unsigned at = shift + (LAST_LEVEL - level) * step;
        uint64_t entry;

        if (!read(context, table + (va >> at) * 8, &entry))
            return (int)level;
        if ((entry & 3) != TABLE)
            break;
        table = entry & MASK(ADDRESS_TOP, shift);
        va &= BIT(at) - 1;
    }
    return -1;
}
