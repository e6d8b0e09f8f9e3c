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

/*
 * Replaces what the CPU's predictor of return addresses holds: AMD, "Software techniques for managing
 * speculation", V2-3. For code that is about to return further than it has called since somebody else, a
 * guest, filled the predictor; arch_thread_switch() does the same. Context: any.
 */
void arch_returns_fill(void);

/*
 * FPU/SIMD state of a thread; 64-byte aligned. Host threads keep x87 and SSE (FXSAVE layout, SDM vol.
 * 1, 10.5.1); a vCPU's thread keeps everything that a guest may enable in XCR0 (XSAVE layout, 13.4).
 */
struct arch_fpu {
    uint64_t components; /* XCR0 bits; 0: FXSAVE */
    uint64_t reserved[7];
    uint8_t area[];
};
#define ARCH_FPU_STATE_ALIGN 64

/* Bytes of a struct arch_fpu for host threads / for guests. */
size_t arch_fpu_size(bool is_guest);
/* XCR0 bits that guests can have on this machine; 0 without XSAVE. Constant. */
uint64_t arch_fpu_guest_components(void);

/* The state that a new thread, or a guest's CPU after power-on, starts with. */
void arch_fpu_init(struct arch_fpu *state, bool is_guest);

static inline void arch_fpu_save(struct arch_fpu *state)
{
    if (state->components)
        __asm__ volatile("xsave64 (%0)" ::"r"(state->area), "a"((uint32_t)state->components), "d"(0)
                         : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(state->area) : "memory");
}

/*
 * AMD CPUs without CPUID 8000_0008 EBX[2] (RstrFpErrPtrs) restore the x87 pointers only if an exception is
 * pending: what another guest ran last would be seen in them (CVE-2006-1056). Immutable after boot.
 */
extern bool arch_fpu_keeps_pointers;

static inline void arch_fpu_restore(const struct arch_fpu *state)
{
    static const uint32_t ours;

    if (arch_fpu_keeps_pointers)
        __asm__ volatile("fnclex; emms; fildl %0" ::"m"(ours));
    if (state->components)
        __asm__ volatile("xrstor64 (%0)" ::"r"(state->area), "a"((uint32_t)state->components), "d"(0)
                         : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" ::"r"(state->area) : "memory");
}

static inline void arch_xcr0_set(uint64_t value)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

#endif
