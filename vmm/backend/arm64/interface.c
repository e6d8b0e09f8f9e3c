/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../irqchip/gic/gic.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/ppi.h>
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/thread.h>

/*
 * The virtual CPU interface: GICv3 (IHI 0069), 12.4. In the CPU while the vCPU is live, in the image of
 * vmm/irqchip/gic otherwise.
 */
#define ICH_HCR  s3_4_c12_c11_0
#define ICH_VTR  s3_4_c12_c11_1
#define ICH_VMCR s3_4_c12_c11_7
#define ICC_SRE  s3_0_c12_c12_5

#define HCR_EOICOUNT MASK(31, 27)

/* Without a word of firmware: DEN0029, "PPI assignments". */
#define MAINTENANCE_DEFAULT 25

#define LR_LIST(X)        \
    X(0, s3_4_c12_c12_0)  \
    X(1, s3_4_c12_c12_1)  \
    X(2, s3_4_c12_c12_2)  \
    X(3, s3_4_c12_c12_3)  \
    X(4, s3_4_c12_c12_4)  \
    X(5, s3_4_c12_c12_5)  \
    X(6, s3_4_c12_c12_6)  \
    X(7, s3_4_c12_c12_7)  \
    X(8, s3_4_c12_c13_0)  \
    X(9, s3_4_c12_c13_1)  \
    X(10, s3_4_c12_c13_2) \
    X(11, s3_4_c12_c13_3) \
    X(12, s3_4_c12_c13_4) \
    X(13, s3_4_c12_c13_5) \
    X(14, s3_4_c12_c13_6) \
    X(15, s3_4_c12_c13_7)

static uint64_t lr_read(unsigned n)
{
    switch (n) {
#define LR_READ(number, name) \
    case number:              \
        return arch_sysreg_read(name);
        LR_LIST(LR_READ)
#undef LR_READ
    default:
        return 0;
    }
}

static void lr_write(unsigned n, uint64_t value)
{
    switch (n) {
#define LR_WRITE(number, name)          \
    case number:                        \
        arch_sysreg_write(name, value); \
        break;
        LR_LIST(LR_WRITE)
#undef LR_WRITE
    default:
        break;
    }
}

/* Of five bits of priority there is one register of each group, of six two, of seven four. */
static unsigned apr_count(const struct gic_lrs *lrs)
{
    return 1U << (lrs->pri_bits - 5);
}

static void apr_read(struct gic_lrs *lrs)
{
    lrs->apr[0][0] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_0);
    lrs->apr[1][0] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_0);
    if (apr_count(lrs) < 2)
        return;
    lrs->apr[0][1] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_1);
    lrs->apr[1][1] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_1);
    if (apr_count(lrs) < 4)
        return;
    lrs->apr[0][2] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_2);
    lrs->apr[0][3] = (uint32_t)arch_sysreg_read(s3_4_c12_c8_3);
    lrs->apr[1][2] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_2);
    lrs->apr[1][3] = (uint32_t)arch_sysreg_read(s3_4_c12_c9_3);
}

static void apr_write(const struct gic_lrs *lrs)
{
    arch_sysreg_write(s3_4_c12_c8_0, lrs->apr[0][0]);
    arch_sysreg_write(s3_4_c12_c9_0, lrs->apr[1][0]);
    if (apr_count(lrs) < 2)
        return;
    arch_sysreg_write(s3_4_c12_c8_1, lrs->apr[0][1]);
    arch_sysreg_write(s3_4_c12_c9_1, lrs->apr[1][1]);
    if (apr_count(lrs) < 4)
        return;
    arch_sysreg_write(s3_4_c12_c8_2, lrs->apr[0][2]);
    arch_sysreg_write(s3_4_c12_c8_3, lrs->apr[0][3]);
    arch_sysreg_write(s3_4_c12_c9_2, lrs->apr[1][2]);
    arch_sysreg_write(s3_4_c12_c9_3, lrs->apr[1][3]);
}

static void lrs_read(struct gic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->used; i++)
        lrs->lr[i] = lr_read(i);
    lrs->hcr = (uint32_t)arch_gicreg_read(ICH_HCR);
    lrs->vmcr = (uint32_t)arch_gicreg_read(ICH_VMCR);
}

static void lrs_write(struct backend_vcpu *b, const struct gic_lrs *lrs)
{
    unsigned i;

    for (i = 0; i < lrs->used; i++)
        lr_write(i, lrs->lr[i]);
    for (; i < b->lrs_loaded; i++)
        lr_write(i, 0);
    b->lrs_loaded = lrs->used;
    b->are_lrs_live = true;
    arch_gicreg_write(ICH_HCR, lrs->hcr);
}

