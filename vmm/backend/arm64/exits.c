/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/esr.h"
#include "arm64.h"
#include <arch/sysreg.h>

/* Why a guest has come back. Arm ARM (DDI 0487), D24.2.39 "ESR_EL2". */

const uint8_t arm64_simple_exits[ARM64_CLASSES] = {
    [ESR_HVC64] = EXIT_HYPERCALL,
    [ESR_SMC64] = EXIT_SMC,
    /* Of what is not offered: FP registers of other kinds, pointer authentication, AArch32's coprocessors. */
    [ESR_CP15_32] = EXIT_UNDEFINED,
    [ESR_CP15_64] = EXIT_UNDEFINED,
    [ESR_CP14_32] = EXIT_UNDEFINED,
    [ESR_CP14_LDC] = EXIT_UNDEFINED,
    [ESR_FP] = EXIT_UNDEFINED,
    [ESR_VMRS] = EXIT_UNDEFINED,
    [ESR_PAUTH] = EXIT_UNDEFINED,
    [ESR_CP14_64] = EXIT_UNDEFINED,
    [ESR_SVE] = EXIT_UNDEFINED,
    [ESR_SME] = EXIT_UNDEFINED,
    [ESR_ERET] = EXIT_UNDEFINED,
    [ESR_BREAKPOINT_LOWER] = EXIT_DEBUG,
    [ESR_STEP_LOWER] = EXIT_DEBUG,
    [ESR_WATCHPOINT_LOWER] = EXIT_DEBUG,
    [ESR_BKPT32] = EXIT_DEBUG,
    [ESR_BRK64] = EXIT_DEBUG,
};

static void raw(struct vmexit *exit, enum exit_kind kind, uint64_t code, uint64_t info)
{
    exit->kind = kind;
    exit->raw.code = code;
    exit->raw.info1 = info;
    exit->raw.info2 = 0;
}

#define PAR_F    BIT(0)
#define PAR_ADDR MASK(51, 12)

/*
 * What the guest's own tables make of an address: HPFAR_EL2 has nothing after a permission fault of the
 * access itself (D24.2.58). False: they do not map it any more; the access is to be tried again.
 */
static bool translate(uint64_t far, uint64_t *page)
{
    uint64_t guests = arch_sysreg_read(par_el1), par;

    __asm__ volatile("at s1e1r, %0; isb" ::"r"(far) : "memory");
    par = arch_sysreg_read(par_el1);
    arch_sysreg_write(par_el1, guests);
    *page = par & PAR_ADDR;
    return !(par & PAR_F);
}

/* Fault status: aborts that stage 2 makes are address size, translation, access flag and permission faults.
 */
#define FSC_STAGE2_END   0x10
#define FSC_TLB_CONFLICT 0x30

static void decode_fault(struct vcpu *vcpu, bool is_fetch)
{
    struct vmexit *exit = &vcpu->exit;
    uint64_t esr = vcpu->arch.esr, far = arch_sysreg_read(far_el2), page;
    unsigned fsc = esr_fsc(esr);
    bool is_walk = (esr & ESR_S1PTW) != 0, is_permission = fsc >> 2 == ESR_FAULT_PERMISSION;

    vcpu->arch.far = far;
    if (unlikely(fsc == FSC_TLB_CONFLICT)) {
        arm64_tlbi_vm();
        exit->kind = EXIT_NOTHING;
        return;
    }
    if (unlikely(fsc >= FSC_STAGE2_END)) {
        raw(exit, EXIT_SERROR, esr, far);
        return;
    }
    page = (arch_sysreg_read(hpfar_el2) & MASK(43, 4)) << 8;
    if (unlikely(is_permission && !is_walk) && !translate(far, &page)) {
        exit->kind = EXIT_NOTHING;
        return;
    }
    exit->kind = EXIT_STAGE2_FAULT;
    exit->fault.gpa = page | (is_walk ? 0 : far & (PAGE_SIZE - 1));
    /* A walk that may not write wants to set an access flag or dirty state. */
    exit->fault.is_write = is_walk ? is_permission : !is_fetch && (esr & ESR_WNR) != 0;
    exit->fault.is_fetch = is_fetch;
    exit->fault.is_present = is_permission;
    exit->fault.is_final = !is_walk;
}

static void decode_sysreg(const struct vcpu *vcpu, struct vmexit *exit)
{
    uint64_t esr = vcpu->arch.esr;

    exit->kind = EXIT_SYSREG;
    exit->sysreg.reg = (uint32_t)ARM64_SYSREG(FIELD(esr, 21, 20), FIELD(esr, 16, 14), FIELD(esr, 13, 10),
                                              FIELD(esr, 4, 1), FIELD(esr, 19, 17));
    exit->sysreg.rt = (uint8_t)FIELD(esr, 9, 5);
    exit->sysreg.is_read = (esr & 1) != 0;
}

/* Interrupts off: what the CPU tells of a fault is still there. */
void arm64_exit_decode(struct vcpu *vcpu, unsigned trap)
{
    struct vmexit *exit = &vcpu->exit;
    uint64_t esr = vcpu->arch.esr;

    if (trap == ARM64_TRAP_IRQ) {
        exit->kind = EXIT_HOST_IRQ;
        return;
    }
    if (trap == ARM64_TRAP_SERROR) {
        raw(exit, EXIT_SERROR, esr, 0);
        return;
    }
    switch (esr_class(esr)) {
    case ESR_WFX:
        exit->kind = esr & ESR_WFX_IS_WFE ? EXIT_PAUSE : EXIT_HALT;
        break;
    case ESR_SYSREG:
        decode_sysreg(vcpu, exit);
        break;
    case ESR_DABT_LOWER:
        decode_fault(vcpu, false);
        break;
    case ESR_IABT_LOWER:
        decode_fault(vcpu, true);
        break;
    case ESR_UNKNOWN:
        exit->kind = EXIT_UNDEFINED;
        break;
    default:
        raw(exit, EXIT_UNKNOWN, esr, 0);
        break;
    }
}
