/* SPDX-License-Identifier: BSD-2-Clause */
#include "uart16550.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* National Semiconductor PC16550D datasheet, table II. */
#define REG_DATA 0 /* receive buffer, transmit holding; divisor low with DLAB */
#define REG_IER  1 /* divisor high with DLAB */
#define REG_IIR  2 /* read */
#define REG_FCR  2 /* write */
#define REG_LCR  3
#define REG_MCR  4
#define REG_LSR  5
#define REG_MSR  6
#define REG_SCR  7
#define REGS     8

#define IER_RX    0x01
#define IER_TX    0x02
#define IER_VALID 0x0f

#define IIR_NONE 0x01
#define IIR_TX   0x02
#define IIR_RX   0x04
#define IIR_FIFO 0xc0

#define FCR_ENABLE   0x01
#define FCR_CLEAR_RX 0x02

#define LCR_DLAB 0x80

#define MCR_OUT2  0x08
#define MCR_LOOP  0x10
#define MCR_VALID 0x1f

#define LSR_DATA  0x01
#define LSR_READY 0x60 /* transmitter and its holding register are empty */

#define MSR_READY 0xb0 /* DCD, DSR, CTS */

/* Registers are single bytes that vCPUs read and write at any time, as they could on a real bus: each is
 * atomic, and no lock is needed. */
struct uart16550 {
    struct device device;
    struct bus_region region;
    struct irqchip *chip;       /* i */
    unsigned gsi;               /* i */
    struct vm_console *console; /* i */
    atomic_uchar ier, lcr, mcr, scr, fcr, divisor[2];
    atomic_bool is_tx_pending; /* the transmitter has become empty, and nobody has been told */
    atomic_int loop_byte;      /* -1, or what the transmitter sent to itself */
};

static bool has_data(const struct uart16550 *u)
{
    if (u->mcr & MCR_LOOP)
        return atomic_load_explicit(&u->loop_byte, memory_order_relaxed) >= 0;
    return console_has_input(u->console);
}

static uint8_t interrupt_source(const struct uart16550 *u)
{
    if ((u->ier & IER_RX) && has_data(u))
        return IIR_RX;
    if ((u->ier & IER_TX) && u->is_tx_pending)
        return IIR_TX;
    return IIR_NONE;
}

/* OUT2 gates the line on PCs. Another vCPU may change a register between the look and the act, so look again.
 */
static void line_update(struct uart16550 *u)
{
    bool level;

    do {
        level = interrupt_source(u) != IIR_NONE && (u->mcr & MCR_OUT2);
        irqchip_line_set(u->chip, u->gsi, level);
    } while (level != (interrupt_source(u) != IIR_NONE && (u->mcr & MCR_OUT2)));
}

static uint8_t data_read(struct uart16550 *u)
{
    int byte = u->mcr & MCR_LOOP ? atomic_exchange(&u->loop_byte, -1) : console_take(u->console);

    if (u->ier != 0)
        line_update(u);
    return byte < 0 ? 0 : (uint8_t)byte;
}

