/* SPDX-License-Identifier: BSD-2-Clause */
#include "smccc.h"
#include "workaround.h"
#include <criterion/criterion.h>
#include <string.h>

static const enum smccc_workaround each[] = {SMCCC_WORKAROUND_CALL, SMCCC_WORKAROUND_NOT_NEEDED,
                                             SMCCC_WORKAROUND_UNKNOWN};
static const enum smccc_workaround none[] = {SMCCC_WORKAROUND_UNKNOWN, SMCCC_WORKAROUND_UNKNOWN,
                                             SMCCC_WORKAROUND_UNKNOWN};
static const struct smccc_config full = {
    .workaround = each,
    .has_random = true,
    .has_stolen_time = true,
};
static const struct smccc_config bare = {.workaround = none};

struct result {
    enum smccc_action_kind kind;
    uint64_t x[4];
    struct smccc_action action;
};

static struct result call(const struct smccc_config *config, uint64_t x0, uint64_t x1, uint64_t x2,
                          uint64_t x3)
{
    struct result result = {.x = {x0, x1, x2, x3}};

    memset(&result.action, 0xa5, sizeof(result.action));
    result.kind = smccc_handle(config, result.x, &result.action);
    /* What is to be done leaves the arguments alone. */
    cr_assert(result.kind == SMCCC_RETURN ||
              (result.x[0] == x0 && result.x[1] == x1 && result.x[2] == x2 && result.x[3] == x3));
    return result;
}

static int64_t value(uint64_t x0, uint64_t x1)
{
    struct result result = call(&full, x0, x1, 0, 0);

    cr_assert_eq(result.kind, SMCCC_RETURN);
    return (int64_t)result.x[0];
}

Test(smccc, versions)
{
    cr_assert_eq(value(0x84000000, 0), 0x10001);
    cr_assert_eq(value(0x80000000, 0), 0x10001);
    cr_assert_eq(value(0x84000006, 0), 2);
    cr_assert_eq(value(0x84000050, 0), 0x10000);
    /* Upper halves of W arguments do not count. */
    cr_assert_eq(value(0xdeadbeef84000000, 0), 0x10001);
}

Test(smccc, features)
{
    static const uint32_t known[] = {0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
                                     0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
                                     0x84000009, 0x8400000a, 0x84000012, 0xc4000012, 0x80000000};
    unsigned count = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        cr_assert_eq(value(0x8400000a, known[i]), 0);
    for (uint32_t f = 0x84000000; f < 0x84000040; f++)
        count += (value(0x8400000a, f) == 0) + (value(0x8400000a, f | 0x40000000) == 0);
    cr_assert_eq(count, ARRAY_SIZE(known) - 1);
    cr_assert_eq(value(0x80000001, 0x80008000), 0);
    cr_assert_eq(value(0x80000001, 0x80007fff), 1);
    cr_assert_eq(value(0x80000001, 0x80003fff), -1);
    cr_assert_eq(value(0x80000001, 0x80000000), 0);
    cr_assert_eq(value(0x80000001, 0x80000002), -1, "SMCCC_ARCH_SOC_ID");
    cr_assert_eq(value(0x80000001, 0xc5000020), 0);
    cr_assert_eq(call(&full, 0x80008000, 0, 0, 0).kind, SMCCC_PREDICTORS);
    cr_assert_eq(value(0x80007fff, 0), 0);
    cr_assert_eq(value(0x80003fff, 0), -1);
    cr_assert_eq(value(0xc5000020, 0xc5000021), 0);
    cr_assert_eq(value(0xc5000020, 0xc5000022), -1);
    cr_assert_eq(call(&full, 0xc5000021, 0, 0, 0).kind, SMCCC_STOLEN_TIME);
    cr_assert_eq((int64_t)call(&bare, 0xc5000021, 0, 0, 0).x[0], -1);
    cr_assert_eq((int64_t)call(&bare, 0xc5000020, 0xc5000021, 0, 0).x[0], -1);
    cr_assert_eq((int64_t)call(&bare, 0x80000001, 0xc5000020, 0, 0).x[0], -1);
    cr_assert_eq((int64_t)call(&bare, 0x84000050, 0, 0, 0).x[0], -1);
    cr_assert_eq((int64_t)call(&bare, 0x80008000, 0, 0, 0).x[0], -1);
}

