/* SPDX-License-Identifier: BSD-2-Clause */
#include "buddy.h"
#include <core/panic.h>

/* How many pages the block at `pfn` has by its tag; 0: there is no block to begin with. */
static uint64_t tag_pages(uint64_t pfn)
{
    unsigned tag = page_tag_get(pfn);

    switch (TAG_KIND(tag)) {
    case TAG_FREE:
    case TAG_ALLOCATED:
    case TAG_CHAINED:
    case TAG_SLAB:
        ASSERT(TAG_ORDER(tag) <= PAGE_ORDER_MAX && IS_ALIGNED(pfn, 1ULL << TAG_ORDER(tag)));
        return 1ULL << TAG_ORDER(tag);
    default:
        ASSERT(tag == TAG_NONE || tag == TAG_CACHED);
        return tag == TAG_CACHED;
    }
}

/* Every page of a block but the first says so. */
static void check_block(uint64_t pfn, uint64_t pages)
{
    unsigned tag = page_tag_get(pfn);
    unsigned inner = TAG_KIND(tag) == TAG_SLAB ? tag : TAG_INSIDE;

    for (uint64_t i = 1; i < pages; i++)
        ASSERT(page_tag_get(pfn + i) == inner);
}

/* Panics if the zone contradicts itself. */
static void zone_check(struct zone *zone)
{
    uint64_t free_pages = 0;

    spin_lock(&zone->lock);
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        const struct free_block *block;
        uint64_t count = 0;

        LIST_FOREACH (block, &zone->free[order], link) {
            uint64_t pfn = ptr_to_hpa(block).v >> PAGE_SHIFT, buddy = pfn ^ 1ULL << order;

            ASSERT(page_tag_get(pfn) == (TAG_FREE | order) && page_zone(pfn) == zone);
            ASSERT(IS_ALIGNED(pfn, 1ULL << order));
            ASSERT(order == PAGE_ORDER_MAX || page_tag_get(buddy) != (TAG_FREE | order) ||
                   page_zone(buddy) != zone);
            count++;
        }
        ASSERT(count == zone->free_blocks[order]);
        ASSERT((count != 0) == (zone->orders >> order & 1));
        free_pages += count << order;
    }
    ASSERT(free_pages == zone->free_pages);
    spin_unlock(&zone->lock);
}

void mm_check(void)
{
    for (unsigned i = 0; i < page_map.n_nodes * ZONE_KINDS; i++)
        zone_check(&page_map.zones[i]);
    for (uint64_t s = 0; s < page_map.n_sections; s++) {
        uint64_t pfn = s << SECTION_PAGES_SHIFT, end = pfn + SECTION_PAGES;

        if (page_map.sections[s].tags == NULL)
            continue;
        /* The inside of a block that began in an earlier section was looked at there. */
        while (pfn < end && page_tag_get(pfn) == TAG_INSIDE && s > 0)
            pfn++;
        while (pfn < end) {
            uint64_t pages = tag_pages(pfn);

            check_block(pfn, pages);
            pfn += MAX(pages, 1ULL);
        }
    }
}
