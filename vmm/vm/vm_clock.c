/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_clock.h"

#include <arch/cpu.h>
#include <core/panic.h>
#include <stdatomic.h>

/*
 * Host timers are one-shots of the core; each of ours wraps one. All (re-)arming of a host timer happens
 * under the clock's lock, which is what timer_arm() asks for. Pausing leaves host timers alone: those that
 * fire while the VM stands still find the clock paused, and resuming arms every one again.
 */

/* Timers beyond 36 years are armed for then, and armed again: the counter's cycles must not overflow. */
#define HOST_FAR_NS (1LL << 60)

static void change_begin(struct vm_clock *clock)
{
    atomic_fetch_add(&clock->sequence, 1);
}

static void change_end(struct vm_clock *clock)
{
    atomic_fetch_add(&clock->sequence, 1);
}

void vm_clock_init(struct vm_clock *clock)
{
    *clock = (struct vm_clock){.is_paused = true};
    spin_init(&clock->lock, LOCK_RANK_CLOCK);
    LIST_INIT(&clock->armed);
}

uint64_t vm_clock_now_ns(const struct vm_clock *clock)
{
    uint32_t before;
    uint64_t now;

    do {
        before = atomic_load_explicit(&clock->sequence, memory_order_acquire);
        if (unlikely(atomic_load_explicit(&clock->is_paused, memory_order_acquire)))
            now = atomic_load_explicit(&clock->paused_at_ns, memory_order_acquire);
        else
            now = clock_now_ns() - atomic_load_explicit(&clock->offset_ns, memory_order_acquire);
        /* The loads above are acquires: this one does not pass them. */
    } while (unlikely(before & 1 || before != atomic_load_explicit(&clock->sequence, memory_order_relaxed)));
    return now;
}

uint64_t vm_clock_at_host_ns(const struct vm_clock *clock, uint64_t host_ns)
{
    int64_t ns = (int64_t)(host_ns - atomic_load_explicit(&clock->offset_ns, memory_order_relaxed));

    return ns > 0 ? (uint64_t)ns : 0;
}

/* Lock held, clock running. */
static void host_timer_arm(struct vm_timer *vm_timer)
{
    uint64_t offset = atomic_load_explicit(&vm_timer->clock->offset_ns, memory_order_relaxed);
    int64_t host_ns;

    /* The offset is negative once a restored VM is older than the host: both are taken as signed. */
    if (vm_timer->deadline_ns > INT64_MAX ||
        __builtin_add_overflow((int64_t)vm_timer->deadline_ns, (int64_t)offset, &host_ns))
        host_ns = INT64_MAX;
    if (unlikely(host_ns > HOST_FAR_NS))
        host_ns = MIN(host_ns, (int64_t)clock_now_ns() + HOST_FAR_NS);
    timer_arm(&vm_timer->timer, host_ns > 0 ? (uint64_t)host_ns : 0);
}

/* Lock held. */
static void disarm(struct vm_timer *vm_timer)
{
    if (!vm_timer->is_armed)
        return;
    vm_timer->is_armed = false;
    LIST_REMOVE(vm_timer, link);
}

/* The host timer's function: interrupt context. */
static void fire(struct timer *timer)
{
    struct vm_timer *vm_timer = container_of(timer, struct vm_timer, timer);
    struct vm_clock *clock = vm_timer->clock;
    bool is_due = false;

    spin_lock_irqoff(&clock->lock);
    if (vm_timer->is_armed && !atomic_load_explicit(&clock->is_paused, memory_order_relaxed)) {
        is_due = vm_timer->deadline_ns <= vm_clock_now_ns(clock);
        if (is_due) {
            disarm(vm_timer);
            atomic_fetch_add(&clock->firing, 1);
        } else {
            host_timer_arm(vm_timer); /* armed for later meanwhile, or later than the host's clock counts */
        }
    }
    spin_unlock_irqoff(&clock->lock);
    if (!is_due)
        return;
    vm_timer->fn(vm_timer);
    atomic_fetch_sub(&clock->firing, 1);
}

void vm_timer_init(struct vm_timer *vm_timer, struct vm_clock *clock, void (*fn)(struct vm_timer *vm_timer))
{
    *vm_timer = (struct vm_timer){.clock = clock, .fn = fn};
    timer_init(&vm_timer->timer, fire);
}

void vm_timer_arm(struct vm_timer *vm_timer, uint64_t deadline_ns)
{
    struct vm_clock *clock = vm_timer->clock;
    arch_irq_state_t state = spin_lock_irqsave(&clock->lock);

    vm_timer->deadline_ns = deadline_ns;
    if (!vm_timer->is_armed) {
        vm_timer->is_armed = true;
        LIST_INSERT_HEAD(&clock->armed, vm_timer, link);
    }
    if (!atomic_load_explicit(&clock->is_paused, memory_order_relaxed))
        host_timer_arm(vm_timer);
    spin_unlock_irqrestore(&clock->lock, state);
}

void vm_timer_cancel(struct vm_timer *vm_timer)
{
    struct vm_clock *clock = vm_timer->clock;
    arch_irq_state_t state = spin_lock_irqsave(&clock->lock);

    /* A periodic fn that is running arms it again: once more then, and nobody is left to do so. */
    do {
        disarm(vm_timer);
        spin_unlock_irqrestore(&clock->lock, state);
        timer_cancel(&vm_timer->timer);
        state = spin_lock_irqsave(&clock->lock);
    } while (vm_timer->is_armed);
    spin_unlock_irqrestore(&clock->lock, state);
}

void vm_clock_pause(struct vm_clock *clock)
{
    arch_irq_state_t state = spin_lock_irqsave(&clock->lock);

    if (!atomic_load(&clock->is_paused)) {
        uint64_t now = vm_clock_now_ns(clock);

        change_begin(clock);
        atomic_store(&clock->paused_at_ns, now);
        atomic_store(&clock->is_paused, true);
        change_end(clock);
    }
    spin_unlock_irqrestore(&clock->lock, state);
    while (atomic_load(&clock->firing) != 0)
        arch_relax();
}

void vm_clock_resume(struct vm_clock *clock)
{
    arch_irq_state_t state = spin_lock_irqsave(&clock->lock);
    struct vm_timer *vm_timer;

    if (atomic_load(&clock->is_paused)) {
        change_begin(clock);
        atomic_store(&clock->offset_ns, clock_now_ns() - atomic_load(&clock->paused_at_ns));
        atomic_store(&clock->is_paused, false);
        change_end(clock);
        LIST_FOREACH (vm_timer, &clock->armed, link)
            host_timer_arm(vm_timer);
    }
    spin_unlock_irqrestore(&clock->lock, state);
}

void vm_clock_set(struct vm_clock *clock, uint64_t now_ns)
{
    arch_irq_state_t state = spin_lock_irqsave(&clock->lock);

    ASSERT(atomic_load(&clock->is_paused));
    change_begin(clock);
    atomic_store(&clock->paused_at_ns, now_ns);
    change_end(clock);
    spin_unlock_irqrestore(&clock->lock, state);
}
