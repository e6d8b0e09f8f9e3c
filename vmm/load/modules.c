/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a kernel gets beside itself, for the protocols that have more than one. */

#include "loader.h"

#include <string.h>

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

uint64_t modules_size(const struct loader *l)
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

int modules_load(struct loader *l, uint64_t base)
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

int string_put(struct loader *l, const char *text, uint64_t *cursor, uint64_t *at)
{
    size_t size = strlen(text ? text : "") + 1;

    *at = *cursor;
    *cursor += size;
    return load_write(l, *at, text ? text : "", size);
}

uint64_t strings_size(const struct loader *l)
{
    uint64_t sum = strlen(l->params->cmdline ? l->params->cmdline : "") + 1;

    for (unsigned i = 0; i < modules_count(l); i++) {
        const char *text = module_at(l, i).cmdline;

        sum += strlen(text ? text : "") + 1;
    }
    return sum;
}
