/* SPDX-License-Identifier: BSD-2-Clause */
#include "faces.h"

/*
 * The distributor's registers: IHI 0048B, 4.3. What is about INTIDs 0 to 31 each vCPU has of its own (4.1.4).
 * Other offsets and sizes are RAZ/WI.
 */
#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IIDR       0x008
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ISPENDR    0x200
#define GICD_ISACTIVER  0x300
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_PPISR      0xd00 /* implementation defined from here on */
#define GICD_PIDR2      0xfe8

#define PIDR2_REV 0x20 /* ArchRev: GICv2 */

#define TYPER_CPUS 5

/* --- GICD_ITARGETSR<n>: 4.3.12 --- */

static uint64_t targets_read(struct irqchip *chip, uint64_t first, unsigned count)
{
    uint64_t value = 0;

    if (chip->cpu_count == 1)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t n = first + i;

        if (n < GIC_PRIVATE)
            value |= BIT(gicv2_accessor(chip)->index) << i * 8;
        else if (n - GIC_PRIVATE < chip->spi_count)
            value |= (uint64_t)atomic_load(&chip->targets[n - GIC_PRIVATE]) << i * 8;
    }
    return value;
}

/* Of several targets any one may get it (the 1-N model): the first, as that one is most likely on. */
void gicv2_target_set(struct irqchip *chip, unsigned spi, uint8_t targets)
{
    targets &= (uint8_t)(BIT(chip->cpu_count) - 1);
    atomic_store(&chip->targets[spi], targets);
    /* Another may have written after that and routed before this, so look again. */
    do {
        targets = atomic_load(&chip->targets[spi]);
        gic_irq_route_set(chip, &chip->spis[spi],
                          targets != 0 ? (uint16_t)__builtin_ctz(targets) : ROUTE_NONE);
    } while (targets != atomic_load(&chip->targets[spi]));
}

static void targets_write(struct irqchip *chip, uint64_t first, unsigned count, uint64_t value)
{
    if (chip->cpu_count == 1)
        return;
    for (unsigned i = 0; i < count; i++) {
        uint64_t n = first + i;

        if (n >= GIC_PRIVATE && n - GIC_PRIVATE < chip->spi_count)
            gicv2_target_set(chip, (unsigned)n - GIC_PRIVATE, (uint8_t)(value >> i * 8));
    }
}

/* --- registers with a field per interrupt --- */

/* The first interrupt that such a register is about. */
static uint64_t first_of(uint64_t offset)
{
    if (offset < GICD_IPRIORITYR)
        return offset % 0x80 * 8;
    return offset < GICD_ICFGR ? offset - GICD_IPRIORITYR : (offset - GICD_ICFGR) * 4;
}

/* SGIs are always enabled, and made pending by registers of their own (4.3.5, 4.3.7). */
static void private_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value)
{
    if (offset >= GICD_ISENABLER && offset < GICD_ISACTIVER)
        value &= ~0xffffULL;
    (void)!gic_fields_write(cpu->chip, gic_bank_private(cpu), offset, size, value);
}

/* False: none of those registers. */
static bool fields_read(struct irqchip *chip, uint64_t offset, unsigned size, uint64_t *value)
{
    if (offset >= GICD_PPISR)
        return false;
    return gic_fields_read(
        chip, first_of(offset) < GIC_PRIVATE ? gic_bank_private(gicv2_accessor(chip)) : gic_bank_shared(chip),
        offset, size, value);
}

static bool fields_write(struct irqchip *chip, uint64_t offset, unsigned size, uint64_t value)
{
    if (offset >= GICD_PPISR || !gic_fields_write(chip, gic_bank_shared(chip), offset, size, value))
        return false;
    if (first_of(offset) < GIC_PRIVATE)
        private_write(gicv2_accessor(chip), offset, size, value);
    return true;
}

/* --- all --- */

static uint64_t control_read(const struct irqchip *chip, uint64_t offset)
{
    switch (offset) {
    case GICD_CTLR:
        return atomic_load(&chip->ctlr);
    case GICD_TYPER:
        return (chip->spi_count / 32) | (chip->cpu_count - 1) << TYPER_CPUS;
    case GICD_IIDR:
        return GIC_IIDR;
    case GICD_PIDR2:
        return PIDR2_REV;
    default:
        return 0;
    }
}

static bool is_targets(uint64_t offset, unsigned size)
{
    return offset >= GICD_ITARGETSR && offset < GICD_ICFGR && (size == 1 || size == 4);
}

static bool is_sgi_regs(uint64_t offset)
{
    return offset >= GICV2_SGI_REGS && offset < GICV2_SGI_REGS_END;
}

uint64_t gicv2_dist_read(void *device, uint64_t offset, unsigned size)
{
    struct irqchip *chip = device;
    uint64_t value;

    if (!IS_ALIGNED(offset, size))
        return 0;
    if (is_targets(offset, size))
        return targets_read(chip, offset - GICD_ITARGETSR, size);
    if (is_sgi_regs(offset))
        return gicv2_sgi_regs_read(gicv2_accessor(chip), offset - GICV2_SGI_REGS, size);
    if (fields_read(chip, offset, size, &value))
        return value;
    return size == 4 ? control_read(chip, offset) : 0;
}

void gicv2_dist_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;

    if (!IS_ALIGNED(offset, size))
        return;
    if (is_targets(offset, size))
        targets_write(chip, offset - GICD_ITARGETSR, size, value);
    else if (is_sgi_regs(offset))
        gicv2_sgi_regs_write(gicv2_accessor(chip), offset - GICV2_SGI_REGS, size, value);
    else if (!fields_write(chip, offset, size, value) && offset == GICD_CTLR && size == 4)
        gic_ctlr_write(chip, (uint32_t)value);
}
