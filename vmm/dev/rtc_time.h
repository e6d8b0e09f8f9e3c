/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_RTC_TIME_H
#define VMM_DEV_RTC_TIME_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The calendar of an MC146818, as registers show it. Pure. Motorola MC146818A datasheet, "Address map" and
 * tables 3 and 4.
 */
#define RTC_SECONDS       0x00
#define RTC_SECONDS_ALARM 0x01
#define RTC_MINUTES       0x02
#define RTC_MINUTES_ALARM 0x03
#define RTC_HOURS         0x04
#define RTC_HOURS_ALARM   0x05
#define RTC_WEEKDAY       0x06
#define RTC_DAY           0x07
#define RTC_MONTH         0x08
#define RTC_YEAR          0x09
#define RTC_A             0x0a
#define RTC_B             0x0b
#define RTC_C             0x0c
#define RTC_D             0x0d

/* Register B: the format of the others. */
#define RTC_B_BINARY 0x04
#define RTC_B_24H    0x02

/* The alarm will not match. */
#define RTC_NEVER (~0ULL)

/* Writes the ten time registers and the century for a time in seconds since 1970, in the format that register
 * B asks for. */
void rtc_time_encode(uint8_t *cmos, int64_t seconds);

/* The time that the registers show. Whatever they hold means some time: fields beyond their range carry. */
int64_t rtc_time_decode(const uint8_t *cmos);

/* Seconds from `seconds` to the next time that the alarm registers match: 1-86400, or RTC_NEVER. */
uint64_t rtc_alarm_distance(const uint8_t *cmos, int64_t seconds);

#endif
