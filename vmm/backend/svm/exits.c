/* SPDX-License-Identifier: BSD-2-Clause */
#include "svm.h"

static void decode_io(const struct vmcb_control *c, struct vmexit *exit)
{
    uint64_t info = c->exit_info1;

    exit->kind = EXIT_IO;
    exit->next_rip = c->exit_info2; /* always there for IOIO: APM vol. 2, 15.10.2 */
    exit->io.port = SVM_IOIO_PORT(info);
    exit->io.size = (uint8_t)SVM_IOIO_SIZE(info);
    exit->io.is_in = info & SVM_IOIO_IN;
    exit->io.is_string = info & (SVM_IOIO_STRING | SVM_IOIO_REP);
}

static void decode_fault(const struct vmcb_control *c, struct vmexit *exit)
{
    exit->kind = EXIT_STAGE2_FAULT;
    exit->fault.gpa = c->exit_info2;
    exit->fault.is_write = c->exit_info1 & SVM_NPF_WRITE;
    exit->fault.is_fetch = c->exit_info1 & SVM_NPF_FETCH;
    exit->fault.is_present = c->exit_info1 & SVM_NPF_PRESENT;
}

static void decode_exception(const struct vmcb_control *c, struct vmexit *exit)
{
    uint8_t vector = (uint8_t)(c->exit_code - SVM_EXIT_EXCEPTION);

    exit->kind = EXIT_EXCEPTION;
    exit->exception.vector = vector;
    exit->exception.has_error = vector == X86_AC;
    exit->exception.error = (uint32_t)c->exit_info1;
}

/* The handler of an NMI is about to return; the next NMI may come once RIP has left this IRET. */
static void nmi_done(struct vcpu *vcpu, struct vmexit *exit)
{
    vcpu->backend->is_iret_seen = true;
    vcpu->backend->iret_rip = vcpu->rip;
    vcpu->backend->vmcb->control.intercept1 &= ~(uint32_t)SVM_INTERCEPT1_IRET;
    exit->kind = EXIT_NMI_WINDOW;
}

static enum exit_kind simple_kind(uint64_t code)
{
    switch (code) {
    case SVM_EXIT_INTR:
    case SVM_EXIT_NMI:
    case SVM_EXIT_SMI:
        return EXIT_HOST_IRQ;
    case SVM_EXIT_VINTR:
        return EXIT_IRQ_WINDOW;
    case SVM_EXIT_CPUID:
        return EXIT_CPUID;
    case SVM_EXIT_HLT:
        return EXIT_HALT;
    case SVM_EXIT_VMMCALL:
        return EXIT_HYPERCALL;
    case SVM_EXIT_XSETBV:
        return EXIT_XSETBV;
    case SVM_EXIT_WBINVD:
    case SVM_EXIT_INVD:
        return EXIT_WBINVD;
    case SVM_EXIT_PAUSE:
        return EXIT_PAUSE;
    case SVM_EXIT_TASK_SWITCH:
        return EXIT_TASK_SWITCH;
    case SVM_EXIT_SHUTDOWN:
        return EXIT_SHUTDOWN;
    case SVM_EXIT_INVALID:
        return EXIT_FAIL_ENTRY;
    case SVM_EXIT_RDPMC:
    case SVM_EXIT_INVLPGA:
    case SVM_EXIT_MONITOR:
    case SVM_EXIT_MWAIT:
    case SVM_EXIT_MWAIT_ARMED:
    case SVM_EXIT_SKINIT:
        return EXIT_UNDEFINED;
    default:
        return code >= SVM_EXIT_VMRUN && code <= SVM_EXIT_SKINIT ? EXIT_UNDEFINED : EXIT_UNKNOWN;
    }
}

void svm_exit_decode(struct vcpu *vcpu, struct vmexit *exit)
{
    const struct vmcb_control *c = &vcpu->backend->vmcb->control;
    uint64_t code = c->exit_code;

    exit->next_rip = svm_has(SVM_FEATURE_NRIPS) ? c->next_rip : 0;
    if (code == SVM_EXIT_IOIO) {
        decode_io(c, exit);
    } else if (code == SVM_EXIT_MSR) {
        exit->kind = c->exit_info1 ? EXIT_MSR_WRITE : EXIT_MSR_READ;
    } else if (code == SVM_EXIT_NPF) {
        decode_fault(c, exit);
    } else if (code < SVM_EXIT_DR0_READ) {
        exit->kind = EXIT_CR_ACCESS;
    } else if (code < SVM_EXIT_EXCEPTION) {
        /* The guest has begun to use debug registers: from now on they are switched with it. */
        svm_debug_registers_use(vcpu);
        exit->kind = EXIT_NOTHING;
    } else if (code >= SVM_EXIT_EXCEPTION && code < SVM_EXIT_EXCEPTION + 32) {
        decode_exception(c, exit);
    } else if (code == SVM_EXIT_IRET) {
        nmi_done(vcpu, exit);
    } else {
        exit->kind = simple_kind(code);
        if (exit->kind == EXIT_UNKNOWN || exit->kind == EXIT_FAIL_ENTRY) {
            exit->raw.code = code;
            exit->raw.info1 = c->exit_info1;
            exit->raw.info2 = c->exit_info2;
        }
    }
}
