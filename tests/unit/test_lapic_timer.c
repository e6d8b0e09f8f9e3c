/* SPDX-License-Identifier: BSD-2-Clause */
#include "lapic_fixture.h"
#include <pthread.h>

/* The local APIC's timer in its three modes, with a host that is on time, late, or busy. */

Test(lapic_timer, one_shot, .init = start1, .fini = chip_stop)
{
    apic_write(0, 0x3e0, 0xb);
    apic_write(0, 0x320, 0x40);
    apic_write(0, 0x380, 1000000);
    cr_assert_eq(apic_read(0, 0x390), 1000000);
    time_advance(400000);
    cr_assert_eq(apic_read(0, 0x390), 600000);
    cr_assert_eq(apic_read(0, 0x380), 1000000);
    time_advance(599999);
    cr_assert_eq(apic_read(0, 0x390), 1);
    cr_assert_eq(pending(0), -1);
    time_advance(2);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert_eq(take(0), 0x40);
    eoi(0);
    cr_assert_eq(apic_read(0, 0x390), 0);
    time_advance(10000000);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0x380, 1000);
    apic_write(0, 0x380, 0);
    time_advance(10000000);
    cr_assert_eq(pending(0), -1, "disarmed");
    apic_write(0, 0x380, 1000);
    apic_write(0, 0x380, 5000);
    time_advance(4000);
    cr_assert_eq(pending(0), -1, "armed anew, for later");
    time_advance(1001);
    cr_assert_eq(pending(0), 0x40);
}

Test(lapic_timer, dividers, .init = start1, .fini = chip_stop)
{
    static const struct {
        uint32_t value;
        unsigned divider;
    } dividers[] = {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}};

    apic_write(0, 0x320, 0x40);
    for (unsigned i = 0; i < ARRAY_SIZE(dividers); i++) {
        apic_write(0, 0x3e0, dividers[i].value);
        apic_write(0, 0x380, 1000000);
        time_advance(250000ULL * dividers[i].divider);
        cr_assert_eq(apic_read(0, 0x390), 750000);
        time_advance(750000ULL * dividers[i].divider + 1);
        cr_assert_eq(take(0), 0x40);
        eoi(0);
    }
    /* Changed on the way: what is left is counted at the new pace. */
    apic_write(0, 0x380, 1000);
    time_advance(400);
    apic_write(0, 0x3e0, 3);
    cr_assert_eq(apic_read(0, 0x390), 600);
    time_advance(600 * 16 - 1);
    cr_assert_eq(pending(0), -1);
    time_advance(2);
    cr_assert_eq(pending(0), 0x40);
    apic_write(0, 0x380, ~0U);
    apic_write(0, 0x3e0, 10);
    cr_assert_eq(apic_read(0, 0x390), ~0U);
}

Test(lapic_timer, periodic_does_not_drift, .init = start1, .fini = chip_stop)
{
    uint64_t start;

    apic_write(0, 0x3e0, 0xb);
    apic_write(0, 0x320, 0x20040);
    apic_write(0, 0x380, 1000000);
    start = fake_clock_cycles;
    for (unsigned i = 1; i <= 1000; i++) {
        /* Every third interrupt of the host is late by up to 0.9 periods. */
        if (i % 3 == 0)
            time_jump(start + i * 1000000ULL - fake_clock_cycles + 900000);
        else
            time_advance(start + i * 1000000ULL - fake_clock_cycles + 1);
        cr_assert_eq(take(0), 0x40, "period %u", i);
        eoi(0);
        cr_assert_eq(pending(0), -1);
    }
    time_jump(start + 1007500000 - fake_clock_cycles);
    cr_assert_eq(take(0), 0x40);
    eoi(0);
    cr_assert_eq(pending(0), -1, "those missed count as one");
    cr_assert_eq(apic_read(0, 0x390), 500000);
    fake_clock_cycles += 2100000;
    cr_assert_eq(apic_read(0, 0x390), 400000, "missed and not fired yet");
    time_advance(1);
    time_advance(399998);
    take(0);
    eoi(0);
    time_advance(2);
    cr_assert_eq(take(0), 0x40, "still on the beat");
    /* One-shot from here: the present period is the last. */
    eoi(0);
    apic_write(0, 0x320, 0x40);
    time_advance(1000001);
    cr_assert_eq(take(0), 0x40);
    eoi(0);
    time_advance(9000000);
    cr_assert_eq(pending(0), -1);
}

