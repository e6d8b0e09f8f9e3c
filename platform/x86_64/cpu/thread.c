/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/thread.h>
#include <core/compiler.h>
#include <core/types.h>
#include <string.h>

extern const char thread_start_stub[];

/* FCW and MXCSR after initialisation: SDM vol. 1, 8.1.5 and 10.2.3 (all exceptions masked). */
#define FPU_CONTROL_INIT 0x037f
#define MXCSR_INIT       0x1f80

/* The stack that arch_thread_switch (stubs.S) pops. */
struct switch_frame {
    uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

void arch_thread_init(struct arch_thread *thread, void *stack_top, void (*fn)(void *arg), void *arg)
{
    /* The stub begins with the frame popped: 16-byte aligned at its call, as the ABI wants it. */
    struct switch_frame *frame = (struct switch_frame *)((uintptr_t)stack_top & ~15ULL) - 1;

    *frame = (struct switch_frame){
        .r12 = (uintptr_t)fn, .r13 = (uintptr_t)arg, .rip = (uintptr_t)thread_start_stub};
    thread->sp = (uintptr_t)frame;
}

/* x87, SSE, AVX: what XCR0 is set to on every CPU (cpu/setup.c). */
uint64_t arch_fpu_guest_components(void)
{
    return cpu_has(CPU_FEATURE_XSAVE) ? arch_cpuid(0xd, 0).eax & 7 : 0;
}

size_t arch_fpu_size(bool is_guest)
{
    size_t area = 512;

    if (is_guest && cpu_has(CPU_FEATURE_XSAVE)) {
        area += 64; /* XSAVE header */
        if (arch_fpu_guest_components() & 4)
            area = arch_cpuid(0xd, 2).ebx + arch_cpuid(0xd, 2).eax;
    }
    return ALIGN_UP(sizeof(struct arch_fpu) + area, ARCH_FPU_STATE_ALIGN);
}

void arch_fpu_init(struct arch_fpu *state, bool is_guest)
{
    memset(state, 0, arch_fpu_size(is_guest));
    state->components = is_guest ? arch_fpu_guest_components() : 0;
    *(uint16_t *)state->area = FPU_CONTROL_INIT;
    *(uint32_t *)(state->area + 24) = MXCSR_INIT;
    /* XSTATE_BV: the x87 and SSE parts above are to be loaded, the rest takes its initial value. */
    if (state->components)
        *(uint64_t *)(state->area + 512) = 3;
}
