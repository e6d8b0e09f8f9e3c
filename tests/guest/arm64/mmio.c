/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to devices by instructions of every kind, to where nothing is, and beyond the end of RAM. What a
 * device need not understand (pairs, SIMD registers, exclusives) gives a value or an external abort at that
 * address, nothing else.
 */
#include "../lib/guest.h"

const char guest_name[] = "mmio";

#define UART_ID 0x09000fe0UL /* PL011: identification, the first byte is 0x11 */
#define HOLE    0x0b000000UL /* between two devices */
#define ALIAS   201

static uint8_t buffer[64] __attribute__((aligned(64)));

static bool is_abort(unsigned ec, uint64_t at)
{
    return ESR_EC(trap_esr) == ec && ESR_FSC(trap_esr) == FSC_EXTERNAL &&
           (trap_far - at < 16 || trap_esr >> 10 & 1);
}

#define NOTHING(what, instruction, at)                                                                  \
    do {                                                                                                \
        TRY(instruction, : : "r"(at) : "x0", "x1", "x2", TRY_CLOBBERS);                                 \
        expect(is_abort(EC_DATA, at), what " at %x: syndrome %x, address %x", (uint64_t)(at), trap_esr, \
               trap_far);                                                                               \
    } while (0)

#define ANYTHING(what, instruction, at)                                                           \
    do {                                                                                          \
        TRY(instruction, : : "r"(at), "r"(buffer) : "x0", "x1", "x2", "v0", "v1", TRY_CLOBBERS);  \
        expect(trap_esr == NO_FAULT || is_abort(EC_DATA, at) || ESR_FSC(trap_esr) == FSC_ALIGN || \
                   ESR_FSC(trap_esr) == 0x35,                                                     \
               what " at %x: syndrome %x, address %x", (uint64_t)(at), trap_esr, trap_far);       \
    } while (0)

static void hole_check(uintptr_t at)
{
    NOTHING("load of 8 bits", "ldrb w0, [%0]", at);
    NOTHING("load of 16 bits", "ldrh w0, [%0]", at);
    NOTHING("load of 32 bits", "ldr w0, [%0]", at);
    NOTHING("load of 64 bits", "ldr x0, [%0]", at);
    NOTHING("signed load", "ldrsb x0, [%0]", at);
    NOTHING("store of 32 bits", "str wzr, [%0]", at);
    NOTHING("store of 64 bits", "str xzr, [%0]", at);
    NOTHING("load-acquire", "ldar w0, [%0]", at);
    NOTHING("pair", "ldp x0, x1, [%0]", at);
}

static void odd_check(uintptr_t at)
{
    ANYTHING("load of a pair", "ldp w0, w1, [%0]", at);
    ANYTHING("load of a pair", "ldp x0, x1, [%0]", at);
    ANYTHING("store of a pair", "stp xzr, xzr, [%0]", at);
    ANYTHING("SIMD load", "ldr q0, [%0]", at);
    ANYTHING("SIMD load", "ldr s0, [%0]", at);
    ANYTHING("SIMD store", "str d0, [%0]", at);
    ANYTHING("structure load", "ld1 {v0.16b, v1.16b}, [%0]", at);
    ANYTHING("structure store", "st1 {v0.16b}, [%0]", at);
    ANYTHING("writeback", "mov x2, %0; ldr x0, [x2], #8", at);
    ANYTHING("writeback", "mov x2, %0; str wzr, [x2, #0]!", at);
    ANYTHING("exclusive load", "ldxr w0, [%0]", at);
    ANYTHING("exclusive store", "stxr w0, w1, [%0]", at);
    ANYTHING("prefetch", "prfm pldl1keep, [%0]", at);
    ANYTHING("zeroing", "dc zva, %0", at);
    ANYTHING("cleaning", "dc civac, %0", at);
    ANYTHING("invalidating", "dc ivac, %0", at);
    ANYTHING("instruction cache", "ic ivau, %0", at);
    ANYTHING("unaligned load", "ldr x0, [%0, #3]", at);
    ANYTHING("unaligned store", "str wzr, [%0, #2]", at);
}

