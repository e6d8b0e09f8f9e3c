/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every word of distributor, redistributors and ITS, or CPU interface, by loads and stores of every size,
 * aligned and not, with all kinds of values: each gives something or an abort. Behind that everything is set
 * up anew, and works.
 */
#include "../lib/guest.h"

const char guest_name[] = "gicmmio";

#define FRAME 0x10000UL
#define SGI   4
#define ALIAS 203

static uint64_t faults, accesses;
static volatile unsigned arrived;

static void on_sgi(unsigned intid)
{
    (void)intid;
    arrived++;
}

static void outcome(uintptr_t at)
{
    accesses++;
    if (trap_esr == NO_FAULT)
        return;
    faults++;
    expect(ESR_EC(trap_esr) == EC_DATA &&
               (ESR_FSC(trap_esr) == FSC_EXTERNAL || ESR_FSC(trap_esr) == FSC_ALIGN),
           "at %x: syndrome %x", at, trap_esr);
}

static void load_all(uintptr_t at)
{
    TRY("ldrb w0, [%0]", : : "r"(at) : "x0", TRY_CLOBBERS);
    outcome(at);
    TRY("ldrh w0, [%0]", : : "r"(at) : "x0", TRY_CLOBBERS);
    outcome(at);
    TRY("ldr w0, [%0]", : : "r"(at) : "x0", TRY_CLOBBERS);
    outcome(at);
    TRY("ldr x0, [%0]", : : "r"(at) : "x0", TRY_CLOBBERS);
    outcome(at);
}

static void store_all(uintptr_t at, uint64_t value)
{
    TRY("strb %w1, [%0]", : : "r"(at), "r"(value) : TRY_CLOBBERS);
    outcome(at);
    TRY("strh %w1, [%0]", : : "r"(at), "r"(value) : TRY_CLOBBERS);
    outcome(at);
    TRY("str %w1, [%0]", : : "r"(at), "r"(value) : TRY_CLOBBERS);
    outcome(at);
    TRY("str %1, [%0]", : : "r"(at), "r"(value) : TRY_CLOBBERS);
    outcome(at);
}

static void frame_check(uintptr_t base, unsigned step)
{
    for (uintptr_t at = base; at < base + FRAME; at += step) {
        load_all(at);
        load_all(at + 1);
        store_all(at, ~0ULL);
        store_all(at, 0xdeadbeef12345678);
        store_all(at + 3, 0x8000000100000001);
        store_all(at, 0);
    }
}

static void frames_check(const uintptr_t *frames, unsigned count, uintptr_t alias)
{
    for (unsigned i = 0; i < count; i++)
        frame_check(alias + frames[i], (unsigned)option("step", 28));
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < 16; k++)
            load_all(alias + frames[i] + FRAME - k);
}

void guest_run(void)
{
    uintptr_t alias =
        (uintptr_t)memory_alias(ALIAS, 0, PTE_NC | PTE_NO_EXEC); /* unaligned is allowed there */
    static const uintptr_t v3[] = {
        GICD, GITS, GITS + FRAME, GICR, GICR + FRAME, GICR + 2 * FRAME, GICR + 3 * FRAME};
    static const uintptr_t v2[] = {GICD, GICC, GICV2M};
    /* Beyond what this many processors have, and at the edges. */
    uintptr_t beyond = gic_is_v2() ? GICV2M + FRAME : GICR + 4 * FRAME;

    serror_expected = true;
    if (gic_is_v2())
        frames_check(v2, sizeof(v2) / sizeof(v2[0]), alias);
    else
        frames_check(v3, sizeof(v3) / sizeof(v3[0]), alias);
    for (uintptr_t at = beyond; at < 0x09000000; at += 0x1fffc) {
        load_all(alias + at);
        store_all(alias + at, ~0ULL);
    }
    print("%u accesses, %u aborted\n", accesses, faults);
    irq_init();
    irq_set(SGI, on_sgi);
    sgi_send(SGI, 1);
    irq_on();
    delay_us(1000);
    irq_off();
    expect(arrived == 1, "%u interrupts behind all that", (uint64_t)arrived);
    expect(serrors == 0, "%u SErrors", (uint64_t)serrors);
}
