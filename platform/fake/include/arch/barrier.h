/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#include <stdatomic.h>

/* Devices are memory here, and other CPUs threads: what the language has is enough, whatever the build host.
 */
static inline void arch_mb(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

static inline void arch_rmb(void)
{
    atomic_thread_fence(memory_order_acquire);
}

static inline void arch_wmb(void)
{
    atomic_thread_fence(memory_order_release);
}

#endif
