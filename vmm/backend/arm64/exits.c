/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/esr.h"
#include "arm64.h"
#include "decode.h"
#include <arch/sysreg.h>

/* Why a guest has come back. Arm ARM (DDI 0487), D24.2.39 "ESR_EL2". */

/* Classes that the architecture has not: what vectors.S leaves of an interrupt, and of an SError that arrived
 * right behind the exit. */
#define CLASS_IRQ    0x3f
#define CLASS_BEHIND 0x3e

const uint8_t arm64_simple_exits[ARM64_CLASSES] = {
    [CLASS_IRQ] = EXIT_HOST_IRQ,
    [ESR_WFX] = EXIT_HALT, /* WFE does not trap */
    [ESR_HVC64] = EXIT_HYPERCALL,
    [ESR_SMC64] = EXIT_SMC,
    [ESR_FP] = EXIT_FP,
    [ESR_SVE] = EXIT_FP,
    /* Of what is not offered: FP registers of other kinds, pointer authentication, accesses of 64 bytes and
     * to system registers of 128 bits, AArch32's coprocessors. */
    [ESR_CP15_32] = EXIT_UNDEFINED,
    [ESR_CP15_64] = EXIT_UNDEFINED,
    [ESR_CP14_32] = EXIT_UNDEFINED,
    [ESR_CP14_LDC] = EXIT_UNDEFINED,
    [ESR_VMRS] = EXIT_UNDEFINED,
    [ESR_PAUTH] = EXIT_UNDEFINED,
    [ESR_LS64] = EXIT_UNDEFINED,
    [ESR_CP14_64] = EXIT_UNDEFINED,
    [ESR_SYSREG128] = EXIT_UNDEFINED,
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

static void decode_fault(struct vcpu *vcpu, bool is_fetch)
{
    struct vmexit *exit = &vcpu->exit;
    uint64_t esr = vcpu->arch.esr, far = arch_sysreg_read(far_el2), page;
    enum arm64_abort kind = arm64_abort_kind(esr);

    vcpu->arch.far = far;
    if (unlikely(kind == ARM64_ABORT_TLB_CONFLICT)) {
        /* Of the guest's own making (FEAT_BBM), on this CPU: D8.16, "TLB conflict aborts". */
        __asm__ volatile("tlbi vmalls12e1; dsb nsh; isb" ::: "memory");
        exit->kind = EXIT_NOTHING;
        return;
    }
    /* As if the guest's own tables said what the memory is: it is told that it is a device (GICC). */
    if (unlikely(kind == ARM64_ABORT_DEVICE)) {
        backend_inject_abort(vcpu, is_fetch, esr_fsc(esr) | (esr & (ESR_WNR | ESR_CM)), far);
        exit->kind = EXIT_NOTHING;
        return;
    }
    if (unlikely(kind == ARM64_ABORT_EXTERNAL)) {
        raw(exit, EXIT_SERROR, esr, far);
        return;
    }
    page = ARM64_HPFAR_PAGE(arch_sysreg_read(hpfar_el2));
    if (unlikely(!arm64_abort_has_page(esr)) && !translate(far, &page)) {
        exit->kind = EXIT_NOTHING;
        return;
    }
    exit->kind = EXIT_STAGE2_FAULT;
    exit->fault.gpa = arm64_abort_address(esr, page, far);
    exit->fault.is_write = arm64_abort_is_write(esr, is_fetch);
    exit->fault.is_fetch = is_fetch;
    exit->fault.is_present = arm64_abort_is_permission(esr);
    exit->fault.is_final = arm64_abort_is_final(esr);
}

/* The bits that tell one data abort from the next: here they say translation fault, not on a walk. */
#define ABORT_KIND        (ESR_S1PTW | 0x3c)
#define ABORT_TRANSLATION (ESR_FAULT_TRANSLATION << 2)

/* Every access to a device is one of these. */
static always_inline bool decode_device_access(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t far;

    if (unlikely((esr & ABORT_KIND) != ABORT_TRANSLATION))
        return false;
    far = arch_sysreg_read(far_el2);
    vcpu->arch.far = far;
    vcpu->exit.kind = EXIT_STAGE2_FAULT;
    vcpu->exit.fault.gpa = ARM64_HPFAR_PAGE(arch_sysreg_read(hpfar_el2)) | (far & (PAGE_SIZE - 1));
    vcpu->exit.fault.is_write = (esr & ESR_WNR) != 0;
    vcpu->exit.fault.is_fetch = false;
    vcpu->exit.fault.is_present = false;
    vcpu->exit.fault.is_final = true;
    return true;
}

/* The exit itself goes on; the guest hears of the error by a virtual one. */
static void decode_behind(struct vcpu *vcpu)
{
    uint64_t serror = ESR_CLASS(ESR_SERROR) | (vcpu->arch.behind[1] & ESR_ISS);
    uint8_t kind;

    vcpu->arch.esr = vcpu->arch.behind[0];
    kind = arm64_simple_exits[esr_class(vcpu->arch.esr)];
    if (kind != 0)
        vcpu->exit.kind = (enum exit_kind)kind;
    else
        arm64_exit_decode(vcpu);
    if (!esr_serror_is_harmless(serror))
        backend_inject_serror(vcpu, serror);
}

static no_inline void decode_rare(struct vcpu *vcpu, uint64_t esr)
{
    struct vmexit *exit = &vcpu->exit;

    switch ((unsigned)esr_class(esr)) {
    case ESR_DABT_LOWER:
        decode_fault(vcpu, false);
        break;
    case ESR_IABT_LOWER:
        decode_fault(vcpu, true);
        break;
    case ESR_UNKNOWN:
        exit->kind = EXIT_UNDEFINED;
        break;
    case ESR_SERROR:
        raw(exit, EXIT_SERROR, esr, 0);
        break;
    case CLASS_BEHIND:
        decode_behind(vcpu);
        break;
    default:
        raw(exit, EXIT_UNKNOWN, esr, 0);
        break;
    }
}

/* Interrupts off: what the CPU tells of a fault is still there. */
void arm64_exit_decode(struct vcpu *vcpu)
{
    uint64_t esr = vcpu->arch.esr;

    if (esr_class(esr) == ESR_DABT_LOWER && decode_device_access(vcpu, esr))
        return;
    if (esr_class(esr) == ESR_SYSREG) {
        vcpu->exit.kind = EXIT_SYSREG;
        vcpu->exit.sysreg = arm64_sysreg_decode(esr);
    } else {
        decode_rare(vcpu, esr);
    }
}
