/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_GICV2_H
#define VMM_IRQCHIP_GICV2_H

#include "../gic/gic.h"

/*
 * The guest's GICv2 (Arm IHI 0048B) without Security Extensions, as a GIC-400's virtual CPU interface shows
 * itself: a distributor, and a frame that turns messages into SPIs (Arm DEN 0029, appendix "GICv2m"). Of the
 * CPU interface the guest has the hardware's own page, GICV's, which the machine maps; what lies behind that
 * page is here.
 */
#define GICV2_VCPUS          8
#define GICV2_INTERFACE_PAGE 0x1000ULL  /* GICV, up to GICC_DIR */
#define GICV2_INTERFACE_SIZE 0x10000ULL /* with GICC_DIR; the rest reads as zero */
#define GICV2_FRAME_SIZE     0x1000ULL
#define GICV2_FRAME_SETSPI   0x40ULL

struct gicv2_config {
    struct gic_config gic; /* at most GICV2_VCPUS */
    uint64_t interface_base;
    uint64_t frame_base;            /* 0: none */
    unsigned frame_spi, frame_spis; /* which lines are the frame's */
};

/* -EINVAL: configuration out of bounds; -EEXIST: addresses taken; -ENOMEM. Context: thread, no vCPU runs. */
must_check int gicv2_create(const struct gicv2_config *config, struct irqchip **out);

#endif
