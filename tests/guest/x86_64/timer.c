/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC's timer in its three modes, with sane and absurd values. SDM vol. 3A, 11.5.4. */
#include "../lib/guest.h"

const char guest_name[] = "timer";

#define VECTOR       0x40
#define TSC_DEADLINE 0x6e0
#define MEASURE_US   5000

static volatile unsigned ticks;
static volatile uint64_t last;

static void on_timer(struct trap *trap)
{
    (void)trap;
    ticks++;
    last = tsc_read();
    apic_eoi();
}

static void listen(uint32_t us)
{
    irq_on();
    delay_us(us);
    irq_off();
}

/* The host may be elsewhere for a while, and the count goes on; not each time. */
static bool counts_from_initial(void)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        uint32_t current;

        apic_write(APIC_TIMER_INITIAL, 0xffffffff);
        current = apic_read(APIC_TIMER_CURRENT);
        apic_write(APIC_TIMER_INITIAL, 0);
        if (current > 0xf0000000)
            return true;
    }
    return false;
}

static void one_shot_check(void)
{
    ticks = 0;
    apic_write(APIC_LVT_TIMER, TIMER_ONE_SHOT | VECTOR);
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_TIMER_INITIAL, 10000);
    while (ticks == 0)
        wait_irq();
    listen(20000);
    expect(ticks == 1, "one-shot: %u ticks", (uint64_t)ticks);
    expect(apic_read(APIC_TIMER_CURRENT) == 0, "one-shot: counts on");
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
    expect(counts_from_initial(), "does not count from the initial count");
    apic_write(APIC_LVT_TIMER, TIMER_ONE_SHOT | VECTOR);
    listen(5000);
    expect(ticks == 1, "a stopped timer ticks");
}

static uint32_t pm_ticks(uint32_t from, uint32_t to)
{
    return (to - from) & 0xffffff;
}

/*
 * What the timer counts in 20,000 ticks of the power management timer, rather too many than too few. They are
 * read one after the other, and again if the host was elsewhere in between.
 */
static uint32_t rate_measure(uint8_t divider)
{
    uint32_t before, begun, ending, after, passed;

    apic_write(APIC_TIMER_DIVIDE, divider);
    do {
        before = pm_timer();
        apic_write(APIC_TIMER_INITIAL, 0xffffffff);
        begun = pm_timer();
        delay_us(MEASURE_US);
        ending = pm_timer();
        passed = 0xffffffff - apic_read(APIC_TIMER_CURRENT);
        after = pm_timer();
    } while (pm_ticks(before, after) > pm_ticks(begun, ending) * 9 / 8 ||
             pm_ticks(begun, ending) > 10 * MEASURE_US * (PM_TIMER_HZ / 1000) / 1000);
    return (uint32_t)((uint64_t)passed * 20000 / pm_ticks(begun, ending));
}

/* Each divider; the rate must follow it. */
static void divider_check(void)
{
    static const uint8_t codes[] = {0xb, 0, 1, 2, 3, 8, 9, 0xa};
    uint32_t base = 0;

    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
    for (unsigned i = 0; i < sizeof(codes); i++) {
        uint32_t rate = rate_measure(codes[i]) << i;

        if (i == 0)
            base = rate;
        expect(rate > base / 4 * 3 && rate < base / 4 * 5, "divider %u: %u, by 1 %u", (uint64_t)1 << i,
               (uint64_t)rate, (uint64_t)base);
    }
    apic_write(APIC_TIMER_INITIAL, 0);
}

#define PERIODS 40

static void periodic_check(void)
{
    uint64_t start, took;
    uint32_t per_ms;

    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
    per_ms = (uint32_t)((uint64_t)rate_measure(0xb) * (PM_TIMER_HZ / 1000 + 1) / 20000);
    ticks = 0;
    apic_write(APIC_LVT_TIMER, TIMER_PERIODIC | VECTOR);
    start = tsc_read();
    apic_write(APIC_TIMER_INITIAL, per_ms * 5);
    /* As many as are wanted: a lost one would be waited for. On a busy host two may come as one, never early.
     */
    while (ticks < PERIODS)
        wait_irq();
    took = (last - start) / (tsc_hz() / 1000);
    expect(took >= (PERIODS - 1) * 5, "%u ticks of 5 ms in %u ms", (uint64_t)PERIODS, took);
    apic_write(APIC_TIMER_INITIAL, 0);
}

static void deadline_check(void)
{
    uint64_t wanted, read;

    if (!(cpuid(1, 0).ecx >> 24 & 1))
        return;
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
    listen(100); /* a tick of the last test that is still to come */
    ticks = 0;
    apic_write(APIC_LVT_TIMER, TIMER_DEADLINE | VECTOR);
    wanted = tsc_hz() / 50;
    wanted += tsc_read();
    msr_write(TSC_DEADLINE, wanted);
    read = msr_read(TSC_DEADLINE);
    expect(read == wanted || (read == 0 && tsc_read() >= wanted), "the deadline reads as %x", read);
    while (ticks == 0)
        wait_irq();
    expect(last >= wanted, "%u cycles early", wanted - last);
    expect(msr_read(TSC_DEADLINE) == 0, "the deadline stays after it passed");
    msr_write(TSC_DEADLINE, 1); /* long past: at once */
    listen(1000);
    expect(ticks == 2, "a past deadline: %u ticks", (uint64_t)ticks);
    msr_write(TSC_DEADLINE, ~0ULL);
    msr_write(TSC_DEADLINE, 1ULL << 63);
    listen(5000);
    expect(ticks == 2, "a far deadline: %u ticks", (uint64_t)ticks);
    apic_write(APIC_TIMER_INITIAL, 1000); /* ignored in this mode */
    msr_write(TSC_DEADLINE, 0);
    listen(5000);
    expect(ticks == 2, "a disarmed deadline: %u ticks", (uint64_t)ticks);
}

/* Values that no driver would write. The host must not notice, and this guest must still run. */
static void absurd_check(void)
{
    static const uint32_t counts[] = {1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0};

    for (unsigned mode = 0; mode < 4; mode++)
        for (unsigned divide = 0; divide < 16; divide++)
            for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                (void)msr_try_write(X2APIC(APIC_LVT_TIMER), mode << 17 | VECTOR);
                (void)msr_try_write(X2APIC(APIC_TIMER_DIVIDE), divide);
                (void)msr_try_write(X2APIC(APIC_TIMER_INITIAL), counts[i]);
                irq_on();
                for (unsigned spin = 0; spin < 10; spin++)
                    cpu_relax();
                irq_off();
            }
    /* The shortest period there is, for a while. */
    apic_write(APIC_TIMER_INITIAL, 0);
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_LVT_TIMER, TIMER_PERIODIC | VECTOR);
    ticks = 0;
    apic_write(APIC_TIMER_INITIAL, 1);
    for (unsigned i = 0; i < 100; i++)
        wait_irq();
    expect(ticks >= 100, "the shortest period: %u ticks", (uint64_t)ticks);
    apic_write(APIC_TIMER_INITIAL, 0);
}

void guest_run(void)
{
    apic_init();
    trap_set(VECTOR, on_timer);
    one_shot_check();
    divider_check();
    periodic_check();
    deadline_check();
    absurd_check();
}
