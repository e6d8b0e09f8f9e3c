/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV2_FACES_H
#define VMM_IRQCHIP_GICV2_FACES_H

#include "../gic/model.h"
#include "gicv2.h"

/* Between the files of the GICv2. */

/* Who accesses a banked register: 4.1.4. Nobody of this VM does as vCPU 0. */
struct gic_cpu *gicv2_accessor(struct irqchip *chip);

/* --- dist.c --- */

uint64_t gicv2_dist_read(void *device, uint64_t offset, unsigned size);
void gicv2_dist_write(void *device, uint64_t offset, unsigned size, uint64_t value);
/* GICD_ITARGETSR<n> of one SPI. */
void gicv2_target_set(struct irqchip *chip, unsigned spi, uint8_t targets);

/* --- sgi.c: what only SGIs with sources have --- */

#define GICV2_SGI_REGS     0xf00 /* GICD_SGIR, GICD_CPENDSGIR<n>, GICD_SPENDSGIR<n> */
#define GICV2_SGI_REGS_END 0xf30
uint64_t gicv2_sgi_regs_read(struct gic_cpu *cpu, uint64_t offset, unsigned size);
void gicv2_sgi_regs_write(struct gic_cpu *cpu, uint64_t offset, unsigned size, uint64_t value);
/* With what all private interrupts have: before the others, and behind their part of the record. No vCPU
 * runs. */
void gicv2_sgis_reset(struct gic_cpu *cpu);
void gicv2_sgis_save(const struct gic_cpu *cpu, struct state_writer *writer);
must_check int gicv2_sgis_load(struct gic_cpu *cpu, struct state_reader *reader);

/* --- frame.c --- */

uint64_t gicv2_frame_read(void *device, uint64_t offset, unsigned size);
void gicv2_frame_write(void *device, uint64_t offset, unsigned size, uint64_t value);

#endif
