/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector and debug registers belong to their vCPU: each processor fills them with its own pattern and looks
 * again and again while others do the same on the same host CPU. Run with cpus=N, and twice at once.
 */
#include "../lib/guest.h"

const char guest_name[] = "cpustate";

#define ROUNDS 200

static uint8_t patterns[64][32 * 2] __attribute__((aligned(64)));
static volatile uint32_t finished;
static volatile uint64_t bad[64];
static bool has_avx;

static void fpu_on(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (has_avx) {
        __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 18));
        __asm__ volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
    }
}

static void vectors_load(const uint8_t *pattern)
{
    if (has_avx)
        __asm__ volatile("vmovdqu (%0), %%ymm0; vmovdqu 32(%0), %%ymm15; vmovdqu (%0), %%ymm7"
                         :
                         : "r"(pattern));
    else
        __asm__ volatile("movdqu (%0), %%xmm0; movdqu 32(%0), %%xmm15; movdqu (%0), %%xmm7" : : "r"(pattern));
}

static bool vectors_hold(const uint8_t *pattern)
{
    uint8_t now[96];
    unsigned width = has_avx ? 32 : 16;

    if (has_avx)
        __asm__ volatile("vmovdqu %%ymm0, (%0); vmovdqu %%ymm15, 32(%0); vmovdqu %%ymm7, 64(%0)"
                         :
                         : "r"(now)
                         : "memory");
    else
        __asm__ volatile("movdqu %%xmm0, (%0); movdqu %%xmm15, 32(%0); movdqu %%xmm7, 64(%0)"
                         :
                         : "r"(now)
                         : "memory");
    for (unsigned i = 0; i < width; i++)
        if (now[i] != pattern[i] || now[32 + i] != pattern[32 + i] || now[64 + i] != pattern[i])
            return false;
    return true;
}

/* Breakpoint addresses without enabling them. */
static void debug_load(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr3" : : "r"(value), "r"(~value & 0x7fffffff));
}

static bool debug_holds(uint64_t value)
{
    uint64_t dr0, dr3;

    __asm__ volatile("mov %%dr0, %0; mov %%dr3, %1" : "=r"(dr0), "=r"(dr3));
    return dr0 == value && dr3 == (~value & 0x7fffffff);
}

static void state_check(unsigned who)
{
    uint64_t seed = (tsc_read() & 0xffffff) << 8 | who;

    fpu_on();
    for (unsigned i = 0; i < 64; i++)
        patterns[who][i] = (uint8_t)(seed * 31 + i * 7 + who * 13);
    vectors_load(patterns[who]);
    debug_load(seed);
    msr_write(0xc0000102, seed); /* KernelGSbase */
    for (unsigned round = 0; round < ROUNDS; round++) {
        /* Some rounds leave the guest, most are only interrupted. */
        if (round % 8 == 0)
            (void)cpuid(0, 0);
        for (unsigned spin = 0; spin < 20000; spin++)
            __asm__ volatile("");
        bad[who] += !vectors_hold(patterns[who]) + !debug_holds(seed) + (msr_read(0xc0000102) != seed);
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    state_check(index + 1);
}

static volatile unsigned hits;
static volatile uint64_t hit_dr6;

static void on_debug(struct trap *trap)
{
    (void)trap;
    hits++;
    __asm__ volatile("mov %%dr6, %0" : "=r"(hit_dr6));
}

/* A data breakpoint that is enabled fires, with DR6 saying which. */
static void watch_check(void)
{
    static volatile uint32_t watched;

    trap_set(1, on_debug);
    __asm__ volatile("mov %0, %%dr1" : : "r"(&watched));
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400ULL | 1 << 2 | 0xdULL << 20)); /* L1, write, 4 bytes */
    (void)cpuid(0, 0);
    watched = 1;
    expect(hits == 1, "%u hits of a watch point", (uint64_t)hits);
    expect((hit_dr6 & 0xf) == 2, "DR6 %x", hit_dr6);
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400ULL));
    watched = 2;
    expect(hits == 1, "a watch point that is off fires");
}

void guest_run(void)
{
    unsigned others = (unsigned)option("cpus", 1) - 1;

    apic_init();
    has_avx = (cpuid(1, 0).ecx >> 26 & 5) == 5;
    if (others)
        expect(smp_start(others), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    state_check(0);
    for (unsigned i = 0; i < 60000 && finished <= others; i++)
        delay_us(1000);
    expect(finished == others + 1, "%u of %u finished", (uint64_t)finished, (uint64_t)others + 1);
    for (unsigned i = 0; i <= others; i++)
        expect(bad[i] == 0, "processor %u: other values %u times", (uint64_t)i, bad[i]);
    watch_check();
}
