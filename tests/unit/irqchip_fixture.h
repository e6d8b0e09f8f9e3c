/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_IRQCHIP_FIXTURE_H
#define TESTS_UNIT_IRQCHIP_FIXTURE_H

#include "../../vmm/dev/bus.h"
#include "../../vmm/dev/device.h"
#include "../../vmm/irqchip/x86.h"
#include "../../vmm/vm/vm_clock.h"
#include <arch/clock.h>
#include <arch/fake.h>
#include <contract/arch.h>
#include <core/thread.h>
#include <core/time.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* An irqchip with vCPUs that only count, on a clock that stands still: what its tests and its fuzzer share.
 */

struct vcpu {
    _Atomic unsigned kicks, inits, sipis, nmis;
    _Atomic unsigned sipi_vector;
};

void vcpu_kick(struct vcpu *vcpu)
{
    atomic_fetch_add(&vcpu->kicks, 1);
}

void vcpu_signal_init(struct vcpu *vcpu)
{
    atomic_fetch_add(&vcpu->inits, 1);
}

void vcpu_signal_sipi(struct vcpu *vcpu, uint8_t vector)
{
    atomic_fetch_add(&vcpu->sipis, 1);
    atomic_store(&vcpu->sipi_vector, vector);
}

void vcpu_signal_nmi(struct vcpu *vcpu)
{
    atomic_fetch_add(&vcpu->nmis, 1);
}

/* --- state records in a flat buffer --- */

#define RECORD_MAX 65536

struct state_writer {
    uint8_t bytes[RECORD_MAX];
    size_t size;
};

struct state_reader {
    const uint8_t *bytes;
    size_t size, at;
    bool is_short;
};

void state_put_bytes(struct state_writer *writer, const void *bytes, size_t size)
{
    if (writer->size + size > RECORD_MAX)
        abort();
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

void state_put_u8(struct state_writer *writer, uint8_t value)
{
    state_put_bytes(writer, &value, sizeof(value));
}

void state_put_u32(struct state_writer *writer, uint32_t value)
{
    state_put_bytes(writer, &value, sizeof(value));
}

void state_put_u64(struct state_writer *writer, uint64_t value)
{
    state_put_bytes(writer, &value, sizeof(value));
}

void state_get_bytes(struct state_reader *reader, void *bytes, size_t size)
{
    memset(bytes, 0, size);
    if (size > reader->size - reader->at) {
        reader->is_short = true;
        return;
    }
    memcpy(bytes, reader->bytes + reader->at, size);
    reader->at += size;
}

uint8_t state_get_u8(struct state_reader *reader)
{
    uint8_t value;

    state_get_bytes(reader, &value, sizeof(value));
    return value;
}

uint32_t state_get_u32(struct state_reader *reader)
{
    uint32_t value;

    state_get_bytes(reader, &value, sizeof(value));
    return value;
}

uint64_t state_get_u64(struct state_reader *reader)
{
    uint64_t value;

    state_get_bytes(reader, &value, sizeof(value));
    return value;
}

int state_reader_status(const struct state_reader *reader)
{
    return reader->is_short ? -22 : 0;
}

/* --- the machine --- */

#define VCPUS_MAX 64

static struct vcpu vcpus[VCPUS_MAX];
static struct bus pio, mmio;
static struct vm_clock vm_clock;
static struct irqchip *chip;

static void chip_start(unsigned count)
{
    struct vcpu *pointers[VCPUS_MAX];

    for (unsigned i = 0; i < count; i++)
        pointers[i] = &vcpus[i];
    memset(vcpus, 0, sizeof(vcpus));
    fake_clock_cycles = 1000;
    clock_init();
    vm_clock_init(&vm_clock);
    vm_clock_resume(&vm_clock);
    if (irqchip_create(pointers, count, &pio, &mmio, &vm_clock, &chip) != 0)
        abort();
}

static inline void chip_stop(void)
{
    irqchip_destroy(chip);
    bus_fini(&pio);
    bus_fini(&mmio);
    pio = mmio = (struct bus){0};
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

static inline struct lapic *apic(unsigned vcpu)
{
    return irqchip_lapic(chip, vcpu);
}

/* --- registers, as a guest reaches them --- */

static inline void apic_write(unsigned vcpu, uint32_t offset, uint32_t value)
{
    lapic_mmio_write(apic(vcpu), offset, value);
}

static inline uint32_t apic_read(unsigned vcpu, uint32_t offset)
{
    return lapic_mmio_read(apic(vcpu), offset);
}

static inline void apic_enable(unsigned vcpu)
{
    apic_write(vcpu, 0xf0, 0x1ff);
}

/* With the local APIC enabled by software too. */
static inline void x2apic_enable(unsigned vcpu)
{
    if (lapic_msr_write(apic(vcpu), 0x1b, 0xfee00c00 | (vcpu == 0 ? 0x100 : 0)) != 0 ||
        lapic_msr_write(apic(vcpu), 0x80f, 0x1ff) != 0)
        abort();
}

static inline void port_out(uint16_t port, uint8_t value)
{
    bus_write(&pio, port, 1, value);
}

static inline uint8_t port_in(uint16_t port)
{
    uint64_t value;

    bus_read(&pio, port, 1, &value);
    return (uint8_t)value;
}

static inline void ioapic_out(uint8_t reg, uint32_t value)
{
    bus_write(&mmio, 0xfec00000, 4, reg);
    bus_write(&mmio, 0xfec00010, 4, value);
}

static inline uint32_t ioapic_in(uint8_t reg)
{
    uint64_t value;

    bus_write(&mmio, 0xfec00000, 4, reg);
    bus_read(&mmio, 0xfec00010, 4, &value);
    return (uint32_t)value;
}

static inline void ioapic_entry(unsigned pin, uint64_t entry)
{
    ioapic_out((uint8_t)(0x11 + pin * 2), (uint32_t)(entry >> 32));
    ioapic_out((uint8_t)(0x10 + pin * 2), (uint32_t)entry);
}

/* Saves, wrecks by reset, loads. */
static inline int chip_reload(void)
{
    struct device *device = irqchip_device(chip);
    struct state_writer *writer = calloc(1, sizeof(*writer));
    struct state_reader reader = {0};
    int err;

    if (writer == NULL)
        abort();
    device->ops->save(device, writer);
    device->ops->reset(device);
    reader.bytes = writer->bytes;
    reader.size = writer->size;
    err = device->ops->load(device, &reader, device->ops->version);
    if (err == 0 && reader.at != reader.size)
        abort();
    free(writer);
    return err;
}

#endif
