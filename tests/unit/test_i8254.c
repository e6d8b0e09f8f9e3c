/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "i8254.h"
#include "i8254_channel.h"
#include "ticks.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#define TICK_NS(n) ((n) * NSEC_PER_SEC / I8254_HZ)

/* --- a channel by itself: time is what the test says --- */

static struct i8254_channel c;

static void program(unsigned mode, unsigned count, bool is_bcd)
{
    i8254_channel_init(&c, true);
    i8254_channel_control(&c, (uint8_t)(0x30 | mode << 1 | is_bcd));
    i8254_channel_write(&c, 1000, (uint8_t)count);
    i8254_channel_write(&c, 1000, (uint8_t)(count >> 8));
}

static unsigned count_at(uint64_t now)
{
    unsigned low = i8254_channel_read(&c, now);

    return low | (unsigned)i8254_channel_read(&c, now) << 8;
}

Test(i8254_channel, mode_0_terminal_count)
{
    program(0, 100, false);
    cr_assert(!i8254_channel_out(&c, 1000));
    cr_assert_eq(count_at(1000), 100);
    cr_assert_eq(count_at(1099), 1);
    cr_assert(!i8254_channel_out(&c, 1099));
    cr_assert_eq(i8254_channel_next_rise(&c, 1050), 1100);
    cr_assert(i8254_channel_out(&c, 1100));
    cr_assert_eq(count_at(1101), 0xffff); /* goes on, wraps */
    cr_assert(i8254_channel_out(&c, 5000));
    cr_assert_eq(i8254_channel_next_rise(&c, 1100), I8254_NEVER);
    /* The gate stops it. */
    program(0, 100, false);
    i8254_channel_gate(&c, 1040, false);
    cr_assert_eq(count_at(5000), 60);
    cr_assert_eq(i8254_channel_next_rise(&c, 5000), I8254_NEVER);
    i8254_channel_gate(&c, 5000, true);
    cr_assert_eq(i8254_channel_next_rise(&c, 5000), 5060);
    /* The first byte of a new count stops it too, and lowers OUT. */
    i8254_channel_write(&c, 5100, 10);
    cr_assert(!i8254_channel_out(&c, 9999));
    i8254_channel_write(&c, 9999, 0);
    cr_assert_eq(i8254_channel_next_rise(&c, 9999), 10009);
}

Test(i8254_channel, mode_1_one_shot)
{
    program(1, 50, false);
    cr_assert(i8254_channel_out(&c, 2000));
    cr_assert_eq(count_at(2000), 50);
    i8254_channel_gate(&c, 2000, false);
    i8254_channel_gate(&c, 3000, true);
    cr_assert(!i8254_channel_out(&c, 3000));
    cr_assert(!i8254_channel_out(&c, 3049));
    cr_assert_eq(i8254_channel_next_rise(&c, 3010), 3050);
    cr_assert(i8254_channel_out(&c, 3050));
    /* Retriggered, and a new count that waits for the trigger. */
    i8254_channel_gate(&c, 3060, false);
    cr_assert_eq(count_at(3061), 0x10000 - 11); /* a low gate does not stop it */
    i8254_channel_write(&c, 3062, 5);
    i8254_channel_write(&c, 3062, 0);
    cr_assert_eq(count_at(3063), 0x10000 - 13);
    i8254_channel_gate(&c, 4000, true);
    cr_assert_eq(i8254_channel_next_rise(&c, 4000), 4005);
}

Test(i8254_channel, mode_2_rate)
{
    program(2, 10, false);
    cr_assert(i8254_channel_out(&c, 1000));
    cr_assert_eq(count_at(1000), 10);
    cr_assert_eq(count_at(1009), 1);
    cr_assert(!i8254_channel_out(&c, 1009));
    cr_assert(i8254_channel_out(&c, 1010));
    cr_assert_eq(i8254_channel_next_rise(&c, 1000), 1010);
    cr_assert_eq(i8254_channel_next_rise(&c, 1010), 1020);
    cr_assert_eq(i8254_channel_next_rise(&c, 1000 + 10ULL * 1000000 + 3), 1000 + 10ULL * 1000001);
    /* A new count waits for the end of the period, however many have passed. */
    i8254_channel_write(&c, 1054, 7);
    i8254_channel_write(&c, 1055, 0);
    cr_assert_eq(i8254_channel_next_rise(&c, 1056), 1060);
    cr_assert_eq(i8254_channel_next_rise(&c, 1060), 1067);
    /* The gate restarts it. */
    i8254_channel_gate(&c, 1070, false);
    cr_assert(i8254_channel_out(&c, 1073));
    cr_assert_eq(count_at(5000), 4);
    i8254_channel_gate(&c, 6000, true);
    cr_assert_eq(i8254_channel_next_rise(&c, 6000), 6007);
    /* A count written while it stands still counts from the gate on. */
    i8254_channel_gate(&c, 6100, false);
    i8254_channel_write(&c, 6101, 20);
    i8254_channel_write(&c, 6101, 0);
    i8254_channel_gate(&c, 7000, true);
    cr_assert_eq(i8254_channel_next_rise(&c, 7000), 7020);
}

