/* SPDX-License-Identifier: BSD-2-Clause */
/* What maintenance of caches by set and way leads to. */
#include "../../vmm/arm64/caches.h"
#include "arm64_vcpu.h"

#define V   (&vcpus[0])
#define ON  0x30d0180dULL /* as Linux has it: M, C, I */
#define OFF 0x30d00980ULL

Test(caches, on_and_off)
{
    cr_assert(caches_are_on(ON));
    cr_assert_not(caches_are_on(ON & ~1ULL), "without translation nothing is cached");
    cr_assert_not(caches_are_on(ON & ~4ULL));
    cr_assert_not(caches_are_on(OFF));
}

/* The first one cleans; thousands more do not. Where caches are never off, none does. */
Test(caches, set_and_way)
{
    cr_assert_eq(caches_set_way_steps(false, false), CACHES_CLEAN | CACHES_WATCH);
    cr_assert_eq(caches_set_way_steps(false, true), 0);
    cr_assert_eq(caches_set_way_steps(true, false), 0);
    cr_assert_eq(caches_set_way_steps(true, true), 0);
}

/* A switch in either direction cleans; with caches on nothing is left to be watched. */
Test(caches, writes)
{
    cr_assert_eq(caches_write_steps(ON, OFF), CACHES_CLEAN);
    cr_assert_eq(caches_write_steps(OFF, ON), CACHES_CLEAN | CACHES_UNWATCH);
    cr_assert_eq(caches_write_steps(OFF, OFF), 0);
    cr_assert_eq(caches_write_steps(OFF, OFF | 4), 0, "C alone switches nothing on");
    cr_assert_eq(caches_write_steps(ON, ON), CACHES_UNWATCH);
}

/* HCR_EL2.TVM's list, each register as itself. */
Test(caches, registers)
{
    static const struct {
        unsigned key;
        enum arm64_el1_reg reg;
    } watched[] = {{SYSREG(3, 0, 1, 0, 0), ARM64_SCTLR_EL1},      {SYSREG(3, 0, 2, 0, 0), ARM64_TTBR0_EL1},
                   {SYSREG(3, 0, 2, 0, 1), ARM64_TTBR1_EL1},      {SYSREG(3, 0, 2, 0, 2), ARM64_TCR_EL1},
                   {SYSREG(3, 0, 5, 1, 0), ARM64_AFSR0_EL1},      {SYSREG(3, 0, 5, 1, 1), ARM64_AFSR1_EL1},
                   {SYSREG(3, 0, 5, 2, 0), ARM64_ESR_EL1},        {SYSREG(3, 0, 6, 0, 0), ARM64_FAR_EL1},
                   {SYSREG(3, 0, 10, 2, 0), ARM64_MAIR_EL1},      {SYSREG(3, 0, 10, 3, 0), ARM64_AMAIR_EL1},
                   {SYSREG(3, 0, 13, 0, 1), ARM64_CONTEXTIDR_EL1}};
    unsigned found = 0;

    for (unsigned key = 0; key <= 0xffff; key++) {
        enum arm64_el1_reg reg;

        if (!caches_watched_register(key, &reg))
            continue;
        cr_assert_lt(found, ARRAY_SIZE(watched));
        cr_assert(watched[found].key == key && watched[found].reg == reg, "%#x", key);
        found++;
    }
    cr_assert_eq(found, ARRAY_SIZE(watched));
}

/* Lines of 64 and 32 bytes; there is one level. */
Test(caches, sizes)
{
    cr_assert_eq(caches_size(0x84448003, 0), 2);
    cr_assert_eq(caches_size(0x84448003, 1), 1);
    cr_assert_eq(caches_size(0x84448003, 2), 0);
    cr_assert_eq(caches_size(0x84448003, 15), 0);
    cr_assert_eq(caches_size(0, 0), 0);
}

/* --- done --- */

static void setup(void)
{
    vm_make(1);
    arm64_host.has_fwb = false;
    seen.steps_to_clean = 3;
    V->backend.el1[ARM64_SCTLR_EL1] = ON;
}

TestSuite(caches_done, .init = setup, .fini = vm_unmake);

/* The run loop: until nothing is asked for any more. Returns in how many steps. */
static unsigned clean(void)
{
    unsigned steps = 0;

    while (atomic_exchange(&V->requests, 0) & VCPU_REQ_CLEAN) {
        caches_clean_requested(V);
        steps++;
    }
    seen.cleaned = 0;
    return steps;
}

