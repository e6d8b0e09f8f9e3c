/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/audit.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/waitq.h>

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
    atomic_init(&mutex->owner, NULL);
    waitq_init(&mutex->waiters);
    mutex->rank = rank;
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
    if (try_own(mutex))
        return;
    ASSERT(atomic_load(&mutex->owner) != thread_self());
    wait_event(&mutex->waiters, try_own(mutex));
}

void mutex_unlock(struct mutex *mutex)
{
    ASSERT(atomic_load(&mutex->owner) == thread_self());
    atomic_store_explicit(&mutex->owner, NULL, memory_order_release);
    waitq_wake_one(&mutex->waiters);
}
