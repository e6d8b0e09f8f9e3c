/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock_fixture.h"
#include <criterion/criterion.h>
#include <pthread.h>

static struct vm_timer timers[4];
static unsigned fired[4];
static uint64_t fired_at[4], period;

static void count(struct vm_timer *timer)
{
    fired[timer - timers]++;
    fired_at[timer - timers] = vm_clock_now_ns(&vm_clock);
}

static void repeat(struct vm_timer *timer)
{
    count(timer);
    vm_timer_arm(timer, timer->deadline_ns + period);
}

static void start(void)
{
    clock_start(5000);
    for (unsigned i = 0; i < ARRAY_SIZE(timers); i++)
        vm_timer_init(&timers[i], &vm_clock, count);
}

Test(vm_clock, stands_still_until_resumed, .init = start)
{
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 0);
    time_advance(1000);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 0);
    vm_clock_resume(&vm_clock);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 0);
    time_advance(700);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 700);
    vm_clock_pause(&vm_clock);
    vm_clock_pause(&vm_clock);
    time_advance(100000);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 700);
    vm_clock_resume(&vm_clock);
    vm_clock_resume(&vm_clock);
    time_advance(1);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 701);
}

Test(vm_clock, timers_fire_once_and_never_early, .init = start)
{
    vm_clock_resume(&vm_clock);
    vm_timer_arm(&timers[0], 1000);
    vm_timer_arm(&timers[1], 500);
    time_advance(499);
    cr_assert_eq(fired[0] + fired[1], 0);
    time_advance(2);
    cr_assert_eq(fired[1], 1);
    time_advance(498);
    cr_assert_eq(fired[0], 0);
    time_advance(2);
    cr_assert_eq(fired[0], 1);
    cr_assert_geq(fired_at[0], 1000);
    time_advance(100000);
    cr_assert_eq(fired[0] + fired[1], 2);
    vm_timer_arm(&timers[0], 5); /* long past */
    time_advance(1);
    cr_assert_eq(fired[0], 2);
    cr_assert(LIST_EMPTY(&vm_clock.armed));
}

Test(vm_clock, rearm_and_cancel, .init = start)
{
    vm_clock_resume(&vm_clock);
    vm_timer_arm(&timers[0], 1000);
    vm_timer_arm(&timers[0], 2000);
    time_advance(1500);
    cr_assert_eq(fired[0], 0);
    vm_timer_arm(&timers[0], 1600);
    time_advance(102);
    cr_assert_eq(fired[0], 1);
    vm_timer_arm(&timers[0], 3000);
    vm_timer_cancel(&timers[0]);
    vm_timer_cancel(&timers[0]);
    time_advance(5000);
    cr_assert_eq(fired[0], 1);
    vm_timer_cancel(&timers[1]);
}

Test(vm_clock, pause_keeps_timers, .init = start)
{
    vm_timer_arm(&timers[0], 1000); /* armed while it stands still */
    time_advance(5000);
    cr_assert_eq(fired[0], 0);
    vm_clock_resume(&vm_clock);
    time_advance(400);
    vm_clock_pause(&vm_clock);
    time_advance(5000); /* the host's timer fires meanwhile, for nothing */
    vm_timer_arm(&timers[1], 1100);
    vm_timer_arm(&timers[2], 1200);
    vm_timer_cancel(&timers[2]);
    vm_clock_resume(&vm_clock);
    time_advance(599);
    cr_assert_eq(fired[0], 0);
    time_advance(2);
    cr_assert_eq(fired[0], 1);
    time_advance(100);
    cr_assert_eq(fired[1], 1);
    cr_assert_eq(fired[2], 0);
}

Test(vm_clock, periodic, .init = start)
{
    period = 100;
    vm_timer_init(&timers[3], &vm_clock, repeat);
    vm_clock_resume(&vm_clock);
    vm_timer_arm(&timers[3], 100);
    time_advance(100001);
    cr_assert_eq(fired[3], 1000);
    vm_timer_cancel(&timers[3]);
    time_advance(1000);
    cr_assert_eq(fired[3], 1000);
}

