/* SPDX-License-Identifier: BSD-2-Clause */
/* Where there is room: RAM of the memory map minus what has been placed. Pure. */

#include "loader.h"

static uint64_t range_end(const struct load_range *range)
{
    return range->size > ~0ULL - range->base ? ~0ULL : range->base + range->size;
}

bool space_is_ram(const struct loader *l, uint64_t base, uint64_t size)
{
    const struct load_params *p = l->params;

    if (size > ~0ULL - base)
        return false;
    /* The map is sorted: what one range leaves over must begin the next. */
    for (unsigned i = 0; i < p->memory_map_count && size; i++) {
        const struct load_range *range = &p->memory_map[i];
        uint64_t end = range_end(range);

        if (range->type != LOAD_RAM || base < range->base || base >= end)
            continue;
        if (size <= end - base)
            return true;
        size -= end - base;
        base = end;
    }
    return size == 0;
}

/* Cuts [*base, *end) down to its first piece that is not taken; false: all of it is. */
static bool free_piece(const struct loader *l, uint64_t *base, uint64_t *end)
{
    bool moved;

    do {
        moved = false;
        for (unsigned i = 0; i < l->taken_count; i++) {
            if (*base >= l->taken[i].base && *base < l->taken[i].end) {
                *base = l->taken[i].end;
                moved = true;
            }
        }
    } while (moved);
    for (unsigned i = 0; i < l->taken_count; i++) {
        if (l->taken[i].base >= *base && l->taken[i].base < *end && l->taken[i].end > l->taken[i].base)
            *end = l->taken[i].base;
    }
    return *base < *end;
}

/* The first free piece of RAM that begins at or behind `from` (cut there), below `limit`. */
static bool piece_next(const struct loader *l, uint64_t from, uint64_t limit, uint64_t *base, uint64_t *end)
{
    const struct load_params *p = l->params;

    for (unsigned i = 0; i < p->memory_map_count; i++) {
        const struct load_range *range = &p->memory_map[i];

        if (range->type != LOAD_RAM || range_end(range) <= from)
            continue;
        *base = MAX(range->base, from);
        *end = MIN(range_end(range), limit);
        if (*base < *end && free_piece(l, base, end))
            return true;
    }
    return false;
}

uint64_t space_lowest(const struct loader *l, uint64_t size, uint64_t align, uint64_t min, uint64_t limit)
{
    uint64_t base, end;

    for (uint64_t from = min; piece_next(l, from, limit, &base, &end); from = end) {
        uint64_t at = ALIGN_UP(base, align);

        if (at >= base && at <= end && size <= end - at)
            return at;
    }
    return SPACE_NONE;
}

uint64_t space_highest(const struct loader *l, uint64_t size, uint64_t align, uint64_t min, uint64_t limit)
{
    uint64_t base, end, found = SPACE_NONE;

    for (uint64_t from = min; piece_next(l, from, limit, &base, &end); from = end) {
        if (size <= end - base && ALIGN_DOWN(end - size, align) >= base)
            found = ALIGN_DOWN(end - size, align);
    }
    return found;
}

uint64_t space_largest(const struct loader *l, uint64_t min, uint64_t limit)
{
    uint64_t base, end, largest = 0;

    for (uint64_t from = min; piece_next(l, from, limit, &base, &end); from = end)
        largest = MAX(largest, end - base);
    return largest;
}

void space_take(struct loader *l, uint64_t base, uint64_t size)
{
    /* Formats take a known number of pieces; the array has room for all. */
    if (size == 0 || l->taken_count == LOAD_TAKEN_MAX)
        return;
    l->taken[l->taken_count].base = base;
    l->taken[l->taken_count++].end = size > ~0ULL - base ? ~0ULL : base + size;
}
