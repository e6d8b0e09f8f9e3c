/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PL011_H
#define VMM_DEV_PL011_H

#include "../irqchip/irqchip.h"
#include "bus.h"
#include "console.h"
#include "device.h"

#define PL011_SIZE 0x1000ULL

/* An Arm PL011 UART behind the VM's console: no baud rate, a transmitter that is always ready. -ENOMEM,
 * -EEXIST (address). Context: thread. */
must_check int pl011_create(struct bus *mmio, uint64_t base, struct irqchip *chip, unsigned gsi,
                            struct vm_console *console, struct device **out);

#endif
