/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to the serial port for ever, without asking whether it may. */
#include "lib/guest.h"

const char guest_name[] = "flood";

void guest_run(void)
{
    static const char line[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\n";

    print("ready\n");
    for (;;)
        serial_put_all(line, sizeof(line) - 1);
}
