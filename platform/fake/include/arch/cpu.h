/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/fake.h>
#include <arch/percpu.h>
#include <sched.h>

/* There are no interrupts in the fake machine; only whether they would be allowed is kept. */
typedef bool arch_irq_state_t;

static inline bool arch_irq_enabled(void)
{
    return !fake_cpu.is_irq_off;
}

static inline void arch_irq_enable(void)
{
    fake_cpu.is_irq_off = false;
}

static inline void arch_irq_disable(void)
{
    fake_cpu.is_irq_off = true;
}

static inline arch_irq_state_t arch_irq_save(void)
{
    bool was_enabled = arch_irq_enabled();

    arch_irq_disable();
    return was_enabled;
}

static inline void arch_irq_restore(arch_irq_state_t state)
{
    fake_cpu.is_irq_off = !state;
}

/* The build host may have fewer processors than the test has "CPUs". */
static inline void arch_relax(void)
{
    sched_yield();
}

static inline void arch_wait_for_irq(void)
{
    if (fake_interrupt != NULL)
        fake_interrupt();
    else
        sched_yield();
    arch_irq_enable();
}

#endif
