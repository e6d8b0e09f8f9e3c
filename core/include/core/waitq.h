/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_WAITQ_H
#define CORE_WAITQ_H

#include <core/compiler.h>
#include <core/sync.h>
#include <core/types.h>
#include <sys/queue.h>

/* One way to block and wake. */

struct thread;
struct waiter {
    TAILQ_ENTRY(waiter) link; /* lock: the wait queue's */
    struct thread *thread;
    bool is_queued; /* lock: the wait queue's */
};

struct waitq {
    struct spinlock lock;
    TAILQ_HEAD(, waiter) waiters; /* lock */
};

#define WAITQ_INIT(wq) \
    {.lock = SPINLOCK_INIT(LOCK_RANK_WAITQ), .waiters = TAILQ_HEAD_INITIALIZER((wq).waiters)}

#define WAIT_FOREVER (~0ULL)

void waitq_init(struct waitq *wq);

/* Wakes the longest waiter / all waiters. Context: any, interrupts included. */
void waitq_wake_one(struct waitq *wq);
void waitq_wake_all(struct waitq *wq);

/* Building blocks of wait_event(); not for direct use. */
void waitq_prepare(struct waitq *wq, struct waiter *waiter);
must_check bool waitq_block(uint64_t deadline_ns); /* false: the deadline has passed */
void waitq_finish(struct waitq *wq, struct waiter *waiter);

/*
 * Blocks until `condition` holds or clock_now_ns() reaches `deadline_ns` (WAIT_FOREVER: never); yields
 * whether the condition held at the end. The condition is evaluated again after every wake-up, without the
 * queue's lock; whoever makes it true wakes the queue afterwards. Context: thread, no lock held.
 */
#define wait_event_until(wq, condition, deadline_ns) \
    ({                                               \
        struct waiter waiter_ = {0};                 \
        bool met_ = false;                           \
        do {                                         \
            waitq_prepare((wq), &waiter_);           \
            met_ = (condition);                      \
        } while (!met_ && waitq_block(deadline_ns)); \
        waitq_finish((wq), &waiter_);                \
        met_ || (condition);                         \
    })

#define wait_event(wq, condition) ((void)wait_event_until(wq, condition, WAIT_FOREVER))

/* A sleeping lock for longer critical sections. Context: thread. */
struct mutex {
    _Atomic(struct thread *) owner;
    struct waitq waiters;
    uint32_t rank;
    struct mutex *held_next; /* owner: of the mutexes that it holds, in debug builds */
};

void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
