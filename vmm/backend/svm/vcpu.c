/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <arch/thread.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../vm/vm.h"
#include "svm.h"

static void intercepts_set(struct vmcb_control *c)
{
    /*
     * CR3 belongs to the guest, and CR0 but for its rarer bits; CR4 has bits that must agree with CPUID; CR8
     * is the local APIC's.
     */
    c->intercept_cr = SVM_INTERCEPT_CR_WRITE(4) | SVM_INTERCEPT_CR_READ(8) | SVM_INTERCEPT_CR_WRITE(8);
    /*
     * #MC is the host's. #DB and #AC can be made to recur endlessly inside their own delivery, which no host
     * interrupt ends (CVE-2015-5307, CVE-2015-8104).
     */
    c->intercept_exceptions = BIT(X86_MC) | BIT(X86_DB) | BIT(X86_AC);
    c->intercept1 = SVM_INTERCEPT1_INTR | SVM_INTERCEPT1_NMI | SVM_INTERCEPT1_SMI | SVM_INTERCEPT1_INIT |
                    SVM_INTERCEPT1_CR0_SEL | SVM_INTERCEPT1_RDPMC | SVM_INTERCEPT1_CPUID |
                    SVM_INTERCEPT1_INVD | SVM_INTERCEPT1_HLT | SVM_INTERCEPT1_INVLPGA | SVM_INTERCEPT1_IOIO |
                    SVM_INTERCEPT1_MSR | SVM_INTERCEPT1_TASK | SVM_INTERCEPT1_FERR | SVM_INTERCEPT1_SHUTDOWN;
    c->intercept2 = SVM_INTERCEPT2_VMRUN | SVM_INTERCEPT2_VMMCALL | SVM_INTERCEPT2_VMLOAD |
                    SVM_INTERCEPT2_VMSAVE | SVM_INTERCEPT2_STGI | SVM_INTERCEPT2_CLGI |
                    SVM_INTERCEPT2_SKINIT | SVM_INTERCEPT2_WBINVD | SVM_INTERCEPT2_MONITOR |
                    SVM_INTERCEPT2_MWAIT | SVM_INTERCEPT2_XSETBV;
}

int backend_vcpu_init(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;
    hpa_t page = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);

    if (!hpa_valid(page))
        return -ENOMEM;
    b->vmcb = hpa_to_ptr(page);
    b->vmcb_pa = page.v;
    intercepts_set(&b->vmcb->control);
    b->vmcb->control.iopm_base = svm_io_map().v;
    b->vmcb->control.msrpm_base = svm_msr_map().v;
    b->vmcb->control.nested_control = SVM_NESTED_PAGING;
    b->vmcb->control.nested_cr3 = stage2_root(&vcpu->vm->stage2).v;
    b->vmcb->control.virtual_interrupt = SVM_VI_INTR_MASKING;
    return 0;
}

void backend_vcpu_fini(struct vcpu *vcpu)
{
    if (vcpu->backend.vmcb != NULL)
        page_free(hpa(vcpu->backend.vmcb_pa), PAGE_ORDER_4K);
    vcpu->backend.vmcb = NULL;
}

/* The save area's order of segments, by ours. */
static struct vmcb_segment *segment_of(struct vmcb_save *s, enum x86_seg seg)
{
    static const uint16_t offsets[X86_SEGS_ALL] = {
        [X86_SEG_ES] = offsetof(struct vmcb_save, es),     [X86_SEG_CS] = offsetof(struct vmcb_save, cs),
        [X86_SEG_SS] = offsetof(struct vmcb_save, ss),     [X86_SEG_DS] = offsetof(struct vmcb_save, ds),
        [X86_SEG_FS] = offsetof(struct vmcb_save, fs),     [X86_SEG_GS] = offsetof(struct vmcb_save, gs),
        [X86_SEG_LDTR] = offsetof(struct vmcb_save, ldtr), [X86_SEG_TR] = offsetof(struct vmcb_save, tr),
    };

    return (struct vmcb_segment *)((char *)s + offsets[seg]);
}

void backend_segment_get(const struct vcpu *vcpu, enum x86_seg seg, struct x86_segment *out)
{
    const struct vmcb_segment *s = segment_of(&vcpu->backend.vmcb->save, seg);

    *out = (struct x86_segment){s->base, s->limit, s->attributes, s->selector};
}

