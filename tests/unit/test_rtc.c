/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "rtc.h"
#include "rtc_time.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define IRQ 8

/* 2024-02-29 23:59:50 UTC, a Thursday. */
#define LEAP_DAY 1709251190

static struct device *rtc;

static void start_at(uint64_t seconds)
{
    struct rtc_config config = {
        .wall_ns = seconds * NSEC_PER_SEC, .low_ram_bytes = MIB(512), .high_ram_bytes = 0, .vcpu_count = 2};

    machine_start();
    cr_assert_eq(rtc_create(&pio, &chip, IRQ, &vm_clock, &config, &rtc), 0);
}

static void start(void)
{
    start_at(LEAP_DAY);
}

static void stop(void)
{
    rtc->ops->destroy(rtc);
    machine_stop();
}

TestSuite(rtc, .init = start, .fini = stop);

static uint8_t get(uint8_t index)
{
    out(0x70, 1, index);
    return (uint8_t)in(0x71, 1);
}

static void put(uint8_t index, uint8_t value)
{
    out(0x70, 1, index);
    out(0x71, 1, value);
}

static uint64_t date(void)
{
    return (uint64_t)get(0x32) << 56 | (uint64_t)get(9) << 48 | (uint64_t)get(8) << 40 |
           (uint64_t)get(7) << 32 | (uint64_t)get(6) << 24 | (uint64_t)get(4) << 16 | (uint64_t)get(2) << 8 |
           get(0);
}

