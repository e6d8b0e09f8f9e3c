/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits of arm64 guests, and above all faults of stage 2: who gets what (vmm/arm64/exit.c, fault.c). */
#include "arm64_vcpu.h"

#define V (&vcpus[0])

/* A data abort whose syndrome describes the access. */
#define ACCESS(size_log2, rt) \
    (ESR_CLASS(ESR_DABT_LOWER) | ESR_IL | ESR_ISV | (size_log2) << 22 | (rt) << 16 | 6)

static void fault(uint64_t at, uint64_t esr, bool is_write)
{
    V->exit = (struct vmexit){.kind = EXIT_STAGE2_FAULT,
                              .fault = {.gpa = at, .is_write = is_write, .is_final = true}};
    V->arch.esr = esr;
    V->arch.far = 0xffff000000000000 | (at & 0xfff);
    exit_handle(V);
}

static void fetch(uint64_t at)
{
    V->exit =
        (struct vmexit){.kind = EXIT_STAGE2_FAULT, .fault = {.gpa = at, .is_fetch = true, .is_final = true}};
    V->arch.esr = ESR_CLASS(ESR_IABT_LOWER) | ESR_IL | 6;
    V->arch.far = at;
    exit_handle(V);
}

static void other(enum exit_kind kind, uint64_t esr)
{
    V->exit = (struct vmexit){.kind = kind, .raw = {.code = esr}};
    V->arch.esr = esr;
    exit_handle(V);
}

static void setup(void)
{
    vm_make(1);
}

TestSuite(arm64_exit, .init = setup, .fini = vm_unmake);
TestSuite(arm64_fault, .init = setup, .fini = vm_unmake);

/* --- exit.c --- */

Test(arm64_exit, nothing_to_do)
{
    other(EXIT_HOST_IRQ, 0);
    other(EXIT_NOTHING, 0);
    cr_assert(V->arch.pc == RAM && seen.crashes == 0 && V->activity == VCPU_RUNNING);
}

Test(arm64_exit, waits)
{
    other(EXIT_HALT, ESR_CLASS(ESR_WFX));
    cr_assert(V->activity == VCPU_HALTED && V->backend.skips == 1 && seen.leaves == 1);
    /* With a timeout it may end at once, and does. */
    V->activity = VCPU_RUNNING;
    other(EXIT_HALT, ESR_CLASS(ESR_WFX) | ESR_WFX_IS_T);
    cr_assert(V->activity == VCPU_RUNNING && V->backend.skips == 2 && seen.leaves == 1);
    other(EXIT_PAUSE, ESR_CLASS(ESR_WFX) | ESR_WFX_IS_WFE);
    cr_assert(V->activity == VCPU_RUNNING && V->backend.skips == 3);
}

Test(arm64_exit, calls)
{
    /* HVC has been done when it exits, SMC has not: Arm ARM, D1.3.5. */
    V->arch.x[0] = 0x84000000;
    other(EXIT_HYPERCALL, ESR_CLASS(ESR_HVC64));
    cr_assert(V->arch.x[0] == 0x10001 && V->backend.skips == 0);
    V->arch.x[0] = 0x84000000;
    other(EXIT_SMC, ESR_CLASS(ESR_SMC64));
    cr_assert(V->arch.x[0] == 0x10001 && V->backend.skips == 1);
    /* SMCCC_ARCH_WORKAROUND_1, on a host whose CPUs need it. */
    arm64_host.workaround[0] = SMCCC_WORKAROUND_CALL;
    V->arch.x[0] = 0x80008000;
    other(EXIT_HYPERCALL, ESR_CLASS(ESR_HVC64));
    cr_assert(V->arch.x[0] == 0 && seen.predictors_clears == 1);
}

Test(arm64_exit, registers_and_undefined)
{
    other(EXIT_SYSREG, ESR_CLASS(ESR_SYSREG));
    cr_assert_eq(seen.sysregs, 1);
    other(EXIT_UNDEFINED, ESR_CLASS(ESR_UNKNOWN));
    cr_assert(V->backend.undefined == 1 && V->backend.skips == 0 && seen.crashes == 0);
}

