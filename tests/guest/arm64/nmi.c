/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for what an NMI is to this architecture: an SError from outside, asleep with interrupts masked. */
#include "../lib/guest.h"

const char guest_name[] = "nmi";

void guest_run(void)
{
    serror_expected = true;
    print("ready\n");
    while (serrors == 0)
        __asm__ volatile("wfi" : : : "memory");
    delay_us(20000);
    expect(serrors == 1, "%u SErrors", (uint64_t)serrors);
}
