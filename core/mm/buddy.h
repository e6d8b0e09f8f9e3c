/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_BUDDY_H
#define CORE_MM_BUDDY_H

#include "page_tag.h"
#include <core/mm.h>
#include <core/sync.h>
#include <sys/queue.h>

/*
 * Free pages of one node, below or above 4 GiB, as blocks of 2^order naturally aligned pages. The list link
 * lies in the free block itself. Context of all functions: thread, boot; they take the zone's lock.
 */
enum zone_kind {
    ZONE_LOW, /* below 4 GiB: for devices with 32 address bits, others take it last */
    ZONE_HIGH,
    ZONE_KINDS,
};

struct free_block {
    LIST_ENTRY(free_block) link;
};

LIST_HEAD(free_block_list, free_block);

struct zone {
    struct spinlock lock;
    _Atomic uint32_t orders; /* bit n: free[n] is not empty; written under lock, read by anybody as a hint */
    uint64_t total_pages;    /* written at boot */
    uint64_t free_pages;     /* lock */
    uint64_t free_blocks[PAGE_ORDER_MAX + 1];        /* lock */
    struct free_block_list free[PAGE_ORDER_MAX + 1]; /* lock */
} aligned_to(64);

static inline struct zone *zone_of(unsigned node, enum zone_kind kind)
{
    return &page_map.zones[node * ZONE_KINDS + kind];
}

void zone_init(struct zone *zone);

/* A block of 2^order pages, tagged TAG_ALLOCATED; PFN_NONE if there is none. */
must_check uint64_t zone_take_block(struct zone *zone, unsigned order);

/* Gives back a block with that tag (checked: panics), joining it with its free buddies. */
void zone_give_block(uint64_t pfn, unsigned order);

/* Up to `count` single pages, tagged TAG_CACHED, in one go; returns how many. */
must_check unsigned zone_take_pages(struct zone *zone, uint64_t *pfns, unsigned count);

/* Gives back pages with that tag, of whatever zones. */
void zone_give_pages(const uint64_t *pfns, unsigned count);

/* Adds pages that were never in the allocator, tagged TAG_INSIDE; one zone, not necessarily aligned. Boot. */
void zone_add_pages(uint64_t first, uint64_t end);

#endif
