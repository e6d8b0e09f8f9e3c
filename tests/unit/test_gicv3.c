/* SPDX-License-Identifier: BSD-2-Clause */
#include "gicv3_fixture.h"
#include <criterion/criterion.h>

static void start(void)
{
    gic_start_with(4, 4, false);
    gic_enable();
}

static void start_bare(void)
{
    gic_start_with(3, 4, false);
}

static void line(unsigned intid, bool level)
{
    irqchip_line_set(chip, intid - 32, level);
}

static void sgi(unsigned from, unsigned targets, unsigned intid)
{
    current = from;
    gicv3_sgi_write(vcpus[from].cpu, 1, (uint64_t)intid << 24 | targets);
}

/* --- registers: reset values and what can be written --- */

Test(gicv3, distributor_registers, .init = start_bare, .fini = gic_stop)
{
    cr_assert_eq(gicd_read(0x0), 0x50, "ARE, DS");
    gicd_write(0, ~0U);
    cr_assert_eq(gicd_read(0x0), 0x53);
    cr_assert_eq(gicd_read(0x4), 3 | 1 << 16 | 9 << 19 | 1 << 24, "128 INTIDs, MBIS, IDbits, A3V");
    cr_assert_neq(gicd_read(0x8), 0);
    cr_assert_eq(gicd_read(0xffe8), 0x30);
    gicd_write(0x4, ~0U);
    cr_assert_eq(gicd_read(0x4), 3 | 1 << 16 | 9 << 19 | 1 << 24);
    for (unsigned reg = 0x80; reg < 0x400; reg += 0x80) {
        bool is_group = reg == 0x80;

        /* Private ones are the redistributor's; what is not there is RAZ/WI. */
        gicd_write(reg, ~0U);
        cr_assert_eq(gicd_read(reg), 0);
        gicd_write(reg + 16, ~0U);
        cr_assert_eq(gicd_read(reg + 16), 0);
        cr_assert_eq(gicd_read(reg + 4), is_group ? ~0U : 0);
    }
    gicd_write(0x84, 0x0f0f0f0f);
    cr_assert_eq(gicd_read(0x84), 0x0f0f0f0f);
    gicd_write(0x104, 0xff);
    gicd_write(0x104, 0xf00);
    cr_assert_eq(gicd_read(0x104), 0xfff);
    gicd_write(0x184, 0xf0);
    cr_assert_eq(gicd_read(0x104), 0xf0f);
    cr_assert_eq(gicd_read(0x184), 0xf0f);
    /* Targets and SGIs of the time before affinity routing, Secure registers. */
    for (unsigned reg = 0x800; reg < 0xc00; reg += 4) {
        gicd_write(reg, ~0U);
        cr_assert_eq(gicd_read(reg), 0);
    }
    gicd_write(0xd04, ~0U);
    gicd_write(0xf00, ~0U);
    gicd_write(0xf10, ~0U);
    cr_assert_eq(gicd_read(0xd04) | gicd_read(0xe04) | gicd_read(0xf00) | gicd_read(0xf10) | gicd_read(0xf20),
                 0);
}

Test(gicv3, distributor_fields, .init = start_bare, .fini = gic_stop)
{
    gicd_write(0x420, 0xffffffff);
    cr_assert_eq(gicd_read(0x420), 0xf8f8f8f8, "five bits");
    write_at(DIST + 0x421, 1, 0x47);
    cr_assert_eq(read_at(DIST + 0x421, 1), 0x40);
    cr_assert_eq(gicd_read(0x420), 0xf8f840f8);
    gicd_write(0x400, ~0U);
    cr_assert_eq(gicd_read(0x400), 0);
    gicd_write(0x480, ~0U);
    cr_assert_eq(gicd_read(0x480), 0, "beyond the last SPI");
    gicd_write(0xc08, 0xffffffff);
    cr_assert_eq(gicd_read(0xc08), 0xaaaaaaaa);
    gicd_write(0xc00, ~0U);
    cr_assert_eq(gicd_read(0xc00), 0);
    cr_assert_eq(read_at(DIST + 0x6100, 8), 0);
    write_at(DIST + 0x6100, 8, ~0ULL);
    cr_assert_eq(read_at(DIST + 0x6100, 8), 0xff80ffffffULL);
    write_at(DIST + 0x6104, 4, 0);
    write_at(DIST + 0x6100, 4, 0x2);
    cr_assert_eq(read_at(DIST + 0x6100, 8), 2);
    cr_assert_eq(gicd_read(0x6100), 2);
    cr_assert_eq(gicd_read(0x6104), 0);
    write_at(DIST + 0x6000, 8, ~0ULL);
    cr_assert_eq(read_at(DIST + 0x6000, 8), 0, "private");
    write_at(DIST + 0x7fd8, 8, ~0ULL);
    cr_assert_eq(read_at(DIST + 0x7fd8, 8), 0);
}

