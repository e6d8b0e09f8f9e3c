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
#define MEASUREMENTS   5

/* What the counters did in CALIBRATION_MS, or longer. */
struct measurement {
    uint64_t tsc, reference;
    uint32_t lapic;
    uint64_t longest_gap; /* between two looks; cycles */
};

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
        s.lapic = lapic_read(LAPIC_TIMER_CURRENT);
        after = arch_clock_cycles();
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

static struct measurement measure(const struct reference_clock *reference)
{
    uint64_t wanted = reference->hz * CALIBRATION_MS / 1000, last, looked;
    struct measurement m = {0};
    struct sample from, to;

    lapic_write(LAPIC_TIMER_INITIAL, 0xffffffff);
    from = sample_take(reference);
    last = from.reference;
    looked = from.tsc;
    /* Differences are added up, so a counter that wraps meanwhile does no harm. A dead one must not hang us.
     */
    for (uint64_t rounds = 0; m.reference < wanted && rounds < 100000000; rounds++) {
        uint64_t now = reference->read(), cycles = arch_clock_cycles();

        m.reference += (now - last) & reference->mask;
        m.longest_gap = MAX(m.longest_gap, cycles - looked);
        last = now;
        looked = cycles;
        arch_relax();
    }
    to = sample_take(reference);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    m.reference += (to.reference - last) & reference->mask;
    m.longest_gap = MAX(m.longest_gap, to.tsc - looked);
    m.tsc = to.tsc - from.tsc;
    m.lapic = from.lapic - to.lapic;
    return m;
}

/*
 * Whoever keeps us from looking for long (an SMI, a hypervisor below that runs others) does no harm unless it
 * is for so long that a counter wraps, the PM timer's 24 bits in 4.7 s, or that the local APIC's has come to
 * its end: so the shortest of a few counts, one as good as any if no gap makes up most of it.
 */
static struct measurement measure_best(const struct reference_clock *reference)
{
    struct measurement best = measure(reference);

    for (unsigned i = 1; i < MEASUREMENTS && best.longest_gap > best.tsc / 2; i++) {
        struct measurement m = measure(reference);

        if (m.tsc < best.tsc)
            best = m;
    }
    return best;
}

void clock_calibrate(void)
{
    const struct reference_clock *reference = reference_clock_find();
    uint64_t told = tsc_hz_by_cpuid();
    struct measurement m;

    lapic_write(LAPIC_TIMER_DIVIDE, 0xb); /* by 1 */
    lapic_write(LAPIC_LVT_TIMER, LAPIC_LVT_MASKED);
    m = measure_best(reference);
    if (m.reference == 0) {
        log_error("clock: the %s does not count; guessing 1 GHz", reference->name);
        tsc_hz = NSEC_PER_SEC;
        lapic_timer_set_hz(NSEC_PER_SEC);
        return;
    }
    tsc_hz = told ? told : m.tsc * reference->hz / m.reference;
    lapic_timer_set_hz((uint64_t)m.lapic * reference->hz / m.reference);
    log_info("clock: TSC %llu kHz (%s), reference %s", (unsigned long long)tsc_hz / 1000,
             told ? "CPUID" : "calibrated", reference->name);
    if (!cpu_has(CPU_FEATURE_INVARIANT_TSC))
        log_info("clock: the CPU does not promise an invariant TSC");
}
