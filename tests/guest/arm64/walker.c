/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has the processor's own table walks write to memory, which the host's log of what is written must not miss:
 * they set access flags (FEAT_HAFDBS) in a table that is the first page of the region, 16 MiB behind the
 * beginning of RAM, and dirty state, by a store to page 512 of it. A letter says what.
 */
#include "../lib/guest.h"

const char guest_name[] = "walker";

#define REGION     ((memory_begin() + 0x1000000) & ~0xffffffUL)
#define SLOT       206UL /* GiB that the table is for */
#define BLOCK_SIZE 0x200000UL
#define TCR_HA     (1UL << 39)
#define TCR_HD     (1UL << 40)
#define PTE_AF     (1UL << 10)
#define PTE_RO     (1UL << 7)
#define PTE_DBM    (1UL << 51)
#define ENTRIES    64 /* of each kind: those that wait for an access, then those that wait for a store */

static volatile uint64_t *table;
static unsigned accessed, stored;

static volatile uint64_t *through(unsigned entry)
{
    return (volatile uint64_t *)((SLOT << 30) + entry * BLOCK_SIZE);
}

static void table_build(uint64_t target)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        table[i] = target | (PTE_NORMAL & ~PTE_AF);
        table[ENTRIES + i] = target | PTE_NORMAL | PTE_RO | PTE_DBM;
    }
    page_table[SLOT] = (uint64_t)table | 3;
    __asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" : : : "memory");
}

static void obey(char order)
{
    switch (order) {
    case 'a': /* an access through an entry that has had none */
        (void)*through(accessed++);
        break;
    case 's': /* a store through one that has had none */
        *through(ENTRIES + stored++) = 1;
        break;
    default: /* accesses that leave everything as it is */
        for (unsigned i = 0; i < accessed; i++)
            (void)*through(i);
    }
    __asm__ volatile("dsb sy" : : : "memory");
}

static void check(void)
{
    for (unsigned i = 0; i < accessed; i++)
        expect(table[i] & PTE_AF, "entry %u is %x: not accessed", (uint64_t)i, table[i]);
    for (unsigned i = 0; i < stored; i++)
        expect(!(table[ENTRIES + i] & PTE_RO), "entry %u is %x: not dirty", (uint64_t)i, table[ENTRIES + i]);
}

void guest_run(void)
{
    expect((sysreg_read("id_aa64mmfr1_el1") & 15) >= 2, "no such CPU");
    sysreg_write("tcr_el1", sysreg_read("tcr_el1") | TCR_HA | TCR_HD);
    table = (volatile uint64_t *)REGION;
    *(volatile uint64_t *)(REGION + BLOCK_SIZE) = 0;
    table_build(REGION + BLOCK_SIZE);
    print("ready\n");
    for (char c;;) {
        while (!serial_can_read())
            cpu_relax();
        c = serial_read();
        if (c == 'e')
            break;
        obey(c);
        print("done %u\n", (uint64_t)(unsigned char)c);
    }
    check();
}
