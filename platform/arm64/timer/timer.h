/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_TIMER_H
#define ARM64_TIMER_H

/* Reads the counter's frequency. Boot CPU. */
void generic_timer_init(void);

/* This CPU's timer, quiet, its interrupt let through. Each CPU, after its interrupt controller. */
void generic_timer_cpu_init(void);

/* Its interrupt: the number, and what is to be done. Interrupts off. */
unsigned generic_timer_intid(void);
void generic_timer_handle(void);

/* Reads the host's clock into clock_wall_set(), unless firmware has told the time. Boot. */
void rtc_read_wall_clock(void);

#endif
