/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps its processor busy for a while and reads how much of that others had: at least `least` percent, if
 * not at once (the whole machine may have stood still, which nobody stole) then later. Arm DEN 0057.
 */
#include "../lib/guest.h"

const char guest_name[] = "steal";

#define ARCH_FEATURES    0x80000001
#define PV_TIME_FEATURES 0xc5000020
#define PV_TIME_ST       0xc5000021
#define SECONDS          2
#define ROUNDS           15

struct stolen {
    uint32_t revision, attributes;
    uint64_t stolen_ns;
};

/* Of SECONDS; *steal is what was read last. */
static uint64_t percent_stolen(const volatile struct stolen *info, uint64_t *steal)
{
    uint64_t hz = counter_hz(), start = counter_read(), first = *steal, passed = 0;

    while (passed < SECONDS * hz) {
        uint64_t now = info->stolen_ns;

        expect(now >= *steal, "stolen time goes back from %u to %u", *steal, now);
        *steal = now;
        passed = counter_read() - start;
    }
    print("%u ns of %u us stolen\n", *steal - first, passed / (hz / 1000000));
    return (*steal - first) / 10 / (passed / (hz / 1000000)); /* ns * 100 / (us * 1000) */
}

void guest_run(void)
{
    uint64_t steal = 0, percent, least = option("least", 0);
    int64_t at;
    const volatile struct stolen *info;

    expect((int32_t)hvc(ARCH_FEATURES, PV_TIME_FEATURES, 0, 0).x[0] == 0, "stolen time is not offered");
    expect((int64_t)hvc(PV_TIME_FEATURES, PV_TIME_ST, 0, 0).x[0] == 0, "nor its record");
    at = (int64_t)hvc(PV_TIME_ST, 0, 0, 0).x[0];
    expect(at > 0 && at % 64 == 0, "the record is at %x", (uint64_t)at);
    if (at <= 0)
        return;
    /* It may lie between the devices; it is memory all the same. */
    info = (const volatile struct stolen *)((uintptr_t)memory_alias(202, (unsigned)(at >> 30), PTE_NORMAL) +
                                            ((uintptr_t)at & 0x3fffffff));
    expect(info->revision == 0 && info->attributes == 0, "revision %u", (uint64_t)info->revision);
    percent = percent_stolen(info, &steal);
    for (unsigned round = 1; round < ROUNDS && percent < least; round++)
        percent = percent_stolen(info, &steal);
    expect(percent >= least && percent < 100, "%u percent", percent);
}
