/* SPDX-License-Identifier: BSD-2-Clause */
/* The quiet neighbour: answers each line with itself, asleep in between; the line "end" ends it. */
#include "lib/guest.h"

const char guest_name[] = "echo";

static bool answer(void)
{
    static char line[128];
    static unsigned length;
    bool goes_on = true;

    while (serial_can_read()) {
        char c = serial_read();

        if (c != '\n' && c != '\r') {
            if (length < sizeof(line) - 1)
                line[length++] = c;
            continue;
        }
        line[length] = 0;
        goes_on = goes_on && !(length == 3 && line[0] == 'e' && line[1] == 'n' && line[2] == 'd');
        print("you said %s\n", line);
        length = 0;
    }
    return goes_on;
}

void guest_run(void)
{
    serial_irq_init();
    print("ready\n");
    while (answer())
        wait_irq();
}
