/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutexes obey the one lock order; debug builds report the wrong one whether or not it comes to a deadlock.
 */
#include <core/waitq.h>
#include <criterion/criterion.h>
#include <signal.h>

#include "../../core/sched/sched.h"

static struct thread threads[2], *self = &threads[0];
static struct mutex first, second, third;
static unsigned waits;

struct thread *thread_self(void)
{
    return self;
}

void waitq_init(struct waitq *wq)
{
}

void waitq_prepare(struct waitq *wq, struct waiter *waiter)
{
}

/* Whoever waits gets it when the other thread is done. */
bool waitq_block(uint64_t deadline_ns)
{
    waits++;
    self = &threads[1];
    mutex_unlock(&first);
    self = &threads[0];
    return true;
}

void waitq_finish(struct waitq *wq, struct waiter *waiter)
{
}

void waitq_wake_one(struct waitq *wq)
{
}

static void start(void)
{
    mutex_init(&first, LOCK_RANK_AGENT);
    mutex_init(&second, LOCK_RANK_VM);
    mutex_init(&third, LOCK_RANK_QUEUE);
}

TestSuite(mutex, .init = start);

Test(mutex, in_order)
{
    for (unsigned round = 0; round < 2; round++) {
        mutex_lock(&first);
        mutex_lock(&second);
        mutex_lock(&third);
        mutex_unlock(&second); /* not in reverse order */
        mutex_unlock(&third);
        mutex_unlock(&first);
        cr_assert_null(self->held);
    }
    cr_assert_eq(waits, 0);
}

Test(mutex, what_others_hold_does_not_count)
{
    self = &threads[1];
    mutex_lock(&third);
    self = &threads[0];
    mutex_lock(&second);
    mutex_unlock(&second);
}

Test(mutex, after_waiting)
{
    self = &threads[1];
    mutex_lock(&first);
    self = &threads[0];
    mutex_lock(&first);
    cr_assert_eq(waits, 1);
    cr_assert_eq(self->held, &first);
    cr_assert_null(threads[1].held);
    mutex_unlock(&first);
}

Test(mutex, wrong_order, .signal = SIGABRT)
{
    mutex_lock(&second);
    mutex_lock(&first);
}

Test(mutex, two_of_one_rank, .signal = SIGABRT)
{
    mutex_init(&third, LOCK_RANK_VM);
    mutex_lock(&second);
    mutex_lock(&third);
}

Test(mutex, twice, .signal = SIGABRT)
{
    mutex_lock(&first);
    mutex_lock(&first);
}

Test(mutex, of_somebody_else, .signal = SIGABRT)
{
    self = &threads[1];
    mutex_lock(&first);
    self = &threads[0];
    mutex_unlock(&first);
}

Test(mutex, under_a_spin_lock, .signal = SIGABRT)
{
    struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_AGENT);

    spin_lock(&lock);
    mutex_lock(&second);
}
