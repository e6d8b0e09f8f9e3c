/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/percpu.h>
#include <core/sync.h>
#include <core/time.h>
#include <sys/tree.h>

/* A CPU's armed timers, by deadline. */
RB_HEAD(timer_tree, timer);

struct timer_queue {
    struct spinlock lock;
    struct timer_tree tree;        /* lock */
    struct timer *first;           /* lock: the leftmost */
    struct timer *_Atomic running; /* whose fn is being called; written by the CPU itself */
};

static DEFINE_PERCPU(struct timer_queue, timers) = {.lock = SPINLOCK_INIT(LOCK_RANK_TIMER)};

/* Equal deadlines are told apart by address: any order will do, as long as it is one. */
static int timer_compare(const struct timer *a, const struct timer *b)
{
    if (a->deadline_ns != b->deadline_ns)
        return a->deadline_ns < b->deadline_ns ? -1 : 1;
    return (uintptr_t)a<(uintptr_t)b ? -1 : (uintptr_t)a>(uintptr_t) b;
}

RB_GENERATE_STATIC(timer_tree, timer, node, timer_compare)

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
    *timer = (struct timer){.fn = fn};
}

static void remove(struct timer_queue *q, struct timer *timer)
{
    if (q->first == timer)
        q->first = RB_NEXT(timer_tree, &q->tree, timer);
    RB_REMOVE(timer_tree, &q->tree, timer);
    timer->is_armed = false;
}

/* Locks the queue that the timer is in, or would be; interrupts off. */
static struct timer_queue *lock_queue_of(struct timer *timer)
{
    for (;;) {
        unsigned cpu = __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED);
        struct timer_queue *q = percpu_ptr(timers, cpu);

        spin_lock_irqoff(&q->lock);
        if (timer->cpu == cpu)
            return q;
        spin_unlock_irqoff(&q->lock);
    }
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
    arch_irq_state_t state = arch_irq_save();
    struct timer_queue *q = lock_queue_of(timer);
    unsigned self = cpu_id();

    if (timer->is_armed)
        remove(q, timer);
    /*
     * While its fn runs on the other CPU it stays in that one's queue, which is looked at again right after:
     * timer_cancel() waits for the fn only there.
     */
    if (timer->cpu != self && q->running != timer) {
        __atomic_store_n(&timer->cpu, self, __ATOMIC_RELAXED);
        spin_unlock_irqoff(&q->lock);
        q = this_cpu_ptr(timers);
        spin_lock_irqoff(&q->lock);
    }
    timer->deadline_ns = deadline_ns;
    timer->is_armed = true;
    RB_INSERT(timer_tree, &q->tree, timer);
    if (q->first == NULL || timer_compare(timer, q->first) < 0) {
        q->first = timer;
        if (timer->cpu == self)
            arch_timer_arm(clock_ns_to_cycles(deadline_ns));
    }
    spin_unlock_irqoff(&q->lock);
    arch_irq_restore(state);
}

void timer_cancel(struct timer *timer)
{
    for (;;) {
        arch_irq_state_t state = arch_irq_save();
        struct timer_queue *q = lock_queue_of(timer);
        bool is_running;

        if (timer->is_armed)
            remove(q, timer);
        is_running = q->running == timer;
        spin_unlock_irqoff(&q->lock);
        arch_irq_restore(state);
        if (!is_running)
            return;
        arch_relax();
    }
}

void timer_interrupt(void)
{
    struct timer_queue *q = this_cpu_ptr(timers);

    spin_lock_irqoff(&q->lock);
    while (q->first != NULL && q->first->deadline_ns <= clock_now_ns()) {
        struct timer *timer = q->first;

        remove(q, timer);
        q->running = timer;
        spin_unlock_irqoff(&q->lock);
        timer->fn(timer);
        spin_lock_irqoff(&q->lock);
        q->running = NULL;
    }
    if (q->first != NULL)
        arch_timer_arm(clock_ns_to_cycles(q->first->deadline_ns));
    spin_unlock_irqoff(&q->lock);
}