static uint8_t iir_read(struct uart16550 *u)
{
    uint8_t source = interrupt_source(u);

    /* Being told of an empty transmitter is what clears it. */
    if (source == IIR_TX) {
        u->is_tx_pending = false;
        line_update(u);
    }
    return source | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t msr_read(const struct uart16550 *u)
{
    uint8_t mcr = u->mcr;

    if (!(mcr & MCR_LOOP))
        return MSR_READY;
    /* Loop: DTR, RTS, OUT1, OUT2 come back as DSR, CTS, RI, DCD. */
    return (uint8_t)((mcr & 1) << 5 | (mcr & 2) << 3 | (mcr & 4) << 4 | (mcr & 8) << 4);
}

static uint64_t uart_read(void *device, uint64_t offset, unsigned size)
{
    struct uart16550 *u = device;
    bool dlab = u->lcr & LCR_DLAB;

    if (size != 1)
        return ~0ULL;
    switch (offset) {
    case REG_DATA:
        return dlab ? u->divisor[0] : data_read(u);
    case REG_IER:
        return dlab ? u->divisor[1] : u->ier;
    case REG_IIR:
        return iir_read(u);
    case REG_LCR:
        return u->lcr;
    case REG_MCR:
        return u->mcr;
    case REG_LSR:
        return LSR_READY | (has_data(u) ? LSR_DATA : 0);
    case REG_MSR:
        return msr_read(u);
    default:
        return u->scr;
    }
}

static void data_write(struct uart16550 *u, uint8_t value)
{
    if (u->mcr & MCR_LOOP)
        u->loop_byte = value;
    else
        console_put(u->console, value);
    u->is_tx_pending = true;
    if (u->ier != 0)
        line_update(u);
}

static void ier_write(struct uart16550 *u, uint8_t value)
{
    uint8_t old = atomic_exchange(&u->ier, value & IER_VALID);

    /* Enabling the interrupt while the transmitter is empty raises it. */
    if ((value & ~old) & IER_TX)
        u->is_tx_pending = true;
    line_update(u);
}

static void fcr_write(struct uart16550 *u, uint8_t value)
{
    u->fcr = value;
    if (value & FCR_CLEAR_RX)
        for (unsigned i = 0; i < CONSOLE_INPUT_SIZE && console_take(u->console) >= 0; i++)
            ;
    line_update(u);
}

static void uart_write(void *device, uint64_t offset, unsigned size, uint64_t value64)
{
    struct uart16550 *u = device;
    uint8_t value = (uint8_t)value64;
    bool dlab = u->lcr & LCR_DLAB;

    if (size != 1)
        return;
    switch (offset) {
    case REG_DATA:
        if (dlab)
            u->divisor[0] = value;
        else
            data_write(u, value);
        break;
    case REG_IER:
        if (dlab)
            u->divisor[1] = value;
        else
            ier_write(u, value);
        break;
    case REG_FCR:
        fcr_write(u, value);
        break;
    case REG_LCR:
        u->lcr = value;
        break;
    case REG_MCR:
        u->mcr = value & MCR_VALID;
        line_update(u);
        break;
    case REG_SCR:
        u->scr = value;
        break;
    default: /* LSR and MSR are read-only */
        break;
    }
}

static void input_ready(void *arg)
{
    line_update(arg);
}

static void uart_reset(struct device *device)
{
    struct uart16550 *u = container_of(device, struct uart16550, device);

    u->ier = u->lcr = u->mcr = u->scr = u->fcr = 0;
    u->divisor[0] = 12; /* 9600 baud, as PC firmware leaves it */
    u->divisor[1] = 0;
    u->is_tx_pending = false;
    u->loop_byte = -1;
    line_update(u);
}

static void uart_save(struct device *device, struct state_writer *w)
{
    struct uart16550 *u = container_of(device, struct uart16550, device);

    state_put_u8(w, u->ier);
    state_put_u8(w, u->lcr);
    state_put_u8(w, u->mcr);
    state_put_u8(w, u->scr);
    state_put_u8(w, u->fcr);
    state_put_u8(w, u->divisor[0]);
    state_put_u8(w, u->divisor[1]);
    state_put_u8(w, u->is_tx_pending);
}

static int uart_load(struct device *device, struct state_reader *r, uint32_t version)
{
    struct uart16550 *u = container_of(device, struct uart16550, device);

    u->ier = state_get_u8(r) & IER_VALID;
    u->lcr = state_get_u8(r);
    u->mcr = state_get_u8(r) & MCR_VALID;
    u->scr = state_get_u8(r);
    u->fcr = state_get_u8(r);
    u->divisor[0] = state_get_u8(r);
    u->divisor[1] = state_get_u8(r);
    u->is_tx_pending = state_get_u8(r) != 0;
    line_update(u);
    return state_reader_status(r);
}

static void uart_destroy(struct device *device)
{
    struct uart16550 *u = container_of(device, struct uart16550, device);

    u->console->input_ready = NULL;
    free(u);
}

static const struct device_ops ops = {
    .name = "uart16550",
    .version = 1,
    .reset = uart_reset,
    .save = uart_save,
    .load = uart_load,
    .destroy = uart_destroy,
};

int uart16550_create(struct bus *pio, uint16_t port, struct irqchip *chip, unsigned gsi,
                     struct vm_console *console, struct device **out)
{
    struct uart16550 *u = calloc(1, sizeof(*u));
    int error;

    if (u == NULL)
        return -ENOMEM;
    u->device.ops = &ops;
    u->region = (struct bus_region){port, REGS, uart_read, uart_write, u, "uart16550"};
    u->chip = chip;
    u->gsi = gsi;
    u->console = console;
    error = bus_add(pio, &u->region);
    if (error) {
        free(u);
        return error;
    }
    uart_reset(&u->device);
    console->input_arg = u;
    console->input_ready = input_ready;
    *out = &u->device;
    return 0;
}
