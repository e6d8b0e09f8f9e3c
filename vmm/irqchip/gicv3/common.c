/* SPDX-License-Identifier: BSD-2-Clause */
#include "../gic/lr.h"
#include "gicv3.h"

/*
 * CPU interface registers that are common to both groups (IHI 0069H, 12.2). They are hardware's, but where it
 * cannot tell writes of ICC_DIR_EL1 from accesses of the others: ICH_HCR_EL2.TC.
 */
#define VMCR_VPMR MASK(31, 24)

#define CTLR_CBPR    BIT(0)
#define CTLR_EOIMODE BIT(1)

#define RPR_IDLE 0xff

/* What the interface is in hardware, if it is there, comes to the image. */
static const struct gic_lrs *interface_read(struct gic_cpu *cpu)
{
    arch_irq_state_t state = arch_irq_save();

    (void)vcpu_lrs_empty(cpu->vcpu, &cpu->lrs); /* VMCR */
    arch_irq_restore(state);
    vcpu_apr_read(cpu->vcpu, &cpu->lrs);
    return &cpu->lrs;
}

/* After interface_read(). What traps depends on it, too, so list registers are looked at again. */
static void vmcr_set(struct gic_cpu *cpu, uint64_t mask, uint64_t value)
{
    /* A thread that had the CPU in between would have what is in hardware written to the image. */
    arch_irq_state_t state = arch_irq_save();

    cpu->lrs.vmcr = (uint32_t)((cpu->lrs.vmcr & ~mask) | (value & mask));
    vcpu_interface_write(cpu->vcpu, &cpu->lrs);
    arch_irq_restore(state);
    atomic_fetch_or(&cpu->attention, ATTENTION_NEW);
}

/* Priorities have as many bits as ICC_CTLR_EL1.PRIbits says; the rest of them is RAZ/WI. */
static uint64_t priority_mask(const struct gic_cpu *cpu)
{
    return (0xff00ULL >> (FIELD(cpu->chip->icc_ctlr, 10, 8) + 1)) & 0xff;
}

uint64_t gicv3_common_read(struct gic_cpu *cpu, enum gicv3_common reg)
{
    const struct gic_lrs *lrs = interface_read(cpu);

    switch (reg) {
    case GICV3_CTLR:
        return cpu->chip->icc_ctlr | (lrs->vmcr & VMCR_CBPR ? CTLR_CBPR : 0) |
               (lrs->vmcr & VMCR_EOIM ? CTLR_EOIMODE : 0);
    case GICV3_PMR:
        return FIELD(lrs->vmcr, 31, 24);
    default:
        return MIN(gic_running_priority(lrs), (unsigned)RPR_IDLE);
    }
}

void gicv3_common_write(struct gic_cpu *cpu, enum gicv3_common reg, uint64_t value)
{
    (void)interface_read(cpu);
    if (reg == GICV3_CTLR)
        vmcr_set(cpu, VMCR_CBPR | VMCR_EOIM,
                 (value & CTLR_CBPR ? VMCR_CBPR : 0) | (value & CTLR_EOIMODE ? VMCR_EOIM : 0));
    else
        vmcr_set(cpu, VMCR_VPMR, (value & priority_mask(cpu)) << 24);
}
