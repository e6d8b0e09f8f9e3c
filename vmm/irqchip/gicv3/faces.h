/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV3_FACES_H
#define VMM_IRQCHIP_GICV3_FACES_H

#include "../gic/model.h"
#include "gicv3.h"

/* Between the files of the GICv3: distributor and redistributors. */

#define GICV3_PIDR2_REV 0x30 /* GICD_PIDR2.ArchRev */

/* The vCPU that has an affinity, or ROUTE_NONE. */
static inline uint16_t gic_affinity_find(const struct irqchip *chip, uint32_t affinity)
{
    uint32_t index = (affinity & 0xf) | (affinity >> 8 & 0xff) << 4 | (affinity >> 16 & 0xff) << 12;

    return (affinity & 0xff) < 16 && affinity >> 24 == 0 && index < chip->cpu_count ? (uint16_t)index
                                                                                    : ROUTE_NONE;
}

uint64_t gic_dist_read(void *device, uint64_t offset, unsigned size);
void gic_dist_write(void *device, uint64_t offset, unsigned size, uint64_t value);
uint64_t gic_redist_read(struct gic_cpu *cpu, uint64_t offset, unsigned size);
void gic_redist_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value);
/* Where GICD_IROUTER<n>'s value leads. */
uint16_t gic_irouter_target(const struct irqchip *chip, uint64_t irouter);

#endif
