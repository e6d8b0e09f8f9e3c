/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for one NMI from outside (LINT1), asleep with interrupts off as nothing else would wake it. */
#include "../lib/guest.h"

const char guest_name[] = "nmi";

static volatile unsigned nmis;

static void on_nmi(struct trap *trap)
{
    (void)trap;
    nmis++;
}

void guest_run(void)
{
    trap_set(2, on_nmi);
    apic_init();
    apic_write(APIC_LVT_LINT1, LVT_NMI);
    print("ready\n");
    while (nmis == 0)
        __asm__ volatile("cli; hlt");
    delay_us(20000);
    expect(nmis == 1, "%u NMIs", (uint64_t)nmis);
}
