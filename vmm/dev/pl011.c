/* SPDX-License-Identifier: BSD-2-Clause */
#include "pl011.h"

#include "primecell.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Arm DDI 0183G, chapter 3. */
#define UARTDR    0x000
#define UARTRSR   0x004
#define UARTFR    0x018
#define UARTILPR  0x020
#define UARTIBRD  0x024
#define UARTFBRD  0x028
#define UARTLCR_H 0x02c
#define UARTCR    0x030
#define UARTIFLS  0x034
#define UARTIMSC  0x038
#define UARTRIS   0x03c
#define UARTMIS   0x040
#define UARTICR   0x044
#define UARTDMACR 0x048
#define PART_ID   0x00341011U /* r1p5 */

#define FR_RXFE 0x10
#define FR_TXFE 0x80

#define LCR_VALID   0xff
#define CR_LBE      0x80
#define CR_VALID    0xff87
#define CR_RESET    0x300
#define IFLS_VALID  0x3f
#define IFLS_RESET  0x12
#define DMACR_VALID 0x7

#define INT_RX    0x010
#define INT_TX    0x020
#define INT_RT    0x040
#define INT_VALID 0x7ff

/* Registers are single words that vCPUs read and write at any time, as they could on a real bus: each is
 * atomic, and no lock is needed. */
struct pl011 {
    struct device device;
    struct bus_region region;
    struct irqchip *chip;       /* i */
    unsigned gsi;               /* i */
    struct vm_console *console; /* i */
    atomic_uint ilpr, ibrd, fbrd, lcr, cr, ifls, imsc, dmacr;
    atomic_bool is_tx_raised; /* the transmitter has become empty, and nobody has cleared that */
    atomic_int loop_byte;     /* -1, or what the transmitter sent to itself */
};

static bool has_data(const struct pl011 *u)
{
    if (u->cr & CR_LBE)
        return atomic_load_explicit(&u->loop_byte, memory_order_relaxed) >= 0;
    return console_has_input(u->console);
}

/*
 * Receive and receive timeout: input that nobody reads soon raises either (3.4), so as long as there is some
 * both are raised; clearing them does not take the reason away.
 */
static unsigned raw_interrupts(const struct pl011 *u)
{
    return (has_data(u) ? INT_RX | INT_RT : 0) | (u->is_tx_raised ? INT_TX : 0);
}

/* Another vCPU may change a register between the look and the act, so look again. */
static void line_update(struct pl011 *u)
{
    bool level;

    do {
        level = (raw_interrupts(u) & u->imsc) != 0;
        irqchip_line_set(u->chip, u->gsi, level);
    } while (level != ((raw_interrupts(u) & u->imsc) != 0));
}

static uint32_t data_read(struct pl011 *u)
{
    int byte = u->cr & CR_LBE ? atomic_exchange(&u->loop_byte, -1) : console_take(u->console);

    /* Nobody wants to know: the line is low, and stays so. */
    if (u->imsc != 0)
        line_update(u);
    return byte < 0 ? 0 : (uint32_t)byte;
}

/* Sent whatever UARTCR says: firmware would have enabled the UART, and early consoles count on that. */
static void data_write(struct pl011 *u, uint8_t byte)
{
    if (u->cr & CR_LBE)
        u->loop_byte = byte;
    else
        console_put(u->console, byte);
    u->is_tx_raised = true;
    if (u->imsc != 0)
        line_update(u);
}

static uint32_t reg_read(struct pl011 *u, uint64_t offset)
{
    switch (offset) {
    case UARTDR:
        return data_read(u);
    case UARTFR:
        return FR_TXFE | (has_data(u) ? 0 : FR_RXFE);
    case UARTILPR:
        return u->ilpr;
    case UARTIBRD:
        return u->ibrd;
    case UARTFBRD:
        return u->fbrd;
    case UARTLCR_H:
        return u->lcr;
    case UARTCR:
        return u->cr;
    case UARTIFLS:
        return u->ifls;
    case UARTIMSC:
        return u->imsc;
    case UARTRIS:
        return raw_interrupts(u);
    case UARTMIS:
        return raw_interrupts(u) & u->imsc;
    case UARTDMACR:
        return u->dmacr;
    case PRIMECELL_ID ... PRIMECELL_ID_LAST:
        return primecell_id_read(PART_ID, offset);
    default: /* UARTRSR: nothing ever goes wrong on this line */
        return 0;
    }
}

