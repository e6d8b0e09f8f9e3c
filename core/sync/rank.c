/* SPDX-License-Identifier: BSD-2-Clause */
#include "rank.h"

#include <arch/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>

#define HELD_MAX 16

struct held_locks {
    unsigned count;
    unsigned first;   /* of those that count now: an interrupt's own */
    unsigned irq_off; /* of all that are held, how many were taken with interrupts off */
    unsigned depth;   /* of interrupts */
    const struct spinlock *locks[HELD_MAX];
    bool is_plain[HELD_MAX];
};

/* How a lock has ever been taken. */
enum lock_usage { LOCK_PLAIN = 1 << 0, LOCK_IN_INTERRUPT = 1 << 1 };

/* Own CPU only; a CPU's entries change with preemption or interrupts off. */
static DEFINE_PERCPU(struct held_locks, held);

void rank_init(struct spinlock *lock, enum lock_rank rank)
{
    lock->rank = (uint16_t)rank;
    lock->name = "lock";
    atomic_init(&lock->usage, 0);
}

static void plain_check(const struct held_locks *h, const char *what)
{
    if (likely(h->depth == 0 && h->irq_off == 0) || panic_in_progress())
        return;
    if (h->depth != 0)
        panic("lock order: %s in an interrupt", what);
    for (unsigned i = 0; i < MIN(h->count, HELD_MAX); i++)
        if (!h->is_plain[i])
            panic("lock order: %s while holding %s (rank %u), which interrupts take", what, h->locks[i]->name,
                  (unsigned)h->locks[i]->rank);
}

/* A lock that a handler takes must never be held with interrupts on. */
static void usage_check(struct spinlock *lock, bool is_plain, bool is_interrupt)
{
    uint8_t now = is_plain ? LOCK_PLAIN : is_interrupt ? LOCK_IN_INTERRUPT : 0;
    uint8_t ever = atomic_load_explicit(&lock->usage, memory_order_relaxed);

    if ((ever | now) != ever)
        ever = atomic_fetch_or_explicit(&lock->usage, now, memory_order_relaxed) | now;
    if (unlikely(ever == (LOCK_PLAIN | LOCK_IN_INTERRUPT)) && !panic_in_progress())
        panic("lock order: %s (rank %u) is taken by interrupts, and elsewhere with interrupts on", lock->name,
              (unsigned)lock->rank);
}

/*
 * Locks are not always released in reverse order, so all that are held count, not the last. An interrupt may
 * come between two lines here; it leaves the list as it found it.
 */
void rank_check(struct spinlock *lock, bool is_plain)
{
    const struct held_locks *h = this_cpu_ptr(held);

    for (unsigned i = h->first; i < MIN(h->count, HELD_MAX); i++) {
        const struct spinlock *other = h->locks[i];

        if (other->rank >= lock->rank && !panic_in_progress())
            panic("lock order: taking %s (rank %u) while holding %s (rank %u)", lock->name,
                  (unsigned)lock->rank, other->name, (unsigned)other->rank);
    }
    if (is_plain)
        plain_check(h, lock->name);
    else if (arch_irq_enabled() && !panic_in_progress())
        panic("lock order: %s (rank %u) is taken as if interrupts were off", lock->name,
              (unsigned)lock->rank);
    usage_check(lock, is_plain, h->depth != 0);
}

void rank_push(const struct spinlock *lock, bool is_plain)
{
    arch_irq_state_t state = arch_irq_save();
    struct held_locks *h = this_cpu_ptr(held);

    if (h->count < HELD_MAX) {
        h->locks[h->count] = lock;
        h->is_plain[h->count] = is_plain;
    }
    h->count++;
    h->irq_off += !is_plain;
    arch_irq_restore(state);
}

void rank_pop(const struct spinlock *lock)
{
    arch_irq_state_t state = arch_irq_save();
    struct held_locks *h = this_cpu_ptr(held);
    unsigned i = MIN(h->count, HELD_MAX);

    while (i > 0 && h->locks[i - 1] != lock)
        i--;
    if (i == 0 && !panic_in_progress())
        panic("lock order: releasing %s, which this CPU does not hold", lock->name);
    if (i > 0)
        h->irq_off -= !h->is_plain[i - 1];
    for (; i > 0 && i < MIN(h->count, HELD_MAX); i++) {
        h->locks[i - 1] = h->locks[i];
        h->is_plain[i - 1] = h->is_plain[i];
    }
    h->count--;
    arch_irq_restore(state);
}

unsigned lock_interrupt_begin(void)
{
    struct held_locks *h = this_cpu_ptr(held);
    unsigned outer = h->first;

    h->first = h->count;
    h->depth++;
    return outer;
}

void lock_interrupt_end(unsigned outer)
{
    struct held_locks *h = this_cpu_ptr(held);

    h->first = outer;
    h->depth--;
}

/* Only while it cannot move to another CPU is what it holds this CPU's; without locks there is nothing to
 * see. */
void lock_check_plain(const char *what)
{
    arch_irq_state_t state = arch_irq_save();

    plain_check(this_cpu_ptr(held), what);
    arch_irq_restore(state);
}

void lock_check_may_sleep(const char *what)
{
    arch_irq_state_t state = arch_irq_save();
    const struct held_locks *h = this_cpu_ptr(held);

    plain_check(h, what);
    if (h->count != 0 && !panic_in_progress())
        panic("lock order: %s while holding %s", what, h->locks[0]->name);
    arch_irq_restore(state);
}
