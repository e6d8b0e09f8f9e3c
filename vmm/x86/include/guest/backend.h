/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_BACKEND_H
#define GUEST_BACKEND_H

#include "../../../vm/vcpu.h"
#include "../../regs.h"

/*
 * What vmm/x86 asks of a backend beyond <backend.h>, which includes this. Calls on a vCPU come from its own
 * thread, unless said otherwise.
 */
/* Loads the architectural state; *regs as x86_regs_reset() left it, or as a boot protocol changed it. */
void backend_regs_set(struct vcpu *vcpu, const struct x86_regs *regs);
void backend_regs_get(struct vcpu *vcpu, struct x86_regs *regs);

/* Address of the instruction after the one that exited, if the hardware has told it; else 0. */
static inline uint64_t backend_next_rip(const struct vcpu *vcpu);

/* --- events: valid before the next entry --- */

/* Whether an external interrupt / NMI could be injected right now (RFLAGS.IF, shadows, nothing pending). */
static inline bool backend_irq_allowed(const struct vcpu *vcpu);
bool backend_nmi_allowed(const struct vcpu *vcpu);
static inline void backend_inject_irq(struct vcpu *vcpu, uint8_t vector);
/* The interrupt that waits for injection (BACKEND_EVENT_IRQ) no longer does. */
void backend_take_back_irq(struct vcpu *vcpu);
void backend_inject_nmi(struct vcpu *vcpu);
void backend_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error, uint32_t error);
/* What waits for injection, an event whose delivery an exit has interrupted included. */
enum backend_event { BACKEND_EVENT_NONE, BACKEND_EVENT_IRQ, BACKEND_EVENT_NMI, BACKEND_EVENT_EXCEPTION };
static inline enum backend_event backend_event_pending(const struct vcpu *vcpu, uint8_t *vector);
/* An NMI that waits for injection is not delivered after all: another may come. */
void backend_nmi_forget(struct vcpu *vcpu);
/* Asks for EXIT_IRQ_WINDOW / EXIT_NMI_WINDOW as soon as the guest can take one; or no longer. */
void backend_irq_window(struct vcpu *vcpu, bool wanted);
void backend_nmi_window(struct vcpu *vcpu, bool wanted);
/* The instruction that exited has been emulated: the next one is at `rip`, and interrupt shadows end. Returns
 * RFLAGS. */
static inline uint64_t backend_continue_at(struct vcpu *vcpu, uint64_t rip);
/* With EXIT_IO, until the next entry: what the access is. */
static inline struct exit_io backend_io(const struct vcpu *vcpu);

/* --- state that policy code touches --- */

static inline uint64_t backend_rip(const struct vcpu *vcpu);
static inline void backend_rip_set(struct vcpu *vcpu, uint64_t rip);
static inline uint64_t backend_rflags(const struct vcpu *vcpu);
static inline void backend_rflags_set(struct vcpu *vcpu, uint64_t rflags);
static inline uint64_t backend_cr_get(const struct vcpu *vcpu, unsigned cr);
/* CR0's CD and NW are only shown to the guest: uncached memory would slow down others. */
void backend_cr_set(struct vcpu *vcpu, unsigned cr, uint64_t value);
static inline uint64_t backend_efer_get(const struct vcpu *vcpu);
void backend_efer_set(struct vcpu *vcpu, uint64_t value);
/* What the guest has in its debug registers. */
static inline uint64_t backend_dr7(const struct vcpu *vcpu);
void backend_dr_get(const struct vcpu *vcpu, uint64_t dr[4]);
/* Adds bits to DR6: why a #DB that is about to be injected has come. */
void backend_dr6_or(struct vcpu *vcpu, uint64_t bits);
/* Clears DR7.GD, as the processor does when it enters the handler of a #DB: injection does not. */
void backend_dr7_unguard(struct vcpu *vcpu);
void backend_segment_get(const struct vcpu *vcpu, enum x86_seg seg, struct x86_segment *out);
/* CS alone, whose attributes say how wide code is. */
static inline uint16_t backend_cs_attributes(const struct vcpu *vcpu);
static inline unsigned backend_cpl(const struct vcpu *vcpu);
/* The guest has another XCR0: vcpu->arch.xcr0. */
void backend_xcr0_changed(struct vcpu *vcpu);
void backend_tsc_offset_set(struct vcpu *vcpu, uint64_t offset);
/* What RDTSCP and RDPID give. */
void backend_tsc_aux_set(struct vcpu *vcpu, uint64_t value);

/* MSRs that the hardware switches with the guest: 0, or -ENOENT if this is none of them. */
must_check int backend_msr_get(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
must_check int backend_msr_set(struct vcpu *vcpu, uint32_t msr, uint64_t value);

#endif
