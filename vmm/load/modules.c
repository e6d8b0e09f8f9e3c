/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a kernel gets beside itself, for the protocols that have more than one. */

#include "loader.h"

unsigned modules_count(const struct loader *l)
{
    return l->params->module_count + (l->params->initrd ? 1 : 0);
}

struct load_module module_at(const struct loader *l, unsigned index)
{
    if (l->params->initrd && index-- == 0)
        return (struct load_module){l->params->initrd, NULL};
    return l->params->modules[index];
}

/* All of them with each on its own pages; ~0: more than 64 bits. */
static uint64_t modules_size(const struct loader *l)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < modules_count(l); i++) {
        uint64_t size = module_at(l, i).source->size;

        if (size > ~0ULL - PAGE_SIZE || ALIGN_UP(size, PAGE_SIZE) > ~0ULL - sum)
            return ~0ULL;
        sum += ALIGN_UP(size, PAGE_SIZE);
    }
    return sum;
}

static int copy(struct loader *l, uint64_t base)
{
    for (unsigned i = 0; i < modules_count(l); i++) {
        const struct load_source *source = module_at(l, i).source;
        int status =
            load_copy(l, source == l->params->initrd ? "initrd" : "modules", source, 0, base, source->size);

        if (status)
            return status;
        base = module_next(base, source->size);
    }
    return 0;
}

int modules_load(struct loader *l, space_find_fn *find, uint64_t *base)
{
    uint64_t size = modules_size(l);

    *base = 0;
    if (modules_count(l) == 0)
        return 0;
    *base = size == ~0ULL ? SPACE_NONE : find(l, size, PAGE_SIZE, MIB(1), LOAD_LIMIT_4G);
    if (*base == SPACE_NONE)
        return load_fail(
            l, l->params->initrd ? "initrd" : "modules",
            "%u files of %llu bytes with whole pages; the largest free piece of RAM beside the kernel "
            "and below 4 GiB has %llu",
            modules_count(l), (unsigned long long)size,
            (unsigned long long)space_largest(l, MIB(1), LOAD_LIMIT_4G));
    space_take(l, *base, size);
    return copy(l, *base);
}