Test(lapic_timer, absurd_period_does_not_hang_the_host, .init = start1, .fini = chip_stop)
{
    unsigned fired = 0;

    apic_write(0, 0x3e0, 0xb);
    apic_write(0, 0x320, 0x20040);
    apic_write(0, 0x380, 1);
    for (unsigned i = 0; i < 1000; i++) {
        time_advance(10000);
        cr_assert_leq(apic_read(0, 0x390), 1);
        fired += take(0) >= 0;
        eoi(0);
    }
    cr_assert(fired == 49 || fired == 50, "10 ms at 200 us: %u", fired);
    apic_write(0, 0x320, 0x40);
    apic_write(0, 0x380, 1);
    time_advance(2);
    cr_assert_eq(pending(0), 0x40, "one-shots have no such limit");
}

Test(lapic_timer, masked_timer_counts, .init = start1, .fini = chip_stop)
{
    apic_write(0, 0x3e0, 0xb);
    apic_write(0, 0x320, 0x10040);
    apic_write(0, 0x380, 1000);
    time_advance(500);
    cr_assert_eq(apic_read(0, 0x390), 500);
    time_advance(1000);
    cr_assert_eq(apic_read(0, 0x390), 0);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0x320, 0x05); /* a vector that cannot be */
    apic_write(0, 0x380, 1000);
    time_advance(2000);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0x280, 0);
    cr_assert_eq(apic_read(0, 0x280), 0x40);
}

Test(lapic_timer, tsc_deadline, .init = start1, .fini = chip_stop)
{
    uint64_t offset = 0 - (fake_clock_cycles - 500), tsc;

    lapic_tsc_set(apic(0), NSEC_PER_SEC, offset);
    tsc = fake_clock_cycles + offset;
    cr_assert_eq(tsc, 500);
    wrmsr(0, MSR_DEADLINE, tsc + 1000);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), 0, "ignored in other modes");
    apic_write(0, 0x320, 0x40041);
    apic_write(0, 0x380, 1000);
    cr_assert_eq(apic_read(0, 0x390) | apic_read(0, 0x380), 0, "ignored in this mode");
    wrmsr(0, MSR_DEADLINE, tsc + 1000);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), tsc + 1000);
    time_advance(999);
    cr_assert_eq(pending(0), -1);
    time_advance(4);
    cr_assert_eq(take(0), 0x41);
    eoi(0);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), 0);
    /* In the past, or now. */
    for (tsc = 1; tsc < 1003; tsc += 100) {
        wrmsr(0, MSR_DEADLINE, tsc);
        cr_assert_eq(rdmsr(0, MSR_DEADLINE), 0);
        cr_assert_eq(take(0), 0x41);
        eoi(0);
    }
    wrmsr(0, MSR_DEADLINE, ~0ULL);
    time_advance(1ULL << 40);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), ~0ULL);
    cr_assert_eq(pending(0), -1);
    wrmsr(0, MSR_DEADLINE, 0);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), 0);
    wrmsr(0, MSR_DEADLINE, fake_clock_cycles + offset + 100);
    apic_write(0, 0x320, 0x41); /* out of the mode */
    time_advance(1000);
    cr_assert_eq(pending(0), -1);
    apic_write(0, 0x320, 0x40041);
    cr_assert_eq(rdmsr(0, MSR_DEADLINE), 0);
}

