/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PRIMECELL_H
#define VMM_DEV_PRIMECELL_H

#include <core/types.h>

/*
 * What every Arm PrimeCell has at the end of its page: eight identification registers of one byte each, four
 * of the part, four that say PrimeCell.
 */
#define PRIMECELL_ID      0xfe0
#define PRIMECELL_ID_LAST 0xffc

static inline uint32_t primecell_id_read(uint32_t part, uint64_t offset)
{
    uint64_t ids = (uint64_t)0xb105f00d << 32 | part;

    return (uint32_t)(ids >> (offset - PRIMECELL_ID) / 4 * 8) & 0xff;
}

#endif