/* Every size at every offset is legal input; sizes that a register does not have do nothing. */
Test(gicv3, sizes, .init = start_bare, .fini = gic_stop)
{
    static const uint64_t bases[] = {DIST, REDIST, REDIST + 0x10000, REDIST + 0x50000};

    gicd_write(0x104, 0x5);
    cr_assert_eq(read_at(DIST + 0x104, 8), 0);
    cr_assert_eq(read_at(DIST + 0x104, 2), 0);
    cr_assert_eq(read_at(DIST + 0x104, 1), 0);
    cr_assert_eq(read_at(DIST + 0x102, 4), 0);
    write_at(DIST + 0x104, 1, 0xff);
    write_at(DIST + 0x104, 8, ~0ULL);
    write_at(DIST + 0x105, 4, ~0ULL);
    cr_assert_eq(gicd_read(0x104), 5);
    cr_assert_eq(read_at(DIST, 8), 0);
    write_at(DIST, 8, 3);
    write_at(DIST, 2, 3);
    cr_assert_eq(gicd_read(0), 0x50);
    for (unsigned b = 0; b < ARRAY_SIZE(bases); b++)
        for (uint64_t offset = 0; offset < 0xfff8; offset += offset % 0x100 < 0x20 ? 1 : 0x20)
            for (unsigned size = 1; size <= 8; size *= 2) {
                uint64_t value;

                bus_read(&mmio, bases[b] + offset, size, &value);
                bus_write(&mmio, bases[b] + offset, size, ~0ULL);
                bus_read(&mmio, bases[b] + offset, size, &value);
                cr_assert_eq(size == 8 ? 0 : value >> size * 8, 0);
            }
    for (unsigned v = 0; v < n_vcpus; v++)
        enter(v);
}

Test(gicv3, redistributor_registers, .init = start_bare, .fini = gic_stop)
{
    cr_assert_eq(gicr_read(0, 0), 0, "no LPIs, so no CES, no IR");
    cr_assert_eq(read_at(gicr_base(0) + 8, 8), 1 << 5);
    cr_assert_eq(read_at(gicr_base(1) + 8, 8), 1ULL << 32 | 1 << 8 | 1 << 5);
    cr_assert_eq(read_at(gicr_base(2) + 8, 8), 2ULL << 32 | 2 << 8 | 1 << 5 | 1 << 4, "Last");
    cr_assert_eq(gicr_read(2, 8), 2 << 8 | 1 << 5 | 1 << 4);
    cr_assert_eq(gicr_read(2, 12), 2);
    cr_assert_eq(gicr_read(1, 0x14), 6);
    gicr_write(1, 0x14, 4);
    cr_assert_eq(gicr_read(1, 0x14), 0);
    gicr_write(1, 0x14, 2);
    cr_assert_eq(gicr_read(1, 0x14), 6);
    cr_assert_eq(gicr_read(1, 0xffe8), 0x30);
    gicr_write(0, 0, ~0U);
    cr_assert_eq(gicr_read(0, 0), 3U << 24, "DPG0, DPG1NS");
    gicr_write(0, 0x70, ~0U);
    cr_assert_eq(gicr_read(0, 0x70), 0, "no LPIs");
    /* SGI_base */
    cr_assert_eq(gicr_read(0, 0x10080), ~0U);
    cr_assert_eq(gicr_read(0, 0x10c00), 0xaaaaaaaa);
    gicr_write(0, 0x10c00, 0);
    cr_assert_eq(gicr_read(0, 0x10c00), 0xaaaaaaaa);
    gicr_write(0, 0x10c04, 0x80000000);
    cr_assert_eq(gicr_read(0, 0x10c04), 0x80000000);
    gicr_write(0, 0x10100, 0x80000001);
    cr_assert_eq(gicr_read(0, 0x10180), 0x80000001);
    cr_assert_eq(gicr_read(1, 0x10100), 0, "each vCPU has its own");
    write_at(gicr_base(0) + 0x1041f, 1, 0x88);
    cr_assert_eq(gicr_read(0, 0x1041c), 0x88000000);
    gicr_write(0, 0x10104, ~0U);
    cr_assert_eq(gicr_read(0, 0x10104), 0);
    cr_assert_eq(gicr_read(0, 0x10420), 0);
}