/* The instruction is tried again with the vCPU's registers in place, or there are none of that kind. */
Test(arm64_exit, fp_registers)
{
    other(EXIT_FP, ESR_CLASS(ESR_FP));
    cr_assert(V->backend.fp_uses == 1 && V->backend.undefined == 0 && V->backend.skips == 0);
    other(EXIT_FP, ESR_CLASS(ESR_SVE));
    cr_assert(V->backend.fp_uses == 2 && V->backend.undefined == 1 && V->backend.skips == 0);
}

/* An SError that is the guest's ends that VM only; so does what has no better answer. */
Test(arm64_exit, ends_the_vm)
{
    static const struct {
        enum exit_kind kind;
        const char *word;
    } ends[] = {{EXIT_SERROR, "SError, syndrome 0xbe000011"},
                {EXIT_FAIL_ENTRY, "refuses"},
                {EXIT_UNKNOWN, "unexpected"},
                {EXIT_DEBUG, "unexpected"}};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        other(ends[i].kind, 0xbe000011);
        cr_expect_eq(seen.crashes, i + 1);
        cr_expect(strstr(seen.crash, ends[i].word), "%s", seen.crash);
    }
}

/* By ISS: IDS, AET, the status code (FEAT_RAS). A synchronous external abort comes the same way. */
Test(arm64_exit, serrors)
{
    static const struct {
        uint64_t esr;
        bool is_harmless;
    } errors[] = {
        {0xbe000011 | 6 << 10, true},           /* corrected */
        {0xbe000011 | 2 << 10, true},           /* restartable */
        {0xbe000011 | 6 << 10 | BIT(9), true},  /* EA says what kind it was */
        {0xbe000011, false},                    /* uncontainable; or without FEAT_RAS */
        {0xbe000011 | 1 << 10, false},          /* unrecoverable */
        {0xbe000011 | 3 << 10, false},          /* recoverable, by whoever knows how */
        {0xbe000011 | 4 << 10, false},          /* reserved */
        {0xbe000011 | 7 << 10, false},          /* reserved */
        {0xbf000011 | 6 << 10, false},          /* the implementation's own */
        {0xbe000000 | 6 << 10, false},          /* not categorised */
        {0x92000010 | 6 << 10 | BIT(9), false}, /* a load's: SET and FnV are where AET is */
        {0x92000011 | 2 << 10, false},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
        unsigned before = seen.crashes;

        other(EXIT_SERROR, errors[i].esr);
        cr_expect_eq(seen.crashes == before, errors[i].is_harmless, "%#llx",
                     (unsigned long long)errors[i].esr);
        cr_expect_eq(V->backend.skips, 0);
    }
}

/* --- fault.c --- */

Test(arm64_fault, ram_is_mapped)
{
    fault(RAM + 0x123000, ACCESS(3, 1), true);
    fetch(RAM + 0x1000);
    cr_assert(seen.faults == 2 && V->backend.skips == 0 && V->backend.aborts == 0);
    seen.fault_error = -ENOMEM;
    fault(RAM, ACCESS(3, 1), true);
    cr_assert(seen.crashes == 1 && strstr(seen.crash, "no memory left") != NULL);
}

Test(arm64_fault, rom_does_not_change)
{
    fault(ROM + 8, ACCESS(3, 1), true);
    cr_assert(V->backend.skips == 1 && V->backend.aborts == 0 && seen.crashes == 0);
}

