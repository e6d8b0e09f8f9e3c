/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sched.h"

/* Which CPUs have nothing to do, one bit each: a hint, read without locks when a thread wakes. */
static _Atomic uint64_t *idle_words; /* immutable pointer after idle_mask_init() */
static unsigned idle_word_count;

int idle_mask_init(unsigned cpus_max)
{
    idle_word_count = (cpus_max + 63) / 64;
    idle_words = calloc(idle_word_count, sizeof(*idle_words));
    return idle_words ? 0 : -ENOMEM;
}

void idle_mask_set(unsigned cpu, bool is_idle)
{
    _Atomic uint64_t *word = &idle_words[cpu / 64];

    if (is_idle)
        atomic_fetch_or_explicit(word, BIT(cpu % 64), memory_order_relaxed);
    else
        atomic_fetch_and_explicit(word, ~BIT(cpu % 64), memory_order_relaxed);
}

int idle_mask_find(unsigned near)
{
    for (unsigned i = 0; i < idle_word_count; i++) {
        unsigned index = (near / 64 + i) % idle_word_count;
        uint64_t word = atomic_load_explicit(&idle_words[index], memory_order_relaxed);

        if (i == 0 && (word >> near % 64 & 1))
            return (int)near;
        if (word != 0)
            return (int)(index * 64 + (unsigned)__builtin_ctzll(word));
    }
    return -1;
}
