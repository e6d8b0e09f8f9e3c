/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_RANDOM_H
#define ARCH_RANDOM_H

#include <arch/cpuid.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A number from the processor's generator; false if it has none or none ready (SDM vol. 1, 7.3.17: RDRAND can
 * come up empty; ten tries are Intel's advice). Context: any, after cpu_features_read().
 */
static inline bool arch_random_u64(uint64_t *out)
{
    bool is_valid = false;

    if (!cpu_has(CPU_FEATURE_RDRAND))
        return false;
    for (int i = 0; i < 10 && !is_valid; i++)
        __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(is_valid));
    return is_valid;
}

#endif
