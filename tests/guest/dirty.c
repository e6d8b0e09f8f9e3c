/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does to its memory what it is told, one letter at a time, while the host logs which pages are written: the
 * 4 MiB that lie 16 MiB behind the beginning of its RAM, of which page n belongs to processor n modulo their
 * number.
 */
#include "lib/guest.h"

const char guest_name[] = "dirty";

#define REGION  ((volatile uint64_t *)((memory_begin() + 0x1000000) & ~0xffffffUL))
#define PAGES   1024
#define STEP    7   /* 'w' writes every seventh page */
#define BY_HOST 100 /* 'i' has the host write this one */
#define WORDS   512

static unsigned cpus;
static volatile uint32_t round, done, is_storm;
static volatile char order;
static uint64_t sum;

static void write_some(unsigned me)
{
    for (unsigned page = 0; page < PAGES; page += STEP)
        if (page % cpus == me)
            REGION[page * WORDS + me]++;
}

static void storm(unsigned me)
{
    while (is_storm)
        for (unsigned page = me; page < PAGES; page += cpus)
            REGION[page * WORDS + 8]++;
}

static void obey(unsigned me)
{
    if (order == 'w')
        write_some(me);
    else if (order == 's')
        storm(me);
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    for (uint32_t seen = 0;; seen++) {
        while (round == seen)
            cpu_relax();
        obey(index + 1);
    }
}

static void all_obey(char what)
{
    order = what;
    done = 0;
    __atomic_add_fetch(&round, 1, __ATOMIC_SEQ_CST);
    obey(0);
    while (done < cpus)
        cpu_relax();
}

/* The first processor takes part in nothing that lasts: it listens. */
static void storm_until_told(void)
{
    order = 's';
    is_storm = 1;
    done = 1;
    __atomic_add_fetch(&round, 1, __ATOMIC_SEQ_CST);
    while (!(serial_can_read()))
        cpu_relax();
    is_storm = 0;
    while (done < cpus)
        cpu_relax();
}

static void read_all(void)
{
    for (unsigned i = 0; i < PAGES * WORDS; i += 64)
        sum += REGION[i];
}

static void check(unsigned writes)
{
    for (unsigned page = 0; page < PAGES; page++)
        for (unsigned me = 0; me < cpus; me++) {
            uint64_t wanted = page % STEP == 0 && page % cpus == me ? writes : 0;

            expect(REGION[page * WORDS + me] == wanted, "page %u: %u, not %u", (uint64_t)page,
                   REGION[page * WORDS + me], wanted);
        }
    /* Whoever was at it has written each of its pages as often as the others, but for the last round. */
    for (unsigned page = 0; page < PAGES; page++) {
        uint64_t first = REGION[page % cpus * WORDS + 8], here = REGION[page * WORDS + 8];

        expect(here == first || here + 1 == first, "page %u: %u rounds, not %u", (uint64_t)page, here, first);
    }
}

static char listen(void)
{
    while (!(serial_can_read()))
        cpu_relax();
    return serial_read();
}

void guest_run(void)
{
    unsigned writes = 0;

    irq_init();
    cpus = (unsigned)option("cpus", 1);
    expect(smp_start(cpus - 1), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)cpus - 1);
    for (unsigned i = 0; i < PAGES * WORDS; i++)
        REGION[i] = 0;
    print("ready\n");
    for (char c; (c = listen()) != 'e';) {
        if (c == 'w') {
            all_obey(c);
            writes++;
        } else if (c == 's') {
            print("storm\n");
            storm_until_told();
        } else if (c == 'i') {
            host_write(&REGION[BY_HOST * WORDS + 100]);
        } else if (c == 'r') {
            read_all();
        }
        print("done %u\n", (uint64_t)(unsigned char)c);
    }
    check(writes);
}
