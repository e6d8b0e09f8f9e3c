/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_SYNC_RANK_H
#define CORE_SYNC_RANK_H

#include <core/sync.h>

/* The lock-order check of debug builds: which spin locks this CPU holds, in the order it took them. */
#ifdef CONFIG_DEBUG_LOCKS
void rank_init(struct spinlock *lock, enum lock_rank rank);
/* Before waiting: panics if the lock must not be taken here, or not so. is_plain: by spin_lock(). */
void rank_check(struct spinlock *lock, bool is_plain);
void rank_push(const struct spinlock *lock, bool is_plain);
void rank_pop(const struct spinlock *lock);
#else
static inline void rank_init(struct spinlock *lock, enum lock_rank rank)
{
    (void)lock;
    (void)rank;
}

static inline void rank_check(struct spinlock *lock, bool is_plain)
{
    (void)lock;
    (void)is_plain;
}

static inline void rank_push(const struct spinlock *lock, bool is_plain)
{
    (void)lock;
    (void)is_plain;
}

static inline void rank_pop(const struct spinlock *lock)
{
    (void)lock;
}
#endif

#endif
