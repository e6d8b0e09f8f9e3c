/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills all RAM with its own addresses and checks it, forwards and backwards. */
#include "lib/guest.h"

const char guest_name[] = "memory";

extern char _end[];

void guest_run(void)
{
    uint64_t *first = (uint64_t *)(((uintptr_t)_end + 0x1fffff) & ~0x1fffffUL);
    uint64_t *end = (uint64_t *)memory_free_end();
    uint64_t step = option("step", 1), zeros = 0;

    for (uint64_t *p = first; p < end; p += step)
        zeros += *p != 0;
    expect(zeros == 0, "%u words are not zero at first", zeros);
    for (uint64_t *p = first; p < end; p += step)
        *p = (uintptr_t)p ^ 0x5555555555555555;
    for (uint64_t *p = first; p < end; p += step)
        expect(*p == ((uintptr_t)p ^ 0x5555555555555555), "at %x: %x", (uintptr_t)p, *p);
    for (uint64_t *p = end - 1; p >= first; p -= step)
        *p = ~(uintptr_t)p;
    for (uint64_t *p = end - 1; p >= first; p -= step)
        expect(*p == ~(uintptr_t)p, "at %x: %x", (uintptr_t)p, *p);
    print("%u KiB checked\n", (uint64_t)(end - first) / 128);
}
