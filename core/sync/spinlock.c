/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/audit.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>

#include "rank.h"

void spin_init(struct spinlock *lock, enum lock_rank rank)
{
    atomic_init(&lock->next, 0);
    atomic_init(&lock->owner, 0);
    rank_init(lock, rank);
}

void spin_lock(struct spinlock *lock)
{
    preempt_disable();
    audit_lock();
    rank_check(lock, true);
    spin_acquire(lock);
    rank_push(lock, true);
}

void spin_unlock(struct spinlock *lock)
{
    rank_pop(lock);
    spin_release(lock);
    preempt_enable();
}

void spin_unlock_irqrestore(struct spinlock *lock, arch_irq_state_t state)
{
    spin_unlock_irqoff(lock);
    arch_irq_restore(state);
    /* A thread woken meanwhile could not preempt, and there may be no interrupt for long that lets it. */
    preempt_check();
}

#if defined(CONFIG_DEBUG) || defined(CONFIG_DEBUG_LOCKS)
void spin_lock_irqoff(struct spinlock *lock)
{
    audit_lock();
    rank_check(lock, false);
    spin_acquire(lock);
    rank_push(lock, false);
}

void spin_unlock_irqoff(struct spinlock *lock)
{
    rank_pop(lock);
    spin_release(lock);
}
#endif

bool spin_trylock_irqoff(struct spinlock *lock)
{
    uint16_t owner = atomic_load_explicit(&lock->owner, memory_order_acquire), expected = owner;

    if (!atomic_compare_exchange_strong_explicit(&lock->next, &expected, (uint16_t)(owner + 1),
                                                 memory_order_acquire, memory_order_relaxed))
        return false;
    audit_lock();
    rank_push(lock, false);
    return true;
}
