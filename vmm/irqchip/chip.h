/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_CHIP_H
#define VMM_IRQCHIP_CHIP_H

#include "../dev/device.h"
#include "ioapic.h"
#include "lapic.h"
#include "pic.h"

struct irqchip {
    struct lapic *lapics;      /* immutable: [count], by APIC id */
    unsigned count;            /* immutable */
    unsigned phys_bits;        /* immutable once vCPUs run */
    struct bus *pio, *mmio;    /* immutable */
    _Atomic uint32_t n_x2apic; /* local APICs in x2APIC mode */
    struct ioapic ioapic;
    struct pic pic;
    struct device device;
};

#endif
