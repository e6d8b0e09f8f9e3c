/* SPDX-License-Identifier: BSD-2-Clause */
#include "svm.h"

/*
 * APM vol. 2, 15.7.2. Software interrupts, INT3 and INTO are not repeated: RIP still is at the instruction,
 * which raises them again.
 */
void svm_event_redeliver(struct vcpu *vcpu)
{
    struct vmcb *vmcb = vcpu->backend.vmcb;
    uint64_t event = vmcb->control.exit_int_info;
    uint64_t type = event & SVM_EVENT_TYPE, vector = event & SVM_EVENT_VECTOR;

    if (type == SVM_EVENT_SOFTWARE || (type == SVM_EVENT_EXCEPTION && (vector == X86_BP || vector == X86_OF)))
        return;
    /* The window stays where it is open; otherwise as it was, whether or not it counts as taken. */
    if (type == SVM_EVENT_INTERRUPT && !(vmcb->control.intercept1 & SVM_INTERCEPT1_VINTR))
        backend_inject_irq(vcpu, (uint8_t)vector);
    else
        vmcb->control.event_injection = event;
}

void backend_take_back_irq(struct vcpu *vcpu)
{
    struct vmcb_control *c = &vcpu->backend.vmcb->control;

    if (svm_irq_in_flight(c))
        svm_irq_clear(c);
    else
        c->event_injection = 0;
}

bool backend_nmi_allowed(const struct vcpu *vcpu)
{
    const struct vmcb_control *c = &vcpu->backend.vmcb->control;
    const struct backend_vcpu *b = &vcpu->backend;
    bool in_nmi = b->in_nmi && !(b->is_iret_seen && backend_rip(vcpu) != b->iret_rip);

    return !in_nmi && !(c->interrupt_shadow & SVM_SHADOW_STI) && !(c->event_injection & SVM_EVENT_VALID) &&
           !svm_irq_in_flight(c);
}

void backend_inject_nmi(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    b->vmcb->control.event_injection = SVM_EVENT_VALID | SVM_EVENT_NMI | X86_NMI;
    /* Further NMIs wait for the end of this one's handler, which is its IRET. */
    b->in_nmi = true;
    b->is_iret_seen = false;
    b->vmcb->control.intercept1 |= SVM_INTERCEPT1_IRET;
}

void backend_nmi_forget(struct vcpu *vcpu)
{
    vcpu->backend.in_nmi = false;
    vcpu->backend.vmcb->control.intercept1 &= ~(uint32_t)SVM_INTERCEPT1_IRET;
}

void backend_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error, uint32_t error)
{
    if (svm_irq_in_flight(&vcpu->backend.vmcb->control)) /* who injects has put it back */
        svm_irq_clear(&vcpu->backend.vmcb->control);
    vcpu->backend.vmcb->control.event_injection = SVM_EVENT_VALID | SVM_EVENT_EXCEPTION | vector |
                                                  (has_error ? SVM_EVENT_HAS_ERROR : 0) |
                                                  (has_error ? (uint64_t)error << 32 : 0);
}

/*
 * A virtual interrupt that is intercepted before it is taken: VMEXIT_VINTR comes when the guest could take it
 * (APM vol. 2, 15.21.4). Its vector does not matter, and the TPR does not count.
 */
void backend_irq_window(struct vcpu *vcpu, bool wanted)
{
    struct vmcb_control *c = &vcpu->backend.vmcb->control;

    if (wanted) {
        /* One virtual interrupt only: what is on its way goes the other way. */
        if (svm_irq_in_flight(c))
            c->event_injection =
                SVM_EVENT_VALID | SVM_EVENT_INTERRUPT | SVM_VI_VECTOR_OF(c->virtual_interrupt);
        c->virtual_interrupt |= SVM_VI_IRQ | SVM_VI_IGNORE_TPR | SVM_VI_PRIO(0xf);
        c->intercept1 |= SVM_INTERCEPT1_VINTR;
    } else if (c->intercept1 & SVM_INTERCEPT1_VINTR) {
        svm_irq_clear(c);
    }
}

void backend_nmi_window(struct vcpu *vcpu, bool wanted)
{
    struct backend_vcpu *b = &vcpu->backend;

    /*
     * While an NMI is being handled its IRET is watched anyway; else only an interrupt shadow is in the way,
     * which ends by itself. An IRET that has been seen is still to be executed; where it sets IF the window
     * opens behind it, but with IF set already it would open before it, for ever.
     */
    if (wanted && (!b->in_nmi || (b->is_iret_seen && !(backend_rflags(vcpu) & X86_RFLAGS_IF))))
        backend_irq_window(vcpu, true);
}
