/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and writes every I/O port with every size: nothing happens to the host, and absent ones read as ones.
 */
#include "../lib/guest.h"

const char guest_name[] = "ports";

/* A write there ends the machine: reset, power off, the exit port itself. */
static bool ends_machine(uint32_t port)
{
    static const uint16_t ends[] = {0x64, 0x92, 0xcf9, 0xf4, 0xf5, 0xf6, 0xf7, 0x604, 0x605};

    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (port <= ends[i] && port + 4 > ends[i])
            return true;
    return false;
}

static bool is_com1(uint32_t port)
{
    return port > 0x3f4 && port < 0x400;
}

void guest_run(void)
{
    uint32_t step = (uint32_t)option("step", 1);

    for (uint32_t port = 0; port < 0x10000; port += port < 0x1000 ? 1 : step) {
        (void)in8((uint16_t)port);
        (void)in16((uint16_t)port);
        (void)in32((uint16_t)port);
        if (ends_machine(port) || is_com1(port))
            continue;
        out8((uint16_t)port, 0xff);
        out16((uint16_t)port, 0);
        out32((uint16_t)port, 0xffffffff);
        out8((uint16_t)port, 0);
    }
    expect(in8(0x1234) == 0xff && in16(0x1234) == 0xffff && in32(0x1234) == 0xffffffff,
           "an absent port is not all ones");
}
