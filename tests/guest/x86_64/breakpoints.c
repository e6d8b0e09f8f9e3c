/* SPDX-License-Identifier: BSD-2-Clause */
/* Data and I/O breakpoints trigger on accesses that the hypervisor does for the guest, behind the
 * instruction. */
#include "../lib/guest.h"

const char guest_name[] = "breakpoints";

#define IOAPIC 0xfec00000UL
#define DATA   (IOAPIC + 0x10)
#define PORT   0x80UL
#define SINGLE 0x4000 /* DR6.BS */
#define GUARD  0x2000 /* DR7.GD */

enum { ON_WRITE = 1, ON_IO, ON_ACCESS };
enum { ONE, TWO, EIGHT, FOUR };

static volatile unsigned traps;
static volatile uint64_t trap_rip[8], trap_dr6[8], trap_dr7;

static void on_debug(struct trap *trap)
{
    uint64_t dr6;

    __asm__ volatile("mov %%dr7, %0" : "=r"(trap_dr7));
    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    if (traps < 8) {
        trap_rip[traps] = trap->rip;
        trap_dr6[traps] = dr6;
    }
    traps++;
    __asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0UL));
    trap->rflags &= ~0x100UL;
}

static void watch(unsigned n, uint64_t address, unsigned kind, unsigned length)
{
    uint64_t dr7 = 0x400 | (uint64_t)(kind | length << 2) << (16 + 4 * n) | 1UL << 2 * n;

    if (n == 0)
        __asm__ volatile("mov %0, %%dr0" : : "r"(address));
    else
        __asm__ volatile("mov %0, %%dr3" : : "r"(address));
    __asm__ volatile("mov %0, %%dr7" : : "r"(dr7));
    traps = 0;
}

static void unwatch(void)
{
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400UL));
}

/* The instruction and where it ends. */
#define RUN(instruction, ...) \
    __asm__ volatile(instruction "\n1:\tlea 1b(%%rip), %0" : "=&r"(behind)__VA_ARGS__ : "memory", "cc")

static void expect_one(const char *what, uint64_t behind, uint64_t cause)
{
    expect(traps == 1, "%s: %u traps", what, traps);
    expect(traps != 1 || trap_rip[0] == behind, "%s: RIP is %x, not %x", what, trap_rip[0], behind);
    expect(traps != 1 || (trap_dr6[0] & 0xf00f) == cause, "%s: DR6 is %x", what, trap_dr6[0]);
}

static void expect_none(const char *what)
{
    expect(traps == 0, "%s: %u traps", what, traps);
}

static void memory_check(void)
{
    uint64_t behind;
    uint32_t value = 0;

    watch(0, IOAPIC, ON_WRITE, FOUR);
    RUN("mov (%2), %1", , "+r"(value) : "r"(IOAPIC));
    expect_none("read of what writes are watched of");
    RUN("mov %1, (%2)", : "r"(1), "r"(IOAPIC));
    expect_one("write", behind, 1);
    traps = 0;
    RUN("mov %1, (%2)", : "r"(0), "r"(DATA));
    expect_none("write beside it");
    RUN("orl %1, (%2)", : "r"(1), "r"(IOAPIC));
    expect_one("read and write", behind, 1);
    watch(3, DATA + 3, ON_ACCESS, ONE);
    RUN("mov (%2), %1", , "+r"(value) : "r"(DATA));
    expect_one("read that ends there", behind, 8);
    traps = 0;
    RUN("mov (%2), %1", , "+r"(value) : "r"(IOAPIC));
    expect_none("read beside it");
    RUN("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tmov (%2), %1", , "+r"(value) : "r"(DATA));
    expect_one("read in a single step", behind, 8 | SINGLE);
    unwatch();
    traps = 0;
    RUN("mov (%2), %1", , "+r"(value) : "r"(DATA));
    expect_none("no breakpoint");
}

/* The registers are guarded but in the handler. */
static void guard_check(void)
{
    uint64_t behind, dr7;

    watch(0, IOAPIC, ON_WRITE, FOUR);
    __asm__ volatile("mov %%dr7, %0\n\tor %1, %0\n\tmov %0, %%dr7" : "=&r"(dr7) : "i"(GUARD));
    RUN("mov %1, (%2)", : "r"(1), "r"(IOAPIC));
    expect_one("write with DR7.GD", behind, 1);
    expect((trap_dr7 & GUARD) == 0, "DR7 is %x in the handler", trap_dr7);
    unwatch();
}

static void port_check(void)
{
    static const uint8_t bytes[3] = {1, 2, 3};
    uint64_t behind, cr4, count = 3;
    const uint8_t *from = bytes;
    uint8_t value = 0;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 8));
    watch(0, PORT, ON_IO, ONE);
    RUN("outb %b1, %w2", : "a"(1), "d"(PORT));
    expect_one("OUT", behind, 1);
    traps = 0;
    RUN("inb %w2, %b1", , "+a"(value) : "d"(PORT));
    expect_one("IN", behind, 1);
    traps = 0;
    RUN("inb %w2, %b1", , "+a"(value) : "d"(PORT + 1));
    expect_none("the next port");
    RUN("rep outsb", , "+S"(from), "+c"(count) : "d"(PORT));
    expect(traps == 3 && count == 0 && from == bytes + 3, "REP OUTS: %u traps, %u left", traps, count);
    expect(trap_rip[0] == behind - 2 && trap_rip[1] == behind - 2 && trap_rip[2] == behind,
           "REP OUTS: RIP is %x, %x, %x, not %x", trap_rip[0], trap_rip[1], trap_rip[2], behind);
    unwatch();
    traps = 0;
    RUN("outb %b1, %w2", : "a"(1), "d"(PORT));
    expect_none("no breakpoint");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}

void guest_run(void)
{
    trap_set(1, on_debug);
    memory_check();
    guard_check();
    port_check();
}
