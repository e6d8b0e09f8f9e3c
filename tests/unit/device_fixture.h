/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_DEVICE_FIXTURE_H
#define TESTS_UNIT_DEVICE_FIXTURE_H

#include "../../vmm/dev/bus.h"
#include "../../vmm/dev/device.h"
#include "../../vmm/dev/power.h"
#include "../../vmm/irqchip/irqchip.h"
#include "clock_fixture.h"
#include "record_fixture.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What device models see of a machine: two buses, a clock that stands still, an irqchip that takes notes. */

#define LINES 24

struct irqchip {
    atomic_bool level[LINES];
    atomic_uint rises[LINES];
    atomic_uint messages;
    _Atomic uint64_t last_address;
    _Atomic uint32_t last_data;
};

static struct irqchip chip;
static struct bus pio, mmio;

void irqchip_line_set(struct irqchip *c, unsigned gsi, bool level)
{
    if (gsi >= LINES)
        abort();
    if (!atomic_exchange(&c->level[gsi], level) && level)
        c->rises[gsi]++;
}

void irqchip_msi_send(struct irqchip *c, uint32_t requester, const struct msi_message *message)
{
    c->last_address = message->address;
    c->last_data = message->data;
    c->messages++;
}

/* What the guest asked its machine for. */
struct wishes {
    atomic_uint power_off, reset, debug_exit;
    _Atomic uint32_t exit_value;
};

static struct wishes wishes;

static inline void wish_power_off(void *context)
{
    ((struct wishes *)context)->power_off++;
}

static inline void wish_reset(void *context)
{
    ((struct wishes *)context)->reset++;
}

static inline void wish_debug_exit(void *context, uint32_t value)
{
    ((struct wishes *)context)->exit_value = value;
    ((struct wishes *)context)->debug_exit++;
}

static const struct power_hooks power = {wish_power_off, wish_reset, wish_debug_exit, &wishes};

static inline void machine_start(void)
{
    memset(&chip, 0, sizeof(chip));
    memset(&wishes, 0, sizeof(wishes));
    clock_start(1000);
    vm_clock_resume(&vm_clock);
}

static inline void machine_stop(void)
{
    bus_fini(&pio);
    bus_fini(&mmio);
}

/* --- accesses, as a guest makes them --- */

static inline uint64_t in(uint16_t port, unsigned size)
{
    uint64_t value;

    bus_read(&pio, port, size, &value);
    return value;
}

static inline void out(uint16_t port, unsigned size, uint64_t value)
{
    bus_write(&pio, port, size, value);
}

static inline uint64_t mem_read(uint64_t address, unsigned size)
{
    uint64_t value;

    bus_read(&mmio, address, size, &value);
    return value;
}

static inline void mem_write(uint64_t address, unsigned size, uint64_t value)
{
    bus_write(&mmio, address, size, value);
}

/* A small generator, so that torture repeats. */
static inline uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*seed >> 33);
}

/* Accesses of all sizes all over [base, base + size). */
static inline void random_accesses(struct bus *bus, uint64_t base, uint64_t size, unsigned count,
                                   uint64_t seed)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t address = base + random_next(&seed) % size, value = random_next(&seed);
        unsigned bytes = 1U << random_next(&seed) % (bus == &pio ? 3 : 4);

        if (random_next(&seed) & 1)
            bus_write(bus, address, bytes, value | value << 32);
        else
            bus_read(bus, address, bytes, &value);
    }
}

#endif
