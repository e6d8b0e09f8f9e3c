/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_PAGE_TAG_H
#define CORE_MM_PAGE_TAG_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * One byte per page says what the page is. The bytes lie in tables per section of 128 MiB that has RAM, so
 * that holes in the physical address space cost one table entry per 128 MiB.
 *
 * Who writes a tag: the zone's lock holder while the page belongs to the zone; the owner of the block
 * otherwise. Anybody may read one (a buddy's, while coalescing), hence the relaxed atomics.
 */
enum page_tag {
    TAG_NONE = 0,         /* not the allocator's: hole, firmware, metadata */
    TAG_INSIDE = 1,       /* in a block, not its first page */
    TAG_CACHED = 2,       /* a free page in the cache of some CPU */
    TAG_FREE = 0x20,      /* + order: first page of a free block */
    TAG_ALLOCATED = 0x40, /* + order: first page of a block that is in use */
    TAG_CHAINED = 0x60,   /* + order: as above, and the block behind it belongs to the same run of pages */
    TAG_SLAB = 0x80, /* + order: any page of a slab; slabs are naturally aligned, so this finds its head */
};

#define TAG_KIND(tag)  ((tag) & 0xe0U)
#define TAG_ORDER(tag) ((tag) & 0x1fU)

#define SECTION_SHIFT       27
#define SECTION_PAGES_SHIFT (SECTION_SHIFT - PAGE_SHIFT)
#define SECTION_PAGES       (1ULL << SECTION_PAGES_SHIFT)

/* "No page", and one that is never RAM. */
#define PFN_NONE (~0ULL)

struct zone;

/* Immutable once the RAM in it has been added. */
struct section {
    atomic_uchar *tags; /* SECTION_PAGES of them; NULL: no RAM here */
    struct zone *zone;  /* that every page of the section belongs to */
};

/* Immutable after boot. */
struct page_map {
    struct section *sections;
    uint64_t n_sections;
    struct zone *zones; /* ZONE_KINDS per node */
    unsigned n_nodes;   /* 0 until the first range is there */
};

extern struct page_map page_map;

/* Only for pages that are known to be in a section with RAM. */
static inline atomic_uchar *page_tag_ptr(uint64_t pfn)
{
    return &page_map.sections[pfn >> SECTION_PAGES_SHIFT].tags[pfn & (SECTION_PAGES - 1)];
}

static inline void page_tag_set(uint64_t pfn, unsigned tag)
{
    atomic_store_explicit(page_tag_ptr(pfn), (unsigned char)tag, memory_order_relaxed);
}

/* For any number whatsoever. */
static inline unsigned page_tag_get(uint64_t pfn)
{
    uint64_t section = pfn >> SECTION_PAGES_SHIFT;

    if (unlikely(section >= page_map.n_sections) || unlikely(page_map.sections[section].tags == NULL))
        return TAG_NONE;
    return atomic_load_explicit(page_tag_ptr(pfn), memory_order_relaxed);
}

static inline struct zone *page_zone(uint64_t pfn)
{
    return page_map.sections[pfn >> SECTION_PAGES_SHIFT].zone;
}

#endif
