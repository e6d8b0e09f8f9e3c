/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vm/vm.h"
#include "arm64.h"
#include "mpam.h"
#include <arch/sysreg.h>
#include <backend/ich.h>
#include <errno.h>
#include <string.h>

/* Policy: what traps. Arm ARM (DDI 0487), D24.2; each register is set as a whole, on every CPU. */

/* vectors.S */
extern const char arm64_vectors[], arm64_vectors_ras[];

/* What the CPUs have in common is known before the first of them is set up. */
int backend_cpu_prepare(unsigned cpu)
{
    if (cpu == 0)
        arm64_features_read();
    return ich_prepare();
}

/* MDCR_EL2: the debug, performance and trace registers of all kinds trap. */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TPMS  BIT(14)
#define MDCR_TTRF  BIT(19)

static void debug_traps_set(void)
{
    uint64_t dfr0 = arch_sysreg_read(id_aa64dfr0_el1), mdcr = MDCR_TDA | MDCR_TDOSA | MDCR_TDRA;
    unsigned pmu = arm64_id_field(dfr0, 8);

    if (pmu != 0 && pmu != 15) /* HPMN = PMCR_EL0.N: no counters are set aside for EL2 */
        mdcr |= MDCR_TPM | MDCR_TPMCR | (arch_sysreg_read(pmcr_el0) >> 11 & 31);
    if (arm64_id_field(dfr0, 32))
        mdcr |= MDCR_TPMS; /* E2PB = 0: the profiling buffer is EL2's */
    if (arm64_id_field(dfr0, 40))
        mdcr |= MDCR_TTRF;
    arch_sysreg_write(mdcr_el2, mdcr);
    /* Locked after a cold reset, which keeps all debug exceptions but BRK away from guests (Arm ARM, H6.1).
     */
    arch_sysreg_write(oslar_el1, 0);
    arch_isb();
}

#define HCRX_TALLINT BIT(6) /* PSTATE.ALLINT, which there is with FEAT_NMI */

/*
 * Fine-grained traps: where a bit that is set allows, it stays clear, so that what guests are not told of
 * they do not have; where one that is set traps, nothing traps that would not without them.
 */
static void fine_traps_set(void)
{
    uint64_t pfr1 = arch_sysreg_read(id_aa64pfr1_el1);
    unsigned fgt = arm64_id_field(arch_sysreg_read(id_aa64mmfr0_el1), 56);

    if (fgt >= 1) {
        arch_sysreg_write(s3_4_c1_c1_4, 0); /* HFGRTR_EL2 */
        arch_sysreg_write(s3_4_c1_c1_5, 0); /* HFGWTR_EL2 */
        arch_sysreg_write(s3_4_c1_c1_6, 0); /* HFGITR_EL2 */
        arch_sysreg_write(s3_4_c3_c1_4, 0); /* HDFGRTR_EL2 */
        arch_sysreg_write(s3_4_c3_c1_5, 0); /* HDFGWTR_EL2 */
    }
    if (fgt >= 2) {                         /* FEAT_FGT2 */
        arch_sysreg_write(s3_4_c3_c1_0, 0); /* HDFGRTR2_EL2 */
        arch_sysreg_write(s3_4_c3_c1_1, 0); /* HDFGWTR2_EL2 */
        arch_sysreg_write(s3_4_c3_c1_2, 0); /* HFGRTR2_EL2 */
        arch_sysreg_write(s3_4_c3_c1_3, 0); /* HFGWTR2_EL2 */
        arch_sysreg_write(s3_4_c3_c1_7, 0); /* HFGITR2_EL2 */
    }
    if (arm64_id_field(arch_sysreg_read(id_aa64mmfr1_el1), 40)) /* HCRX_EL2: the same */
        arch_sysreg_write(s3_4_c1_c2_2, arm64_id_field(pfr1, 36) ? HCRX_TALLINT : 0);
}

/* MPAM2_EL2, MPAMHCR_EL2: MPAM (DDI 0598). A CPU that has the second has a trap of MPAMIDR_EL1 there. */
#define MPAM2_TRAPMPAM1EL1 BIT(48)
#define MPAM2_TRAPMPAM0EL1 BIT(49)
#define MPAM2_TIDR         BIT(58)
#define MPAMHCR_TRAP_ID    BIT(31)
#define MPAMIDR_HAS_HCR    BIT(17)