/* What the syndrome says is all that there is: register, size, sign. */
static void register_check(void)
{
    uint64_t value;

    expect(read8(UART_ID) == 0x11, "8 bits: %x", (uint64_t)read8(UART_ID));
    expect(read32(UART_ID) == 0x11, "32 bits: %x", (uint64_t)read32(UART_ID));
    __asm__ volatile("mov %0, #-1; ldr %w0, [%1]" : "=&r"(value) : "r"(UART_ID));
    expect(value == 0x11, "the upper half stays: %x", value);
    __asm__ volatile("ldrsb %0, [%1]" : "=r"(value) : "r"(UART_ID + 0x1c)); /* 0xb1 is at 0xffc */
    expect(value == 0xffffffffffffffb1, "signed, 64 bits: %x", value);
    __asm__ volatile("ldrsb %w0, [%1]" : "=r"(value) : "r"(UART_ID + 0x1c));
    expect(value == 0xffffffb1, "signed, 32 bits: %x", value);
    __asm__ volatile("ldr wzr, [%0]" : : "r"(UART_ID));
    __asm__ volatile("ldr w30, [%1]; mov %0, x30" : "=r"(value) : "r"(UART_ID) : "x30");
    expect(value == 0x11, "x30: %x", value);
    __asm__ volatile("mov x0, sp; ldr w29, [%1]; mov %0, x29; mov x1, sp; cmp x0, x1; csel %0, %0, xzr, eq"
                     : "=&r"(value)
                     : "r"(UART_ID)
                     : "x0", "x1", "x29", "cc");
    expect(value == 0x11, "x29: %x", value);
}

/* An instruction fetch gets what loads get. */
static void fetch_check(uintptr_t at)
{
    TRY("blr %0", : : "r"(at) : "x30", TRY_CLOBBERS);
    expect(is_abort(EC_FETCH, at) || (trap_esr != NO_FAULT && ESR_EC(trap_esr) == EC_UNKNOWN),
           "execution at %x: syndrome %x, address %x", at, trap_esr, trap_far);
}

/* What was mapped runs out in the middle of a straight line. */
static void fetch_across_check(uintptr_t end)
{
    uint32_t *last = (uint32_t *)memory_alias(ALIAS, (unsigned)((end - 4) >> 30), PTE_NORMAL) +
                     (((end - 4) & 0x3fffffff) >> 2);
    uintptr_t hole = end & 0x3fffffff ? (uintptr_t)(last + 1) : 0; /* else the next GiB is something else */

    if (hole == 0)
        return;
    *last = 0xd503201f; /* NOP */
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(last) : "memory");
    TRY("blr %0", : : "r"(last) : "x30", TRY_CLOBBERS);
    expect(is_abort(EC_FETCH, hole), "execution beyond RAM: syndrome %x, address %x", trap_esr, trap_far);
}

/* Atomic instructions, of CPUs that have them: as all others that the syndrome does not describe. */
static void atomic_check(uintptr_t at)
{
    if (!(sysreg_read("id_aa64isar0_el1") >> 20 & 15))
        return;
    ANYTHING("atomic addition", ".arch_extension lse; ldadd w0, w1, [%0]", at);
    ANYTHING("atomic store", ".arch_extension lse; stadd xzr, [%0]", at);
    ANYTHING("swap", ".arch_extension lse; swpal x0, x1, [%0]", at);
    ANYTHING("compare and swap", ".arch_extension lse; casal w0, w1, [%0]", at);
    ANYTHING("compare and swap of a pair", ".arch_extension lse; casp x0, x1, x0, x1, [%0]", at);
}

#define FSC_WALK(level) (0x14U + (level)) /* external abort on a walk */
#define AT_WALK         (210UL << 30)
#define EPD1            (1UL << 23)
#define T1SZ_TG1        (25UL << 16 | 2UL << 30) /* as the lower half: 39 bits, 4K */

/* On a bare machine (`bare=1`) a device may answer the walk, too, with a descriptor that is not valid. */
static bool is_walk(unsigned fsc, unsigned level)
{
    return fsc == FSC_WALK(level) || (option("bare", 0) && fsc == 4 + level);
}

static void translations_drop(void)
{
    __asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" : : : "memory");
}

