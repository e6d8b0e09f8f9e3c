/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_UART_PORT_H
#define DRIVERS_UART_PORT_H

#include <core/host_info.h>
#include <core/irq.h>

/*
 * What differs between serial ports, implemented by the one linked driver; uart.c is the same for all and the
 * only caller. Nothing here waits. Context of those that say nothing: any, but one at a time.
 */
struct uart_port {
    uint32_t gsi; /* what it interrupts by */
    enum irq_trigger trigger;
    bool has_irq;   /* gsi is known */
    unsigned tries; /* to find room for a character before the port counts as dead: some milliseconds */
};

/* Finds it and sets it up, its interrupt off; false: there is none. Context: boot, before memory management.
 */
must_check bool uart_port_open(struct uart_port *port);

/* How many characters it certainly takes now. */
unsigned uart_port_room(void);
void uart_port_put(uint8_t character);

/* It interrupts when it has sent something from now on; whether it does for what it has sent is its affair.
 */
void uart_port_interrupt_on(void);
/* No more, and the one that came is acknowledged. */
void uart_port_interrupt_off(void);

/*
 * The registers of a memory-mapped port of this kind if it is the console, NULL if not; says what it
 * interrupts by, too. The platform has mapped them, where they are physically, and does so in later page
 * tables.
 */
volatile void *uart_port_map(struct uart_port *port, enum host_console_kind kind);

#endif
