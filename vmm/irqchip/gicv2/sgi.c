/* SPDX-License-Identifier: BSD-2-Clause */
#include "faces.h"

/* Software-generated interrupts: IHI 0048B, 4.3.15 to 4.3.17. Offsets from GICD_SGIR. */
#define CPENDSGIR 0x10
#define SPENDSGIR 0x20

/* GICD_SGIR */
#define SGIR_FILTER(value)  ((unsigned)FIELD(value, 25, 24))
#define SGIR_TARGETS(value) ((uint32_t)FIELD(value, 23, 16))
enum sgir_filter { SGIR_LISTED, SGIR_OTHERS, SGIR_SELF };

static void sgi_raise(struct gic_cpu *target, unsigned intid, unsigned source)
{
    struct gic_irq *irq = gicv2_sgi(target, intid, source);

    /* Pending already, and nobody has taken it: nothing to add. What the guest wrote before is seen by
     * whoever takes it: guests have a barrier of stores only between the two. */
    atomic_thread_fence(memory_order_seq_cst);
    if (!(atomic_load_explicit(&irq->flags, memory_order_acquire) & IRQ_LATCH))
        gic_irq_set(target->chip, irq, GIC_BITS_PENDING);
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
        sgi_raise(&chip->cpus[__builtin_ctz(list)], (unsigned)value % GIC_SGIS, cpu->index);
}

/* A byte per SGI, with a bit per source. */
static uint64_t pending_read(struct gic_cpu *cpu, unsigned first, unsigned count)
{
    struct irqchip *chip = cpu->chip;
    uint64_t value = 0;

    gic_own_fold(chip);
    for (unsigned i = 0; i < count * 8; i++)
        if (i % 8 < chip->cpu_count &&
            gic_irq_get(chip, gicv2_sgi(cpu, first + i / 8, i % 8), GIC_BITS_PENDING))
            value |= BIT(i);
    return value;
}

static void pending_write(struct gic_cpu *cpu, unsigned first, unsigned count, uint64_t value, bool is_set)
{
    struct irqchip *chip = cpu->chip;

    gic_own_fold(chip);
    for (unsigned i = 0; i < count * 8; i++) {
        if (i % 8 >= chip->cpu_count || !(value >> i & 1))
            continue;
        if (is_set)
            gic_irq_set(chip, gicv2_sgi(cpu, first + i / 8, i % 8), GIC_BITS_PENDING);
        else
            gic_irq_clear(chip, gicv2_sgi(cpu, first + i / 8, i % 8), GIC_BITS_PENDING);
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
