/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What comes in by lines, and the life of what both GICs have: creation, reset, state record. */

/* --- lines --- */

void irqchip_line_set(struct irqchip *chip, unsigned gsi, bool level)
{
    if (gsi < chip->spi_count)
        gic_irq_line_set(chip, &chip->spis[gsi], level);
}

void gic_ppi_set(struct gic_cpu *cpu, unsigned intid, bool level)
{
    struct gic_irq *irq;

    if (intid < GIC_SGIS || intid >= GIC_PRIVATE)
        return;
    irq = &cpu->private_irqs[intid];
    if (irq->host_intid == 0)
        gic_irq_line_set(cpu->chip, irq, level);
    else if (level)
        gic_private_raise(cpu, intid);
    else
        gic_irq_clear(cpu->chip, irq, GIC_BITS_PENDING);
}

void gic_ppi_host_set(struct gic_cpu *cpu, unsigned intid, uint32_t host_intid)
{
    if (intid >= GIC_SGIS && intid < GIC_PRIVATE)
        cpu->private_irqs[intid].host_intid = (uint16_t)host_intid & 0x3ff;
}

void gic_irq_deactivate(struct irqchip *chip, struct gic_irq *irq)
{
    gic_own_fold(chip);
    gic_irq_clear(chip, irq, GIC_BITS_ACTIVE);
}

struct gic_cpu *gic_cpu(struct irqchip *chip, unsigned vcpu)
{
    return &chip->cpus[vcpu];
}

struct device *gic_device(struct irqchip *chip)
{
    return &chip->device;
}

/* --- reset --- */

static void chip_reset(struct irqchip *chip)
{
    atomic_store(&chip->ctlr, 0);
    for (unsigned i = 0; i < chip->cpu_count; i++)
        gic_interface_reset(&chip->cpus[i]);
    gic_face_reset(chip);
}

static void device_reset(struct device *device)
{
    chip_reset(container_of(device, struct irqchip, device));
}

void gic_irq_reset(struct irqchip *chip, struct gic_irq *irq, uint32_t flags)
{
    uint32_t kept;

    gic_irq_forget(chip, irq);
    /* Lines belong to the devices that drive them. */
    kept = irq_flags(irq) & IRQ_LINE;
    irq_flags_set(irq, kept | flags | (irq_is_sgi(irq) ? IRQ_EDGE : 0));
    atomic_store(&irq->priority, 0);
}

/* --- state record --- */

#define IRQ_KEPT (IRQ_ENABLED | IRQ_LATCH | IRQ_LINE | IRQ_ACTIVE | IRQ_EDGE | IRQ_GROUP1)

void gic_irq_save(const struct gic_irq *irq, struct state_writer *writer)
{
    state_put_u32(writer, irq_flags(irq));
    state_put_u8(writer, atomic_load(&irq->priority));
    state_put_u32(writer, atomic_load(&irq->home));
}

int gic_irq_load(struct irqchip *chip, struct gic_irq *irq, struct state_reader *reader)
{
    uint32_t fixed = IRQ_LPI | IRQ_SOURCES | (irq_is_sgi(irq) || irq->intid >= GIC_LPI_FIRST ? IRQ_EDGE : 0);
    uint32_t flags = state_get_u32(reader);
    uint8_t priority = state_get_u8(reader);
    uint32_t home = state_get_u32(reader);
    arch_irq_state_t state;
    struct gic_cpu *cpu;

    if (home >= chip->cpu_count || (flags & IRQ_WHILE_LOADED) ||
        ((flags & IRQ_LPI) && (flags & IRQ_ACTIVE)) ||
        (irq_is_private(irq) && home != atomic_load(&irq->home)))
        return -EINVAL;
    cpu = gic_irq_lock(chip, irq, &state);
    gic_irq_unqueue(cpu, irq);
    irq_flags_set(irq, (flags & IRQ_KEPT & ~fixed) | (irq_flags(irq) & fixed));
    atomic_store(&irq->priority, priority & 0xf8);
    /* Where it is active, or waits; where it should be its route says. */
    atomic_store(&irq->home, (uint16_t)home);
    spin_unlock_irqrestore(&cpu->lock, state);
    cpu = gic_irq_lock(chip, irq, &state);
    gic_irq_settle(cpu, irq, state);
    return 0;
}

