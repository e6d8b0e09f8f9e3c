/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_SYNC_RANK_H
#define CORE_SYNC_RANK_H

#include <core/sync.h>

/* The lock-order check of debug builds: which spin locks this CPU holds, in the order it took them. */
#ifdef CONFIG_DEBUG_LOCKS
void rank_init(struct spinlock *lock, enum lock_rank rank);
void rank_check(const struct spinlock *lock); /* before waiting: panics on an order violation or recursion */
void rank_push(const struct spinlock *lock);
void rank_pop(const struct spinlock *lock);
#else
static inline void rank_init(struct spinlock *lock, enum lock_rank rank)
{
    (void)lock;
    (void)rank;
}

static inline void rank_check(const struct spinlock *lock)
{
    (void)lock;
}

static inline void rank_push(const struct spinlock *lock)
{
    (void)lock;
}

static inline void rank_pop(const struct spinlock *lock)
{
    (void)lock;
}
#endif

#endif
