/* SPDX-License-Identifier: BSD-2-Clause */
#include "../gicv3/its.h"

/* A GICv2 has no LPIs: there is none to be found, so nothing of them is ever to be done. */

struct gic_irq *gic_lpi_find(struct irqchip *chip, uint32_t intid)
{
    (void)chip, (void)intid;
    return NULL;
}

void gic_lpi_config_read(struct irqchip *chip, struct gic_irq *irq)
{
    (void)chip, (void)irq;
}

bool its_continue(struct gic_cpu *cpu)
{
    (void)cpu;
    return false;
}
