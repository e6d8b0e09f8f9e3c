/* SPDX-License-Identifier: BSD-2-Clause */
/* An exception without an IDT: a triple fault, which ends the VM. */
#include "lib/guest.h"

const char guest_name[] = "triple";

void guest_run(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } nothing = {0, 0};

    print("ready\n");
    __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
}
