/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_DMA_H
#define ARCH_DMA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory that is shared with a device which does not see the caches; nothing is needed for one that does. By
 * address to the point of coherency (Arm ARM, D7.5.9): clean before the device reads, flush (clean and
 * invalidate) before it writes and again before what it wrote is read, because a CPU may have read ahead
 * meanwhile. Flushed memory shares no cache line with anything else.
 */
static inline uintptr_t arch_dma_line(void)
{
    uint64_t type;

    __asm__("mrs %0, ctr_el0" : "=r"(type));
    return 4UL << (type >> 16 & 15);
}

static inline void arch_dma_clean(const void *p, size_t size)
{
    uintptr_t line = arch_dma_line(), end = (uintptr_t)p + size;

    for (uintptr_t at = (uintptr_t)p & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" ::: "memory");
}

static inline void arch_dma_flush(const void *p, size_t size)
{
    uintptr_t line = arch_dma_line(), end = (uintptr_t)p + size;

    for (uintptr_t at = (uintptr_t)p & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" ::: "memory");
}

#endif
