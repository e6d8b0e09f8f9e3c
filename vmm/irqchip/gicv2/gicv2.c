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
 * active it would not: so GICC_DIR is here and not the hardware's. Of an SGI one source's is active, and no
 * other's is what a guest can mean.
 */
static void interface_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;
    struct gic_cpu *cpu = gicv2_accessor(chip);
    unsigned intid = (unsigned)value & 0x3ff;
    struct gic_irq *irq;

    if (offset != GICC_DIR - GICV2_INTERFACE_PAGE || size != 4 || intid >= GIC_SPURIOUS)
        return;
    irq = gic_irq_find(cpu, intid);
    if (irq != NULL)
        gic_irq_deactivate(chip, irq);
}

static uint64_t interface_read(void *device, uint64_t offset, unsigned size)
{
    (void)device, (void)offset, (void)size;
    return 0;
}

const char gic_face_name[] = "gicv2";

/* --- reset: 4.3.4 (all are of Group 0) --- */

static void cpu_reset(struct gic_cpu *cpu)
{
    gicv2_sgis_reset(cpu);
    for (unsigned i = GIC_SGIS; i < GIC_PRIVATE; i++)
        gic_irq_reset(cpu->chip, &cpu->private_irqs[i], 0);
}

void gic_face_reset(struct irqchip *chip)
{
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_reset(&chip->cpus[i]);
    for (unsigned i = 0; i < chip->spi_count; i++) {
        gic_irq_reset(chip, &chip->spis[i], 0);
        /* A single one needs no register to be the target. */
        gicv2_target_set(chip, i, chip->cpu_count == 1);
    }
}

/* --- state record --- */

void gic_face_save(struct irqchip *chip, struct state_writer *writer)
{
    for (unsigned i = 0; i < chip->cpu_count; i++)
        gicv2_sgis_save(&chip->cpus[i], writer);
    for (unsigned i = 0; i < chip->spi_count; i++)
        state_put_u8(writer, atomic_load(&chip->targets[i]));
}

int gic_face_load(struct irqchip *chip, struct state_reader *reader)
{
    int err = 0;

    for (unsigned i = 0; i < chip->cpu_count && err == 0; i++)
        err = gicv2_sgis_load(&chip->cpus[i], reader);
    for (unsigned i = 0; i < chip->spi_count && err == 0; i++) {
        uint8_t targets = state_get_u8(reader);

        gicv2_target_set(chip, i, chip->cpu_count == 1 ? 1 : targets);
    }
    return err;
}

/* --- life --- */

uint64_t gic_face_bytes(const struct irqchip *chip)
{
    return chip->spi_count * sizeof(*chip->targets);
}

void gic_face_free(struct irqchip *chip)
{
    free(chip->targets);
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

int gicv2_create(const struct gicv2_config *config, struct irqchip **out)
{
    struct irqchip *chip;
    int err;

    if (config->gic.vcpu_count > GICV2_VCPUS || config->frame_spi > config->gic.spi_count ||
        config->frame_spis > config->gic.spi_count - config->frame_spi)
        return -EINVAL;
    err = gic_chip_create(&config->gic, &chip);
    if (err != 0)
        return err;
    chip->frame_base = config->frame_base;
    chip->frame_spi = config->frame_spi;
    chip->frame_spis = config->frame_spis;
    chip->targets = calloc(chip->spi_count, sizeof(*chip->targets));
    err = chip->targets != NULL ? regions_add(chip, config) : -ENOMEM;
    return gic_chip_finish(chip, err, out);
}
