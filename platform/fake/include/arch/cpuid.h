/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPUID_H
#define ARCH_CPUID_H

#include <stdbool.h>

/* What the fake machine's processors can do: nothing, unless the test says so. */
enum cpu_feature { CPU_FEATURE_PAGE_1G, CPU_FEATURE_COUNT };

extern bool fake_cpu_features[CPU_FEATURE_COUNT];

static inline bool cpu_has(enum cpu_feature feature)
{
    return fake_cpu_features[feature];
}

#endif
