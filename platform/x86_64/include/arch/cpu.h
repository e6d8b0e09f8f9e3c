/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/percpu.h>
#include <stdbool.h>
#include <stdint.h>

/* Interrupt state of a CPU, as arch_irq_save() found it (RFLAGS). */
typedef uint64_t arch_irq_state_t;

#define ARCH_RFLAGS_IF 0x200

static inline bool arch_irq_enabled(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; pop %0" : "=r"(flags));
    return (flags & ARCH_RFLAGS_IF) != 0;
}

static inline void arch_irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline arch_irq_state_t arch_irq_save(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; pop %0; cli" : "=r"(flags)::"memory");
    return flags;
}

static inline void arch_irq_restore(arch_irq_state_t state)
{
    if (state & ARCH_RFLAGS_IF)
        arch_irq_enable();
}

/* In a spin loop. */
static inline void arch_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

/*
 * Idle: enables interrupts and halts in one step, so that an interrupt that makes work cannot slip in between
 * (STI holds interrupts off for one instruction; SDM vol. 2, STI). Called with interrupts off, returns with
 * them on.
 */
static inline void arch_wait_for_irq(void)
{
    __asm__ volatile("sti; hlt" ::: "memory");
}

#endif
