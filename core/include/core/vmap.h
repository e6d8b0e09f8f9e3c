/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_VMAP_H
#define CORE_VMAP_H

#include <core/compiler.h>
#include <core/types.h>

/* The host's own address space beyond the direct map. */

enum mmio_type {
    MMIO_UNCACHED,
    MMIO_WRITE_COMBINING,
};

/* Device registers at [base, base + size), mapped uncached; NULL when out of memory. Never unmapped. Context:
 * thread, boot. */
must_check volatile void *mmio_map(hpa_t base, uint64_t size, enum mmio_type type);

/*
 * Zeroed memory, whole pages, mapped past the caches: for what a device that does not see them reads and
 * writes together with us, such as its descriptors. *address is where it is for the device. Never freed.
 * NULL: no memory. Context: thread.
 */
must_check void *uncached_alloc(size_t size, hpa_t *address);

/* A stack with an unmapped guard page below it (an overflow faults instead of corrupting). NULL: no memory.
 */
must_check void *stack_alloc(size_t size);
void stack_free(void *stack, size_t size);

/*
 * Between the two, stacks that are freed, by anybody, wait for each other before their memory goes back:
 * unmapping interrupts all CPUs, and does it once for many then. Calls nest. Context: thread.
 */
void stack_free_batch_begin(void);
void stack_free_batch_end(void);

/* Whether `addr` lies in the guard page of some stack, for a better word in a panic. Context: any. */
bool stack_guard_hit(uint64_t addr);

#endif
