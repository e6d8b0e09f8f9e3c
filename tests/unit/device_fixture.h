/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_DEVICE_FIXTURE_H
#define TESTS_UNIT_DEVICE_FIXTURE_H

#include "../../vmm/dev/bus.h"
#include "../../vmm/dev/device.h"
#include "../../vmm/dev/power.h"
#include "../../vmm/irqchip/irqchip.h"
#include "../../vmm/state/state.h"
#include "../../vmm/vm/vm_clock.h"
#include <arch/clock.h>
#include <arch/fake.h>
#include <contract/arch.h>
#include <core/time.h>
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
static struct vm_clock vm_clock;

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
    fake_clock_cycles = 1000;
    clock_init();
    arch_timer_disarm();
    vm_clock_init(&vm_clock);
    vm_clock_resume(&vm_clock);
}

static inline void machine_stop(void)
{
    bus_fini(&pio);
    bus_fini(&mmio);
}

/* Time passes; timers fire when they are due, not all at the end. */
static inline void time_advance(uint64_t ns)
{
    uint64_t end = fake_clock_cycles + ns;

    while (fake_timer_deadline() <= end) {
        uint64_t deadline = fake_timer_deadline();

        if (deadline > fake_clock_cycles)
            fake_clock_cycles = deadline;
        arch_timer_disarm();
        timer_interrupt();
    }
    fake_clock_cycles = end;
}

/* The host was busy: timers fire late, once. */
static inline void time_jump(uint64_t ns)
{
    fake_clock_cycles += ns;
    arch_timer_disarm();
    timer_interrupt();
}

static inline bool timer_is_armed(void)
{
    return fake_timer_deadline() != ~0ULL;
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

/* --- state records --- */

static inline void device_save(struct device *device, struct state_writer *writer)
{
    state_writer_init(writer);
    device->ops->save(device, writer);
    if (writer->error)
        abort();
}

/* 0 if the device took its record, all of it. */
static inline int device_load(struct device *device, const struct state_writer *writer)
{
    struct state_reader reader;
    int error;

    state_reader_init(&reader, writer->bytes, writer->size);
    error = device->ops->load(device, &reader, device->ops->version);
    return error ? error : reader.at == reader.size ? 0 : -1;
}

static inline int device_load_part(struct device *device, const struct state_writer *writer, size_t size)
{
    struct state_reader reader;

    state_reader_init(&reader, writer->bytes, size);
    return device->ops->load(device, &reader, device->ops->version);
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
