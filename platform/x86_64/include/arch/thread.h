/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <stddef.h>
#include <stdint.h>

/* What a thread that does not run keeps beyond its stack. */
struct arch_thread {
    uint64_t sp;
};

/* Prepares a first switch: `fn(arg)` is called on the stack ending at `stack_top`, interrupts off; it must
 * not return. */
void arch_thread_init(struct arch_thread *thread, void *stack_top, void (*fn)(void *arg), void *arg);

/* Saves the callee-saved state of the caller in `from` and continues `to`. Interrupts off. */
void arch_thread_switch(struct arch_thread *from, struct arch_thread *to);

/* FPU/SSE state of a host thread (FXSAVE layout, SDM vol. 1, 10.5.1); 16-byte aligned. */
#define ARCH_FPU_STATE_SIZE  512
#define ARCH_FPU_STATE_ALIGN 16

/* The state that a new thread starts with. */
void arch_fpu_init(void *state);

static inline void arch_fpu_save(void *state)
{
    __asm__ volatile("fxsave64 (%0)" ::"r"(state) : "memory");
}

static inline void arch_fpu_restore(const void *state)
{
    __asm__ volatile("fxrstor64 (%0)" ::"r"(state) : "memory");
}

#endif
