/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_ENTER_H
#define BACKEND_ENTER_H

/* The way into the guest and back: backend_prepare(), backend_enter(). */

#include <arch/cpu.h>
#include <core/percpu.h>

/* What a CPU needs to run guests. Its own; interrupts off. */
struct svm_cpu {
    uint64_t last;         /* serial number of the vCPU that was entered here last */
    uint64_t stamp;        /* of this CPU's present generation of ASIDs: never 0, no other CPU's (asid.c) */
    uint64_t host_vmcb_pa; /* holds the host state that VMRUN does not switch */
    uint64_t save_area_pa; /* VM_HSAVE_PA */
    uint32_t asid_count;   /* ASIDs are 1 .. asid_count - 1 */
    uint32_t asid_next;
    uint64_t tsc_aux; /* what TSC_AUX holds: nothing but entering a guest writes it */
};
DECLARE_PERCPU(struct svm_cpu, svm_cpu);

/* Exit codes that need no more than a name, by code: enum exit_kind, or 0 (exits.c). */
#define SVM_SIMPLE_EXITS 0x8e
extern const uint8_t svm_simple_exits[SVM_SIMPLE_EXITS];
_Static_assert(EXIT_UNKNOWN == 0, "what is not in the table");

/* Rare halves: another vCPU ran here, or this one elsewhere; state that hardware does not switch; other
 * exits. */
void svm_prepare(struct svm_cpu *cpu, struct vcpu *vcpu);
void svm_rare_state_enter(struct vcpu *vcpu);
void svm_rare_state_leave(struct vcpu *vcpu);
void svm_event_redeliver(struct vcpu *vcpu);
void svm_exit_decode(struct vcpu *vcpu);

/*
 * One trip: APM vol. 2, 15.5. Interrupts off at entry and at return; GIF keeps interrupts and NMIs away while
 * host and guest state are mixed, and IF is set below it so that host interrupts end the guest's run
 * (15.21.1: V_INTR_MASKING). RAX, RSP, RIP and RFLAGS are in the VMCB. VMLOAD and VMSAVE switch what VMRUN
 * leaves alone: FS, GS, TR, LDTR and the system-call MSRs. Nothing of the guest stays in registers that
 * speculation could use.
 *
 * Not so in the predictor of return addresses: the guest's calls have left theirs there. A return that goes
 * with a call since the exit is predicted by that call. Returns that go further back are the run loop's own
 * (vmm/vm/vcpu.c) and the switch to another thread's stack: before those arch_returns_fill() replaces the
 * guest's addresses.
 *
 * Inline, so that the run loop's registers are saved once and not at each entry. Returns its argument, which
 * the compiler would have to look for in memory.
 */
