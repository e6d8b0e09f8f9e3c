/* SPDX-License-Identifier: BSD-2-Clause */
/* The quiet neighbour: answers each line with itself, asleep in between; the line "end" ends it. */
#include "lib/guest.h"

const char guest_name[] = "echo";

#define COM1   0x3f8
#define VECTOR 0x24
#define IOAPIC ((volatile uint32_t *)0xfec00000)

static void on_serial(struct trap *trap)
{
    (void)trap;
    apic_eoi();
}

static void route(unsigned gsi)
{
    IOAPIC[0] = 0x10 + gsi * 2 + 1;
    IOAPIC[4] = apic_read(APIC_ID) << 24;
    IOAPIC[0] = 0x10 + gsi * 2;
    IOAPIC[4] = VECTOR;
}

static bool answer(void)
{
    static char line[128];
    static unsigned length;
    bool goes_on = true;

    while (in8(COM1 + 5) & 1) {
        char c = (char)in8(COM1);

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
    apic_init();
    trap_set(VECTOR, on_serial);
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    route(4);
    out8(COM1 + 4, 0xb);
    out8(COM1 + 1, 1);
    print("ready\n");
    while (answer())
        wait_irq();
}