Test(arm64_fault, device_loads)
{
    seen.device_value = 0xffffffffffffff80;
    fault(DEVICE + 0x18, ACCESS(0, 5), false);
    cr_assert(V->arch.x[5] == 0x80 && seen.device_size == 1 && seen.device_offset == 0x18);
    fault(DEVICE + 0x18, ACCESS(0, 5) | ESR_SSE, false);
    cr_assert_eq(V->arch.x[5], 0xffffff80);
    fault(DEVICE + 0x18, ACCESS(0, 5) | ESR_SSE | ESR_SF, false);
    cr_assert_eq(V->arch.x[5], 0xffffffffffffff80);
    fault(DEVICE + 0x18, ACCESS(3, 30) | ESR_SF, false);
    cr_assert(V->arch.x[30] == 0xffffffffffffff80 && seen.device_size == 8);
    fault(DEVICE, ACCESS(2, 31), false); /* WZR: read, and forgotten */
    cr_assert(seen.device_reads == 5 && V->backend.skips == 5);
    cr_assert_eq(seen.faults, 1, "the page of the last device is not looked up again");
}

Test(arm64_fault, device_stores)
{
    V->arch.x[7] = 0x1122334455667788;
    fault(DEVICE + 4, ACCESS(1, 7) | ESR_WNR, true);
    cr_assert(seen.device_writes == 1 && seen.device_value == 0x7788 && seen.device_size == 2);
    fault(DEVICE + 4, ACCESS(3, 31) | ESR_WNR, true);
    cr_assert(seen.device_writes == 2 && seen.device_value == 0 && V->backend.skips == 2);
}

Test(arm64_fault, nobody_answers)
{
    uint64_t esr = ACCESS(2, 1) | ESR_WNR;

    V->backend.el1[ARM64_VBAR_EL1] = RAM + 0x800;
    fault(NOWHERE, esr, true);
    cr_assert(V->backend.aborts == 1 && !V->backend.is_fetch && V->backend.skips == 0);
    cr_assert_eq(V->backend.iss, ESR_FSC_EXTERNAL | ESR_WNR, "an access of the guest's, not of stage 2");
    cr_assert_eq(V->backend.far, V->arch.far);
    /* A device's page again, but across its end. */
    fault(DEVICE + 0xffe, ACCESS(2, 1), false);
    cr_assert(V->backend.aborts == 2 && seen.device_reads == 0);
    cr_assert_eq(seen.crashes, 0);
}

Test(arm64_fault, access_that_is_not_described)
{
    uint64_t pair = ESR_CLASS(ESR_DABT_LOWER) | ESR_IL | 6;

    fault(DEVICE, pair, false);
    cr_assert(V->backend.aborts == 1 && V->backend.skips == 0 && seen.device_reads == 0);
    cr_assert_eq(V->backend.iss, ESR_FSC_EXTERNAL);
    /* Cache maintenance of a device's address does nothing. */
    fault(DEVICE, pair | ESR_CM | ESR_WNR, true);
    cr_assert(V->backend.aborts == 1 && V->backend.skips == 1);
}

Test(arm64_fault, fetch_from_a_device)
{
    fault(DEVICE, ACCESS(2, 1), false); /* its page is known now */
    V->backend.el1[ARM64_VBAR_EL1] = RAM;
    V->arch.pc = DEVICE;
    fetch(DEVICE);
    cr_assert(V->backend.aborts == 1 && V->backend.is_fetch && V->backend.iss == ESR_FSC_EXTERNAL);
    cr_assert(V->arch.pc == RAM + 0x200 && seen.device_reads == 1 && seen.crashes == 0);
}

/* A page of hardware's that the guest has: its CPU interface, if that is a GICv2's. */
Test(arm64_fault, registers_of_its_own)
{
    V->backend.el1[ARM64_VBAR_EL1] = RAM;
    fault(REGISTERS + 0xc, ACCESS(2, 1), false);
    fault(REGISTERS, ESR_CLASS(ESR_DABT_LOWER) | ESR_IL | 6, true); /* whatever the instruction is */
    cr_assert(seen.registers_mapped == 2 && V->backend.skips == 0 && V->backend.aborts == 0);
    fetch(REGISTERS);
    cr_assert(seen.registers_mapped == 2 && V->backend.aborts == 1 && V->backend.is_fetch);
    V->exit = (struct vmexit){.kind = EXIT_STAGE2_FAULT, .fault = {.gpa = REGISTERS, .is_final = false}};
    exit_handle(V);
    cr_assert_eq(seen.registers_mapped, 2, "tables are not read from there");
    seen.fault_error = -ENOMEM;
    fault(REGISTERS, ACCESS(2, 1), false);
    cr_assert(seen.crashes == 1 && strstr(seen.crash, "no memory left") != NULL);
}