Test(smccc, unknown)
{
    static const uint32_t functions[] = {0,          1,          0xffffffff, 0x80000002, 0xc4000000,
                                         0x84000005, 0x84000007, 0x8400000b, 0x8400001f, 0x84000020,
                                         0xc4000009, 0xbf00ff01, 0x8600ff01, 0xc4000050, 0x04000000};

    for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
        cr_assert_eq(value(functions[i], 0), -1, "%#x", functions[i]);
}

Test(smccc, cpu_on)
{
    struct result result = call(&full, 0xc4000003, 0x1200030201, 0x123456789000, ~0ULL);

    cr_assert_eq(result.kind, SMCCC_CPU_ON);
    cr_assert_eq(result.action.target, 0x12030201);
    cr_assert_eq(result.action.entry, 0x123456789000);
    cr_assert_eq(result.action.context, ~0ULL);
    result = call(&full, 0x84000003, 0xffffffff00000001, 0xffffffff40000000, ~0ULL);
    cr_assert_eq(result.kind, SMCCC_CPU_ON);
    cr_assert_eq(result.action.target, 1);
    cr_assert_eq(result.action.entry, 0x40000000);
    cr_assert_eq(result.action.context, 0xffffffff);
    cr_assert_eq((int64_t)call(&full, 0x84000003, 0x80000001, 0, 0).x[0], PSCI_INVALID_PARAMETERS);
    cr_assert_eq((int64_t)call(&full, 0xc4000003, 0x80000001, 0, 0).x[0], PSCI_INVALID_PARAMETERS);
    cr_assert_eq((int64_t)call(&full, 0xc4000003, 1ULL << 40, 0, 0).x[0], PSCI_INVALID_PARAMETERS);
    cr_assert_eq((int64_t)call(&full, 0xc4000003, 1, 2, 0).x[0], PSCI_INVALID_ADDRESS);
}

Test(smccc, power)
{
    cr_assert_eq(call(&full, 0x84000002, 0, 0, 0).kind, SMCCC_CPU_OFF);
    cr_assert_eq(call(&full, 0x84000008, 0, 0, 0).kind, SMCCC_SYSTEM_OFF);
    cr_assert_eq(call(&full, 0x84000009, 0, 0, 0).kind, SMCCC_SYSTEM_RESET);
    cr_assert_eq(call(&full, 0xc4000012, 0, 5, 0).kind, SMCCC_SYSTEM_RESET);
    cr_assert_eq(value(0x84000012, 1), PSCI_INVALID_PARAMETERS);
    cr_assert_eq(value(0x84000012, 0x80000001), PSCI_NOT_SUPPORTED);
    cr_assert_eq(call(&full, 0xc4000001, 0x10000, 0, 0).kind, SMCCC_SUSPEND);
    cr_assert_eq(call(&full, 0x84000001, 0, 0, 0).kind, SMCCC_SUSPEND);
    cr_assert_eq(value(0xc4000001, 0x40000000), PSCI_INVALID_PARAMETERS);
    cr_assert_eq(value(0xc4000001, 1ULL << 32), PSCI_INVALID_PARAMETERS);
    cr_assert_eq(call(&full, 0xc4000004, 2, 0, 0).kind, SMCCC_AFFINITY_INFO);
    cr_assert_eq(call(&full, 0xc4000004, 2, 0, 0).action.target, 2);
    cr_assert_eq((int64_t)call(&full, 0xc4000004, 2, 1, 0).x[0], PSCI_INVALID_PARAMETERS);
}

Test(smccc, random)
{
    uint8_t entropy[24];
    uint64_t x[4];
    struct result result;

    memset(entropy, 0xff, sizeof(entropy));
    cr_assert_eq(value(0x84000051, 0xc4000053), 0);
    cr_assert_eq(value(0x84000051, 0x84000054), -1);
    cr_assert_eq(value(0x84000052, 0), 0x42617361);
    cr_assert_eq(value(0x84000053, 0), -2);
    cr_assert_eq(value(0x84000053, 97), -2);
    cr_assert_eq(value(0xc4000053, 193), -2);
    result = call(&full, 0xc4000053, 192, 0, 0);
    cr_assert_eq(result.kind, SMCCC_RANDOM);
    smccc_random_return(&result.action, entropy, x);
    cr_assert(x[0] == 0 && x[1] == ~0ULL && x[2] == ~0ULL && x[3] == ~0ULL);
    result = call(&full, 0xc4000053, 65, 0, 0);
    smccc_random_return(&result.action, entropy, x);
    cr_assert(x[1] == 0 && x[2] == 1 && x[3] == ~0ULL);
    result = call(&full, 0x84000053, 33, 0, 0);
    smccc_random_return(&result.action, entropy, x);
    cr_assert(x[1] == 0 && x[2] == 1 && x[3] == 0xffffffff);
    result = call(&full, 0x84000053, 96, 0, 0);
    smccc_random_return(&result.action, entropy, x);
    cr_assert(x[1] == 0xffffffff && x[2] == 0xffffffff && x[3] == 0xffffffff);
}

