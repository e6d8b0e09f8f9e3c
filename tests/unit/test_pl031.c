/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "pl031.h"
#include <criterion/criterion.h>
#include <errno.h>

#define BASE 0x09010000ULL
#define IRQ  2
#define WALL 1700000000U

#define DR   (BASE + 0x00)
#define MR   (BASE + 0x04)
#define LR   (BASE + 0x08)
#define CR   (BASE + 0x0c)
#define IMSC (BASE + 0x10)
#define RIS  (BASE + 0x14)
#define MIS  (BASE + 0x18)
#define ICR  (BASE + 0x1c)

static struct device *rtc;

static void start(void)
{
    machine_start();
    cr_assert_eq(pl031_create(&mmio, BASE, &chip, IRQ, &vm_clock, WALL, &rtc), 0);
}

static void stop(void)
{
    rtc->ops->destroy(rtc);
    machine_stop();
}

TestSuite(pl031, .init = start, .fini = stop);

Test(pl031, registers)
{
    static const uint8_t id[] = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    cr_assert_eq(mem_read(DR, 4), WALL);
    cr_assert_eq(mem_read(MR, 4), 0);
    cr_assert_eq(mem_read(LR, 4), WALL);
    cr_assert_eq(mem_read(CR, 4), 1);
    mem_write(CR, 4, 0);
    cr_assert_eq(mem_read(CR, 4), 1);
    cr_assert_eq(mem_read(IMSC, 4) | mem_read(RIS, 4) | mem_read(MIS, 4) | mem_read(ICR, 4), 0);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(mem_read(BASE + 0xfe0 + i * 4, 4), id[i]);
    mem_write(IMSC, 4, ~0U);
    cr_assert_eq(mem_read(IMSC, 4), 1);
    mem_write(DR, 4, 5);
    mem_write(DR, 8, 5);
    mem_write(LR, 2, 5);
    cr_assert_eq(mem_read(DR, 4), WALL);
    cr_assert_eq(mem_read(DR, 2) | mem_read(DR, 8) | mem_read(BASE + 1, 4) | mem_read(BASE + 0xfe1, 4), 0);
}

Test(pl031, time)
{
    time_advance(5 * NSEC_PER_SEC);
    cr_assert_eq(mem_read(DR, 4), WALL + 5);
    mem_write(LR, 4, 100);
    cr_assert_eq(mem_read(DR, 4), 100);
    time_advance(3 * NSEC_PER_SEC);
    cr_assert_eq(mem_read(DR, 4), 103);
    cr_assert_eq(mem_read(LR, 4), 100);
    mem_write(LR, 4, ~0U);
    time_advance(2 * NSEC_PER_SEC);
    cr_assert_eq(mem_read(DR, 4), 1, "wraps");
}

/* The host's clock has gone on while the VM's stood still; parts of a second do not add up to a drift. */
Test(pl031, wall)
{
    uint64_t wall_ns = WALL * NSEC_PER_SEC;

    pl031_wall_follow(rtc, wall_ns + 100 * NSEC_PER_SEC);
    cr_assert_eq(mem_read(DR, 4), WALL + 100);
    for (unsigned i = 1; i <= 10; i++)
        pl031_wall_follow(rtc, wall_ns + 100 * NSEC_PER_SEC + i * NSEC_PER_SEC / 10);
    cr_assert_eq(mem_read(DR, 4), WALL + 101);
    pl031_wall_follow(rtc, wall_ns + 90 * NSEC_PER_SEC);
    cr_assert_eq(mem_read(DR, 4), WALL + 90, "it can be set back, too");
}

Test(pl031, alarm)
{
    mem_write(IMSC, 4, 1);
    mem_write(MR, 4, WALL + 10);
    time_advance(9 * NSEC_PER_SEC);
    cr_assert_not(chip.level[IRQ]);
    time_advance(NSEC_PER_SEC + 1000);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(mem_read(RIS, 4), 1);
    cr_assert_eq(mem_read(MIS, 4), 1);
    mem_write(IMSC, 4, 0);
    cr_assert_not(chip.level[IRQ]);
    cr_assert_eq(mem_read(RIS, 4), 1);
    mem_write(IMSC, 4, 1);
    mem_write(ICR, 4, 0);
    cr_assert(chip.level[IRQ]);
    mem_write(ICR, 4, 1);
    cr_assert_not(chip.level[IRQ]);
    time_advance(100 * NSEC_PER_SEC);
    cr_assert_not(chip.level[IRQ]);
    /* Moved; past; now. */
    mem_write(MR, 4, WALL + 200);
    mem_write(MR, 4, WALL + 300);
    time_advance(150 * NSEC_PER_SEC);
    cr_assert_not(chip.level[IRQ]);
    time_jump(60 * NSEC_PER_SEC);
    cr_assert(chip.level[IRQ]);
    mem_write(ICR, 4, 1);
    mem_write(MR, 4, WALL);
    time_advance(NSEC_PER_SEC);
    cr_assert_not(chip.level[IRQ]);
    mem_write(LR, 4, WALL);
    time_advance(1000);
    cr_assert(chip.level[IRQ]);
}

Test(pl031, reload)
{
    struct state_writer writer;

    mem_write(LR, 4, 1000);
    mem_write(MR, 4, 1010);
    mem_write(IMSC, 4, 1);
    time_advance(5 * NSEC_PER_SEC);
    device_save(rtc, &writer);
    rtc->ops->reset(rtc);
    cr_assert_eq(mem_read(DR, 4), 1005, "the battery keeps it");
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(device_load(rtc, &writer), 0);
    cr_assert_eq(mem_read(MR, 4), 1010);
    time_advance(4 * NSEC_PER_SEC + 1000);
    cr_assert(chip.level[IRQ]);
    state_writer_fini(&writer);
}

Test(pl031, taken_address)
{
    struct device *other;

    cr_assert_eq(pl031_create(&mmio, BASE, &chip, IRQ, &vm_clock, WALL, &other), -EEXIST);
}