Test(rtc_time, agrees_with_the_c_library)
{
    uint8_t cmos[128] = {[RTC_B] = RTC_B_24H | RTC_B_BINARY};
    uint64_t seed = 1;

    for (unsigned i = 0; i < 100000; i++) {
        /* From year 0 to 9999. */
        int64_t seconds =
            (int64_t)((((uint64_t)random_next(&seed) << 31) | random_next(&seed)) % 315569520000ULL) -
            62167219200LL;
        time_t t = (time_t)seconds;
        struct tm tm;

        gmtime_r(&t, &tm);
        rtc_time_encode(cmos, seconds);
        cr_assert_eq(cmos[RTC_CENTURY] * 100 + cmos[RTC_YEAR], tm.tm_year + 1900, "%lld", (long long)seconds);
        cr_assert_eq(cmos[RTC_MONTH], tm.tm_mon + 1);
        cr_assert_eq(cmos[RTC_DAY], tm.tm_mday);
        cr_assert_eq(cmos[RTC_WEEKDAY], tm.tm_wday + 1);
        cr_assert_eq(cmos[RTC_HOURS] * 3600 + cmos[RTC_MINUTES] * 60 + cmos[RTC_SECONDS],
                     tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
        cr_assert_eq(rtc_time_decode(cmos), seconds);
    }
}

Test(rtc_time, all_formats_come_back)
{
    for (unsigned format = 0; format < 8; format += 2) {
        uint8_t cmos[128] = {[RTC_B] = (uint8_t)format};

        for (int64_t t = 0; t < 86400 * 2; t += 61) {
            rtc_time_encode(cmos, LEAP_DAY + t);
            cr_assert_eq(rtc_time_decode(cmos), LEAP_DAY + t);
        }
    }
}

Test(rtc_time, twelve_hours)
{
    static const uint8_t expected[24] = {0x12, 1,    2,    3,    4,    5,    6,    7,
                                         8,    9,    0x10, 0x11, 0x92, 0x81, 0x82, 0x83,
                                         0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91};
    uint8_t cmos[128] = {0};

    for (int64_t hour = 0; hour < 24; hour++) {
        rtc_time_encode(cmos, hour * 3600);
        cr_assert_eq(cmos[RTC_HOURS], expected[hour]);
    }
}

Test(rtc_time, anything_decodes)
{
    uint8_t cmos[128];
    uint64_t seed = 5;

    for (unsigned i = 0; i < 100000; i++) {
        for (unsigned j = 0; j < sizeof(cmos); j++)
            cmos[j] = (uint8_t)random_next(&seed);
        rtc_time_encode(cmos, rtc_time_decode(cmos));
        rtc_alarm_distance(cmos, rtc_time_decode(cmos));
    }
}

/* Against the definition: the first second that matches. */
Test(rtc_time, alarm_distance)
{
    static const uint8_t hours[] = {0, 5, 23, 24, 0xc0, 0xff}, sixties[] = {0, 30, 59, 60, 0xc5};
    uint8_t cmos[128] = {[RTC_B] = RTC_B_24H | RTC_B_BINARY};
    uint64_t seed = 3;

    for (unsigned i = 0; i < 400; i++) {
        uint8_t h = hours[random_next(&seed) % 6], m = sixties[random_next(&seed) % 5];
        uint8_t s = sixties[random_next(&seed) % 5];
        int64_t from = random_next(&seed) - 1000000000LL;
        uint64_t expected = RTC_NEVER;

        cmos[RTC_HOURS_ALARM] = h;
        cmos[RTC_MINUTES_ALARM] = m;
        cmos[RTC_SECONDS_ALARM] = s;
        for (int64_t t = from + 1; t <= from + 86400 && expected == RTC_NEVER; t++) {
            unsigned day = (unsigned)((t % 86400 + 86400) % 86400);

            if ((h >= 0xc0 || h == day / 3600) && (m >= 0xc0 || m == day / 60 % 60) &&
                (s >= 0xc0 || s == day % 60))
                expected = (uint64_t)(t - from);
        }
        cr_assert_eq(rtc_alarm_distance(cmos, from), expected, "%u:%u:%u from %lld", h, m, s,
                     (long long)from);
    }
}

Test(rtc, goes_over_a_leap_day)
{
    cr_assert_eq(date(), 0x2024022905235950);
    time_advance(9 * NSEC_PER_SEC);
    cr_assert_eq(date(), 0x2024022905235959);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(date(), 0x2024030106000000);
    vm_clock_pause(&vm_clock);
    time_advance(3 * NSEC_PER_SEC);
    cr_assert_eq(date(), 0x2024030106000000);
    vm_clock_resume(&vm_clock);
}

/* Seconds begin when the host's do; what passes while the VM is off is made up for, in either direction. */
Test(rtc, follows_the_hosts_date)
{
    rtc_wall_follow(rtc, LEAP_DAY * NSEC_PER_SEC + 700 * NSEC_PER_MSEC);
    cr_assert_eq(date(), 0x2024022905235950);
    time_advance(300 * NSEC_PER_MSEC);
    cr_assert_eq(date(), 0x2024022905235951);
    vm_clock_pause(&vm_clock);
    rtc_wall_follow(rtc, (LEAP_DAY + 10) * NSEC_PER_SEC - 1);
    cr_assert_eq(date(), 0x2024022905235959);
    vm_clock_resume(&vm_clock);
    time_advance(1);
    cr_assert_eq(date(), 0x2024030106000000);
    rtc_wall_follow(rtc, LEAP_DAY * NSEC_PER_SEC + 500 * NSEC_PER_MSEC);
    cr_assert_eq(date(), 0x2024022905235950);
    time_advance(500 * NSEC_PER_MSEC);
    cr_assert_eq(date(), 0x2024022905235951);
}

/* A guest that keeps local time goes on doing so. */
Test(rtc, follows_with_what_the_guest_has_set)
{
    put(RTC_HOURS, 0x03);
    rtc_wall_follow(rtc, (LEAP_DAY + 60) * NSEC_PER_SEC);
    cr_assert_eq(date(), 0x2024022905040050);
}

Test(rtc, formats)
{
    put(RTC_B, RTC_B_BINARY);
    cr_assert_eq(date(), 0x1418021d058b3b32);
    put(RTC_B, RTC_B_BINARY | RTC_B_24H);
    cr_assert_eq(date(), 0x1418021d05173b32);
    put(RTC_B, 0);
    cr_assert_eq(get(RTC_HOURS), 0x91);
}

Test(rtc, update_in_progress_before_each_second)
{
    cr_assert(!(get(RTC_A) & 0x80));
    time_advance(NSEC_PER_SEC - 200000);
    cr_assert(get(RTC_A) & 0x80);
    cr_assert_eq(get(RTC_SECONDS), 0x50);
    time_advance(200000);
    cr_assert(!(get(RTC_A) & 0x80));
    cr_assert_eq(get(RTC_SECONDS), 0x51);
    cr_assert_eq(get(RTC_A), 0x26);
    cr_assert_eq(get(RTC_D), 0x80);
}

/* As Linux sets it: SET and the divider in reset, then both released. */
Test(rtc, set)
{
    put(RTC_B, 0x82);
    put(RTC_A, 0x76);
    cr_assert_eq(get(RTC_SECONDS), 0x50);
    time_advance(3 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_SECONDS), 0x50);
    cr_assert(!(get(RTC_A) & 0x80));
    put(RTC_YEAR, 0x99);
    put(0x32, 0x19);
    put(RTC_MONTH, 0x12);
    put(RTC_DAY, 0x31);
    put(RTC_HOURS, 0x23);
    put(RTC_MINUTES, 0x59);
    put(RTC_SECONDS, 0x59);
    put(RTC_B, 0x02);
    time_advance(3 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_SECONDS), 0x59); /* the divider still holds it */
    put(RTC_A, 0x26);
    time_advance(NSEC_PER_SEC / 2 - 1000);
    cr_assert_eq(get(RTC_SECONDS), 0x59); /* the first update comes after half a second */
    time_advance(2000);
    cr_assert_eq(date(), 0x2000010107000000);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(get(RTC_SECONDS), 1);
}

