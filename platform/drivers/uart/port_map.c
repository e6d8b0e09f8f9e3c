/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/layout.h>
#include <core/vmap.h>

#include "port.h"

volatile void *uart_port_map(struct uart_port *port, enum host_console_kind kind)
{
    const struct host_console *console = &host_info()->console;

    if (console->kind != kind || console->base.space != HOST_SPACE_MEMORY)
        return NULL;
    port->gsi = console->gsi;
    port->trigger = IRQ_LEVEL_HIGH;
    port->has_irq = console->gsi != 0;
    return (volatile void *)ARCH_MMIO_VA(console->base.address);
}
