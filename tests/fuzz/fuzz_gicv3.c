/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/gicv3_its.h"
#include "record.h"

/*
 * What a hostile guest and its devices may do to the GICv3: any access anywhere of any size on any vCPU,
 * commands and tables full of anything, lines, messages, any use of the CPU interface, state records. The
 * fixture checks every list register that is written; here, that nothing urgent is left behind and that
 * nobody waits for ever.
 */
#define VCPUS 3

static void access_at(struct input *input, uint64_t address)
{
    uint8_t how = (uint8_t)next(input, 1);
    unsigned size = 1U << (how & 3);
    uint64_t value;

    if (how & 0x40)
        size = 4;
    if (how & 0x80) {
        bus_write(&mmio, address, size, next(input, size));
    } else {
        bus_read(&mmio, address, size, &value);
        if (size < 8 && value >> size * 8 != 0 && value != ~0ULL)
            abort();
    }
}

static void registers(struct input *input, unsigned action)
{
    switch (action) {
    case 0:
        access_at(input, DIST + next(input, 2));
        break;
    case 1: /* fields of interrupts that there are */
        access_at(input, DIST + (next(input, 1) & 7) * 0x80 + 0x84 + (next(input, 1) & 0xc));
        break;
    case 2:
        access_at(input, gicr_base((unsigned)next(input, 1) % VCPUS) + next(input, 2));
        break;
    case 3:
        access_at(input, gicr_base((unsigned)next(input, 1) % VCPUS) + 0x10000 + next(input, 2));
        break;
    case 4:
        access_at(input, gicr_base((unsigned)next(input, 1) % VCPUS) + (next(input, 1) & 0xfc));
        break;
    case 5:
        access_at(input, ITS + (next(input, 3) & 0x1ffff));
        break;
    case 6:
        access_at(input, ITS + (next(input, 1) & 0xf8) + (current == 1 ? 0x100 : 0));
        break;
    default:
        access_at(input, DIST + 0x6100 + next(input, 2) % (SPIS * 8));
        break;
    }
}

static void commands(struct input *input)
{
    static const uint8_t codes[] = {1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t what = (uint8_t)next(input, 1);
    uint64_t device = next(input, 1) & 0xf, event = next(input, 1) & 0x3f,
             intid = 8192 + (next(input, 1) & 0x7f);

    if (what & 0x80) { /* anything */
        its_command(next(input, 8), next(input, 8), next(input, 8), next(input, 8));
        return;
    }
    what %= sizeof(codes);
    its_command(codes[what] | device << 32, event | intid << 32,
                BIT(63) * (what & 1) | (event & 3) << 16 | (intid & 3), (intid & 3) << 16);
}

static void tables(struct input *input)
{
    uint8_t byte = (uint8_t)next(input, 1);

    if (byte & 0x80)
        lpi_config(8192 + (unsigned)next(input, 1), byte);
    else
        guest_write(PEND_TABLE + 0x10000 * (byte % VCPUS) + 1024 + next(input, 1) % 32, &byte, 1);
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
        eoi(v, (unsigned)next(input, 1));
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
        gicv3_sgi_write(vcpu->cpu, what >> 7, next(input, 8));
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
    case 2:
        msi((uint32_t)next(input, 1) & 0xf, (uint32_t)next(input, 1) & 0x3f);
        break;
    default:
        irqchip_msi_send(chip, (uint32_t)next(input, 4),
                         &(struct msi_message){what & 0x80 ? DIST + 0x40 : ITS + GICV3_TRANSLATER,
                                               (uint32_t)next(input, 4)});
        break;
    }
}

/* Nothing that waits is more urgent than what the list registers hold, and nobody is waited for. */
static void check(void)
{
    for (unsigned v = 0; v < VCPUS; v++)
        enter(v);
    for (unsigned v = 0; v < VCPUS; v++)
        enter(v);
    if (gicd_read(0) >> 31)
        abort();
    for (unsigned v = 0; v < VCPUS; v++) {
        gic_leave(vcpus[v].cpu);
        /* The quick answer agrees with the hardware. */
        bool is_signalled = gic_is_signalled(vcpus[v].cpu);

        enter(v);
        if (is_signalled != (model_highest(&vcpus[v]) >= 0))
            abort();
    }
}

/* As gic_stop(), but the chunk that everything is in stays, cleared: allocating it would take most of the
 * time. */
static void stop(void)
{
    gic_destroy(chip);
    bus_fini(&mmio);
    mmio = (struct bus){0};
    for (unsigned i = 0; i < FAKE_GMEM_CHUNKS; i++) {
        if (fake_gmem.chunks[i] == NULL)
            continue;
        if (i == RAM / GMEM_CHUNK_SIZE) {
            memset(fake_gmem.chunks[i], 0, GMEM_CHUNK_SIZE);
        } else {
            free(fake_gmem.chunks[i]);
            fake_gmem.chunks[i] = NULL;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, MIN(size, 2048)};
    uint8_t setup = (uint8_t)next(&input, 1);

    gic_start_with(VCPUS, 1 + (setup & 7), setup & 8);
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    if (setup & 0x10)
        gic_enable();
    if ((setup & 0x28) == 0x28)
        its_setup();
    while (input.size > 0) {
        uint8_t what = (uint8_t)next(&input, 1);
        unsigned action = what & 0xf, v = (what >> 4 & 7) % VCPUS;

        current = v;
        if (action < 8)
            registers(&input, action);
        else if (action == 8 && (setup & 8))
            commands(&input);
        else if (action == 9)
            tables(&input);
        else if (action < 13)
            interface(&input, v);
        else if (action < 15)
            devices(&input, v);
        else if (what & 0x80)
            record_damage_and_load(&input, gic_device(chip));
        else
            check();
    }
    check();
    stop();
    return 0;
}
