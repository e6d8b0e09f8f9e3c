/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <core/types.h>
#include <platform/mmio.h>

#include "port.h"

/* PrimeCell UART (PL011) technical reference manual, DDI 0183, 3.3. Firmware has set the line's speed. */
#define UARTDR    0x000
#define UARTFR    0x018
#define UARTLCR_H 0x02c
#define UARTCR    0x030
#define UARTIFLS  0x034
#define UARTIMSC  0x038
#define UARTICR   0x044

#define FR_TXFF    0x20 /* transmit FIFO full */
#define FR_BUSY    0x08
#define LCR_8N1    0x70 /* 8 bits, FIFOs on */
#define CR_ON      0x101
#define CR_TXE     0x100
#define CR_RXE     0x200
#define INT_TX     0x20
#define IFLS_TX1_8 0x00

/* A character at 9600 baud is a millisecond; a register read at least 100 ns. */
#define TRIES 100000

static volatile void *registers; /* immutable after uart_port_open() */

bool uart_port_open(struct uart_port *port)
{
    registers = uart_port_map(port, HOST_CONSOLE_PL011);
    if (registers == NULL)
        return false;
    port->tries = TRIES;
    mmio_write32(registers, UARTIMSC, 0);
    mmio_write32(registers, UARTICR, 0x7ff);
    /* The format may only be written while it is off, and it goes off after the character (3.3.8). */
    for (unsigned i = 0; i < TRIES && (mmio_read32(registers, UARTFR) & FR_BUSY); i++)
        arch_relax();
    mmio_write32(registers, UARTCR, 0);
    mmio_write32(registers, UARTIFLS, IFLS_TX1_8);
    mmio_write32(registers, UARTLCR_H, LCR_8N1);
    mmio_write32(registers, UARTCR, CR_ON | CR_TXE | CR_RXE);
    return true;
}

unsigned uart_port_room(void)
{
    return mmio_read32(registers, UARTFR) & FR_TXFF ? 0 : 1;
}

void uart_port_put(uint8_t character)
{
    mmio_write32(registers, UARTDR, character);
}

void uart_port_interrupt_on(void)
{
    mmio_write32(registers, UARTIMSC, INT_TX);
}

void uart_port_interrupt_off(void)
{
    mmio_write32(registers, UARTIMSC, 0);
    mmio_write32(registers, UARTICR, INT_TX);
}
