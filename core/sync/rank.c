/* SPDX-License-Identifier: BSD-2-Clause */
#include "rank.h"

#include <arch/cpu.h>
#include <core/panic.h>
#include <core/percpu.h>

#define HELD_MAX 16

struct held_locks {
    unsigned count;
    unsigned first; /* of those that count now: an interrupt's own */
    const struct spinlock *locks[HELD_MAX];
};

/* Own CPU only; a CPU's entries change with preemption or interrupts off. */
static DEFINE_PERCPU(struct held_locks, held);

void rank_init(struct spinlock *lock, enum lock_rank rank)
{
    lock->rank = rank;
    lock->name = "lock";
}

/*
 * Locks are not always released in reverse order, so all that are held count, not the last. An interrupt may
 * come between two lines here; it leaves the list as it found it.
 */
void rank_check(const struct spinlock *lock)
{
    const struct held_locks *h = this_cpu_ptr(held);

    for (unsigned i = h->first; i < MIN(h->count, HELD_MAX); i++) {
        const struct spinlock *other = h->locks[i];

        if (other->rank >= lock->rank && !panic_in_progress())
            panic("lock order: taking %s (rank %u) while holding %s (rank %u)", lock->name,
                  (unsigned)lock->rank, other->name, (unsigned)other->rank);
    }
}

void rank_push(const struct spinlock *lock)
{
    arch_irq_state_t state = arch_irq_save();
    struct held_locks *h = this_cpu_ptr(held);

    if (h->count < HELD_MAX)
        h->locks[h->count] = lock;
    h->count++;
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
    for (; i > 0 && i < MIN(h->count, HELD_MAX); i++)
        h->locks[i - 1] = h->locks[i];
    h->count--;
    arch_irq_restore(state);
}

unsigned lock_interrupt_begin(void)
{
    struct held_locks *h = this_cpu_ptr(held);
    unsigned outer = h->first;

    h->first = h->count;
    return outer;
}

void lock_interrupt_end(unsigned outer)
{
    this_cpu_ptr(held)->first = outer;
}
