/* SPDX-License-Identifier: BSD-2-Clause */
/* Waking a thread: to which CPU it goes, and whether that has to be told. */
#include "sched.h"

#include <arch/clock.h>
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/cpu.h>

/* Nothing runs there, and nothing is about to. rq locked. */
static bool is_idle(const struct runq *rq)
{
    const struct thread *t = rq->current;

    return rq->queued == 0 &&
           (t == &rq->idle || (rq->is_resting && atomic_load(&t->state) == THREAD_BLOCKED));
}

/* Where a woken thread should run: where it was if that is free for it, else a CPU that idles. */
static unsigned choose_cpu(const struct thread *t, const struct runq *home)
{
    unsigned cpu = atomic_load_explicit(&t->cpu, memory_order_relaxed);
    int idle = is_idle(home) || (t->flags & THREAD_PINNED) ? (int)cpu : cpu_mask_find(&idle_cpus, cpu);

    if (idle < 0)
        return cpu;
    /* Taken: whoever wakes another thread before that CPU has got round to this one goes elsewhere. */
    cpu_mask_clear(&idle_cpus, (unsigned)idle);
    return (unsigned)idle;
}

/* Makes the CPU look at its queue if `t` should run before, or share with, what runs there now. rq locked. */
static bool needs_kick(struct runq *rq, const struct thread *t)
{
    if (rq->is_resting)
        return true;
    if (t->prio > rq->current->prio) {
        atomic_store_explicit(&rq->current->need_resched, true, memory_order_relaxed);
        return true;
    }
    if (t->prio == rq->current->prio)
        atomic_store_explicit(&rq->slice_wanted, true, memory_order_relaxed);
    return t->prio == rq->current->prio;
}

static void put_on_cpu(struct thread *t, unsigned cpu, struct runq *rq)
{
    bool kick;

    t->ready_since = arch_clock_cycles();
    runq_enqueue(rq, t, false);
    kick = needs_kick(rq, t);
    /* No interrupt follows that would look at it. */
    if (cpu == cpu_id() && atomic_load_explicit(&rq->slice_wanted, memory_order_relaxed))
        runq_slice_start(rq);
    spin_unlock_irqoff(&rq->lock);
    if (kick && cpu != cpu_id())
        arch_cpu_kick(cpu);
}

/* It has not left the CPU: it is on its way to block, or the CPU rests in it and has to be told. rq locked.
 */
static void wake_current(struct runq *rq, struct thread *t)
{
    unsigned cpu = atomic_load_explicit(&t->cpu, memory_order_relaxed);
    bool kick = rq->is_resting && cpu != cpu_id();

    if (rq->is_resting)
        t->ready_since = arch_clock_cycles();
    if (kick) /* it is taken, like a CPU that a thread is queued on */
        cpu_mask_clear(&idle_cpus, cpu);
    spin_unlock_irqoff(&rq->lock);
    if (kick)
        arch_cpu_kick(cpu);
}

/* It is in no CPU's hands. rq locked. */
static no_inline void wake_blocked(struct thread *t, struct runq *rq, arch_irq_state_t state)
{
    unsigned target = choose_cpu(t, rq);

    if (rq != runq_of(target)) {
        atomic_store(&t->cpu, target);
        spin_unlock_irqoff(&rq->lock);
        /* Nobody else touches it now: it is runnable, but in no queue. */
        rq = runq_of(target);
        spin_lock_irqoff(&rq->lock);
    }
    put_on_cpu(t, target, rq);
    arch_irq_restore(state);
    if (arch_irq_enabled() && arch_current()->preempt_count == 0)
        preempt_check();
}

void thread_wake(struct thread *t)
{
    arch_irq_state_t state = arch_irq_save();
    struct runq *rq;

    /* What it waits for is seen by the time its state is read here: the other half of thread_wait_prepare().
     */
    atomic_thread_fence(memory_order_seq_cst);
    rq = runq_lock_of(t);
    if (atomic_load(&t->state) == THREAD_BLOCKED) {
        atomic_store(&t->state, THREAD_RUNNABLE);
        if (likely(rq->current == t)) {
            wake_current(rq, t);
            arch_irq_restore(state);
            return;
        }
        if (!t->is_queued) {
            wake_blocked(t, rq, state);
            return;
        }
    }
    spin_unlock_irqoff(&rq->lock);
    arch_irq_restore(state);
}