Test(lapic_timer, tsc_moves_under_a_deadline, .init = start1, .fini = chip_stop)
{
    lapic_tsc_set(apic(0), NSEC_PER_SEC, 0);
    apic_write(0, 0x320, 0x40041);
    wrmsr(0, MSR_DEADLINE, fake_clock_cycles + 100000);
    lapic_tsc_set(apic(0), NSEC_PER_SEC, 50000);
    time_advance(49999);
    cr_assert_eq(pending(0), -1);
    time_advance(4);
    cr_assert_eq(take(0), 0x41);
    eoi(0);
    wrmsr(0, MSR_DEADLINE, 40000); /* before the TSC's offset: long ago */
    cr_assert_eq(take(0), 0x41);
    eoi(0);
    wrmsr(0, MSR_DEADLINE, fake_clock_cycles + 200000);
    lapic_tsc_set(apic(0), NSEC_PER_SEC, 1ULL << 40);
    cr_assert_eq(take(0), 0x41);
    eoi(0);
    /* Absurd frequencies are nobody's crash. */
    wrmsr(0, MSR_DEADLINE, 1ULL << 62);
    lapic_tsc_set(apic(0), 0, 0);
    lapic_tsc_set(apic(0), ~0ULL, 0);
    lapic_tsc_set(apic(0), 1, 0 - 5ULL);
    time_advance(1000);
}

Test(lapic_timer, timer_stands_still_with_the_vm, .init = start1, .fini = chip_stop)
{
    apic_write(0, 0x3e0, 0xb);
    apic_write(0, 0x320, 0x20040);
    apic_write(0, 0x380, 1000000);
    time_advance(400000);
    vm_clock_pause(&vm_clock);
    time_advance(70000000);
    cr_assert_eq(apic_read(0, 0x390), 600000);
    cr_assert_eq(pending(0), -1);
    vm_clock_resume(&vm_clock);
    time_advance(599999);
    cr_assert_eq(pending(0), -1);
    time_advance(2);
    cr_assert_eq(take(0), 0x40);
    eoi(0);
    irqchip_reset(chip);
    time_advance(70000000);
    cr_assert_eq(pending(0), -1);
}

/* --- the guest arms while the host's timer fires on another CPU --- */

static _Atomic bool is_over;

static void *host_thread(void *arg)
{
    fake_cpu_enter(1);
    while (!atomic_load(&is_over)) {
        fake_clock_cycles += 100;
        timer_interrupt();
        arch_relax();
    }
    return NULL;
}

static void wait_for(int vector)
{
    for (uint64_t spins = 0; take(0) != vector; spins++) {
        cr_assert_lt(spins, 100000000, "a timer interrupt was lost");
        arch_relax();
    }
    eoi(0);
}

/* Every one-shot and every deadline fires, however it raced with the expiry of what it replaced. */
Test(lapic_timer, hammer, .timeout = 120)
{
    pthread_t host;

    fake_cpus_init(2);
    start1();
    fake_cpu_enter(1); /* timers go to the queue of the host's CPU */
    lapic_tsc_set(apic(0), NSEC_PER_SEC, 0);
    apic_write(0, 0x3e0, 0xb);
    cr_assert_eq(pthread_create(&host, NULL, host_thread, NULL), 0);
    for (unsigned i = 0; i < 1000; i++) {
        apic_write(0, 0x320, 0x40040);
        wrmsr(0, MSR_DEADLINE, fake_clock_cycles + 50 + i % 100);
        wrmsr(0, MSR_DEADLINE, fake_clock_cycles + 100 + i % 200);
        wait_for(0x40);
        while (take(0) >= 0)
            eoi(0);
        apic_write(0, 0x320, 0x20041);
        apic_write(0, 0x380, 1000);
        apic_write(0, 0x320, 0x42);
        apic_write(0, 0x380, 100 + i % 200);
        wait_for(0x42);
        while (take(0) >= 0)
            eoi(0);
    }
    atomic_store(&is_over, true);
    pthread_join(host, NULL);
    chip_stop();
}
