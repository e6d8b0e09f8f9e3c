/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_LAPIC_FIXTURE_H
#define TESTS_UNIT_LAPIC_FIXTURE_H

#include "irqchip_fixture.h"
#include <criterion/criterion.h>

/* What tests of local APICs do to one. */
#define MSR_DEADLINE 0x6e0

static inline void start1(void)
{
    chip_start(1);
    apic_enable(0);
}

static inline int pending(unsigned vcpu)
{
    return lapic_pending_vector(apic(vcpu));
}

static inline int take(unsigned vcpu)
{
    int vector = pending(vcpu);

    if (vector >= 0)
        cr_assert_eq(lapic_acknowledge(apic(vcpu)), vector);
    return vector;
}

static inline void eoi(unsigned vcpu)
{
    apic_write(vcpu, 0xb0, 0);
}

static inline uint64_t rdmsr(unsigned vcpu, uint32_t msr)
{
    uint64_t value;

    cr_assert_eq(lapic_msr_read(apic(vcpu), msr, &value), 0, "read of %#x", msr);
    return value;
}

static inline void wrmsr(unsigned vcpu, uint32_t msr, uint64_t value)
{
    cr_assert_eq(lapic_msr_write(apic(vcpu), msr, value), 0, "write of %#x", msr);
}

#endif
