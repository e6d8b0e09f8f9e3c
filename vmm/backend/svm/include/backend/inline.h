/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_INLINE_H
#define BACKEND_INLINE_H

/* What <backend.h> promises of the exit path: the VMCB is the only copy of what it holds. */

#include "../../vmcb.h"
#include <arch/msr.h>

#define BACKEND_AWAY NULL /* nothing of a guest is in the CPU but what FPU contexts have */

static inline uint64_t backend_next_rip(const struct vcpu *vcpu)
{
    /* Reserved, and so left zero, on CPUs that do not save it (CPUID 8000_000A EDX[3]). */
    return vcpu->backend.vmcb->control.next_rip;
}

static inline uint64_t backend_rip(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.rip;
}

static inline void backend_rip_set(struct vcpu *vcpu, uint64_t rip)
{
    vcpu->backend.vmcb->save.rip = rip;
}

static inline uint64_t backend_rflags(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.rflags;
}

static inline void backend_rflags_set(struct vcpu *vcpu, uint64_t rflags)
{
    vcpu->backend.vmcb->save.rflags = rflags;
}

static inline uint64_t backend_dr7(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.dr7;
}

static inline uint64_t backend_cr_get(const struct vcpu *vcpu, unsigned cr)
{
    const struct vmcb_save *s = &vcpu->backend.vmcb->save;

    switch (cr) {
    case 0:
        return s->cr0 | vcpu->backend.cr0_cache_bits;
    case 2:
        return s->cr2;
    case 3:
        return s->cr3;
    default:
        return s->cr4;
    }
}

/* SVME is ours: VMRUN demands it (APM vol. 2, 15.5.1). */
static inline uint64_t backend_efer_get(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.efer & ~(uint64_t)EFER_SVME;
}

static inline uint16_t backend_cs_attributes(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.cs.attributes;
}

static inline unsigned backend_cpl(const struct vcpu *vcpu)
{
    return vcpu->backend.vmcb->save.cpl;
}

static inline uint64_t backend_continue_at(struct vcpu *vcpu, uint64_t rip)
{
    struct vmcb *v = vcpu->backend.vmcb;

    v->save.rip = rip;
    v->control.interrupt_shadow &= ~(uint64_t)SVM_SHADOW_STI;
    return v->save.rflags;
}

static inline struct exit_io backend_io(const struct vcpu *vcpu)
{
    const struct vmcb_control *c = &vcpu->backend.vmcb->control;
    uint64_t info = c->exit_info1;

    return (struct exit_io){
        .port = SVM_IOIO_PORT(info),
        .size = (uint8_t)SVM_IOIO_SIZE(info),
        .is_in = info & SVM_IOIO_IN,
        .is_string = info & (SVM_IOIO_STRING | SVM_IOIO_REP),
        .next_rip = c->exit_info2, /* on every CPU: APM vol. 2, 15.10.2 */
    };
}

/*
 * Interrupts are injected as virtual ones that are not intercepted (APM vol. 2, 15.21.4): the guest's IF is
 * set and it is in no interrupt shadow, so VMRUN takes them before the first instruction. QEMU delivers an
 * interrupt from the event injection field twice, the second time with IF clear, if its loop is asked to
 * pause just behind VMRUN.
 */
static inline bool svm_irq_in_flight(const struct vmcb_control *c)
{
    return (c->virtual_interrupt & SVM_VI_IRQ) && !(c->intercept1 & SVM_INTERCEPT1_VINTR);
}

static inline enum backend_event backend_event_pending(const struct vcpu *vcpu, uint8_t *vector)
{
    const struct vmcb_control *c = &vcpu->backend.vmcb->control;
    uint64_t event = c->event_injection;

    if (likely(!(event & SVM_EVENT_VALID))) {
        *vector = SVM_VI_VECTOR_OF(c->virtual_interrupt);
        return unlikely(svm_irq_in_flight(c)) ? BACKEND_EVENT_IRQ : BACKEND_EVENT_NONE;
    }
    *vector = event & SVM_EVENT_VECTOR;
    switch (event & SVM_EVENT_TYPE) {
    case SVM_EVENT_INTERRUPT:
        return BACKEND_EVENT_IRQ;
    case SVM_EVENT_NMI:
        return BACKEND_EVENT_NMI;
    default:
        return BACKEND_EVENT_EXCEPTION;
    }
}

static inline bool backend_irq_allowed(const struct vcpu *vcpu)
{
    const struct vmcb *v = vcpu->backend.vmcb;

    return (v->save.rflags & X86_RFLAGS_IF) && !(v->control.interrupt_shadow & SVM_SHADOW_STI) &&
           !(v->control.event_injection & SVM_EVENT_VALID) && !svm_irq_in_flight(&v->control);
}

static inline void svm_irq_clear(struct vmcb_control *c)
{
    c->virtual_interrupt &= ~(SVM_VI_IRQ | SVM_VI_IGNORE_TPR | SVM_VI_PRIO(0xf) | SVM_VI_VECTOR(0xff));
    c->intercept1 &= ~(uint32_t)SVM_INTERCEPT1_VINTR;
}

static inline void backend_inject_irq(struct vcpu *vcpu, uint8_t vector)
{
    struct vmcb_control *c = &vcpu->backend.vmcb->control;

    svm_irq_clear(c);
    c->virtual_interrupt |= SVM_VI_IRQ | SVM_VI_IGNORE_TPR | SVM_VI_PRIO(0xf) | SVM_VI_VECTOR(vector);
}

#include <backend/enter.h>

#endif
