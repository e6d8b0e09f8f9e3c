/* SPDX-License-Identifier: BSD-2-Clause */

/* The scheduler on the fake machine: blocking, waking, and CPUs that rest in a thread that waits. */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/fake.h>
#include <arch/layout.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/vmap.h>
#include <core/waitq.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "sched.h"

/* Stacks need no guard here, and nobody reaps. */
void *stack_alloc(size_t size)
{
    return aligned_alloc(4096, size);
}

void stack_free(void *base, size_t size)
{
    (void)size;
    free(base);
}

static struct thread *first, *second;
static atomic_bool is_first_due, is_second_due;
static unsigned n_interrupts;
static char trace[16];
static unsigned trace_length;

static void note(char what)
{
    cr_assert_lt(trace_length, sizeof(trace) - 1);
    trace[trace_length++] = what;
}

static void setup(void)
{
    fake_cpus_init(2);
    clock_init();
    cr_assert_eq(sched_init(2), 0);
    sched_boot_prepare();
    sched_cpu_prepare(1);
}

static struct thread *start(void (*fn)(void *arg), enum thread_prio prio, unsigned cpu)
{
    struct thread *t = NULL;

    cr_assert_eq(
        thread_create(&(struct thread_params){.name = "test", .prio = prio, .cpu = cpu, .fn = fn}, &t), 0);
    return t;
}

/* As the idle loop does; returns when all threads have ended: one that blocks keeps the CPU. */
static void run(void)
{
    arch_irq_disable();
    arch_current()->preempt_count = 0;
    schedule(false);
    arch_irq_enable();
}

static void wait_once(void *arg)
{
    (void)arg;
    note('a');
    thread_wait(is_first_due);
    note('b');
}

static struct thread_times times_of(struct thread *t)
{
    struct thread_times times;

    thread_times_get(t, &times);
    return times;
}

/* What happens while the CPU waits for an interrupt, as the handler. */
static void first_wakes_at_last(void)
{
    fake_clock_cycles += 1000;
    if (++n_interrupts < 3)
        return;
    is_first_due = true;
    thread_wake(first);
    /* Until it has got round to it. */
    cr_assert_eq(times_of(first).run_cycles, 0);
}

Test(sched, a_wait_switches_to_nobody, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = first_wakes_at_last;
    run();
    cr_assert_str_eq(trace, "ab");
    cr_assert_eq(n_interrupts, 3, "interrupts that wake nobody change nothing");
    cr_assert_eq(sched_switches(), 2, "to it, and away when it had ended");
    cr_assert_eq(times_of(first).run_cycles, 0, "a CPU that rests is idle");
    cr_assert_eq(times_of(first).steal_cycles, 0);
    cr_assert_eq(times_of(&runq_of(0)->idle).run_cycles, 3000);
    cr_assert_eq(fake_kicks(), 0);
}

static void second_fn(void *arg)
{
    (void)arg;
    note('2');
    fake_clock_cycles += 500;
    is_first_due = true;
    thread_wake(first);
    note('3');
}

static void second_starts(void)
{
    if (++n_interrupts == 1)
        second = start(second_fn, THREAD_PRIO_LOW, 0);
}

Test(sched, a_resting_cpu_is_free_for_threads_of_any_priority, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = second_starts;
    run();
    cr_assert_str_eq(trace, "a2b3", "and the one that waited preempts the lower one");
    cr_assert_eq(n_interrupts, 1);
    cr_assert_eq(times_of(second).run_cycles, 500);
    cr_assert_eq(times_of(first).steal_cycles, 0);
}

static void second_equal(void *arg)
{
    (void)arg;
    note('2');
    fake_clock_cycles += 500;
}

/* Both have become runnable when the CPU comes out of its rest. */
static void both_wake(void)
{
    second = start(second_equal, THREAD_PRIO_VCPU, 0);
    is_first_due = true;
    thread_wake(first);
    fake_clock_cycles += 7;
}

Test(sched, equals_go_in_their_order, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = both_wake;
    run();
    cr_assert_str_eq(trace, "a2b");
    cr_assert_eq(times_of(first).steal_cycles, 507, "from its wake-up until it had the CPU");
    cr_assert_eq(times_of(second).steal_cycles, 7);
}

