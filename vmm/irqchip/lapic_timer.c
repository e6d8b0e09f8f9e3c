/* SPDX-License-Identifier: BSD-2-Clause */
#include "../dev/device.h"
#include "lapic.h"

#include <arch/clock.h>

/*
 * The local APIC's timer: SDM vol. 3A, 11.5.4. deadline_ns is the truth; the host's timer only says when to
 * look at it, on whatever CPU. The vCPU's thread stores a deadline and then arms; the timer advances the
 * deadline by CAS, arms, and looks whether the deadline is still its own. Disarming only clears the deadline:
 * the host's timer then fires for nothing at most once, which costs less than taking it out each time.
 */

/*
 * A periodic timer must not keep a host CPU in its timer interrupt; faster ones are slowed down to this, as
 * KVM does. One-shot timers need the guest's work for each interrupt and have no limit.
 */
#define PERIOD_MIN_NS 200000ULL
#define PERIOD_MAX_NS (1ULL << (32 + 7)) /* all that the count and the divider can say */

/* SDM vol. 3A, figure 11-10: 0b0000 divides by 2, ... 0b1010 by 128, 0b1011 by 1. */
static unsigned divide_shift(uint32_t divide)
{
    return ((divide & 3) + (divide >> 1 & 4) + 1) & 7;
}

static uint32_t timer_mode(const struct lapic *lapic)
{
    return atomic_load_explicit(&lapic->lvt[LVT_TIMER], memory_order_relaxed) & LVT_TIMER_MODE;
}

static uint64_t now_ns(const struct lapic *lapic)
{
    return vm_clock_now_ns(lapic->timer.clock);
}

/* Whoever arms last looks last: see above. */
static void host_timer_arm(struct lapic *lapic, uint64_t deadline)
{
    while (deadline != 0) {
        uint64_t current;

        vm_timer_arm(&lapic->timer, deadline);
        current = atomic_load(&lapic->deadline_ns);
        if (current == deadline)
            return;
        deadline = current;
    }
}

static void deadline_set(struct lapic *lapic, uint64_t deadline)
{
    atomic_store(&lapic->deadline_ns, deadline);
    if (deadline != 0)
        vm_timer_arm(&lapic->timer, deadline);
}

/* From the deadline that has passed, so that nothing drifts; those that were missed count as one. */
static uint64_t next_deadline(uint64_t deadline, uint64_t period, uint64_t now)
{
    uint64_t late = now - deadline;

    return deadline + period + (unlikely(late >= period) ? late / period * period : 0);
}

/* Interrupt context of any CPU. */
static void timer_expire(struct vm_timer *vm_timer)
{
    struct lapic *lapic = container_of(vm_timer, struct lapic, timer);
    uint64_t deadline = atomic_load(&lapic->deadline_ns), next;
    uint64_t now = now_ns(lapic);

    do {
        uint64_t period = atomic_load_explicit(&lapic->period_ns, memory_order_relaxed);

        if (deadline == 0)
            return;
        if (deadline > now) {
            host_timer_arm(lapic, deadline);
            return;
        }
        next = timer_mode(lapic) == LVT_PERIODIC && period != 0 ? next_deadline(deadline, period, now) : 0;
    } while (!atomic_compare_exchange_strong(&lapic->deadline_ns, &deadline, next));
    if (lapic_lvt_raise(lapic, LVT_TIMER))
        vcpu_kick(lapic->vcpu);
    host_timer_arm(lapic, next);
}

/* --- registers --- */

void lapic_timer_initial_set(struct lapic *lapic, uint32_t value)
{
    uint64_t period = (uint64_t)value << divide_shift(lapic->timer_divide);

    if (timer_mode(lapic) == LVT_DEADLINE)
        return;
    lapic->timer_initial = value;
    atomic_store(&lapic->period_ns, MAX(period, PERIOD_MIN_NS));
    if (timer_mode(lapic) == LVT_PERIODIC && value != 0)
        period = MAX(period, PERIOD_MIN_NS);
    deadline_set(lapic, value != 0 ? now_ns(lapic) + period : 0);
}

uint32_t lapic_timer_current(const struct lapic *lapic)
{
    uint64_t deadline = atomic_load(&lapic->deadline_ns), now, left;
    unsigned shift = divide_shift(lapic->timer_divide);

    if (deadline == 0 || timer_mode(lapic) == LVT_DEADLINE)
        return 0;
    now = now_ns(lapic);
    if (deadline > now) {
        left = deadline - now;
    } else if (timer_mode(lapic) == LVT_PERIODIC) {
        left = next_deadline(deadline, atomic_load(&lapic->period_ns), now) - now;
    } else {
        return 0;
    }
    left = (left + (1U << shift) - 1) >> shift;
    return (uint32_t)MIN(left, lapic->timer_initial);
}

/* The count goes on from where it is, at the new pace. */
void lapic_timer_divide_set(struct lapic *lapic, uint32_t value)
{
    uint64_t left = lapic_timer_current(lapic), period;
    unsigned shift;

    lapic->timer_divide = value & 0xb;
    if (timer_mode(lapic) == LVT_DEADLINE)
        return;
    shift = divide_shift(lapic->timer_divide);
    period = (uint64_t)lapic->timer_initial << shift;
    atomic_store(&lapic->period_ns, MAX(period, PERIOD_MIN_NS));
    if (left != 0)
        deadline_set(lapic, now_ns(lapic) + (left << shift));
}

