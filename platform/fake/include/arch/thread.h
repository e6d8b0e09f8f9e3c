/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <ucontext.h>

/* A host thread of the fake machine is a user context of the process. */
struct arch_thread {
    ucontext_t context;
    void (*fn)(void *arg);
    void *arg;
};

/* Prepares a first switch: `fn(arg)` is called on the stack ending at `stack_top`; it must not return. */
void arch_thread_init(struct arch_thread *thread, void *stack_top, void (*fn)(void *arg), void *arg);

/* Saves the callee-saved state of the caller in `from` and continues `to`. */
void arch_thread_switch(struct arch_thread *from, struct arch_thread *to);

/* A user context includes the FPU's state. */
#define ARCH_FPU_STATE_SIZE  16
#define ARCH_FPU_STATE_ALIGN 16

static inline void arch_fpu_init(void *state)
{
    (void)state;
}

static inline void arch_fpu_save(void *state)
{
    (void)state;
}

static inline void arch_fpu_restore(const void *state)
{
    (void)state;
}

#endif
