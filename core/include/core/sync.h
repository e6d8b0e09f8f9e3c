/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_SYNC_H
#define CORE_SYNC_H

#include <arch/cpu.h>
#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * The one lock order. A CPU (spin locks) or a thread (mutexes) may only take a lock of a higher rank than
 * every lock it holds; debug builds check it at each acquisition. A new lock gets a rank here, with its
 * reason.
 */
enum lock_rank {
    LOCK_RANK_AGENT = 10,  /* mutexes of the management agent and the host's resources */
    LOCK_RANK_VM = 20,     /* VM life cycle */
    LOCK_RANK_L2 = 30,     /* switch: port list and forwarding table */
    LOCK_RANK_DEVICE = 40, /* a driver's or device model's registers and rings */
    LOCK_RANK_ITS =
        41, /* a guest ITS's translations: device models send messages with their own locks held */
    LOCK_RANK_IRQCHIP =
        42, /* a VM's interrupt controllers: device models set lines with their own locks held */
    LOCK_RANK_CLOCK = 45,  /* a VM's clock: device models arm timers with their own locks held */
    LOCK_RANK_QUEUE = 50,  /* hand-over queues between threads */
    LOCK_RANK_HEAP = 60,   /* slab caches: may need pages, taken under any of the above */
    LOCK_RANK_VMAP = 64,   /* host page tables: may need table pages */
    LOCK_RANK_PAGES = 68,  /* buddy zones */
    LOCK_RANK_WAITQ = 70,  /* wait queues: wake while holding almost anything */
    LOCK_RANK_RUNQ = 76,   /* a CPU's run queue: threads are woken under any of the above */
    LOCK_RANK_TIMER = 80,  /* a CPU's timer queue: time slices are armed under the run queue's */
    LOCK_RANK_IRQ = 84,    /* interrupt controllers and vector tables */
    LOCK_RANK_RANDOM = 88, /* the random generator: calls nobody */
    LOCK_RANK_LOG = 90,    /* console output: legal from anywhere */
};

/* Fair (ticket) spin lock. Preemption is off while it is held. */
struct spinlock {
    _Atomic uint16_t next;
    _Atomic uint16_t owner;
#ifdef CONFIG_DEBUG_LOCKS
    uint16_t rank;
    _Atomic uint8_t usage; /* core/sync/rank.c */
    const char *name;
#endif
};

#ifdef CONFIG_DEBUG_LOCKS
#define SPINLOCK_INIT(lock_rank) {.rank = (lock_rank), .name = #lock_rank}
#else
#define SPINLOCK_INIT(lock_rank) {0}
#endif

/*
 * Two kinds of locks, told apart by how they are taken. Those that interrupt handlers take are held with
 * interrupts off, by everybody: else the handler could wait for the thread that it has interrupted. All
 * others are plain: only threads take them, and never inside one of the first kind: whoever holds the plain
 * one may be interrupted by a handler that waits for the first, for ever. The same goes for asking for memory
 * or giving it back, which may take plain locks. Debug builds check all of this whenever a lock is taken or
 * memory asked for.
 */
#ifdef CONFIG_DEBUG_LOCKS
/*
 * Brackets an interrupt: it comes on top of whatever plain locks the CPU holds, and only what the handler
 * takes itself counts. Returns what the end is to be given; interrupts off. Context: interrupt.
 */
unsigned lock_interrupt_begin(void);
void lock_interrupt_end(unsigned outer);

/* Panics in an interrupt, and while a lock is held that interrupt handlers take. Context: any. */
void lock_check_plain(const char *what);
/* Panics in an interrupt, and while any spin lock is held. Context: any. */
void lock_check_may_sleep(const char *what);
#else
static inline unsigned lock_interrupt_begin(void)
{
    return 0;
}

static inline void lock_interrupt_end(unsigned outer)
{
    (void)outer;
}

static inline void lock_check_plain(const char *what)
{
    (void)what;
}

static inline void lock_check_may_sleep(const char *what)
{
    (void)what;
}
#endif

void spin_init(struct spinlock *lock, enum lock_rank rank);

/* For locks that no interrupt handler takes. Context: any but interrupt. */
void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* The lock itself: for this file and core/sync/spinlock.c. */
static inline void spin_acquire(struct spinlock *lock)
{
    uint16_t ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

    while (unlikely(atomic_load_explicit(&lock->owner, memory_order_acquire) != ticket))
        arch_relax();
}

static inline void spin_release(struct spinlock *lock)
{
    uint16_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);

    atomic_store_explicit(&lock->owner, (uint16_t)(owner + 1), memory_order_release);
}

/* For locks that interrupt handlers take too, when the caller has interrupts off already (interrupt handlers,
 * the scheduler). */
#if defined(CONFIG_DEBUG) || defined(CONFIG_DEBUG_LOCKS)
void spin_lock_irqoff(struct spinlock *lock);
void spin_unlock_irqoff(struct spinlock *lock);
#else
/* Half of an uncontended lock's price would be its call. */
#define spin_lock_irqoff   spin_acquire
#define spin_unlock_irqoff spin_release
#endif
must_check bool spin_trylock_irqoff(struct spinlock *lock);

/* For locks that interrupt handlers take too: interrupts stay off while it is held. Context: any. */
must_check static inline arch_irq_state_t spin_lock_irqsave(struct spinlock *lock)
{
    arch_irq_state_t state = arch_irq_save();

    spin_lock_irqoff(lock);
    return state;
}

void spin_unlock_irqrestore(struct spinlock *lock, arch_irq_state_t state);

#endif
