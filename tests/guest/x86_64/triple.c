/* SPDX-License-Identifier: BSD-2-Clause */
/* An exception without an IDT: a triple fault, which ends the VM. What the registers hold then is to be seen.
 */
#include "../lib/guest.h"

const char guest_name[] = "triple";

void guest_run(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } nothing = {0, 0};

    print("ready\n");
    __asm__ volatile("lidt %0\n\t"
                     "movabs $0xfedcba9876543210, %%r15\n\t"
                     "mov $0x12345678, %%eax\n\t"
                     "mov %%rax, %%cr2\n\t"
                     "ud2"
                     :
                     : "m"(nothing));
}
