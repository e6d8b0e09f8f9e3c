/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory-map normaliser: one sweep over the sorted edges of all statements. Pure. */

#include "memmap.h"

#include <errno.h>
#include <stdlib.h>

/* No processor addresses more than 52 bits (Intel SDM vol. 3A, 4.1.4; AMD APM vol. 2, 5.1); Arm: 52 with
 * LPA2. */
#define PHYSICAL_END ((uint64_t)1 << 52)

#define LOW_END MIB(1)

struct edge {
    uint64_t at;
    enum host_memory_type type;
    bool opens;
};

struct sweep {
    struct arena *arena;
    const struct memmap_affinity *affinity;
    size_t affinity_count;
    size_t affinity_next; /* the first that ends above what was emitted so far */
    struct arena_array out;
};

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int edge_compare(const void *a, const void *b)
{
    return compare(((const struct edge *)a)->at, ((const struct edge *)b)->at);
}

static int affinity_compare(const void *a, const void *b)
{
    return compare(((const struct memmap_affinity *)a)->base, ((const struct memmap_affinity *)b)->base);
}

bool memmap_affinity_sort(struct memmap_affinity *affinity, size_t count)
{
    if (count == 0)
        return true;
    qsort(affinity, count, sizeof(*affinity), affinity_compare);
    for (size_t i = 0; i < count; i++) {
        uint64_t end;

        if (__builtin_add_overflow(affinity[i].base, affinity[i].size, &end))
            return false;
        if (i + 1 < count && end > affinity[i + 1].base)
            return false;
    }
    return true;
}

static bool type_is_free_ram(enum host_memory_type type)
{
    return type == HOST_MEM_USABLE || type == HOST_MEM_LOADER || type == HOST_MEM_LOW;
}

/* False when nothing is left of the range in whole pages below PHYSICAL_END. */
static bool range_round(const struct memmap_range *in, uint64_t *base, uint64_t *end)
{
    uint64_t last; /* included, so that a range may reach the very top */

    if (in->size == 0 || in->base >= PHYSICAL_END)
        return false;
    last = in->size - 1 > PHYSICAL_END - 1 - in->base ? PHYSICAL_END - 1 : in->base + in->size - 1;
    if (type_is_free_ram(in->type)) {
        *base = ALIGN_UP(in->base, PAGE_SIZE);
        *end = ALIGN_DOWN(last + 1, PAGE_SIZE);
    } else {
        *base = ALIGN_DOWN(in->base, PAGE_SIZE);
        *end = ALIGN_UP(last + 1, PAGE_SIZE);
    }
    return *base < *end;
}

/* Appends one piece that lies in one node, or lengthens the last one. */
static int piece_emit(struct sweep *s, uint64_t base, uint64_t end, enum host_memory_type type, uint32_t node)
{
    struct host_memory_range *last =
        s->out.count ? (struct host_memory_range *)s->out.items + s->out.count - 1 : NULL;

    if (last && last->base.v + last->size == base && last->type == type && last->node == node) {
        last->size += end - base;
        return 0;
    }
    last = ARENA_PUSH(s->arena, &s->out, struct host_memory_range);
    if (last == NULL)
        return -ENOMEM;
    *last = (struct host_memory_range){hpa(base), end - base, type, node};
    return 0;
}

/*
 * Splits at node borders. Node borders inside a page would leave the page to the lower node. Called with
 * ascending addresses, so the affinities are passed once.
 */
static int segment_emit(struct sweep *s, uint64_t base, uint64_t end, enum host_memory_type type)
{
    while (base < end) {
        uint64_t stop = end;
        uint32_t node = 0;
        int error;

        if (s->affinity_next < s->affinity_count) {
            const struct memmap_affinity *a = &s->affinity[s->affinity_next];
            uint64_t a_base = ALIGN_UP(a->base, PAGE_SIZE);
            uint64_t a_end = ALIGN_UP(a->base + a->size, PAGE_SIZE);

            if (a_end <= base) {
                s->affinity_next++;
                continue;
            }
            node = a_base <= base ? a->node : 0;
            stop = MIN(end, a_base <= base ? a_end : a_base);
        }
        error = piece_emit(s, base, stop, type, node);
        if (error)
            return error;
        base = stop;
    }
    return 0;
}

static int typed_emit(struct sweep *s, uint64_t base, uint64_t end, enum host_memory_type type)
{
    int error = 0;

    if (type_is_free_ram(type) && base < LOW_END) {
        error = segment_emit(s, base, MIN(end, LOW_END), HOST_MEM_LOW);
        base = MIN(end, LOW_END);
    }
    return error ? error : segment_emit(s, base, end, type);
}

static int edges_sweep(struct sweep *s, const struct edge *edges, size_t count)
{
    size_t open[HOST_MEM_TYPES] = {0};

    for (size_t i = 0; i < count; i++) {
        int type = HOST_MEM_TYPES - 1;
        int error;

        if (edges[i].opens)
            open[edges[i].type]++;
        else
            open[edges[i].type]--;
        if (i + 1 == count || edges[i + 1].at == edges[i].at)
            continue;
        while (type >= 0 && open[type] == 0)
            type--;
        if (type < 0)
            continue;
        error = typed_emit(s, edges[i].at, edges[i + 1].at, (enum host_memory_type)type);
        if (error)
            return error;
    }
    return 0;
}

int memmap_normalise(struct arena *arena, const struct memmap_range *in, size_t count,
                     const struct memmap_affinity *affinity, size_t affinity_count,
                     struct host_memory_range **out, size_t *out_count)
{
    struct sweep s = {.arena = arena, .affinity = affinity, .affinity_count = affinity_count};
    struct edge *edges = ARENA_NEW(arena, struct edge, count * 2);
    size_t edge_count = 0;
    int error;

    if (edges == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t base, end;

        if (!range_round(&in[i], &base, &end))
            continue;
        edges[edge_count++] = (struct edge){base, in[i].type, true};
        edges[edge_count++] = (struct edge){end, in[i].type, false};
    }
    if (edge_count)
        qsort(edges, edge_count, sizeof(*edges), edge_compare);
    error = edges_sweep(&s, edges, edge_count);
    *out = s.out.items;
    *out_count = s.out.count;
    return error;
}

hpa_t memmap_trampoline_find(const struct host_memory_range *ranges, size_t count)
{
    const struct host_memory_range *best = NULL;

    for (size_t i = 0; i < count && ranges[i].base.v < LOW_END; i++) {
        if (ranges[i].type == HOST_MEM_LOW && (best == NULL || ranges[i].size > best->size))
            best = &ranges[i];
    }
    if (best == NULL || best->size < HOST_AP_TRAMPOLINE_SIZE)
        return HPA_NONE;
    return hpa_add(best->base, best->size - HOST_AP_TRAMPOLINE_SIZE);
}
