/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/*
 * Ordering towards devices and other CPUs. x86 keeps loads and stores in order except for a load passing an
 * earlier store (SDM vol. 3A, 8.2), so only the full barrier costs an instruction.
 */
static inline void arch_mb(void)
{
    __asm__ volatile("mfence" ::: "memory");
}

static inline void arch_rmb(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void arch_wmb(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
