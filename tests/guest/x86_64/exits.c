/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exits that there are most of, many of each: once to warm up, and again each time it is told to, until
 * it is told to end. How often the host's interrupts come in between is up to the host and what else it has
 * to do.
 */
#include "../lib/guest.h"

const char guest_name[] = "exits";

#define TSC_DEADLINE 0x6e0
#define COM1         0x3f8
#define TIMER        0x60
#define LATER        0x61
#define ROUNDS       1500
#define IOAPIC       ((volatile uint32_t *)0xfec00000)
#define ECAM         ((volatile uint32_t *)0xb0000000)
#define NOBODY       ((volatile uint32_t *)0xd0000000)

static volatile uint32_t ticks, later;
static volatile uint32_t sink;

static void on_timer(struct trap *trap)
{
    (void)trap;
    ticks++;
    apic_eoi();
}

static void on_later(struct trap *trap)
{
    (void)trap;
    later++;
    apic_eoi();
}

static void hypercall(void)
{
    uint64_t result = 100; /* no call that there is */

    __asm__ volatile("vmmcall" : "+a"(result) : : "rbx", "rcx", "rdx", "memory");
}

static void ports(void)
{
    sink = in8(COM1 + 5);
    out8(COM1 + 7, 5);
    sink = pm_timer();
    out32(0xcf8, 0x80000000);
    sink = in32(0xcfc);
    out8(0x80, 1); /* nobody's */
}

static void mmio(void)
{
    IOAPIC[0] = 1;
    sink = IOAPIC[4];
    sink = ECAM[0];
    sink = NOBODY[0];
    NOBODY[1] = 1;
}

/* An interrupt that comes while it cannot be taken: the host waits for the window. */
static void window(void)
{
    uint32_t before = later;

    irq_off();
    apic_ipi(0, LATER);
    irq_on();
    while (later == before)
        cpu_relax();
}

/* The host's timer fires while its CPU is in the guest, unless the deadline has passed before the guest is
 * entered. */
static void timer(void)
{
    uint32_t before = ticks;

    msr_write(TSC_DEADLINE, tsc_read() + tsc_hz() / 10000);
    while (ticks == before)
        cpu_relax();
}

static void all(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        sink = cpuid(0, 0).eax;
        hypercall();
        ports();
        mmio();
        window();
        timer();
    }
}

static char listen(void)
{
    while (!(in8(COM1 + 5) & 1))
        cpu_relax();
    return (char)in8(COM1);
}

void guest_run(void)
{
    apic_init();
    apic_write(APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);
    trap_set(TIMER, on_timer);
    trap_set(LATER, on_later);
    irq_on();
    all();
    print("warm\n");
    while (listen() == 'g') {
        all();
        print("done\n");
    }
    irq_off();
}
