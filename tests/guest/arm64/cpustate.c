/* SPDX-License-Identifier: BSD-2-Clause */
/* More processors than the host has, each with its own registers: none sees another's. */
#include "../lib/guest.h"

const char guest_name[] = "cpustate";

static volatile uint32_t done, wrong;

#define VECTOR_WORDS 64

static void vectors_set(uint64_t seed)
{
    uint64_t values[VECTOR_WORDS], *at = values;

    for (unsigned i = 0; i < VECTOR_WORDS; i++)
        values[i] = seed * 37 + i;
    __asm__ volatile("ld1 {v0.2d-v3.2d}, [%0], #64; ld1 {v4.2d-v7.2d}, [%0], #64\n\t"
                     "ld1 {v8.2d-v11.2d}, [%0], #64; ld1 {v12.2d-v15.2d}, [%0], #64\n\t"
                     "ld1 {v16.2d-v19.2d}, [%0], #64; ld1 {v20.2d-v23.2d}, [%0], #64\n\t"
                     "ld1 {v24.2d-v27.2d}, [%0], #64; ld1 {v28.2d-v31.2d}, [%0], #64"
                     : "+r"(at)
                     :
                     : "memory");
    __asm__ volatile("msr fpcr, %0; msr fpsr, %1" : : "r"((seed & 3) << 22), "r"(seed & 0x1f));
}

static unsigned vectors_wrong(uint64_t seed)
{
    uint64_t values[VECTOR_WORDS], *at = values, fpcr, fpsr;
    unsigned bad = 0;

    __asm__ volatile("st1 {v0.2d-v3.2d}, [%0], #64; st1 {v4.2d-v7.2d}, [%0], #64\n\t"
                     "st1 {v8.2d-v11.2d}, [%0], #64; st1 {v12.2d-v15.2d}, [%0], #64\n\t"
                     "st1 {v16.2d-v19.2d}, [%0], #64; st1 {v20.2d-v23.2d}, [%0], #64\n\t"
                     "st1 {v24.2d-v27.2d}, [%0], #64; st1 {v28.2d-v31.2d}, [%0], #64"
                     : "+r"(at)
                     :
                     : "memory");
    for (unsigned i = 0; i < VECTOR_WORDS; i++)
        bad += values[i] != seed * 37 + i;
    __asm__ volatile("mrs %0, fpcr; mrs %1, fpsr" : "=r"(fpcr), "=r"(fpsr));
    return bad + (fpcr != (seed & 3) << 22) + ((fpsr & 0x1f) != (seed & 0x1f));
}

/* Those that keep all their bits. */
#define SYSTEM_REGISTERS(X) \
    X("tpidr_el0");         \
    X("tpidrro_el0");       \
    X("sp_el0");            \
    X("far_el1");           \
    X("cntv_cval_el0");     \
    X("cntp_cval_el0")

static void system_set(uint64_t seed)
{
#define WRITE(name) sysreg_write(name, seed * 0x100000001)
    SYSTEM_REGISTERS(WRITE);
}

static unsigned system_wrong(uint64_t seed)
{
    unsigned bad = 0;

#define READ(name) bad += sysreg_read(name) != seed * 0x100000001
    SYSTEM_REGISTERS(READ);
    return bad;
}

static void check(unsigned me)
{
    for (uint64_t round = 0; round < 50; round++) {
        uint64_t seed = me * 1000 + round;

        vectors_set(seed);
        system_set(seed);
        delay_us(2000 + me * 100);
        if (round % 4 == 0)
            (void)hvc(PSCI_VERSION, 0, 0, 0);
        if (vectors_wrong(seed) + system_wrong(seed)) {
            if (__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST) == 1)
                fail("processor %u, round %u: %u vector and %u system registers", (uint64_t)me, round,
                     (uint64_t)vectors_wrong(seed), (uint64_t)system_wrong(seed));
            break;
        }
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    check(index + 1);
    for (;;)
        __asm__ volatile("wfi");
}

void guest_run(void)
{
    unsigned cpus = (unsigned)option("cpus", 1);

    irq_init();
    expect(smp_start(cpus - 1), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)cpus - 1);
    check(0);
    for (unsigned i = 0; i < 10000 && done < cpus; i++)
        delay_us(1000);
    expect(done == cpus, "%u of %u are done", (uint64_t)done, (uint64_t)cpus);
    expect(wrong == 0, "%u processors saw wrong registers", (uint64_t)wrong);
}
