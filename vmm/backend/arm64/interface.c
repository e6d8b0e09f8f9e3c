/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../irqchip/gic/gic.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/ppi.h>
#include <backend/ich.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/thread.h>

/*
 * The virtual CPU interface: in the CPU while the vCPU is live, in the image of vmm/irqchip/gic otherwise.
 * <backend/ich.h> is how its registers are reached: gicv3/ or gicv2/.
 */
#define HCR_EOICOUNT MASK(31, 27)

/* Without a word of firmware: DEN0029, "PPI assignments". */
#define MAINTENANCE_DEFAULT 25

static void lrs_read(struct gic_lrs *lrs)
{
    for (unsigned i = 0; i < lrs->used; i++)
        lrs->lr[i] = ich_lr_read(i, lrs->lr[i]);
    lrs->hcr = ich_hcr_read();
    lrs->vmcr = ich_vmcr_read();
}

static void lrs_write(struct backend_vcpu *b, const struct gic_lrs *lrs)
{
    unsigned i;

    for (i = 0; i < lrs->used; i++)
        ich_lr_write(i, lrs->lr[i]);
    for (; i < b->lrs_loaded; i++)
        ich_lr_write(i, 0);
    b->lrs_loaded = lrs->used;
    b->are_lrs_live = true;
    ich_hcr_write(lrs->hcr);
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
        ich_apr_read(lrs);
    arch_irq_restore(state);
}

void vcpu_lrs_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live)
        lrs_write(&vcpu->backend, lrs);
    arch_irq_restore(state);
}

static bool is_in_use(uint64_t lr)
{
    return lr >> 62 != 0; /* State */
}

uint32_t vcpu_lrs_empty(struct vcpu *vcpu, struct gic_lrs *lrs)
{
    uint32_t empty = ~0U;

    if (likely(vcpu->backend.are_lrs_live)) {
        lrs->vmcr = ich_vmcr_read();
        return ich_empty_read();
    }
    for (unsigned i = 0; i < lrs->used; i++)
        if (is_in_use(lrs->lr[i]))
            empty &= ~(1U << i);
    return empty;
}

void vcpu_lrs_update(struct vcpu *vcpu, const struct gic_lrs *lrs, uint32_t changed)
{
    struct backend_vcpu *b = &vcpu->backend;

    if (unlikely(!b->are_lrs_live)) {
        vcpu_lrs_write(vcpu, lrs);
        return;
    }
    /* Nearly always: no jump through a table. */
    if (likely(changed == 1)) {
        ich_lr_write(0, lrs->lr[0]);
        changed = 0;
    }
    for (; changed != 0; changed &= changed - 1)
        ich_lr_write((unsigned)__builtin_ctz(changed), lrs->lr[__builtin_ctz(changed)]);
    b->lrs_loaded = MAX(b->lrs_loaded, lrs->used);
    ich_hcr_write(lrs->hcr);
}

void vcpu_interface_write(struct vcpu *vcpu, const struct gic_lrs *lrs)
{
    arch_irq_state_t state = arch_irq_save();

    if (vcpu->backend.is_live) {
        ich_vmcr_write(lrs->vmcr);
        ich_apr_write(lrs);
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

    ich_vmcr_write(lrs->vmcr);
    ich_apr_write(lrs);
    vcpu->backend.lrs_loaded = 0;
    lrs_write(&vcpu->backend, lrs);
}

void arm64_interface_save(struct vcpu *vcpu)
{
    struct gic_lrs *lrs = vcpu->backend.lrs;

    if (vcpu->backend.are_lrs_live)
        lrs_read(lrs);
    ich_apr_read(lrs);
    vcpu->backend.are_lrs_live = false;
    /* Nothing of it signals any more, and the next vCPU finds no interrupts of this one. */
    ich_hcr_write(0);
    for (unsigned i = 0; i < vcpu->backend.lrs_loaded; i++)
        ich_lr_write(i, 0);
    vcpu->backend.lrs_loaded = 0;
}

/* Level-triggered, by a condition of list registers that exists until they are filled anew, which is before
 * the next entry: until then the interface is off. */
static bool maintenance_interrupt(void)
{
    struct vcpu *vcpu = this_cpu_ptr(arm64_cpu)->live;

    if (vcpu != NULL) {
        ich_hcr_write(ich_hcr_read() & (uint32_t)HCR_EOICOUNT);
        ich_sync();
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
