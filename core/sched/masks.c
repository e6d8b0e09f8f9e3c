/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "sched.h"

/*
 * Which CPUs have nothing to do, and which have threads that wait for them, one bit each. Hints, read without
 * locks when a thread wakes and when a CPU has nothing to do: so neither looks at each CPU.
 */
struct cpu_mask idle_cpus, queued_cpus;

static int mask_init(struct cpu_mask *mask, unsigned cpus_max)
{
    mask->count = (cpus_max + 63) / 64;
    mask->words = calloc(mask->count, sizeof(*mask->words));
    return mask->words ? 0 : -ENOMEM;
}

int cpu_masks_init(unsigned cpus_max)
{
    int error = mask_init(&idle_cpus, cpus_max);

    return error ? error : mask_init(&queued_cpus, cpus_max);
}

int cpu_mask_find(const struct cpu_mask *mask, unsigned near)
{
    for (unsigned i = 0; i < mask->count; i++) {
        unsigned index = (near / 64 + i) % mask->count;
        uint64_t word = atomic_load_explicit(&mask->words[index], memory_order_relaxed);

        if (i == 0 && (word >> near % 64 & 1))
            return (int)near;
        if (word != 0)
            return (int)(index * 64 + (unsigned)__builtin_ctzll(word));
    }
    return -1;
}