void backend_regs_set(struct vcpu *vcpu, const struct x86_regs *r)
{
    struct vmcb *v = vcpu->backend.vmcb;
    struct vmcb_save *s = &v->save;

    memcpy(vcpu->arch.gpr, r->gpr, sizeof(vcpu->arch.gpr));
    s->rip = r->rip;
    s->rflags = r->rflags;
    for (unsigned i = 0; i < X86_SEGS_ALL; i++) {
        const struct x86_segment *seg = &r->seg[i];

        *segment_of(s, (enum x86_seg)i) =
            (struct vmcb_segment){seg->selector, seg->attributes, seg->limit, seg->base};
    }
    s->gdtr = (struct vmcb_segment){.limit = r->gdtr.limit, .base = r->gdtr.base};
    s->idtr = (struct vmcb_segment){.limit = r->idtr.limit, .base = r->idtr.base};
    s->cpl = (uint8_t)X86_SEGMENT_DPL(s->ss.attributes);
    backend_cr_set(vcpu, 0, r->cr0);
    s->cr2 = r->cr2;
    s->cr3 = r->cr3;
    s->cr4 = r->cr4;
    s->efer = r->efer | EFER_SVME; /* VMRUN demands it (APM vol. 2, 15.5.1); the guest does not see it */
    s->dr6 = r->dr6;
    s->dr7 = r->dr7;
    v->control.intercept_dr = SVM_INTERCEPT_DR_FIRST_USE;
    vcpu->backend.uses_debug_registers = false;
    backend_xcr0_changed(vcpu);
    memcpy(vcpu->backend.dr, (uint64_t[]){r->dr0, r->dr1, r->dr2, r->dr3}, sizeof(vcpu->backend.dr));
    v->control.event_injection = 0;
    v->control.exit_int_info = 0;
    v->control.interrupt_shadow = 0;
    v->control.virtual_interrupt = SVM_VI_INTR_MASKING;
    v->control.intercept1 &= ~(uint32_t)(SVM_INTERCEPT1_VINTR | SVM_INTERCEPT1_IRET);
    vcpu->backend.in_nmi = false;
    vcpu->backend.is_iret_seen = false;
    backend_tlb_flush(vcpu);
}

void backend_regs_get(struct vcpu *vcpu, struct x86_regs *r)
{
    const struct vmcb_save *s = &vcpu->backend.vmcb->save;

    memset(r, 0, sizeof(*r));
    memcpy(r->gpr, vcpu->arch.gpr, sizeof(r->gpr));
    r->rip = s->rip;
    r->rflags = s->rflags;
    for (unsigned i = 0; i < X86_SEGS_ALL; i++)
        backend_segment_get(vcpu, (enum x86_seg)i, &r->seg[i]);
    r->gdtr = (struct x86_table){s->gdtr.base, (uint16_t)s->gdtr.limit};
    r->idtr = (struct x86_table){s->idtr.base, (uint16_t)s->idtr.limit};
    r->cr0 = backend_cr_get(vcpu, 0);
    r->cr2 = s->cr2;
    r->cr3 = s->cr3;
    r->cr4 = s->cr4;
    r->efer = backend_efer_get(vcpu);
    r->dr0 = vcpu->backend.dr[0];
    r->dr1 = vcpu->backend.dr[1];
    r->dr2 = vcpu->backend.dr[2];
    r->dr3 = vcpu->backend.dr[3];
    r->dr6 = s->dr6;
    r->dr7 = s->dr7;
}

void backend_xcr0_changed(struct vcpu *vcpu)
{
    /* Without OSXSAVE nothing of XCR0 can be seen or used (SDM vol. 1, 13.3). */
    bool has_other_xcr0 = (backend_cr_get(vcpu, 4) & CR4_OSXSAVE) != 0 &&
                          vcpu->arch.xcr0 != vcpu->arch.xcr0_host && vcpu->arch.xcr0_host != 0;

    vcpu->backend.has_rare_state = vcpu->backend.uses_debug_registers || has_other_xcr0;
}

void svm_debug_registers_use(struct vcpu *vcpu)
{
    vcpu->backend.uses_debug_registers = true;
    vcpu->backend.vmcb->control.intercept_dr = 0;
    backend_xcr0_changed(vcpu);
}

