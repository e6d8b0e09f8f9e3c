/* SPDX-License-Identifier: BSD-2-Clause */
/* Every call of PSCI (Arm DEN 0022) and what is beside it (SMCCC, DEN 0028), right and wrong. */
#include "../lib/guest.h"

const char guest_name[] = "psci";

#define NOT_SUPPORTED      -1
#define INVALID_PARAMETERS -2
#define ALREADY_ON         -4
#define ON_PENDING         -5
#define INVALID_ADDRESS    -9
#define CPU_ON_32          0x84000003
#define AFFINITY_INFO_32   0x84000004
#define CPU_SUSPEND_32     0x84000001
#define MIGRATE_INFO_TYPE  0x84000006
#define SMCCC_VERSION      0x80000000
#define ARCH_FEATURES      0x80000001
#define TRNG_VERSION       0x84000050
#define TRNG_RND           0xc4000053

extern const uint8_t ap_start[];
static volatile uint32_t runs, arguments, order;

static int32_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    return (int32_t)hvc(function, a, b, c).x[0];
}

void ap_run(unsigned index)
{
    arguments = index;
    __atomic_add_fetch(&runs, 1, __ATOMIC_SEQ_CST);
    while (order == 0)
        cpu_relax();
    order = 0;
    hvc(PSCI_CPU_OFF, 0, 0, 0);
    fail("CPU_OFF returns");
}

static void features_check(void)
{
    static const uint32_t known[] = {PSCI_VERSION,    PSCI_CPU_SUSPEND,  CPU_SUSPEND_32,     PSCI_CPU_OFF,
                                     PSCI_CPU_ON,     CPU_ON_32,         PSCI_AFFINITY_INFO, AFFINITY_INFO_32,
                                     PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_FEATURES};
    uint64_t version = hvc(PSCI_VERSION, 0, 0, 0).x[0];

    expect(version >= 0x10000 && version < 0x20000, "version %x", version);
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect(call(PSCI_FEATURES, known[i], 0, 0) >= 0, "%x is not there", (uint64_t)known[i]);
    expect(call(PSCI_FEATURES, 0x8400ffff, 0, 0) == NOT_SUPPORTED, "a feature that nobody knows");
    expect(call(0x8400ffff, 0, 0, 0) == NOT_SUPPORTED, "a call that nobody knows");
    expect(call(MIGRATE_INFO_TYPE, 0, 0, 0) == 2 || call(MIGRATE_INFO_TYPE, 0, 0, 0) == NOT_SUPPORTED,
           "there is a trusted OS to be migrated");
}

static bool wait_runs(uint32_t wanted)
{
    for (unsigned i = 0; i < 5000 && runs < wanted; i++)
        delay_us(1000);
    return runs == wanted;
}

static bool wait_off(uint64_t cpu)
{
    for (unsigned i = 0; i < 5000; i++) {
        if (call(PSCI_AFFINITY_INFO, cpu, 0, 0) == 1)
            return true;
        delay_us(1000);
    }
    return false;
}

/* On and off, again and again; what it is started with arrives. */
static void on_off_check(void)
{
    uint64_t cpu = cpu_affinity(1);

    for (unsigned round = 1; round <= 20; round++) {
        unsigned context = 1 + round % 3;
        int32_t status = call(round & 1 ? PSCI_CPU_ON : CPU_ON_32, cpu, (uintptr_t)ap_start, context);

        expect(status == 0, "round %u: CPU_ON gives -%u", (uint64_t)round, (uint64_t)-status);
        status = call(PSCI_CPU_ON, cpu, (uintptr_t)ap_start, context);
        expect(status == ALREADY_ON || status == ON_PENDING, "round %u: the second CPU_ON gives %x",
               (uint64_t)round, (uint64_t)status);
        expect(wait_runs(round), "round %u: it does not come", (uint64_t)round);
        expect(arguments == context - 1, "round %u: context %u", (uint64_t)round, (uint64_t)arguments + 1);
        expect(call(AFFINITY_INFO_32, cpu, 0, 0) == 0, "round %u: it runs and is not on", (uint64_t)round);
        expect(call(PSCI_CPU_ON, cpu, (uintptr_t)ap_start, context) == ALREADY_ON,
               "a running processor is started");
        order = 1;
        expect(wait_off(cpu), "round %u: it does not go off", (uint64_t)round);
    }
}

