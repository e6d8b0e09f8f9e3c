/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps its processor busy for a while and reads how much of that others had: at least `least` percent, if
 * not at once (the whole machine may have stood still, which nobody stole) then later.
 */
#include "../lib/guest.h"

const char guest_name[] = "steal";

#define KVM_FEATURES 0x40000001
#define STEAL_TIME   0x4b564d03
#define SECONDS      2
#define ROUNDS       15

/* Documentation/virt/kvm/x86/msr.rst. */
static volatile struct {
    uint64_t steal;
    uint32_t version, flags;
    uint8_t preempted, padding[47];
} info __attribute__((aligned(64)));

static uint64_t steal_read(void)
{
    uint64_t steal;
    uint32_t version;

    do {
        version = info.version;
        steal = info.steal;
        if (version & 1)
            cpu_relax();
    } while (version & 1 || info.version != version);
    return steal;
}

/* Of SECONDS; *steal is what was read last. */
static uint64_t percent_stolen(uint64_t hz, uint64_t *steal)
{
    uint64_t start = tsc_read(), first = *steal, passed = 0;

    while (passed < SECONDS * hz) {
        uint64_t now = steal_read();

        expect(now >= *steal, "steal time goes back from %u to %u", *steal, now);
        *steal = now;
        passed = tsc_read() - start;
    }
    print("%u ns of %u us stolen\n", *steal - first, passed / (hz / 1000000));
    return (*steal - first) / 10 / (passed / (hz / 1000000)); /* ns * 100 / (us * 1000) */
}

void guest_run(void)
{
    uint64_t hz = tsc_hz(), start, steal = 0, value, least = option("least", 0);

    expect(cpuid(KVM_FEATURES, 0).eax >> 5 & 1, "steal time is not offered");
    expect(msr_try_write(STEAL_TIME, (uintptr_t)&info | 3) == 13, "a reserved bit can be set");
    info.steal = 77;
    expect(msr_try_write(STEAL_TIME, (uintptr_t)&info | 1) == NO_FAULT, "it cannot be enabled");
    expect(msr_try_read(STEAL_TIME, &value) == NO_FAULT && value == ((uintptr_t)&info | 1), "it reads as %x",
           value);
    expect(steal_read() == 0, "%u ns at first", steal_read());
    value = percent_stolen(hz, &steal);
    for (unsigned round = 1; round < ROUNDS && value < least; round++)
        value = percent_stolen(hz, &steal);
    expect(value >= least && value < 100, "%u percent", value);
    msr_write(STEAL_TIME, 0);
    steal = steal_read();
    for (start = tsc_read(); tsc_read() - start < hz / 4;)
        ;
    expect(steal_read() == steal, "it goes on after it was switched off");
    /* Memory that is not there is the guest's own business. */
    expect(msr_try_write(STEAL_TIME, 0xd0000001) == NO_FAULT, "an address without memory faults");
    delay_us(100000);
}
