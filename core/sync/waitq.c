/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/waitq.h>

#include "../sched/sched.h"

void waitq_init(struct waitq *wq)
{
    spin_init(&wq->lock, LOCK_RANK_WAITQ);
    TAILQ_INIT(&wq->waiters);
}

/* Blocked comes before the condition is looked at, so a wake-up from then on is not lost. */
void waitq_prepare(struct waitq *wq, struct waiter *waiter)
{
    struct thread *self = thread_self();
    arch_irq_state_t state = spin_lock_irqsave(&wq->lock);

    atomic_store(&self->state, THREAD_BLOCKED);
    if (!waiter->is_queued) {
        waiter->thread = self;
        waiter->is_queued = true;
        TAILQ_INSERT_TAIL(&wq->waiters, waiter, link);
    }
    spin_unlock_irqrestore(&wq->lock, state);
}

bool waitq_block(uint64_t deadline_ns)
{
    struct thread *self = thread_self();
    arch_irq_state_t state;

    ASSERT(self->preempt_count == 0);
    if (deadline_ns != WAIT_FOREVER) {
        if (clock_now_ns() >= deadline_ns)
            return false;
        timer_arm(&self->timeout, deadline_ns);
    }
    state = arch_irq_save();
    if (atomic_load(&self->state) == THREAD_BLOCKED)
        schedule(false);
    arch_irq_restore(state);
    if (deadline_ns != WAIT_FOREVER)
        timer_cancel(&self->timeout);
    return true;
}

void waitq_finish(struct waitq *wq, struct waiter *waiter)
{
    arch_irq_state_t state = spin_lock_irqsave(&wq->lock);

    atomic_store(&thread_self()->state, THREAD_RUNNABLE);
    if (waiter->is_queued)
        TAILQ_REMOVE(&wq->waiters, waiter, link);
    waiter->is_queued = false;
    spin_unlock_irqrestore(&wq->lock, state);
}

/* The waiter lies on its thread's stack, which only goes away after waitq_finish() has had the lock. */
static void wake_first(struct waitq *wq)
{
    struct waiter *waiter = TAILQ_FIRST(&wq->waiters);

    TAILQ_REMOVE(&wq->waiters, waiter, link);
    waiter->is_queued = false;
    thread_wake(waiter->thread);
}

void waitq_wake_one(struct waitq *wq)
{
    arch_irq_state_t state = spin_lock_irqsave(&wq->lock);

    if (!TAILQ_EMPTY(&wq->waiters))
        wake_first(wq);
    spin_unlock_irqrestore(&wq->lock, state);
    preempt_check();
}

void waitq_wake_all(struct waitq *wq)
{
    arch_irq_state_t state = spin_lock_irqsave(&wq->lock);

    while (!TAILQ_EMPTY(&wq->waiters))
        wake_first(wq);
    spin_unlock_irqrestore(&wq->lock, state);
    preempt_check();
}