/* It would abort for ever. */
Test(arm64_fault, no_vector)
{
    V->backend.el1[ARM64_VBAR_EL1] = NOWHERE;
    V->arch.pc = NOWHERE + 0x1000;
    fetch(NOWHERE + 0x1000);
    cr_assert_eq(seen.crashes, 0);
    fetch(NOWHERE + 0x200);
    cr_assert(seen.crashes == 1 && strstr(seen.crash, "no memory at the vector") != NULL);
}

/* The walk of the guest's tables meets nothing: the syndrome names the table's level. */
static void walk(uint64_t va)
{
    V->exit = (struct vmexit){.kind = EXIT_STAGE2_FAULT, .fault = {.gpa = NOWHERE, .is_final = false}};
    V->arch.esr = ACCESS(3, 1) | ESR_S1PTW | ESR_WNR;
    V->arch.far = va;
    exit_handle(V);
}

Test(arm64_fault, walks)
{
    uint64_t entry = NOWHERE | 3;

    V->backend.el1[ARM64_TCR_EL1] = 16 | 16 << 16 | 2U << 30; /* 4K granules, 48 bits */
    V->backend.el1[ARM64_TTBR0_EL1] = NOWHERE;
    V->backend.el1[ARM64_TTBR1_EL1] = RAM;
    walk(0x1000);
    cr_assert(V->backend.aborts == 1 && V->backend.iss == (ESR_FSC_EXTERNAL_WALK | ESR_WNR));
    cr_assert_eq(V->backend.far, 0x1000);
    cr_assert_eq(gmem_write(&vm.gmem, gpa(RAM + 8 * 256), &entry, 8), 0);
    walk(0xffff800000000000);
    cr_assert(V->backend.aborts == 2 && V->backend.iss == (ESR_FSC_EXTERNAL_WALK | 1 | ESR_WNR));
    /* Another vCPU has mended the table meanwhile: the access is done again. */
    entry = 0;
    cr_assert_eq(gmem_write(&vm.gmem, gpa(RAM + 8 * 256), &entry, 8), 0);
    walk(0xffff800000000000);
    cr_assert(V->backend.aborts == 2 && V->backend.skips == 0);
}

/* Whatever the syndrome and the address are, somebody gets something, and nobody else's registers change. */
Test(arm64_fault, torture)
{
    static const uint64_t places[] = {RAM, ROM, DEVICE, DEVICE + 0xff8, NOWHERE, ~0xfffULL, MACHINE_STOLEN};

    srand(1);
    for (unsigned n = 0; n < 100000; n++) {
        uint64_t esr = ((uint64_t)rand() << 31 | (uint64_t)rand()) & MASK(31, 0);
        uint64_t at = places[(unsigned)rand() % ARRAY_SIZE(places)] + (unsigned)rand() % 0x1000;
        unsigned done = V->backend.skips + V->backend.aborts + seen.faults + seen.device_reads;

        V->exit = (struct vmexit){
            .kind = EXIT_STAGE2_FAULT,
            .fault = {
                .gpa = at, .is_write = rand() & 1, .is_fetch = rand() % 8 == 0, .is_final = rand() % 8 != 0}};
        V->arch.esr = esr;
        V->arch.far = at << (rand() & 31);
        exit_handle(V);
        cr_assert_neq(V->backend.skips + V->backend.aborts + seen.faults + seen.device_reads, done);
    }
}
