/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's GICv2: what it has of its own. What both GICs have, test_gicv3*.c look at. */
#include "gicv2_fixture.h"

#include "../../vmm/backend/arm64/gicv2/lr_pack.h"
#include <criterion/criterion.h>
#include <errno.h>

static void start(void)
{
    gic_start_with(3, 4);
    gic_enable();
}

static void start_single(void)
{
    gic_start_with(1, 4);
    gic_enable();
}

static uint32_t banked(unsigned v, uint64_t offset)
{
    current = v;
    return gicd_read(offset);
}

/* --- what it is --- */

Test(gicv2, create_refuses)
{
    struct vcpu *pointers[VCPUS_MAX];
    struct gicv2_config good = {.gic = gic_config_make(pointers, GICV2_VCPUS, 4),
                                .interface_base = INTERFACE,
                                .frame_base = FRAME,
                                .frame_spi = SPIS - 2,
                                .frame_spis = 2},
                        bad = good;

    bad.gic.vcpu_count = 9;
    cr_assert_eq(gicv2_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.frame_spis = 3;
    cr_assert_eq(gicv2_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.frame_spi = ~0U;
    cr_assert_eq(gicv2_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.gic.lr_count = 0;
    cr_assert_eq(gicv2_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.interface_base = DIST;
    cr_assert_eq(gicv2_create(&bad, &chip), -EEXIST);
    cr_assert_eq(mmio.count, 0, "nothing left behind");
    cr_assert_eq(gicv2_create(&good, &chip), 0);
    cr_assert_gt(irqchip_bytes(chip), 8 * 7 * 16 * sizeof(void *));
    gic_stop();
}

Test(gicv2, identity, .init = start, .fini = gic_stop)
{
    cr_assert_eq(gicd_read(4), SPIS / 32 | 2 << 5);
    cr_assert_eq(gicd_read(8), 0x42000000);
    cr_assert_eq(gicd_read(0xfe8) & 0xf0, 0x20);
    cr_assert_eq(gicd_read(0), 3);
    cr_assert_eq(read_at(DIST + 4, 2), 0);
    cr_assert_eq(gicd_read(0x6100), 0, "no routing by affinity");
    gicd_write(0, 0xfffffffe);
    cr_assert_eq(gicd_read(0), 2);
    cr_assert_eq(gicd_read(0xd00), 0);
    cr_assert_eq(read_at(INTERFACE + 0x1000, 4), 0);
}

Test(gicv2, groups_after_reset, .init = start, .fini = gic_stop)
{
    cr_assert_eq(gicd_read(0x80), 0);
    cr_assert_eq(gicd_read(0x84), 0);
    spi_enable(40);
    irqchip_line_set(chip, 8, true);
    enter(0);
    cr_assert_eq(vcpus[0].hw.lr[0] & LR_GROUP1, 0);
}

/* --- private interrupts: 4.1.4 --- */

Test(gicv2, banks, .init = start, .fini = gic_stop)
{
    current = 1;
    gicd_write(0x180, ~0U);
    gicd_write(0x400 + 28, 0x10203040);
    cr_assert_eq(banked(1, 0x100), 0xffff, "SGIs are always enabled");
    cr_assert_eq(banked(2, 0x100), ~0U);
    cr_assert_eq(banked(1, 0x41c), 0x10203040);
    cr_assert_eq(banked(0, 0x41c), 0xa0a0a0a0);
    gic_ppi_set(vcpus[2].cpu, 27, true);
    cr_assert_eq(banked(2, 0x200), 1 << 27);
    cr_assert_eq(banked(1, 0x200), 0);
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(iar(2), 27);
    cr_assert_eq(banked(2, 0x300), 1 << 27);
    cr_assert_eq(banked(0, 0x300), 0);
    cr_assert_eq(banked(0, 0xc00), 0xaaaaaaaa, "SGIs are edges");
    gicd_write(0xc00, 0);
    cr_assert_eq(banked(0, 0xc00), 0xaaaaaaaa);
}

/* Nobody of this VM: as vCPU 0. */
Test(gicv2, accessed_from_outside, .init = start, .fini = gic_stop)
{
    cr_assert_eq(banked(GIC_NOBODY, 0x800), 0x01010101);
    gicd_write(0xf00, 1 << 24 | 4);
    cr_assert_eq(take(1), SGI(4, 0));
}

/* --- targets: 4.3.12 --- */

Test(gicv2, targets, .init = start, .fini = gic_stop)
{
    cr_assert_eq(banked(0, 0x800), 0x01010101);
    cr_assert_eq(banked(2, 0x81c), 0x04040404);
    gicd_write(0x800, ~0U);
    cr_assert_eq(banked(2, 0x800), 0x04040404, "private ones are fixed");
    spi_enable(40);
    spi_target(40, 0xff);
    cr_assert_eq(read_at(DIST + 0x800 + 40, 1), 7, "three there are");
    irqchip_line_set(chip, 8, true);
    cr_assert_eq(iar(0), 40, "one of them");
    cr_assert_eq(take(1), SPURIOUS);
    /* It moves when it is done where it is. */
    spi_target(40, 4);
    cr_assert_eq(take(2), SPURIOUS);
    eoi(0, 40);
    enter(0);
    cr_assert_eq(iar(2), 40);
    irqchip_line_set(chip, 8, false);
    eoi(2, 40);
    /* Nobody. */
    spi_target(40, 0);
    irqchip_line_set(chip, 8, true);
    for (unsigned v = 0; v < 3; v++)
        cr_assert_eq(take(v), SPURIOUS);
    cr_assert(spi_bit(0x200, 40));
    spi_target(40, 2);
    cr_assert_eq(iar(1), 40);
    cr_assert_eq(read_at(DIST + 0x800 + 32 + SPIS, 4), 0);
    spi_target(32 + SPIS, 1);
}

Test(gicv2, single, .init = start_single, .fini = gic_stop)
{
    cr_assert_eq(gicd_read(4), SPIS / 32);
    cr_assert_eq(gicd_read(0x800), 0, "RAZ/WI where there is one");
    spi_target(40, 0);
    spi_enable(40);
    irqchip_line_set(chip, 8, true);
    cr_assert_eq(iar(0), 40);
    sgir(0, 1 << 24 | 3);
    sgir(0, 0xfe << 16 | 4);
    irqchip_line_set(chip, 8, false);
    eoi(0, 40);
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(gic_reload(), 0);
    irqchip_line_set(chip, 8, true);
    cr_assert_eq(take(0), 40, "still the target");
}

/* --- SGIs: 4.3.15 to 4.3.17 --- */

Test(gicv2, sgi_filters, .init = start, .fini = gic_stop)
{
    sgir(1, 5 << 16 | 7); /* listed */
    cr_assert_eq(take(0), SGI(7, 1));
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(take(2), SGI(7, 1));
    sgir(1, 1 << 24 | 0xff << 16 | 8); /* the others */
    cr_assert_eq(take(0), SGI(8, 1));
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(take(2), SGI(8, 1));
    sgir(1, 2 << 24 | 0xff << 16 | 9); /* itself */
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(take(1), SGI(9, 1));
    sgir(1, 3 << 24 | 0xff << 16 | 9); /* reserved */
    sgir(1, 0xf8 << 16 | 9);           /* none of those */
    for (unsigned v = 0; v < 3; v++)
        cr_assert_eq(take(v), SPURIOUS);
    current = 1;
    write_at(DIST + 0xf00, 1, 2 << 16 | 9);
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(gicd_read(0xf00), 0);
}

/* Each source's comes. */
Test(gicv2, sgi_sources, .init = start, .fini = gic_stop)
{
    bool seen[3] = {false};

    for (unsigned v = 0; v < 3; v++)
        sgir(v, 1 << 16 | 5);
    sgir(2, 1 << 16 | 5); /* once more: it is pending */
    cr_assert_eq(banked(0, 0xf24), 7 << 8);
    cr_assert_eq(banked(0, 0xf14), 7 << 8);
    cr_assert_eq(banked(0, 0x200), 1 << 5);
    cr_assert_eq(read_at(DIST + 0xf25, 1), 7);
    for (unsigned i = 0; i < 3; i++) {
        unsigned word = iar(0);

        cr_assert_eq(word & 0x3ff, 5);
        cr_assert_lt(word >> 10, 3);
        cr_assert_not(seen[word >> 10]);
        seen[word >> 10] = true;
        cr_assert_eq(banked(0, 0x300), 1 << 5);
        eoi(0, word);
    }
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(banked(0, 0x300), 0);
    cr_assert_eq(banked(0, 0xf24), 0);
}

Test(gicv2, sgi_pending_registers, .init = start, .fini = gic_stop)
{
    current = 0;
    gicd_write(0x200, 0xffff);
    cr_assert_eq(gicd_read(0x200), 0, "not by that register");
    gicd_write(0xf28, 0x06 << 16 | 0xf8); /* of SGI 10, sources 1 and 2; of SGI 8, who are not there */
    cr_assert_eq(gicd_read(0xf28), 0x06 << 16);
    write_at(DIST + 0xf1a, 1, 2);
    cr_assert_eq(gicd_read(0xf18), 0x04 << 16);
    gicd_write(0x280, 0xffff);
    write_at(DIST + 0xf1a, 2, 4);
    cr_assert_eq(take(0), SGI(10, 2));
    cr_assert_eq(take(0), SPURIOUS);
    /* While it is in a list register. */
    write_at(DIST + 0xf2a, 1, 4);
    enter(0);
    write_at(DIST + 0xf1a, 1, 4);
    cr_assert_eq(iar(0), SPURIOUS);
}

/* What they have together. */
Test(gicv2, sgi_priority_and_group, .init = start, .fini = gic_stop)
{
    current = 0;
    write_at(DIST + 0x400 + 6, 1, 0x20);
    write_at(DIST + 0x400 + 5, 1, 0x18);
    gicd_write(0x80, 1 << 6);
    sgir(2, 1 << 16 | 6);
    sgir(2, 1 << 16 | 5);
    sgir(1, 1 << 16 | 6);
    cr_assert_eq(banked(0, 0x404), 0xa02018a0);
    cr_assert_eq(take(0), SGI(5, 2));
    for (unsigned i = 1; i < 3; i++) {
        uint64_t lr;

        enter(0);
        lr = vcpus[0].hw.lr[model_highest(&vcpus[0])];
        cr_assert_neq(lr & LR_GROUP1, 0);
        cr_assert_eq(FIELD(lr, 55, 48), 0x20);
        cr_assert_eq(take(0), SGI(6, i));
    }
}

/* --- more active than list registers, GICC_DIR --- */

Test(gicv2, deactivation_with_split_eoi, .init = start, .fini = gic_stop)
{
    vcpus[0].hw.vmcr |= VMCR_EOIM;
    spi_enable(40);
    irqchip_line_set(chip, 8, true);
    cr_assert_eq(iar(0), 40);
    eoi(0, 40);
    irqchip_line_set(chip, 8, false);
    cr_assert(spi_bit(0x300, 40));
    dir(1, 40); /* by another vCPU */
    enter(0);
    current = 0;
    cr_assert_not(spi_bit(0x300, 40));
    sgir(2, 1 << 16 | 5);
    cr_assert_eq(iar(0), SGI(5, 2));
    eoi(0, SGI(5, 2));
    dir(0, 6); /* another one */
    cr_assert_eq(banked(0, 0x300), 1 << 5);
    dir(0, SGI(5, 2));
    cr_assert_eq(banked(0, 0x300), 0);
    write_at(INTERFACE + 0x1000, 2, 40);
    dir(0, 1023);
    dir(0, 32 + SPIS);
    write_at(INTERFACE + 0x1004, 4, 40);
}

/* SGIs fill the list registers, and end in order. */
Test(gicv2, many_active, .init = start, .fini = gic_stop)
{
    unsigned words[17], n = 0;

    for (unsigned i = 0; i < 16; i++)
        sgir(i % 3, 1 << 16 | i);
    current = 0;
    for (unsigned i = 0; i < 16; i++)
        write_at(DIST + 0x400 + i, 1, (15 - i) << 4);
    vcpus[0].hw.vmcr |= VMCR_EOIM;
    while ((words[n] = iar(0)) != SPURIOUS) {
        eoi(0, words[n++]);
        cr_assert_leq(n, 16);
    }
    cr_assert_eq(n, 16);
    cr_assert_eq(banked(0, 0x300), 0xffff);
    while (n > 0)
        dir(0, words[--n]);
    cr_assert_eq(banked(0, 0x300), 0);
}

Test(gicv2, active_by_register, .init = start, .fini = gic_stop)
{
    current = 0;
    gicd_write(0x300, 1 << 5 | 1 << 20);
    cr_assert_eq(gicd_read(0x300), 1 << 5 | 1 << 20);
    sgir(1, 1 << 16 | 4);
    cr_assert_eq(iar(0), SGI(4, 1));
    current = 0;
    gicd_write(0x380, ~0U);
    cr_assert_eq(gicd_read(0x300), 0);
}

/* --- messages --- */

static void message(uint64_t address, uint32_t data)
{
    irqchip_msi_send(chip, 0, &(struct msi_message){address, data});
}

Test(gicv2, messages, .init = start, .fini = gic_stop)
{
    cr_assert_eq(read_at(FRAME + 8, 4), 48 << 16 | FRAME_SPIS);
    cr_assert_eq(read_at(FRAME + 8, 8), 0);
    cr_assert_eq(read_at(FRAME + 0xfcc, 4), 0x42000000);
    cr_assert_eq(read_at(FRAME + 0x40, 4), 0);
    spi_edge(50);
    spi_enable(50);
    spi_enable(51);
    message(FRAME + 0x40, 50);
    cr_assert_eq(take(0), 50);
    message(FRAME + 0x40, 51); /* a pulse on a level */
    message(FRAME + 0x44, 50);
    message(FRAME + 0x40, 47);
    message(FRAME + 0x40, 80);
    message(FRAME + 0x40, 0);
    message(0, 50);
    cr_assert_eq(take(0), SPURIOUS);
    write_at(FRAME + 0x40, 2, 50);
    cr_assert_eq(take(0), 50);
    write_at(FRAME + 0x40, 1, 50);
    write_at(FRAME + 0x40, 8, 50);
    cr_assert_eq(take(0), SPURIOUS);
}

/* --- the timer's interrupt: LR.HW --- */

Test(gicv2, physical_interrupt, .init = start, .fini = gic_stop)
{
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    gic_ppi_set(vcpus[1].cpu, 27, true);
    cr_assert_eq(take(1), 27);
    cr_assert_eq(vcpus[1].host_deactivations, 1);
    vcpus[1].hw.vmcr |= VMCR_EOIM;
    gic_ppi_set(vcpus[1].cpu, 27, true);
    cr_assert_eq(take(1), 27);
    cr_assert_eq(vcpus[1].host_deactivations, 1);
    dir(1, 27);
    enter(1);
    cr_assert_eq(vcpus[1].host_deactivations, 2, "hardware has not heard of it");
}

/* --- records --- */

Test(gicv2, save_load, .init = start, .fini = gic_stop)
{
    spi_enable(40);
    spi_target(40, 2);
    irqchip_line_set(chip, 8, true);
    sgir(0, 4 << 16 | 1);
    sgir(1, 4 << 16 | 1);
    sgir(2, 4 << 16 | 1);
    cr_assert_eq(iar(2), SGI(1, 0));
    cr_assert_eq(gic_reload(), 0);
    cr_assert_eq(banked(2, 0xf20), 6 << 8);
    cr_assert_eq(banked(2, 0x300), 1 << 1);
    cr_assert_eq(read_at(DIST + 0x800 + 40, 1), 2);
    cr_assert_eq(take(1), 40);
    eoi(2, SGI(1, 0));
    cr_assert_eq(take(2), SGI(1, 1));
    cr_assert_eq(take(2), SGI(1, 2));
    cr_assert_eq(take(2), SPURIOUS);
}

Test(gicv2, reset, .init = start, .fini = gic_stop)
{
    spi_enable(40);
    sgir(2, 1 << 16 | 1);
    cr_assert_eq(iar(0), SGI(1, 2));
    sgir(1, 1 << 16 | 1);
    irqchip_line_set(chip, 8, true);
    gic_device(chip)->ops->reset(gic_device(chip));
    vcpus[0].hw.vmcr = VMCR_RESET;
    cr_assert_eq(gicd_read(0), 0);
    cr_assert_eq(gicd_read(0x100), 0xffff);
    cr_assert_eq(gicd_read(0x300), 0);
    cr_assert_eq(gicd_read(0xf20), 0);
    cr_assert_eq(gicd_read(0x800 + 40), 0);
    gic_enable();
    cr_assert_eq(take(0), SPURIOUS);
    spi_enable(40);
    cr_assert_eq(take(0), 40, "lines belong to devices");
}

/* --- GICH_LR<n>: 5.3.8 --- */

Test(gicv2, list_register_format)
{
    cr_assert_eq(gich_lr_pack(0), 0);
    cr_assert_eq(gich_lr_pack(LR_PENDING | 0xa0ULL << 48 | SGI(5, 6)), 1U << 28 | 20U << 23 | 6 << 10 | 5);
    cr_assert_eq(gich_lr_pack(LR_ACTIVE | LR_HW | 27ULL << 32 | 27), 1U << 31 | 1U << 29 | 27 << 10 | 27);
    cr_assert_eq(gich_lr_pack(LR_PENDING | LR_GROUP1 | LR_EOI | 0xf8ULL << 48 | 991),
                 1U << 30 | 1U << 28 | 31U << 23 | 1 << 19 | 991);
    cr_assert_eq(gich_lr_unpack(0x3ULL << 62 | 0x1234, 2U << 28), LR_ACTIVE | 0x1234);
    cr_assert_eq(gich_lr_unpack(LR_PENDING | 7, 0xc0000000), 7);
}

/* --- anything anywhere --- */

static uint64_t random_state;

static uint32_t rnd(void)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(random_state >> 33);
}

static void torture_access(void)
{
    static const uint64_t bases[] = {DIST, DIST, DIST, INTERFACE + 0x1000, FRAME};
    uint64_t address = bases[rnd() % 5] + rnd() % 0x1000, value;
    unsigned size = 1U << rnd() % 4;

    current = rnd() % 3;
    if (rnd() % 2)
        address = ALIGN_DOWN(address, size);
    if (rnd() % 2) {
        bus_write(&mmio, address, size, rnd() | (uint64_t)rnd() << 32);
    } else if (bus_read(&mmio, address, size, &value) && size < 8) {
        cr_assert_eq(value >> size * 8, 0, "%u bytes at %#lx", size, (unsigned long)address);
    }
}

static void torture_interrupts(void)
{
    unsigned v = rnd() % 3;

    switch (rnd() % 6) {
    case 0:
        irqchip_line_set(chip, rnd() % SPIS, rnd() % 2);
        break;
    case 1:
        gic_ppi_set(vcpus[v].cpu, 16 + rnd() % 16, rnd() % 2);
        break;
    case 2:
        message(FRAME + 0x40, 40 + rnd() % 48);
        break;
    case 3:
        (void)take(v);
        break;
    case 4:
        eoi(v, iar(v));
        break;
    default:
        vcpus[v].hw.vmcr = rnd() % 2 ? VMCR_RESET : (rnd() & 0x2fc0010) | 3;
        model_maintenance(v);
        break;
    }
}

Test(gicv2, torture, .init = start, .fini = gic_stop)
{
    gic_ppi_host_set(vcpus[1].cpu, 27, 27);
    for (unsigned i = 0; i < 100000; i++) {
        torture_access();
        torture_interrupts();
        if (i % 1000 == 999)
            cr_assert_eq(gic_reload(), 0);
    }
    for (unsigned v = 0; v < 3; v++)
        enter(v);
}
