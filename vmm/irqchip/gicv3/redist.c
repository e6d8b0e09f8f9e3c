/* SPDX-License-Identifier: BSD-2-Clause */
#include "lpi.h"

/*
 * A redistributor's registers: IHI 0069H, 12.10 and 12.11. RD_base first, SGI_base 64 KiB above. Other
 * offsets and sizes are RAZ/WI (12.1).
 */
#define GICR_CTLR      0x0000
#define GICR_IIDR      0x0004
#define GICR_TYPER     0x0008
#define GICR_WAKER     0x0014
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_INVLPIR   0x00a0
#define GICR_INVALLR   0x00b0
#define GICR_SYNCR     0x00c0
#define SGI_BASE       0x10000

#define TYPER_PLPIS BIT(0)
#define TYPER_LAST  BIT(4)
#define TYPER_DPGS  BIT(5)

#define WAKER_PROCESSOR_SLEEP 0x2
#define WAKER_CHILDREN_ASLEEP 0x4

#define PROPBASER_WRITABLE (MASK(58, 56) | MASK(51, 7) | MASK(4, 0))
#define PENDBASER_WRITABLE (BIT(62) | MASK(58, 56) | MASK(51, 16) | MASK(11, 7))
#define PENDBASER_PTZ      BIT(62)

/* The last redistributor of its part of the address space: software that walks looks there for the next
 * part's. */
static bool is_last(const struct gic_cpu *cpu)
{
    const struct irqchip *chip = cpu->chip;

    for (unsigned i = 0; i < chip->region_count; i++)
        if (chip->region_first[i] == cpu->index + 1 && chip->regions[i].device == &chip->cpus[cpu->index + 1])
            return true;
    return cpu->index + 1 == chip->cpu_count;
}

static uint64_t typer(const struct gic_cpu *cpu)
{
    return (uint64_t)gic_affinity(cpu->index) << 32 | (uint64_t)cpu->index << 8 | TYPER_DPGS |
           (cpu->chip->its != NULL ? TYPER_PLPIS : 0) | (is_last(cpu) ? TYPER_LAST : 0);
}

static uint32_t ctlr_read(const struct gic_cpu *cpu)
{
    uint32_t value = atomic_load(&cpu->ctlr) | (atomic_load(&cpu->chip->resyncs) != 0 ? RCTLR_RWP : 0);

    return value | (cpu->chip->its != NULL ? RCTLR_CES | RCTLR_IR : 0);
}

/* EnableLPIs can be cleared again (CES), so a next kernel can have tables of its own. */
static void ctlr_write(struct gic_cpu *cpu, uint32_t value)
{
    struct irqchip *chip = cpu->chip;
    uint32_t writable = (uint32_t)(RCTLR_DPG0 | RCTLR_DPG1NS) | (chip->its != NULL ? RCTLR_ENABLE_LPIS : 0);
    uint32_t before = atomic_exchange(&cpu->ctlr, value & writable);

    if (!((before ^ value) & writable & RCTLR_ENABLE_LPIS))
        return;
    if (value & RCTLR_ENABLE_LPIS) {
        atomic_fetch_add(&chip->config_epoch, 1);
        gic_lpi_pending_read(cpu);
    } else {
        gic_lpi_pending_write(cpu);
    }
}

/* The tables' places can only be set while they are not in use: GICR_PROPBASER, GICR_PENDBASER. */
static void base_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value)
{
    bool is_prop = offset < GICR_PENDBASER;
    _Atomic uint64_t *reg = is_prop ? &cpu->propbaser : &cpu->pendbaser;

    if ((atomic_load(&cpu->ctlr) & RCTLR_ENABLE_LPIS) || cpu->chip->its == NULL)
        return;
    value = gic_part_set(atomic_load(reg), offset, size, value);
    atomic_store(reg, value & (is_prop ? PROPBASER_WRITABLE : PENDBASER_WRITABLE));
}

/* GICR_CTLR.IR: GICR_INVLPIR, GICR_INVALLR. Both are complete at once, so GICR_SYNCR is never busy. */
static void invalidate_write(struct gic_cpu *cpu, uint64_t offset, uint64_t value)
{
    struct gic_irq *irq;

    if (cpu->chip->its == NULL || (offset & 4) != 0)
        return;
    if (offset == GICR_INVALLR) {
        gic_lpi_invalidate_all(cpu);
        return;
    }
    irq = gic_lpi_find(cpu->chip, (uint32_t)value);
    if (irq != NULL)
        gic_lpi_config_read(cpu->chip, irq);
}

static uint64_t wide_read(const struct gic_cpu *cpu, uint64_t offset, unsigned size)
{
    uint64_t value;

    switch (offset & ~7ULL) {
    case GICR_TYPER:
        value = typer(cpu);
        break;
    case GICR_PROPBASER:
        value = atomic_load(&cpu->propbaser);
        break;
    case GICR_PENDBASER:
        value = atomic_load(&cpu->pendbaser) & ~PENDBASER_PTZ;
        break;
    default:
        return 0;
    }
    return gic_part_get(value, offset, size);
}

uint64_t gic_redist_read(struct gic_cpu *cpu, uint64_t offset, unsigned size)
{
    uint64_t value;

    if (offset >= SGI_BASE)
        return IS_ALIGNED(offset, size) &&
                       gic_fields_read(cpu->chip, gic_bank_private(cpu), offset - SGI_BASE, size, &value)
                   ? value
                   : 0;
    if (size < 4 || !IS_ALIGNED(offset, size))
        return 0;
    switch (size == 4 ? offset : GICR_TYPER) {
    case GICR_CTLR:
        return ctlr_read(cpu);
    case GICR_IIDR:
        return GIC_IIDR;
    case GICR_WAKER:
        return atomic_load(&cpu->waker);
    case GIC_PIDR2:
        return GICV3_PIDR2_REV;
    default:
        return wide_read(cpu, offset, size);
    }
}

void gic_redist_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value)
{
    if (!IS_ALIGNED(offset, size))
        return;
    if (offset >= SGI_BASE) {
        (void)!gic_fields_write(cpu->chip, gic_bank_private(cpu), offset - SGI_BASE, size, value);
        return;
    }
    if (size < 4)
        return;
    switch (offset & ~7ULL) {
    case GICR_PROPBASER:
    case GICR_PENDBASER:
        base_write(cpu, offset, size, value);
        break;
    case GICR_INVLPIR:
    case GICR_INVALLR:
        invalidate_write(cpu, offset, value);
        break;
    case GICR_CTLR & ~7ULL:
        if (offset == GICR_CTLR && size == 4)
            ctlr_write(cpu, (uint32_t)value);
        break;
    case GICR_WAKER & ~7ULL:
        /* ChildrenAsleep follows at once. Interrupts are delivered all the same: waking the PE up, which is
         * what they would do instead, is what a kick does. */
        if (offset == GICR_WAKER && size == 4)
            atomic_store(&cpu->waker,
                         value & WAKER_PROCESSOR_SLEEP ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0);
        break;
    default:
        break;
    }
}
