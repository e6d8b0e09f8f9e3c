/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/io.h>
#include <contract/uart.h>
#include <core/boot.h>
#include <core/host_info.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/sync.h>

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

static bool is_present;                                     /* immutable after uart_early_init() */
static bool has_interrupt;                                  /* immutable after boot */
static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LOG); /* IER and the transmit FIFO */

static void reg_write(unsigned reg, uint8_t value)
{
    arch_out8((uint16_t)(COM1 + reg), value);
}

static uint8_t reg_read(unsigned reg)
{
    return arch_in8((uint16_t)(COM1 + reg));
}

void uart_early_init(void)
{
    /* The scratch register tells a UART from an empty bus. */
    reg_write(REG_SCR, 0x5a);
    is_present = reg_read(REG_SCR) == 0x5a;
    if (!is_present)
        return;
    reg_write(REG_IER, 0);
    reg_write(REG_LCR, LCR_8N1 | LCR_DLAB);
    reg_write(REG_DATA, 1); /* 115200 baud */
    reg_write(REG_IER, 0);
    reg_write(REG_LCR, LCR_8N1);
    reg_write(REG_FCR, FCR_ON);
    reg_write(REG_MCR, MCR_ON);
}

/* 16 characters at 115200 baud are 1.4 ms; a port read takes about 1 us on real hardware. */
static bool wait_fifo_empty(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        if (reg_read(REG_LSR) & LSR_THRE)
            return true;
        arch_relax();
    }
    return false;
}

void uart_write_polled(const char *text, size_t length)
{
    if (!is_present)
        return;
    while (length > 0 && wait_fifo_empty())
        for (unsigned i = 0; i < FIFO_SIZE && length > 0; i++, length--)
            reg_write(REG_DATA, (uint8_t)*text++);
}

size_t uart_write(const char *text, size_t length)
{
    size_t sent = 0;
    arch_irq_state_t state;

    if (!is_present)
        return length;
    if (!has_interrupt) {
        uart_write_polled(text, length);
        return length;
    }
    state = spin_lock_irqsave(&lock);
    if (reg_read(REG_LSR) & LSR_THRE)
        for (; sent < FIFO_SIZE && sent < length; sent++)
            reg_write(REG_DATA, (uint8_t)text[sent]);
    if (sent == 0)
        reg_write(REG_IER, IER_THRE);
    spin_unlock_irqrestore(&lock, state);
    return sent;
}

static void uart_interrupt(void *arg)
{
    (void)arg;
    spin_lock_irqoff(&lock);
    reg_read(REG_IIR); /* acknowledges the empty transmitter */
    reg_write(REG_IER, 0);
    spin_unlock_irqoff(&lock);
    console_writable();
}

static struct irq_action action = {.handler = uart_interrupt, .name = "uart"};

static int uart_start(void)
{
    int error;

    if (!is_present)
        return 0;
    error = irq_request_line(&action, COM1_IRQ, IRQ_ISA);
    has_interrupt = !error;
    return error;
}

BOOT_STEP(BOOT_BUS, uart, uart_start, NULL);
