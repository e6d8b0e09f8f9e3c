/* SPDX-License-Identifier: BSD-2-Clause */
/* PIT, RTC and PM timer run at their rates, measured by each other and by the TSC. */
#include "../lib/guest.h"

const char guest_name[] = "clocks";

#define PIT_HZ 1193182

static uint16_t pit_read(void)
{
    uint16_t low;

    out8(0x43, 0); /* latch counter 0 */
    low = in8(0x40);
    return (uint16_t)(low | in8(0x40) << 8);
}

/*
 * 10 ms by both. The PIT wraps every 55 ms and a busy host may take the CPU away for longer, so several tries
 * are allowed: a wrong rate fails all of them.
 */
static void pit_check(void)
{
    uint64_t counts = 0, wanted = 0;

    out8(0x43, 0x34); /* counter 0, both bytes, rate generator */
    out8(0x40, 0);
    out8(0x40, 0);
    for (unsigned tries = 0; tries < 50; tries++) {
        uint32_t start = pm_timer();
        uint16_t first = pit_read();

        delay_us(10000);
        wanted = (uint64_t)((pm_timer() - start) & 0xffffff) * PIT_HZ / PM_TIMER_HZ;
        counts = (uint16_t)(first - pit_read());
        if (counts > wanted * 97 / 100 && counts < wanted * 103 / 100)
            return;
    }
    fail("PIT: %u counts, PM timer says %u", counts, wanted);
}

static uint8_t cmos(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

/* From one change of the seconds to the next. */
static void rtc_check(void)
{
    uint64_t start, passed;
    uint8_t seconds = cmos(0);

    while (cmos(0) == seconds)
        cpu_relax();
    start = tsc_read();
    seconds = cmos(0);
    while (cmos(0) == seconds)
        cpu_relax();
    passed = (tsc_read() - start) * 1000 / tsc_hz();
    expect(passed > 700 && passed < 1300, "a second of the RTC takes %u ms of TSC", passed);
}

/* Twice the same question: the rate must not wander. */
static void tsc_check(void)
{
    uint64_t hz = tsc_hz(), tsc = tsc_read(), passed;
    uint32_t start = pm_timer();

    delay_us(500000);
    passed = (pm_timer() - start) & 0xffffff;
    tsc = (tsc_read() - tsc) * PM_TIMER_HZ / passed;
    expect(tsc > hz / 100 * 90 && tsc < hz / 100 * 110, "TSC: %u Hz, then %u Hz", hz, tsc);
}

void guest_run(void)
{
    tsc_check();
    pit_check();
    rtc_check();
}
