/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts all processors, lets them answer IPIs, and changes mappings under their eyes. */
#include "../lib/guest.h"

const char guest_name[] = "smp";

#define PING     0x60
#define SHOOT    0x61
#define CPUS_MAX 64
#define PROBE    0xc0000000 /* where the mapping under test is: above RAM, so nobody needs it */

extern uint64_t page_tables[];
static volatile uint32_t pings, shots, done, stop_running;
static volatile uint64_t seen[CPUS_MAX];
static uint32_t ids[CPUS_MAX];
static uint64_t pages[2][512] __attribute__((aligned(4096)));
static uint64_t table[512] __attribute__((aligned(4096)));

static void on_ping(struct trap *trap)
{
    (void)trap;
    __atomic_add_fetch(&pings, 1, __ATOMIC_SEQ_CST);
    apic_eoi();
}

static void on_shoot(struct trap *trap)
{
    (void)trap;
    __asm__ volatile("invlpg (%0)" : : "r"((uint64_t)PROBE) : "memory");
    __atomic_add_fetch(&shots, 1, __ATOMIC_SEQ_CST);
    apic_eoi();
}

void ap_run(unsigned index)
{
    ids[index] = apic_read(APIC_ID);
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    irq_on();
    while (!stop_running) {
        seen[index] = *(volatile uint64_t *)PROBE;
        /* Some spin, some sleep. */
        if (index & 1)
            __asm__ volatile("hlt");
        else
            cpu_relax();
    }
    irq_off();
}

static bool wait_for(volatile uint32_t *value, uint32_t wanted)
{
    for (unsigned i = 0; i < 5000 && *value < wanted; i++)
        delay_us(1000);
    return *value >= wanted;
}

static void probe_map(unsigned page)
{
    table[0] = (uintptr_t)pages[page] | 3;
    __asm__ volatile("invlpg (%0)" : : "r"((uint64_t)PROBE) : "memory");
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1, rounds = (unsigned)option("rounds", 50);

    apic_init();
    trap_set(PING, on_ping);
    trap_set(SHOOT, on_shoot);
    for (unsigned i = 0; i < 512; i++)
        pages[0][i] = 1, pages[1][i] = 2;
    page_tables[(0x2000 + 3 * 0x1000) / 8] = (uintptr_t)table | 3;
    probe_map(0);
    expect(smp_start(others), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    expect(wait_for(&done, others), "they do not run");
    for (unsigned i = 0; i < others; i++)
        for (unsigned j = 0; j < i; j++)
            expect(ids[i] != ids[j], "two processors with APIC id %u", (uint64_t)ids[i]);
    for (unsigned round = 1; round <= rounds; round++) {
        for (unsigned i = 0; i < others; i++)
            apic_ipi(ids[i], PING);
        expect(wait_for(&pings, round * others), "round %u: %u pings", (uint64_t)round, (uint64_t)pings);
        probe_map(round & 1);
        apic_ipi(0, ICR_OTHERS | SHOOT);
        expect(wait_for(&shots, round * others), "round %u: %u shoot-downs", (uint64_t)round,
               (uint64_t)shots);
        apic_ipi(0, ICR_OTHERS | PING);
        expect(wait_for(&pings, round * others + others), "round %u: no broadcast", (uint64_t)round);
        pings -= others;
        delay_us(200);
        for (unsigned i = 0; i < others; i += 2) {
            uint64_t wanted = 1 + (round & 1);

            for (unsigned tries = 0; tries < 2000 && seen[i] != wanted; tries++)
                delay_us(100);
            expect(seen[i] == wanted, "round %u: processor %u sees the old page", (uint64_t)round,
                   (uint64_t)i);
        }
    }
    stop_running = 1;
    apic_ipi(0, ICR_OTHERS | PING);
}
