/* SPDX-License-Identifier: BSD-2-Clause */
#include "faces.h"

/* The distributor's registers: IHI 0069H, 12.8 and 12.9. Other offsets and sizes are RAZ/WI (12.1). */
#define GICD_CTLR        0x0000
#define GICD_TYPER       0x0004
#define GICD_IIDR        0x0008
#define GICD_SETSPI_NSR  0x0040
#define GICD_CLRSPI_NSR  0x0048
#define GICD_IROUTER     0x6000
#define GICD_IROUTER_END 0x8000

#define CTLR_ARE BIT(4)
#define CTLR_DS  BIT(6)
#define CTLR_RWP BIT(31)

#define TYPER_MBIS BIT(16)
#define TYPER_LPIS BIT(17)
#define TYPER_A3V  BIT(24)

#define IROUTER_IRM      BIT(31)
#define IROUTER_WRITABLE (MASK(39, 32) | BIT(31) | MASK(23, 0))

uint16_t gic_irouter_target(const struct irqchip *chip, uint64_t irouter)
{
    if (irouter & IROUTER_IRM)
        return ROUTE_ANY;
    return gic_affinity_find(chip, (uint32_t)(irouter & 0xffffff) | (uint32_t)(irouter >> 32) << 24);
}

static uint64_t typer(const struct irqchip *chip)
{
    uint64_t value = (chip->spi_count / 32) | TYPER_MBIS | TYPER_A3V;

    /* IDbits: SPIs alone fit 10. */
    return value | (chip->its != NULL ? TYPER_LPIS | (GIC_ID_BITS - 1) << 19 : 9 << 19);
}

/* Message-based SPIs: 12.9, GICD_SETSPI_NSR. */
static void message_write(struct irqchip *chip, uint32_t intid, bool is_set)
{
    struct gic_irq *irq;

    if (intid < GIC_PRIVATE || intid - GIC_PRIVATE >= chip->spi_count)
        return;
    irq = &chip->spis[intid - GIC_PRIVATE];
    if (!(irq_flags(irq) & IRQ_EDGE))
        gic_irq_line_set(chip, irq, is_set);
    else if (is_set)
        gic_irq_set(chip, irq, GIC_BITS_PENDING);
    else
        gic_irq_clear(chip, irq, GIC_BITS_PENDING);
}

static uint64_t irouter_read(const struct irqchip *chip, uint64_t offset, unsigned size)
{
    uint64_t n = (offset - GICD_IROUTER) / 8 - GIC_PRIVATE;

    return n < chip->spi_count && size >= 4 ? gic_part_get(atomic_load(&chip->irouter[n]), offset, size) : 0;
}

static void irouter_write(struct irqchip *chip, uint64_t offset, unsigned size, uint64_t value)
{
    uint64_t n = (offset - GICD_IROUTER) / 8 - GIC_PRIVATE, before, after;

    if (n >= chip->spi_count || size < 4)
        return;
    /* Another vCPU may be writing the other half. */
    before = atomic_load(&chip->irouter[n]);
    do
        after = gic_part_set(before, offset, size, value) & IROUTER_WRITABLE;
    while (!atomic_compare_exchange_weak(&chip->irouter[n], &before, after));
    /* It may have written after the look and routed before the act, so look again. */
    do {
        after = atomic_load(&chip->irouter[n]);
        gic_irq_route_set(chip, &chip->spis[n], gic_irouter_target(chip, after));
    } while (after != atomic_load(&chip->irouter[n]));
}

static uint64_t control_read(const struct irqchip *chip, uint64_t offset)
{
    switch (offset) {
    case GICD_CTLR:
        return atomic_load(&chip->ctlr) | CTLR_ARE | CTLR_DS | (atomic_load(&chip->resyncs) ? CTLR_RWP : 0);
    case GICD_TYPER:
        return typer(chip);
    case GICD_IIDR:
        return GIC_IIDR;
    case GIC_PIDR2:
        return GICV3_PIDR2_REV;
    default:
        return 0;
    }
}

uint64_t gic_dist_read(void *device, uint64_t offset, unsigned size)
{
    struct irqchip *chip = device;
    uint64_t value;

    if (!IS_ALIGNED(offset, size))
        return 0;
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END)
        return irouter_read(chip, offset, size);
    if (gic_fields_read(chip, gic_bank_shared(chip), offset, size, &value))
        return value;
    return size == 4 ? control_read(chip, offset) : 0;
}

void gic_dist_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;

    if (!IS_ALIGNED(offset, size))
        return;
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END) {
        irouter_write(chip, offset, size, value);
        return;
    }
    if (gic_fields_write(chip, gic_bank_shared(chip), offset, size, value))
        return;
    /* 16-bit accesses are for messages only: 12.9, GICD_SETSPI_NSR. */
    if ((offset == GICD_SETSPI_NSR || offset == GICD_CLRSPI_NSR) && (size == 2 || size == 4))
        message_write(chip, (uint32_t)value & 0x1fff, offset == GICD_SETSPI_NSR);
    else if (offset == GICD_CTLR && size == 4)
        gic_ctlr_write(chip, (uint32_t)value);
}
