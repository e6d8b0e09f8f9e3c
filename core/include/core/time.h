/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <core/compiler.h>
#include <core/types.h>
#include <sys/tree.h>

/* Nanoseconds since boot; monotonic, the same on every CPU. Context: any. */
uint64_t clock_now_ns(void);

/* Ticks of the clock's counter per second, as calibrated. Context: any. */
uint64_t clock_hz(void);

/* clock_now_ns() as it was when the counter was at `cycles`. Context: any. */
uint64_t clock_cycles_to_ns(uint64_t cycles);

/* How long `cycles` of the counter last. Context: any. */
uint64_t clock_cycles_span_ns(uint64_t cycles);

/* Boot: the counter at hand-over, which is time 0; then, once arch_clock_hz() is known, the conversion. */
void clock_set_origin(uint64_t cycles);
void clock_init(void);

/* The counter value (arch_clock_cycles) at which clock_now_ns() will be `ns`. Context: any. */
uint64_t clock_ns_to_cycles(uint64_t ns);

/* Since 1970 UTC, or 0 while the host does not know the date: now, and when clock_now_ns() is, was or will be
 * `now_ns`. Context: any. */
uint64_t clock_wall_ns(void);
uint64_t clock_wall_seconds(void);
uint64_t clock_wall_at_ns(uint64_t now_ns);
/* It was `utc_ns` when clock_now_ns() was `now_ns`. Context: any. */
void clock_wall_set(uint64_t utc_ns, uint64_t now_ns);

/* Waits without sleeping, for hardware delays before the scheduler runs. Context: any. */
void clock_spin_ns(uint64_t ns);

/*
 * One-shot timers, in a queue per CPU. `fn` runs on the CPU that armed the timer, in interrupt context, and
 * may arm it again.
 */
struct timer {
    RB_ENTRY(timer) node; /* lock: the queue's */
    uint64_t deadline_ns; /* lock: the queue's */
    void (*fn)(struct timer *timer);
    unsigned cpu;  /* where it was armed last; lock: the queue's */
    bool is_armed; /* lock: the queue's */
};

void timer_init(struct timer *timer, void (*fn)(struct timer *timer));

/* (Re-)arms: fires once, at or soon after deadline_ns. Context: any; one caller at a time per timer. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);

/* Disarms; when it returns `fn` is not running and will not run. Context: any but the timer's own fn. */
void timer_cancel(struct timer *timer);

/* The timer interrupt. Called by the platform, interrupts off. */
void timer_interrupt(void);

#endif