Test(gicv3, many_vcpus, .fini = gic_stop)
{
    gic_start_with(50, 4, false);
    gic_enable();
    cr_assert_eq(read_at(gicr_base(39) + 8, 8) >> 4 & 1, 1, "the last of the first part");
    cr_assert_eq(read_at(gicr_base(38) + 8, 8) >> 4 & 1, 0);
    cr_assert_eq(read_at(gicr_base(40) + 8, 8) >> 4 & 1, 0);
    cr_assert_eq(read_at(gicr_base(49) + 8, 8) >> 4 & 1, 1);
    cr_assert_eq(read_at(gicr_base(33) + 8, 8) >> 32, 0x201, "affinity 0.0.2.1");
    gicv3_sgi_write(vcpus[0].cpu, 1, 5ULL << 24 | 2ULL << 16 | 0x8002);
    cr_assert_eq(take(33), 5);
    cr_assert_eq(take(47), 5);
    cr_assert_eq(take(32), SPURIOUS);
    gicv3_sgi_write(vcpus[0].cpu, 1, 5ULL << 24 | 3ULL << 16 | 0xffff);
    cr_assert_eq(take(48), 5);
    cr_assert_eq(take(49), 5);
    gicv3_sgi_write(vcpus[0].cpu, 1, 5ULL << 24 | 1ULL << 44 | 1);
    gicv3_sgi_write(vcpus[0].cpu, 1, 5ULL << 24 | 1ULL << 32 | 1);
    gicv3_sgi_write(vcpus[0].cpu, 1, 5ULL << 24 | 1ULL << 48 | 1);
    cr_assert_eq(take(0), SPURIOUS, "range selector, Aff2, Aff3: nobody");
    gicv3_sgi_write(vcpus[7].cpu, 1, 6ULL << 24 | 1ULL << 40);
    for (unsigned v = 0; v < 50; v++)
        cr_assert_eq(take(v), v == 7 ? SPURIOUS : 6);
}

