/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_PAGE_H
#define CORE_MM_PAGE_H

#include <core/mm.h>

/* Gives the pages in this CPU's cache back to their zones; whether there were any. Context: thread. */
bool page_cache_drain(void);

/* Free pages of the node (NODE_ANY: all) that lie in CPUs' caches. Context: any. */
uint64_t page_cache_count(unsigned node);

/*
 * Runs: any number of contiguous pages. A run is a chain of blocks of falling order whose tags tell where it
 * ends, so that it wastes no page and needs no other record. Context: thread.
 */

/* `pages` (> 0) contiguous pages, the first at a multiple of 2^align_order pages; HPA_NONE: no memory. */
must_check hpa_t run_alloc(uint64_t pages, unsigned align_order);

/* How many pages the run has. O(log n). */
uint64_t run_pages(hpa_t run);

/* Gives back all but the first `pages` (> 0) pages. */
void run_shrink(hpa_t run, uint64_t pages);

void run_free(hpa_t run);

#endif
