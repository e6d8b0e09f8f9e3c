/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <stddef.h>
#include <stdint.h>

struct thread;

/* The first bytes of each CPU's area; GS base points at them in host mode. entry.S knows the offsets. */
struct arch_percpu_head {
    char *self;
    struct thread *current;
    uint32_t cpu;
    uint32_t apic_id;
};

static inline char *arch_percpu_base(void)
{
    char *base;

    __asm__ volatile("mov %%gs:0, %0" : "=r"(base));
    return base;
}

/* One instruction, so that it is right even if the thread moves to another CPU around it. */
static inline struct thread *arch_current(void)
{
    struct thread *current;

    __asm__ volatile("mov %%gs:%c1, %0" : "=r"(current) : "i"(offsetof(struct arch_percpu_head, current)));
    return current;
}

static inline void arch_set_current(struct thread *thread)
{
    __asm__ volatile("mov %0, %%gs:%c1"
                     :
                     : "r"(thread), "i"(offsetof(struct arch_percpu_head, current))
                     : "memory");
}

static inline unsigned arch_cpu_id(void)
{
    unsigned cpu;

    __asm__ volatile("mov %%gs:%c1, %0" : "=r"(cpu) : "i"(offsetof(struct arch_percpu_head, cpu)));
    return cpu;
}

#endif