/* What ICH_VMCR_EL2 and GICH_VMCR have: mask, binary points, VEOIM, VCBPR, VFIQEn, VAckCtl, enables. */
#define VMCR_FIELDS (MASK(31, 18) | BIT(9) | MASK(4, 0))

/*
 * A group's active priorities. Interrupts have five bits of priority; where each of them is in
 * ICH_AP<x>R<n>_EL2 depends on how many bits the host's CPUs have, so in the record each has one bit of one
 * word.
 */
static uint32_t apr_pack(const struct gic_lrs *lrs, unsigned group)
{
    uint32_t active = 0;

    for (unsigned i = 0; i < GIC_PRIORITIES; i++) {
        unsigned bit = i << (lrs->pri_bits - 5);

        active |= (lrs->apr[group][bit / 32] >> bit % 32 & 1) << i;
    }
    return active;
}

static void apr_unpack(struct gic_lrs *lrs, unsigned group, uint32_t active)
{
    for (; active != 0; active &= active - 1) {
        unsigned bit = (unsigned)__builtin_ctz(active) << (lrs->pri_bits - 5);

        lrs->apr[group][bit / 32] |= 1U << bit % 32;
    }
}

static void cpu_save(struct gic_cpu *cpu, struct state_writer *writer)
{
    gic_cpu_fold(cpu);
    vcpu_apr_read(cpu->vcpu, &cpu->lrs);
    state_put_u32(writer, cpu->lrs.vmcr);
    for (unsigned group = 0; group < ARRAY_SIZE(cpu->lrs.apr); group++)
        state_put_u32(writer, apr_pack(&cpu->lrs, group));
    for (unsigned i = 0; i < GIC_PRIVATE; i++)
        gic_irq_save(&cpu->private_irqs[i], writer);
}

static int cpu_load(struct gic_cpu *cpu, struct state_reader *reader)
{
    uint32_t vmcr = state_get_u32(reader) & (uint32_t)VMCR_FIELDS, group0 = state_get_u32(reader),
             group1 = state_get_u32(reader);
    int err = 0;

    /* A priority that is active in both groups is UNPREDICTABLE: ICH_AP0R<n>_EL2. */
    if ((group0 & group1) != 0)
        return -EINVAL;
    cpu->lrs.vmcr = vmcr;
    apr_unpack(&cpu->lrs, 0, group0);
    apr_unpack(&cpu->lrs, 1, group1);
    vcpu_interface_write(cpu->vcpu, &cpu->lrs);
    for (unsigned i = 0; i < GIC_PRIVATE && err == 0; i++)
        err = gic_irq_load(cpu->chip, &cpu->private_irqs[i], reader);
    return err;
}

static void device_save(struct device *device, struct state_writer *writer)
{
    struct irqchip *chip = container_of(device, struct irqchip, device);

    state_put_u32(writer, chip->cpu_count);
    state_put_u32(writer, chip->spi_count);
    state_put_u32(writer, atomic_load(&chip->ctlr));
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_save(&chip->cpus[i], writer);
    for (unsigned i = 0; i < chip->spi_count; i++)
        gic_irq_save(&chip->spis[i], writer);
    gic_face_save(chip, writer);
}

static int device_load(struct device *device, struct state_reader *reader, uint32_t version)
{
    struct irqchip *chip = container_of(device, struct irqchip, device);
    int err = 0;

    chip_reset(chip);
    if (version != device->ops->version || state_get_u32(reader) != chip->cpu_count ||
        state_get_u32(reader) != chip->spi_count)
        return -EINVAL;
    atomic_store(&chip->ctlr, state_get_u32(reader) & (CTLR_GRP0 | CTLR_GRP1));
    for (unsigned i = 0; i < chip->cpu_count && err == 0; i++)
        err = cpu_load(&chip->cpus[i], reader);
    for (unsigned i = 0; i < chip->spi_count && err == 0; i++)
        err = gic_irq_load(chip, &chip->spis[i], reader);
    if (err == 0)
        err = gic_face_load(chip, reader);
    return err != 0 ? err : state_reader_status(reader);
}