Test(rtc, set_without_holding)
{
    put(RTC_HOURS, 0x12);
    cr_assert_eq(date(), 0x2024022905125950);
    put(RTC_DAY, 0x01);
    cr_assert_eq(date(), 0x2024020105125950);
    put(RTC_SECONDS, 0x00); /* the second goes on where it was */
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(get(RTC_SECONDS), 1);
}

Test(rtc, registers_hold_anything_while_set)
{
    put(RTC_B, 0x86);
    for (unsigned i = 0; i < 10; i++)
        put((uint8_t)i, (uint8_t)(0xa0 + i));
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(get((uint8_t)i), 0xa0 + i);
    put(RTC_B, 0x06);
    time_advance(NSEC_PER_SEC);
    cr_assert_lt(get(RTC_SECONDS), 60);
    cr_assert_leq(get(RTC_MONTH), 12);
}

Test(rtc, update_interrupts)
{
    put(RTC_A, 0x20); /* no periodic flag among the others */
    put(RTC_B, 0x12);
    time_advance(NSEC_PER_SEC * 3 / 2);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(get(RTC_C), 0x90);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(get(RTC_C), 0);
    for (unsigned i = 0; i < 10; i++) {
        time_advance(NSEC_PER_SEC);
        cr_assert_eq(get(RTC_C) & 0xd0, 0x90);
    }
    cr_assert_eq(chip.rises[IRQ], 11);
    /* Not acknowledged: no more, and no timer. */
    time_advance(10 * NSEC_PER_SEC);
    cr_assert_eq(chip.rises[IRQ], 12);
    cr_assert(!timer_is_armed());
    put(RTC_B, 0x02);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(get(RTC_C) & 0xd0, 0x10); /* the flag without its interrupt */
}

Test(rtc, periodic_interrupts_without_drift)
{
    unsigned taken = 0;

    put(RTC_A, 0x26); /* 1024 Hz */
    get(RTC_C);
    put(RTC_B, 0x42);
    for (unsigned i = 0; i < 20000; i++) {
        time_advance(100000);
        if (chip.level[IRQ]) {
            cr_assert_eq(get(RTC_C) & 0xc0, 0xc0);
            taken++;
        }
    }
    cr_assert_leq(taken - 2047, 2);
    put(RTC_A, 0x2f); /* 2 Hz */
    put(RTC_B, 0x02);
    get(RTC_C);
    put(RTC_B, 0x42);
    time_advance(NSEC_PER_SEC / 2);
    cr_assert_eq(get(RTC_C) & 0xc0, 0xc0);
    put(RTC_A, 0x20); /* none */
    get(RTC_C);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C) & 0x40, 0);
    put(RTC_A, 0x21); /* 256 Hz, as 8 */
    get(RTC_C);
    time_advance(NSEC_PER_SEC / 256);
    cr_assert_eq(get(RTC_C) & 0xc0, 0xc0);
}

/* Nor do they storm: each advance below ends. */
Test(rtc, periodic_interrupts_after_years)
{
    for (uint64_t years = 1; years <= 32; years *= 2) {
        unsigned taken = 0;

        time_jump(years * 365 * 86400 * NSEC_PER_SEC);
        put(RTC_A, 0x26);
        put(RTC_B, 0x42);
        get(RTC_C);
        for (unsigned i = 0; i < 10000; i++) {
            time_advance(100000);
            taken += chip.level[IRQ] && (get(RTC_C) & 0x40);
        }
        cr_assert_leq(taken - 1023, 2, "after %u years", (unsigned)years);
    }
}

Test(rtc, alarm)
{
    put(RTC_A, 0x20);
    put(RTC_HOURS_ALARM, 0x00);
    put(RTC_MINUTES_ALARM, 0x00);
    put(RTC_SECONDS_ALARM, 0x05);
    put(RTC_B, 0x22);
    get(RTC_C);
    time_advance(14 * NSEC_PER_SEC);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(get(RTC_C), 0x10);
    time_advance(NSEC_PER_SEC + 100);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(get(RTC_C), 0xb0);
    time_advance(86400 * NSEC_PER_SEC - 1000000);
    cr_assert(!chip.level[IRQ]);
    time_advance(1000100);
    cr_assert(chip.level[IRQ]);
    get(RTC_C);
    put(RTC_HOURS_ALARM, 0xff); /* every hour */
    time_advance(3600 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C) & 0xa0, 0xa0);
    put(RTC_SECONDS_ALARM, 0x99); /* never */
    time_advance(90000 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C) & 0xa0, 0);
    put(RTC_SECONDS_ALARM, 0xff);
    put(RTC_MINUTES_ALARM, 0xff); /* every second */
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C) & 0xa0, 0xa0);
}

