/* SPDX-License-Identifier: BSD-2-Clause */
#include "buddy.h"
#include <core/panic.h>

static struct free_block *block_ptr(uint64_t pfn)
{
    return hpa_to_ptr(hpa(pfn << PAGE_SHIFT));
}

static uint64_t block_pfn(const struct free_block *block)
{
    return ptr_to_hpa(block).v >> PAGE_SHIFT;
}

static uint32_t zone_orders(struct zone *zone)
{
    return atomic_load_explicit(&zone->orders, memory_order_relaxed);
}

void zone_init(struct zone *zone)
{
    spin_init(&zone->lock, LOCK_RANK_PAGES);
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
        LIST_INIT(&zone->free[order]);
}

/* Lock held. */
static void block_insert(struct zone *zone, uint64_t pfn, unsigned order)
{
    LIST_INSERT_HEAD(&zone->free[order], block_ptr(pfn), link);
    zone->free_blocks[order]++;
    atomic_store_explicit(&zone->orders, zone_orders(zone) | 1U << order, memory_order_relaxed);
    page_tag_set(pfn, TAG_FREE | order);
}

/* Lock held. Leaves the tag to the caller. */
static void block_remove(struct zone *zone, struct free_block *block, unsigned order)
{
    LIST_REMOVE(block, link);
    zone->free_blocks[order]--;
    if (LIST_EMPTY(&zone->free[order]))
        atomic_store_explicit(&zone->orders, zone_orders(zone) & ~(1U << order), memory_order_relaxed);
}

/* The smallest block that will do, split: the lower half is used, the upper halves stay free. Lock held. */
static uint64_t block_take(struct zone *zone, unsigned order, unsigned tag)
{
    uint32_t usable = zone_orders(zone) & ~0U << order;

    if (usable == 0)
        return PFN_NONE;

    unsigned found = (unsigned)__builtin_ctz(usable);
    struct free_block *block = LIST_FIRST(&zone->free[found]);
    uint64_t pfn = block_pfn(block);

    block_remove(zone, block, found);
    while (found > order) {
        found--;
        block_insert(zone, pfn + (1ULL << found), found);
    }
    zone->free_pages -= 1ULL << order;
    page_tag_set(pfn, tag);
    return pfn;
}

/* Joins the block with its buddy as long as that is a free block of the same size. Lock held. */
static void block_give(struct zone *zone, uint64_t pfn, unsigned order)
{
    zone->free_pages += 1ULL << order;
    while (order < PAGE_ORDER_MAX) {
        uint64_t buddy = pfn ^ (1ULL << order);

        if (page_tag_get(buddy) != (TAG_FREE | order) || page_zone(buddy) != zone)
            break;
        block_remove(zone, block_ptr(buddy), order);
        page_tag_set(MAX(pfn, buddy), TAG_INSIDE);
        pfn = MIN(pfn, buddy);
        order++;
    }
    block_insert(zone, pfn, order);
}

uint64_t zone_take_block(struct zone *zone, unsigned order)
{
    uint64_t pfn;

    if ((zone_orders(zone) & ~0U << order) == 0)
        return PFN_NONE;
    spin_lock(&zone->lock);
    pfn = block_take(zone, order, TAG_ALLOCATED | order);
    spin_unlock(&zone->lock);
    return pfn;
}

void zone_give_block(uint64_t pfn, unsigned order)
{
    unsigned tag = page_tag_get(pfn);
    struct zone *zone;

    /* Read again under the lock: of two CPUs freeing the same block one must lose. */
    if (tag == (TAG_ALLOCATED | order)) {
        zone = page_zone(pfn);
        spin_lock(&zone->lock);
        tag = page_tag_get(pfn);
        if (tag == (TAG_ALLOCATED | order)) {
            block_give(zone, pfn, order);
            spin_unlock(&zone->lock);
            return;
        }
    }
    panic("page_free: page %#llx, order %u: not such a block (tag %#x)",
          (unsigned long long)pfn << PAGE_SHIFT, order, tag);
}

unsigned zone_take_pages(struct zone *zone, uint64_t *pfns, unsigned count)
{
    unsigned taken = 0;

    if (zone_orders(zone) == 0)
        return 0;
    spin_lock(&zone->lock);
    while (taken < count) {
        uint64_t pfn = block_take(zone, 0, TAG_CACHED);

        if (pfn == PFN_NONE)
            break;
        pfns[taken++] = pfn;
    }
    spin_unlock(&zone->lock);
    return taken;
}

void zone_give_pages(const uint64_t *pfns, unsigned count)
{
    struct zone *zone = NULL;

    for (unsigned i = 0; i < count; i++) {
        if (page_zone(pfns[i]) != zone) {
            if (zone != NULL)
                spin_unlock(&zone->lock);
            zone = page_zone(pfns[i]);
            spin_lock(&zone->lock);
        }
        ASSERT(page_tag_get(pfns[i]) == TAG_CACHED);
        page_tag_set(pfns[i], TAG_INSIDE);
        block_give(zone, pfns[i], 0);
    }
    if (zone != NULL)
        spin_unlock(&zone->lock);
}

void zone_add_pages(uint64_t first, uint64_t end)
{
    struct zone *zone = page_zone(first);

    spin_lock(&zone->lock);
    while (first < end) {
        unsigned order = (unsigned)MIN(__builtin_ctzll(first), 63 - __builtin_clzll(end - first));

        order = MIN(order, (unsigned)PAGE_ORDER_MAX);
        block_give(zone, first, order);
        first += 1ULL << order;
    }
    spin_unlock(&zone->lock);
}
