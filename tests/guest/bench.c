/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's operations cost, for tests/bench. Where the TSC counts executed instructions (an emulator
 * told to do so), the time that an operation takes is its cost, the host's part included. Each line "cost
 * NAME N" is a median, less what taking the time costs; NAME is known to tests/bench/exits.py.
 */
#include "lib/guest.h"

const char guest_name[] = "bench";

#define ROUNDS       501
#define COM1         0x3f8
#define ABSENT_PORT  0x5a0
#define PIC_MASK     0x21
#define PM_TIMER     0x608
#define APIC_BASE    0x1b
#define TSC_DEADLINE 0x6e0
#define ECAM         0xb0000000UL
#define IOAPIC       0xfec00000UL
#define LAPIC        0xfee00000UL
#define VECTOR       0x50
#define CR0_WP       (1UL << 16)
#define CR4_PGE      (1UL << 7)
#define MIB          (1UL << 20)

static uint32_t samples[ROUNDS];
static unsigned count;
static uint64_t overhead;
/* Written by the interrupt's handler. */
static volatile uint32_t arrived;
static volatile uint64_t arrived_at;

static uint64_t median(void)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned k = i; k > 0 && samples[k - 1] > samples[k]; k--) {
            uint32_t other = samples[k];

            samples[k] = samples[k - 1];
            samples[k - 1] = other;
        }
    return samples[count / 2];
}

static void say(const char *name, uint64_t cost)
{
    print("\ncost %s %u\n", name, cost);
}

#define TAKE(rounds, before, op)                         \
    for (count = 0; count < (rounds); count++) {         \
        uint64_t start;                                  \
                                                         \
        before;                                          \
        start = tsc_read();                              \
        op;                                              \
        samples[count] = (uint32_t)(tsc_read() - start); \
    }

#define COST_AFTER(name, before, op)    \
    do {                                \
        TAKE(ROUNDS, before, op)        \
        say(name, median() - overhead); \
    } while (0)

#define COST(name, op) COST_AFTER(name, , op)

static uint32_t mmio_read(uintptr_t address)
{
    uint32_t value;

    __asm__ volatile("movl (%1), %0" : "=a"(value) : "D"(address) : "memory");
    return value;
}

static void mmio_write(uintptr_t address, uint32_t value)
{
    __asm__ volatile("movl %0, (%1)" : : "a"(value), "D"(address) : "memory");
}

static void hypercall(void)
{
    uint64_t number = 100; /* none that anybody knows */

    __asm__ volatile("vmmcall" : "+a"(number) : : "memory");
}

/* The smallest handler there can be: nothing of the guest's own shall hide the cost. */
void bench_interrupt(void);
__asm__(".globl bench_interrupt\n"
        "bench_interrupt:\n"
        "    push %rax\n"
        "    push %rcx\n"
        "    push %rdx\n"
        "    rdtsc\n"
        "    mov %eax, arrived_at(%rip)\n"
        "    mov %edx, 4 + arrived_at(%rip)\n"
        "    incl arrived(%rip)\n"
        "    mov $0x80b, %ecx\n"
        "    xor %eax, %eax\n"
        "    xor %edx, %edx\n"
        "    wrmsr\n"
        "    pop %rdx\n"
        "    pop %rcx\n"
        "    pop %rax\n"
        "    iretq\n");

static void handler_set(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint16_t *base;
    } idt;
    uintptr_t handler = (uintptr_t)bench_interrupt;

    __asm__ volatile("sidt %0" : "=m"(idt));
    idt.base[VECTOR * 8] = (uint16_t)handler;
    idt.base[VECTOR * 8 + 3] = (uint16_t)(handler >> 16);
}

static void instructions_bench(void)
{
    COST("cpuid", cpuid(0, 0));
    COST("hypercall", hypercall());
    COST("rdmsr", msr_read(APIC_BASE));
    COST("cr0-wp", {
        uint64_t cr0;

        __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
        __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 ^ CR0_WP) : "memory");
        __asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
    });
    COST("cr4-pge", {
        uint64_t cr4;

        __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 ^ CR4_PGE) : "memory");
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
    });
}

static void ports_bench(void)
{
    COST("in-device", in8(PIC_MASK));
    COST("out-device", out8(PIC_MASK, 0xff));
    COST("in-absent", in8(ABSENT_PORT));
    COST("pm-timer", in32(PM_TIMER));
    COST("uart-status", in8(COM1 + 5));
    COST("uart-out", out8(COM1, '.'));
}