Test(caches_done, as_firmware_does)
{
    caches_set_way(V);
    cr_assert(V->backend.is_watched);
    caches_set_way(V);
    cr_assert_eq(clean(), 3);
    caches_set_way(V);
    cr_assert_eq(clean(), 0, "until caches are switched");
    cr_assert(caches_register_write(V, SYSREG_SCTLR_EL1, OFF));
    cr_assert_eq(V->backend.el1[ARM64_SCTLR_EL1], OFF);
    cr_assert_eq(clean(), 3);
    cr_assert(caches_register_write(V, SYSREG_TTBR0_EL1, 0x1234));
    cr_assert_eq(V->backend.el1[ARM64_TTBR0_EL1], 0x1234);
    cr_assert(V->backend.is_watched && clean() == 0);
    cr_assert(caches_register_write(V, SYSREG_SCTLR_EL1, ON));
    cr_assert_not(V->backend.is_watched);
    cr_assert_eq(clean(), 3);
    cr_assert_not(caches_register_write(V, SYSREG_TTBR0_EL1, 0), "nothing of that kind traps");
    caches_set_way(V);
    cr_assert_eq(clean(), 3, "and all over again");
}

Test(caches_done, not_where_caches_are_never_off)
{
    arm64_host.has_fwb = true;
    caches_set_way(V);
    cr_assert_not(V->backend.is_watched);
    cr_assert_eq(clean(), 0);
}

Test(caches_done, other_registers)
{
    caches_set_way(V);
    cr_assert_not(caches_register_write(V, SYSREG_VBAR_EL1, 0));
    cr_assert_not(caches_register_write(V, SYSREG_CNTP_CTL_EL0, 0));
}

/* Stopped and started anew half-way. */
Test(caches_done, reset)
{
    caches_set_way(V);
    atomic_store(&V->requests, 0);
    caches_clean_requested(V);
    cr_assert_eq(atomic_load(&V->requests), VCPU_REQ_CLEAN, "there is more to do");
    vcpu_power_on(V, RAM, 0);
    seen.cleaned = 0;
    cr_assert_eq(clean(), 1, "what was asked for no longer matters");
    cr_assert_not(V->arch.is_cleaning || V->arch.are_caches_watched);
    caches_set_way(V);
    cr_assert_eq(clean(), 3);
}

/* What the loader and an earlier life have written leaves the caches before vCPU 0 runs. */
Test(caches_done, boot)
{
    caches_boot(V);
    cr_assert_not(V->backend.is_watched || V->arch.are_caches_watched, "only by set and way");
    cr_assert_eq(clean(), 3);
    cr_assert_eq(atomic_load(&V->requests), 0, "now it may");
}

/* Paused between steps it keeps what is left to do, as the run loop keeps requests. */
Test(caches_done, boot_paused)
{
    caches_boot(V);
    atomic_store(&V->requests, 0);
    caches_clean_requested(V);
    atomic_fetch_or(&V->requests, VCPU_REQ_PARK);
    cr_assert_eq(atomic_load(&V->requests), VCPU_REQ_PARK | VCPU_REQ_CLEAN);
    atomic_fetch_and(&V->requests, ~(unsigned)VCPU_REQ_PARK);
    cr_assert_eq(clean(), 2);
}

/* Reset between steps: all over again, for the loader has written since. */
Test(caches_done, boot_reset)
{
    caches_boot(V);
    atomic_store(&V->requests, 0);
    caches_clean_requested(V);
    atomic_store(&V->requests, VCPU_REQ_PARK);
    vcpu_power_on(V, 0, 0);
    seen.cleaned = 0;
    caches_boot(V);
    atomic_fetch_and(&V->requests, ~(unsigned)VCPU_REQ_PARK);
    cr_assert_eq(clean(), 3);
}

/* CSSELR_EL1 and CCSIDR_EL1, where CPUs differ. */
Test(caches_done, sizes)
{
    static const uint64_t ids[ID_REGISTERS] = {[ID_INDEX(SYSREG_CTR_EL0)] = 0x84448003};
    uint64_t value = ~0ULL;

    V->arch.sysregs.id = ids;
    caches_size_access(V, SYSREG_CSSELR_EL1, false, &value);
    caches_size_access(V, SYSREG_CSSELR_EL1, true, &value);
    cr_assert_eq(value, 15);
    value = 1;
    caches_size_access(V, SYSREG_CSSELR_EL1, false, &value);
    caches_size_access(V, SYSREG_CCSIDR_EL1, true, &value);
    cr_assert_eq(value, 1);
    cr_assert_eq(V->backend.el1[ARM64_CSSELR_EL1], 1);
}
