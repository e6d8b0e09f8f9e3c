/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/gicv2_fixture.h"
#include "gic.h"

/* The GICv2 (gic.h): any access anywhere of any size on any vCPU, SGIs from anybody to anybody. */

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

static void sgis(struct input *input, unsigned v, uint8_t what)
{
    (void)what;
    sgir(v, (uint32_t)next(input, 4));
}

static bool other(struct input *input, unsigned action)
{
    (void)input, (void)action;
    return false;
}

static void message(struct input *input, uint8_t what)
{
    (void)what;
    irqchip_msi_send(chip, (uint32_t)next(input, 2),
                     &(struct msi_message){FRAME + 0x40, (uint32_t)next(input, 2)});
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, MIN(size, 2048)};
    uint8_t setup = (uint8_t)next(&input, 1);

    gic_start_with(VCPUS, 1 + (setup & 7));
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    if (setup & 0x10)
        gic_enable();
    drive(&input);
    gic_stop();
    return 0;
}