/* Bytes from the console, of which some must have been typed; none: none is measured. */
static void input_bench(void)
{
    unsigned wanted = (unsigned)option("input", 0);

    if (wanted == 0)
        return;
    print("type\n");
    TAKE(wanted, while (!(in8(COM1 + 5) & 1)) cpu_relax(), in8(COM1))
    say("uart-in", median() - overhead);
}

static void mmio_bench(void)
{
    COST("ecam-read", mmio_read(ECAM));
    COST("ecam-write", mmio_write(ECAM + 0x3c, 0));
    mmio_write(IOAPIC, 1);
    COST("ioapic-read", mmio_read(IOAPIC + 0x10));
    COST("lapic-read", mmio_read(LAPIC + APIC_ID));
    COST("lapic-write", mmio_write(LAPIC + APIC_TPR, 0));
    COST("eoi-mmio", mmio_write(LAPIC + APIC_EOI, 0));
}

static void x2apic_bench(void)
{
    COST("x2apic-read", apic_read(APIC_TPR));
    COST("x2apic-write", apic_write(APIC_TPR, 0));
    COST("eoi-x2apic", apic_eoi());
}

static void self_ipi(void)
{
    uint32_t self = apic_read(APIC_ID);

    COST("self-ipi-halt", {
        apic_ipi(self, VECTOR);
        wait_irq();
    });
}

static uint64_t deadline_round(uint64_t ahead)
{
    TAKE(9, , {
        msr_write(TSC_DEADLINE, tsc_read() + ahead);
        wait_irq();
    })
    return median() - overhead;
}

/*
 * A deadline that is over; and a halt until one is. Of that, the time asleep is not cost: the nearest
 * deadline that still finds the CPU asleep tells what goes before, and how late the round ends what comes
 * after.
 */
static void deadline_bench(void)
{
    uint64_t late, near;

    if (!(cpuid(1, 0).ecx >> 24 & 1))
        return;
    apic_write(APIC_LVT_TIMER, TIMER_DEADLINE | VECTOR);
    irq_on();
    COST("deadline-past", {
        uint32_t before = arrived;

        msr_write(TSC_DEADLINE, tsc_read());
        while (arrived == before)
            ;
    });
    irq_off();
    late = deadline_round(100000) - 100000;
    for (near = 20000; near > 100 && deadline_round(near - 50) - (near - 50) <= late + 20; near -= 50)
        ;
    say("deadline-late", late);
    say("deadline-halt", near + late);
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
}

void ap_run(unsigned index)
{
    (void)index;
    handler_set(); /* what came before has set the table anew */
    for (;;)
        wait_irq();
}

static void ipi_bench(void)
{
    if (!smp_start(1)) {
        fail("no second processor");
        return;
    }
    COST_AFTER("ipi", delay_us(100), {
        uint32_t before = arrived;

        apic_ipi(1, VECTOR);
        while (arrived == before)
            cpu_relax();
    });
}

/* Memory above all that the loader and the tests before have touched, 2 MiB by 2 MiB. */
static void memory_bench(void)
{
    uint64_t end = ((uint64_t)memory_upper_kib() << 10) + MIB;
    uint64_t at = 16 * MIB, middle;

    if (end < at + 16 * MIB)
        return;
    middle = at + (end - at) / 2 / (2 * MIB) * (2 * MIB);
    /* Fresh: the host clears it first. */
    for (count = 0; at < middle && count < ROUNDS; at += 2 * MIB, count++) {
        uint64_t start = tsc_read();

        mmio_write(at, 1);
        samples[count] = (uint32_t)(tsc_read() - start);
    }
    say("fault-fresh", median() - overhead);
    /* Cleared already, because the host itself has read it, but not mapped yet. */
    for (count = 0; at < end && count < ROUNDS; at += 2 * MIB, count++) {
        uint64_t start, source = at;

        __asm__ volatile("outsb" : "+S"(source) : "d"(ABSENT_PORT) : "memory");
        start = tsc_read();
        mmio_write(at + 4096, 1);
        samples[count] = (uint32_t)(tsc_read() - start);
    }
    say("fault", median() - overhead);
}

void guest_run(void)
{
    COST("nothing", );
    overhead = median();
    handler_set();
    if (option("cpus", 1) > 1) {
        apic_init();
        ipi_bench();
        return;
    }
    instructions_bench();
    ports_bench();
    mmio_bench();
    apic_init();
    x2apic_bench();
    self_ipi();
    deadline_bench();
    memory_bench();
    input_bench();
}
