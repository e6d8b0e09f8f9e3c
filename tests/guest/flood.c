/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to the serial port for ever, without asking whether it may. */
#include "lib/guest.h"

const char guest_name[] = "flood";

void guest_run(void)
{
    static const char line[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\n";
    const char *from;
    uint64_t count;

    print("ready\n");
    for (;;) {
        from = line;
        count = sizeof(line) - 1;
        __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(0x3f8) : "memory");
    }
}