/* --- life --- */

void gic_destroy(struct irqchip *chip)
{
    gic_face_free(chip);
    while (chip->region_count > 0)
        bus_remove(chip->mmio, &chip->regions[--chip->region_count]);
    free(chip->spis);
    free(chip->cpus);
    free(chip);
}

static void device_destroy(struct device *device)
{
    gic_destroy(container_of(device, struct irqchip, device));
}

static const struct device_ops gic_ops = {
    .name = gic_face_name,
    .version = 1,
    .reset = device_reset,
    .save = device_save,
    .load = device_load,
    .destroy = device_destroy,
};

static void cpu_init(struct irqchip *chip, unsigned index, const struct gic_config *config)
{
    struct gic_cpu *cpu = &chip->cpus[index];

    memset(cpu, 0, sizeof(*cpu));
    cpu->chip = chip;
    cpu->vcpu = config->vcpus[index];
    cpu->index = index;
    cpu->lrs.count = (uint8_t)config->lr_count;
    cpu->lrs.pri_bits = (uint8_t)config->lr_pri_bits;
    spin_init(&cpu->lock, LOCK_RANK_IRQCHIP);
    for (unsigned i = 0; i < QUEUES; i++)
        TAILQ_INIT(&cpu->queues[i]);
    for (unsigned i = 0; i < GIC_PRIVATE; i++)
        gic_irq_init(&cpu->private_irqs[i], i, index);
}

int gic_region_add(struct irqchip *chip, uint64_t base, uint64_t size, const struct bus_region *region)
{
    struct bus_region *r = &chip->regions[chip->region_count];
    int err;

    *r = *region;
    r->base = base;
    r->size = size;
    err = bus_add(chip->mmio, r);
    if (err == 0)
        chip->region_count++;
    return err;
}

static bool config_is_valid(const struct gic_config *config)
{
    return config->vcpu_count > 0 && config->vcpu_count < ROUTE_ANY && config->spi_count > 0 &&
           config->spi_count <= GIC_SPIS_MAX && config->spi_count % 32 == 0 && config->lr_count > 0 &&
           config->lr_count <= GIC_LRS_MAX && config->lr_pri_bits >= 5 && config->lr_pri_bits <= 7;
}

int gic_chip_create(const struct gic_config *config, struct irqchip **out)
{
    struct irqchip *chip;

    if (!config_is_valid(config))
        return -EINVAL;
    chip = calloc(1, sizeof(*chip));
    if (chip == NULL)
        return -ENOMEM;
    chip->cpu_count = config->vcpu_count;
    chip->spi_count = config->spi_count;
    chip->gmem = config->gmem;
    chip->mmio = config->mmio;
    chip->dist_base = config->dist_base;
    chip->dir_trap = config->dir_trap;
    chip->icc_ctlr = config->icc_ctlr;
    chip->device.ops = &gic_ops;
    chip->cpus = aligned_alloc(_Alignof(struct gic_cpu), chip->cpu_count * sizeof(*chip->cpus));
    chip->spis = calloc(chip->spi_count, sizeof(*chip->spis));
    if (chip->cpus == NULL || chip->spis == NULL) {
        gic_destroy(chip);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_init(chip, i, config);
    for (unsigned i = 0; i < chip->spi_count; i++)
        gic_irq_init(&chip->spis[i], GIC_PRIVATE + i, 0);
    *out = chip;
    return 0;
}

int gic_chip_finish(struct irqchip *chip, int err, struct irqchip **out)
{
    if (err != 0) {
        gic_destroy(chip);
        return err;
    }
    chip_reset(chip);
    *out = chip;
    return 0;
}

uint64_t irqchip_bytes(const struct irqchip *chip)
{
    return sizeof(*chip) + chip->cpu_count * sizeof(struct gic_cpu) +
           chip->spi_count * sizeof(struct gic_irq) + gic_face_bytes(chip);
}
