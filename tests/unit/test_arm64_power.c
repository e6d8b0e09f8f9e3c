/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that do something: vCPUs on and off, the VM's end, entropy, stolen time (vmm/arm64/call.c, power.c,
 * stolen.c). */
#include "arm64_vcpu.h"

#define CPU_OFF       0x84000002U
#define CPU_ON        0xc4000003U
#define CPU_ON_32     0x84000003U
#define AFFINITY_INFO 0xc4000004U
#define CPU_SUSPEND   0xc4000001U
#define SYSTEM_OFF    0x84000008U
#define SYSTEM_RESET  0x84000009U
#define TRNG_RND      0xc4000053U
#define PV_TIME_ST    0xc5000021U

static int64_t call(struct vcpu *vcpu, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    uint64_t *x = vcpu->arch.x;

    x[0] = x0;
    x[1] = x1;
    x[2] = x2;
    x[3] = x3;
    vcpu->exit.kind = EXIT_HYPERCALL;
    exit_handle(vcpu);
    return (int64_t)x[0];
}

static void setup(void)
{
    vm_make(VCPUS_MAX);
}

TestSuite(arm64_power, .init = setup, .fini = vm_unmake);
TestSuite(arm64_stolen, .init = setup, .fini = vm_unmake);

Test(arm64_power, on)
{
    cr_assert_eq(call(&vcpus[0], AFFINITY_INFO, 1, 0, 0), 1);
    cr_assert_eq(call(&vcpus[0], CPU_ON, 1, RAM + 0x1000, 0x77), PSCI_SUCCESS);
    cr_assert_eq(seen.requests[1], VCPU_REQ_ON);
    cr_assert_eq(call(&vcpus[0], AFFINITY_INFO, 1, 0, 0), 2);
    cr_assert_eq(call(&vcpus[2], CPU_ON, 1, RAM + 0x2000, 0), PSCI_ON_PENDING);
    vcpu_power_requested(&vcpus[1]);
    cr_assert(vcpus[1].arch.pc == RAM + 0x1000 && vcpus[1].arch.x[0] == 0x77);
    cr_assert(vcpus[1].activity == VCPU_RUNNING && seen.interface_resets == 1);
    cr_assert(vcpus[1].backend.midr == arm64_host.midr && vcpus[1].backend.mpidr == 0x80000001);
    cr_assert_eq(call(&vcpus[0], AFFINITY_INFO, 1, 0, 0), 0);
    cr_assert_eq(call(&vcpus[0], CPU_ON, 1, RAM, 0), PSCI_ALREADY_ON);
    /* A request without anybody who made it, as after a reset in between, starts nothing again. */
    vcpu_power_requested(&vcpus[1]);
    cr_assert_eq(vcpus[1].backend.resets, 1);
}

/* 16 share an Aff1. */
Test(arm64_power, affinities)
{
    cr_assert_eq(call(&vcpus[0], CPU_ON, 0x101, RAM, 0), PSCI_SUCCESS);
    cr_assert_eq(seen.requests[17], VCPU_REQ_ON);
    vcpu_power_requested(&vcpus[17]);
    cr_assert_eq(vcpus[17].backend.mpidr, 0x80000101);
    cr_assert_eq(call(&vcpus[0], CPU_ON_32, 2, 0xffffffff00000000 | RAM, ~0ULL), PSCI_SUCCESS);
    vcpu_power_requested(&vcpus[2]);
    cr_assert(vcpus[2].arch.pc == RAM && vcpus[2].arch.x[0] == 0xffffffff);
}

Test(arm64_power, nobody_there)
{
    static const uint64_t affinities[] = {0x102, 0x10, 0x11, 0xff, 0x10000, 0x100000000, 0xff00ffffff};

    for (unsigned i = 0; i < ARRAY_SIZE(affinities); i++) {
        cr_expect_eq(call(&vcpus[0], CPU_ON, affinities[i], RAM, 0), PSCI_INVALID_PARAMETERS, "%#llx",
                     (unsigned long long)affinities[i]);
        cr_expect_eq(call(&vcpus[0], AFFINITY_INFO, affinities[i], 0, 0), PSCI_INVALID_PARAMETERS);
    }
    cr_assert_eq(call(&vcpus[0], CPU_ON, 1, RAM + 2, 0), PSCI_INVALID_ADDRESS);
    for (unsigned i = 0; i < VCPUS_MAX; i++)
        cr_expect_eq(seen.requests[i], 0);
}

