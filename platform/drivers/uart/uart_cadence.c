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

static volatile void *registers; /* NULL: none; immutable after uart_early_init() */
static bool has_interrupt;       /* immutable after boot */
static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LOG); /* which interrupts are on */

/* A character at 9600 baud is a millisecond; a register read at least 100 ns. */
static bool wait_room(void)
{
    for (unsigned i = 0; i < 100000; i++) {
        if (!(mmio_read32(registers, UART_STATUS) & STATUS_TX_FULL))
            return true;
        arch_relax();
    }
    return false;
}

/* The platform has mapped the registers, where they are physically, and does so in later page tables too. */
void uart_early_init(void)
{
    const struct host_console *console = &host_info()->console;
    uint32_t control;

    if (console->kind != HOST_CONSOLE_CADENCE || console->base.space != HOST_SPACE_MEMORY)
        return;
    registers = (volatile void *)ARCH_MMIO_VA(console->base.address);
    mmio_write32(registers, UART_INT_DISABLE, INT_ALL);
    mmio_write32(registers, UART_INT_STATUS, INT_ALL);
    mmio_write32(registers, UART_MODE, mmio_read32(registers, UART_MODE) & ~MODE_CHANNEL);
    /* Of enable and disable the latter wins. */
    control = mmio_read32(registers, UART_CONTROL) & ~(uint32_t)(CONTROL_TX_DISABLE | CONTROL_RX_DISABLE);
    mmio_write32(registers, UART_CONTROL, control | CONTROL_TX_ENABLE | CONTROL_RX_ENABLE);
}

void uart_write_polled(const char *text, size_t length)
{
    if (registers == NULL)
        return;
    for (; length > 0 && wait_room(); length--)
        mmio_write32(registers, UART_FIFO, (uint8_t)*text++);
}

/* The status of an interrupt that is not enabled is kept, so one that is past is cleared before the FIFO is
 * filled. */
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
    mmio_write32(registers, UART_INT_STATUS, INT_TX_EMPTY);
    for (; sent < length && !(mmio_read32(registers, UART_STATUS) & STATUS_TX_FULL); sent++)
        mmio_write32(registers, UART_FIFO, (uint8_t)text[sent]);
    if (sent == 0)
        mmio_write32(registers, UART_INT_ENABLE, INT_TX_EMPTY);
    spin_unlock_irqrestore(&lock, state);
    return sent;
}

static void uart_interrupt(void *arg)
{
    (void)arg;
    spin_lock_irqoff(&lock);
    mmio_write32(registers, UART_INT_DISABLE, INT_TX_EMPTY);
    mmio_write32(registers, UART_INT_STATUS, INT_TX_EMPTY);
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
