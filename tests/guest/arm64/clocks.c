/* SPDX-License-Identifier: BSD-2-Clause */
/* The date, as the PL031 has it (Arm DDI 0224): it goes on with the counter, a second at a time. */
#include "../lib/guest.h"

const char guest_name[] = "clocks";

#define RTC_DR 0x09010000UL

void guest_run(void)
{
    uint32_t date = read32(RTC_DR), now;
    uint64_t start, took;

    print("wall %u000000000 ns\n", (uint64_t)date);
    while ((now = read32(RTC_DR)) == date)
        cpu_relax();
    start = counter_read();
    expect(now == date + 1, "from %u to %u", (uint64_t)date, (uint64_t)now);
    while (read32(RTC_DR) == now)
        cpu_relax();
    took = (counter_read() - start) * 1000 / counter_hz();
    expect(took >= 990, "a second of %u ms", took);
}
