/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/time.h>
#include <stdatomic.h>

/* Immutable after clock_init(); before, time stands still at 0. Fixed point with 32 fractional bits. */
static uint64_t origin_cycles;
static uint64_t ns_per_cycle, cycles_per_ns;
static uint64_t hz;

static _Atomic uint64_t wall_origin; /* ns since 1970 UTC at time 0; 0: unknown */

static uint64_t scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)value * factor >> 32);
}

void clock_set_origin(uint64_t cycles)
{
    origin_cycles = cycles;
}

void clock_init(void)
{
    hz = arch_clock_hz();
    cycles_per_ns = (hz / NSEC_PER_SEC << 32) + (hz % NSEC_PER_SEC << 32) / NSEC_PER_SEC;
    ns_per_cycle = (NSEC_PER_SEC << 32) / hz;
}

uint64_t clock_hz(void)
{
    return hz ? hz : 1;
}

uint64_t clock_cycles_to_ns(uint64_t cycles)
{
    return cycles > origin_cycles ? scale(cycles - origin_cycles, ns_per_cycle) : 0;
}

uint64_t clock_cycles_span_ns(uint64_t cycles)
{
    return scale(cycles, ns_per_cycle);
}

/*
 * The two factors are rounded, each by up to 2^-32: over months their product is milliseconds off one, and a
 * timer would fire that much before clock_now_ns() says that it is due, again and again until then. So what
 * the first estimate lacks is added; then rounding up, because a timer must not fire before its time.
 */
uint64_t clock_ns_to_cycles(uint64_t ns)
{
    uint64_t cycles = scale(ns, cycles_per_ns), back = scale(cycles, ns_per_cycle);

    if (ns > back)
        cycles += scale(ns - back, cycles_per_ns) + 1;
    return origin_cycles + cycles + 1;
}

uint64_t clock_now_ns(void)
{
    return clock_cycles_to_ns(arch_clock_cycles());
}

uint64_t clock_wall_at_ns(uint64_t now_ns)
{
    uint64_t origin = atomic_load_explicit(&wall_origin, memory_order_relaxed);

    return origin ? origin + now_ns : 0;
}

uint64_t clock_wall_ns(void)
{
    return clock_wall_at_ns(clock_now_ns());
}

uint64_t clock_wall_seconds(void)
{
    return clock_wall_ns() / NSEC_PER_SEC;
}

void clock_wall_set(uint64_t utc_ns, uint64_t now_ns)
{
    atomic_store_explicit(&wall_origin, utc_ns > now_ns ? utc_ns - now_ns : 0, memory_order_relaxed);
}

void clock_spin_ns(uint64_t ns)
{
    uint64_t deadline = clock_now_ns() + ns;

    while (clock_now_ns() < deadline)
        arch_relax();
}
