/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HVC and SMC with every class of function and every immediate: what nobody knows is answered with -1 (or is
 * undefined), and registers from x4 on stay as they were (Arm DEN 0028, 2.6 and 5.2).
 */
#include "../lib/guest.h"

const char guest_name[] = "calls";

#define NOT_SUPPORTED 0xffffffffU

static uint64_t known, unknown, undefined;

/* Those that end or stop something: PSCI's, 32 and 64 bits. */
static bool is_fatal(uint32_t function)
{
    static const uint8_t fatal[] = {1, 2, 8, 9, 12, 13, 14, 16, 18};
    uint32_t number = function & 0xffff;

    if ((function & 0xbf000000) != 0x84000000)
        return false;
    for (unsigned i = 0; i < sizeof(fatal); i++)
        if (number == fatal[i])
            return true;
    return false;
}

#define KEPT 14 /* x4 to x17 without x16 and x17, which TRY needs, and with x18 and x19 */

#define CALL(instruction) \
    TRY("ldp x4, x5, [%1, #0]; ldp x6, x7, [%1, #16]; ldp x8, x9, [%1, #32]; ldp x10, x11, [%1, #48]\n\t"         \
        "ldp x12, x13, [%1, #64]; ldp x14, x15, [%1, #80]\n\t" instruction "\n\t"                                 \
        "stp x4, x5, [%1, #0]; stp x6, x7, [%1, #16]; stp x8, x9, [%1, #32]; stp x10, x11, [%1, #48]\n\t"         \
        "stp x12, x13, [%1, #64]; stp x14, x15, [%1, #80]",                                                       \
        : "+r"(x0)                                                                                                \
        : "r"(kept), "r"(x1), "r"(x2), "r"(x3)                                                                    \
        : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", TRY_CLOBBERS)

static uint64_t call(bool is_smc, uint64_t function, uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = argument;
    register uint64_t x2 __asm__("x2") = ~argument;
    register uint64_t x3 __asm__("x3") = argument;
    uint64_t values[KEPT];
    register uint64_t *kept __asm__("x20") = values;

    for (unsigned i = 0; i < KEPT; i++)
        values[i] = function * 3 + i;
    if (is_smc)
        CALL("smc #0");
    else
        CALL("hvc #0");
    for (unsigned i = 0; i < 12; i++)
        expect(trap_esr != NO_FAULT || values[i] == function * 3 + i, "%x changes x%u", function,
               (uint64_t)i + 4);
    return x0;
}

static void one(bool is_smc, uint64_t function)
{
    uint64_t result;

    if (is_fatal((uint32_t)function))
        return;
    result = call(is_smc, function, 0x40000000);
    if (trap_esr != NO_FAULT) {
        undefined++;
        expect(ESR_EC(trap_esr) == EC_UNKNOWN, "%s %x: syndrome %x", is_smc ? "SMC" : "HVC", function,
               trap_esr);
    } else if ((uint32_t)result == NOT_SUPPORTED) {
        unknown++;
    } else {
        known++;
    }
}

static void classes(bool is_smc)
{
    static const uint64_t odd[] = {0,         1, ~0ULL, 0x123456789abcdef0, 0x100000000, 0xc400000300000000,
                                   0x40000000};

    for (uint32_t kind = 0; kind < 4; kind++) /* fast or yielding, 32 or 64 bits */
        for (uint32_t owner = 0; owner < 64; owner++)
            for (uint32_t number = 0; number < 0x60; number++)
                one(is_smc, kind << 30 | owner << 24 | (number < 0x58 ? number : 0xff00 + number));
    /* Reserved bits of a fast call. */
    for (uint32_t bits = 1; bits < 256; bits++)
        one(is_smc, 0x84000000 | bits << 16);
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        one(is_smc, odd[i]);
}

/* Immediates other than 0 are nobody's. */
static void immediates(void)
{
    register uint64_t x0 __asm__("x0");

#define IMMEDIATE(instruction)                                       \
    x0 = PSCI_VERSION;                                               \
    TRY(instruction, : "+r"(x0) : : "x1", "x2", "x3", TRY_CLOBBERS); \
    expect(trap_esr == NO_FAULT || ESR_EC(trap_esr) == EC_UNKNOWN, instruction ": syndrome %x", trap_esr)
    IMMEDIATE("hvc #1");
    IMMEDIATE("hvc #0xffff");
    IMMEDIATE("smc #1");
    IMMEDIATE("smc #0xffff");
}

/* SMCCC_ARCH_WORKAROUND_1, which the host's firmware does for who asks for it. */
static void barriers(uint64_t count)
{
    expect(hvc(0x80000001, 0x80008000, 0, 0).x[0] == 0, "SMCCC_ARCH_FEATURES: %x",
           hvc(0x80000001, 0x80008000, 0, 0).x[0]);
    for (; count > 0; count--)
        expect(hvc(0x80008000, 0, 0, 0).x[0] == 0, "SMCCC_ARCH_WORKAROUND_1 fails");
}

void guest_run(void)
{
    if (option("barriers", 0)) {
        barriers(option("barriers", 0));
        return;
    }
    classes(false);
    print("HVC: %u known, %u unknown, %u undefined\n", known, unknown, undefined);
    known = unknown = undefined = 0;
    classes(true);
    print("SMC: %u known, %u unknown, %u undefined\n", known, unknown, undefined);
    immediates();
    expect(hvc(PSCI_VERSION, 0, 0, 0).x[0] >= 0x10000, "PSCI is gone");
}
