/* SPDX-License-Identifier: BSD-2-Clause */
/* The date, as the PL031 has it (Arm DDI 0224): it goes on with the counter, a second at a time. */
#include "../lib/guest.h"

const char guest_name[] = "clocks";

#define RTC_DR 0x09010000UL

/* A change of the date: behind the last look at the old one, before the end of the first at the new. */
struct edge {
    uint32_t date;
    uint64_t before, after;
};

static struct edge next_edge(void)
{
    uint64_t looked = counter_read();
    uint32_t old = read32(RTC_DR);
    struct edge e;

    do {
        e.before = looked;
        looked = counter_read();
        e.date = read32(RTC_DR);
        e.after = counter_read();
    } while (e.date == old);
    return e;
}

void guest_run(void)
{
    struct edge one, other;
    uint64_t seconds, hz = counter_hz(), least, most;

    print("wall %u000000000 ns\n", (uint64_t)read32(RTC_DR));
    one = next_edge();
    other = next_edge();
    expect(other.date > one.date, "from %u to %u", (uint64_t)one.date, (uint64_t)other.date);
    seconds = other.date - one.date;
    least = (other.before - one.after) * 1000 / hz;
    most = (other.after - one.before) * 1000 / hz;
    expect(least <= seconds * 1010 && most >= seconds * 990, "%u s took %u to %u ms", seconds, least, most);
}
