/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/msr.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/vmap.h>

#include "cpu.h"

void exception_dispatch(struct trap_frame *frame);

/* SDM vol. 3A, table 7-1. */
static const char *const exception_names[32] = {
    [0] = "divide error",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid opcode",
    [7] = "device not available",
    [8] = "double fault",
    [10] = "invalid TSS",
    [11] = "segment not present",
    [12] = "stack-segment fault",
    [13] = "general protection",
    [14] = "page fault",
    [16] = "x87 floating-point error",
    [17] = "alignment check",
    [18] = "machine check",
    [19] = "SIMD floating-point exception",
    [20] = "virtualization exception",
    [21] = "control protection exception",
};

#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_NMI          2
#define VECTOR_PAGE_FAULT   14

static void print_registers(const struct trap_frame *f)
{
    panic_line("rip %016llx  cs %04llx  rflags %08llx  error %llx", (unsigned long long)f->rip,
               (unsigned long long)f->cs, (unsigned long long)f->rflags, (unsigned long long)f->error_code);
    panic_line("rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx", (unsigned long long)f->rax,
               (unsigned long long)f->rbx, (unsigned long long)f->rcx, (unsigned long long)f->rdx);
    panic_line("rsi %016llx  rdi %016llx  rbp %016llx  rsp %016llx", (unsigned long long)f->rsi,
               (unsigned long long)f->rdi, (unsigned long long)f->rbp, (unsigned long long)f->rsp);
    panic_line("r8  %016llx  r9  %016llx  r10 %016llx  r11 %016llx", (unsigned long long)f->r8,
               (unsigned long long)f->r9, (unsigned long long)f->r10, (unsigned long long)f->r11);
    panic_line("r12 %016llx  r13 %016llx  r14 %016llx  r15 %016llx", (unsigned long long)f->r12,
               (unsigned long long)f->r13, (unsigned long long)f->r14, (unsigned long long)f->r15);
    panic_line("cr0 %016llx  cr2 %016llx  cr3 %016llx  cr4 %016llx", (unsigned long long)arch_read_cr0(),
               (unsigned long long)arch_read_cr2(), (unsigned long long)arch_read_cr3(),
               (unsigned long long)arch_read_cr4());
}

/* A host exception is a bug of ours or dead hardware: print everything, then act by policy. */
void exception_dispatch(struct trap_frame *frame)
{
    uint64_t vector = frame->vector;
    const char *name =
        vector < 32 && exception_names[vector] ? exception_names[vector] : "reserved exception";
    uint64_t cr2 = arch_read_cr2();

    if (vector == VECTOR_NMI && cpu_is_being_stopped())
        arch_halt();
    panic_enter();
    panic_line("exception %llu (%s) on CPU %u in thread %s", (unsigned long long)vector, name, cpu_id(),
               thread_name(thread_self()));
    if (vector == VECTOR_PAGE_FAULT)
        panic_line("%s of %016llx: %s",
                   frame->error_code & 16  ? "execution"
                   : frame->error_code & 2 ? "write"
                                           : "read",
                   (unsigned long long)cr2, frame->error_code & 1 ? "not allowed" : "not mapped");
    if ((vector == VECTOR_PAGE_FAULT && stack_guard_hit(cr2)) ||
        (vector == VECTOR_DOUBLE_FAULT && (stack_guard_hit(cr2) || stack_guard_hit(frame->rsp))))
        panic_line("stack overflow: the access hit a guard page");
    print_registers(frame);
    panic_backtrace(frame->rip, frame->rbp);
}
