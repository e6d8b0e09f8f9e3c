/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_TIME_TEXT_H
#define AGENT_TIME_TEXT_H

#include <core/types.h>

/* Time since 1970 UTC as text, up to the year 9999; the sizes include the terminating 0. Pure. */
#define TIME_RFC3339_SIZE    21 /* 2026-11-22T12:31:53Z */
#define TIME_RFC3339_MS_SIZE 25 /* 2026-11-22T12:31:53.123Z */
#define TIME_IMF_SIZE        30 /* Sun, 22 Nov 2026 12:31:53 GMT */

void time_rfc3339(uint64_t seconds, char out[TIME_RFC3339_SIZE]);
/* Nanoseconds; what is less than a millisecond is cut off. */
void time_rfc3339_ms(uint64_t ns, char out[TIME_RFC3339_MS_SIZE]);
void time_imf(uint64_t seconds, char out[TIME_IMF_SIZE]);

#endif
