/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV3_H
#define VMM_IRQCHIP_GICV3_H

#include "../gic/gic.h"

/*
 * The guest's GICv3 (Arm IHI 0069H): distributor, one redistributor per vCPU, one ITS. Affinity routing is
 * always on, there is one Security state (GICD_CTLR.DS is 1). Messages are writes to GITS_TRANSLATER, the
 * requester being the DeviceID, or to GICD_SETSPI_NSR.
 */
#define GICV3_REDIST_SIZE  0x20000ULL /* of one vCPU: RD_base and SGI_base */
#define GICV3_ITS_SIZE     0x20000ULL
#define GICV3_TRANSLATER   0x10040ULL /* from the ITS's base */
#define GICV3_REDIST_PARTS 2

struct gicv3_config {
    struct gic_config gic; /* vcpu_count <= the sum of redist[].count */
    struct {
        uint64_t base;
        unsigned count; /* of vCPUs whose redistributors are here */
    } redist[GICV3_REDIST_PARTS];
    uint64_t its_base; /* 0: no ITS and no LPIs */
};

/* -EINVAL: configuration out of bounds; -EEXIST: addresses taken; -ENOMEM. Context: thread, no vCPU runs. */
must_check int gicv3_create(const struct gicv3_config *config, struct irqchip **out);

/* --- vCPU's own thread --- */

/* ICC_SGI1R_EL1, ICC_ASGI1R_EL1 (which = 1) or ICC_SGI0R_EL1 (which = 0) is written: 12.2 and 4.4. */
void gicv3_sgi_write(struct gic_cpu *cpu, unsigned which, uint64_t value);

/* ICC_DIR_EL1 is written and was trapped (struct gic_config.dir_trap): 12.2. */
void gicv3_dir_write(struct gic_cpu *cpu, uint32_t intid);

/* What else traps if that is ICH_HCR_EL2.TC: ICC_CTLR_EL1, ICC_PMR_EL1; ICC_RPR_EL1, to be read only. */
enum gicv3_common { GICV3_CTLR, GICV3_PMR, GICV3_RPR };
uint64_t gicv3_common_read(struct gic_cpu *cpu, enum gicv3_common reg);
void gicv3_common_write(struct gic_cpu *cpu, enum gicv3_common reg, uint64_t value);

#endif
