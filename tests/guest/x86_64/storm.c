/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits without end, of all kinds, on all processors, interrupts off: a neighbour that is only noisy. */
#include "../lib/guest.h"

const char guest_name[] = "storm";

void ap_run(unsigned index)
{
    volatile uint32_t *hole = (volatile uint32_t *)(0xd0000000 + 64UL * index);

    for (;;) {
        (void)cpuid(0, 0);
        out8(0x80, 0);
        (void)*hole;
        *(volatile uint32_t *)0xb0000000 = 0;
        (void)pm_timer();
        apic_ipi(0, ICR_OTHERS | 0x55);
    }
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1;

    apic_init();
    if (others && !smp_start(others))
        fail("%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    print("ready\n");
    ap_run(0);
}
