/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switches its caches off and on as firmware does, with maintenance by set and way, one step for each letter
 * that it is sent; what was written on one side is there on the other. The host's test counts what traps.
 * With `storm=1` it does so all the time.
 */
#include "../lib/guest.h"

const char guest_name[] = "setway";

#define WORDS  4096
#define WRITES 100
#define WAYS   64
#define CACHED 5UL /* SCTLR_EL1.M and C */

static uint64_t data[WORDS] __attribute__((aligned(4096)));

static void ways_clean(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
    for (uint64_t way = 0; way < WAYS; way++)
        __asm__ volatile("dc cisw, %0" : : "r"(way << 28) : "memory");
    __asm__ volatile("dsb sy; isb" : : : "memory");
}

static void caches_set(bool are_on)
{
    uint64_t sctlr = sysreg_read("sctlr_el1");

    sysreg_write("sctlr_el1", are_on ? sctlr | CACHED : sctlr & ~CACHED);
    __asm__ volatile("tlbi vmalle1; dsb nsh; isb" : : : "memory");
}

static void context_write(void)
{
    for (uint64_t i = 0; i < WRITES; i++)
        sysreg_write("contextidr_el1", i);
    expect(sysreg_read("contextidr_el1") == WRITES - 1, "CONTEXTIDR_EL1 is %x",
           sysreg_read("contextidr_el1"));
}

/* A register takes the value, and has it; afterwards it is what it was. */
#define KEEPS(name, value)                                                               \
    do {                                                                                 \
        uint64_t was_ = sysreg_read(name), is_;                                          \
        sysreg_write(name, value);                                                       \
        is_ = sysreg_read(name);                                                         \
        expect(is_ == (uint64_t)(value), name " is %x, not %x", is_, (uint64_t)(value)); \
        sysreg_write(name, was_);                                                        \
    } while (0)

/* All that is watched while caches are off, twice each: 18 writes, and four of what some CPUs do not have. */
static void registers_write(void)
{
    KEEPS("ttbr0_el1", 0x40000000);
    KEEPS("ttbr1_el1", 0x50000000);
    KEEPS("tcr_el1", 0x803519);
    KEEPS("esr_el1", 0x92000010);
    KEEPS("far_el1", 0xffff000012345678);
    KEEPS("mair_el1", 0x1234567890abcdef);
    KEEPS("contextidr_el1", 0x87654321);
    KEEPS("sctlr_el1", sysreg_read("sctlr_el1"));
    for (unsigned i = 0; i < 2; i++) {
        sysreg_write("afsr0_el1", 0);
        sysreg_write("afsr1_el1", 0);
        sysreg_write("amair_el1", 0);
    }
}

static void data_set(uint64_t with)
{
    for (uint64_t i = 0; i < WORDS; i++)
        data[i] = i ^ with;
}

static void data_check(uint64_t with, const char *when)
{
    for (uint64_t i = 0; i < WORDS; i++)
        expect(data[i] == (i ^ with), "word %u is %x %s", i, data[i], when);
}

static void step(unsigned n)
{
    switch (n) {
    case 0:
    case 6:
        context_write();
        break;
    case 1:
        ways_clean();
        break;
    case 2:
        context_write();
        data_set(0x1234567800000000);
        break;
    case 3:
        caches_set(false);
        ways_clean();
        data_check(0x1234567800000000, "with caches off");
        break;
    case 4:
        registers_write();
        data_set(0x8765432100000000);
        break;
    default:
        caches_set(true);
        data_check(0x8765432100000000, "with caches on again");
        break;
    }
}

static void storm(void)
{
    for (char *at = (char *)memory_begin() + 0x400000; at < (char *)memory_free_end(); at += 0x200000)
        *(volatile char *)at = 1;
    print("storm\n");
    for (;;) {
        ways_clean();
        caches_set(false);
        ways_clean();
        caches_set(true);
    }
}

void guest_run(void)
{
    if (option("storm", 0))
        storm();
    print("ready\n");
    for (unsigned n = 0; n < 7; n++) {
        while (!serial_can_read())
            cpu_relax();
        serial_read();
        step(n);
        print("done %u\n", (uint64_t)n);
    }
    while (!serial_can_read())
        cpu_relax();
}
