/* SPDX-License-Identifier: BSD-2-Clause */
#include "i8254.h"
#include "i8254_channel.h"
#include "ticks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PORT_CHANNELS 0x40
#define PORT_CONTROL  3 /* offset */
#define PORT_B        0x61
#define CHANNELS      3

/* Port 0x61: Intel ICH9 datasheet, 13.7.1 (NMI status and control). */
#define PORT_B_GATE     0x01
#define PORT_B_WRITABLE 0x0f
#define PORT_B_REFRESH  0x10
#define PORT_B_OUT      0x20
#define REFRESH_NS      15085

/* Control words: a channel, or the read-back command with its own bits. */
#define CONTROL_READ_BACK   3
#define READ_BACK_NO_COUNT  0x20
#define READ_BACK_NO_STATUS 0x10

/* Ticks that a guest asks for more often than this are merged, or they would be a load on the host. */
#define TICK_MIN_NS 50000

struct i8254 {
    struct device device;
    struct bus_region channels_region, port_b_region;
    struct irqchip *chip;   /* i */
    unsigned gsi;           /* i */
    struct vm_clock *clock; /* i */
    struct vm_timer tick;
    struct spinlock lock;
    struct i8254_channel channels[CHANNELS]; /* lock */
    uint64_t rise;                           /* lock: tick at which OUT 0 rises next, or I8254_NEVER */
    uint64_t last_rise_ns;                   /* lock: when the line has been raised last */
    uint8_t port_b;                          /* lock */
    atomic_uint changes;                     /* a: counts changes of `rise`; changed under lock */
};

static uint64_t tick_now(const struct i8254 *p)
{
    return ticks_at(vm_clock_now_ns(p->clock), I8254_HZ);
}

/* Lock held; channel 0 has been written or its tick has come. */
static void rise_update(struct i8254 *p, uint64_t now)
{
    p->rise = i8254_channel_next_rise(&p->channels[0], now);
    irqchip_line_set(p->chip, p->gsi, i8254_channel_out(&p->channels[0], now));
    atomic_fetch_add(&p->changes, 1);
}

/*
 * Arms the timer for the next rise; without the lock, which the timer's function takes. Whoever changed the
 * rise last comes here last or is seen by the one who does. A timer that is not needed any more fires for
 * nothing.
 */
static void tick_arm(struct i8254 *p)
{
    unsigned seen;

    do {
        arch_irq_state_t state = spin_lock_irqsave(&p->lock);
        uint64_t rise = p->rise, earliest = p->last_rise_ns + TICK_MIN_NS;

        seen = atomic_load(&p->changes);
        spin_unlock_irqrestore(&p->lock, state);
        if (rise != I8254_NEVER)
            vm_timer_arm(&p->tick, MAX(ticks_to_ns(rise, I8254_HZ), earliest));
    } while (seen != atomic_load(&p->changes));
}

/* Rises that have been missed are merged into one; the next one is where it would be anyway. */
static void tick_fire(struct vm_timer *vm_timer)
{
    struct i8254 *p = container_of(vm_timer, struct i8254, tick);
    arch_irq_state_t state = spin_lock_irqsave(&p->lock);
    uint64_t now_ns = vm_clock_now_ns(p->clock), now = ticks_at(now_ns, I8254_HZ);

    if (p->rise <= now) {
        irqchip_line_set(p->chip, p->gsi, false);
        irqchip_line_set(p->chip, p->gsi, true);
        p->last_rise_ns = now_ns;
        p->rise = i8254_channel_next_rise(&p->channels[0], now);
        atomic_fetch_add(&p->changes, 1);
    }
    spin_unlock_irqrestore(&p->lock, state);
    tick_arm(p);
}

static uint64_t channels_read(void *device, uint64_t offset, unsigned size)
{
    struct i8254 *p = device;
    arch_irq_state_t state;
    uint8_t value;

    if (size != 1 || offset == PORT_CONTROL)
        return ~0ULL;
    state = spin_lock_irqsave(&p->lock);
    value = i8254_channel_read(&p->channels[offset], tick_now(p));
    spin_unlock_irqrestore(&p->lock, state);
    return value;
}

/* Lock held. */
static void read_back(struct i8254 *p, uint64_t now, uint8_t word)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (!(word & 2U << i))
            continue;
        if (!(word & READ_BACK_NO_COUNT))
            i8254_channel_latch(&p->channels[i], now);
        if (!(word & READ_BACK_NO_STATUS))
            i8254_channel_latch_status(&p->channels[i], now);
    }
}

