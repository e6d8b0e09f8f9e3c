/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

/* A CPU of the fake machine is a thread of the process: see fake_cpu_enter(). */
struct fake_cpu {
    char *base;
    struct thread *current;
    unsigned cpu;
    bool is_irq_off;
    unsigned preempt_depth; /* of the stand-in for preempt_disable() */
};

extern _Thread_local struct fake_cpu fake_cpu;

static inline char *arch_percpu_base(void)
{
    return fake_cpu.base;
}

static inline struct thread *arch_current(void)
{
    return fake_cpu.current;
}

static inline void arch_set_current(struct thread *thread)
{
    fake_cpu.current = thread;
}

static inline unsigned arch_cpu_id(void)
{
    return fake_cpu.cpu;
}

#endif