Test(arm64_power, off)
{
    (void)call(&vcpus[0], CPU_OFF, 0, 0, 0);
    cr_assert(vcpus[0].activity == VCPU_OFF && seen.leaves == 1);
    cr_assert_eq(call(&vcpus[1], AFFINITY_INFO, 0, 0, 0), 1);
    cr_assert_eq(call(&vcpus[1], CPU_ON, 0, RAM + 4, 9), PSCI_SUCCESS);
    vcpu_power_requested(&vcpus[0]);
    cr_assert(vcpus[0].activity == VCPU_RUNNING && vcpus[0].arch.pc == RAM + 4 && vcpus[0].arch.x[0] == 9);
}

Test(arm64_power, suspend)
{
    cr_assert_eq(call(&vcpus[0], CPU_SUSPEND, 0, RAM, 1), PSCI_SUCCESS);
    cr_assert(vcpus[0].activity == VCPU_HALTED && vcpus[0].arch.pc == RAM && seen.leaves == 1);
}

Test(arm64_power, end)
{
    (void)call(&vcpus[0], SYSTEM_OFF, 0, 0, 0);
    cr_assert(seen.ends == 1 && seen.end == VM_END_POWEROFF);
    (void)call(&vcpus[0], SYSTEM_RESET, 0, 0, 0);
    cr_assert(seen.ends == 2 && seen.end == VM_END_RESET);
}

Test(arm64_power, entropy)
{
    cr_assert_eq(call(&vcpus[0], TRNG_RND, 128, 0, 0), 0);
    cr_assert(vcpus[0].arch.x[1] == 0 && vcpus[0].arch.x[2] == 0x5a5a5a5a5a5a5a5a &&
              vcpus[0].arch.x[3] == 0x5a5a5a5a5a5a5a5a);
}

/* Results that a call does not have leave nothing of the host in the registers behind them. */
Test(arm64_power, registers_that_stay)
{
    memset(vcpus[0].arch.x, 0x11, sizeof(vcpus[0].arch.x));
    (void)call(&vcpus[0], 0x84000000, 0, 0, 0);
    for (unsigned i = 4; i < ARRAY_SIZE(vcpus[0].arch.x); i++)
        cr_expect_eq(vcpus[0].arch.x[i], 0x1111111111111111, "x%u", i);
}

/* --- stolen time --- */

static uint64_t record(unsigned vcpu, unsigned word)
{
    uint64_t value = ~0ULL;

    cr_assert_eq(gmem_read(&vm.gmem, gpa(MACHINE_STOLEN + 64 * vcpu + 8 * word), &value, 8), 0);
    return value;
}

Test(arm64_stolen, is_told)
{
    seen.steal_cycles = 5000;
    stolen_time_update(&vcpus[3]); /* nobody asked */
    cr_assert_eq(call(&vcpus[3], PV_TIME_ST, 0, 0, 0), MACHINE_STOLEN + 3 * 64);
    cr_assert(record(3, 0) == 0 && record(3, 1) == 0);
    cr_assert(seen.steal_flags == &vcpus[3].requests && seen.steal_bit == VCPU_REQ_STEAL);
    cr_assert_gt(seen.steal_step_ns, 0);
    seen.steal_cycles = 125000;
    stolen_time_update(&vcpus[3]);
    cr_assert_eq(record(3, 1), 120000, "since the guest asked");
    cr_assert(record(2, 1) == 0 && record(4, 1) == 0);
    /* Whoever asks again goes on counting. */
    seen.steal_step_ns = 0;
    cr_assert_eq(call(&vcpus[3], PV_TIME_ST, 0, 0, 0), MACHINE_STOLEN + 3 * 64);
    stolen_time_update(&vcpus[3]);
    cr_assert(record(3, 1) == 120000 && seen.steal_step_ns == 0);
}

Test(arm64_stolen, machine_without)
{
    fake_gmem_empty();
    vm.gmem = fake_gmem.gmem;
    cr_assert_eq(call(&vcpus[0], PV_TIME_ST, 0, 0, 0), PSCI_NOT_SUPPORTED);
    cr_assert_not(vcpus[0].arch.has_stolen_time);
    /* Memory that goes away later hurts nobody. */
    vcpus[0].arch.has_stolen_time = true;
    stolen_time_update(&vcpus[0]);
}
