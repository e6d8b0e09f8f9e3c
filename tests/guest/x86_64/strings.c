/* SPDX-License-Identifier: BSD-2-Clause */
/* INS and OUTS with REP: both directions, across pages, and with a page missing on the way. SDM vol. 2, REP.
 */
#include "../lib/guest.h"

const char guest_name[] = "strings";

#define WINDOW 0xc0000000 /* mapped here page by page */
#define PORT   0x80       /* POST codes: takes anything */
#define CMOS   0x71

extern uint64_t page_tables[];
static uint64_t table[512] __attribute__((aligned(4096)));
static uint8_t pages[3][4096] __attribute__((aligned(4096)));

static void map(unsigned page, bool present)
{
    table[page] = (uintptr_t)pages[page] | (present ? 3 : 2);
    __asm__ volatile("invlpg (%0)" : : "r"((uint64_t)WINDOW + page * 4096) : "memory");
}

static void in_check(void)
{
    uint64_t to = WINDOW + 4096 - 8, count = 16;
    uint8_t expected;

    out8(0x70, 0x0f);
    expected = in8(CMOS);
    memset(pages, 0xa5, sizeof(pages));
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(CMOS) : "memory");
    expect(count == 0 && to == WINDOW + 4096 + 8, "REP INS: %u left", count);
    for (unsigned i = 0; i < 8; i++)
        expect(pages[0][4088 + i] == expected && pages[1][i] == expected, "byte %u", (uint64_t)i);
    expect(pages[0][4087] == 0xa5 && pages[1][8] == 0xa5, "REP INS writes beside its place");
    to = WINDOW + 4096 + 7;
    count = 16;
    memset(pages, 0xa5, sizeof(pages));
    __asm__ volatile("std; rep insb; cld" : "+D"(to), "+c"(count) : "d"(CMOS) : "memory");
    expect(count == 0 && to == WINDOW + 4096 - 9, "backwards: %u left", count);
    expect(pages[0][4088] == expected && pages[1][7] == expected && pages[0][4087] == 0xa5, "backwards");
    to = WINDOW + 4094; /* one element on two pages */
    count = 1;
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(0x1234) : "memory");
    expect(pages[0][4094] == 0xff && pages[1][1] == 0xff && pages[1][2] == expected,
           "an element on two pages");
    to = 5, count = 0;
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(CMOS) : "memory");
    expect(to == 5, "a count of nought");
}

static void missing_check(void)
{
    uint64_t at = WINDOW + 4096 - 8, count = 16;

    map(1, false);
    TRY("rep insb", : "+D"(at), "+c"(count) : "d"(CMOS) : "memory");
    expect(trap_vector == 14 && trap_error == 2, "REP INS to a missing page: vector %u, error %x",
           trap_vector, trap_error);
    expect(trap_cr2 == WINDOW + 4096, "CR2 %x", trap_cr2);
    expect(count == 8 && at == WINDOW + 4096, "REP INS stops with %u left at %x", count, at);
    at = WINDOW + 4096 - 8, count = 16;
    TRY("rep outsb", : "+S"(at), "+c"(count) : "d"(PORT) : "memory");
    expect(trap_vector == 14 && trap_error == 0, "REP OUTS from a missing page: vector %u, error %x",
           trap_vector, trap_error);
    expect(count == 8 && at == WINDOW + 4096, "REP OUTS stops with %u left at %x", count, at);
    at = WINDOW + 4096;
    TRY("insb", : "+D"(at) : "d"(CMOS) : "memory");
    expect(trap_vector == 14 && at == WINDOW + 4096, "INS to a missing page: vector %u", trap_vector);
    map(1, true);
}

static void out_check(void)
{
    uint64_t from = WINDOW, count = 6000;

    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(PORT) : "memory");
    expect(count == 0 && from == WINDOW + 6000, "REP OUTS: %u left", count);
    from = WINDOW + 2, count = 1500;
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(PORT) : "memory");
    expect(count == 0 && from == WINDOW + 6002, "REP OUTS of 32 bits: %u left", count);
}

void guest_run(void)
{
    page_tables[(0x2000 + 3 * 0x1000) / 8] = (uintptr_t)table | 3;
    for (unsigned i = 0; i < 3; i++)
        map(i, true);
    __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
    in_check();
    missing_check();
    out_check();
}