Test(rtc, alarm_during_a_long_pause_of_looking)
{
    put(RTC_HOURS_ALARM, 0x12);
    put(RTC_MINUTES_ALARM, 0x34);
    put(RTC_SECONDS_ALARM, 0x56);
    time_advance(86400 * 10 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C), 0x70);
}

Test(rtc, cmos_of_a_small_and_a_large_machine)
{
    struct rtc_config config = {
        .low_ram_bytes = GIB(2), .high_ram_bytes = GIB(6), .vcpu_count = 4, .wall_ns = 0};
    unsigned sum = 0;

    cr_assert_eq(get(0x15) | get(0x16) << 8, 640);
    cr_assert_eq(get(0x17) | get(0x18) << 8, 0xffff);
    cr_assert_eq(get(0x30) | get(0x31) << 8, 0xffff);
    cr_assert_eq(get(0x34) | get(0x35) << 8, (512 - 16) * 16);
    cr_assert_eq(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 0);
    cr_assert_eq(get(0x5f), 1);
    rtc->ops->destroy(rtc);
    bus_fini(&pio);
    cr_assert_eq(rtc_create(&pio, &chip, IRQ, &vm_clock, &config, &rtc), 0);
    cr_assert_eq(get(0x34) | get(0x35) << 8, (2048 - 16) * 16);
    cr_assert_eq(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 6144 * 16);
    for (uint8_t i = 0x10; i < 0x2e; i++)
        sum += get(i);
    cr_assert_eq(get(0x2e) << 8 | get(0x2f), sum);
    cr_assert_eq(date(), 0x1970010105000000);
}

Test(rtc, ram_and_index)
{
    struct device *other;
    struct rtc_config config = {.vcpu_count = 1};

    put(0x40, 0x5a);
    put(0xff, 0xa5); /* with the NMI mask */
    cr_assert_eq(get(0x40), 0x5a);
    cr_assert_eq(get(0x7f), 0xa5);
    cr_assert_eq(in(0x70, 1), 0xff);
    cr_assert_eq(in(0x71, 2), 0xffff);
    out(0x70, 2, 0x7740); /* index and data at once */
    cr_assert_eq(get(0x40), 0x77);
    out(0x70, 2, 0x0000 | RTC_D);
    cr_assert_eq(get(RTC_D), 0x80);
    put(RTC_C, 0xff);
    cr_assert_eq(get(RTC_C), 0);
    cr_assert_eq(rtc_create(&pio, &chip, IRQ, &vm_clock, &config, &other), -EEXIST);
}

Test(rtc, reset_and_state)
{
    struct state_writer w;

    put(0x50, 0x11);
    put(RTC_B, 0x72);
    time_advance(NSEC_PER_SEC);
    cr_assert(chip.level[IRQ]);
    device_save(rtc, &w);
    put(0x50, 0x22);
    rtc->ops->reset(rtc);
    cr_assert(!chip.level[IRQ]);
    cr_assert_eq(get(RTC_B), 0x02);
    cr_assert_eq(get(0x50), 0x22); /* has a battery */
    cr_assert_eq(get(RTC_SECONDS), 0x51);
    time_advance(NSEC_PER_SEC);
    cr_assert_eq(device_load(rtc, &w), 0);
    cr_assert(chip.level[IRQ]);
    cr_assert_eq(get(RTC_B), 0x72);
    cr_assert_eq(get(0x50), 0x11);
    cr_assert_eq(get(RTC_SECONDS), 0x52);
    for (size_t i = 0; i < w.size; i++)
        cr_assert_eq(device_load_part(rtc, &w, i), -EINVAL);
    memset(w.bytes, 0x7f, w.size);
    cr_assert_eq(device_load(rtc, &w), -EINVAL);
    state_writer_fini(&w);
}

static void *hammer(void *seed)
{
    random_accesses(&pio, 0x70, 2, 20000, (uintptr_t)seed);
    return NULL;
}

Test(rtc, torture)
{
    pthread_t threads[4];

    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer, (void *)(i + 7)), 0);
    for (unsigned i = 0; i < 1000; i++)
        time_jump(NSEC_PER_MSEC);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    put(RTC_A, 0x26);
    put(RTC_B, 0x12);
    get(RTC_C);
    time_advance(2 * NSEC_PER_SEC);
    cr_assert_eq(get(RTC_C) & 0x90, 0x90);
}