/* --- what the guest's interrupt controller asks for --- */

void vcpu_lrs_read(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.are_lrs_live)
        lrs_read(lrs);
    vcpu->backend.are_lrs_live = false;
    arch_irq_restore(state);
}

void vcpu_apr_read(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live)
        apr_read(lrs);
    arch_irq_restore(state);
}

void vcpu_lrs_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live)
        lrs_write(&vcpu->backend, lrs);
    arch_irq_restore(state);
}

void vcpu_interface_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live) {
        arch_gicreg_write(ICH_VMCR, lrs->vmcr);
        apr_write(lrs);
    }
    arch_irq_restore(state);
}

unsigned vcpu_current(const struct irqchip *chip)
{
    const struct vcpu *vcpu = thread_guest();

    if (vcpu == NULL || vcpu->arch.gic == NULL || gic_chip(vcpu->arch.gic) != chip)
        return GIC_NOBODY;
    return vcpu->id;
}

void backend_gic_attached(struct vcpu *vcpu)
{
    vcpu->backend.lrs = gic_lrs(vcpu->arch.gic);
    gic_ppi_host_set(vcpu->arch.gic, ARM64_PPI_VTIMER, arm64_vtimer_intid());
}

/* --- with the vCPU's thread: interrupts off --- */

void arm64_interface_load(struct vcpu *vcpu)
{
    const struct gic_lrs *lrs = vcpu->backend.lrs;

    arch_gicreg_write(ICH_VMCR, lrs->vmcr);
    apr_write(lrs);
    vcpu->backend.lrs_loaded = 0;
    lrs_write(&vcpu->backend, lrs);
}

void arm64_interface_save(struct vcpu *vcpu)
{
    struct gic_lrs *lrs = vcpu->backend.lrs;

    if (vcpu->backend.are_lrs_live)
        lrs_read(lrs);
    apr_read(lrs);
    vcpu->backend.are_lrs_live = false;
    /* Nothing of it signals any more, and the next vCPU finds no interrupts of this one. */
    arch_gicreg_write(ICH_HCR, 0);
    for (unsigned i = 0; i < vcpu->backend.lrs_loaded; i++)
        lr_write(i, 0);
    vcpu->backend.lrs_loaded = 0;
}

/* Level-triggered, by a condition of list registers that exists until they are filled anew, which is before
 * the next entry: until then the interface is off. */
static bool maintenance_interrupt(void)
{
    struct vcpu *vcpu = this_cpu_ptr(arm64_cpu)->live;

    if (vcpu != NULL) {
        arch_gicreg_write(ICH_HCR, arch_gicreg_read(ICH_HCR) & HCR_EOICOUNT);
        arch_isb();
        gic_maintenance(vcpu->arch.gic);
        /* It may be late, when the way into the guest no longer looks at the GIC. */
        vcpu_request(vcpu, VCPU_REQ_EVENT);
    }
    return false;
}

static unsigned maintenance_intid(void)
{
    unsigned told = host_info()->gic.maintenance_irq;

    return told ? told : MAINTENANCE_DEFAULT;
}

static void enable_here(void *unused)
{
    (void)unused;
    arch_ppi_enable(maintenance_intid());
}

int arm64_interface_init(void)
{
    int error = arch_ppi_request(maintenance_intid(), maintenance_interrupt);

    if (!error)
        cpu_call_all(enable_here, NULL);
    return error;
}

/* Guests use system registers, too: ICC_SRE_EL1.SRE. List registers hold nothing after reset only by luck. */
void arm64_interface_cpu_enable(void)
{
    uint64_t vtr;

    if (arm64_id_field(arch_sysreg_read(id_aa64pfr0_el1), 24) == 0 || IS_ENABLED(CONFIG_HOST_GICV2))
        return;
    vtr = arch_gicreg_read(ICH_VTR);
    arm64_host.lr_count = (uint8_t)((vtr & 31) + 1);
    arm64_host.lr_pri_bits = (uint8_t)(FIELD(vtr, 28, 26) + 1);
    arch_gicreg_write(ICC_SRE, arch_gicreg_read(ICC_SRE) | 1);
    arch_isb();
    /* And no guest changes that for the next one: ICC_SRE_EL2.Enable. */
    arch_gicreg_write(ICC_SRE_EL2, arch_gicreg_read(ICC_SRE_EL2) & ~8ULL);
    arch_gicreg_write(ICH_HCR, 0);
    for (unsigned i = 0; i < arm64_host.lr_count; i++)
        lr_write(i, 0);
    arch_isb();
}
