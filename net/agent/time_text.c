/* SPDX-License-Identifier: BSD-2-Clause */
#include "time_text.h"

#include <stdio.h>

#define SECONDS_PER_DAY 86400
/* 9999-12-31T23:59:59Z */
#define SECONDS_MAX 253402300799ULL

struct date {
    unsigned year, month, day; /* month and day from 1 */
    unsigned weekday;          /* from Sunday, 0 */
    unsigned hours, minutes, seconds;
};

/*
 * The Gregorian calendar repeats every 400 years (146097 days). Counting years from 1 March puts the leap day
 * at the end, so months have the lengths of the line (153 m + 2) / 5.
 */
static struct date date_of(uint64_t seconds)
{
    uint64_t days =
        (seconds > SECONDS_MAX ? SECONDS_MAX : seconds) / SECONDS_PER_DAY + 719468; /* since 0000-03-01 */
    unsigned rest = (unsigned)((seconds > SECONDS_MAX ? SECONDS_MAX : seconds) % SECONDS_PER_DAY);
    unsigned era = (unsigned)(days / 146097), day_of_era = (unsigned)(days % 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    struct date date = {
        .month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
        .weekday = (unsigned)((days + 3) % 7), /* 0000-03-01 was a Wednesday */
        .hours = rest / 3600,
        .minutes = rest / 60 % 60,
        .seconds = rest % 60,
    };

    date.year = era * 400 + year_of_era + (date.month <= 2);
    return date;
}

void time_rfc3339(uint64_t seconds, char out[TIME_RFC3339_SIZE])
{
    struct date d = date_of(seconds);

    snprintf(out, TIME_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", d.year % 10000, d.month % 100,
             d.day % 100, d.hours % 100, d.minutes % 100, d.seconds % 100);
}

void time_rfc3339_ms(uint64_t ns, char out[TIME_RFC3339_MS_SIZE])
{
    char seconds[TIME_RFC3339_SIZE];

    time_rfc3339(ns / NSEC_PER_SEC, seconds);
    snprintf(out, TIME_RFC3339_MS_SIZE, "%.19s.%03uZ", seconds,
             (unsigned)(ns % NSEC_PER_SEC / NSEC_PER_MSEC));
}

void time_imf(uint64_t seconds, char out[TIME_IMF_SIZE])
{
    static const char weekdays[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct date d = date_of(seconds);

    snprintf(out, TIME_IMF_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", weekdays + d.weekday * 3,
             d.day % 100, months + (d.month - 1) * 3, d.year % 10000, d.hours % 100, d.minutes % 100,
             d.seconds % 100);
}