/* --- what CPUs need --- */

#define A72   0x410fd083
#define NONE  {-1, -1, -1}
#define PFR0  ID_INDEX(SYSREG_ID_AA64PFR0)
#define MMFR1 ID_INDEX(SYSREG_ID_AA64MMFR1)

static int decide(const uint64_t *id, uint64_t midr, unsigned n, int32_t firmware)
{
    struct workaround_facts facts = {.id = id, .midr = midr, .firmware = NONE};

    facts.firmware[n] = firmware;
    return (int)workaround_decide(&facts, n);
}

Test(workaround, firmware_says_so)
{
    static const uint64_t id[ID_REGISTERS];

    for (unsigned n = 0; n < WORKAROUNDS; n++) {
        cr_assert_eq(decide(id, A72, n, -1), SMCCC_WORKAROUND_UNKNOWN);
        cr_assert_eq(decide(id, A72, n, -3), SMCCC_WORKAROUND_UNKNOWN);
        cr_assert_eq(decide(id, A72, n, 1), SMCCC_WORKAROUND_NOT_NEEDED);
        cr_assert_eq(decide(id, 0x410fd034, n, -1), SMCCC_WORKAROUND_NOT_NEEDED, "Cortex-A53 r0p4");
    }
    cr_assert_eq(decide(id, A72, 0, 0), SMCCC_WORKAROUND_CALL);
    cr_assert_eq(decide(id, A72, 2, 0), SMCCC_WORKAROUND_CALL);
    /* It is on for all; the guest cannot switch it off. */
    cr_assert_eq(decide(id, A72, 1, 0), SMCCC_WORKAROUND_NOT_NEEDED);
    cr_assert_eq(decide(id, A72, 1, -2), SMCCC_WORKAROUND_NOT_NEEDED);
    cr_assert_eq(decide(id, A72, 0, -2), SMCCC_WORKAROUND_UNKNOWN);
}

Test(workaround, cpu_says_so)
{
    uint64_t id[ID_REGISTERS] = {[PFR0] = 1ULL << 56};

    cr_assert_eq(decide(id, A72, 0, 0), SMCCC_WORKAROUND_NOT_NEEDED, "CSV2");
    cr_assert_eq(decide(id, A72, 2, 0), SMCCC_WORKAROUND_CALL);
    cr_assert_eq(decide(id, A72, 1, -1), SMCCC_WORKAROUND_UNKNOWN);
    id[PFR0] = 3ULL << 56;
    cr_assert_eq(decide(id, A72, 2, 0), SMCCC_WORKAROUND_NOT_NEEDED, "CSV2_3");
    id[PFR0] = 1ULL << 56;
    id[MMFR1] = 1ULL << 60;
    cr_assert_eq(decide(id, A72, 2, -1), SMCCC_WORKAROUND_NOT_NEEDED, "ECBHB");
}

Test(workaround, several_cpus)
{
    cr_assert_eq(workaround_merge(SMCCC_WORKAROUND_NOT_NEEDED, SMCCC_WORKAROUND_CALL), SMCCC_WORKAROUND_CALL);
    cr_assert_eq(workaround_merge(SMCCC_WORKAROUND_CALL, SMCCC_WORKAROUND_UNKNOWN), SMCCC_WORKAROUND_UNKNOWN);
    cr_assert_eq(workaround_merge(SMCCC_WORKAROUND_NOT_NEEDED, SMCCC_WORKAROUND_NOT_NEEDED),
                 SMCCC_WORKAROUND_NOT_NEEDED);
}

Test(workaround, barriers)
{
    enum smccc_workaround both[] = {SMCCC_WORKAROUND_CALL, SMCCC_WORKAROUND_UNKNOWN, SMCCC_WORKAROUND_CALL};

    cr_assert_eq(workaround_barrier(both), SMCCC_WORKAROUND_3);
    both[2] = SMCCC_WORKAROUND_UNKNOWN;
    cr_assert_eq(workaround_barrier(both), SMCCC_WORKAROUND_1);
    both[0] = SMCCC_WORKAROUND_NOT_NEEDED;
    cr_assert_eq(workaround_barrier(both), 0);
}
