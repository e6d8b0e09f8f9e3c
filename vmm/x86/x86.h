/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_X86_H
#define VMM_X86_X86_H

#include "../backend/backend.h"
#include "../vm/arch.h"

/* Policy shared by all x86 backends: what a guest's CPU is. All on the vCPU's thread. */

/* What follows an instruction besides RIP: RF is cleared; with TF set, a single-step #DB (vcpu.c). */
void x86_instruction_done(struct vcpu *vcpu);

/* The instruction that exited, or was emulated, is over: the next one is at `rip`. */
static always_inline void x86_continue_at(struct vcpu *vcpu, uint64_t rip)
{
    if (unlikely(backend_continue_at(vcpu, rip) & (X86_RFLAGS_TF | X86_RFLAGS_RF)))
        x86_instruction_done(vcpu);
}

/* The instruction did not happen; the guest gets an exception instead. With an event that waits for its
 * delivery it is combined as the CPU would. */
void x86_fault(struct vcpu *vcpu, enum x86_vector vector, uint32_t error);
void x86_page_fault(struct vcpu *vcpu, uint64_t linear, uint32_t error);

/* EXIT_CPUID: answers by table (cpuid.c). */
void x86_cpuid_exit(struct vcpu *vcpu);

/* RDMSR / WRMSR by table (msr.c). Nonzero: the access faults (#GP). */
must_check int x86_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
must_check int x86_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value);

/* Control registers (cr.c): checks what the guest's CPUID promises. Nonzero: #GP. */
must_check int x86_cr_write(struct vcpu *vcpu, unsigned cr, uint64_t value);
uint64_t x86_cr_read(struct vcpu *vcpu, unsigned cr);
must_check int x86_xcr_write(struct vcpu *vcpu, uint32_t xcr, uint64_t value);

/* Bits of EFER / XCR0 that the guest may set. */
uint64_t x86_efer_allowed(void);
uint64_t x86_xcr0_allowed(void);

/* MSRs that software keeps, as after power-on. */
void x86_msrs_reset(struct vcpu *vcpu);

/* The guest's TSC and what is derived from it have moved (pvclock.c). */
void x86_clock_update(struct vcpu *vcpu);

/* Decodes and executes the instruction at RIP: MMIO, string I/O, control registers (emulate.c). */
void x86_emulate_current(struct vcpu *vcpu);

/* Address behind the instruction at RIP, by decoding it; 0 if it cannot be read. */
uint64_t x86_next_rip(struct vcpu *vcpu);

#endif
