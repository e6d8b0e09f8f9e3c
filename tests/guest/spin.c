/* SPDX-License-Identifier: BSD-2-Clause */
/* Never lets anybody in: interrupts off, no exit of its own. With cpus=N on all of them. */
#include "lib/guest.h"

const char guest_name[] = "spin";

void ap_run(unsigned index)
{
    (void)index;
    irq_off();
    for (;;)
        __asm__ volatile("");
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1;

    irq_init();
    if (others && !smp_start(others))
        fail("%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    print("ready\n");
    ap_run(0);
}
