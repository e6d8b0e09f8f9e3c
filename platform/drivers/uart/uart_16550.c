/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/io.h>
#include <core/types.h>

#include "port.h"

/* National Semiconductor PC16550D datasheet, table II. COM1, which is where every PC firmware puts its serial
 * console. */
#define COM1     0x3f8
#define COM1_IRQ 4

#define REG_DATA 0
#define REG_IER  1
#define REG_IIR  2 /* read */
#define REG_FCR  2 /* write */
#define REG_LCR  3
#define REG_MCR  4
#define REG_LSR  5
#define REG_SCR  7

#define IER_THRE  0x02
#define FCR_ON    0x07 /* enable FIFOs, clear both */
#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define MCR_ON    0x0b /* DTR, RTS, OUT2: the last gates the interrupt on PCs */
#define LSR_THRE  0x20
#define FIFO_SIZE 16

static void reg_write(unsigned reg, uint8_t value)
{
    arch_out8((uint16_t)(COM1 + reg), value);
}

static uint8_t reg_read(unsigned reg)
{
    return arch_in8((uint16_t)(COM1 + reg));
}

bool uart_port_open(struct uart_port *port)
{
    /* The scratch register tells a UART from an empty bus. */
    reg_write(REG_SCR, 0x5a);
    if (reg_read(REG_SCR) != 0x5a)
        return false;
    /* 16 characters at 115200 baud are 1.4 ms; a port read takes about 1 us on real hardware. */
    *port = (struct uart_port){.gsi = COM1_IRQ, .trigger = IRQ_ISA, .has_irq = true, .tries = 20000};
    reg_write(REG_IER, 0);
    reg_write(REG_LCR, LCR_8N1 | LCR_DLAB);
    reg_write(REG_DATA, 1); /* 115200 baud */
    reg_write(REG_IER, 0);
    reg_write(REG_LCR, LCR_8N1);
    reg_write(REG_FCR, FCR_ON);
    reg_write(REG_MCR, MCR_ON);
    return true;
}

unsigned uart_port_room(void)
{
    return reg_read(REG_LSR) & LSR_THRE ? FIFO_SIZE : 0;
}

void uart_port_put(uint8_t character)
{
    reg_write(REG_DATA, character);
}

void uart_port_interrupt_on(void)
{
    reg_write(REG_IER, IER_THRE);
}

void uart_port_interrupt_off(void)
{
    reg_read(REG_IIR); /* acknowledges the empty transmitter */
    reg_write(REG_IER, 0);
}