Test(i8254_channel, mode_3_square_wave)
{
    program(3, 10, false);
    for (unsigned i = 0; i < 30; i++)
        cr_assert_eq(i8254_channel_out(&c, 1000 + i), i % 10 < 5);
    cr_assert_eq(count_at(1000), 10);
    cr_assert_eq(count_at(1004), 2);
    cr_assert_eq(count_at(1005), 10);
    program(3, 5, false); /* odd: one longer while high */
    for (unsigned i = 0; i < 30; i++)
        cr_assert_eq(i8254_channel_out(&c, 1000 + i), i % 5 < 3);
    cr_assert_eq(count_at(1000), 4);
    cr_assert_eq(count_at(1002), 0);
    cr_assert_eq(count_at(1003), 4);
    cr_assert_eq(count_at(1004), 2);
    cr_assert_eq(i8254_channel_next_rise(&c, 1003), 1005);
    program(7, 0, false); /* 6 and 7 are 2 and 3; 0 is 65536 */
    cr_assert_eq(c.mode, 3);
    cr_assert_eq(i8254_channel_next_rise(&c, 1000), 1000 + 65536);
    cr_assert_eq(count_at(1000), 0);
    program(3, 1, false); /* not allowed, but it ends */
    cr_assert(i8254_channel_out(&c, 1234));
}

Test(i8254_channel, modes_4_and_5_strobe)
{
    program(4, 20, false);
    cr_assert(i8254_channel_out(&c, 1019));
    cr_assert(!i8254_channel_out(&c, 1020));
    cr_assert(i8254_channel_out(&c, 1021));
    cr_assert_eq(i8254_channel_next_rise(&c, 1000), 1021);
    cr_assert_eq(i8254_channel_next_rise(&c, 1021), I8254_NEVER);
    program(5, 20, false);
    cr_assert_eq(i8254_channel_next_rise(&c, 1000), I8254_NEVER);
    i8254_channel_gate(&c, 1500, false);
    i8254_channel_gate(&c, 2000, true);
    cr_assert(i8254_channel_out(&c, 2019));
    cr_assert(!i8254_channel_out(&c, 2020));
    cr_assert(i8254_channel_out(&c, 2021));
}

Test(i8254_channel, decimal)
{
    program(0, 0x1234, true);
    cr_assert_eq(count_at(1000), 0x1234);
    cr_assert_eq(count_at(1005), 0x1229);
    cr_assert_eq(count_at(1000 + 1234), 0);
    cr_assert_eq(count_at(1000 + 1235), 0x9999);
    program(2, 0, true);
    cr_assert_eq(i8254_channel_next_rise(&c, 1000), 11000);
    cr_assert_eq(count_at(1001), 0x9999);
}

Test(i8254_channel, bytes_and_latches)
{
    i8254_channel_init(&c, true);
    cr_assert_eq(count_at(5), 0);
    i8254_channel_control(&c, 0x14); /* low byte only */
    i8254_channel_write(&c, 0, 0x80);
    cr_assert_eq(i8254_channel_read(&c, 16), 0x70);
    cr_assert_eq(i8254_channel_read(&c, 17), 0x6f);
    i8254_channel_latch(&c, 20);
    i8254_channel_latch(&c, 40); /* the first latch holds */
    cr_assert_eq(i8254_channel_read(&c, 50), 0x6c);
    cr_assert_eq(i8254_channel_read(&c, 50), 0x4e);
    i8254_channel_control(&c, 0x24); /* high byte only */
    i8254_channel_write(&c, 0, 0x80);
    cr_assert_eq(i8254_channel_read(&c, 0), 0x80);
    cr_assert_eq(i8254_channel_read(&c, 1), 0x7f);
    program(0, 0x1234, false);
    i8254_channel_latch(&c, 1004);
    i8254_channel_latch_status(&c, 1004);
    i8254_channel_latch_status(&c, 9999);
    cr_assert_eq(i8254_channel_read(&c, 1100), 0x30); /* status first */
    cr_assert_eq(count_at(1100), 0x1230);
    cr_assert_eq(count_at(1100), 0x1234 - 100);
    /* Null count: written, not yet counted. */
    i8254_channel_control(&c, 0x34);
    i8254_channel_latch_status(&c, 0);
    cr_assert_eq(i8254_channel_read(&c, 0), 0x80 | 0x40 | 0x34);
    program(2, 100, false);
    i8254_channel_write(&c, 1010, 50);
    i8254_channel_write(&c, 1010, 0);
    i8254_channel_latch_status(&c, 1011);
    cr_assert_eq(i8254_channel_read(&c, 1011), 0x80 | 0x40 | 0x34);
    i8254_channel_latch_status(&c, 1100);
    cr_assert_eq(i8254_channel_read(&c, 1100), 0x80 | 0x34);
}

