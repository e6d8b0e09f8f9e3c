/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/audit.h>
#include <core/sync.h>
#include <core/thread.h>

/*
 * Spin locks for tests of modules that use them but are not about them; weak, so that a test may link core's
 * instead.
 */
#define weak_fn __attribute__((weak))

weak_fn void spin_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock)SPINLOCK_INIT(rank);
}

#if defined(CONFIG_DEBUG) || defined(CONFIG_DEBUG_LOCKS)
weak_fn void spin_lock_irqoff(struct spinlock *lock)
{
    spin_acquire(lock);
}

weak_fn void spin_unlock_irqoff(struct spinlock *lock)
{
    spin_release(lock);
}
#endif

weak_fn void spin_lock(struct spinlock *lock)
{
    preempt_disable();
    spin_lock_irqoff(lock);
}

weak_fn void spin_unlock(struct spinlock *lock)
{
    spin_unlock_irqoff(lock);
    preempt_enable();
}

weak_fn void spin_unlock_irqrestore(struct spinlock *lock, arch_irq_state_t state)
{
    spin_unlock_irqoff(lock);
    arch_irq_restore(state);
}

#ifdef CONFIG_DEBUG
/* Nobody's thread is audited. */
weak_fn void audit_lock(void)
{
}

weak_fn void audit_allocation(void)
{
}
#endif

#ifdef CONFIG_DEBUG_LOCKS
weak_fn void lock_check_plain(const char *what)
{
    (void)what;
}

weak_fn void lock_check_may_sleep(const char *what)
{
    (void)what;
}
#endif
