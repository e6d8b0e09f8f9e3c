/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A periodic tick of 10 ms: none is lost, and the time that passes is theirs, also if the machine is paused
 * meanwhile, for which its clock stands still.
 */
#include "../lib/guest.h"

const char guest_name[] = "ticks";

static volatile unsigned ticks;
static uint64_t period, deadline;

static void on_timer(unsigned intid)
{
    (void)intid;
    ticks++;
    deadline += period;
    sysreg_write("cntv_cval_el0", deadline);
}

void guest_run(void)
{
    unsigned wanted = (unsigned)option("ticks", 200);
    uint64_t start, passed;

    irq_init();
    irq_set(TIMER_VIRT, on_timer);
    period = counter_hz() / 100;
    start = counter_read();
    deadline = start + period;
    sysreg_write("cntv_cval_el0", deadline);
    sysreg_write("cntv_ctl_el0", 1);
    print("ready\n");
    /* If the machine stood still those that it owes come one after the other, as many as it owes. */
    while (ticks < wanted || counter_read() - start >= ticks * period + 2 * counter_hz())
        wait_irq();
    sysreg_write("cntv_ctl_el0", 0);
    passed = counter_read() - start;
    print("%u ticks in %u ms\n", (uint64_t)ticks, passed * 1000 / counter_hz());
    expect(passed >= ticks * period, "%u ticks in %u of their periods", (uint64_t)ticks, passed / period);
}
