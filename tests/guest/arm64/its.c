/* SPDX-License-Identifier: BSD-2-Clause */
/* LPIs by the ITS's own INT command: mapped, masked, cleared, discarded, among commands that mean nothing. */
#include "../lib/guest.h"

const char guest_name[] = "its";

#define CMD_INT     0x03
#define CMD_CLEAR   0x04
#define CMD_INV     0x0c
#define CMD_DISCARD 0x0f
#define DEVICE      ((uint64_t)ITS_DEVICE << 32)

static unsigned seen[ITS_EVENTS], total;

static void on_lpi(unsigned intid)
{
    unsigned event = intid - LPI_FIRST;

    total++;
    if (event < ITS_EVENTS)
        seen[event]++;
    else
        fail("LPI %u", (uint64_t)intid);
}

static void window(void)
{
    irq_on();
    delay_us(500);
    irq_off();
}

static void interrupt(unsigned event)
{
    its_command(DEVICE | CMD_INT, event, 0);
}

static void all_check(void)
{
    for (unsigned event = 0; event < ITS_EVENTS; event++)
        interrupt(event);
    if (!its_run())
        return;
    window();
    for (unsigned event = 0; event < ITS_EVENTS; event++)
        expect(seen[event] == 1, "event %u came %u times", (uint64_t)event, (uint64_t)seen[event]);
}

static void config_set(unsigned event, uint8_t value)
{
    lpi_config[event] = value;
    __asm__ volatile("dsb sy" : : : "memory");
    its_command(DEVICE | CMD_INV, event, 0);
    (void)its_run();
}

static void masked_check(void)
{
    total = 0;
    config_set(3, PRIORITY);
    interrupt(3);
    (void)its_run();
    window();
    expect(total == 0, "an LPI that is off comes");
    config_set(3, PRIORITY | 1);
    window();
    expect(total == 1, "it is lost: %u", (uint64_t)total);
    /* Pending, and taken back. */
    interrupt(4);
    its_command(DEVICE | CMD_CLEAR, 4, 0);
    (void)its_run();
    window();
    expect(total == 1, "a cleared one comes");
    its_command(DEVICE | CMD_DISCARD, 5, 0);
    (void)its_run();
    total = 0;
    for (unsigned i = 0; i < 200;
         i++) { /* once around the queue and further, with commands that mean nothing */
        interrupt(5);
        its_command(DEVICE | CMD_INT, 0xffff, 0);
        its_command((uint64_t)0xffffffff << 32 | CMD_INT, 0, 0);
        its_command(0xff, ~0ULL, ~0ULL);
        interrupt(6);
        if (i % 20 == 19)
            (void)its_run();
    }
    window();
    expect(total >= 1 && seen[5] == 1, "%u behind wrong commands, the discarded one %u times",
           (uint64_t)total, (uint64_t)seen[5]);
}

void guest_run(void)
{
    irq_init();
    lpi_handler = on_lpi;
    if (!its_init(0)) {
        fail("no LPIs here");
        return;
    }
    all_check();
    masked_check();
}
