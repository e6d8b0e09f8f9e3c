/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdint.h>

/*
 * The counter behind clock_now_ns(). LFENCE keeps earlier loads from passing the read (SDM vol. 2, RDTSC; on
 * AMD LFENCE is made dispatch-serialising at CPU setup).
 */
static inline uint64_t arch_clock_cycles(void)
{
    uint32_t lo, hi;

    __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
    return ((uint64_t)hi << 32) | lo;
}

#endif