/* Registers are 16 bits at most; the bus has 32 (2.1: APB). */
static uint64_t pl011_read(void *device, uint64_t offset, unsigned size)
{
    if ((offset & 3) != 0 || size > 4)
        return 0;
    return reg_read(device, offset) & (size == 1 ? 0xff : 0xffff);
}

static void control_write(struct pl011 *u, uint64_t offset, uint32_t value)
{
    switch (offset) {
    case UARTCR:
        u->cr = value & CR_VALID;
        break;
    case UARTIMSC:
        u->imsc = value & INT_VALID;
        break;
    case UARTICR:
        if (value & INT_TX)
            u->is_tx_raised = false;
        break;
    default:
        return;
    }
    line_update(u);
}

static void pl011_write(void *device, uint64_t offset, unsigned size, uint64_t value64)
{
    struct pl011 *u = device;
    uint32_t value = (uint32_t)value64 & (size == 1 ? 0xff : 0xffff);

    if ((offset & 3) != 0 || size > 4)
        return;
    switch (offset) {
    case UARTDR:
        data_write(u, (uint8_t)value);
        break;
    case UARTILPR:
        u->ilpr = value & 0xff;
        break;
    case UARTIBRD:
        u->ibrd = value;
        break;
    case UARTFBRD:
        u->fbrd = value & 0x3f;
        break;
    case UARTLCR_H:
        u->lcr = value & LCR_VALID;
        break;
    case UARTIFLS:
        u->ifls = value & IFLS_VALID;
        break;
    case UARTDMACR:
        u->dmacr = value & DMACR_VALID;
        break;
    default:
        control_write(u, offset, value);
        break;
    }
}

static void input_ready(void *arg)
{
    line_update(arg);
}

static void pl011_reset(struct device *device)
{
    struct pl011 *u = container_of(device, struct pl011, device);

    u->ilpr = u->ibrd = u->fbrd = u->lcr = u->imsc = u->dmacr = 0;
    u->cr = CR_RESET;
    u->ifls = IFLS_RESET;
    u->is_tx_raised = false;
    u->loop_byte = -1;
    line_update(u);
}

static void pl011_save(struct device *device, struct state_writer *w)
{
    struct pl011 *u = container_of(device, struct pl011, device);

    state_put_u32(w, u->ilpr);
    state_put_u32(w, u->ibrd);
    state_put_u32(w, u->fbrd);
    state_put_u32(w, u->lcr);
    state_put_u32(w, u->cr);
    state_put_u32(w, u->ifls);
    state_put_u32(w, u->imsc);
    state_put_u32(w, u->dmacr);
    state_put_u8(w, u->is_tx_raised);
}

static int pl011_load(struct device *device, struct state_reader *r, uint32_t version)
{
    struct pl011 *u = container_of(device, struct pl011, device);

    u->ilpr = state_get_u32(r) & 0xff;
    u->ibrd = state_get_u32(r) & 0xffff;
    u->fbrd = state_get_u32(r) & 0x3f;
    u->lcr = state_get_u32(r) & LCR_VALID;
    u->cr = state_get_u32(r) & CR_VALID;
    u->ifls = state_get_u32(r) & IFLS_VALID;
    u->imsc = state_get_u32(r) & INT_VALID;
    u->dmacr = state_get_u32(r) & DMACR_VALID;
    u->is_tx_raised = state_get_u8(r) != 0;
    line_update(u);
    return state_reader_status(r);
}

static void pl011_destroy(struct device *device)
{
    struct pl011 *u = container_of(device, struct pl011, device);

    u->console->input_ready = NULL;
    free(u);
}

static const struct device_ops ops = {
    .name = "pl011",
    .version = 1,
    .reset = pl011_reset,
    .save = pl011_save,
    .load = pl011_load,
    .destroy = pl011_destroy,
};

int pl011_create(struct bus *mmio, uint64_t base, struct irqchip *chip, unsigned gsi,
                 struct vm_console *console, struct device **out)
{
    struct pl011 *u = calloc(1, sizeof(*u));
    int error;

    if (u == NULL)
        return -ENOMEM;
    u->device.ops = &ops;
    u->region = (struct bus_region){base, PL011_SIZE, pl011_read, pl011_write, u, "pl011"};
    u->chip = chip;
    u->gsi = gsi;
    u->console = console;
    error = bus_add(mmio, &u->region);
    if (error) {
        free(u);
        return error;
    }
    pl011_reset(&u->device);
    console->input_arg = u;
    console->input_ready = input_ready;
    *out = &u->device;
    return 0;
}
