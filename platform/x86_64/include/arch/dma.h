/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_DMA_H
#define ARCH_DMA_H

#include <stddef.h>

/* Devices see the caches. */
static inline void arch_dma_clean(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

static inline void arch_dma_flush(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

#endif
