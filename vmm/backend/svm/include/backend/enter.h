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

/* Nonzero: the return address predictor is to be filled after each exit. Immutable once CPUs are enabled. */
extern bool svm_needs_rsb_fill;

/* Exit codes that need no more than a name, by code: enum exit_kind ^ EXIT_UNKNOWN (exits.c). */
#define SVM_SIMPLE_EXITS     0x8e
#define SVM_EXIT_KIND(entry) ((enum exit_kind)((entry) ^ EXIT_UNKNOWN))
extern const uint8_t svm_simple_exits[SVM_SIMPLE_EXITS];

/* Rare halves: another vCPU ran here, or this one elsewhere; state that hardware does not switch; other
 * exits. */
void svm_prepare(struct svm_cpu *cpu, struct vcpu *vcpu);
void svm_rare_state_enter(struct vcpu *vcpu);
void svm_rare_state_leave(struct vcpu *vcpu);
void svm_event_redeliver(struct vcpu *vcpu);
void svm_exit_decode(struct vcpu *vcpu);

/* To be filled: the guest's calls and returns have left their addresses there, from which the host's next
 * returns would be predicted. 32 calls replace them; nothing ever returns to these. AMD, "Software techniques
 * for managing speculation", V2-3. */
#define SVM_RSB_FILL                         \
    "cmpb $0, svm_needs_rsb_fill(%%rip)\n\t" \
    "je 2f\n\t"                              \
    ".rept 32\n\t"                           \
    "call 1f\n\t"                            \
    "int3\n"                                 \
    "1:\n\t"                                 \
    ".endr\n\t"                              \
    "addq $256, %%rsp\n"                     \
    "2:\n\t"

/*
 * One trip: APM vol. 2, 15.5. Interrupts off at entry and at return; GIF keeps interrupts and NMIs away while
 * host and guest state are mixed, and IF is set below it so that host interrupts end the guest's run
 * (15.21.1: V_INTR_MASKING). RAX, RSP, RIP and RFLAGS are in the VMCB. VMLOAD and VMSAVE switch what VMRUN
 * leaves alone: FS, GS, TR, LDTR and the system-call MSRs. Nothing of the guest stays in registers that
 * speculation could use.
 *
 * Inline, so that the run loop's registers are saved once and not at each entry.
 */
static always_inline void svm_run(uint64_t vmcb_pa, uint64_t *gpr, uint64_t host_vmcb_pa)
{
    __asm__ volatile("pushq %%rbp\n\t"
                     "pushq %%rsi\n\t"
                     "pushq %%rdi\n\t"
                     "movq 1*8(%%rsi), %%rcx\n\t"
                     "movq 2*8(%%rsi), %%rdx\n\t"
                     "movq 3*8(%%rsi), %%rbx\n\t"
                     "movq 5*8(%%rsi), %%rbp\n\t"
                     "movq 7*8(%%rsi), %%rdi\n\t"
                     "movq 8*8(%%rsi), %%r8\n\t"
                     "movq 9*8(%%rsi), %%r9\n\t"
                     "movq 10*8(%%rsi), %%r10\n\t"
                     "movq 11*8(%%rsi), %%r11\n\t"
                     "movq 12*8(%%rsi), %%r12\n\t"
                     "movq 13*8(%%rsi), %%r13\n\t"
                     "movq 14*8(%%rsi), %%r14\n\t"
                     "movq 15*8(%%rsi), %%r15\n\t"
                     "movq 6*8(%%rsi), %%rsi\n\t"
                     "clgi\n\t"
                     "sti\n\t"
                     "vmload %%rax\n\t"
                     "vmrun %%rax\n\t"
                     "vmsave %%rax\n\t"
                     "popq %%rax\n\t" /* host VMCB */
                     "vmload %%rax\n\t"
                     "cli\n\t"
                     "popq %%rax\n\t" /* GPRs */
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
                     "xorl %%ebx, %%ebx\n\t"
                     "xorl %%ecx, %%ecx\n\t"
                     "xorl %%edx, %%edx\n\t"
                     "xorl %%esi, %%esi\n\t"
                     "xorl %%edi, %%edi\n\t"
                     "xorl %%r8d, %%r8d\n\t"
                     "xorl %%r9d, %%r9d\n\t"
                     "xorl %%r10d, %%r10d\n\t"
                     "xorl %%r11d, %%r11d\n\t"
                     "xorl %%r12d, %%r12d\n\t"
                     "xorl %%r13d, %%r13d\n\t"
                     "xorl %%r14d, %%r14d\n\t"
                     "xorl %%r15d, %%r15d\n\t"
                     "popq %%rbp\n\t"
                     "stgi\n\t" SVM_RSB_FILL
                     : "+a"(vmcb_pa), "+S"(gpr), "+D"(host_vmcb_pa)
                     : /* no operand for svm_needs_rsb_fill: no register is left that could address it */
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory",
                       "cc");
}

static always_inline void backend_prepare(struct vcpu *vcpu)
{
    struct svm_cpu *cpu = this_cpu_ptr(svm_cpu);

    if (unlikely(vcpu->backend.asid_stamp != cpu->stamp || cpu->last != vcpu->serial))
        svm_prepare(cpu, vcpu);
}

static always_inline void backend_enter(struct vcpu *vcpu)
{
    struct vmcb *v = vcpu->backend.vmcb;
    uint64_t code;

    v->save.rax = vcpu->arch.gpr[X86_RAX];
    v->save.rsp = vcpu->arch.gpr[X86_RSP];
    if (unlikely(vcpu->backend.has_rare_state))
        svm_rare_state_enter(vcpu);
    svm_run(vcpu->backend.vmcb_pa, vcpu->arch.gpr, vcpu->backend.host_vmcb_pa);
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
    if (likely(code < SVM_SIMPLE_EXITS && svm_simple_exits[code] != 0))
        vcpu->exit.kind = SVM_EXIT_KIND(svm_simple_exits[code]);
    else
        svm_exit_decode(vcpu);
}

#endif
