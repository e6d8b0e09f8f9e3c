/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GIC_LR_H
#define VMM_IRQCHIP_GIC_LR_H

#include "model.h"

/* What lr.c, entry.c and wait.c share of list registers. */

#define LR_STATE_PENDING BIT(62)
#define LR_STATE_ACTIVE  BIT(63)
#define LR_HW            BIT(61)
#define LR_GROUP1        BIT(60)
#define LR_EOI           BIT(41) /* maintenance interrupt once it is invalid; not with LR_HW */

#define HCR_EN       BIT(0)
#define HCR_LRENPIE  BIT(2)
#define HCR_NPIE     BIT(3)
#define HCR_VGRP0EIE BIT(4)
#define HCR_VGRP1EIE BIT(6)
#define HCR_TO_TELL  (HCR_LRENPIE | HCR_NPIE | HCR_VGRP0EIE | HCR_VGRP1EIE)
#define HCR_EOICOUNT MASK(31, 27)
#define EOICOUNT_MAX 31

#define VMCR_CBPR BIT(4)
#define VMCR_EOIM BIT(9)

/* Interrupts that were routed elsewhere while they were active or in a list register here. */
struct moves {
    unsigned count;
    struct gic_irq *irqs[2 * GIC_LRS_MAX + EOICOUNT_MAX]; /* retired, folded, ended */
};

/* Takes all out of the list registers. With lock. */
void lr_fold(struct gic_cpu *cpu, struct moves *moves);
/* Chooses what is in them; all are free. With lock. */
void lr_fill(struct gic_cpu *cpu);
/* Both, of as little as possible. False: all has to be chosen anew. With lock. */
must_check bool lr_fill_free(struct gic_cpu *cpu, struct moves *moves);
/* Without lock, after a fold. */
void lr_moves_do(struct irqchip *chip, const struct moves *moves);
/* host_done's; on the vCPU's thread. */
void lr_host_deactivate(struct gic_cpu *cpu);

static always_inline uint64_t lr_make(const struct gic_irq *irq, uint32_t flags, bool is_pending,
                                      bool is_active)
{
    uint64_t lr = irq->intid | (uint64_t)atomic_load_explicit(&irq->priority, memory_order_relaxed) << 48;

    lr |= (is_pending ? LR_STATE_PENDING : 0) | (is_active ? LR_STATE_ACTIVE : 0);
    lr |= flags & IRQ_GROUP1 ? LR_GROUP1 : 0;
    if (irq->host_intid != 0)
        return lr | LR_HW | (uint64_t)irq->host_intid << 32;
    /* Level: somebody has to look at the line when the guest is done. */
    return lr | ((flags & IRQ_EDGE) == 0 && irq_is_pending(flags) ? LR_EOI : 0);
}

static inline bool has_pending(const struct gic_cpu *cpu, uint32_t groups)
{
    return ((groups & 1) && atomic_load_explicit(&cpu->pending[0], memory_order_relaxed) != 0) ||
           ((groups & 2) && atomic_load_explicit(&cpu->pending[1], memory_order_relaxed) != 0);
}

/* With split EOI any vCPU may deactivate what is active on another: hardware would not know which. */
static inline uint32_t deactivation_traps(const struct gic_cpu *cpu)
{
    return (cpu->lrs.vmcr & VMCR_EOIM) && cpu->chip->cpu_count > 1 ? cpu->chip->dir_trap : 0;
}

/* What was asked while nothing was in a list register any more, or is about to be folded, is done by that. */
static inline void resync_done(struct gic_cpu *cpu)
{
    if (cpu->why & ATTENTION_RESYNC)
        atomic_fetch_sub(&cpu->chip->resyncs, 1);
    cpu->why &= ~(uint32_t)ATTENTION_RESYNC;
}

static inline void attention_take(struct gic_cpu *cpu, uint32_t left)
{
    uint32_t taken = atomic_exchange(&cpu->attention, left);

    if ((taken & cpu->why & ATTENTION_RESYNC) != 0)
        atomic_fetch_sub(&cpu->chip->resyncs, 1);
    cpu->why |= taken;
}

#endif
