/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps, time, the local APIC, and further processors. */
#include "guest.h"

#define CODE64     0x08
#define TRAMPOLINE 0x8000
#define APIC_BASE  0x1b
#define PM_TIMER   0x608

struct gate {
    uint16_t low, selector, type, middle;
    uint32_t high, reserved;
};

extern const uint8_t trap_stubs[256][16], trampoline[], trampoline_end[];
volatile uint64_t trap_resume, trap_vector, trap_error, trap_cr2;
volatile uint32_t ap_arrived;
static struct gate idt[256];
static void (*handlers[256])(struct trap *trap);

void trap_handle(struct trap *trap);
void ap_entry(unsigned index);

void trap_handle(struct trap *trap)
{
    if (handlers[trap->vector]) {
        handlers[trap->vector](trap);
        return;
    }
    __asm__ volatile("mov %%cr2, %0" : "=r"(trap_cr2));
    if (trap->vector < 32 && trap_resume) {
        trap_vector = trap->vector;
        trap_error = trap->error;
        trap->rip = trap_resume;
        trap_resume = 0;
        return;
    }
    fail("unexpected vector %u, error %x, rip %x, cr2 %x", trap->vector, trap->error, trap->rip, trap_cr2);
    finish();
}

void trap_set(unsigned vector, void (*fn)(struct trap *trap))
{
    handlers[vector] = fn;
}

void trap_init(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    for (unsigned i = 0; i < 256; i++) {
        uintptr_t address = (uintptr_t)trap_stubs[i];

        idt[i] = (struct gate){(uint16_t)address, CODE64, 0x8e00, (uint16_t)(address >> 16), 0, 0};
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

unsigned msr_try_read(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0;

    TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
    *value = (uint64_t)high << 32 | low;
    return (unsigned)trap_vector;
}

unsigned msr_try_write(uint32_t msr, uint64_t value)
{
    TRY("wrmsr", : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
    return (unsigned)trap_vector;
}

uint32_t pm_timer(void)
{
    return in32(PM_TIMER) & 0xffffff;
}

void delay_us(uint32_t us)
{
    uint64_t left = (uint64_t)us * PM_TIMER_HZ / 1000000 + 1;

    for (uint32_t last = pm_timer(), now; left; last = now) {
        uint32_t passed;

        cpu_relax();
        now = pm_timer();
        passed = (now - last) & 0xffffff;
        left = passed >= left ? 0 : left - passed;
    }
}

uint64_t tsc_measure(uint32_t us)
{
    uint32_t start = pm_timer(), passed;
    uint64_t tsc = tsc_read();

    delay_us(us);
    passed = (pm_timer() - start) & 0xffffff;
    return (tsc_read() - tsc) * PM_TIMER_HZ / passed;
}

/* The PM timer wraps after 4.7 s, and the machine may stand still for longer: twice the same is no accident.
 */
uint64_t tsc_hz(void)
{
    static uint64_t hz;

    for (unsigned tries = 0; hz == 0 && tries < 50; tries++) {
        uint64_t one = tsc_measure(25000), other = tsc_measure(25000);

        if (one > other / 100 * 98 && one < other / 100 * 102)
            hz = other;
    }
    if (hz == 0)
        fail("the TSC has another rate each time");
    return hz ? hz : 1;
}

void apic_init(void)
{
    msr_write(APIC_BASE, msr_read(APIC_BASE) | 0xc00);
    apic_write(APIC_SVR, 0x1ff);
    apic_write(APIC_TPR, 0);
}

void irq_init(void)
{
    apic_init();
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

void apic_ipi(uint32_t target, uint32_t command)
{
    msr_write(X2APIC(APIC_ICR), (uint64_t)target << 32 | command);
}

__attribute__((weak)) void ap_run(unsigned index)
{
    (void)index;
}

void ap_entry(unsigned index)
{
    trap_init();
    apic_init();
    ap_run(index);
}

bool smp_start(unsigned count)
{
    memcpy((void *)TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
    apic_ipi(0, ICR_OTHERS | ICR_INIT);
    delay_us(10000);
    apic_ipi(0, ICR_OTHERS | ICR_SIPI | TRAMPOLINE >> 12);
    for (unsigned i = 0; i < 5000 && ap_arrived < count; i++)
        delay_us(1000);
    return ap_arrived == count;
}
