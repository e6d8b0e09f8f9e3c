/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/gicv3_its.h"
#include "gic.h"

/* The GICv3 (gic.h): any access anywhere of any size on any vCPU, commands and tables full of anything. */

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

static void sgis(struct input *input, unsigned v, uint8_t what)
{
    gicv3_sgi_write(vcpus[v].cpu, what >> 7, next(input, 8));
}

static bool has_its;

static bool other(struct input *input, unsigned action)
{
    if (action == 9)
        tables(input);
    else if (has_its)
        commands(input);
    else
        return false;
    return true;
}

static void message(struct input *input, uint8_t what)
{
    if ((what & 3) == 2)
        msi((uint32_t)next(input, 1) & 0xf, (uint32_t)next(input, 1) & 0x3f);
    else
        irqchip_msi_send(chip, (uint32_t)next(input, 4),
                         &(struct msi_message){what & 0x80 ? DIST + 0x40 : ITS + GICV3_TRANSLATER,
                                               (uint32_t)next(input, 4)});
}

/* As gic_stop(), but the chunk that everything is in stays, cleared: allocating it would take most of the
 * time. */
static void stop(void)
{
    gic_end();
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

    has_its = setup & 8;
    gic_start_with(VCPUS, 1 + (setup & 7), has_its);
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    if (setup & 0x10)
        gic_enable();
    if ((setup & 0x28) == 0x28)
        its_setup();
    drive(&input);
    stop();
    return 0;
}
