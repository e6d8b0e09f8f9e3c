/* SPDX-License-Identifier: BSD-2-Clause */
#include "gicv2.h"

#include "faces.h"
#include <errno.h>
#include <stdlib.h>

/* The GICv2 as a whole: creation, reset, state record, and what of the CPU interface traps. */

struct gic_cpu *gicv2_accessor(struct irqchip *chip)
{
    unsigned current = vcpu_current(chip);

    return &chip->cpus[current < chip->cpu_count ? current : 0];
}

/* --- the CPU interface behind its first page: IHI 0048B, 4.4 --- */

#define GICC_DIR 0x1000

/*
 * Whether the interrupt is in a list register only this vCPU's hardware would know, and which vCPU has an SPI
 * active it would not: so GICC_DIR is here and not the hardware's.
 */
static void interface_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;
    struct gic_cpu *cpu = gicv2_accessor(chip);
    unsigned intid = (unsigned)value & 0x3ff;
    struct gic_irq *irq;

    if (offset != GICC_DIR - GICV2_INTERFACE_PAGE || size != 4 || intid >= GIC_SPURIOUS)
        return;
    irq = intid < GIC_SGIS ? gicv2_sgi(cpu, intid, (unsigned)FIELD(value, 12, 10)) : gic_irq_find(cpu, intid);
    if (irq != NULL)
        gic_irq_deactivate(chip, irq);
}

static uint64_t interface_read(void *device, uint64_t offset, unsigned size)
{
    (void)device, (void)offset, (void)size;
    return 0;
}

/* --- reset: 4.3.4 (all are of Group 0), 4.3.5 (SGIs are enabled) --- */

static void cpu_reset(struct gic_cpu *cpu)
{
    gic_interface_reset(cpu);
    for (unsigned i = 0; i < GIC_PRIVATE; i++)
        gic_irq_reset(cpu->chip, &cpu->private_irqs[i], i < GIC_SGIS ? IRQ_ENABLED : 0);
    for (unsigned source = 1; source < GIC_SOURCES; source++)
        for (unsigned i = 0; i < GIC_SGIS; i++)
            gic_irq_reset(cpu->chip, gicv2_sgi(cpu, i, source), IRQ_ENABLED);
}

static void chip_reset(struct irqchip *chip)
{
    atomic_store(&chip->ctlr, 0);
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_reset(&chip->cpus[i]);
    for (unsigned i = 0; i < chip->spi_count; i++) {
        gic_irq_reset(chip, &chip->spis[i], 0);
        /* A single one needs no register to be the target. */
        gicv2_target_set(chip, i, chip->cpu_count == 1);
    }
}

/* --- state record --- */

static void device_save(struct device *device, struct state_writer *writer)
{
    struct irqchip *chip = container_of(device, struct irqchip, device);

    state_put_u32(writer, chip->cpu_count);
    state_put_u32(writer, chip->spi_count);
    state_put_u32(writer, atomic_load(&chip->ctlr));
    for (unsigned i = 0; i < chip->cpu_count; i++) {
        gic_cpu_save(&chip->cpus[i], writer);
        for (unsigned n = GIC_SGIS; n < GIC_SOURCES * GIC_SGIS; n++)
            gic_irq_save(gicv2_sgi(&chip->cpus[i], n % GIC_SGIS, n / GIC_SGIS), writer);
    }
    for (unsigned i = 0; i < chip->spi_count; i++) {
        gic_irq_save(&chip->spis[i], writer);
        state_put_u8(writer, atomic_load(&chip->targets[i]));
    }
}