/* As equals_go_in_their_order, but there is a CPU that might take the one which has to wait. */
static void both_wake_by_an_idle_cpu(void)
{
    cpu_mask_clear(&idle_cpus, 1);
    both_wake();
    cpu_mask_set(&idle_cpus, 1);
}

Test(sched, who_makes_way_is_offered_to_an_idle_cpu, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = both_wake_by_an_idle_cpu;
    run();
    cr_assert_str_eq(trace, "a2b");
    cr_assert_eq(fake_kicks(), 1);
    cr_assert_eq(cpu_mask_find(&idle_cpus, 1), -1, "it is taken");
}

/* Another thread wakes the one that the CPU rests in, which is preempted before it can go on. */
static void urgent_and_first(void)
{
    second = start(second_equal, THREAD_PRIO_DRIVER, 0);
    is_first_due = true;
    thread_wake(first);
}

Test(sched, the_more_urgent_comes_first, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = urgent_and_first;
    run();
    cr_assert_str_eq(trace, "a2b");
}

static void *on_cpu_1(void *arg)
{
    void (*fn)(void) = (void (*)(void))(uintptr_t)arg;

    fake_cpu_enter(1);
    arch_set_current(&runq_of(1)->idle);
    fn();
    return NULL;
}

static void act_as_cpu_1(void (*fn)(void))
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, on_cpu_1, (void *)(uintptr_t)fn), 0);
    pthread_join(thread, NULL);
}

static void wake_first(void)
{
    is_first_due = true;
    thread_wake(first);
    thread_wake(first);
}

static void woken_from_elsewhere(void)
{
    act_as_cpu_1(wake_first);
    cr_assert_eq(fake_kicks(), 1, "the CPU is told, once");
    cr_assert_eq(cpu_mask_find(&idle_cpus, 0), -1, "and taken");
}

Test(sched, another_cpu_ends_the_rest_by_an_interrupt, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = woken_from_elsewhere;
    run();
    cr_assert_str_eq(trace, "ab");
}

static void start_low(void)
{
    second = start(second_fn, THREAD_PRIO_LOW, 0);
}

static void queued_from_elsewhere(void)
{
    if (++n_interrupts > 1)
        return;
    cr_assert_eq(cpu_mask_find(&idle_cpus, 0), 0);
    act_as_cpu_1(start_low);
    cr_assert_eq(fake_kicks(), 1);
}

Test(sched, another_cpu_gives_it_work, .init = setup)
{
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    fake_interrupt = queued_from_elsewhere;
    run();
    cr_assert_str_eq(trace, "a2b3");
    cr_assert_eq(n_interrupts, 1);
}

/* CPU 1 never gets round to its thread. */
Test(sched, a_cpu_takes_work_before_it_rests, .init = setup)
{
    second = start(second_fn, THREAD_PRIO_VCPU, 1);
    cr_assert_eq(fake_kicks(), 1);
    first = start(wait_once, THREAD_PRIO_VCPU, 0);
    run();
    cr_assert_str_eq(trace, "a23b");
    cr_assert_eq(n_interrupts, 0);
}

static void wait_twice(void *arg)
{
    static struct waitq queue = WAITQ_INIT(queue);
    uint64_t deadline;

    (void)arg;
    wait_event(&queue, is_first_due);
    note('a');
    deadline = clock_now_ns() + 5000;
    cr_assert_not(wait_event_until(&queue, is_second_due, deadline));
    note('b');
}

static void time_passes(void)
{
    fake_clock_cycles += 1000;
    n_interrupts++;
    if (!is_first_due) {
        is_first_due = true;
        thread_wake(first);
    }
    if (fake_clock_cycles >= fake_timer_deadline())
        timer_interrupt();
}

Test(sched, waiting_in_a_queue_with_a_deadline, .init = setup)
{
    first = start(wait_twice, THREAD_PRIO_SERVICE, 0);
    fake_interrupt = time_passes;
    run();
    cr_assert_str_eq(trace, "ab");
    cr_assert_eq(n_interrupts, 7);
    cr_assert_eq(sched_switches(), 2);
}
