/* SPDX-License-Identifier: BSD-2-Clause */
#include "../backend/backend.h"
#include "../vm/arch.h"
#include "regs.h"
#include <vmm/vm.h>

/* A vCPU's registers by name, for whoever looks into a crash. */

struct list {
    struct vm_register *out;
    unsigned count;
};

static void put(struct list *list, const char *name, const char *part, uint64_t value)
{
    list->out[list->count++] = (struct vm_register){name, part, value};
}

/* In the order of the numbers of enum x86_reg. */
static const char *const gpr_names[X86_GPRS] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const segment_names[X86_SEGS_ALL] = {"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr"};

#define SEGMENT_PARTS 4
#define TABLE_PARTS   2
#define OTHERS        9 /* RIP, RFLAGS, CR0 to CR4, EFER, DR6, DR7 */
_Static_assert(X86_GPRS + X86_SEGS_ALL * SEGMENT_PARTS + 2 * TABLE_PARTS + OTHERS <= VM_REGISTERS_MAX,
               "all have room");

static void put_segment(struct list *list, const char *name, const struct x86_segment *segment)
{
    put(list, name, "selector", segment->selector);
    put(list, name, "base", segment->base);
    put(list, name, "limit", segment->limit);
    put(list, name, "attributes", segment->attributes);
}

static void put_table(struct list *list, const char *name, const struct x86_table *table)
{
    put(list, name, "base", table->base);
    put(list, name, "limit", table->limit);
}

uint64_t vcpu_arch_pc(const struct vcpu *vcpu, const char **name)
{
    *name = "rip";
    return backend_rip(vcpu);
}

unsigned vcpu_arch_registers(struct vcpu *vcpu, struct vm_register *out)
{
    struct list list = {.out = out};
    struct x86_regs regs;

    backend_regs_get(vcpu, &regs);
    put(&list, "rip", NULL, regs.rip);
    put(&list, "rflags", NULL, regs.rflags);
    for (unsigned i = 0; i < X86_GPRS; i++)
        put(&list, gpr_names[i], NULL, regs.gpr[i]);
    put(&list, "cr0", NULL, regs.cr0);
    put(&list, "cr2", NULL, regs.cr2);
    put(&list, "cr3", NULL, regs.cr3);
    put(&list, "cr4", NULL, regs.cr4);
    put(&list, "efer", NULL, regs.efer);
    put(&list, "dr6", NULL, regs.dr6);
    put(&list, "dr7", NULL, regs.dr7);
    for (unsigned i = 0; i < X86_SEGS_ALL; i++)
        put_segment(&list, segment_names[i], &regs.seg[i]);
    put_table(&list, "gdtr", &regs.gdtr);
    put_table(&list, "idtr", &regs.idtr);
    return list.count;
}
