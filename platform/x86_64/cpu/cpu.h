/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <core/compiler.h>
#include <core/types.h>

/* Segment selectors of the host's GDT. */
#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_TSS  0x18

/* Interrupt stack table entries: exceptions that must not trust the current stack (SDM vol. 3A, 7.14.5). */
enum { IST_DOUBLE_FAULT = 1, IST_NMI, IST_MACHINE_CHECK, IST_COUNT = IST_MACHINE_CHECK };

/* Registers as exception_entry (stubs.S) leaves them on the stack. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Reads CPUID into the table behind cpu_has(). Boot CPU, first. */
void cpu_features_read(void);
const char *cpu_feature_name(unsigned feature);

/* Control registers, EFER, PAT and the like on this CPU, by feature bits. */
void cpu_setup(void);

/*
 * Descriptor tables of this CPU: GDT, TSS and the shared IDT. The boot CPU calls it twice: early, with its
 * interrupt stacks in .bss, and again with guarded ones.
 */
void cpu_tables_load(void *const ist_tops[IST_COUNT + 1]);

/* Fills the shared IDT. Boot CPU, before the first cpu_tables_load(). */
void idt_init(void);

/* Allocates guarded interrupt stacks; false: out of memory. */
must_check bool ist_stacks_alloc(void *ist_tops[IST_COUNT + 1]);

/* Whether another CPU stops this one for good; the NMI handler asks. Context: any. */
bool cpu_is_being_stopped(void);

/* stubs.S: 256 entries of 16 bytes. */
extern const char interrupt_stubs[];
#define INTERRUPT_STUB_SIZE 16

#endif
