/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

/* Offsets of struct arch_percpu_head for assembly. */
#define PERCPU_CURRENT   8
#define PERCPU_EXC_STACK 32
#define PERCPU_SCRATCH   40

#ifndef __ASSEMBLER__

#include <arch/sysreg.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

/*
 * The first bytes of each CPU's area; TPIDR_EL2 points at them. The running thread is also in x18, which no
 * compiled code touches (-ffixed-x18): it belongs to the thread, so it is right even if the thread moves to
 * another CPU between two instructions. Whoever enters EL2 from a guest restores x18 from here.
 */
struct arch_percpu_head {
    char *self;
    struct thread *current;
    uint32_t cpu;
    uint32_t reserved;
    uint64_t mpidr;        /* affinity fields */
    char *exception_stack; /* its top: for exceptions that must not trust the thread's stack */
    uint64_t scratch[3];   /* vectors.S */
};
_Static_assert(offsetof(struct arch_percpu_head, current) == PERCPU_CURRENT, "vectors.S knows it");
_Static_assert(offsetof(struct arch_percpu_head, exception_stack) == PERCPU_EXC_STACK, "vectors.S knows it");
_Static_assert(offsetof(struct arch_percpu_head, scratch) == PERCPU_SCRATCH, "vectors.S knows it");

static inline char *arch_percpu_base(void)
{
    return (char *)arch_sysreg_read(tpidr_el2);
}

static inline struct thread *arch_current(void)
{
    struct thread *current;

    __asm__ volatile("mov %0, x18" : "=r"(current));
    return current;
}

static inline void arch_set_current(struct thread *thread)
{
    ((struct arch_percpu_head *)arch_percpu_base())->current = thread;
    __asm__ volatile("mov x18, %0" : : "r"(thread) : "memory");
}

static inline unsigned arch_cpu_id(void)
{
    return ((struct arch_percpu_head *)arch_percpu_base())->cpu;
}

#endif
#endif
