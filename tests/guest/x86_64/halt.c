/* SPDX-License-Identifier: BSD-2-Clause */
/* HLT wakes for an interrupt, once and again, and not for a masked one. */
#include "../lib/guest.h"

const char guest_name[] = "halt";

#define VECTOR 0x41

static volatile unsigned ticks;

static void on_timer(struct trap *trap)
{
    (void)trap;
    ticks++;
    apic_eoi();
}

void guest_run(void)
{
    uint64_t rflags;

    apic_init();
    trap_set(VECTOR, on_timer);
    apic_write(APIC_LVT_TIMER, TIMER_ONE_SHOT | VECTOR);
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    for (unsigned i = 1; i <= 200; i++) {
        apic_write(APIC_TIMER_INITIAL, i * 100);
        wait_irq();
        expect(ticks == i, "woken %u times, at %u", (uint64_t)ticks, (uint64_t)i);
    }
    /* Already pending when HLT is reached: STI's shadow must not let it slip in between. */
    for (unsigned i = 1; i <= 200; i++) {
        apic_ipi(apic_read(APIC_ID), VECTOR);
        wait_irq();
        expect(ticks == 200 + i, "pending: woken %u times, at %u", (uint64_t)ticks, (uint64_t)i);
    }
    /* A priority that masks it: no wake-up until something else comes. */
    apic_write(APIC_TPR, 0x50);
    apic_ipi(apic_read(APIC_ID), VECTOR);
    irq_on();
    delay_us(2000);
    irq_off();
    expect(ticks == 400, "an interrupt below the task priority comes through");
    apic_write(APIC_TPR, 0);
    irq_on();
    cpu_relax();
    irq_off();
    expect(ticks == 401, "it is lost");
    __asm__ volatile("pushf; pop %0" : "=r"(rflags));
    expect(!(rflags & 0x200), "interrupts are on");
}
