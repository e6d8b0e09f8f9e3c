/* SPDX-License-Identifier: BSD-2-Clause */
/* LPIs by the ITS's own INT command: mapped, masked, moved, discarded. Arm IHI 0069, 5 and 12.19. */
#include "../lib/guest.h"

const char guest_name[] = "its";

#define GICR_CTLR      0x0
#define GICR_TYPER     0x8
#define GICR_PROPBASER 0x70
#define GICR_PENDBASER 0x78
#define GITS_CTLR      0x0
#define GITS_TYPER     0x8
#define GITS_CBASER    0x80
#define GITS_CWRITER   0x88
#define GITS_CREADR    0x90
#define GITS_BASER     0x100
#define VALID          (1ULL << 63)
#define ATTRIBUTES     (7ULL << 59 | 1ULL << 10) /* write-back, inner shareable */
#define CMD_CLEAR      0x04
#define CMD_INT        0x03
#define CMD_SYNC       0x05
#define CMD_MAPD       0x08
#define CMD_MAPC       0x09
#define CMD_MAPTI      0x0a
#define CMD_INV        0x0c
#define CMD_INVALL     0x0d
#define CMD_DISCARD    0x0f
#define DEVICE         8
#define EVENTS         64
#define QUEUE_BYTES    0x10000

static uint8_t queue[QUEUE_BYTES] __attribute__((aligned(65536)));
static uint8_t tables[4][65536] __attribute__((aligned(65536)));
static uint8_t pending[65536] __attribute__((aligned(65536)));
static uint8_t config[65536] __attribute__((aligned(4096)));
static uint8_t event_table[4096] __attribute__((aligned(4096)));
static unsigned tail, seen[EVENTS], total;
static uint64_t target;

static void on_lpi(unsigned intid)
{
    unsigned event = intid - LPI_FIRST;

    total++;
    if (event < EVENTS)
        seen[event]++;
    else
        fail("LPI %u", (uint64_t)intid);
}

static void command(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t *at = (uint64_t *)(queue + tail);

    at[0] = a, at[1] = b, at[2] = c, at[3] = 0;
    tail = (tail + 32) % QUEUE_BYTES;
}

/* Tells the ITS, and waits until it has done all. */
static bool commands_run(void)
{
    command(CMD_SYNC, 0, target << 16);
    __asm__ volatile("dsb sy" : : : "memory");
    write64(GITS + GITS_CWRITER, tail);
    for (unsigned i = 0; i < 5000; i++) {
        if ((read64(GITS + GITS_CREADR) & ~1ULL) == tail)
            return true;
        delay_us(1000);
    }
    fail("the ITS stands at %x of %x", read64(GITS + GITS_CREADR), (uint64_t)tail);
    return false;
}

static void tables_give(void)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t baser = read64(GITS + GITS_BASER + i * 8UL);

        if ((baser >> 56 & 7) == 0)
            continue;
        expect(i < 4, "table %u", (uint64_t)i);
        baser = (baser & 7ULL << 56) | VALID | ATTRIBUTES | (uintptr_t)tables[i % 4] |
                2ULL << 8; /* one page of 64K */
        write64(GITS + GITS_BASER + i * 8UL, baser);
    }
    write64(GITS + GITS_CBASER, VALID | ATTRIBUTES | (uintptr_t)queue | (QUEUE_BYTES / 4096 - 1));
    write64(GITS + GITS_CWRITER, 0);
    write32(GITS + GITS_CTLR, 1);
}

static void lpis_on(void)
{
    uintptr_t redist = gic_redist();

    memset(config, PRIORITY | 1, sizeof(config));
    __asm__ volatile("dsb sy" : : : "memory");
    write64(redist + GICR_PROPBASER, (uintptr_t)config | 7ULL << 7 | 1ULL << 10 | 15);
    write64(redist + GICR_PENDBASER, (uintptr_t)pending | 7ULL << 7 | 1ULL << 10 | 1ULL << 62);
    write32(redist + GICR_CTLR, 1);
    lpi_handler = on_lpi;
    target = read64(GITS + GITS_TYPER) >> 19 & 1 ? redist >> 16 : read64(redist + GICR_TYPER) >> 8 & 0xffff;
}

static void window(void)
{
    irq_on();
    delay_us(500);
    irq_off();
}

static void interrupt(unsigned event)
{
    command((uint64_t)DEVICE << 32 | CMD_INT, event, 0);
}

static void all_check(void)
{
    for (unsigned event = 0; event < EVENTS; event++)
        interrupt(event);
    if (!commands_run())
        return;
    window();
    for (unsigned event = 0; event < EVENTS; event++)
        expect(seen[event] == 1, "event %u came %u times", (uint64_t)event, (uint64_t)seen[event]);
}

static void config_set(unsigned event, uint8_t value)
{
    config[event] = value;
    __asm__ volatile("dsb sy" : : : "memory");
    command((uint64_t)DEVICE << 32 | CMD_INV, event, 0);
    (void)commands_run();
}

static void masked_check(void)
{
    total = 0;
    config_set(3, PRIORITY);
    interrupt(3);
    (void)commands_run();
    window();
    expect(total == 0, "an LPI that is off comes");
    config_set(3, PRIORITY | 1);
    window();
    expect(total == 1, "it is lost: %u", (uint64_t)total);
    /* Pending, and taken back. */
    interrupt(4);
    command((uint64_t)DEVICE << 32 | CMD_CLEAR, 4, 0);
    (void)commands_run();
    window();
    expect(total == 1, "a cleared one comes");
    command((uint64_t)DEVICE << 32 | CMD_DISCARD, 5, 0);
    (void)commands_run();
    total = 0;
    for (unsigned i = 0; i < 200;
         i++) { /* once around the queue and further, with commands that mean nothing */
        interrupt(5);
        command((uint64_t)DEVICE << 32 | CMD_INT, 0xffff, 0);
        command((uint64_t)0xffffffff << 32 | CMD_INT, 0, 0);
        command(0xff, ~0ULL, ~0ULL);
        interrupt(6);
        if (i % 20 == 19)
            (void)commands_run();
    }
    window();
    expect(total >= 1 && seen[5] == 1, "%u behind wrong commands, the discarded one %u times",
           (uint64_t)total, (uint64_t)seen[5]);
}

void guest_run(void)
{
    irq_init();
    if (!(read32(GICD + 4) >> 17 & 1)) {
        print("no LPIs here\n");
        return;
    }
    lpis_on();
    tables_give();
    command((uint64_t)DEVICE << 32 | CMD_MAPD, 6, VALID | (uintptr_t)event_table);
    command(CMD_MAPC, 0, VALID | target << 16);
    for (uint64_t event = 0; event < EVENTS; event++)
        command((uint64_t)DEVICE << 32 | CMD_MAPTI, (LPI_FIRST + event) << 32 | event, 0);
    command(CMD_INVALL, 0, 0);
    if (!commands_run())
        return;
    all_check();
    masked_check();
}
