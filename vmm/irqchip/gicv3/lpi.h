/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV3_LPI_H
#define VMM_IRQCHIP_GICV3_LPI_H

#include "faces.h"
#include <sys/tree.h>

/*
 * LPIs: IHI 0069H, 5.1. They are always edges of Group 1 and have no active state. An LPI gets memory when
 * the guest first maps it or finds it in a pending table, and keeps it: a quarter of a leaf's page each, at
 * most GIC_LPIS of them.
 */
struct gic_lpi {
    struct gic_irq irq;          /* first */
    RB_ENTRY(gic_lpi) link;      /* the ITS's lock; while mapped */
    uint32_t key;                /* the same: device and event */
    bool is_mapped;              /* the same */
    _Atomic uint16_t collection; /* written: the same */
    _Atomic uint32_t epoch;      /* chip->config_epoch when enable and priority were read */
};

#define LPI_LEAF 64

struct gic_lpis {
    struct gic_lpi *_Atomic leaves[GIC_LPIS / LPI_LEAF]; /* a: only ever set */
    _Atomic uint32_t leaf_count;                         /* a */
};

must_check int gic_lpis_create(struct irqchip *chip);
void gic_lpis_destroy(struct irqchip *chip);
uint64_t gic_lpis_bytes(const struct irqchip *chip);
void gic_lpis_reset(struct irqchip *chip); /* no vCPU runs */

/* The LPI, or NULL: out of range, or nobody ever asked for it. Context: any. */
struct gic_irq *gic_lpi_find(struct irqchip *chip, uint32_t intid);
/* The same of one that is known to be there. */
static inline struct gic_lpi *gic_lpi_at(const struct irqchip *chip, uint32_t intid)
{
    uint32_t index = intid - GIC_LPI_FIRST;

    return &atomic_load_explicit(&chip->lpis->leaves[index / LPI_LEAF],
                                 memory_order_acquire)[index % LPI_LEAF];
}
/* The same, but makes it; NULL: out of range or no memory. Context: thread. */
struct gic_lpi *gic_lpi_ensure(struct irqchip *chip, uint32_t intid);

static inline bool gic_lpi_is_stale(const struct irqchip *chip, const struct gic_irq *irq)
{
    const struct gic_lpi *lpi = (const struct gic_lpi *)irq;

    return atomic_load_explicit(&lpi->epoch, memory_order_relaxed) !=
           atomic_load_explicit(&chip->config_epoch, memory_order_relaxed);
}

/* Reads enable and priority from the configuration table. Context: thread. */
void gic_lpi_config_read(struct irqchip *chip, struct gic_irq *irq);

/* Becomes pending at `vcpu`, if that has LPIs enabled. Context: any. */
void gic_lpi_trigger(struct irqchip *chip, struct gic_lpi *lpi, unsigned vcpu);

/* GICR_INVALLR, INVALL: whatever is pending at `cpu` is looked at again; nothing of the work is done here. */
void gic_lpi_invalidate_all(struct gic_cpu *cpu);

/* GICR_CTLR.EnableLPIs is set or cleared: pending state comes from or goes to the pending table. Context:
 * thread. */
void gic_lpi_pending_read(struct gic_cpu *cpu);
void gic_lpi_pending_write(struct gic_cpu *cpu);

/* The first pending LPI from `intid` on, in no list register; NULL. No vCPU runs. */
struct gic_irq *gic_lpi_pending_next(struct irqchip *chip, uint32_t intid);

/* MOVALL: some of the LPIs that are pending at `from`, with everything loaded, move; true: there may be more.
 */
must_check bool gic_lpi_move_some(struct gic_cpu *from, unsigned to, unsigned count);

#endif
