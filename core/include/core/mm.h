/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_H
#define CORE_MM_H

#include <arch/layout.h>
#include <core/compiler.h>
#include <core/types.h>

/*
 * Host memory. Pages come from a buddy allocator per NUMA node, in blocks of 2^order pages up to 1 GiB; small
 * objects from slab caches; malloc() and friends (stdlib.h) sit on top of both. Everything here is safe in
 * any context but interrupt handlers, unless said otherwise, and reports exhaustion as an ordinary error.
 */
#define PAGE_ORDER_4K  0
#define PAGE_ORDER_2M  9
#define PAGE_ORDER_1G  18
#define PAGE_ORDER_MAX PAGE_ORDER_1G

#define NODE_ANY (~0U)

enum page_flags {
    PAGE_ZERO = 1 << 0,  /* filled with zeroes */
    PAGE_LOW = 1 << 1,   /* below 4 GiB, for devices that cannot address more */
    PAGE_EXACT = 1 << 2, /* only from the given node; otherwise the node is a preference */
};

/* A naturally aligned block of 2^order pages, or HPA_NONE. */
must_check hpa_t page_alloc(unsigned order, unsigned flags, unsigned node);

/*
 * Turns an allocated block of 2^order pages into blocks of 2^smaller pages that are freed one by one.
 * Context: thread; the block's owner.
 */
void page_split(hpa_t block, unsigned order, unsigned smaller);

/* Gives back what page_alloc() returned; the order must be the same (checked: a mismatch or double free
 * panics). */
void page_free(hpa_t block, unsigned order);

/* The direct map: host-physical memory (RAM) at a fixed host-virtual place. Constant time, any context. */
static inline void *hpa_to_ptr(hpa_t addr)
{
    return (void *)(uintptr_t)(addr.v + ARCH_DIRECT_MAP_BASE);
}

/* Only for pointers into the direct map or the image. */
static inline hpa_t ptr_to_hpa(const void *ptr)
{
    return hpa((uint64_t)(uintptr_t)ptr - ARCH_DIRECT_MAP_BASE);
}

struct mm_stats {
    uint64_t total_bytes; /* RAM handed to the allocator at boot, its metadata included */
    uint64_t free_bytes;  /* in the buddy allocator, pages in per-CPU caches included */
    uint64_t slab_bytes;  /* pages held by slab caches (malloc's among them), whatever the node */
    uint64_t heap_bytes;  /* bytes handed out by malloc, by block size, whatever the node */
    uint64_t free_blocks[PAGE_ORDER_MAX + 1];
};

/* A snapshot; `node` may be NODE_ANY for the sum. Exact while nobody allocates. */
void mm_stats_get(unsigned node, struct mm_stats *out);

/*
 * Walks every structure of the page allocator and panics if one contradicts another. Slow (looks at the tag
 * of every page with locks held): for tests and debugging only. Context: thread.
 */
void mm_check(void);

/*
 * Boot: tells the allocator of RAM. mm_init() first, with the end of the highest range that will ever be
 * added; mm_add_range() then takes any page-aligned usable range once. Metadata (1 byte per page, for whole
 * sections of 128 MiB) is carved out of the range itself; a range too small for that serves once a neighbour
 * in its section has brought them. Page 0 is never handed out. Called on the boot CPU before other CPUs run.
 */
void mm_init(hpa_t highest_end, unsigned nodes);
void mm_add_range(hpa_t base, uint64_t size, unsigned node);

#endif