static void debug_registers_load(const uint64_t dr[4])
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3" ::"r"(dr[0]), "r"(dr[1]),
                     "r"(dr[2]), "r"(dr[3]));
}

static void debug_registers_save(uint64_t dr[4])
{
    __asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
                     : "=r"(dr[0]), "=r"(dr[1]), "=r"(dr[2]), "=r"(dr[3]));
}

/* State that neither VMRUN nor VMLOAD switches, and that most guests leave as the host has it. */
void svm_rare_state_enter(struct vcpu *vcpu)
{
    if (vcpu->backend.uses_debug_registers)
        debug_registers_load(vcpu->backend.dr);
    if (vcpu->arch.xcr0 != vcpu->arch.xcr0_host && vcpu->arch.xcr0_host != 0)
        arch_xcr0_set(vcpu->arch.xcr0);
}

void svm_rare_state_leave(struct vcpu *vcpu)
{
    if (vcpu->backend.uses_debug_registers)
        debug_registers_save(vcpu->backend.dr);
    if (vcpu->arch.xcr0 != vcpu->arch.xcr0_host && vcpu->arch.xcr0_host != 0)
        arch_xcr0_set(vcpu->arch.xcr0_host);
}

#define CR0_INTERCEPTS (SVM_INTERCEPT_CR_READ(0) | SVM_INTERCEPT_CR_WRITE(0))

void backend_cr_set(struct vcpu *vcpu, unsigned cr, uint64_t value)
{
    struct vmcb_save *s = &vcpu->backend.vmcb->save;

    switch (cr) {
    case 0:
        vcpu->backend.cr0_cache_bits = value & (CR0_CD | CR0_NW);
        s->cr0 = value & ~(CR0_CD | CR0_NW);
        /* Shown only, the bits do not change for the CPU: a selective intercept would not see them cleared.
         */
        if (vcpu->backend.cr0_cache_bits)
            vcpu->backend.vmcb->control.intercept_cr |= CR0_INTERCEPTS;
        else
            vcpu->backend.vmcb->control.intercept_cr &= ~(uint32_t)CR0_INTERCEPTS;
        break;
    case 2:
        s->cr2 = value;
        break;
    case 3:
        s->cr3 = value;
        break;
    default:
        s->cr4 = value;
        backend_xcr0_changed(vcpu);
        break;
    }
}

void backend_efer_set(struct vcpu *vcpu, uint64_t value)
{
    vcpu->backend.vmcb->save.efer = value | EFER_SVME;
}

void backend_dr_get(const struct vcpu *vcpu, uint64_t dr[4])
{
    memcpy(dr, vcpu->backend.dr, sizeof(vcpu->backend.dr));
}

void backend_dr6_or(struct vcpu *vcpu, uint64_t bits)
{
    vcpu->backend.vmcb->save.dr6 |= bits;
}

void backend_dr7_unguard(struct vcpu *vcpu)
{
    vcpu->backend.vmcb->save.dr7 &= ~X86_DR7_GD;
}

void backend_tsc_offset_set(struct vcpu *vcpu, uint64_t offset)
{
    vcpu->backend.vmcb->control.tsc_offset = offset;
}

static uint64_t *switched_msr(struct vcpu *vcpu, uint32_t msr)
{
    struct vmcb_save *s = &vcpu->backend.vmcb->save;

    switch (msr) {
    case 0x174:
        return &s->sysenter_cs;
    case 0x175:
        return &s->sysenter_esp;
    case 0x176:
        return &s->sysenter_eip;
    case MSR_PAT:
        return &s->g_pat;
    case 0x1d9:
        return &s->dbgctl;
    case 0xc0000081:
        return &s->star;
    case 0xc0000082:
        return &s->lstar;
    case 0xc0000083:
        return &s->cstar;
    case 0xc0000084:
        return &s->sfmask;
    case MSR_FS_BASE:
        return &s->fs.base;
    case MSR_GS_BASE:
        return &s->gs.base;
    case 0xc0000102:
        return &s->kernel_gs_base;
    default:
        return NULL;
    }
}

int backend_msr_get(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    const uint64_t *p = switched_msr(vcpu, msr);

    if (p == NULL)
        return -ENOENT;
    *value = *p;
    return 0;
}

int backend_msr_set(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    uint64_t *p = switched_msr(vcpu, msr);

    if (p == NULL)
        return -ENOENT;
    *p = value;
    return 0;
}
