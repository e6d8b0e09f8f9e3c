/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/gicv2_fixture.h"
#include "record.h"

/*
 * What a hostile guest and its devices may do to the GICv2: any access anywhere of any size on any vCPU, SGIs
 * from anybody to anybody, lines, messages, any use of the CPU interface, state records. The fixture checks
 * every list register that is written; here, that nothing urgent is left behind.
 */
#define VCPUS 3

static void access_at(struct input *input, uint64_t address)
{
    uint8_t how = (uint8_t)next(input, 1);
    unsigned size = how & 0x40 ? 4 : 1U << (how & 3);
    uint64_t value;

    if (how & 0x80)
        bus_write(&mmio, address, size, next(input, size));
    else if (bus_read(&mmio, address, size, &value) && size < 8 && value >> size * 8 != 0)
        abort();
}

static void registers(struct input *input, unsigned action)
{
    switch (action) {
    case 0:
        access_at(input, DIST + next(input, 2));
        break;
    case 1: /* fields of interrupts that there are */
        access_at(input, DIST + (next(input, 1) & 7) * 0x80 + 0x80 + (next(input, 1) & 0xc));
        break;
    case 2: /* priorities, targets */
        access_at(input, DIST + 0x400 + (next(input, 1) & 1) * 0x400 + next(input, 1) % (32 + SPIS));
        break;
    case 3:
        access_at(input, DIST + 0xf00 + next(input, 1) % 0x30);
        break;
    case 4:
        sgir(current, (uint32_t)next(input, 4));
        break;
    case 5:
        access_at(input, INTERFACE + 0x1000 + next(input, 2) % 0xf000);
        break;
    default:
        access_at(input, FRAME + next(input, 2) % 0x1000);
        break;
    }
}

static void interface(struct input *input, unsigned v)
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
    default:
        gic_leave(vcpu->cpu);
        (void)gic_is_signalled(vcpu->cpu);
        break;
    }
}

static void devices(struct input *input, unsigned v)
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
        irqchip_msi_send(chip, (uint32_t)next(input, 2),
                         &(struct msi_message){FRAME + 0x40, (uint32_t)next(input, 2)});
        break;
    }
}

/* Nothing that waits is more urgent than what the list registers hold. */
static void check(void)
{
    for (unsigned i = 0; i < 2 * VCPUS; i++)
        enter(i % VCPUS);
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, MIN(size, 2048)};
    uint8_t setup = (uint8_t)next(&input, 1);

    gic_start_with(VCPUS, 1 + (setup & 7));
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    if (setup & 0x10)
        gic_enable();
    while (input.size > 0) {
        uint8_t what = (uint8_t)next(&input, 1);
        unsigned action = what & 0xf, v = (what >> 4 & 7) % VCPUS;

        current = v;
        if (action < 8)
            registers(&input, action);
        else if (action < 12)
            interface(&input, v);
        else if (action < 15)
            devices(&input, v);
        else if (what & 0x80)
            record_damage_and_load(&input, gic_device(chip));
        else
            check();
    }
    check();
    gic_stop();
    return 0;
}
