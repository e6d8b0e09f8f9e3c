/* SPDX-License-Identifier: BSD-2-Clause */
/* Reserved bits of control registers, EFER, XCR0 and debug registers fault; allowed ones hold. SDM vol.
 * 3A, 2.5. */
#include "../lib/guest.h"

const char guest_name[] = "control";

#define CR_READ(cr, value) __asm__ volatile("mov %%cr" #cr ", %0" : "=r"(value))
#define GP                 13

#define EXPECT_GP(instruction, value, what)                                             \
    do {                                                                                \
        TRY(instruction, : : "a"((uint64_t)(value)), "c"(0), "d"(0) : "memory");        \
        expect(trap_vector == GP, "%s: vector %u", what, trap_vector);                  \
        expect(trap_vector != GP || trap_error == 0, "%s: error %x", what, trap_error); \
    } while (0)

static void cr0_check(void)
{
    uint64_t cr0, after;

    CR_READ(0, cr0);
    /* The processor itself checks these, and the emulator of the tests is one that does not. */
    if (option("hardware", 0)) {
        for (unsigned bit = 32; bit < 64; bit++)
            EXPECT_GP("mov %%rax, %%cr0", cr0 | 1ULL << bit, "upper bit of CR0");
        EXPECT_GP("mov %%rax, %%cr0", cr0 & ~1ULL, "CR0.PE cleared while paging is on");
        EXPECT_GP("mov %%rax, %%cr0", (cr0 | 1 << 29) & ~(1ULL << 30), "CR0.NW without CD");
    }
    CR_READ(0, after);
    expect(after == cr0, "CR0 changed: %x, was %x", after, cr0);
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | 1 << 3));
    CR_READ(0, after);
    expect(after == (cr0 | 1 << 3), "CR0.TS does not hold: %x", after);
    __asm__ volatile("clts");
    CR_READ(0, after);
    expect(after == cr0, "CLTS: %x", after);
    __asm__ volatile("smsw %0" : "=r"(after));
    expect((after & 0xffff) == (cr0 & 0xffff), "SMSW: %x", after);
    __asm__ volatile("lmsw %%ax" : : "a"((cr0 | 8) & 0xffff));
    CR_READ(0, after);
    expect(after == (cr0 | 8), "LMSW: %x", after);
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
    /* Caches off and on again, with other writes in between. */
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | 1 << 30 | 1 << 3));
    __asm__ volatile("clts");
    CR_READ(0, after);
    expect(after == (cr0 | 1 << 30), "CR0.CD does not hold: %x", after);
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~(1ULL << 30)));
    CR_READ(0, after);
    expect(after == (cr0 & ~(1ULL << 30)), "CR0.CD stays: %x", after);
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
}

static void cr4_check(void)
{
    uint64_t cr4, after;

    CR_READ(4, cr4);
    for (unsigned bit = 25; bit < 64; bit++)
        EXPECT_GP("mov %%rax, %%cr4", cr4 | 1ULL << bit, "reserved bit of CR4");
    EXPECT_GP("mov %%rax, %%cr4", cr4 | 1 << 13, "CR4.VMXE");
    EXPECT_GP("mov %%rax, %%cr4", cr4 | 1 << 15, "CR4 bit 15");
    EXPECT_GP("mov %%rax, %%cr4", cr4 & ~(1ULL << 5), "CR4.PAE cleared in long mode");
    CR_READ(4, after);
    expect(after == cr4, "CR4 changed: %x, was %x", after, cr4);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 7));
    CR_READ(4, after);
    expect(after == (cr4 | 1 << 7), "CR4.PGE does not hold");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}

static void efer_check(void)
{
    uint64_t efer = msr_read(0xc0000080);
    /* LMA cannot be set by hand, but is no reserved bit. */
    uint64_t known = 1 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 14;

    for (unsigned bit = 1; bit < 64; bit++)
        if (!(known >> bit & 1) && (bit < 12 || bit > 21))
            expect(msr_try_write(0xc0000080, efer | 1ULL << bit) == GP, "EFER takes bit %u", (uint64_t)bit);
    expect(msr_try_write(0xc0000080, efer | 1 << 12) == GP, "EFER takes SVME");
    expect(msr_try_write(0xc0000080, efer & ~(1ULL << 8)) == GP, "EFER.LME changes while paging is on");
    expect(msr_read(0xc0000080) == efer, "EFER changed");
    expect(msr_try_write(0xc0000080, efer | 1 << 11) == NO_FAULT, "EFER.NXE faults");
    expect(msr_read(0xc0000080) == (efer | 1 << 11), "EFER.NXE does not hold");
}

static void xcr_check(void)
{
    uint64_t cr4;
    uint32_t low, high;

    if (!(cpuid(1, 0).ecx >> 26 & 1))
        return;
    TRY("xgetbv", : : "c"(0) : "rax", "rdx", "memory");
    expect(trap_vector == 6, "XGETBV without OSXSAVE: vector %u", trap_vector);
    CR_READ(4, cr4);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 18));
    expect(cpuid(1, 0).ecx >> 27 & 1, "CPUID does not show OSXSAVE");
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    EXPECT_GP("xsetbv", 0, "XCR0 without x87");
    EXPECT_GP("xsetbv", 2, "XCR0 without x87, with SSE");
    EXPECT_GP("xsetbv", 5, "XCR0 with AVX, without SSE");
    TRY("xsetbv", : : "c"(0), "a"(low), "d"(1U << 31) : "memory");
    expect(trap_vector == GP, "XCR0 bit 63: vector %u", trap_vector);
    TRY("xsetbv", : : "c"(1), "a"(low), "d"(high) : "memory");
    expect(trap_vector == GP, "XCR1: vector %u", trap_vector);
    TRY("xsetbv", : : "c"(0), "a"(3), "d"(0) : "memory");
    expect(trap_vector == NO_FAULT, "XCR0 with x87 and SSE: vector %u", trap_vector);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    expect(!(cpuid(1, 0).ecx >> 27 & 1), "CPUID still shows OSXSAVE");
}

static void others_check(void)
{
    uint64_t value;

    EXPECT_GP("mov %%rax, %%cr8", 16, "CR8 bit 4");
    __asm__ volatile("mov %0, %%cr8" : : "r"(5ULL));
    CR_READ(8, value);
    /* The emulator of the tests does not intercept reads of CR8 (counted by exits). */
    if (option("hardware", 0))
        expect(value == 5, "CR8: %u", value);
    expect((apic_read(APIC_TPR) & 0xff) == 0x50, "CR8 is not the task priority: %x",
           (uint64_t)apic_read(APIC_TPR));
    apic_write(APIC_TPR, 0x30);
    CR_READ(8, value);
    if (option("hardware", 0))
        expect(value == 3, "the task priority is not CR8: %u", value);
    __asm__ volatile("mov %0, %%cr8" : : "r"(0ULL));
    EXPECT_GP("mov %%rax, %%dr7", 1ULL << 32, "upper half of DR7");
    EXPECT_GP("mov %%rax, %%dr6", 1ULL << 32, "upper half of DR6");
    TRY(".byte 0x0f, 0x20, 0xc8", : : : "rax", "memory"); /* mov %cr1, %rax */
    expect(trap_vector == 6, "CR1: vector %u", trap_vector);
    TRY("vmrun", : : "a"(0) : "memory");
    expect(trap_vector == 6, "VMRUN: vector %u", trap_vector);
}

void guest_run(void)
{
    apic_init();
    cr0_check();
    cr4_check();
    efer_check();
    xcr_check();
    others_check();
}
