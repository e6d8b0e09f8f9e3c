/* SPDX-License-Identifier: BSD-2-Clause */
/* Touches a GiB of its RAM that is aligned to one, piece by piece, and finds all of it again. */
#include "lib/guest.h"

const char guest_name[] = "gib";

#define GIB  0x40000000UL
#define STEP 0x200000UL

void guest_run(void)
{
    uintptr_t begin = (memory_begin() + GIB) & ~(GIB - 1);

    /* A PC keeps a little at the end of it for its tables. */
    expect(memory_end() + 2 * STEP >= begin + GIB, "RAM ends at %x", (uint64_t)memory_end());
    for (uint64_t at = begin; at < begin + GIB; at += STEP)
        *(volatile uint64_t *)(at + (at >> 18)) = at;
    for (uint64_t at = begin; at < begin + GIB; at += STEP) {
        volatile uint64_t *p = (uint64_t *)(at + (at >> 18));

        expect(*p == at, "at %x: %x", at, *p);
        expect(p[512] == 0, "behind %x: %x", at, p[512]);
    }
}