Test(gicv3, create_refuses)
{
    struct vcpu *pointers[VCPUS_MAX];
    struct gicv3_config good = {.gic = gic_config_make(pointers, 2, 4), .redist = {{REDIST, 2}}}, bad = good;

    bad.gic.spi_count = 33;
    cr_assert_eq(gicv3_create(&bad, &chip), -EINVAL);
    bad.gic.spi_count = 992;
    cr_assert_eq(gicv3_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.gic.vcpu_count = 3;
    cr_assert_eq(gicv3_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.gic.lr_count = 17;
    cr_assert_eq(gicv3_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.gic.lr_pri_bits = 4;
    cr_assert_eq(gicv3_create(&bad, &chip), -EINVAL);
    bad = good;
    bad.redist[0].base = DIST + 0x8000;
    cr_assert_eq(gicv3_create(&bad, &chip), -EEXIST);
    cr_assert_eq(mmio.count, 0, "nothing left behind");
    cr_assert_eq(gicv3_create(&good, &chip), 0);
    gic_end();
}

/* --- life cycles: 4.1.2 --- */

Test(gicv3, nothing_pending_costs_nothing, .init = start, .fini = gic_stop)
{
    enter(0);
    cr_assert_not(gic_wants_entry(vcpus[0].cpu));
    cr_assert_eq(vcpus[0].hw.hcr, 1);
    line(40, true);
    cr_assert_not(gic_wants_entry(vcpus[0].cpu), "not enabled");
    cr_assert_eq(vcpus[0].kicks, 0);
}

Test(gicv3, edge, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    enter(0);
    line(40, true);
    line(40, true);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert(spi_bit(0x200, 40));
    cr_assert_eq(iar(0), 40);
    cr_assert(spi_bit(0x300, 40));
    cr_assert_not(spi_bit(0x200, 40));
    cr_assert_eq(iar(0), SPURIOUS);
    /* The next edge while active: pending and active. */
    line(40, false);
    line(40, true);
    cr_assert(spi_bit(0x200, 40));
    cr_assert(spi_bit(0x300, 40));
    cr_assert_eq(iar(0), SPURIOUS);
    eoi(0, 40);
    cr_assert_eq(iar_now(0), 40, "no exit needed in between");
    eoi(0, 40);
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_not(spi_bit(0x300, 40));
    line(40, false);
    cr_assert_eq(take(0), SPURIOUS);
    irqchip_line_set(chip, SPIS, true);
    irqchip_line_set(chip, ~0U, true);
}

Test(gicv3, level, .init = start, .fini = gic_stop)
{
    spi_enable(40);
    line(40, true);
    cr_assert_eq(iar(0), 40);
    cr_assert(spi_bit(0x200, 40), "still high");
    enter(0);
    cr_assert_eq(iar(0), SPURIOUS);
    eoi(0, 40);
    cr_assert(vcpus[0].is_maintenance, "the line has to be looked at");
    cr_assert_eq(iar(0), 40, "high: again");
    line(40, false);
    enter(0);
    eoi(0, 40);
    cr_assert_not(vcpus[0].is_maintenance, "lowered meanwhile: no exit at its end");
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_not(spi_bit(0x200, 40));
    /* Lowered before it is taken: never was. */
    line(40, true);
    enter(0);
    line(40, false);
    cr_assert_eq(iar(0), SPURIOUS);
    /* Lowered and raised while active. */
    line(40, true);
    cr_assert_eq(iar(0), 40);
    line(40, false);
    line(40, true);
    eoi(0, 40);
    cr_assert_eq(take(0), 40);
}

/* ISPENDR on a level: pending until taken, whatever the line does. GICD_ISPENDR<n>. */
Test(gicv3, level_latch, .init = start, .fini = gic_stop)
{
    spi_enable(40);
    gicd_write(0x204, 1 << 8);
    cr_assert(spi_bit(0x200, 40));
    cr_assert_eq(iar(0), 40);
    cr_assert_not(spi_bit(0x200, 40));
    eoi(0, 40);
    cr_assert_eq(iar(0), SPURIOUS);
    gicd_write(0x204, 1 << 8);
    enter(0);
    gicd_write(0x284, 1 << 8);
    cr_assert_eq(iar(0), SPURIOUS);
    line(40, true);
    gicd_write(0x284, 1 << 8);
    cr_assert(spi_bit(0x200, 40), "the line still says so");
    cr_assert_eq(take(0), 40);
}

Test(gicv3, enable_and_groups, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    line(40, true);
    cr_assert(spi_bit(0x200, 40));
    cr_assert_eq(iar(0), SPURIOUS);
    spi_enable(40);
    enter(0);
    cr_assert_neq(vcpus[0].hw.lr[0] & LR_GROUP1, 0);
    gicd_write(0x184, 1 << 8);
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert(spi_bit(0x200, 40), "disabled, still pending");
    spi_enable(40);
    gicd_write(0, 1);
    cr_assert_eq(iar(0), SPURIOUS, "Group 1 is off");
    gicd_write(0, 2);
    cr_assert_eq(take(0), 40);
    gicd_write(0x84, ~(1U << 8));
    gicd_write(0x204, 1 << 8);
    cr_assert_eq(iar(0), SPURIOUS, "Group 0 is off");
    gicd_write(0, 3);
    enter(0);
    cr_assert_eq(vcpus[0].hw.lr[0] & LR_GROUP1, 0);
    cr_assert_eq(take(0), 40);
}

Test(gicv3, clear_while_loaded, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    spi_route(40, 1);
    line(40, true);
    enter(1);
    cr_assert_eq(vcpus[1].hw.lr[0] & LR_PENDING, LR_PENDING);
    current = 0;
    vcpus[1].kicks = 0;
    gicd_write(0x284, 1 << 8);
    cr_assert_eq(vcpus[1].kicks, 1);
    cr_assert_not(spi_bit(0x200, 40));
    cr_assert_eq(iar(1), SPURIOUS);
    /* RWP until the other vCPU has taken notice. */
    gicd_write(0x204, 1 << 8);
    enter(1);
    current = 0;
    cr_assert_eq(gicd_read(0) >> 31, 0);
    gicd_write(0x184, 1 << 8);
    cr_assert_eq(gicd_read(0) >> 31, 1);
    cr_assert_eq(gicr_read(0, 0) & 8, 8);
    enter(1);
    cr_assert_eq(gicd_read(0) >> 31, 0);
    cr_assert_eq(iar(1), SPURIOUS);
    spi_enable(40);
    cr_assert_eq(iar(1), 40);
    /* Deactivated by another vCPU's register write. */
    current = 0;
    gicd_write(0x384, 1 << 8);
    enter(1);
    cr_assert_eq(vcpus[1].hw.lr[0], 0);
    /* Activated by one. */
    gicd_write(0x304, 1 << 8);
    gicd_write(0x204, 1 << 8);
    cr_assert(spi_bit(0x300, 40));
    enter(1);
    cr_assert_eq(iar(1), SPURIOUS);
    gicd_write(0x384, 1 << 8);
    cr_assert_not(spi_bit(0x300, 40));
    vcpus[1].hw.apr[1][0] = 0;
    cr_assert_eq(take(1), 40);
}

/* Whether it is active only the other vCPU knows: "yes" until that has been asked. */
Test(gicv3, active_elsewhere, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    spi_route(40, 1);
    line(40, true);
    enter(1);
    current = 0;
    cr_assert(spi_bit(0x300, 40));
    cr_assert(spi_bit(0x300, 40));
    enter(1);
    current = 0;
    cr_assert_not(spi_bit(0x300, 40), "it was pending, not active");
    cr_assert_eq(iar(1), 40);
    current = 0;
    cr_assert(spi_bit(0x300, 40));
    enter(1);
    current = 0;
    cr_assert(spi_bit(0x300, 40));
    eoi(1, 40);
    cr_assert(spi_bit(0x300, 40));
    enter(1);
    current = 0;
    cr_assert_not(spi_bit(0x300, 40));
}

Test(gicv3, private_and_sgi, .init = start, .fini = gic_stop)
{
    sgi(0, 0xf, 3);
    for (unsigned v = 0; v < 4; v++)
        cr_assert_eq(take(v), 3);
    sgi(0, 2, 3);
    sgi(0, 2, 3);
    cr_assert_eq(take(1), 3);
    cr_assert_eq(take(1), SPURIOUS, "one bit, one interrupt");
    /* ICC_SGI0R_EL1: Group 0 only. */
    gicv3_sgi_write(vcpus[0].cpu, 0, 4ULL << 24 | 2);
    cr_assert_eq(take(1), SPURIOUS);
    gicr_write(1, 0x10080, ~(1U << 4));
    gicv3_sgi_write(vcpus[0].cpu, 0, 4ULL << 24 | 2);
    cr_assert_eq(take(1), 4);
    gic_ppi_set(vcpus[2].cpu, 27, true);
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(iar(2), 27);
    gic_ppi_set(vcpus[2].cpu, 27, false);
    enter(2);
    eoi(2, 27);
    cr_assert_eq(take(2), SPURIOUS);
    gic_ppi_set(vcpus[2].cpu, 15, true);
    gic_ppi_set(vcpus[2].cpu, 32, true);
    cr_assert_eq(take(2), SPURIOUS);
    /* SGIs can be made pending by register. */
    gicr_write(3, 0x10200, 1 << 7);
    cr_assert_eq(take(3), 7);
}

/* --- priorities: 4.8 --- */

Test(gicv3, priorities, .init = start, .fini = gic_stop)
{
    for (unsigned i = 0; i < 4; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        spi_priority(40 + i, (uint8_t)(0xc0 - i * 0x20));
        line(40 + i, true);
    }
    cr_assert_eq(take(0), 43);
    cr_assert_eq(iar(0), 42);
    spi_priority(40, 0x10);
    cr_assert_eq(iar(0), 40, "preempts");
    cr_assert_eq(iar(0), SPURIOUS);
    eoi(0, 40);
    eoi(0, 42);
    cr_assert_eq(take(0), 41);
    cr_assert_eq(take(0), SPURIOUS);
    line(40, false);
    line(40, true);
    vcpus[0].hw.vmcr = (vcpus[0].hw.vmcr & 0xffffff) | 0x10000000;
    cr_assert_eq(iar(0), SPURIOUS, "masked");
    vcpus[0].hw.vmcr |= 0xff000000;
    cr_assert_eq(iar_now(0), 40);
}

/* --- routing: 2.3 --- */

Test(gicv3, routing, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    line(40, true);
    spi_route(40, 2);
    cr_assert_eq(take(0), SPURIOUS);
    enter(2);
    /* In a list register: moves when that vCPU lets go. */
    current = 0;
    spi_route(40, 3);
    enter(2);
    cr_assert_eq(take(2), SPURIOUS);
    cr_assert_eq(iar(3), 40);
    /* Active: ends where it was taken, the next one goes elsewhere. */
    line(40, false);
    line(40, true);
    spi_route(40, 1);
    enter(3);
    cr_assert_eq(iar(1), SPURIOUS);
    eoi(3, 40);
    gic_maintenance(vcpus[3].cpu);
    enter(3);
    cr_assert_eq(take(1), 40);
    /* Nobody has that affinity. */
    spi_route(40, 0x100);
    line(40, false);
    line(40, true);
    for (unsigned v = 0; v < 4; v++)
        cr_assert_eq(take(v), SPURIOUS);
    cr_assert(spi_bit(0x200, 40));
    spi_route(40, 0);
    cr_assert_eq(take(0), 40);
    spi_route(40, 0x0100000000);
    gicd_write(0x204, 1 << 8);
    for (unsigned v = 0; v < 4; v++)
        cr_assert_eq(take(v), SPURIOUS);
}

Test(gicv3, one_of_n, .init = start, .fini = gic_stop)
{
    unsigned takers[4] = {0};

    spi_edge(40);
    spi_enable(40);
    spi_route(40, BIT(31));
    for (unsigned i = 0; i < 40; i++) {
        unsigned n = 0;

        line(40, true);
        line(40, false);
        for (unsigned v = 0; v < 4; v++)
            if (take(v) == 40)
                takers[v]++, n++, gic_leave(vcpus[v].cpu);
        cr_assert_eq(n, 1);
    }
    for (unsigned v = 0; v < 4; v++)
        cr_assert_eq(takers[v], 10);
    gicr_write(0, 0x14, 2);
    gicr_write(1, 0, 1U << 25);
    gicr_write(2, 0, 1U << 24);
    for (unsigned i = 0; i < 10; i++) {
        line(40, true);
        line(40, false);
        cr_assert_eq(take(0), SPURIOUS, "asleep");
        cr_assert_eq(take(1), SPURIOUS, "does not want Group 1");
        cr_assert_eq((take(2) == 40) + (take(3) == 40), 1);
    }
}

Test(gicv3, messages, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    spi_enable(41);
    gicd_write(0x40, 40);
    cr_assert_eq(take(0), 40);
    write_at(DIST + 0x40, 2, 41);
    cr_assert_eq(iar(0), 41);
    gicd_write(0x48, 41);
    enter(0);
    eoi(0, 41);
    cr_assert_eq(take(0), SPURIOUS);
    gicd_write(0x40, 40);
    gicd_write(0x48, 40);
    gicd_write(0x40, 27);
    gicd_write(0x40, 500);
    cr_assert_eq(take(0), SPURIOUS);
    irqchip_msi_send(chip, 0, &(struct msi_message){DIST + 0x40, 40});
    cr_assert_eq(take(0), 40);
    irqchip_msi_send(chip, 0, &(struct msi_message){DIST + 0x44, 40});
    irqchip_msi_send(chip, 0, &(struct msi_message){ITS + GICV3_TRANSLATER, 40});
    cr_assert_eq(take(0), SPURIOUS);
}

/* --- life --- */

/* What a CPU interface's registers have no room for is not loaded; what hardware has no such state for is
 * refused. */
Test(gicv3, damaged_interface, .init = start, .fini = gic_stop)
{
    enum { VMCR = 12, APR = 16 }; /* behind counts and GICD_CTLR */
    struct state_writer writer;

    vcpus[0].hw.vmcr = 0xf0000003;
    device_save(gic_device(chip), &writer);
    memset(writer.bytes + VMCR, 0xff, 4);
    cr_assert_eq(device_load(gic_device(chip), &writer), 0);
    cr_assert_eq(vcpus[0].hw.vmcr, 0xfffc021f);
    writer.bytes[APR] = writer.bytes[APR + 4] = 1 << 4;
    cr_assert_eq(device_load(gic_device(chip), &writer), -EINVAL);
    state_writer_fini(&writer);
}

/* A priority that is active is the same one on a host whose CPUs have more bits of it. */
Test(gicv3, active_priorities_of_another_host, .init = start, .fini = gic_stop)
{
    struct gic_lrs *lrs = gic_lrs(vcpus[0].cpu);
    struct state_writer writer;

    vcpus[0].hw.apr[0][0] = 1U << 20;
    vcpus[0].hw.apr[1][0] = 1U << 31 | 1;
    device_save(gic_device(chip), &writer);
    for (lrs->pri_bits = 5; lrs->pri_bits <= 7; lrs->pri_bits++) {
        unsigned shift = lrs->pri_bits - 5;

        cr_assert_eq(device_load(gic_device(chip), &writer), 0);
        cr_assert_eq(vcpus[0].hw.apr[0][(20 << shift) / 32], 1U << (20 << shift) % 32);
        cr_assert_eq(vcpus[0].hw.apr[1][(31 << shift) / 32] >> (31 << shift) % 32, 1);
        cr_assert_eq(vcpus[0].hw.apr[1][0] & 1, 1);
        state_writer_fini(&writer);
        device_save(gic_device(chip), &writer);
    }
    lrs->pri_bits = 5;
    state_writer_fini(&writer);
}

Test(gicv3, reload, .init = start, .fini = gic_stop)
{
    spi_edge(40);
    spi_enable(40);
    spi_route(40, 1);
    spi_enable(41);
    spi_priority(41, 0x30);
    spi_route(42, BIT(31));
    line(40, true);
    line(41, true);
    cr_assert_eq(iar(0), 41);
    sgi(0, 8, 9);
    enter(3);
    cr_assert_eq(gic_reload(), 0);
    cr_assert_eq(read_at(DIST + 0x6000 + 42 * 8, 8), BIT(31));
    cr_assert(spi_bit(0x300, 41));
    eoi(0, 41);
    line(41, false);
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(take(1), 40);
    cr_assert_eq(take(3), 9);
    gic_device(chip)->ops->reset(gic_device(chip));
    cr_assert_eq(gicd_read(0x104), 0);
    cr_assert_eq(gicd_read(0x0), 0x50);
    cr_assert_eq(vcpus[0].hw.vmcr, 0);
}
