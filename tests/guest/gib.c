/* SPDX-License-Identifier: BSD-2-Clause */
/* Touches the second GiB of its RAM piece by piece, and finds all of it again. */
#include "lib/guest.h"

const char guest_name[] = "gib";

#define GIB  0x40000000UL
#define STEP 0x200000UL

void guest_run(void)
{
    expect(memory_upper_kib() >= 2 * GIB / 1024 - 4096, "only %u KiB above 1 MiB",
           (uint64_t)memory_upper_kib());
    for (uint64_t at = GIB; at < 2 * GIB; at += STEP)
        *(volatile uint64_t *)(at + (at >> 18)) = at;
    for (uint64_t at = GIB; at < 2 * GIB; at += STEP) {
        volatile uint64_t *p = (uint64_t *)(at + (at >> 18));

        expect(*p == at, "at %x: %x", at, *p);
        expect(p[512] == 0, "behind %x: %x", at, p[512]);
    }
}