Test(vm_clock, far_deadlines, .init = start)
{
    static const uint64_t far[] = {~0ULL, 1ULL << 63, (1ULL << 63) - 1, 1ULL << 62, (1ULL << 61) - 100};

    vm_clock_resume(&vm_clock);
    for (unsigned i = 0; i < ARRAY_SIZE(far); i++) {
        vm_timer_arm(&timers[0], far[i]);
        cr_assert_geq(fake_timer_deadline(), 1ULL << 60);
        time_advance(1000);
    }
    cr_assert_eq(fired[0], 0);
    /* A host that is up for so long arms again instead of calling too early. */
    vm_timer_arm(&timers[0], ~0ULL);
    fake_clock_cycles += (1ULL << 60) + 10;
    timer_interrupt();
    cr_assert_eq(fired[0], 0);
    cr_assert_geq(fake_timer_deadline(), 1ULL << 61);
}

/* A VM that is older than its host: deadlines of its past and future. */
Test(vm_clock, restored, .init = start)
{
    vm_clock_set(&vm_clock, 1000000);
    cr_assert_eq(vm_clock_now_ns(&vm_clock), 1000000);
    vm_timer_arm(&timers[0], 1000500);
    vm_timer_arm(&timers[1], 10);
    vm_clock_resume(&vm_clock);
    cr_assert_eq(vm_clock_at_host_ns(&vm_clock, fake_clock_cycles + 7), 1000007);
    time_advance(1);
    cr_assert_eq(fired[1], 1);
    time_advance(498);
    cr_assert_eq(fired[0], 0);
    time_advance(3);
    cr_assert_eq(fired[0], 1);
    vm_clock_pause(&vm_clock);
    vm_clock_set(&vm_clock, 5);
    vm_clock_resume(&vm_clock);
    cr_assert_eq(vm_clock_at_host_ns(&vm_clock, 1), 0, "before the VM was");
}

/* --- arming, cancelling, pausing and firing on different CPUs --- */

static _Atomic bool is_over;
static _Atomic unsigned calls;
static _Atomic bool is_forbidden;

static void hammered(struct vm_timer *timer)
{
    if (is_forbidden)
        abort();
    atomic_fetch_add(&calls, 1);
    vm_timer_arm(timer, vm_clock_now_ns(&vm_clock) + 50);
}

/* A host CPU: time and its timer interrupt. */
static void *host_thread(void *arg)
{
    fake_cpu_enter((unsigned)(uintptr_t)arg);
    while (!is_over) {
        fake_clock_cycles += 10;
        timer_interrupt();
        arch_relax();
    }
    return NULL;
}

static void *arm_thread(void *arg)
{
    fake_cpu_enter(2);
    for (unsigned i = 0; i < 10000; i++)
        vm_timer_arm(&timers[i % 2], vm_clock_now_ns(&vm_clock) + i % 100);
    return NULL;
}

Test(vm_clock, hammer, .timeout = 120)
{
    pthread_t hosts[2], armer;

    fake_cpus_init(4);
    start();
    for (unsigned i = 0; i < 3; i++)
        vm_timer_init(&timers[i], &vm_clock, hammered);
    vm_clock_resume(&vm_clock);
    for (uintptr_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&hosts[i], NULL, host_thread, (void *)(2 + i)), 0);
    cr_assert_eq(pthread_create(&armer, NULL, arm_thread, NULL), 0);
    fake_cpu_enter(3);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t before;

        vm_timer_arm(&timers[2], vm_clock_now_ns(&vm_clock) + 20);
        arch_relax();
        vm_clock_pause(&vm_clock);
        is_forbidden = true;
        before = vm_clock_now_ns(&vm_clock);
        arch_relax();
        cr_assert_eq(vm_clock_now_ns(&vm_clock), before);
        is_forbidden = false;
        vm_clock_resume(&vm_clock);
        arch_relax();
        vm_timer_cancel(&timers[2]);
        cr_assert_not(timers[2].is_armed || timers[2].timer.is_armed);
    }
    pthread_join(armer, NULL);
    /* On a busy machine the host threads may not have had a turn yet. */
    vm_timer_arm(&timers[2], vm_clock_now_ns(&vm_clock) + 20);
    while (atomic_load(&calls) == 0)
        arch_relax();
    for (unsigned i = 0; i < 3; i++)
        vm_timer_cancel(&timers[i]);
    is_forbidden = true;
    for (unsigned i = 0; i < 100; i++)
        arch_relax();
    is_over = true;
    pthread_join(hosts[0], NULL);
    pthread_join(hosts[1], NULL);
    cr_assert_gt(calls, 0);
    cr_assert(LIST_EMPTY(&vm_clock.armed));
}
