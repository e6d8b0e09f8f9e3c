/* SPDX-License-Identifier: BSD-2-Clause */
#include "svm.h"

static void decode_fault(const struct vmcb_control *c, struct vmexit *exit)
{
    exit->kind = EXIT_STAGE2_FAULT;
    exit->fault.gpa = c->exit_info2;
    exit->fault.is_write = c->exit_info1 & SVM_NPF_WRITE;
    exit->fault.is_fetch = c->exit_info1 & SVM_NPF_FETCH;
    exit->fault.is_final = c->exit_info1 & SVM_NPF_FINAL;
    exit->fault.is_present = c->exit_info1 & SVM_NPF_PRESENT;
}

static void decode_exception(const struct vmcb_control *c, struct vmexit *exit)
{
    uint8_t vector = (uint8_t)(c->exit_code - SVM_EXIT_EXCEPTION);

    /* The hardware's, not the guest's: as if it had come in host mode, with a report and the panic policy. */
    if (vector == X86_MC)
        __asm__ volatile("int $18");
    exit->kind = EXIT_EXCEPTION;
    exit->exception.vector = vector;
    exit->exception.has_error = vector == X86_AC;
    exit->exception.error = (uint32_t)c->exit_info1;
}

/* The handler of an NMI is about to return; the next NMI may come once RIP has left this IRET. */
static void nmi_done(struct vcpu *vcpu, struct vmexit *exit)
{
    vcpu->backend.is_iret_seen = true;
    vcpu->backend.iret_rip = backend_rip(vcpu);
    vcpu->backend.vmcb->control.intercept1 &= ~(uint32_t)SVM_INTERCEPT1_IRET;
    exit->kind = EXIT_NMI_WINDOW;
}

/* Exits that need no more than their name. */
_Static_assert(SVM_SIMPLE_EXITS == SVM_EXIT_XSETBV + 1, "the last of them");
const uint8_t svm_simple_exits[SVM_SIMPLE_EXITS] = {
    [SVM_EXIT_INTR] = EXIT_HOST_IRQ,     [SVM_EXIT_NMI] = EXIT_HOST_IRQ,
    [SVM_EXIT_SMI] = EXIT_HOST_IRQ,      [SVM_EXIT_VINTR] = EXIT_IRQ_WINDOW,
    [SVM_EXIT_CPUID] = EXIT_CPUID,       [SVM_EXIT_HLT] = EXIT_HALT,
    [SVM_EXIT_VMMCALL] = EXIT_HYPERCALL, [SVM_EXIT_XSETBV] = EXIT_XSETBV,
    [SVM_EXIT_WBINVD] = EXIT_WBINVD,     [SVM_EXIT_INVD] = EXIT_WBINVD,
    [SVM_EXIT_PAUSE] = EXIT_PAUSE,       [SVM_EXIT_TASK_SWITCH] = EXIT_TASK_SWITCH,
    [SVM_EXIT_SHUTDOWN] = EXIT_SHUTDOWN, [SVM_EXIT_RDPMC] = EXIT_UNDEFINED,
    [SVM_EXIT_INVLPGA] = EXIT_UNDEFINED, [SVM_EXIT_MONITOR] = EXIT_UNDEFINED,
    [SVM_EXIT_MWAIT] = EXIT_UNDEFINED,   [SVM_EXIT_MWAIT_ARMED] = EXIT_UNDEFINED,
    [SVM_EXIT_VMRUN] = EXIT_UNDEFINED,   [SVM_EXIT_VMLOAD] = EXIT_UNDEFINED,
    [SVM_EXIT_VMSAVE] = EXIT_UNDEFINED,  [SVM_EXIT_STGI] = EXIT_UNDEFINED,
    [SVM_EXIT_CLGI] = EXIT_UNDEFINED,    [SVM_EXIT_SKINIT] = EXIT_UNDEFINED,
    [SVM_EXIT_IOIO] = EXIT_IO,
};

/* Exits with more to them than a name. */
void svm_exit_decode(struct vcpu *vcpu)
{
    struct vmexit *exit = &vcpu->exit;
    const struct vmcb_control *c = &vcpu->backend.vmcb->control;
    uint64_t code = c->exit_code;

    if (code == SVM_EXIT_MSR) {
        exit->kind = c->exit_info1 ? EXIT_MSR_WRITE : EXIT_MSR_READ;
    } else if (code == SVM_EXIT_NPF) {
        decode_fault(c, exit);
    } else if (code < SVM_EXIT_DR0_READ || code == SVM_EXIT_CR0_SEL_WRITE) {
        exit->kind = EXIT_CR_ACCESS;
    } else if (code < SVM_EXIT_EXCEPTION) {
        /* The guest has begun to use debug registers: from now on they are switched with it. */
        svm_debug_registers_use(vcpu);
        exit->kind = EXIT_NOTHING;
    } else if (code < SVM_EXIT_EXCEPTION + 32) {
        decode_exception(c, exit);
    } else if (code == SVM_EXIT_IRET) {
        nmi_done(vcpu, exit);
    } else {
        exit->kind = code == SVM_EXIT_INVALID ? EXIT_FAIL_ENTRY : EXIT_UNKNOWN;
        exit->raw.code = code;
        exit->raw.info1 = c->exit_info1;
        exit->raw.info2 = c->exit_info2;
    }
}