/* A table where no memory is: the walk is what aborts, at level 2 as the first level is whole. */
static void walk_check(const char *what, uint64_t table)
{
    uint64_t par;

    page_table[AT_WALK >> 30] = table | 3;
    translations_drop();
    TRY("ldr x0, [%0]", : : "r"(AT_WALK) : "x0", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_DATA && is_walk(ESR_FSC(trap_esr), 2), "load, table %s: syndrome %x", what,
           trap_esr);
    expect(trap_far == AT_WALK, "load, table %s: address %x", what, trap_far);
    TRY("str x0, [%0]", : : "r"(AT_WALK) : "x0", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_DATA && is_walk(ESR_FSC(trap_esr), 2), "store, table %s: syndrome %x", what,
           trap_esr);
    TRY("ldp q0, q1, [%0]", : : "r"(AT_WALK) : "v0", "v1", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_DATA && is_walk(ESR_FSC(trap_esr), 2), "pair, table %s: syndrome %x", what,
           trap_esr);
    TRY("blr %0", : : "r"(AT_WALK) : "x30", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_FETCH && is_walk(ESR_FSC(trap_esr), 2), "fetch, table %s: syndrome %x",
           what, trap_esr);
    /* Who asks for the translation only is told so by either way. */
    TRY("at s1e1r, %0; isb", : : "r"(AT_WALK) : TRY_CLOBBERS);
    par = sysreg_read("par_el1");
    expect(trap_esr != NO_FAULT ? is_walk(ESR_FSC(trap_esr), 2) : (par & 1) && is_walk(par >> 1 & 0x3f, 2),
           "AT, table %s: syndrome %x, PAR %x", what, trap_esr, par);
    page_table[AT_WALK >> 30] = 0;
    translations_drop();
}

/* The same with the first table, in the upper half of addresses, where nobody needs it. */
static void root_walk_check(const char *what, uint64_t table)
{
    uint64_t tcr = sysreg_read("tcr_el1");

    sysreg_write("ttbr1_el1", table);
    sysreg_write("tcr_el1", (tcr & ~EPD1) | T1SZ_TG1);
    translations_drop();
    TRY("ldr x0, [%0]", : : "r"(~0UL << 39) : "x0", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_DATA && is_walk(ESR_FSC(trap_esr), 1), "load, first table %s: syndrome %x",
           what, trap_esr);
    TRY("blr %0", : : "r"(~0UL << 39) : "x30", TRY_CLOBBERS);
    expect(ESR_EC(trap_esr) == EC_FETCH && is_walk(ESR_FSC(trap_esr), 1),
           "fetch, first table %s: syndrome %x", what, trap_esr);
    sysreg_write("tcr_el1", tcr);
    translations_drop();
}

void guest_run(void)
{
    uintptr_t devices = (uintptr_t)memory_alias(ALIAS, 0, PTE_NC); /* to be executed, and unaligned */
    uintptr_t end = memory_end();

    serror_expected = true;
    register_check();
    hole_check(HOLE);
    hole_check(end);
    hole_check(255UL << 30);
    odd_check(UART_ID & ~0xfffUL);
    odd_check(HOLE);
    odd_check(end);
    odd_check(devices + (UART_ID & ~0xfffUL));
    odd_check(devices + GICD);
    odd_check(devices + HOLE);
    ANYTHING("load across the end of RAM", "ldr x0, [%0]", end - 4);
    ANYTHING("pair across the end of RAM", "ldp x0, x1, [%0]", end - 8);
    atomic_check(UART_ID & ~0xfffUL);
    atomic_check(HOLE);
    atomic_check(devices + (UART_ID & ~0xfffUL));
    atomic_check(devices + GICD);
    fetch_check(devices + HOLE);
    fetch_check(devices + (UART_ID & ~0xfffUL));
    fetch_check(devices + GICD);
    fetch_check(devices + GITS);
    fetch_check(end);
    fetch_across_check(end);
    walk_check("in a hole", HOLE);
    walk_check("beyond RAM", end);
    walk_check("in the serial port", UART_ID & ~0xfffUL);
    walk_check("in the GIC", GICD);
    root_walk_check("in a hole", HOLE);
    root_walk_check("in the serial port", UART_ID & ~0xfffUL);
    expect(serrors == 0, "%u SErrors", (uint64_t)serrors);
    expect(read8(UART_ID) == 0x11, "the serial port is gone");
}
