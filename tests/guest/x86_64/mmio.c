/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of access to LAPIC, IOAPIC, ECAM and to where nothing is: the instructions give what hardware
 * gives. */
#include "../lib/guest.h"

const char guest_name[] = "mmio";

#define LAPIC  0xfee00000
#define IOAPIC 0xfec00000
#define ECAM   0xb0000000
#define HOLE   0xd0000000

static uint64_t source[512] __attribute__((aligned(4096)));

static void hole_check(void)
{
    volatile uint8_t *hole = (volatile uint8_t *)HOLE;
    uint64_t value = 0, count = 16;
    const void *from = (const void *)HOLE;
    void *to = source;

    expect(hole[1] == 0xff, "8 bits: %x", (uint64_t)hole[1]);
    expect(*(volatile uint16_t *)HOLE == 0xffff, "16 bits");
    expect(*(volatile uint32_t *)HOLE == 0xffffffff, "32 bits");
    expect(*(volatile uint64_t *)HOLE == ~0ULL, "64 bits");
    *(volatile uint64_t *)HOLE = 0x1234;
    expect(*(volatile uint64_t *)HOLE == ~0ULL, "a hole keeps what is written");
    __asm__ volatile("movzbl (%1), %k0" : "=r"(value) : "r"(HOLE) : "memory");
    expect(value == 0xff, "MOVZX: %x", value);
    __asm__ volatile("movsbq (%1), %0" : "=r"(value) : "r"((uint64_t)HOLE) : "memory");
    expect(value == ~0ULL, "MOVSX: %x", value);
    value = 0x1234567800000000;
    __asm__ volatile("movw (%1), %w0" : "+r"(value) : "r"((uint64_t)HOLE) : "memory");
    expect(value == 0x123456780000ffff, "MOV of 16 bits: %x", value);
    value = 5;
    __asm__ volatile("xchgl %k0, (%1)" : "+r"(value) : "r"((uint64_t)HOLE) : "memory");
    expect(value == 0xffffffff, "XCHG: %x", value);
    value = 1;
    __asm__ volatile("addl (%1), %k0" : "+r"(value) : "r"((uint64_t)HOLE) : "memory", "cc");
    expect(value == 0, "ADD: %x", value);
    value = 0xf0f0;
    __asm__ volatile("andq (%1), %0" : "+r"(value) : "r"((uint64_t)HOLE) : "memory", "cc");
    expect(value == 0xf0f0, "AND: %x", value);
    __asm__ volatile("lock orl $1, (%0); testb $1, (%0); setnz %b1"
                     :
                     : "r"((uint64_t)HOLE), "r"(value)
                     : "memory", "cc");
    __asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    expect(count == 0 && source[15] == ~0ULL && source[16] == 0, "REP MOVS from a hole: %u left", count);
    to = (void *)HOLE;
    count = 64;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
    expect(count == 0 && to == (void *)(HOLE + 64), "REP STOS into a hole: %u left", count);
}

static void ioapic_check(void)
{
    volatile uint32_t *select = (volatile uint32_t *)IOAPIC, *window = select + 4;
    uint32_t value;

    *select = 1;
    value = *window;
    expect((value >> 16 & 0xff) == 23, "IOAPIC version register %x", (uint64_t)value);
    *select = 0x12;
    *window = 0x10055;
    expect((*window & 0x100ff) == 0x10055, "redirection entry: %x", (uint64_t)*window);
    /* Every offset, every register, every size. */
    for (uint32_t at = 0; at < 0x1000; at += 4) {
        (void)*(volatile uint8_t *)(uintptr_t)(IOAPIC + at);
        (void)*(volatile uint16_t *)(uintptr_t)(IOAPIC + at);
        (void)*(volatile uint64_t *)(uintptr_t)(IOAPIC + (at & 0xff8));
        if (at >= 0x14)
            *(volatile uint32_t *)(uintptr_t)(IOAPIC + at) = 0xffffffff;
    }
    for (uint32_t i = 0; i < 256; i++) {
        *select = i;
        (void)*window;
        *window = 0x10000;
    }
}

/* xAPIC mode: registers are 32 bits wide on 16-byte boundaries. */
static void lapic_check(void)
{
    uint32_t id = *(volatile uint32_t *)(LAPIC + 0x20) >> 24;

    expect(id == cpuid(1, 0).ebx >> 24, "APIC id %u", (uint64_t)id);
    *(volatile uint32_t *)(LAPIC + 0xf0) = 0x1ff;
    expect(*(volatile uint32_t *)(LAPIC + 0xf0) == 0x1ff, "SVR");
    *(volatile uint32_t *)(LAPIC + 0x80) = 0x20;
    expect(*(volatile uint32_t *)(LAPIC + 0x80) == 0x20, "TPR");
    __asm__ volatile("movl $0, (%0)" : : "r"((uint64_t)LAPIC + 0x80) : "memory");
    for (uint32_t at = 0; at < 0x1000; at += 4) {
        (void)*(volatile uint8_t *)(uintptr_t)(LAPIC + at);
        (void)*(volatile uint32_t *)(uintptr_t)(LAPIC + at);
        (void)*(volatile uint64_t *)(uintptr_t)(LAPIC + (at & 0xff8));
        if (at != 0x300 && at != 0xf0)
            *(volatile uint32_t *)(uintptr_t)(LAPIC + at) = at < 0x3f0 ? 0x10000 : 0;
    }
    *(volatile uint32_t *)(LAPIC + 0x380) = 0;
    *(volatile uint32_t *)(LAPIC + 0x80) = 0;
}

static void ecam_check(void)
{
    uint32_t id = *(volatile uint32_t *)ECAM;

    expect(id != 0xffffffff && id != 0, "no host bridge: %x", (uint64_t)id);
    out32(0xcf8, 0x80000000);
    expect(in32(0xcfc) == id, "ports say %x, ECAM %x", (uint64_t)in32(0xcfc), (uint64_t)id);
    expect(*(volatile uint16_t *)(ECAM + 2) == id >> 16, "16 bits of ECAM");
    expect(*(volatile uint32_t *)(ECAM + 0x800000) == 0xffffffff, "a function that is not there");
    for (uint32_t at = 0; at < 0x10000000; at += 0x7ffc) {
        (void)*(volatile uint32_t *)(uintptr_t)(ECAM + at);
        *(volatile uint8_t *)(uintptr_t)(ECAM + at) = 0xff;
    }
}

/* An access that begins in RAM and ends where nothing is. */
static void edge_check(void)
{
    uint64_t end = 0x100000 + (uint64_t)memory_upper_kib() * 1024;

    TRY("movq (%0), %%rax", : : "r"(end - 4) : "rax", "memory");
    expect(trap_vector == NO_FAULT, "across the end of RAM: vector %u", trap_vector);
    TRY("movq %%rax, (%0)", : : "r"(end - 4), "a"(0) : "memory");
    expect(trap_vector == NO_FAULT, "across the end of RAM: vector %u", trap_vector);
}

void guest_run(void)
{
    hole_check();
    ioapic_check();
    lapic_check();
    ecam_check();
    if (option("edge", 0))
        edge_check();
}
