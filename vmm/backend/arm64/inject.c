/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/esr.h"
#include "arm64.h"
#include "pstate.h"

void backend_inject_sync(struct vcpu *vcpu, uint64_t esr)
{
    struct backend_vcpu *b = &vcpu->backend;

    arm64_sync(vcpu);
    b->el1[ARM64_ELR_EL1] = vcpu->arch.pc;
    b->el1[ARM64_SPSR_EL1] = vcpu->arch.pstate;
    b->el1[ARM64_ESR_EL1] = esr | (vcpu->arch.esr & ESR_IL);
    vcpu->arch.pc = b->el1[ARM64_VBAR_EL1] + arm64_vector_offset(vcpu->arch.pstate);
    vcpu->arch.pstate = arm64_pstate_exception(vcpu->arch.pstate, b->el1[ARM64_SCTLR_EL1]);
    b->is_changed = true;
}

void backend_inject_undefined(struct vcpu *vcpu)
{
    backend_inject_sync(vcpu, ESR_CLASS(ESR_UNKNOWN));
}

/* From the level that it is taken to, or from below: the class says so. */
void backend_inject_abort(struct vcpu *vcpu, bool is_fetch, uint64_t iss, uint64_t far)
{
    bool is_same = arm64_pstate_is_el1(vcpu->arch.pstate);
    unsigned class =
        is_fetch ? (is_same ? ESR_IABT_SAME : ESR_IABT_LOWER) : (is_same ? ESR_DABT_SAME : ESR_DABT_LOWER);

    arm64_sync(vcpu);
    vcpu->backend.el1[ARM64_FAR_EL1] = far;
    backend_inject_sync(vcpu, ESR_CLASS(class) | iss);
}

void backend_inject_serror(struct vcpu *vcpu, uint64_t esr)
{
    arm64_sync(vcpu);
    vcpu->backend.hcr |= HCR_VSE;
    vcpu->backend.vsesr = esr & ESR_ISS;
    vcpu->backend.is_changed = true;
}

/* A trapped instruction of a program in AArch32: four bytes, or two of Thumb; its IT block goes on. */
void arm64_skip_a32(struct vcpu *vcpu)
{
    vcpu->arch.pc += vcpu->arch.esr & ESR_IL ? 4 : 2;
    vcpu->arch.pstate = arm64_pstate_skip_a32(vcpu->arch.pstate);
}
