/* SPDX-License-Identifier: BSD-2-Clause */
/* The console over whichever port is linked. */
#include <arch/cpu.h>
#include <contract/uart.h>
#include <core/boot.h>
#include <core/log.h>
#include <core/sync.h>

#include "port.h"

static struct uart_port port; /* these: immutable after boot */
static bool is_present;
static bool has_interrupt;
static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LOG); /* the transmitter, and whether it interrupts */

void uart_early_init(void)
{
    is_present = uart_port_open(&port);
}

/* As much as there is room for. */
static size_t fill(const char *text, size_t length)
{
    size_t sent = 0;
    unsigned room;

    while (sent < length && (room = uart_port_room()) > 0)
        for (; room > 0 && sent < length; room--)
            uart_port_put((uint8_t)text[sent++]);
    return sent;
}

void uart_write_polled(const char *text, size_t length)
{
    size_t sent = 0;

    if (!is_present)
        return;
    for (unsigned tries = port.tries; sent < length && tries > 0; tries--) {
        size_t now = fill(text + sent, length - sent);

        sent += now;
        if (now > 0)
            tries = port.tries;
        else
            arch_relax();
    }
}

size_t uart_write(const char *text, size_t length)
{
    arch_irq_state_t state;
    size_t sent;

    if (!is_present)
        return length;
    if (!has_interrupt) {
        uart_write_polled(text, length);
        return length;
    }
    state = spin_lock_irqsave(&lock);
    sent = fill(text, length);
    if (sent == 0) {
        uart_port_interrupt_on();
        /* Room that came just before need not interrupt. */
        sent = fill(text, length);
    }
    spin_unlock_irqrestore(&lock, state);
    return sent;
}

static void uart_interrupt(void *arg)
{
    (void)arg;
    spin_lock_irqoff(&lock);
    uart_port_interrupt_off();
    spin_unlock_irqoff(&lock);
    console_writable();
}

static struct irq_action action = {.handler = uart_interrupt, .name = "uart"};

static int uart_start(void)
{
    int error;

    if (!is_present || !port.has_irq)
        return 0;
    error = irq_request_line(&action, port.gsi, port.trigger);
    has_interrupt = !error;
    return error;
}

BOOT_STEP(BOOT_BUS, uart, uart_start, NULL);
