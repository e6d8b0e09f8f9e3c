/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_IRQCHIP_FIXTURE_H
#define TESTS_UNIT_IRQCHIP_FIXTURE_H

#include "../../vmm/dev/bus.h"
#include "../../vmm/dev/device.h"
#include "../../vmm/irqchip/x86.h"
#include "clock_fixture.h"
#include "record_fixture.h"
#include <core/thread.h>
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

/* --- the machine --- */

#define VCPUS_MAX 64

static struct vcpu vcpus[VCPUS_MAX];
static struct bus pio, mmio;
static struct irqchip *chip;

static void chip_start(unsigned count)
{
    struct vcpu *pointers[VCPUS_MAX];

    for (unsigned i = 0; i < count; i++)
        pointers[i] = &vcpus[i];
    memset(vcpus, 0, sizeof(vcpus));
    clock_start(1000);
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
    return device_reload(irqchip_device(chip));
}

#endif
