/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <stdbool.h>
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

/* FP/SIMD registers (Arm ARM, B1.2.2): V0 to V31, FPSR, FPCR. switch.S knows the layout. */
struct arch_fpu {
    unsigned __int128 v[32];
    uint64_t fpsr, fpcr;
};
#define ARCH_FPU_STATE_ALIGN 16

/* Bytes of a struct arch_fpu for host threads / for guests, whose registers the backend switches when they
 * use them. */
static inline size_t arch_fpu_size(bool is_guest)
{
    return is_guest ? 0 : sizeof(struct arch_fpu);
}

/* The state that a new thread, or a guest's CPU after power-on, starts with. */
static inline void arch_fpu_init(struct arch_fpu *state, bool is_guest)
{
    (void)is_guest;
    __builtin_memset(state, 0, sizeof(*state));
}

void arch_fpu_save(struct arch_fpu *state);
void arch_fpu_restore(const struct arch_fpu *state);

/* Guests' calls are not known to leave anything in the predictor of return addresses that EL2 would use. */
static inline void arch_returns_fill(void)
{
}

#endif
