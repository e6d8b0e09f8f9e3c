/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_HINT_H
#define VMM_MEM_HINT_H

#include "gmem.h"

/*
 * Where a look-up of guest memory has led, kept by whoever reads in the same place again and again: all zero
 * at first, not shared. It is worth nothing once the slots have changed, and that is seen.
 */
struct gmem_hint {
    uint64_t base, size;
    const char *host;
    uint32_t generation; /* of gmem, when it was so */
};

/* Looks anew; NULL as below. Context: thread. */
const void *gmem_hint_set(struct gmem *gmem, struct gmem_hint *hint, gpa_t addr, size_t size);

/*
 * Host address of the RAM at [addr, addr + size), to read; NULL if not all of it is RAM, or it is in pieces:
 * what lies within an aligned page never is. As with gmem_ptr(), read each value once. Context: thread.
 */
static always_inline const void *gmem_hint_ptr(struct gmem *gmem, struct gmem_hint *hint, gpa_t addr,
                                               size_t size)
{
    uint64_t offset = addr.v - hint->base;

    /* In this order nothing overflows: size is at most hint->size then. */
    if (unlikely(size > hint->size || offset > hint->size - size || hint->generation != gmem->generation))
        return gmem_hint_set(gmem, hint, addr, size);
    return hint->host + offset;
}

#endif
