/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdint.h>

/* Nanoseconds; stands still unless the test moves it, so that tests do not depend on the machine's speed. */
extern _Atomic uint64_t fake_clock_cycles;

static inline uint64_t arch_clock_cycles(void)
{
    return fake_clock_cycles;
}

#endif
