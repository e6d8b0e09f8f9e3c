/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <contract/arch.h>

#include "../irq/lapic.h"
#include "../irq/vectors.h"
#include "timer.h"

/* Timer ticks per counter cycle, 32 fractional bits; immutable after calibration. */
static uint64_t ticks_per_cycle;

void lapic_timer_set_hz(uint64_t hz)
{
    uint64_t tsc_hz = arch_clock_hz();

    ticks_per_cycle = (hz / tsc_hz << 32) + (hz % tsc_hz << 31) / tsc_hz * 2;
}

void lapic_timer_cpu_init(void)
{
    if (cpu_has(CPU_FEATURE_TSC_DEADLINE)) {
        lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | LAPIC_LVT_TSC_DEADLINE);
        /* The mode must be in place before the first deadline: SDM vol. 3A, 11.5.4.1. */
        __asm__ volatile("mfence" ::: "memory");
    } else {
        lapic_write(LAPIC_TIMER_DIVIDE, 0xb);
        lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
    }
}

void arch_timer_arm(uint64_t cycles)
{
    uint64_t now, ticks;

    if (cpu_has(CPU_FEATURE_TSC_DEADLINE)) {
        arch_wrmsr(MSR_TSC_DEADLINE, cycles ? cycles : 1);
        return;
    }
    now = arch_clock_cycles();
    if (cycles <= now)
        ticks = 1;
    else
        ticks = (uint64_t)((unsigned __int128)(cycles - now) * ticks_per_cycle >> 32) + 1;
    /* Too far away for the counter: it fires early, finds nothing due and is armed again. */
    lapic_write(LAPIC_TIMER_INITIAL, ticks > 0xffffffff ? 0xffffffff : (uint32_t)ticks);
}

void arch_timer_disarm(void)
{
    if (cpu_has(CPU_FEATURE_TSC_DEADLINE))
        arch_wrmsr(MSR_TSC_DEADLINE, 0);
    else
        lapic_write(LAPIC_TIMER_INITIAL, 0);
}
