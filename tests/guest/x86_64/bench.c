/* SPDX-License-Identifier: BSD-2-Clause */
/* What a PC's operations cost: ../lib/measure.h. */
#include "../lib/measure.h"

const char guest_name[] = "bench";

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

static uint32_t self; /* APIC id */
/* Written by the interrupt's handler. */
static volatile uint32_t arrived;
static volatile uint64_t arrived_at;

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

static void cpuid_run(void)
{
    (void)cpuid(0, 0);
}

static void rdmsr_run(void)
{
    (void)msr_read(APIC_BASE);
}

static void cr0_run(void)
{
    uint64_t cr0;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 ^ CR0_WP) : "memory");
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
}

static void cr4_run(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 ^ CR4_PGE) : "memory");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

static void pic_in(void)
{
    (void)in8(PIC_MASK);
}

static void pic_out(void)
{
    out8(PIC_MASK, 0xff);
}

static void absent_in(void)
{
    (void)in8(ABSENT_PORT);
}

static void pm_in(void)
{
    (void)in32(PM_TIMER);
}

static void status_in(void)
{
    (void)in8(COM1 + 5);
}

static void uart_out(void)
{
    out8(COM1, '.');
}

static void ecam_read(void)
{
    (void)mmio_read(ECAM);
}

static void ecam_write(void)
{
    mmio_write(ECAM + 0x3c, 0);
}

static void ioapic_select(void)
{
    mmio_write(IOAPIC, 1);
}

static void ioapic_read(void)
{
    (void)mmio_read(IOAPIC + 0x10);
}

static void lapic_read(void)
{
    (void)mmio_read(LAPIC + APIC_ID);
}

static void lapic_write(void)
{
    mmio_write(LAPIC + APIC_TPR, 0);
}

static void lapic_eoi(void)
{
    mmio_write(LAPIC + APIC_EOI, 0);
}

static const struct operation plain_operations[] = {
    {.name = "cpuid", .run = cpuid_run},
    {.name = "hypercall", .run = hypercall},
    {.name = "rdmsr", .run = rdmsr_run},
    {.name = "cr0-wp", .run = cr0_run},
    {.name = "cr4-pge", .run = cr4_run},
    {.name = "in-device", .run = pic_in},
    {.name = "out-device", .run = pic_out},
    {.name = "in-absent", .run = absent_in},
    {.name = "pm-timer", .run = pm_in},
    {.name = "uart-status", .run = status_in},
    {.name = "uart-out", .run = uart_out},
    {.name = "ecam-read", .run = ecam_read},
    {.name = "ecam-write", .run = ecam_write},
    {.name = "ioapic-read", .run = ioapic_read, .prepare = ioapic_select},
    {.name = "lapic-read", .run = lapic_read},
    {.name = "lapic-write", .run = lapic_write},
    {.name = "eoi-mmio", .run = lapic_eoi},
};

static void input_wait(void)
{
    while (!(in8(COM1 + 5) & 1))
        cpu_relax();
}

static void uart_in(void)
{
    (void)in8(COM1);
}

/* Bytes from the console, of which so many must be typed; none: none is measured. */
static void input_bench(void)
{
    unsigned rounds = (unsigned)option("input", 0);

    if (rounds == 0)
        return;
    print("type\n");
    operation_run(&(struct operation){"uart-in", uart_in, input_wait, rounds});
}

static void x2apic_read(void)
{
    (void)apic_read(APIC_TPR);
}

static void x2apic_write(void)
{
    apic_write(APIC_TPR, 0);
}

static void self_ipi_halt(void)
{
    apic_ipi(self, VECTOR);
    wait_irq();
}

static const struct operation x2apic_operations[] = {
    {.name = "x2apic-read", .run = x2apic_read},
    {.name = "x2apic-write", .run = x2apic_write},
    {.name = "eoi-x2apic", .run = apic_eoi},
    {.name = "self-ipi-halt", .run = self_ipi_halt},
};

static void deadline_past(void)
{
    uint32_t before = arrived;

    msr_write(TSC_DEADLINE, tsc_read());
    while (arrived == before)
        ;
}

static uint64_t ahead = 100000;

static void deadline_halt(void)
{
    msr_write(TSC_DEADLINE, tsc_read() + ahead);
    wait_irq();
}

/*
 * A deadline that is over; and a halt until one is. Of that, the time asleep is not cost: the nearest
 * deadline that still finds the CPU asleep tells what goes before, and how late the round ends what comes
 * after.
 */
static void deadline_bench(void)
{
    static const struct operation past = {.name = "deadline-past", .run = deadline_past};
    static const struct operation halt = {.name = "deadline-halt", .run = deadline_halt};
    uint64_t late, near;

    apic_write(APIC_LVT_TIMER, TIMER_DEADLINE | VECTOR);
    irq_on();
    operation_run(&past);
    irq_off();
    if (is_wanted(&halt)) {
        late = take(&halt, 101) - ahead;
        /* One round is all that a tracer wants. */
        for (ahead = near = 20000;
             !option_is("trace", NULL) && near > 100 && take(&halt, 9) <= near + late + 20; ahead = near)
            near -= 20;
        say("deadline-late", late);
        say(halt.name, near + late);
    }
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
}

void ap_run(unsigned index)
{
    (void)index;
    handler_set(); /* what came before has set the table anew */
    for (;;)
        wait_irq();
}

static void pause_a_while(void)
{
    uint64_t start = tsc_read();

    while (tsc_read() - start < 20000)
        cpu_relax();
}

static void ipi_run(void)
{
    uint32_t before = arrived;

    apic_ipi(1, VECTOR);
    while (arrived == before)
        cpu_relax();
}

static void ipi_bench(void)
{
    static const struct operation ipi = {.name = "ipi", .run = ipi_run, .prepare = pause_a_while};

    if (!smp_start(1))
        fail("no second processor");
    else
        operation_run(&ipi);
}

/* Memory above all that the loader and the tests before have touched, 2 MiB by 2 MiB. */
static uintptr_t fresh = 16 * MIB;

static void memory_fresh(void)
{
    mmio_write(fresh, 1);
    fresh += 2 * MIB;
}

/* Makes the host read it: that clears it and does not map it. */
static void memory_clear(void)
{
    uintptr_t source = fresh;

    __asm__ volatile("outsb" : "+S"(source) : "d"(ABSENT_PORT) : "memory");
}

static void memory_bench(void)
{
    uint64_t end = ((uint64_t)memory_upper_kib() << 10) + MIB;
    unsigned rounds = (unsigned)((end - fresh) / (4 * MIB));

    if (end < fresh || rounds == 0)
        return;
    operation_run(&(struct operation){"fault-fresh", memory_fresh, NULL, rounds});
    operation_run(&(struct operation){"fault", memory_fresh, memory_clear, rounds});
}

void guest_run(void)
{
    measure_init();
    handler_set();
    if (option("cpus", 1) > 1) {
        apic_init();
        ipi_bench();
        return;
    }
    RUN_ALL(plain_operations);
    input_bench();
    apic_init();
    self = apic_read(APIC_ID);
    RUN_ALL(x2apic_operations);
    deadline_bench();
    memory_bench();
}
