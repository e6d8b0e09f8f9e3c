/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

/*
 * Registers with a field per interrupt, the same in both GICs' distributors and in a redistributor's
 * SGI_base: IHI 0069H, 12.9 and 12.11; IHI 0048B, 4.3.
 */
#define IGROUPR    0x0080
#define ISENABLER  0x0100
#define ICENABLER  0x0180
#define ISPENDR    0x0200
#define ICPENDR    0x0280
#define ISACTIVER  0x0300
#define ICACTIVER  0x0380
#define IPRIORITYR 0x0400
#define ITARGETSR  0x0800
#define ICFGR      0x0c00
#define IGRPMODR   0x0d00

static struct gic_irq *irq_at(struct gic_bank bank, uint64_t intid)
{
    return intid - bank.first < bank.count ? &bank.irqs[intid - bank.first] : NULL;
}

static enum gic_bits bits_kind(uint64_t offset)
{
    if (offset < ISENABLER)
        return GIC_BITS_GROUP;
    return offset < ISPENDR ? GIC_BITS_ENABLE : offset < ISACTIVER ? GIC_BITS_PENDING : GIC_BITS_ACTIVE;
}

static uint64_t bits_read(struct irqchip *chip, struct gic_bank bank, uint64_t offset)
{
    enum gic_bits what = bits_kind(offset);
    uint64_t first = offset % 0x80 * 8, value = 0;

    if (what == GIC_BITS_PENDING || what == GIC_BITS_ACTIVE)
        gic_own_fold(chip);
    for (unsigned i = 0; i < 32; i++) {
        struct gic_irq *irq = irq_at(bank, first + i);

        if (irq != NULL && gic_irq_get(chip, irq, what))
            value |= BIT(i);
    }
    return value;
}

static void bits_write(struct irqchip *chip, struct gic_bank bank, uint64_t offset, uint32_t value)
{
    enum gic_bits what = bits_kind(offset);
    bool is_group = what == GIC_BITS_GROUP, is_clear = !is_group && offset % 0x100 >= 0x80;
    uint64_t first = offset % 0x80 * 8;

    if (what == GIC_BITS_PENDING || what == GIC_BITS_ACTIVE)
        gic_own_fold(chip);
    for (uint32_t bits = is_group ? ~0U : value; bits != 0; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctz(bits);
        struct gic_irq *irq = irq_at(bank, first + i);

        if (irq == NULL)
            continue;
        if (is_group && (value >> i & 1) == gic_irq_get(chip, irq, what))
            continue;
        if (is_clear || (is_group && !(value >> i & 1)))
            gic_irq_clear(chip, irq, what);
        else
            gic_irq_set(chip, irq, what);
    }
}

/* GICD_IPRIORITYR<n>: may be accessed by bytes. */
static uint64_t priority_read(struct gic_bank bank, uint64_t first, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct gic_irq *irq = irq_at(bank, first + i);

        if (irq != NULL)
            value |= (uint64_t)atomic_load(&irq->priority) << i * 8;
    }
    return value;
}

static void priority_write(struct irqchip *chip, struct gic_bank bank, uint64_t first, unsigned count,
                           uint64_t value)
{
    for (unsigned i = 0; i < count; i++) {
        struct gic_irq *irq = irq_at(bank, first + i);

        if (irq != NULL)
            gic_irq_priority_set(chip, irq, (uint8_t)(value >> i * 8));
    }
}

/* GICD_ICFGR<n>: two bits per interrupt, of which the high one counts. SGIs are edges (GICR_ICFGR0). */
static uint64_t config_read(struct gic_bank bank, uint64_t first)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 16; i++) {
        const struct gic_irq *irq = irq_at(bank, first + i);

        if (irq != NULL && (irq_flags(irq) & IRQ_EDGE))
            value |= 2ULL << i * 2;
    }
    return value;
}

static void config_write(struct irqchip *chip, struct gic_bank bank, uint64_t first, uint64_t value)
{
    for (unsigned i = 0; i < 16; i++) {
        struct gic_irq *irq = irq_at(bank, first + i);

        if (irq != NULL && !irq_is_sgi(irq))
            gic_irq_config_set(chip, irq, (value >> (i * 2 + 1) & 1) != 0);
    }
}

bool gic_fields_read(struct irqchip *chip, struct gic_bank bank, uint64_t offset, unsigned size,
                     uint64_t *value)
{
    *value = 0;
    switch (offset) {
    case IGROUPR ... IPRIORITYR - 1:
        if (size == 4)
            *value = bits_read(chip, bank, offset);
        return true;
    case IPRIORITYR ... ITARGETSR - 1:
        if (size == 1 || size == 4)
            *value = priority_read(bank, offset - IPRIORITYR, size);
        return true;
    case ICFGR ... IGRPMODR - 1:
        if (size == 4)
            *value = config_read(bank, (offset - ICFGR) * 4);
        return true;
    default:
        return false;
    }
}

bool gic_fields_write(struct irqchip *chip, struct gic_bank bank, uint64_t offset, unsigned size,
                      uint64_t value)
{
    switch (offset) {
    case IGROUPR ... IPRIORITYR - 1:
        if (size == 4)
            bits_write(chip, bank, offset, (uint32_t)value);
        return true;
    case IPRIORITYR ... ITARGETSR - 1:
        if (size == 1 || size == 4)
            priority_write(chip, bank, offset - IPRIORITYR, size, value);
        return true;
    case ICFGR ... IGRPMODR - 1:
        if (size == 4)
            config_write(chip, bank, (offset - ICFGR) * 4, value);
        return true;
    default:
        return false;
    }
}

static bool has_loaded(const struct gic_cpu *cpu)
{
    for (unsigned i = 0; i < ARRAY_SIZE(cpu->loaded); i++)
        if (cpu->loaded[i] != NULL)
            return true;
    return false;
}

void gic_ctlr_write(struct irqchip *chip, uint32_t value)
{
    uint32_t enables = value & (CTLR_GRP0 | CTLR_GRP1);

    if (atomic_exchange(&chip->ctlr, enables) == enables)
        return;
    for (unsigned i = 0; i < chip->cpu_count; i++) {
        struct gic_cpu *cpu = &chip->cpus[i];
        arch_irq_state_t state = spin_lock_irqsave(&cpu->lock);

        gic_attention_tell(cpu, has_loaded(cpu) ? ATTENTION_RESYNC : ATTENTION_NEW);
        spin_unlock_irqrestore(&cpu->lock, state);
    }
}
