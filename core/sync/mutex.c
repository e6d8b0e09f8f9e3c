/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/audit.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/waitq.h>

#include "../sched/sched.h"

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
    atomic_init(&mutex->owner, NULL);
    waitq_init(&mutex->waiters);
    mutex->rank = rank;
    mutex->held_next = NULL;
}

/* Before waiting, so that the wrong order shows whether or not it comes to a deadlock. */
static void order_check(const struct mutex *mutex)
{
    for (const struct mutex *held = thread_self()->held; held != NULL; held = held->held_next)
        if (held->rank >= mutex->rank && !panic_in_progress())
            panic("lock order: taking a mutex of rank %u while holding one of rank %u", mutex->rank,
                  held->rank);
}

static void held_add(struct mutex *mutex)
{
    struct thread *self = thread_self();

    mutex->held_next = self->held;
    self->held = mutex;
}

static void held_remove(struct mutex *mutex)
{
    struct mutex **at = &thread_self()->held;

    while (*at != mutex)
        at = &(*at)->held_next;
    *at = mutex->held_next;
}

static bool try_own(struct mutex *mutex)
{
    struct thread *nobody = NULL;

    return atomic_compare_exchange_strong_explicit(&mutex->owner, &nobody, thread_self(),
                                                   memory_order_acquire, memory_order_relaxed);
}

void mutex_lock(struct mutex *mutex)
{
    audit_lock();
    lock_check_may_sleep("a mutex");
    ASSERT(atomic_load(&mutex->owner) != thread_self());
    if (IS_ENABLED(CONFIG_DEBUG_LOCKS))
        order_check(mutex);
    if (!try_own(mutex))
        wait_event(&mutex->waiters, try_own(mutex));
    if (IS_ENABLED(CONFIG_DEBUG_LOCKS))
        held_add(mutex);
}

void mutex_unlock(struct mutex *mutex)
{
    ASSERT(atomic_load(&mutex->owner) == thread_self());
    if (IS_ENABLED(CONFIG_DEBUG_LOCKS))
        held_remove(mutex);
    atomic_store_explicit(&mutex->owner, NULL, memory_order_release);
    waitq_wake_one(&mutex->waiters);
}
