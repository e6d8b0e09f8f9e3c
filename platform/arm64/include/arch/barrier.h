/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/*
 * Ordering towards devices and other CPUs. The outer shareable domain contains every observer of memory that
 * a device can be (Arm ARM, B2.3.12 "Memory barriers"): with DMB, accesses before are observed before those
 * after, whether to memory or to a device's registers.
 */
static inline void arch_mb(void)
{
    __asm__ volatile("dmb osh" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("dmb oshld" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("dmb oshst" ::: "memory");
}

#endif
