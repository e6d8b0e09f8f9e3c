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

/* The range that contains the address, or NULL; ranges are sorted. */
static const struct host_memory_range *range_find(const struct host_info *info, uint64_t address)
{
    size_t low = 0, high = info->memory_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct host_memory_range *r = &info->memory[middle];

        if (address < r->base.v)
            high = middle;
        else if (address - r->base.v >= r->size)
            low = middle + 1;
        else
            return r;
    }
    return NULL;
}

static const char *release_fault(const struct host_info *info, hpa_t release)
{
    const struct host_memory_range *r;

    if (!hpa_valid(release))
        return "is not told";
    if (!IS_ALIGNED(release.v, sizeof(uint64_t)))
        return "is not aligned";
    r = range_find(info, release.v);
    if (r == NULL)
        return "is not in memory";
    /* Page 0 counts as reserved on every machine; the host maps nothing there. */
    if (release.v < PAGE_SIZE)
        return "is in page 0";
    return r->type == HOST_MEM_RESERVED ? NULL : "is in memory that nothing reserves";
}

void host_cpus_release_check(struct fw_builder *b, struct host_cpus *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct host_cpu *cpu = &all->items[i];
        const char *fault =
            cpu->start == HOST_CPU_START_RELEASE ? release_fault(b->info, cpu->release) : NULL;

        if (fault == NULL)
            continue;
        cpu->enabled = false;
        fw_warn(b, "the CPU with affinity %#llx is not started: its release address %#llx %s",
                (unsigned long long)cpu->hardware_id, (unsigned long long)cpu->release.v, fault);
    }
}