/* --- the chip --- */

static struct device *pit;

static void start(void)
{
    machine_start();
    cr_assert_eq(i8254_create(&pio, &chip, 0, &vm_clock, &pit), 0);
}

static void stop(void)
{
    pit->ops->destroy(pit);
    machine_stop();
}

TestSuite(i8254, .init = start, .fini = stop);

static void channel_program(unsigned channel, unsigned mode, unsigned count)
{
    out(0x43, 1, channel << 6 | 0x30 | mode << 1);
    out((uint16_t)(0x40 + channel), 1, count & 0xff);
    out((uint16_t)(0x40 + channel), 1, count >> 8);
}

Test(i8254, periodic_interrupts_without_drift)
{
    uint64_t period = 11932; /* Linux, HZ=100 */

    cr_assert(!timer_is_armed());
    channel_program(0, 2, (unsigned)period);
    cr_assert_eq(chip.rises[0], 1); /* the control word raises OUT */
    time_advance(TICK_NS(period) * 1000 + 100000);
    cr_assert_eq(chip.rises[0], 1001);
    time_advance(1000 * NSEC_PER_SEC - TICK_NS(period) * 1000);
    cr_assert_eq(chip.rises[0], 1 + 1000 * I8254_HZ / period);
}

/* A timer that fires before its tick would be taken for a stale one, or fire again and again. */
Test(i8254, time_of_a_tick_is_never_before_it)
{
    uint64_t seed = 9;

    for (unsigned i = 0; i < 300000; i++) {
        uint64_t ns = ((uint64_t)random_next(&seed) << 31 | random_next(&seed)) >> random_next(&seed) % 50;
        uint64_t clock = ticks_at(ns, 32768) + 1, timer = ticks_at(ns, I8254_HZ) + 1,
                 pm = ticks_at(ns, 3579545) + 1;

        cr_assert_geq(ticks_at(ticks_to_ns(clock, 32768), 32768), clock);
        cr_assert_geq(ticks_at(ticks_to_ns(timer, I8254_HZ), I8254_HZ), timer);
        cr_assert_geq(ticks_at(ticks_to_ns(pm, 3579545), 3579545), pm);
        cr_assert_leq(ticks_at(ticks_to_ns(timer, I8254_HZ), I8254_HZ), timer + 1);
        cr_assert_gt(ticks_to_ns(clock, 32768), ns);
        cr_assert_lt(ticks_to_ns(clock, 32768), ns + NSEC_PER_SEC / 32768 + 10 + (ns >> 47));
    }
}

Test(i8254, ticks_after_years)
{
    unsigned before;

    for (uint64_t years = 1; years <= 32; years *= 2) {
        time_jump(years * 365 * 86400 * NSEC_PER_SEC);
        channel_program(0, 2, 1193);
        before = chip.rises[0];
        time_advance(NSEC_PER_SEC);
        cr_assert_leq(chip.rises[0] - before - 999, 2, "after %u years", (unsigned)years);
    }
}

Test(i8254, missed_ticks_are_merged)
{
    channel_program(0, 2, 11932);
    time_jump(NSEC_PER_SEC);
    cr_assert_eq(chip.rises[0], 2);
    /* The next one is where it would have been. */
    time_advance(TICK_NS(11932ULL * 101) - NSEC_PER_SEC - 10000);
    cr_assert_leq(chip.rises[0], 17);
}

Test(i8254, one_shot)
{
    channel_program(0, 0, 1000);
    cr_assert_eq(chip.rises[0], 0);
    time_advance(TICK_NS(999));
    cr_assert(!chip.level[0]);
    time_advance(TICK_NS(3));
    cr_assert(chip.level[0]);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(chip.rises[0], 1);
    cr_assert(!timer_is_armed());
    channel_program(0, 0, 1000);
    cr_assert(!chip.level[0]);
}

Test(i8254, absurd_rates_do_not_load_the_host)
{
    channel_program(0, 2, 1);
    time_advance(NSEC_PER_SEC);
    cr_assert_leq(chip.rises[0], 20002);
    cr_assert_geq(chip.rises[0], 15000);
}

