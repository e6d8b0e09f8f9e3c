/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_TIMER_H
#define X86_TIMER_H

#include <core/compiler.h>
#include <core/types.h>

/* A free-running counter of known frequency, to calibrate against. */
struct reference_clock {
    const char *name;
    uint64_t hz;
    uint64_t mask; /* the counter wraps at mask + 1 */
    uint64_t (*read)(void);
};

/* The HPET if there is one, else the ACPI PM timer, else the PIT's channel 2. Boot CPU. */
const struct reference_clock *reference_clock_find(void);

/* Measures TSC and local APIC timer. Boot CPU, local APIC enabled. */
void clock_calibrate(void);

/* This CPU's local APIC timer: TSC-deadline mode where there is one, one-shot otherwise. Each CPU. */
void lapic_timer_cpu_init(void);
void lapic_timer_set_hz(uint64_t hz);

/* Reads the battery-backed clock (MC146818) into clock_wall_set(), if the host has one and firmware did not
 * tell the time. */
void rtc_read_wall_clock(void);

#endif
