/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV2_FACES_H
#define VMM_IRQCHIP_GICV2_FACES_H

#include "../gic/model.h"
#include "gicv2.h"

/* Between the files of the GICv2. */

/* One that a vCPU gets from another; IHI 0048B, 2.2.1: each source's is an interrupt of its own. */
static inline struct gic_irq *gicv2_sgi(struct gic_cpu *cpu, unsigned intid, unsigned source)
{
    return source == 0 ? &cpu->private_irqs[intid] : &cpu->sgis[source - 1][intid];
}

/* Who accesses a banked register: 4.1.4. Nobody of this VM does as vCPU 0. */
struct gic_cpu *gicv2_accessor(struct irqchip *chip);

/* --- dist.c --- */

uint64_t gicv2_dist_read(void *device, uint64_t offset, unsigned size);
void gicv2_dist_write(void *device, uint64_t offset, unsigned size, uint64_t value);
/* GICD_ITARGETSR<n> of one SPI. */
void gicv2_target_set(struct irqchip *chip, unsigned spi, uint8_t targets);

/* --- sgi.c: registers that only SGIs with sources have --- */

#define GICV2_SGI_REGS     0xf00 /* GICD_SGIR, GICD_CPENDSGIR<n>, GICD_SPENDSGIR<n> */
#define GICV2_SGI_REGS_END 0xf30
uint64_t gicv2_sgi_regs_read(struct gic_cpu *cpu, uint64_t offset, unsigned size);
void gicv2_sgi_regs_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value);

/* --- frame.c --- */

uint64_t gicv2_frame_read(void *device, uint64_t offset, unsigned size);
void gicv2_frame_write(void *device, uint64_t offset, unsigned size, uint64_t value);

#endif
