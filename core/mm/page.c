/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"
#include "buddy.h"
#include <core/audit.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sync.h>
#include <core/thread.h>
#include <string.h>

/*
 * Single pages pass through a small cache per CPU, so that the common case takes no lock and touches nothing
 * that other CPUs write. Refilled and emptied by halves.
 */
#define CACHE_PAGES 31
#define CACHE_BATCH 16

struct page_cache {
    atomic_uint count;          /* written by its CPU with preemption off; read by all for statistics */
    uint64_t pfns[CACHE_PAGES]; /* likewise */
};

static DEFINE_PERCPU(struct page_cache, page_cache);

static unsigned cache_count(const struct page_cache *cache)
{
    return atomic_load_explicit(&cache->count, memory_order_relaxed);
}

static void cache_set_count(struct page_cache *cache, unsigned count)
{
    atomic_store_explicit(&cache->count, count, memory_order_relaxed);
}

/* Preemption off. */
static no_inline void cache_refill(struct page_cache *cache)
{
    unsigned count = 0;

    for (int kind = ZONE_HIGH; kind >= ZONE_LOW && count == 0; kind--)
        for (unsigned node = 0; node < page_map.n_nodes && count == 0; node++)
            count = zone_take_pages(zone_of(node, kind), cache->pfns, CACHE_BATCH);
    cache_set_count(cache, count);
}

static uint64_t cache_take(void)
{
    uint64_t pfn = PFN_NONE;
    struct page_cache *cache;
    unsigned count;

    preempt_disable();
    cache = this_cpu_ptr(page_cache);
    if (unlikely(cache_count(cache) == 0))
        cache_refill(cache);
    count = cache_count(cache);
    if (likely(count > 0)) {
        pfn = cache->pfns[count - 1];
        cache_set_count(cache, count - 1);
        page_tag_set(pfn, TAG_ALLOCATED);
    }
    preempt_enable();
    return pfn;
}

/* The oldest go: the newest are the most likely to be in this CPU's data cache. Preemption off. */
static no_inline void cache_flush(struct page_cache *cache)
{
    unsigned keep = CACHE_PAGES - CACHE_BATCH;

    zone_give_pages(cache->pfns, CACHE_BATCH);
    memmove(cache->pfns, cache->pfns + CACHE_BATCH, keep * sizeof(cache->pfns[0]));
    cache_set_count(cache, keep);
}

static void cache_give(uint64_t pfn)
{
    struct page_cache *cache;
    unsigned count;

    preempt_disable();
    cache = this_cpu_ptr(page_cache);
    if (unlikely(cache_count(cache) == CACHE_PAGES))
        cache_flush(cache);
    count = cache_count(cache);
    page_tag_set(pfn, TAG_CACHED);
    cache->pfns[count] = pfn;
    cache_set_count(cache, count + 1);
    preempt_enable();
}

bool page_cache_drain(void)
{
    struct page_cache *cache;
    unsigned count;

    preempt_disable();
    cache = this_cpu_ptr(page_cache);
    count = cache_count(cache);
    zone_give_pages(cache->pfns, count);
    cache_set_count(cache, 0);
    preempt_enable();
    return count > 0;
}

uint64_t page_cache_count(unsigned node)
{
    uint64_t pages = 0;

    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        const struct page_cache *cache = percpu_ptr(page_cache, cpu);
        unsigned count = cache_count(cache);

        if (node == NODE_ANY)
            pages += count;
        else
            for (unsigned i = 0; i < count; i++)
                pages += (unsigned)(page_zone(cache->pfns[i]) - page_map.zones) / ZONE_KINDS == node;
    }
    return pages;
}

/*
 * The preferred node first, even its low memory. Otherwise any node's high memory before any low memory, so
 * that the latter stays for the devices that need it.
 */
static uint64_t zones_take(unsigned order, unsigned flags, unsigned node)
{
    int best_kind = (flags & PAGE_LOW) ? ZONE_LOW : ZONE_HIGH;
    uint64_t pfn = PFN_NONE;

    if (node < page_map.n_nodes)
        for (int kind = best_kind; kind >= ZONE_LOW && pfn == PFN_NONE; kind--)
            pfn = zone_take_block(zone_of(node, kind), order);
    if (flags & PAGE_EXACT)
        return pfn;
    for (int kind = best_kind; kind >= ZONE_LOW; kind--)
        for (unsigned other = 0; other < page_map.n_nodes && pfn == PFN_NONE; other++)
            pfn = zone_take_block(zone_of(other, kind), order);
    return pfn;
}

/* The general case. */
static no_inline uint64_t block_alloc(unsigned order, unsigned flags, unsigned node)
{
    uint64_t pfn;

    if (order > PAGE_ORDER_MAX)
        return PFN_NONE;
    pfn = zones_take(order, flags, node);
    /* The pages that are missing may lie in the cache. */
    if (unlikely(pfn == PFN_NONE) && page_cache_drain())
        pfn = zones_take(order, flags, node);
    return pfn;
}

static inline bool is_cacheable(unsigned order, unsigned flags, unsigned node)
{
    return order == 0 && !(flags & (PAGE_LOW | PAGE_EXACT)) && (node == NODE_ANY || page_map.n_nodes == 1);
}

hpa_t page_alloc(unsigned order, unsigned flags, unsigned node)
{
    uint64_t pfn = is_cacheable(order, flags, node) ? cache_take() : block_alloc(order, flags, node);

    audit_allocation();
    lock_check_plain("an allocation");
    if (unlikely(pfn == PFN_NONE))
        return HPA_NONE;
    if (flags & PAGE_ZERO)
        memset(hpa_to_ptr(hpa(pfn << PAGE_SHIFT)), 0, PAGE_SIZE << order);
    return hpa(pfn << PAGE_SHIFT);
}

void page_free(hpa_t block, unsigned order)
{
    uint64_t pfn = block.v >> PAGE_SHIFT;

    audit_allocation();
    lock_check_plain("giving back a page");
    ASSERT(IS_ALIGNED(block.v, PAGE_SIZE));
    if (order == 0 && likely(page_tag_get(pfn) == TAG_ALLOCATED))
        cache_give(pfn);
    else
        zone_give_block(pfn, order);
}

void page_split(hpa_t block, unsigned order, unsigned smaller)
{
    uint64_t pfn = block.v >> PAGE_SHIFT;

    ASSERT(smaller <= order && page_tag_get(pfn) == (TAG_ALLOCATED | order));
    for (uint64_t i = 0; i < 1ULL << order; i += 1ULL << smaller)
        page_tag_set(pfn + i, TAG_ALLOCATED | smaller);
}
