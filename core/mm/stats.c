/* SPDX-License-Identifier: BSD-2-Clause */
#include "buddy.h"
#include "heap.h"
#include "page.h"
#include "slab.h"
#include <string.h>

static void zone_stats_add(struct zone *zone, struct mm_stats *out)
{
    spin_lock(&zone->lock);
    out->total_bytes += zone->total_pages << PAGE_SHIFT;
    out->free_bytes += zone->free_pages << PAGE_SHIFT;
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
        out->free_blocks[order] += zone->free_blocks[order];
    spin_unlock(&zone->lock);
}

void mm_stats_get(unsigned node, struct mm_stats *out)
{
    uint64_t cached;

    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < page_map.n_nodes; i++) {
        if (node != NODE_ANY && node != i)
            continue;
        for (unsigned kind = 0; kind < ZONE_KINDS; kind++)
            zone_stats_add(zone_of(i, kind), out);
    }
    cached = page_cache_count(node);
    out->free_bytes += cached << PAGE_SHIFT;
    out->free_blocks[0] += cached;
    out->slab_bytes = slab_total_bytes();
    out->heap_bytes = heap_bytes();
}
