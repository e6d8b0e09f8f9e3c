/* SPDX-License-Identifier: BSD-2-Clause */
#include "faces.h"

#include <errno.h>

/* Software-generated interrupts: IHI 0048B, 4.3.15 to 4.3.17. Offsets from GICD_SGIR. */
#define CPENDSGIR 0x10
#define SPENDSGIR 0x20

/* GICD_SGIR */
#define SGIR_FILTER(value)  ((unsigned)FIELD(value, 25, 24))
#define SGIR_TARGETS(value) ((uint32_t)FIELD(value, 23, 16))
enum sgir_filter { SGIR_LISTED, SGIR_OTHERS, SGIR_SELF };

/* The same from several sources. Pending already, and nobody has taken it: nothing to add. */
static void sgi_raise(struct gic_cpu *target, unsigned intid, uint8_t sources)
{
    /* Who finds it pending relies on the vCPU being told: gic_private_raise(). */
    arch_irq_state_t state = arch_irq_save();

    if ((sources & ~atomic_fetch_or(&target->private_irqs[intid].sources, sources)) != 0)
        gic_private_raise(target, intid);
    arch_irq_restore(state);
}

static void sgi_clear(struct gic_cpu *target, unsigned intid, uint8_t sources)
{
    struct gic_irq *irq = &target->private_irqs[intid];
    arch_irq_state_t state;
    struct gic_cpu *cpu = gic_irq_lock(target->chip, irq, &state);
    uint32_t flags = irq_flags(irq);

    if ((atomic_fetch_and(&irq->sources, (uint8_t)~sources) & ~sources) == 0)
        flags &= ~(uint32_t)IRQ_LATCH;
    if ((flags & IRQ_LOADED) && (sources >> atomic_load(&irq->source) & 1))
        flags |= IRQ_CLR_LATCH;
    irq_flags_set(irq, flags);
    gic_irq_settle(cpu, irq, state);
}

static uint8_t sgi_sources(const struct gic_irq *irq)
{
    bool is_loaded = (irq_flags(irq) & (IRQ_LR_LATCH | IRQ_CLR_LATCH)) == IRQ_LR_LATCH;

    return atomic_load(&irq->sources) | (uint8_t)(is_loaded ? BIT(atomic_load(&irq->source)) : 0);
}

static void sgir_write(struct gic_cpu *cpu, uint64_t value)
{
    struct irqchip *chip = cpu->chip;
    uint32_t all = (uint32_t)(BIT(chip->cpu_count) - 1), self = (uint32_t)BIT(cpu->index), list = 0;

    switch (SGIR_FILTER(value)) {
    case SGIR_LISTED:
        list = SGIR_TARGETS(value) & all;
        break;
    case SGIR_OTHERS:
        list = all & ~self;
        break;
    case SGIR_SELF:
        list = self;
        break;
    default: /* reserved */
        break;
    }
    for (; list != 0; list &= list - 1)
        sgi_raise(&chip->cpus[__builtin_ctz(list)], (unsigned)value % GIC_SGIS, (uint8_t)self);
}

/* A byte per SGI, with a bit per source. */
static uint64_t pending_read(struct gic_cpu *cpu, unsigned first, unsigned count)
{
    uint64_t value = 0;

    gic_own_fold(cpu->chip);
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)sgi_sources(&cpu->private_irqs[first + i]) << i * 8;
    return value;
}

static void pending_write(struct gic_cpu *cpu, unsigned first, unsigned count, uint64_t value, bool is_set)
{
    gic_own_fold(cpu->chip);
    for (unsigned i = 0; i < count; i++) {
        uint8_t sources = (uint8_t)(value >> i * 8 & (BIT(cpu->chip->cpu_count) - 1));

        if (is_set)
            sgi_raise(cpu, first + i, sources);
        else if (sources != 0)
            sgi_clear(cpu, first + i, sources);
    }
}

uint64_t gicv2_sgi_regs_read(struct gic_cpu *cpu, uint64_t offset, unsigned size)
{
    if (offset < CPENDSGIR || (size != 1 && size != 4))
        return 0;
    return pending_read(cpu, (unsigned)offset % GIC_SGIS, size);
}

void gicv2_sgi_regs_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value)
{
    if (offset == 0 && size == 4)
        sgir_write(cpu, value);
    else if (offset >= CPENDSGIR && (size == 1 || size == 4))
        pending_write(cpu, (unsigned)offset % GIC_SGIS, size, value, offset >= SPENDSGIR);
}

/* --- life: 4.3.5 (SGIs are enabled) --- */

void gicv2_sgis_reset(struct gic_cpu *cpu)
{
    for (unsigned i = 0; i < GIC_SGIS; i++) {
        struct gic_irq *irq = &cpu->private_irqs[i];

        gic_irq_reset(cpu->chip, irq, IRQ_ENABLED | IRQ_SOURCES);
        atomic_store(&irq->sources, 0);
        atomic_store(&irq->source, GIC_SOURCES - 1); /* so the first one's turn is next */
    }
}

void gicv2_sgis_save(const struct gic_cpu *cpu, struct state_writer *writer)
{
    for (unsigned i = 0; i < GIC_SGIS; i++) {
        state_put_u8(writer, atomic_load(&cpu->private_irqs[i].sources));
        state_put_u8(writer, atomic_load(&cpu->private_irqs[i].source));
    }
}

int gicv2_sgis_load(struct gic_cpu *cpu, struct state_reader *reader)
{
    for (unsigned i = 0; i < GIC_SGIS; i++) {
        uint8_t sources = state_get_u8(reader), source = state_get_u8(reader);

        if (source >= GIC_SOURCES || sources >> cpu->chip->cpu_count != 0)
            return -EINVAL;
        atomic_store(&cpu->private_irqs[i].source, source);
        sgi_raise(cpu, i, sources);
    }
    return 0;
}
