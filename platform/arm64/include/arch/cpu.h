/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/percpu.h>
#include <arch/sysreg.h>
#include <stdbool.h>
#include <stdint.h>

/* Interrupt state of a CPU, as arch_irq_save() found it (DAIF). */
typedef uint64_t arch_irq_state_t;

#define ARCH_DAIF_I 0x80

static inline bool arch_irq_enabled(void)
{
    return !(arch_sysreg_read(daif) & ARCH_DAIF_I);
}

static inline void arch_irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void arch_irq_disable(void)
{
    __asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline arch_irq_state_t arch_irq_save(void)
{
    uint64_t daif;

    __asm__ volatile("mrs %0, daif; msr daifset, #2" : "=r"(daif)::"memory");
    return daif;
}

static inline void arch_irq_restore(arch_irq_state_t state)
{
    if (!(state & ARCH_DAIF_I))
        arch_irq_enable();
}

/* Takes the most urgent interrupt that is pending, if one is. Interrupts off. */
void interrupt_dispatch(void);

/* In a spin loop. */
static inline void arch_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/*
 * Idle: waits, then lets interrupts in. A pending interrupt ends WFI although it is masked (Arm ARM, D1.7.2),
 * so one that makes work cannot slip in before. Called with interrupts off, returns with them on. DSB: what
 * was stored is seen by others before this CPU sleeps.
 */
static inline void arch_wait_for_irq(void)
{
    __asm__ volatile("dsb sy; wfi" ::: "memory");
    /* It is pending, and handled here for less than an exception costs. */
    interrupt_dispatch();
    arch_irq_enable();
}

#endif
