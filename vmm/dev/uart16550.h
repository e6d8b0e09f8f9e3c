/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_UART16550_H
#define VMM_DEV_UART16550_H

#include "../irqchip/irqchip.h"
#include "bus.h"
#include "console.h"
#include "device.h"

/* A PC16550D behind the VM's console: no baud rate, a transmitter that is always ready. -ENOMEM, -EEXIST
 * (port). Context: thread. */
must_check int uart16550_create(struct bus *pio, uint16_t port, struct irqchip *chip, unsigned gsi,
                                struct vm_console *console, struct device **out);

#endif
