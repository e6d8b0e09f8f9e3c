/* SPDX-License-Identifier: BSD-2-Clause */
#include "faces.h"

/*
 * The frame that turns messages into SPIs: Arm DEN 0029, "GICv2m architecture". A write is a pulse on the
 * line, which an edge-triggered interrupt keeps and a level-triggered one does not.
 */
#define MSI_TYPER     0x008
#define MSI_SETSPI_NS GICV2_FRAME_SETSPI
#define MSI_IIDR      0xfcc

void irqchip_msi_send(struct irqchip *chip, uint32_t requester, const struct msi_message *message)
{
    (void)requester;
    if (chip->frame_base != 0 && message->address == chip->frame_base + MSI_SETSPI_NS)
        gicv2_frame_write(chip, MSI_SETSPI_NS, 4, message->data);
}

uint64_t gicv2_frame_read(void *device, uint64_t offset, unsigned size)
{
    const struct irqchip *chip = device;

    if (size != 4)
        return 0;
    switch (offset) {
    case MSI_TYPER:
        return (uint64_t)(GIC_PRIVATE + chip->frame_spi) << 16 | chip->frame_spis;
    case MSI_IIDR:
        return GIC_IIDR;
    default:
        return 0;
    }
}

void gicv2_frame_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;
    unsigned n = (unsigned)(value & 0x3ff) - GIC_PRIVATE - chip->frame_spi;
    struct gic_irq *irq;

    if (offset != MSI_SETSPI_NS || (size != 2 && size != 4) || n >= chip->frame_spis)
        return;
    irq = &chip->spis[chip->frame_spi + n];
    if (irq_flags(irq) & IRQ_EDGE)
        gic_irq_set(chip, irq, GIC_BITS_PENDING);
}
