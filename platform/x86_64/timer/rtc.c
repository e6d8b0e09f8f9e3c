/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/io.h>
#include <core/host_info.h>
#include <core/time.h>

#include "timer.h"

/* Motorola MC146818A datasheet: time registers, register A (update in progress), B (format). */
#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71
#define CMOS_QUIET 0x0d /* register D: reading it changes nothing */
#define RTC_A      0x0a
#define RTC_A_UIP  0x80
#define RTC_B      0x0b
#define RTC_B_24H  0x02
#define RTC_B_BIN  0x04

struct rtc_time {
    uint8_t seconds, minutes, hours, day, month, year, century;
};

static uint8_t cmos_read(uint8_t index)
{
    uint8_t value;

    arch_out8(CMOS_INDEX, index | 0x80); /* NMI stays masked for the moment of the access, as PCs do */
    value = arch_in8(CMOS_DATA);
    /* And opened again; an index is always followed by an access (ICH9 datasheet, 13.6.1). */
    arch_out8(CMOS_INDEX, CMOS_QUIET);
    (void)arch_in8(CMOS_DATA);
    return value;
}

static struct rtc_time rtc_read(uint8_t century_index)
{
    for (unsigned i = 0; i < 100000 && (cmos_read(RTC_A) & RTC_A_UIP); i++)
        ;
    return (struct rtc_time){cmos_read(0),
                             cmos_read(2),
                             cmos_read(4),
                             cmos_read(7),
                             cmos_read(8),
                             cmos_read(9),
                             century_index ? cmos_read(century_index) : 0};
}

static bool rtc_same(const struct rtc_time *a, const struct rtc_time *b)
{
    return a->seconds == b->seconds && a->minutes == b->minutes && a->hours == b->hours && a->day == b->day &&
           a->month == b->month && a->year == b->year;
}

static unsigned from_bcd(uint8_t value, bool is_binary)
{
    return is_binary ? value : (value >> 4) * 10U + (value & 15);
}

/* Days since 1970-01-01 in the Gregorian calendar; March is taken as the first month, so the leap day comes
 * last. */
static uint64_t days_since_epoch(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return 365ULL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

void rtc_read_wall_clock(void)
{
    uint8_t century_index = host_info()->power.rtc_century, b;
    struct rtc_time t = rtc_read(century_index), again;
    unsigned hours, year;
    bool is_binary;

    if (host_info()->boot_time_seconds > 0) {
        clock_wall_set((uint64_t)host_info()->boot_time_seconds * NSEC_PER_SEC, 0);
        return;
    }
    if (host_info()->power.has_fadt && !host_info()->power.has_cmos_rtc)
        return;
    for (unsigned tries = 0; tries < 10; tries++) {
        again = rtc_read(century_index);
        if (rtc_same(&t, &again))
            break;
        t = again;
    }
    b = cmos_read(RTC_B);
    is_binary = b & RTC_B_BIN;
    hours = from_bcd(t.hours & 0x7f, is_binary);
    if (!(b & RTC_B_24H))
        hours = hours % 12 + (t.hours & 0x80 ? 12 : 0);
    year = from_bcd(t.year, is_binary);
    year += t.century ? from_bcd(t.century, is_binary) * 100 : 2000;
    t.month = (uint8_t)from_bcd(t.month, is_binary);
    t.day = (uint8_t)from_bcd(t.day, is_binary);
    if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 || year < 2000 || year > 2500)
        return;
    clock_wall_set((days_since_epoch(year, t.month, t.day) * 86400 + hours * 3600ULL +
                    from_bcd(t.minutes, is_binary) * 60ULL + from_bcd(t.seconds, is_binary)) *
                       NSEC_PER_SEC,
                   clock_now_ns());
}