/* The host and its guests are in partition 0, and guests do not choose another. */
static void partition_traps_set(void)
{
    uint64_t traps = MPAM2_TRAPMPAM0EL1 | MPAM2_TRAPMPAM1EL1;

    if (!mpam_is_used(arch_sysreg_read(id_aa64pfr0_el1), arch_sysreg_read(id_aa64pfr1_el1)))
        return;
    if (arch_sysreg_read(s3_0_c10_c4_4) & MPAMIDR_HAS_HCR)
        arch_sysreg_write(s3_4_c10_c4_0, MPAMHCR_TRAP_ID);
    else
        traps |= MPAM2_TIDR;
    arch_sysreg_write(s3_4_c10_c5_0, traps);
}

/* CPTR_EL2 without what fp.c says: SME, trace and activity monitors trap. */
#define CPTR_NVHE    0x32ffULL /* RES1; TSM */
#define CPTR_VHE     0
#define CPTR_TTA     BIT(20)
#define CPTR_TTA_VHE BIT(28)
#define CPTR_TAM     BIT(30)

static void coprocessor_traps_set(void)
{
    uint64_t cptr = arm64_host.has_vhe ? CPTR_VHE | CPTR_TTA_VHE : CPTR_NVHE | CPTR_TTA;

    if (arm64_id_field(arch_sysreg_read(id_aa64pfr0_el1), 44))
        cptr |= CPTR_TAM;
    arm64_fp_cpu_enable(cptr);
    arch_sysreg_write(hstr_el2, 0);
}

/* Context: each CPU once, interrupts on or off, not preemptible. */
int backend_cpu_enable(void)
{
    /* What registers are called at EL2 depends on it, and a vCPU may come from any CPU to any other. */
    if (((arch_sysreg_read(hcr_el2) & HCR_E2H) != 0) != arm64_host.has_vhe)
        return -ENOTSUP;
    /* All CPUs at once: each writes what it finds, which is the same. */
    ich_cpu_enable();
    debug_traps_set();
    fine_traps_set();
    partition_traps_set();
    coprocessor_traps_set();
    arm64_stage2_cpu_enable();
    /* None of the guests yet: until one is loaded there is nothing that could translate by stage 2. */
    arch_sysreg_write(vttbr_el2, 0);
    this_cpu_ptr(arm64_cpu)->vttbr = 0;
    /* What firmware has left there is no guest's; after reset it is UNKNOWN. */
    if (arm64_has_ras)
        arch_sysreg_write(s3_0_c12_c1_1, 0); /* DISR_EL1 */
    arch_sysreg_write(vbar_el2, (uint64_t)(arm64_has_ras ? arm64_vectors_ras : arm64_vectors));
    arch_isb();
    __asm__ volatile("tlbi alle1; dsb nsh; isb" ::: "memory");
    arm64_timer_cpu_enable();
    return 0;
}

void backend_cpu_disable(void)
{
    arch_sysreg_write(hcr_el2, HCR_HOST | (arm64_host.has_vhe ? HCR_E2H : 0));
    arch_sysreg_write(vttbr_el2, 0);
    arch_isb();
}

int backend_vcpu_init(struct vcpu *vcpu)
{
    int error = arm64_fp_vcpu_init(vcpu);

    if (error)
        return error;
    vcpu->backend.hcr = arm64_hcr;
    vcpu->backend.vcpu = vcpu;
    arm64_timer_vcpu_init(vcpu);
    return 0;
}

void backend_vcpu_fini(struct vcpu *vcpu)
{
    arm64_timer_vcpu_fini(vcpu);
    arm64_fp_vcpu_fini(vcpu);
}

/* PSTATE: EL1 with its own stack pointer; D, A, I and F masked (Arm ARM, D1.3.3 "reset"). */
#define PSTATE_RESET 0x3c5

void backend_reset(struct vcpu *vcpu, uint64_t midr, uint64_t mpidr)
{
    static const uint64_t resets[ARM64_EL1_REGS] = {
#define EL1_RESET(name, reset, nvhe, vhe) [ARM64_##name] = (reset),
        ARM64_EL1_LIST(EL1_RESET)
#undef EL1_RESET
    };
    struct backend_vcpu *b = &vcpu->backend;

    arm64_sync(vcpu);
    memset(vcpu->arch.x, 0, sizeof(vcpu->arch.x));
    vcpu->arch.pc = 0;
    vcpu->arch.pstate = PSTATE_RESET;
    memcpy(b->el1, resets, sizeof(b->el1));
    memset(b->keys, 0, sizeof(b->keys));
    b->hcr = arm64_hcr;
    b->vsesr = b->vdisr = 0;
    b->vpidr = midr;
    b->vmpidr = mpidr;
    b->is_changed = true;
    arm64_timer_reset(vcpu);
    arm64_fp_reset(vcpu);
}
