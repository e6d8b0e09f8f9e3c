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

/*
 * A time at which ticks_at() has reached `count`: a few nanoseconds after the first such time. That ratio is
 * less than 2 too small, so ticks_at() lags by up to 2 * ns / 2^64 ticks, and that is what the last term
 * makes up for. A timer armed for a time before the tick would find nothing to do when it fires.
 */
static always_inline uint64_t ticks_to_ns(uint64_t count, uint64_t hz)
{
    uint64_t ns = count / hz * NSEC_PER_SEC + count % hz * NSEC_PER_SEC / hz;

    return ns + 2 + (uint64_t)((unsigned __int128)(ns / hz + 1) * (2 * NSEC_PER_SEC) >> 64);
}

#endif
