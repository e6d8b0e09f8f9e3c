/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/thread.h>
#include <core/compiler.h>
#include <core/types.h>

extern const char thread_start_stub[];

/* The stack that arch_thread_switch (switch.S) pops. */
struct switch_frame {
    uint64_t x29, x30, x19, x20, x21_to_x28[8];
};
_Static_assert(sizeof(struct switch_frame) == 96, "switch.S knows it");
_Static_assert(offsetof(struct arch_fpu, fpsr) == 512, "switch.S knows it");

void arch_thread_init(struct arch_thread *thread, void *stack_top, void (*fn)(void *arg), void *arg)
{
    struct switch_frame *frame = (struct switch_frame *)((uintptr_t)stack_top & ~15ULL) - 1;

    *frame = (struct switch_frame){
        .x30 = (uintptr_t)thread_start_stub, .x19 = (uintptr_t)fn, .x20 = (uintptr_t)arg};
    thread->sp = (uintptr_t)frame;
}
