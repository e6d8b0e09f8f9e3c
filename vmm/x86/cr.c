/* SPDX-License-Identifier: BSD-2-Clause */
#include "x86.h"

#include "../irqchip/x86.h"
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <arch/thread.h>
#include <errno.h>

#define CR4_VME   BIT(0)
#define CR4_PVI   BIT(1)
#define CR4_TSD   BIT(2)
#define CR4_DE    BIT(3)
#define CR4_PSE   BIT(4)
#define CR4_PCE   BIT(8)
#define CR4_PCIDE BIT(17)

/*
 * CR4 bits by the CPUID bit that announces them to the guest (SDM vol. 3A, 2.5). What is not here, the
 * guest's CPU does not have: VMXE and SMXE (no nesting yet), LA57 (nested paging has four levels), PKE, CET.
 */
static const struct {
    uint64_t cr4;
    uint32_t leaf;
    uint8_t reg; /* 1 EBX, 2 ECX, 3 EDX */
    uint8_t bit;
} cr4_features[] = {
    {CR4_OSXSAVE, 1, 2, 26}, {CR4_PCIDE, 1, 2, 17}, {CR4_SMEP, 7, 1, 7},
    {CR4_SMAP, 7, 1, 20},    {CR4_UMIP, 7, 2, 2},   {CR4_FSGSBASE, 7, 1, 0},
};

static uint64_t cr4_allowed(void)
{
    static uint64_t allowed; /* the same on every CPU; computed once */
    uint64_t bits = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE |
                    CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (allowed != 0)
        return allowed;
    for (unsigned i = 0; i < ARRAY_SIZE(cr4_features); i++) {
        struct cpuid r = arch_cpuid(cr4_features[i].leaf, 0);

        if ((&r.eax)[cr4_features[i].reg] >> cr4_features[i].bit & 1)
            bits |= cr4_features[i].cr4;
    }
    allowed = bits;
    return bits;
}

uint64_t x86_efer_allowed(void)
{
    return EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
}

/* x87, SSE and AVX, as far as the host's CPU has them: what the FPU state area is made for. */
uint64_t x86_xcr0_allowed(void)
{
    return arch_fpu_guest_components();
}

static int cr0_write(struct vcpu *vcpu, uint64_t value)
{
    uint64_t old = backend_cr_get(vcpu, 0), efer = backend_efer_get(vcpu), cr4 = backend_cr_get(vcpu, 4);
    struct x86_segment cs;

    /* SDM vol. 3A, 2.5, and vol. 2, MOV to control registers. */
    if ((value >> 32) || ((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
        return -EINVAL;
    if ((value & CR0_PG) && !(old & CR0_PG) && (efer & EFER_LME)) {
        backend_segment_get(vcpu, X86_SEG_CS, &cs);
        if (!(cr4 & CR4_PAE) || (cs.attributes & X86_SEGMENT_LONG))
            return -EINVAL;
        backend_efer_set(vcpu, efer | EFER_LMA);
    } else if (!(value & CR0_PG) && (old & CR0_PG)) {
        backend_segment_get(vcpu, X86_SEG_CS, &cs);
        if ((efer & EFER_LMA) && (cs.attributes & X86_SEGMENT_LONG))
            return -EINVAL;
        backend_efer_set(vcpu, efer & ~(uint64_t)EFER_LMA);
    }
    backend_cr_set(vcpu, 0, value | CR0_ET);
    backend_tlb_flush(vcpu);
    return 0;
}

static int cr4_write(struct vcpu *vcpu, uint64_t value)
{
    uint64_t old = backend_cr_get(vcpu, 4);

    if (value & ~cr4_allowed())
        return -EINVAL;
    if ((backend_efer_get(vcpu) & EFER_LMA) && !(value & CR4_PAE))
        return -EINVAL;
    if ((value & ~old & CR4_PCIDE) &&
        (!(backend_efer_get(vcpu) & EFER_LMA) || (backend_cr_get(vcpu, 3) & 0xfff)))
        return -EINVAL;
    backend_cr_set(vcpu, 4, value);
    /* Changing these drops translations, global ones too (SDM vol. 3A, 5.10.4.1). */
    if ((value ^ old) & (CR4_PGE | CR4_PAE | CR4_PSE | CR4_SMEP | CR4_SMAP | CR4_PCIDE))
        backend_tlb_flush(vcpu);
    return 0;
}

int x86_cr_write(struct vcpu *vcpu, unsigned cr, uint64_t value)
{
    switch (cr) {
    case 0:
        return cr0_write(vcpu, value);
    case 2:
        backend_cr_set(vcpu, 2, value);
        return 0;
    case 3:
        backend_cr_set(vcpu, 3, value);
        backend_tlb_flush(vcpu);
        return 0;
    case 4:
        return cr4_write(vcpu, value);
    case 8:
        if (value >> 4)
            return -EINVAL;
        lapic_cr8_set(vcpu->arch.lapic, (uint8_t)value);
        return 0;
    default:
        return -EINVAL;
    }
}

uint64_t x86_cr_read(struct vcpu *vcpu, unsigned cr)
{
    return cr == 8 ? lapic_cr8_get(vcpu->arch.lapic) : backend_cr_get(vcpu, cr);
}

int x86_xcr_write(struct vcpu *vcpu, uint32_t xcr, uint64_t value)
{
    /* SDM vol. 1, 13.3: x87 always, AVX only with SSE, nothing that is not offered. */
    if (xcr != 0 || !(value & 1) || (value & ~x86_xcr0_allowed()) || ((value & 4) && !(value & 2)))
        return -EINVAL;
    vcpu->arch.xcr0 = value;
    backend_xcr0_changed(vcpu);
    return 0;
}