/* Lock held. True if channel 0 is another one now. */
static bool control_write(struct i8254 *p, uint64_t now, uint8_t word)
{
    unsigned channel = word >> 6;

    if (channel == CONTROL_READ_BACK) {
        read_back(p, now, word);
        return false;
    }
    if ((word & 0x30) == 0) {
        i8254_channel_latch(&p->channels[channel], now);
        return false;
    }
    i8254_channel_control(&p->channels[channel], word);
    return channel == 0;
}

static void channels_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct i8254 *p = device;
    bool is_changed = offset == 0;
    arch_irq_state_t state;
    uint64_t now;

    if (size != 1)
        return;
    state = spin_lock_irqsave(&p->lock);
    now = tick_now(p);
    if (offset == PORT_CONTROL)
        is_changed = control_write(p, now, (uint8_t)value);
    else
        i8254_channel_write(&p->channels[offset], now, (uint8_t)value);
    if (is_changed)
        rise_update(p, now);
    spin_unlock_irqrestore(&p->lock, state);
    if (is_changed)
        tick_arm(p);
}

static uint64_t port_b_read(void *device, uint64_t offset, unsigned size)
{
    struct i8254 *p = device;
    arch_irq_state_t state = spin_lock_irqsave(&p->lock);
    uint64_t now_ns = vm_clock_now_ns(p->clock);
    uint8_t value = p->port_b;

    if (i8254_channel_out(&p->channels[2], ticks_at(now_ns, I8254_HZ)))
        value |= PORT_B_OUT;
    spin_unlock_irqrestore(&p->lock, state);
    if (now_ns / REFRESH_NS & 1)
        value |= PORT_B_REFRESH;
    return value;
}

static void port_b_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct i8254 *p = device;
    arch_irq_state_t state = spin_lock_irqsave(&p->lock);

    p->port_b = value & PORT_B_WRITABLE;
    i8254_channel_gate(&p->channels[2], tick_now(p), value & PORT_B_GATE);
    spin_unlock_irqrestore(&p->lock, state);
}

static void pit_reset(struct device *device)
{
    struct i8254 *p = container_of(device, struct i8254, device);

    vm_timer_cancel(&p->tick);
    for (unsigned i = 0; i < CHANNELS; i++)
        i8254_channel_init(&p->channels[i], i != 2);
    p->rise = I8254_NEVER;
    p->last_rise_ns = 0;
    p->port_b = 0;
    irqchip_line_set(p->chip, p->gsi, false);
}

static void pit_save(struct device *device, struct state_writer *w)
{
    struct i8254 *p = container_of(device, struct i8254, device);

    for (unsigned i = 0; i < CHANNELS; i++)
        i8254_channel_save(&p->channels[i], w);
    state_put_u64(w, p->rise);
    state_put_u8(w, p->port_b);
}

static int pit_load(struct device *device, struct state_reader *r, uint32_t version)
{
    struct i8254 *p = container_of(device, struct i8254, device);

    for (unsigned i = 0; i < CHANNELS; i++) {
        int error = i8254_channel_load(&p->channels[i], r);

        if (error)
            return error;
    }
    p->rise = state_get_u64(r);
    p->port_b = state_get_u8(r) & PORT_B_WRITABLE;
    p->last_rise_ns = 0;
    tick_arm(p);
    return state_reader_status(r);
}

static void pit_destroy(struct device *device)
{
    struct i8254 *p = container_of(device, struct i8254, device);

    vm_timer_cancel(&p->tick);
    free(p);
}

static const struct device_ops ops = {
    .name = "i8254",
    .version = 1,
    .reset = pit_reset,
    .save = pit_save,
    .load = pit_load,
    .destroy = pit_destroy,
};

int i8254_create(struct bus *pio, struct irqchip *chip, unsigned gsi, struct vm_clock *clock,
                 struct device **out)
{
    struct i8254 *p = calloc(1, sizeof(*p));
    int error;

    if (p == NULL)
        return -ENOMEM;
    p->device.ops = &ops;
    p->channels_region =
        (struct bus_region){PORT_CHANNELS, CHANNELS + 1, channels_read, channels_write, p, "i8254"};
    p->port_b_region = (struct bus_region){PORT_B, 1, port_b_read, port_b_write, p, "port61"};
    p->chip = chip;
    p->gsi = gsi;
    p->clock = clock;
    spin_init(&p->lock, LOCK_RANK_DEVICE);
    vm_timer_init(&p->tick, clock, tick_fire);
    error = bus_add(pio, &p->channels_region);
    if (error == 0) {
        error = bus_add(pio, &p->port_b_region);
        if (error)
            bus_remove(pio, &p->channels_region);
    }
    if (error) {
        free(p);
        return error;
    }
    pit_reset(&p->device);
    *out = &p->device;
    return 0;
}
