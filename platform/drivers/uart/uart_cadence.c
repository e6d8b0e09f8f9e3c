/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/types.h>
#include <platform/mmio.h>

#include "port.h"

/* Cadence UART: Zynq UltraScale+ TRM (UG1085), chapter "UART Controllers"; registers: UG1087. Firmware has
 * set the line's speed. */
#define UART_CONTROL     0x00
#define UART_MODE        0x04
#define UART_INT_ENABLE  0x08
#define UART_INT_DISABLE 0x0c
#define UART_INT_STATUS  0x14
#define UART_STATUS      0x2c
#define UART_FIFO        0x30

#define CONTROL_TX_ENABLE  BIT(4)
#define CONTROL_RX_ENABLE  BIT(2)
#define CONTROL_TX_DISABLE BIT(5)
#define CONTROL_RX_DISABLE BIT(3)
#define MODE_CHANNEL       (3U << 8) /* 0: normal, else echo and loopback */
#define STATUS_TX_FULL     BIT(4)
#define INT_TX_EMPTY       BIT(3)
#define INT_ALL            0x1fff

static volatile void *registers; /* immutable after uart_port_open() */

bool uart_port_open(struct uart_port *port)
{
    uint32_t control;

    registers = uart_port_map(port, HOST_CONSOLE_CADENCE);
    if (registers == NULL)
        return false;
    port->tries = 100000; /* a character at 9600 baud is a millisecond; a register read at least 100 ns */
    mmio_write32(registers, UART_INT_DISABLE, INT_ALL);
    mmio_write32(registers, UART_INT_STATUS, INT_ALL);
    mmio_write32(registers, UART_MODE, mmio_read32(registers, UART_MODE) & ~MODE_CHANNEL);
    /* Of enable and disable the latter wins. */
    control = mmio_read32(registers, UART_CONTROL) & ~(uint32_t)(CONTROL_TX_DISABLE | CONTROL_RX_DISABLE);
    mmio_write32(registers, UART_CONTROL, control | CONTROL_TX_ENABLE | CONTROL_RX_ENABLE);
    return true;
}

unsigned uart_port_room(void)
{
    return mmio_read32(registers, UART_STATUS) & STATUS_TX_FULL ? 0 : 1;
}

void uart_port_put(uint8_t character)
{
    mmio_write32(registers, UART_FIFO, character);
}

/* The status of an interrupt that is not enabled is kept, so one that is past is cleared. */
void uart_port_interrupt_on(void)
{
    mmio_write32(registers, UART_INT_STATUS, INT_TX_EMPTY);
    mmio_write32(registers, UART_INT_ENABLE, INT_TX_EMPTY);
}

void uart_port_interrupt_off(void)
{
    mmio_write32(registers, UART_INT_DISABLE, INT_TX_EMPTY);
    mmio_write32(registers, UART_INT_STATUS, INT_TX_EMPTY);
}
