/* SPDX-License-Identifier: BSD-2-Clause */
/* PIT, RTC and PM timer run at their rates, measured by each other and by the TSC. */
#include "../lib/guest.h"

const char guest_name[] = "clocks";

#define PIT_HZ       1193182
#define NSEC_PER_SEC 1000000000ULL
#define TOLERANCE_NS (NSEC_PER_SEC / 20)

/* KVM's clock, which Linux keeps its time by (msr.rst): CPUID 0x4000_0001, EAX bit 3. */
#define KVM_FEATURES    0x40000001
#define MSR_WALL_CLOCK  0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01

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

/* From one change of the seconds to the next. The host may be elsewhere at either. */
static void rtc_check(void)
{
    uint64_t start, passed = 0;

    for (unsigned tries = 0; tries < 10; tries++) {
        uint8_t seconds = cmos(0);

        while (cmos(0) == seconds)
            cpu_relax();
        start = tsc_read();
        seconds = cmos(0);
        while (cmos(0) == seconds)
            cpu_relax();
        passed = (tsc_read() - start) * 1000 / tsc_hz();
        if (passed > 700 && passed < 1300)
            return;
    }
    fail("a second of the RTC takes %u ms of TSC", passed);
}

/* Twice the same question: the rate must not wander. */
static void tsc_check(void)
{
    uint64_t hz = tsc_hz(), tsc = 0;

    for (unsigned tries = 0; tries < 10; tries++) {
        tsc = tsc_measure(500000);
        if (tsc > hz / 100 * 90 && tsc < hz / 100 * 110)
            return;
    }
    fail("TSC: %u Hz, then %u Hz", hz, tsc);
}

static struct {
    uint32_t version, seconds, nanoseconds;
} wall_at_boot __attribute__((aligned(16)));

static volatile struct {
    uint32_t version, padding;
    uint64_t tsc_timestamp, system_time;
    uint32_t mul;
    int8_t shift;
    uint8_t flags, padding2[2];
} system_time __attribute__((aligned(32)));

/* Nanoseconds since 1970. */
static uint64_t wall_now(void)
{
    uint64_t delta, now;
    uint32_t version;

    do {
        version = system_time.version;
        delta = tsc_read() - system_time.tsc_timestamp;
        delta = system_time.shift < 0 ? delta >> -system_time.shift : delta << system_time.shift;
        now = system_time.system_time + (uint64_t)((unsigned __int128)delta * system_time.mul >> 32);
    } while (version & 1 || version != system_time.version);
    return wall_at_boot.seconds * NSEC_PER_SEC + wall_at_boot.nanoseconds + now;
}

/* Whether such a second (BCD) begins in there, as precisely as clocks that are read one after the other
 * allow. */
static bool second_begins(uint8_t bcd, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t first = (from_ns - TOLERANCE_NS) / NSEC_PER_SEC + 1,
             last = (to_ns + TOLERANCE_NS) / NSEC_PER_SEC;

    for (uint64_t second = first; second <= last; second++)
        if (second % 60 == (bcd >> 4) * 10U + (bcd & 15))
            return true;
    return false;
}

/* The RTC's seconds begin when those of KVM's clock do: behind the last look at one, before the end of the
 * first at the next. */
static void wall_check(void)
{
    uint64_t before, looked, after;
    uint8_t old, seconds;

    if (!(cpuid(KVM_FEATURES, 0).eax >> 3 & 1))
        return;
    msr_write(MSR_WALL_CLOCK, (uintptr_t)&wall_at_boot);
    msr_write(MSR_SYSTEM_TIME, (uintptr_t)&system_time | 1);
    expect(wall_at_boot.nanoseconds < NSEC_PER_SEC, "%u ns of the boot time", wall_at_boot.nanoseconds);
    print("wall %u ns\n", wall_now());
    looked = wall_now();
    old = cmos(0);
    do {
        before = looked;
        looked = wall_now();
        seconds = cmos(0);
        after = wall_now();
    } while (seconds == old);
    expect(second_begins(seconds, before, after),
           "second %x of the RTC begins between %u and %u ns of KVM's clock", (uint64_t)seconds, before,
           after);
}

void guest_run(void)
{
    wall_check();
    tsc_check();
    pit_check();
    rtc_check();
}
