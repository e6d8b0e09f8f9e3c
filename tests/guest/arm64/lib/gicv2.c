/* SPDX-License-Identifier: BSD-2-Clause */
/* GICv2: distributor and CPU interface, in memory both. Arm IHI 0048B, 4. */
#include "gicv2.h"

#define GICC_CTLR        0x00
#define GICC_BPR         0x08
#define GICC_IAR         0x0c
#define GICC_EOIR        0x10
#define GICC_DIR         0x1000
#define GICC_CTLR_ENABLE 1
#define GICC_CTLR_SPLIT  (1U << 9)

#define GICD_SGIR      0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_ITARGETSR 0x800
#define SGIR_OTHERS    (1U << 24)
#define SGIR_SELF      (2U << 24)

unsigned gicv2_acknowledge(void)
{
    return read32(GICC + GICC_IAR);
}

void gicv2_end(unsigned word)
{
    write32(GICC + GICC_EOIR, word);
}

void gicv2_deactivate(unsigned word)
{
    write32(GICC + GICC_DIR, word);
}

void gicv2_split(bool on)
{
    write32(GICC + GICC_CTLR, GICC_CTLR_ENABLE | (on ? GICC_CTLR_SPLIT : 0));
}

void gicv2_interface_enable(bool on)
{
    write32(GICC + GICC_CTLR, on ? GICC_CTLR_ENABLE : 0);
}

void gicv2_interface_init(void)
{
    write32(GICC + GICC_PMR, 0xff);
    write32(GICC + GICC_BPR, 0);
    gicv2_interface_enable(true);
}

/* Processors are numbered alike here and there. */
void gicv2_route(unsigned intid, unsigned cpu)
{
    write8(GICD + GICD_ITARGETSR + intid, (uint8_t)(1U << cpu));
}

/* All sources'. */
void gicv2_sgi_pend(unsigned intid, bool on)
{
    if (on)
        write32(GICD + GICD_SGIR, SGIR_SELF | intid);
    else
        write8(GICD + GICD_CPENDSGIR + intid, 0xff);
}

void gicv2_sgi_send(unsigned intid, uint16_t targets)
{
    write32(GICD + GICD_SGIR, (uint32_t)(targets & 0xff) << 16 | intid);
}

void gicv2_sgi_send_others(unsigned intid)
{
    write32(GICD + GICD_SGIR, SGIR_OTHERS | intid);
}
