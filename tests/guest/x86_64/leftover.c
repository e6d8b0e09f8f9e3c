/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends with interrupts in service, requested and on their way in every controller there is, and with NMIs in
 * hand; at its beginning none of that may be there, whatever was before.
 */
#include "../lib/guest.h"

const char guest_name[] = "leftover";

#define PIT   0x20
#define BELOW 0x50
#define TIMER 0x60
#define RTC   0x70

#define APIC_ISR 0x100
#define APIC_TMR 0x180
#define APIC_IRR 0x200

#define IOAPIC        ((volatile uint32_t *)0xfec00000)
#define IOAPIC_MASKED 0x10000
#define IOAPIC_LEVEL  0x8000
#define EXTINT        0x700
#define RTC_PIN       8
#define COM1          0x3f8

static volatile unsigned seen[256];
static bool is_ending;

static uint32_t ioapic_read(unsigned index)
{
    IOAPIC[0] = index;
    return IOAPIC[4];
}

static void ioapic_write(unsigned index, uint32_t value)
{
    IOAPIC[0] = index;
    IOAPIC[4] = value;
}

/* Whatever it is, it is not acknowledged. */
static void on_interrupt(struct trap *trap)
{
    seen[trap->vector]++;
}

static void on_nmi(struct trap *trap)
{
    seen[trap->vector]++;
    if (!is_ending)
        return;
    apic_ipi(0, ICR_NMI); /* waits for the IRET that does not come */
    print("stuck\n");
    for (;;) {
        while (!(in8(COM1 + 5) & 1))
            cpu_relax();
        if (in8(COM1) == 'e')
            finish();
    }
}

static void controllers_check(void)
{
    for (unsigned i = 0; i < 0x80; i += 0x10) {
        expect(apic_read(APIC_ISR + i) == 0, "ISR %u: %x", i / 0x10, apic_read(APIC_ISR + i));
        expect(apic_read(APIC_IRR + i) == 0, "IRR %u: %x", i / 0x10, apic_read(APIC_IRR + i));
        expect(apic_read(APIC_TMR + i) == 0, "TMR %u: %x", i / 0x10, apic_read(APIC_TMR + i));
    }
    expect(apic_read(APIC_TPR) == 0, "TPR: %x", apic_read(APIC_TPR));
    expect(apic_read(APIC_LVT_TIMER) == LVT_MASKED, "timer: %x", apic_read(APIC_LVT_TIMER));
    expect(apic_read(APIC_TIMER_CURRENT) == 0, "timer's count: %x", apic_read(APIC_TIMER_CURRENT));
    for (unsigned pin = 0; pin < 24; pin++)
        expect(ioapic_read(0x10 + 2 * pin) == IOAPIC_MASKED, "IOAPIC pin %u: %x", pin,
               ioapic_read(0x10 + 2 * pin));
    out8(0x20, 0x0b);
    out8(0xa0, 0x0b);
    expect(in8(0x20) == 0 && in8(0xa0) == 0, "the PIC has something in service");
    expect(in8(0x21) == 0xff && in8(0xa1) == 0xff, "the PIC is not masked");
}

/* Nothing comes by itself, and what is asked for does. */
static void arrivals_check(void)
{
    irq_on();
    delay_us(20000);
    irq_off();
    for (unsigned vector = 0; vector < 256; vector++)
        expect(seen[vector] == 0, "vector %x comes by itself", vector);
    apic_ipi(0, ICR_NMI);
    delay_us(1000);
    expect(seen[2] == 1, "%u NMIs", seen[2]);
    seen[2] = 0;
}

static void wait_for(unsigned vector)
{
    irq_on();
    while (seen[vector] == 0)
        cpu_relax();
    irq_off();
}

static void pit_leave(void)
{
    static const uint8_t words[] = {0x11, PIT, 4, 1, 0xfe}; /* ICW1 to ICW4, all but IRQ0 masked */

    out8(0x20, words[0]);
    for (unsigned i = 1; i < sizeof(words); i++)
        out8(0x21, words[i]);
    apic_write(APIC_LVT_LINT0, EXTINT);
    out8(0x43, 0x34);
    out8(0x40, 11932 & 0xff);
    out8(0x40, 11932 >> 8);
    wait_for(PIT);
}

static void rtc_leave(void)
{
    ioapic_write(0x11 + 2 * RTC_PIN, 0);
    ioapic_write(0x10 + 2 * RTC_PIN, RTC | IOAPIC_LEVEL);
    out8(0x70, 0x0b);
    out8(0x71, 0x42); /* periodic */
    wait_for(RTC);
}

void guest_run(void)
{
    apic_init();
    controllers_check();
    trap_set(2, on_nmi);
    for (unsigned vector = 32; vector < 256; vector++)
        trap_set(vector, on_interrupt);
    arrivals_check();
    pit_leave();
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_LVT_TIMER, TIMER_PERIODIC | TIMER);
    apic_write(APIC_TIMER_INITIAL, 100000);
    wait_for(TIMER);
    apic_ipi(0, BELOW);
    rtc_leave();
    apic_write(APIC_LVT_LINT1, LVT_NMI);
    is_ending = true;
    apic_ipi(0, ICR_NMI);
    for (;;)
        cpu_relax();
}
