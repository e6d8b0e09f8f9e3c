/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_ARM64_GICV2_H
#define GUEST_ARM64_GICV2_H

#include "guest.h"

/* gic.c's other half. */
#define GICC_PMR   0x04
#define GICC_RPR   0x14
#define GICC_HPPIR 0x18

unsigned gicv2_acknowledge(void);
void gicv2_end(unsigned word);
void gicv2_deactivate(unsigned word);
void gicv2_split(bool on);
void gicv2_interface_enable(bool on);
void gicv2_interface_init(void);
void gicv2_route(unsigned intid, unsigned cpu);
void gicv2_sgi_pend(unsigned intid, bool on);
void gicv2_sgi_send(unsigned intid, uint16_t targets);
void gicv2_sgi_send_others(unsigned intid);

#endif
