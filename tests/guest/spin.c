/* SPDX-License-Identifier: BSD-2-Clause */
/* Never lets anybody in: interrupts off, no exit of its own. With cpus=N on all of them. */
#include "lib/guest.h"

const char guest_name[] = "spin";

void ap_run(unsigned index)
{
    (void)index;
    __asm__ volatile("cli; 1: jmp 1b");
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
