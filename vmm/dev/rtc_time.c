/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtc_time.h"
#include "rtc.h"

#define DAY_SECONDS    86400
#define DAYS_400_YEARS 146097
#define DAYS_TO_EPOCH  719468 /* from 0000-03-01 to 1970-01-01 */
#define HOUR_PM        0x80
#define ALARM_ANY      0xc0 /* both bits set: this field always matches */
#define EPOCH_WEEKDAY  4    /* 1970-01-01 was a Thursday */
#define WILDCARD       (-1)

static uint8_t number_encode(const uint8_t *cmos, unsigned value)
{
    return (uint8_t)(cmos[RTC_B] & RTC_B_BINARY ? value : value / 10 << 4 | value % 10);
}

static unsigned number_decode(const uint8_t *cmos, uint8_t value)
{
    return cmos[RTC_B] & RTC_B_BINARY ? value : (value >> 4) * 10U + (value & 15);
}

static uint8_t hour_encode(const uint8_t *cmos, unsigned hour)
{
    if (cmos[RTC_B] & RTC_B_24H)
        return number_encode(cmos, hour);
    return number_encode(cmos, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOUR_PM : 0);
}

static unsigned hour_decode(const uint8_t *cmos, uint8_t value)
{
    if (cmos[RTC_B] & RTC_B_24H)
        return number_decode(cmos, value);
    return number_decode(cmos, value & 0x7f) % 12 + (value & HOUR_PM ? 12 : 0);
}

/* Days since 1970; years begin in March here, so that the leap day comes last. `month` is 1-12. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    unsigned from_march = (month + 9) % 12;
    int64_t era;
    unsigned in_era;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    in_era = (unsigned)(year - era * 400);
    return era * DAYS_400_YEARS + in_era * 365 + in_era / 4 - in_era / 100 + (153 * from_march + 2) / 5 +
           day - 1 - DAYS_TO_EPOCH;
}

struct date {
    int64_t year;
    unsigned month, day; /* from 1 */
};

static struct date date_from_days(int64_t days)
{
    int64_t era;
    unsigned in_era, year, in_year, month;

    days += DAYS_TO_EPOCH;
    era = (days >= 0 ? days : days - (DAYS_400_YEARS - 1)) / DAYS_400_YEARS;
    in_era = (unsigned)(days - era * DAYS_400_YEARS);
    year = (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_400_YEARS - 1)) / 365;
    in_year = in_era - (365 * year + year / 4 - year / 100);
    month = (5 * in_year + 2) / 153;
    return (struct date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

/* Division that rounds towards the past. */
static int64_t day_of(int64_t seconds)
{
    return (seconds >= 0 ? seconds : seconds - (DAY_SECONDS - 1)) / DAY_SECONDS;
}

void rtc_time_encode(uint8_t *cmos, int64_t seconds)
{
    int64_t days = day_of(seconds);
    unsigned in_day = (unsigned)(seconds - days * DAY_SECONDS);
    struct date date = date_from_days(days);
    unsigned year = (unsigned)((date.year % 10000 + 10000) % 10000);

    cmos[RTC_SECONDS] = number_encode(cmos, in_day % 60);
    cmos[RTC_MINUTES] = number_encode(cmos, in_day / 60 % 60);
    cmos[RTC_HOURS] = hour_encode(cmos, in_day / 3600);
    cmos[RTC_WEEKDAY] = number_encode(cmos, (unsigned)(((days + EPOCH_WEEKDAY) % 7 + 7) % 7) + 1);
    cmos[RTC_DAY] = number_encode(cmos, date.day);
    cmos[RTC_MONTH] = number_encode(cmos, date.month);
    cmos[RTC_YEAR] = number_encode(cmos, year % 100);
    cmos[RTC_CENTURY] = number_encode(cmos, year / 100);
}

int64_t rtc_time_decode(const uint8_t *cmos)
{
    unsigned month = number_decode(cmos, cmos[RTC_MONTH]) + 11; /* 0 is December before */
    int64_t year =
        number_decode(cmos, cmos[RTC_CENTURY]) * 100LL + number_decode(cmos, cmos[RTC_YEAR]) + month / 12 - 1;
    int64_t days = days_from_date(year, month % 12 + 1, 1) + number_decode(cmos, cmos[RTC_DAY]) - 1;

    return days * DAY_SECONDS + hour_decode(cmos, cmos[RTC_HOURS]) * 3600LL +
           number_decode(cmos, cmos[RTC_MINUTES]) * 60LL + number_decode(cmos, cmos[RTC_SECONDS]);
}

static bool field_matches(int field, unsigned value)
{
    return field == WILDCARD || field == (int)value;
}

uint64_t rtc_alarm_distance(const uint8_t *cmos, int64_t seconds)
{
    uint8_t raw_h = cmos[RTC_HOURS_ALARM], raw_m = cmos[RTC_MINUTES_ALARM], raw_s = cmos[RTC_SECONDS_ALARM];
    int hour = raw_h >= ALARM_ANY ? WILDCARD : (int)hour_decode(cmos, raw_h);
    int minute = raw_m >= ALARM_ANY ? WILDCARD : (int)number_decode(cmos, raw_m);
    int second = raw_s >= ALARM_ANY ? WILDCARD : (int)number_decode(cmos, raw_s);
    unsigned from = (unsigned)(seconds - day_of(seconds) * DAY_SECONDS), at = from + 1;

    if (hour >= 24 || minute >= 60 || second >= 60)
        return RTC_NEVER;
    /* Skips whole hours, then whole minutes: some 200 steps at most. */
    while (at <= from + DAY_SECONDS) {
        unsigned in_day = at % DAY_SECONDS;

        if (!field_matches(hour, in_day / 3600))
            at += 3600 - in_day % 3600;
        else if (!field_matches(minute, in_day / 60 % 60))
            at += 60 - in_day % 60;
        else if (!field_matches(second, in_day % 60))
            at++;
        else
            return at - from;
    }
    return RTC_NEVER;
}
