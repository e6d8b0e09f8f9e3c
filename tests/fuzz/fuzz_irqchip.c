/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/irqchip/lapic.h"
#include "../unit/irqchip_fixture.h"
#include "record.h"

/*
 * What a hostile guest and its devices may do to the irqchip: any access anywhere on any vCPU, lines,
 * messages, time, pauses, state records. Whatever happened, priorities and requests must agree.
 */
#define VCPUS 4

static void check_vcpu(unsigned vcpu)
{
    struct lapic *lapic = apic(vcpu);
    int vector = lapic_pending_vector(lapic);

    if (vector > 255 || vector < -1 || vector != lapic_pending_vector(lapic))
        abort();
    /* The quick answer agrees with the registers. */
    if (vcpu != 0 && lapic_has_page(lapic, lapic->base)) {
        int highest = -1;

        for (unsigned bit = 0; bit < 256; bit++)
            if (apic_read(vcpu, 0x200 + bit / 32 * 16) >> bit % 32 & 1)
                highest = (int)bit;
        if (highest >> 4 <= (int)(apic_read(vcpu, 0xa0) >> 4))
            highest = -1;
        if (highest != vector)
            abort();
    }
}

static void ports(struct input *input)
{
    static const uint16_t bases[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1};
    uint8_t which = (uint8_t)next(input, 1);
    uint64_t value;

    if (which & 0x80)
        bus_write(&pio, bases[which % 6], 1 + (which >> 6 & 1), next(input, 2));
    else
        bus_read(&pio, bases[which % 6], 1 + (which >> 6 & 1), &value);
}

static void ioapic(struct input *input)
{
    uint8_t which = (uint8_t)next(input, 1);
    uint64_t value, at = 0xfec00000 + (which & 4 ? next(input, 2) & 0xff8 : (which & 3) << 4);
    unsigned size = 1U << (which >> 4 & 3);

    if (which & 0x80)
        bus_write(&mmio, at, size, next(input, size));
    else
        bus_read(&mmio, at, size, &value);
    if (which & 8)
        ioapic_entry(next(input, 1) % 24, next(input, 8));
}

static void vcpu_action(struct input *input, unsigned action, unsigned vcpu)
{
    static const uint32_t msrs[] = {0x1b, 0x6e0, 0x80b, 0x808, 0x830, 0x83f, 0x832, 0x838};
    struct lapic *lapic = apic(vcpu);
    uint64_t value;

    switch (action) {
    case 0:
        lapic_mmio_write(lapic, (uint32_t)next(input, 2) & 0xfff, (uint32_t)next(input, 4));
        break;
    case 1:
        lapic_mmio_write(lapic, (uint32_t)next(input, 1) << 4, (uint32_t)next(input, 4));
        break;
    case 2:
        lapic_mmio_read(lapic, (uint32_t)next(input, 2) & 0xfff);
        break;
    case 3:
        (void)!lapic_msr_write(lapic, 0x800 + (uint32_t)next(input, 1), next(input, 8));
        break;
    case 4:
        (void)!lapic_msr_write(lapic, msrs[next(input, 1) % ARRAY_SIZE(msrs)], next(input, 8));
        break;
    case 5:
        (void)!lapic_msr_read(lapic, 0x800 + (uint32_t)next(input, 1), &value);
        break;
    case 6:
        value = next(input, 1);
        (void)!lapic_msr_write(lapic, 0x1b, 0xfee00000 | (value & 0xf) << 8);
        break;
    default:
        if (lapic_pending_vector(lapic) >= 0) {
            lapic_acknowledge(lapic);
            if (next(input, 1) & 1) {
                lapic_mmio_write(lapic, 0xb0, 0);
                port_out(0x20, 0x20);
            }
        }
        break;
    }
}

static void machine_action(struct input *input, unsigned action, unsigned vcpu)
{
    struct msi_message msi;

    switch (action) {
    case 8:
        ports(input);
        break;
    case 9:
        ioapic(input);
        break;
    case 10:
        action = (unsigned)next(input, 1);
        irqchip_line_set(chip, action & 0x3f, action >> 7);
        break;
    case 11:
        msi.data = (uint32_t)next(input, 2);
        msi.address = (vcpu == 0 ? next(input, 8) : 0xfee00000 | next(input, 3)) & 0xffffffffff;
        irqchip_msi_send(chip, 0, &msi);
        break;
    case 12:
        if (vcpu == 0)
            time_jump(next(input, 5));
        else
            time_advance(next(input, 3));
        break;
    case 13:
        lapic_tsc_set(apic(vcpu), next(input, 5), next(input, 8));
        break;
    case 14:
        lapic_init_reset(apic(vcpu));
        break;
    default:
        vm_clock_pause(&vm_clock);
        record_damage_and_load(input, irqchip_device(chip));
        vm_clock_resume(&vm_clock);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, MIN(size, 4096)};

    chip_start(VCPUS);
    for (unsigned i = 0; i < VCPUS; i++)
        apic_enable(i);
    while (input.size > 0) {
        uint8_t what = (uint8_t)next(&input, 1);
        unsigned action = what & 0xf, vcpu = what >> 4 & 3;

        if (action < 8)
            vcpu_action(&input, action, vcpu);
        else
            machine_action(&input, action, vcpu);
        check_vcpu(vcpu);
    }
    chip_stop();
    return 0;
}
