/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_TICKS_H
#define VMM_DEV_TICKS_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * VM time as ticks of a device's crystal, which is a constant: the compiler leaves one multiplication of
 * ticks_at() and no division of either. Wrong by one tick at most for the first 100 years of a VM.
 */
static always_inline uint64_t ticks_at(uint64_t ns, uint64_t hz)
{
    /* floor(2^64 * hz / 1e9), in two steps that do not overflow */
    uint64_t ratio = (~0ULL / NSEC_PER_SEC) * hz + (~0ULL % NSEC_PER_SEC) * hz / NSEC_PER_SEC;

    return (uint64_t)((unsigned __int128)ns * ratio >> 64);
}

/* When the tick is `count`: never before it has begun, at most 2 ns late. */
static always_inline uint64_t ticks_to_ns(uint64_t count, uint64_t hz)
{
    return count / hz * NSEC_PER_SEC + count % hz * NSEC_PER_SEC / hz + 2;
}

#endif
