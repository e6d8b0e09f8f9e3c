/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP, SIMD and SVE registers of more processors than the host has, kept over preemption, exits and WFI. With
 * SVE each second processor has shorter vectors, and the last one uses SIMD only, so that what is switched
 * differs from one to the next. `sve=1`: there must be some; `rounds=`, `seed=`.
 */
#include "../lib/guest.h"

const char guest_name[] = "fpstate";

#define Z_MAX     256 /* bytes of the longest vector there can be */
#define STATE_MAX (32 * Z_MAX + 17 * (Z_MAX / 8))
#define CPUS      8

static char loaded[CPUS][STATE_MAX] __attribute__((aligned(64))),
    found[CPUS][STATE_MAX] __attribute__((aligned(64)));
static volatile uint32_t done, wrong;
static uint64_t cpus, rounds, seed_option;
static bool has_sve;

#define ALL_Z "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define ALL_P "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

static void sve_load(const char *from)
{
    uint64_t predicates;

    __asm__ volatile(".arch_extension sve\n\t"
                     "addvl %0, %1, #31; addvl %0, %0, #1\n\t"
                     "ldr p0, [%0, #16, mul vl]; wrffr p0.b\n\t"
                     ".irp n, " ALL_Z "; ldr z\\n, [%1, #\\n, mul vl]; .endr\n\t"
                     ".irp n, " ALL_P "; ldr p\\n, [%0, #\\n, mul vl]; .endr"
                     : "=&r"(predicates)
                     : "r"(from)
                     : "memory");
}

static void sve_store(char *to)
{
    uint64_t predicates;

    __asm__ volatile(".arch_extension sve\n\t"
                     "addvl %0, %1, #31; addvl %0, %0, #1\n\t"
                     ".irp n, " ALL_Z "; str z\\n, [%1, #\\n, mul vl]; .endr\n\t"
                     ".irp n, " ALL_P "; str p\\n, [%0, #\\n, mul vl]; .endr\n\t"
                     "rdffr p0.b; str p0, [%0, #16, mul vl]"
                     : "=&r"(predicates)
                     : "r"(to)
                     : "memory");
}

static void simd_load(const char *from)
{
    __asm__ volatile(".irp n, " ALL_Z "; ldr q\\n, [%0, #16 * \\n]; .endr" : : "r"(from) : "memory");
}

static void simd_store(char *to)
{
    __asm__ volatile(".irp n, " ALL_Z "; str q\\n, [%0, #16 * \\n]; .endr" : : "r"(to) : "memory");
}

static unsigned vector_length(void)
{
    uint64_t bytes;

    __asm__ volatile(".arch_extension sve\n\trdvl %0, #1" : "=r"(bytes));
    return (unsigned)bytes;
}

/* Not of the same value anywhere in two states. FFR is ones up to somewhere, which is all it may be. */
static unsigned state_make(char *state, uint64_t seed, unsigned length)
{
    unsigned ffr = 32 * length + 16 * (length / 8), size = ffr + length / 8;
    uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;

    for (unsigned i = 0; i < ffr; i++) {
        x = x * 6364136223846793005 + 1442695040888963407;
        state[i] = (char)(x >> 33);
    }
    for (unsigned i = 0; i < length / 8; i++)
        state[ffr + i] = (char)(i < seed % (length / 8) ? 0xff : 0);
    return size;
}

static unsigned differences(const char *a, const char *b, unsigned size)
{
    unsigned n = 0;

    for (unsigned i = 0; i < size; i++)
        n += a[i] != b[i];
    return n;
}

static void tick(unsigned intid)
{
    (void)intid;
    sysreg_write("cntv_ctl_el0", 0);
}

/* Out of the processor in every way: preempted, by calls, asleep. */
static void away(uint64_t round)
{
    switch (round % 3) {
    case 0:
        delay_us(1500);
        break;
    case 1:
        for (unsigned i = 0; i < 20; i++)
            (void)hvc(PSCI_VERSION, 0, 0, 0);
        break;
    default:
        sysreg_write("cntv_cval_el0", counter_read() + counter_hz() / 500);
        sysreg_write("cntv_ctl_el0", 1);
        wait_irq();
        break;
    }
}

/* False: it is not as it was. */
static bool round_check(unsigned me, uint64_t seed, bool use_sve, uint64_t round)
{
    unsigned length = use_sve ? vector_length() : 16, size = state_make(loaded[me], seed, length);
    uint64_t fpcr = (seed & 3) << 22, fpsr = seed & 0x1f;
    unsigned bad = 0;

    if (use_sve)
        sve_load(loaded[me]);
    else
        simd_load(loaded[me]);
    __asm__ volatile("msr fpcr, %0; msr fpsr, %1" : : "r"(fpcr), "r"(fpsr));
    away(round);
    bad += (sysreg_read("fpcr") != fpcr) + ((sysreg_read("fpsr") & 0x1f) != fpsr);
    if (use_sve) {
        bad += vector_length() != length;
        sve_store(found[me]);
    } else {
        size = 32 * 16;
        simd_store(found[me]);
    }
    bad += differences(loaded[me], found[me], size);
    if (bad)
        print("processor %u, round %u: %u differences\n", (uint64_t)me, round, (uint64_t)bad);
    return bad == 0;
}

static void check(unsigned me)
{
    bool use_sve = has_sve && me != cpus - 1;

    sysreg_write("cpacr_el1", has_sve ? 0x330000 : 0x300000);
    if (use_sve)
        sysreg_write("s3_0_c1_c2_0", me % 2 ? 0 : 15); /* ZCR_EL1: as long as can be, or 128 bits */
    irq_set(TIMER_VIRT, tick);
    for (uint64_t round = 0; round < rounds; round++) {
        if (!round_check(me, seed_option + me * 1000 + round, use_sve, round)) {
            __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
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

/* What nobody has written is zero, whoever had the processor before: the upper parts of V, P, FFR. */
static void first_check(void)
{
    unsigned length, size;

    memset(loaded[0], 0, sizeof(loaded[0]));
    simd_load(loaded[0]);
    sysreg_write("cpacr_el1", 0x330000);
    sysreg_write("s3_0_c1_c2_0", 15);
    length = vector_length();
    size = 32 * length + 17 * (length / 8);
    sve_store(found[0]);
    expect(differences(loaded[0], found[0], size) == 0, "%u bytes of %u are somebody else's",
           (uint64_t)differences(loaded[0], found[0], size), (uint64_t)size);
    print("vectors of %u bytes\n", (uint64_t)length);
}

void guest_run(void)
{
    cpus = option("cpus", 1);
    rounds = option("rounds", 40);
    seed_option = option("seed", 0);
    has_sve = (sysreg_read("id_aa64pfr0_el1") >> 32 & 15) != 0;
    expect(has_sve == (option("sve", has_sve) != 0), "SVE: %u", (uint64_t)has_sve);
    expect((sysreg_read("id_aa64pfr1_el1") >> 24 & 15) == 0, "SME, without its registers");
    if (has_sve)
        first_check();
    irq_init();
    expect(smp_start((unsigned)cpus - 1), "%u of %u processors came", (uint64_t)ap_arrived, cpus - 1);
    check(0);
    for (unsigned i = 0; i < 10000 && done < cpus; i++)
        delay_us(1000);
    expect(done == cpus, "%u of %u are done", (uint64_t)done, cpus);
    expect(wrong == 0, "%u processors saw wrong registers", (uint64_t)wrong);
}
