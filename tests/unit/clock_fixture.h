/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_CLOCK_FIXTURE_H
#define TESTS_UNIT_CLOCK_FIXTURE_H

#include "../../vmm/vm/vm_clock.h"
#include <arch/clock.h>
#include <arch/fake.h>
#include <contract/arch.h>
#include <core/time.h>

/* A VM's clock on a host clock that stands still until a test lets time pass. */

static struct vm_clock vm_clock;

static inline void clock_start(uint64_t cycles)
{
    fake_clock_cycles = cycles;
    clock_init();
    arch_timer_disarm();
    vm_clock_init(&vm_clock);
}

/* Time passes; timers fire when they are due, not all at the end. */
static inline void time_advance(uint64_t ns)
{
    uint64_t end = fake_clock_cycles + ns;

    while (fake_timer_deadline() <= end) {
        uint64_t deadline = fake_timer_deadline();

        if (deadline > fake_clock_cycles)
            fake_clock_cycles = deadline;
        arch_timer_disarm();
        timer_interrupt();
    }
    fake_clock_cycles = end;
}

/* The host was busy: timers fire late, once. */
static inline void time_jump(uint64_t ns)
{
    fake_clock_cycles += ns;
    arch_timer_disarm();
    timer_interrupt();
}

static inline bool timer_is_armed(void)
{
    return fake_timer_deadline() != ~0ULL;
}

#endif
