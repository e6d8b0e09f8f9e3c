/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmap_lock.h"
#include <arch/dma.h>
#include <arch/layout.h>
#include <contract/arch.h>
#include <core/mm.h>
#include <core/vmap.h>

/* The last quarter of the vmap region, whose beginning has the stacks; addresses are never used again. */
#define UNCACHED_BASE (ARCH_VMAP_BASE + ARCH_VMAP_SIZE / 4 * 3)
#define UNCACHED_SIZE (ARCH_VMAP_SIZE / 4)

static uint64_t used; /* vmap_lock */

/* The cacheable mapping stays, but nobody uses it: flushed once, it has no line that could be written back.
 */
void *uncached_alloc(size_t size, hpa_t *address)
{
    unsigned order = 0;
    uint64_t va, bytes;
    int error;

    while (PAGE_SIZE << order < size)
        order++;
    bytes = PAGE_SIZE << order;
    *address = page_alloc(order, PAGE_ZERO, NODE_ANY);
    if (!hpa_valid(*address))
        return NULL;
    arch_dma_flush(hpa_to_ptr(*address), bytes);
    spin_lock(&vmap_lock);
    va = UNCACHED_BASE + used;
    error =
        bytes <= UNCACHED_SIZE - used ? arch_map(va, *address, bytes, MAP_WRITE | MAP_WRITE_COMBINING) : -1;
    if (error == 0)
        used += bytes;
    spin_unlock(&vmap_lock);
    if (error == 0)
        return (void *)va;
    page_free(*address, order);
    return NULL;
}
