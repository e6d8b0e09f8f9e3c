/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_BACKEND_BACKEND_H
#define VMM_BACKEND_BACKEND_H

#include "../x86/regs.h"
#include <core/compiler.h>
#include <core/types.h>

/*
 * What a virtualization backend does; exactly one is linked. It enters the guest and explains, in neutral
 * terms, why it came back; raw reason codes never leave it. Calls on a vCPU come from its own thread, unless
 * said otherwise.
 */
struct vcpu;
struct backend_vcpu; /* the backend's part of a vCPU */

/* Memory that `cpu` needs for it: enabling happens in an interrupt, which cannot allocate. -ENOMEM. Thread.
 */
must_check int backend_cpu_prepare(unsigned cpu);
/* Turns virtualization on / off on the calling CPU. -ENODEV: the CPU cannot, or firmware forbids it. */
must_check int backend_cpu_enable(void);
void backend_cpu_disable(void);

/* Once per host, after every CPU is enabled: what all VMs share. -ENOMEM. */
must_check int backend_init(void);

/* What is linked and what the CPU offers, for the API: "svm", "npt nrips ...". */
const char *backend_name(void);
const char *const *backend_features(void); /* NULL-terminated */

must_check int backend_vcpu_init(struct vcpu *vcpu);
void backend_vcpu_fini(struct vcpu *vcpu);

/* Loads the architectural state; *regs as x86_regs_reset() left it, or as a boot protocol changed it. */
void backend_regs_set(struct vcpu *vcpu, const struct x86_regs *regs);
void backend_regs_get(struct vcpu *vcpu, struct x86_regs *regs);

enum exit_kind {
    EXIT_HOST_IRQ,   /* a host interrupt, handled by now */
    EXIT_NOTHING,    /* handled by the backend itself */
    EXIT_IRQ_WINDOW, /* the guest can take an interrupt now, as asked for */
    EXIT_NMI_WINDOW,
    EXIT_CPUID,
    EXIT_HALT,
    EXIT_IO,           /* exit.io */
    EXIT_MSR_READ,     /* exit.msr */
    EXIT_MSR_WRITE,    /* exit.msr */
    EXIT_STAGE2_FAULT, /* exit.fault */
    EXIT_HYPERCALL,
    EXIT_CR_ACCESS, /* the instruction at RIP reads or writes a control register: emulate it */
    EXIT_XSETBV,
    EXIT_WBINVD,
    EXIT_UNDEFINED, /* an instruction that the guest's CPU does not have: #UD */
    EXIT_EXCEPTION, /* exit.exception: intercepted; give it back to the guest */
    EXIT_PAUSE,
    EXIT_TASK_SWITCH,
    EXIT_SHUTDOWN,   /* triple fault */
    EXIT_FAIL_ENTRY, /* exit.raw: the hardware refuses the guest's state */
    EXIT_UNKNOWN,    /* exit.raw */
    EXIT_KINDS,
};

struct vmexit {
    enum exit_kind kind;
    /* Address of the next instruction if the hardware told it, else 0. */
    uint64_t next_rip;
    union {
        struct {
            uint16_t port;
            uint8_t size;
            bool is_in, is_string;
        } io;
        struct {
            uint64_t gpa;
            bool is_write, is_fetch, is_present;
        } fault;
        struct {
            uint8_t vector;
            bool has_error;
            uint32_t error;
        } exception;
        struct {
            uint64_t code, info1, info2;
        } raw;
    };
};

/*
 * Runs the guest until the next exit. GPRs, RIP and RFLAGS go through vcpu->regs; host interrupts that ended
 * the run have been taken on return. Interrupts off on entry, on at return; preemption may happen after.
 */
void backend_enter(struct vcpu *vcpu, struct vmexit *exit);

/* --- events: valid before the next entry
 * -------------------------------------------------------------------- */

/* Whether an external interrupt / NMI could be injected right now (RFLAGS.IF, shadows, nothing pending). */
bool backend_irq_allowed(const struct vcpu *vcpu);
bool backend_nmi_allowed(const struct vcpu *vcpu);
void backend_inject_irq(struct vcpu *vcpu, uint8_t vector);
void backend_inject_nmi(struct vcpu *vcpu);
void backend_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error, uint32_t error);
/* Whether an event waits for injection (an interrupted one included). */
bool backend_event_pending(const struct vcpu *vcpu);
/* Asks for EXIT_IRQ_WINDOW / EXIT_NMI_WINDOW as soon as the guest can take one; or no longer. */
void backend_irq_window(struct vcpu *vcpu, bool wanted);
void backend_nmi_window(struct vcpu *vcpu, bool wanted);
/* The instruction at the old RIP has been emulated: interrupt shadows end. */
void backend_clear_shadow(struct vcpu *vcpu);

/* --- state that policy code touches ------------------------------------------------------------------------
 */

uint64_t backend_cr_get(const struct vcpu *vcpu, unsigned cr);
void backend_cr_set(struct vcpu *vcpu, unsigned cr, uint64_t value);
uint64_t backend_efer_get(const struct vcpu *vcpu);
void backend_efer_set(struct vcpu *vcpu, uint64_t value);
void backend_segment_get(const struct vcpu *vcpu, enum x86_seg seg, struct x86_segment *out);
unsigned backend_cpl(const struct vcpu *vcpu);
/* 4-bit task priority that CR8 accesses of the guest go to without an exit. */
uint8_t backend_cr8_get(const struct vcpu *vcpu);
void backend_cr8_set(struct vcpu *vcpu, uint8_t cr8);
void backend_tsc_offset_set(struct vcpu *vcpu, uint64_t offset);

/* MSRs that the hardware switches with the guest: 0, or -ENOENT if this is none of them. */
must_check int backend_msr_get(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
must_check int backend_msr_set(struct vcpu *vcpu, uint32_t msr, uint64_t value);

/* The guest's translations are stale: dropped before its next entry. Own thread. */
void backend_tlb_flush(struct vcpu *vcpu);

#endif