static always_inline struct vcpu *svm_run(struct vcpu *vcpu)
{
    _Static_assert(offsetof(struct vcpu, arch.gpr) == 0, "the registers' offsets below");
    __asm__ volatile(
        "pushq %%rbp\n\t"
        "pushq %%rdi\n\t"
        "movq %c[vmcb](%%rdi), %%rax\n\t"
        "movq 1*8(%%rdi), %%rcx\n\t"
        "movq 2*8(%%rdi), %%rdx\n\t"
        "movq 3*8(%%rdi), %%rbx\n\t"
        "movq 5*8(%%rdi), %%rbp\n\t"
        "movq 6*8(%%rdi), %%rsi\n\t"
        "movq 8*8(%%rdi), %%r8\n\t"
        "movq 9*8(%%rdi), %%r9\n\t"
        "movq 10*8(%%rdi), %%r10\n\t"
        "movq 11*8(%%rdi), %%r11\n\t"
        "movq 12*8(%%rdi), %%r12\n\t"
        "movq 13*8(%%rdi), %%r13\n\t"
        "movq 14*8(%%rdi), %%r14\n\t"
        "movq 15*8(%%rdi), %%r15\n\t"
        "movq 7*8(%%rdi), %%rdi\n\t"
        "clgi\n\t"
        "sti\n\t"
        "vmload %%rax\n\t"
        "vmrun %%rax\n\t"
        "vmsave %%rax\n\t"
        "popq %%rax\n\t"
        "movq %%rcx, 1*8(%%rax)\n\t"
        "movq %%rdx, 2*8(%%rax)\n\t"
        "movq %%rbx, 3*8(%%rax)\n\t"
        "movq %%rbp, 5*8(%%rax)\n\t"
        "movq %%rsi, 6*8(%%rax)\n\t"
        "movq %%rdi, 7*8(%%rax)\n\t"
        "movq %%r8, 8*8(%%rax)\n\t"
        "movq %%r9, 9*8(%%rax)\n\t"
        "movq %%r10, 10*8(%%rax)\n\t"
        "movq %%r11, 11*8(%%rax)\n\t"
        "movq %%r12, 12*8(%%rax)\n\t"
        "movq %%r13, 13*8(%%rax)\n\t"
        "movq %%r14, 14*8(%%rax)\n\t"
        "movq %%r15, 15*8(%%rax)\n\t"
        "movq %%rax, %%rdi\n\t"
        "movq %c[host](%%rdi), %%rax\n\t"
        "vmload %%rax\n\t"
        "cli\n\t"
        "xorl %%ebx, %%ebx\n\t"
        "xorl %%ecx, %%ecx\n\t"
        "xorl %%edx, %%edx\n\t"
        "xorl %%esi, %%esi\n\t"
        "xorl %%r8d, %%r8d\n\t"
        "xorl %%r9d, %%r9d\n\t"
        "xorl %%r10d, %%r10d\n\t"
        "xorl %%r11d, %%r11d\n\t"
        "xorl %%r12d, %%r12d\n\t"
        "xorl %%r13d, %%r13d\n\t"
        "xorl %%r14d, %%r14d\n\t"
        "xorl %%r15d, %%r15d\n\t"
        "popq %%rbp\n\t"
        "stgi"
        : "+D"(vcpu)
        : [vmcb] "i"(offsetof(struct vcpu, backend.vmcb_pa)), [host] "i"(
                                                                  offsetof(struct vcpu, backend.host_vmcb_pa))
        : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory",
          "cc");
    return vcpu;
}

static always_inline void backend_prepare(struct vcpu *vcpu)
{
    struct svm_cpu *cpu = this_cpu_ptr(svm_cpu);

    if (unlikely(vcpu->backend.asid_stamp != cpu->stamp || cpu->last != vcpu->serial))
        svm_prepare(cpu, vcpu);
}

static always_inline struct vcpu *backend_enter(struct vcpu *vcpu)
{
    struct vmcb *v = vcpu->backend.vmcb;
    uint64_t code;

    v->save.rax = vcpu->arch.gpr[X86_RAX];
    v->save.rsp = vcpu->arch.gpr[X86_RSP];
    if (unlikely(vcpu->backend.has_rare_state))
        svm_rare_state_enter(vcpu);
    vcpu = svm_run(vcpu);
    if (unlikely(vcpu->backend.has_rare_state))
        svm_rare_state_leave(vcpu);
    v = vcpu->backend.vmcb;
    vcpu->arch.gpr[X86_RAX] = v->save.rax;
    vcpu->arch.gpr[X86_RSP] = v->save.rsp;
    /* What ended the run, if it was a host interrupt, is taken here. */
    arch_irq_enable();
    v->control.event_injection = 0;
    if (unlikely(v->control.exit_int_info & SVM_EVENT_VALID))
        svm_event_redeliver(vcpu);
    code = v->control.exit_code;
    if (likely(code < SVM_SIMPLE_EXITS && svm_simple_exits[code] != EXIT_UNKNOWN))
        vcpu->exit.kind = (enum exit_kind)svm_simple_exits[code];
    else
        svm_exit_decode(vcpu);
    return vcpu;
}

#endif
