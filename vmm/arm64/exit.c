/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/arch.h"
#include "../vm/vm.h"
#include "arm64.h"
#include "esr.h"

/* Exits of arm64 guests. The common ones are a straight line: no lock, no allocation. Handlers are not
 * inline, so that each saves the registers that it uses and no other's. */

/* A wait with a timeout (FEAT_WFxT, which guests are not told of) may end at any time: it ends at once. */
static no_inline void handle_halt(struct vcpu *vcpu)
{
    backend_skip(vcpu);
    if (likely(!(vcpu->arch.esr & (ESR_WFX_IS_T | ESR_WFX_IS_WFE))))
        vcpu_wait(vcpu);
}

/* A trapped SMC is not done yet; HVC is (Arm ARM, D1.3.5). Only EL1 has it, which is in AArch64. */
static void handle_smc(struct vcpu *vcpu)
{
    backend_skip_a64(vcpu);
    call_exit(vcpu);
}

static no_inline void handle_rare(struct vcpu *vcpu)
{
    const struct vmexit *e = &vcpu->exit;

    switch (e->kind) {
    case EXIT_FP:
        if (!backend_fp_use(vcpu))
            backend_inject_undefined(vcpu);
        break;
    case EXIT_UNDEFINED:
        backend_inject_undefined(vcpu);
        break;
    case EXIT_PAUSE:
        backend_skip(vcpu);
        break;
    case EXIT_SERROR:
        if (!esr_serror_is_harmless(e->raw.code))
            vm_crash(vcpu, "SError, syndrome %#llx", (unsigned long long)e->raw.code);
        break;
    case EXIT_FAIL_ENTRY:
        vm_crash(vcpu, "the CPU refuses the guest's state (syndrome %#llx, PSTATE %#llx)",
                 (unsigned long long)vcpu->arch.esr, (unsigned long long)vcpu->arch.pstate);
        break;
    default:
        vm_crash(vcpu, "unexpected exit (syndrome %#llx)", (unsigned long long)vcpu->arch.esr);
        break;
    }
}

void exit_handle(struct vcpu *vcpu)
{
    switch (vcpu->exit.kind) {
    case EXIT_HOST_IRQ:
    case EXIT_NOTHING:
        break;
    case EXIT_STAGE2_FAULT:
        fault_exit(vcpu);
        break;
    case EXIT_HALT:
        handle_halt(vcpu);
        break;
    case EXIT_HYPERCALL:
        call_exit(vcpu);
        break;
    case EXIT_SMC:
        handle_smc(vcpu);
        break;
    case EXIT_SYSREG:
        sysreg_exit(vcpu);
        break;
    default:
        handle_rare(vcpu);
        break;
    }
}
