/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of processors, whoever told it. Pure. */

#include "builder.h"

#include <errno.h>
#include <stdlib.h>

struct cpu_key {
    uint64_t hardware_id;
    size_t index;
};

static int key_compare(const void *a, const void *b)
{
    const struct cpu_key *x = a;
    const struct cpu_key *y = b;

    if (x->hardware_id != y->hardware_id)
        return x->hardware_id > y->hardware_id ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

int host_cpus_unique(struct arena *arena, struct host_cpus *all)
{
    struct cpu_key *keys = ARENA_NEW(arena, struct cpu_key, all->count);
    bool *twice = ARENA_NEW(arena, bool, all->count);
    struct host_cpu *cpus = all->items;
    size_t kept = 0;

    if (keys == NULL || twice == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all->count; i++)
        keys[i] = (struct cpu_key){cpus[i].hardware_id, i};
    if (all->count)
        qsort(keys, all->count, sizeof(*keys), key_compare);
    for (size_t i = 1; i < all->count; i++)
        twice[keys[i].index] = keys[i].hardware_id == keys[i - 1].hardware_id;
    for (size_t i = 0; i < all->count; i++) {
        if (!twice[i])
            cpus[kept++] = cpus[i];
    }
    all->count = kept;
    return 0;
}
