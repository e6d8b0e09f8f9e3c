/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/thread.h>
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

void arch_fpu_init(void *state)
{
    memset(state, 0, ARCH_FPU_STATE_SIZE);
    *(uint16_t *)state = FPU_CONTROL_INIT;
    *(uint32_t *)((char *)state + 24) = MXCSR_INIT;
}
