/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/layout.h>
#include <contract/uart.h>
#include <core/boot.h>
#include <core/host_info.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/sync.h>
#include <core/vmap.h>
#include <platform/mmio.h>

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

static volatile void *registers; /* NULL: none; immutable after uart_early_init() */
static bool has_interrupt;       /* immutable after boot */
static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LOG); /* UARTIMSC */

/* A character at 9600 baud is a millisecond; a register read at least 100 ns. */
static bool wait_while(uint32_t flag)
{
    for (unsigned i = 0; i < 100000; i++) {
        if (!(mmio_read32(registers, UARTFR) & flag))
            return true;
        arch_relax();
    }
    return false;
}

/* The platform has mapped the registers, where they are physically, and does so in later page tables too. */
void uart_early_init(void)
{
    const struct host_console *console = &host_info()->console;

    if (console->kind != HOST_CONSOLE_PL011 || console->base.space != HOST_SPACE_MEMORY)
        return;
    registers = (volatile void *)ARCH_MMIO_VA(console->base.address);
    mmio_write32(registers, UARTIMSC, 0);
    mmio_write32(registers, UARTICR, 0x7ff);
    /* The format may only be written while it is off, and it goes off after the character (3.3.8). */
    (void)wait_while(FR_BUSY);
    mmio_write32(registers, UARTCR, 0);
    mmio_write32(registers, UARTIFLS, IFLS_TX1_8);
    mmio_write32(registers, UARTLCR_H, LCR_8N1);
    mmio_write32(registers, UARTCR, CR_ON | CR_TXE | CR_RXE);
}

void uart_write_polled(const char *text, size_t length)
{
    if (registers == NULL)
        return;
    for (; length > 0 && wait_while(FR_TXFF); length--)
        mmio_write32(registers, UARTDR, (uint8_t)*text++);
}

size_t uart_write(const char *text, size_t length)
{
    arch_irq_state_t state;
    size_t sent = 0;

    if (registers == NULL)
        return length;
    if (!has_interrupt) {
        uart_write_polled(text, length);
        return length;
    }
    state = spin_lock_irqsave(&lock);
    for (; sent < length && !(mmio_read32(registers, UARTFR) & FR_TXFF); sent++)
        mmio_write32(registers, UARTDR, (uint8_t)text[sent]);
    if (sent == 0)
        mmio_write32(registers, UARTIMSC, INT_TX);
    spin_unlock_irqrestore(&lock, state);
    return sent;
}

static void uart_interrupt(void *arg)
{
    (void)arg;
    spin_lock_irqoff(&lock);
    mmio_write32(registers, UARTIMSC, 0);
    mmio_write32(registers, UARTICR, INT_TX);
    spin_unlock_irqoff(&lock);
    console_writable();
}

static struct irq_action action = {.handler = uart_interrupt, .name = "uart"};

static int uart_start(void)
{
    int error;

    if (registers == NULL || host_info()->console.gsi == 0)
        return 0;
    error = irq_request_line(&action, host_info()->console.gsi, IRQ_LEVEL_HIGH);
    has_interrupt = !error;
    return error;
}

BOOT_STEP(BOOT_BUS, uart, uart_start, NULL);