/* Into and out of TSC-deadline mode disarms (11.5.4.1); between the other two the count goes on. */
void lapic_timer_lvt_set(struct lapic *lapic, uint32_t value)
{
    uint32_t before = timer_mode(lapic);

    if (before != (value & LVT_TIMER_MODE) &&
        (before == LVT_DEADLINE || (value & LVT_TIMER_MODE) == LVT_DEADLINE)) {
        deadline_set(lapic, 0);
        lapic->timer_initial = 0;
        lapic->tsc_deadline = 0;
        atomic_store(&lapic->period_ns, 0);
    }
    atomic_store(&lapic->lvt[LVT_TIMER], value);
}

/* VM time at which the guest's TSC has certainly reached `tsc`: never early, up to three nanoseconds late. */
static uint64_t tsc_to_ns(const struct lapic *lapic, uint64_t tsc)
{
    int64_t offset = (int64_t)lapic->tsc_offset;
    uint64_t counter = tsc - lapic->tsc_offset;
    unsigned __int128 ns;

    /* The offset is negative for guests whose TSC began at 0. */
    if (offset >= 0 && tsc <= (uint64_t)offset)
        return 0;
    if (offset < 0 && counter < tsc)
        return ~0ULL;
    ns = ((unsigned __int128)counter * lapic->ns_per_cycle >> 32) + 2;
    if (ns >> 63 != 0)
        return ~0ULL;
    if (ns <= lapic->tsc_origin_ns)
        return 0;
    return vm_clock_at_host_ns(lapic->timer.clock, (uint64_t)ns - lapic->tsc_origin_ns);
}

void lapic_timer_deadline_set(struct lapic *lapic, uint64_t tsc)
{
    uint64_t deadline;

    if (timer_mode(lapic) != LVT_DEADLINE)
        return;
    lapic->tsc_deadline = tsc;
    if (tsc == 0) {
        deadline_set(lapic, 0);
        return;
    }
    /* What the counter that the guest reads has passed is over, whatever VM time that was. */
    if (tsc > arch_clock_cycles() + lapic->tsc_offset) {
        deadline = tsc_to_ns(lapic, tsc);
        if (deadline > now_ns(lapic)) {
            deadline_set(lapic, deadline);
            return;
        }
    }
    atomic_store(&lapic->deadline_ns, 0);
    lapic_lvt_raise(lapic, LVT_TIMER);
}

uint64_t lapic_timer_deadline(const struct lapic *lapic)
{
    bool is_armed = timer_mode(lapic) == LVT_DEADLINE && atomic_load(&lapic->deadline_ns) != 0;

    return is_armed ? lapic->tsc_deadline : 0;
}

void lapic_tsc_set(struct lapic *lapic, uint64_t tsc_hz, uint64_t tsc_offset)
{
    lapic->tsc_offset = tsc_offset;
    /* Rounded like the host clock's own factor, so that both agree over any uptime. */
    lapic->ns_per_cycle = (NSEC_PER_SEC << 32) / MAX(tsc_hz, 1);
    lapic->tsc_origin_ns = clock_cycles_span_ns(clock_ns_to_cycles(0) - 1);
    if (lapic_timer_deadline(lapic) != 0)
        lapic_timer_deadline_set(lapic, lapic->tsc_deadline);
}

/* --- life --- */

void lapic_timer_init(struct lapic *lapic, struct vm_clock *clock)
{
    vm_timer_init(&lapic->timer, clock, timer_expire);
    lapic_tsc_set(lapic, clock_hz(), 0);
}

void lapic_timer_stop(struct lapic *lapic)
{
    atomic_store(&lapic->deadline_ns, 0);
    vm_timer_cancel(&lapic->timer);
}

void lapic_timer_reset(struct lapic *lapic)
{
    atomic_store(&lapic->deadline_ns, 0);
    atomic_store(&lapic->period_ns, 0);
    lapic->tsc_deadline = 0;
    lapic->timer_initial = lapic->timer_divide = 0;
}

void lapic_timer_save(const struct lapic *lapic, struct state_writer *writer)
{
    state_put_u32(writer, lapic->timer_initial);
    state_put_u32(writer, lapic->timer_divide);
    state_put_u64(writer, lapic->tsc_deadline);
    state_put_u64(writer, atomic_load(&lapic->period_ns));
    state_put_u64(writer, atomic_load(&lapic->deadline_ns));
}

/* A TSC deadline goes by the VM time it was saved with until lapic_tsc_set() tells what the TSC is here. */
void lapic_timer_load(struct lapic *lapic, struct state_reader *reader)
{
    uint64_t period, deadline;

    lapic->timer_initial = state_get_u32(reader);
    lapic->timer_divide = state_get_u32(reader) & 0xb;
    lapic->tsc_deadline = state_get_u64(reader);
    period = state_get_u64(reader);
    deadline = state_get_u64(reader);
    atomic_store(&lapic->period_ns, MIN(MAX(period, PERIOD_MIN_NS), PERIOD_MAX_NS));
    deadline_set(lapic, deadline);
}