Test(i8254, stopped_by_a_control_word)
{
    channel_program(0, 3, 1000);
    time_advance(TICK_NS(5500));
    cr_assert_eq(chip.rises[0], 6);
    out(0x43, 1, 0x30);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(chip.rises[0], 6);
    cr_assert(!timer_is_armed());
}

/* As Linux and others calibrate the TSC: gate, mode 0, wait for OUT in port 0x61. */
Test(i8254, channel_2_and_port_61)
{
    out(0x61, 1, 0);
    cr_assert_eq(in(0x61, 1) & 0x2f, 0);
    out(0x61, 1, 0xfd); /* gate on, speaker off; only 4 bits are there */
    cr_assert_eq(in(0x61, 1) & 0xcf, 0x0d);
    channel_program(2, 0, 0xffff);
    cr_assert(!(in(0x61, 1) & 0x20));
    time_advance(TICK_NS(0xfffe));
    cr_assert(!(in(0x61, 1) & 0x20));
    time_advance(TICK_NS(4));
    cr_assert(in(0x61, 1) & 0x20);
    out(0x43, 1, 0xe8 | 0x30); /* nothing latched */
    cr_assert(!timer_is_armed());
}

Test(i8254, refresh_toggles)
{
    unsigned changes = 0;
    uint64_t last = in(0x61, 1) & 0x10;

    for (unsigned i = 0; i < 1000; i++) {
        time_advance(1000);
        changes += (in(0x61, 1) & 0x10) != last;
        last = in(0x61, 1) & 0x10;
    }
    cr_assert_eq(changes, 1000000 / 15085);
}

Test(i8254, ports)
{
    cr_assert_eq(in(0x43, 1), 0xff);
    cr_assert_eq(in(0x40, 2), 0xffff);
    out(0x40, 2, 0x1234);
    channel_program(1, 2, 0x4321);
    out(0x43, 1, 0x40);
    time_advance(1000);
    cr_assert_eq(in(0x41, 1), 0x21);
    cr_assert_eq(in(0x41, 1), 0x43);
    out(0x43, 1, 0xc4); /* read back: count and status of channel 1 */
    cr_assert_eq(in(0x41, 1), 0xb4);
    cr_assert_leq(in(0x41, 1), 0x21);
    out(0x43, 1, 0xe4 & ~0x10); /* status only */
    cr_assert_eq(in(0x41, 1) & 0xf, 0x4);
}

Test(i8254, reset_and_state)
{
    struct state_writer w;
    unsigned before;

    channel_program(0, 2, 11932);
    channel_program(2, 3, 1000);
    out(0x61, 1, 3);
    time_advance(123456789);
    device_save(pit, &w);
    before = chip.rises[0];
    pit->ops->reset(pit);
    cr_assert(!chip.level[0]);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(chip.rises[0], before);
    cr_assert_eq(device_load(pit, &w), 0);
    cr_assert_eq(in(0x61, 1) & 0xf, 3);
    time_advance(10 * NSEC_PER_MSEC);
    cr_assert_geq(chip.rises[0], before + 1);
    for (size_t i = 0; i < w.size; i++)
        cr_assert_eq(device_load_part(pit, &w, i), -EINVAL);
    w.bytes[0] = 6; /* no such mode */
    cr_assert_eq(device_load(pit, &w), -EINVAL);
    state_writer_fini(&w);
}

Test(i8254, ports_are_taken)
{
    static struct bus_region region = {.base = 0x61, .size = 1};
    struct bus other = {0};
    struct device *second;

    cr_assert_eq(i8254_create(&pio, &chip, 0, &vm_clock, &second), -EEXIST);
    cr_assert_eq(bus_add(&other, &region), 0);
    cr_assert_eq(i8254_create(&other, &chip, 0, &vm_clock, &second), -EEXIST);
    cr_assert_eq(other.count, 1);
    bus_fini(&other);
}

static void *hammer(void *seed)
{
    random_accesses(&pio, 0x40, 4, 20000, (uintptr_t)seed);
    random_accesses(&pio, 0x61, 1, 1000, (uintptr_t)seed);
    return NULL;
}

Test(i8254, torture)
{
    pthread_t threads[4];
    unsigned before;

    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer, (void *)(i + 7)), 0);
    for (unsigned i = 0; i < 1000; i++)
        time_jump(NSEC_PER_USEC * 100);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    /* It still ticks. */
    channel_program(0, 2, 1193);
    before = chip.rises[0];
    time_advance(10 * NSEC_PER_MSEC);
    cr_assert_geq(chip.rises[0], before + 9);
}
