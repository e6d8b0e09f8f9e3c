/* SPDX-License-Identifier: BSD-2-Clause */
#include "breakpoint.h"

/* R/W fields of DR7. */
enum { ON_EXECUTION, ON_WRITE, ON_IO, ON_ACCESS };

/* LEN fields of DR7: 1, 2, 8, 4 bytes. */
static const uint8_t lengths[] = {1, 2, 8, 4};

static bool is_for(unsigned kind, enum x86_breakpoint_access access)
{
    switch (access) {
    case X86_BREAKPOINT_READ:
        return kind == ON_ACCESS;
    case X86_BREAKPOINT_WRITE:
        return kind == ON_ACCESS || kind == ON_WRITE;
    default:
        return kind == ON_IO;
    }
}

unsigned x86_breakpoint_hits(const uint64_t dr[4], uint64_t dr7, enum x86_breakpoint_access access,
                             uint64_t address, unsigned size)
{
    unsigned hits = 0;

    for (unsigned n = 0; n < 4; n++) {
        unsigned kind = dr7 >> (16 + 4 * n) & 3, length = lengths[dr7 >> (18 + 4 * n) & 3];
        uint64_t start = dr[n] & ~(uint64_t)(length - 1); /* lower bits do not count */

        /* Both ranges may end at the end of the address space. */
        if ((dr7 >> 2 * n & 3) && is_for(kind, access) &&
            (address - start < length || start - address < size))
            hits |= 1U << n;
    }
    return hits;
}
