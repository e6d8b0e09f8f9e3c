/* SPDX-License-Identifier: BSD-2-Clause */
/* PIT, RTC and PM timer run at their rates, measured by each other and by the TSC. */
#include "lib/guest.h"

const char guest_name[] = "clocks";

#define PIT_HZ 1193182

static uint16_t pit_read(void)
{
    uint16_t low;

    out8(0x43, 0); /* latch counter 0 */
    low = in8(0x40);
    return (uint16_t)(low | in8(0x40) << 8);
}

/* Counts of the PIT, which wraps every 55 ms, while 400 ms of PM timer pass. */
static void pit_check(void)
{
    uint32_t start = pm_timer(), passed;
    uint16_t last;
    uint64_t counts = 0, wanted;

    out8(0x43, 0x34); /* counter 0, both bytes, rate generator */
    out8(0x40, 0);
    out8(0x40, 0);
    last = pit_read();
    do {
        uint16_t now = pit_read();

        counts += (uint16_t)(last - now);
        last = now;
        passed = (pm_timer() - start) & 0xffffff;
    } while (passed < PM_TIMER_HZ / 10 * 4);
    wanted = (uint64_t)passed * PIT_HZ / PM_TIMER_HZ;
    expect(counts > wanted * 97 / 100 && counts < wanted * 103 / 100, "PIT: %u counts, PM timer says %u",
           counts, wanted);
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
    expect(passed > 950 && passed < 1050, "a second of the RTC takes %u ms of TSC", passed);
}

/* Twice the same question: the rate must not wander. */
static void tsc_check(void)
{
    uint64_t hz = tsc_hz(), tsc = tsc_read(), passed;
    uint32_t start = pm_timer();

    delay_us(500000);
    passed = (pm_timer() - start) & 0xffffff;
    tsc = (tsc_read() - tsc) * PM_TIMER_HZ / passed;
    expect(tsc > hz / 100 * 97 && tsc < hz / 100 * 103, "TSC: %u Hz, then %u Hz", hz, tsc);
}

void guest_run(void)
{
    tsc_check();
    pit_check();
    rtc_check();
}
