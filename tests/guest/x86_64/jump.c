/* SPDX-License-Identifier: BSD-2-Clause */
/* Goes where there is no memory: into the PCI window, where no device is. */
#include "../lib/guest.h"

const char guest_name[] = "jump";

void guest_run(void)
{
    print("ready\n");
    __asm__ volatile("jmp *%0" : : "r"(0xd0000000ULL));
}
