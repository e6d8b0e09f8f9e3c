/* SPDX-License-Identifier: BSD-2-Clause */
#include "extents.h"

#include <core/mm.h>
#include <errno.h>
#include <stdlib.h>

static int extents_reserve(struct extents *extents)
{
    size_t room = extents->room ? extents->room * 2 : 8;
    struct extent *list;

    if (extents->n < extents->room)
        return 0;
    list = realloc(extents->list, room * sizeof(*list));
    if (!list)
        return -ENOMEM;
    extents->list = list;
    extents->room = room;
    return 0;
}

static void extents_append(struct extents *extents, hpa_t base, uint64_t size, unsigned order,
                           bool is_foreign)
{
    extents->list[extents->n++] = (struct extent){.start = extents->capacity,
                                                  .base = base,
                                                  .size = size,
                                                  .order = (uint8_t)order,
                                                  .is_foreign = is_foreign};
    extents->capacity += size;
}

int extents_grow(struct extents *extents, uint64_t capacity)
{
    unsigned order = PAGE_ORDER_MAX;

    while (extents->capacity < capacity) {
        uint64_t missing = capacity - extents->capacity;
        hpa_t block;

        while (order > 0 && (PAGE_SIZE << order) > missing)
            order--;
        if (extents_reserve(extents) != 0)
            return -ENOMEM;
        block = page_alloc(order, 0, NODE_ANY);
        if (hpa_valid(block))
            extents_append(extents, block, PAGE_SIZE << order, order, false);
        else if (order == 0)
            return -ENOMEM;
        else
            order--; /* no block of that size is left: smaller ones */
    }
    return 0;
}

int extents_add_foreign(struct extents *extents, hpa_t base, uint64_t size)
{
    if (extents_reserve(extents) != 0)
        return -ENOMEM;
    extents_append(extents, base, size, 0, true);
    return 0;
}

void extents_free(struct extents *extents)
{
    for (size_t i = 0; i < extents->n; i++) {
        if (!extents->list[i].is_foreign)
            page_free(extents->list[i].base, extents->list[i].order);
    }
    free(extents->list);
    *extents = (struct extents){0};
}

size_t extents_at(const struct extents *extents, uint64_t offset, void **bytes)
{
    size_t low = 0, high = extents->n;
    const struct extent *extent;

    if (offset >= extents->capacity)
        return 0;
    /* The last extent that starts at or before offset. */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (extents->list[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    extent = &extents->list[low];
    *bytes = (uint8_t *)hpa_to_ptr(extent->base) + (offset - extent->start);
    return extent->size - (offset - extent->start);
}
