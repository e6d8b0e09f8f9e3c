/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_GIC_H
#define TESTS_FUZZ_GIC_H

#include "record.h"

/*
 * What a hostile guest and its devices may do to any GIC: lines, messages, any use of the CPU interface,
 * state records; and registers, which the fuzzer of each kind adds after its fixture. That checks every list
 * register that is written; here, that nothing urgent is left behind and that nobody waits for ever.
 */
#define VCPUS 3

/* --- what a fuzzer has of its own --- */

/* An access to registers; `action` is 0 to 7. */
static void registers(struct input *input, unsigned action);
/* What the guest does otherwise, `action` being 8 or 9; false: nothing. */
static bool other(struct input *input, unsigned action);
/* SGIs of vCPU `v`; three bits of `what` have been looked at. */
static void sgis(struct input *input, unsigned v, uint8_t what);
/* A device's message; two bits of `what` have been looked at. */
static void message(struct input *input, uint8_t what);

/* --- common --- */

static inline void access_at(struct input *input, uint64_t address)
{
    uint8_t how = (uint8_t)next(input, 1);
    unsigned size = how & 0x40 ? 4 : 1U << (how & 3);
    uint64_t value;

    if (how & 0x80)
        bus_write(&mmio, address, size, next(input, size));
    else if (bus_read(&mmio, address, size, &value) && size < 8 && value >> size * 8 != 0)
        abort();
}

static inline void interface(struct input *input, unsigned v)
{
    struct vcpu *vcpu = &vcpus[v];
    uint8_t what = (uint8_t)next(input, 1);

    switch (what & 7) {
    case 0:
        (void)take(v);
        break;
    case 1:
        (void)iar(v);
        break;
    case 2:
        (void)iar_now(v);
        break;
    case 3:
        eoi(v, (unsigned)next(input, 2) & 0x1fff);
        break;
    case 4:
        dir(v, (unsigned)next(input, 2));
        break;
    case 5:
        vcpu->hw.vmcr = (uint32_t)next(input, 4);
        model_maintenance(v);
        break;
    case 6:
        gic_leave(vcpu->cpu);
        (void)gic_is_signalled(vcpu->cpu);
        break;
    default:
        sgis(input, v, what);
        break;
    }
}

static inline void devices(struct input *input, unsigned v)
{
    uint8_t what = (uint8_t)next(input, 1);

    switch (what & 3) {
    case 0:
        irqchip_line_set(chip, (unsigned)next(input, 1), what >> 7);
        break;
    case 1:
        gic_ppi_set(vcpus[v].cpu, (what >> 2 & 0x1f), what >> 7);
        break;
    default:
        message(input, what);
        break;
    }
}

/* Nothing that waits is more urgent than what the list registers hold, and nobody is waited for. */
static inline void check(void)
{
    for (unsigned i = 0; i < 2 * VCPUS; i++)
        enter(i % VCPUS);
    if (gicd_read(0) >> 31) /* RWP */
        abort();
    for (unsigned v = 0; v < VCPUS; v++) {
        bool is_signalled;

        gic_leave(vcpus[v].cpu);
        /* The quick answer agrees with the hardware. */
        is_signalled = gic_is_signalled(vcpus[v].cpu);
        enter(v);
        if (is_signalled != (model_highest(&vcpus[v]) >= 0))
            abort();
    }
}

/* All that the input says, with a GIC that there is. */
static inline void drive(struct input *input)
{
    while (input->size > 0) {
        uint8_t what = (uint8_t)next(input, 1);
        unsigned action = what & 0xf, v = (what >> 4 & 7) % VCPUS;

        current = v;
        if (action < 8)
            registers(input, action);
        else if (action < 10 && other(input, action))
            continue;
        else if (action < 13)
            interface(input, v);
        else if (action < 15)
            devices(input, v);
        else if (what & 0x80)
            record_damage_and_load(input, gic_device(chip));
        else
            check();
    }
    check();
}

#endif
