/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <arch/sysreg.h>
#include <stdint.h>

/*
 * The counter behind clock_now_ns(): the system counter, the same on every CPU. ISB keeps the read from being
 * done early (Arm ARM, D11.1.2 "The system counter", D11.2.1).
 */
static inline uint64_t arch_clock_cycles(void)
{
    arch_isb();
    return arch_sysreg_read(cntpct_el0);
}

#endif
