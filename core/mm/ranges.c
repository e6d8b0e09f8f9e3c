/* SPDX-License-Identifier: BSD-2-Clause */
#include "buddy.h"
#include "heap.h"
#include <core/panic.h>
#include <string.h>

/* Boot: how RAM comes to the page allocator, and its metadata out of that RAM. */

struct page_map page_map;

/* A range that has to wait for metadata; lies in its own first page. */
struct deferred_range {
    SLIST_ENTRY(deferred_range) link;
    uint64_t first, end; /* pages */
    unsigned node;
};

/* What mm_init() was told, and what waits. Boot CPU only. */
static struct {
    uint64_t n_sections;
    unsigned n_nodes;
    SLIST_HEAD(, deferred_range) deferred;
} boot_memory;

void mm_init(hpa_t highest_end, unsigned nodes)
{
    boot_memory.n_sections = (highest_end.v + (1ULL << SECTION_SHIFT) - 1) >> SECTION_SHIFT;
    boot_memory.n_nodes = MAX(nodes, 1U);
    SLIST_INIT(&boot_memory.deferred);
    page_map = (struct page_map){0};
    slab_init();
    heap_init();
}

static uint64_t map_bytes(void)
{
    return boot_memory.n_nodes * ZONE_KINDS * sizeof(struct zone) +
           boot_memory.n_sections * sizeof(struct section);
}

/* Makes the tables that mm_init() gave the size of, in `memory` (map_bytes(), zeroed, page-aligned). */
static void map_create(void *memory)
{
    unsigned n_zones = boot_memory.n_nodes * ZONE_KINDS;

    page_map.zones = memory;
    page_map.sections = (struct section *)(page_map.zones + n_zones);
    page_map.n_sections = boot_memory.n_sections;
    page_map.n_nodes = boot_memory.n_nodes;
    for (unsigned i = 0; i < n_zones; i++)
        zone_init(&page_map.zones[i]);
}

static bool section_has_tags(uint64_t section)
{
    return page_map.n_nodes != 0 && page_map.sections[section].tags != NULL;
}

static uint64_t sections_without_tags(uint64_t first, uint64_t end)
{
    uint64_t missing = 0;

    for (uint64_t s = first >> SECTION_PAGES_SHIFT; s <= (end - 1) >> SECTION_PAGES_SHIFT; s++)
        missing += !section_has_tags(s);
    return missing;
}

/*
 * A section belongs to one zone: that of the range that brought its tags. Where two nodes meet within one
 * 128 MiB section the smaller part is thus counted to the wrong node, which costs speed and nothing else.
 */
static void sections_create(uint64_t first, uint64_t end, unsigned node, uint8_t *tags)
{
    for (uint64_t s = first >> SECTION_PAGES_SHIFT; s <= (end - 1) >> SECTION_PAGES_SHIFT; s++) {
        struct section *section = &page_map.sections[s];

        if (section->tags != NULL)
            continue;
        section->tags = (atomic_uchar *)tags;
        section->zone = zone_of(node, s < GIB(4) >> SECTION_SHIFT ? ZONE_LOW : ZONE_HIGH);
        tags += SECTION_PAGES;
    }
}

/* The end of the part of [first, end) that is in the same section as `first`. */
static uint64_t section_part_end(uint64_t first, uint64_t end)
{
    return MIN(ALIGN_DOWN(first, SECTION_PAGES) + SECTION_PAGES, end);
}

/* Hands [first, end) to the zones; what is above `usable_end` is metadata and only counted. */
static void pages_add(uint64_t first, uint64_t usable_end, uint64_t end)
{
    for (uint64_t pfn = first, part; pfn < end; pfn = part) {
        part = section_part_end(pfn, end);
        page_zone(pfn)->total_pages += part - pfn;
        if (pfn < usable_end)
            memset((void *)page_tag_ptr(pfn), TAG_INSIDE, MIN(part, usable_end) - pfn);
    }
    while (first < usable_end) {
        struct zone *zone = page_zone(first);
        uint64_t part = section_part_end(first, usable_end);

        while (part < usable_end && page_zone(part) == zone)
            part = section_part_end(part, usable_end);
        zone_add_pages(first, part);
        first = part;
    }
}

/* False: the range has no room for the metadata it needs. The metadata comes out of the range's end. */
static bool range_add(uint64_t first, uint64_t end, unsigned node)
{
    uint64_t map = page_map.n_nodes == 0 ? ALIGN_UP(map_bytes(), PAGE_SIZE) : 0;
    uint64_t bytes = map + sections_without_tags(first, end) * SECTION_PAGES;
    uint64_t pages = bytes >> PAGE_SHIFT;

    if (pages > 0 && pages >= end - first)
        return false;

    uint8_t *metadata = hpa_to_ptr(hpa((end - pages) << PAGE_SHIFT));

    memset(metadata, 0, bytes);
    if (map > 0)
        map_create(metadata);
    sections_create(first, end, node, metadata + map);
    pages_add(first, end - pages, end);
    return true;
}

static void range_defer(uint64_t first, uint64_t end, unsigned node)
{
    struct deferred_range *range = hpa_to_ptr(hpa(first << PAGE_SHIFT));

    *range = (struct deferred_range){.first = first, .end = end, .node = node};
    SLIST_INSERT_HEAD(&boot_memory.deferred, range, link);
}

/* Tries the ranges again that had to wait; those that still have to go back on the list. */
static void deferred_retry(void)
{
    struct deferred_range *next = SLIST_FIRST(&boot_memory.deferred);

    SLIST_INIT(&boot_memory.deferred);
    while (next != NULL) {
        struct deferred_range range = *next;

        next = SLIST_NEXT(next, link);
        if (!range_add(range.first, range.end, range.node))
            range_defer(range.first, range.end, range.node);
    }
}

void mm_add_range(hpa_t base, uint64_t size, unsigned node)
{
    uint64_t first = base.v >> PAGE_SHIFT, end = first + (size >> PAGE_SHIFT);

    ASSERT(IS_ALIGNED(base.v, PAGE_SIZE) && IS_ALIGNED(size, PAGE_SIZE) && node < boot_memory.n_nodes);
    first = MAX(first, 1ULL); /* a pointer to page 0 is NULL where the direct map begins at 0 */
    if (first >= end)
        return;
    ASSERT((end - 1) >> SECTION_PAGES_SHIFT < boot_memory.n_sections);
    if (range_add(first, end, node))
        deferred_retry();
    else
        range_defer(first, end, node);
}
