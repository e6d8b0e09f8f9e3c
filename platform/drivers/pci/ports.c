/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration mechanism #1: an address port and a data port. PCI 3.0, 3.2.2.3.2. */
#include "pci.h"

#include <arch/io.h>
#include <core/sync.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE       0x80000000u

/* The pair of ports is one resource. */
static struct spinlock ports_lock = SPINLOCK_INIT(LOCK_RANK_IRQ);

static uint32_t port_address(struct pci_address at, unsigned offset)
{
    return ENABLE | (uint32_t)at.bus << 16 | (uint32_t)at.devfn << 8 | (offset & 0xfc);
}

bool pci_ports_present(void)
{
    arch_irq_state_t state = spin_lock_irqsave(&ports_lock);
    bool present;

    arch_out32(PORT_ADDRESS, ENABLE);
    present = arch_in32(PORT_ADDRESS) == ENABLE;
    spin_unlock_irqrestore(&ports_lock, state);
    return present;
}

uint32_t pci_ports_read(struct pci_address at, unsigned offset, unsigned size)
{
    arch_irq_state_t state = spin_lock_irqsave(&ports_lock);
    uint16_t port = (uint16_t)(PORT_DATA + (offset & 3));
    uint32_t value;

    arch_out32(PORT_ADDRESS, port_address(at, offset));
    value = size == 1 ? arch_in8(port) : size == 2 ? arch_in16(port) : arch_in32(port);
    spin_unlock_irqrestore(&ports_lock, state);
    return value;
}

void pci_ports_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value)
{
    arch_irq_state_t state = spin_lock_irqsave(&ports_lock);
    uint16_t port = (uint16_t)(PORT_DATA + (offset & 3));

    arch_out32(PORT_ADDRESS, port_address(at, offset));
    if (size == 1)
        arch_out8(port, (uint8_t)value);
    else if (size == 2)
        arch_out16(port, (uint16_t)value);
    else
        arch_out32(port, value);
    spin_unlock_irqrestore(&ports_lock, state);
}
