/* SPDX-License-Identifier: BSD-2-Clause */
/* The ITS, with one device whose events are LPIs of one processor. Arm IHI 0069, 5 and 12.19. */
#include "guest.h"

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
#define CMD_SYNC       0x05
#define CMD_MAPD       0x08
#define CMD_MAPC       0x09
#define CMD_MAPTI      0x0a
#define CMD_INVALL     0x0d
#define QUEUE_BYTES    0x10000

static uint8_t queue[QUEUE_BYTES] __attribute__((aligned(65536)));
static uint8_t tables[4][65536] __attribute__((aligned(65536)));
static uint8_t pending[65536] __attribute__((aligned(65536)));
static uint8_t event_table[4096] __attribute__((aligned(4096)));
uint8_t lpi_config[65536] __attribute__((aligned(4096)));
static unsigned tail;
static uint64_t target;

void its_command(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t *at = (uint64_t *)(queue + tail);

    at[0] = a, at[1] = b, at[2] = c, at[3] = 0;
    tail = (tail + 32) % QUEUE_BYTES;
}

void its_go(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
    write64(GITS + GITS_CWRITER, tail);
}

bool its_run(void)
{
    its_command(CMD_SYNC, 0, target << 16);
    its_go();
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
        /* One page of 64K. */
        baser = (baser & 7ULL << 56) | VALID | ATTRIBUTES | (uintptr_t)tables[i % 4] | 2ULL << 8;
        write64(GITS + GITS_BASER + i * 8UL, baser);
    }
    write64(GITS + GITS_CBASER, VALID | ATTRIBUTES | (uintptr_t)queue | (QUEUE_BYTES / 4096 - 1));
    write64(GITS + GITS_CWRITER, 0);
    write32(GITS + GITS_CTLR, 1);
}

static void lpis_on(uintptr_t redist)
{
    memset(lpi_config, PRIORITY | 1, sizeof(lpi_config));
    __asm__ volatile("dsb sy" : : : "memory");
    write64(redist + GICR_PROPBASER, (uintptr_t)lpi_config | 7ULL << 7 | 1ULL << 10 | 15);
    write64(redist + GICR_PENDBASER, (uintptr_t)pending | 7ULL << 7 | 1ULL << 10 | 1ULL << 62);
    write32(redist + GICR_CTLR, 1);
    target = read64(GITS + GITS_TYPER) >> 19 & 1 ? redist >> 16 : read64(redist + GICR_TYPER) >> 8 & 0xffff;
}

bool its_init(unsigned cpu)
{
    if (!(read32(GICD + 4) >> 17 & 1))
        return false;
    lpis_on(gic_redist_of(cpu));
    tables_give();
    its_command((uint64_t)ITS_DEVICE << 32 | CMD_MAPD, 6, VALID | (uintptr_t)event_table);
    its_command(CMD_MAPC, 0, VALID | target << 16);
    for (uint64_t event = 0; event < ITS_EVENTS; event++)
        its_command((uint64_t)ITS_DEVICE << 32 | CMD_MAPTI, (LPI_FIRST + event) << 32 | event, 0);
    its_command(CMD_INVALL, 0, 0);
    return its_run();
}
