/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/cpuid.h>
#include <contract/arch.h>
#include <core/log.h>

#include "../irq/lapic.h"
#include "timer.h"

/*
 * One end of a measurement: all three counters, as close together as they can be read. The best of a few
 * tries (the one that took the fewest cycles) is kept, because an SMI or, under emulation, another process
 * can come between.
 */
struct sample {
    uint64_t tsc, reference;
    uint32_t lapic;
};

#define SAMPLE_TRIES   5
#define CALIBRATION_MS 10

static uint64_t tsc_hz; /* immutable after clock_calibrate() */

uint64_t arch_clock_hz(void)
{
    return tsc_hz;
}

static struct sample sample_take(const struct reference_clock *reference)
{
    struct sample best = {0};
    uint64_t best_cost = ~0ULL;

    for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
        struct sample s;
        uint64_t before = arch_clock_cycles(), after;

        s.reference = reference->read();
        after = arch_clock_cycles();
        s.lapic = lapic_read(LAPIC_TIMER_CURRENT);
        s.tsc = before + (after - before) / 2;
        if (after - before < best_cost) {
            best_cost = after - before;
            best = s;
        }
    }
    return best;
}

/* CPUID 15h: TSC = crystal * EBX / EAX (SDM vol. 3B, 20.7.3). 0 if it does not say. */
static uint64_t tsc_hz_by_cpuid(void)
{
    struct cpuid r;

    if (arch_cpuid(0, 0).eax < 0x15)
        return 0;
    r = arch_cpuid(0x15, 0);
    return r.eax && r.ebx && r.ecx ? (uint64_t)r.ecx * r.ebx / r.eax : 0;
}

void clock_calibrate(void)
{
    const struct reference_clock *reference = reference_clock_find();
    uint64_t wanted = reference->hz * CALIBRATION_MS / 1000, passed = 0, last, told = tsc_hz_by_cpuid();
    struct sample from, to;

    lapic_write(LAPIC_TIMER_DIVIDE, 0xb); /* by 1 */
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    lapic_write(LAPIC_TIMER_INITIAL, 0xffffffff);
    from = sample_take(reference);
    last = from.reference;
    /* Differences are added up, so a counter that wraps meanwhile does no harm. A dead one must not hang us.
     */
    for (uint64_t rounds = 0; passed < wanted && rounds < 100000000; rounds++) {
        uint64_t now = reference->read();

        passed += (now - last) & reference->mask;
        last = now;
        arch_relax();
    }
    to = sample_take(reference);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    passed += (to.reference - last) & reference->mask;
    if (passed == 0) {
        log_error("clock: the %s does not count; guessing 1 GHz", reference->name);
        tsc_hz = NSEC_PER_SEC;
        lapic_timer_set_hz(NSEC_PER_SEC);
        return;
    }
    tsc_hz = told ? told : (to.tsc - from.tsc) * reference->hz / passed;
    lapic_timer_set_hz((uint64_t)(from.lapic - to.lapic) * reference->hz / passed);
    log_info("clock: TSC %llu kHz (%s), reference %s", (unsigned long long)tsc_hz / 1000,
             told ? "CPUID" : "calibrated", reference->name);
    if (!cpu_has(CPU_FEATURE_INVARIANT_TSC))
        log_info("clock: the CPU does not promise an invariant TSC");
}
