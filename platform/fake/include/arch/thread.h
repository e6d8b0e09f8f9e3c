/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
struct arch_fpu {
    uint64_t components;
};
#define ARCH_FPU_STATE_ALIGN 16

static inline size_t arch_fpu_size(bool is_guest)
{
    (void)is_guest;
    return sizeof(struct arch_fpu);
}

static inline void arch_fpu_init(struct arch_fpu *state, bool is_guest)
{
    (void)is_guest;
    state->components = 0;
}

static inline void arch_fpu_save(struct arch_fpu *state)
{
    (void)state;
}

static inline void arch_fpu_restore(const struct arch_fpu *state)
{
    (void)state;
}

static inline void arch_returns_fill(void)
{
}

#endif