static int cpu_load(struct gic_cpu *cpu, struct state_reader *reader)
{
    int err = gic_cpu_load(cpu, reader);

    for (unsigned n = GIC_SGIS; n < GIC_SOURCES * GIC_SGIS && err == 0; n++)
        err = gic_irq_load(cpu->chip, gicv2_sgi(cpu, n % GIC_SGIS, n / GIC_SGIS), reader);
    return err;
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
    for (unsigned i = 0; i < chip->spi_count && err == 0; i++) {
        uint8_t targets;

        err = gic_irq_load(chip, &chip->spis[i], reader);
        targets = state_get_u8(reader);
        gicv2_target_set(chip, i, chip->cpu_count == 1 ? 1 : targets);
    }
    return err != 0 ? err : state_reader_status(reader);
}

/* --- life --- */

static void device_reset(struct device *device)
{
    chip_reset(container_of(device, struct irqchip, device));
}

static void device_destroy(struct device *device)
{
    gicv2_destroy(container_of(device, struct irqchip, device));
}

static const struct device_ops gicv2_ops = {
    .name = "gicv2",
    .version = 1,
    .reset = device_reset,
    .save = device_save,
    .load = device_load,
    .destroy = device_destroy,
};

uint64_t irqchip_bytes(const struct irqchip *chip)
{
    return gic_chip_bytes(chip) + chip->spi_count * sizeof(*chip->targets) +
           chip->cpu_count * (GIC_SOURCES - 1) * sizeof(*chip->sgis);
}

static int regions_add(struct irqchip *chip, const struct gicv2_config *config)
{
    int err = gic_region_add(
        chip, chip->dist_base, GIC_DIST_SIZE,
        &(struct bus_region){
            .read = gicv2_dist_read, .write = gicv2_dist_write, .device = chip, .name = "gicv2-distributor"});

    if (err == 0)
        err = gic_region_add(
            chip, config->interface_base + GICV2_INTERFACE_PAGE, GICV2_INTERFACE_SIZE - GICV2_INTERFACE_PAGE,
            &(struct bus_region){
                .read = interface_read, .write = interface_write, .device = chip, .name = "gicv2-interface"});
    if (err == 0 && config->frame_base != 0)
        err = gic_region_add(chip, config->frame_base, GICV2_FRAME_SIZE,
                             &(struct bus_region){.read = gicv2_frame_read,
                                                  .write = gicv2_frame_write,
                                                  .device = chip,
                                                  .name = "gicv2-messages"});
    return err;
}

static int parts_create(struct irqchip *chip)
{
    chip->targets = calloc(chip->spi_count, sizeof(*chip->targets));
    chip->sgis = calloc(chip->cpu_count * (GIC_SOURCES - 1), sizeof(*chip->sgis));
    if (chip->targets == NULL || chip->sgis == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < chip->cpu_count; i++) {
        struct gic_cpu *cpu = &chip->cpus[i];

        cpu->sgis = &chip->sgis[i * (GIC_SOURCES - 1)];
        for (unsigned n = GIC_SGIS; n < GIC_SOURCES * GIC_SGIS; n++)
            gic_irq_init(gicv2_sgi(cpu, n % GIC_SGIS, n / GIC_SGIS), n % GIC_SGIS | n / GIC_SGIS << 10, i);
    }
    return 0;
}

int gicv2_create(const struct gicv2_config *config, struct irqchip **out)
{
    struct irqchip *chip;
    int err;

    if (config->gic.vcpu_count > GICV2_VCPUS || config->frame_spi > config->gic.spi_count ||
        config->frame_spis > config->gic.spi_count - config->frame_spi)
        return -EINVAL;
    err = gic_chip_create(&config->gic, &gicv2_ops, &chip);
    if (err != 0)
        return err;
    chip->frame_base = config->frame_base;
    chip->frame_spi = config->frame_spi;
    chip->frame_spis = config->frame_spis;
    err = parts_create(chip);
    if (err == 0)
        err = regions_add(chip, config);
    if (err != 0) {
        gicv2_destroy(chip);
        return err;
    }
    chip_reset(chip);
    *out = chip;
    return 0;
}

void gicv2_destroy(struct irqchip *chip)
{
    free(chip->sgis);
    free(chip->targets);
    gic_chip_free(chip);
}