static void errors_check(void)
{
    uint64_t self = cpu_affinity(0);
    int32_t status;

    expect(call(PSCI_CPU_ON, self, (uintptr_t)ap_start, 0) == ALREADY_ON, "CPU_ON of oneself");
    expect(call(PSCI_CPU_ON, 0xffff00, (uintptr_t)ap_start, 0) == INVALID_PARAMETERS, "CPU_ON of nobody");
    expect(call(PSCI_CPU_ON, ~0ULL, (uintptr_t)ap_start, 0) == INVALID_PARAMETERS,
           "CPU_ON of what cannot be");
    expect(call(PSCI_AFFINITY_INFO, self, 0, 0) == 0, "oneself is not on");
    status = call(PSCI_AFFINITY_INFO, 0xffff00, 0, 0);
    expect(status == INVALID_PARAMETERS, "AFFINITY_INFO of nobody: %x", (uint64_t)status);
    status = call(PSCI_AFFINITY_INFO, self, 9, 0);
    expect(status == INVALID_PARAMETERS || status == 0, "AFFINITY_INFO of level 9: %x", (uint64_t)status);
}

static void on_timer(unsigned intid)
{
    (void)intid;
    sysreg_write("cntv_ctl_el0", 0);
}

/* A standby state ends with an interrupt, as WFI does. */
static void suspend_check(void)
{
    irq_init();
    irq_set(TIMER_VIRT, on_timer);
    for (unsigned i = 0; i < 20; i++) {
        uint64_t deadline = counter_read() + counter_hz() / 1000;
        int32_t status;

        sysreg_write("cntv_cval_el0", deadline);
        sysreg_write("cntv_ctl_el0", 1);
        status = call(i & 1 ? PSCI_CPU_SUSPEND : CPU_SUSPEND_32, 0, 0, 0);
        expect(status == 0, "CPU_SUSPEND gives -%u", (uint64_t)-status);
        expect(counter_read() >= deadline, "CPU_SUSPEND returns early");
        irq_on();
        __asm__ volatile("isb");
        irq_off();
    }
}

static void smccc_check(void)
{
    int32_t version = call(PSCI_FEATURES, SMCCC_VERSION, 0, 0);

    if (version < 0)
        return; /* QEMU's own has none */
    version = call(SMCCC_VERSION, 0, 0, 0);
    expect(version >= 0x10001, "SMCCC version %x", (uint64_t)version);
    expect(call(ARCH_FEATURES, SMCCC_VERSION, 0, 0) == 0, "ARCH_FEATURES does not know the version");
    expect(call(ARCH_FEATURES, 0x80001234, 0, 0) == NOT_SUPPORTED, "ARCH_FEATURES knows what nobody knows");
    if (call(TRNG_VERSION, 0, 0, 0) >= 0x10000) {
        struct smccc one = hvc(TRNG_RND, 192, 0, 0), other = hvc(TRNG_RND, 192, 0, 0);

        expect(one.x[0] == 0 && other.x[0] == 0, "TRNG_RND gives %x", one.x[0]);
        expect(one.x[1] != other.x[1] && one.x[3] != other.x[3], "random numbers repeat: %x", one.x[1]);
        expect((int64_t)hvc(TRNG_RND, 193, 0, 0).x[0] == INVALID_PARAMETERS, "193 bits at once");
    }
}

void guest_run(void)
{
    features_check();
    errors_check();
    if (option("cpus", 1) > 1)
        on_off_check();
    suspend_check();
    smccc_check();
}
