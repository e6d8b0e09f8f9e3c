/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts all processors, lets them answer SGIs, and changes mappings under their eyes. */
#include "../lib/guest.h"

const char guest_name[] = "smp";

#define PING      1
#define STOP      2
#define PROBE_GIB 200 /* where the mapping under test is: above RAM, so nobody needs it */
#define PROBE     ((volatile uint64_t *)((uintptr_t)PROBE_GIB << 30))

static volatile uint32_t pings, done, stop_running;
static volatile uint64_t seen[CPUS_MAX];
static uint64_t pages[2][512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t table[512] __attribute__((aligned(4096)));

static void on_ping(unsigned intid)
{
    (void)intid;
    __atomic_add_fetch(&pings, 1, __ATOMIC_SEQ_CST);
}

static void on_stop(unsigned intid)
{
    (void)intid;
}

void ap_run(unsigned index)
{
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    irq_on();
    while (!stop_running) {
        seen[index] = *PROBE;
        /* Some spin, some sleep. */
        if (index & 1)
            __asm__ volatile("wfi");
        else
            cpu_relax();
    }
    irq_off();
    hvc(PSCI_CPU_OFF, 0, 0, 0);
    fail("CPU_OFF returns");
}

static bool wait_for(volatile uint32_t *value, uint32_t wanted)
{
    for (unsigned i = 0; i < 5000 && *value < wanted; i++)
        delay_us(1000);
    return *value >= wanted;
}

/* Whoever looks while nothing is mapped there looks again. */
static bool on_fault(struct trap *trap)
{
    return ESR_EC(trap->esr) == EC_DATA && trap->far == (uintptr_t)PROBE && ESR_FSC(trap->esr) == 7;
}

/* Break before make: D8.14.1. */
static void probe_map(unsigned page)
{
    table[0] = 0;
    __asm__ volatile("dsb ishst; tlbi vaae1is, %0; dsb ish; isb" : : "r"((uintptr_t)PROBE >> 12) : "memory");
    table[0] = (uintptr_t)pages[page] | PTE_NORMAL | 2;
    __asm__ volatile("dsb ishst; isb" : : : "memory");
}

static void seen_check(unsigned round, unsigned others)
{
    for (unsigned i = 0; i < others; i += 2) {
        uint64_t wanted = 1 + (round & 1);

        for (unsigned tries = 0; tries < 2000 && seen[i] != wanted; tries++)
            delay_us(100);
        expect(seen[i] == wanted, "round %u: processor %u sees the old page", (uint64_t)round, (uint64_t)i);
    }
}

static void ends(unsigned others)
{
    stop_running = 1;
    sgi_send_others(STOP);
    for (unsigned n = 1; n <= others; n++) {
        uint64_t affinity = cpu_affinity(n), state = 0;

        for (unsigned tries = 0; tries < 5000 && state != 1; tries++) {
            state = hvc(PSCI_AFFINITY_INFO, affinity, 0, 0).x[0];
            delay_us(1000);
        }
        expect(state == 1, "processor %u is not off but %x", (uint64_t)n, state);
    }
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1, rounds = (unsigned)option("rounds", 50);

    irq_init();
    fault_handler = on_fault;
    irq_set(PING, on_ping);
    irq_set(STOP, on_stop);
    for (unsigned i = 0; i < 512; i++)
        pages[0][i] = 1, pages[1][i] = 2;
    page_table[PROBE_GIB] = (uintptr_t)middle | 3;
    middle[0] = (uintptr_t)table | 3;
    probe_map(0);
    expect(smp_start(others), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    expect(wait_for(&done, others), "they do not run");
    for (unsigned round = 1; round <= rounds; round++) {
        for (unsigned n = 1; n <= others; n++)
            sgi_send(PING, (uint16_t)(1 << n));
        expect(wait_for(&pings, round * 2 * others - others), "round %u: %u pings", (uint64_t)round,
               (uint64_t)pings);
        sgi_send_others(PING);
        expect(wait_for(&pings, round * 2 * others), "round %u: no broadcast", (uint64_t)round);
        probe_map(round & 1);
        seen_check(round, others);
    }
    ends(others);
}
