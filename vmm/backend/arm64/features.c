/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../arm64/id_host.h"
#include "../../arm64/id_regs.h"
#include "../../arm64/workaround.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include "stage2_layout.h"
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/log.h>

/* What the CPUs of this host have in common, and what of it guests get. */

struct arm64_host arm64_host;
uint64_t arm64_hcr;
bool arm64_has_ras;

/* What a CPU says of itself: written there, read by the boot CPU after that. */
struct cpu_ids {
    uint64_t id[ID_REGISTERS], midr, dczid;
    uint32_t vectors; /* bit n: SVE vectors of n + 1 times 128 bits */
    bool has_vhe;
    enum smccc_workaround workaround[WORKAROUNDS];
};
static DEFINE_PERCPU(struct cpu_ids, cpu_ids);

static const char *names[12];
static bool has_barrier; /* some CPU has */

const char *backend_name(void)
{
    return "arm64";
}

const char *const *backend_features(void)
{
    return names;
}

void arm64_names_make(void)
{
    const struct {
        bool is_there;
        const char *name;
    } all[] = {
        {true, "stage2"},
        {arm64_host.has_vhe, "e2h"},
        {arm64_host.vmid_bits == 16, "vmid16"},
        {arm64_host.has_fwb, "fwb"},
        {arm64_host.has_pauth, "pauth"},
        {arm64_host.has_fgt, "fgt"},
        {arm64_host.has_ecv, "ecv"},
        {arm64_host.sve_length != 0, "sve"},
        {has_barrier, "predictor-barrier"},
        {arm64_host.lr_count != 0, IS_ENABLED(CONFIG_HOST_GICV2) ? "gicv2" : "gicv3"},
    };
    unsigned n = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i].is_there)
            names[n++] = all[i].name;
    names[n] = NULL;
    if (has_barrier)
        log_info("vmm: branch predictors are cleared by firmware between VMs");
}

static void read_here(void *unused)
{
    struct cpu_ids *ids = this_cpu_ptr(cpu_ids);

    (void)unused;
    id_host_read(ids->id);
    ids->midr = arch_sysreg_read(midr_el1);
    ids->dczid = arch_sysreg_read(dczid_el0);
    ids->has_vhe = (arch_sysreg_read(hcr_el2) & HCR_E2H) != 0;
    ids->vectors = arm64_id_field(ids->id[ID_INDEX(SYSREG_ID_AA64PFR0)], 32) && IS_ENABLED(CONFIG_ARM64_SVE)
                       ? arm64_sve_lengths(ids->has_vhe)
                       : 0;
    arm64_workarounds_read(ids->id, ids->midr, ids->workaround);
}

/*
 * A guest's CPU: stage 2 on; WFI, SMC, ID registers, implementation-defined registers, cache maintenance by
 * set and way and ACTLR_EL1 trap; barriers and TLB maintenance reach all CPUs that the vCPU may have been on.
 */
#define HCR_GUEST                                                                                     \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FB | HCR_BSU_INNER | HCR_TWI | HCR_TID1 | HCR_TID3 | HCR_TSC | \
     HCR_TIDCP | HCR_TACR | HCR_TSW)

/* What one CPU has that guests are not told of traps on all: where there is nothing, the bit does nothing.
 * Limited ordering regions, error records (and exceptions by hardware errors come to EL2), tags. */
static uint64_t traps_of(const uint64_t id[ID_REGISTERS])
{
    return (arm64_id_field(id[ID_INDEX(SYSREG_ID_AA64MMFR1)], 16) ? HCR_TLOR : 0) |
           (arm64_id_field(id[ID_INDEX(SYSREG_ID_AA64PFR0)], 28) ? HCR_TEA | HCR_TERR : 0) |
           (arm64_id_field(id[ID_INDEX(SYSREG_ID_AA64PFR1)], 8) ? HCR_TID5 : 0);
}

#define CTR_GUEST MASK(31, 0) /* the rest is about memory tags */

/*
 * What guests read past the host, as long as CPUs agree on it: CTR_EL0, of which they are told what is right
 * on all, and DCZID_EL0, which says that there is no DC ZVA then.
 */
static uint64_t traps_of_others(const struct cpu_ids *ids, const struct cpu_ids *boot)
{
    unsigned ctr = ID_INDEX(SYSREG_CTR_EL0);

    return ((ids->id[ctr] ^ boot->id[ctr]) & CTR_GUEST ? HCR_TID2 : 0) |
           (ids->dczid != boot->dczid ? HCR_TDZ : 0);
}

/* Z, P and FFR, the latter having a bit for each byte of a vector; as aligned_alloc() wants it. */
static unsigned sve_bytes(unsigned length)
{
    return ALIGN_UP(32 * length + 17 * (length / 8), 16);
}

#define ISAR1_GENERIC MASK(31, 24) /* GPA, GPI: PACGA, which traps with the others */
#define ISAR2_GENERIC MASK(11, 8)  /* GPA3 */

static void host_make(void)
{
    uint64_t mmfr0 = arm64_host.id[ID_INDEX(SYSREG_ID_AA64MMFR0)],
             mmfr1 = arm64_host.id[ID_INDEX(SYSREG_ID_AA64MMFR1)],
             mmfr2 = arm64_host.id[ID_INDEX(SYSREG_ID_AA64MMFR2)],
             isar1 = arm64_host.id[ID_INDEX(SYSREG_ID_AA64ISAR1)],
             isar2 = arm64_host.id[ID_INDEX(SYSREG_ID_AA64ISAR2)];

    arm64_host.ipa_bits = (uint8_t)arm64_pa_bits_of(mmfr0 & 15);
    arm64_host.vmid_bits = arm64_id_field(mmfr1, 4) == 2 ? 16 : 8;
    arm64_host.has_fwb = arm64_id_field(mmfr2, 40) != 0;
    arm64_host.has_pauth = arm64_id_field(isar1, 4) || arm64_id_field(isar1, 8) || arm64_id_field(isar2, 12);
    if (!arm64_host.has_pauth) {
        arm64_host.id[ID_INDEX(SYSREG_ID_AA64ISAR1)] &= ~ISAR1_GENERIC;
        arm64_host.id[ID_INDEX(SYSREG_ID_AA64ISAR2)] &= ~ISAR2_GENERIC;
    }
    arm64_host.has_fgt = arm64_id_field(mmfr0, 56) != 0;
    arm64_host.has_ecv = arm64_id_field(mmfr0, 60) != 0;
    arm64_has_ras = arm64_id_field(arm64_host.id[ID_INDEX(SYSREG_ID_AA64PFR0)], 28) != 0;
    arm64_hcr |= HCR_HOST | HCR_GUEST | (arm64_host.has_vhe ? HCR_E2H : 0) |
                 (arm64_host.has_fwb ? HCR_FWB : 0) | (arm64_host.has_pauth ? HCR_API | HCR_APK : 0);
}

void arm64_features_read(void)
{
    const struct cpu_ids *boot = percpu_ptr(cpu_ids, 0);
    uint32_t every = ~0U, any = 0;

    cpu_call_all(read_here, NULL);
    arm64_host.midr = boot->midr;
    arm64_host.has_vhe = boot->has_vhe;
    for (unsigned i = 0; i < ID_REGISTERS; i++)
        arm64_host.id[i] = boot->id[i];
    for (unsigned i = 0; i < WORKAROUNDS; i++)
        arm64_host.workaround[i] = boot->workaround[i];
    for (unsigned i = 0; i < cpu_count(); i++) {
        const struct cpu_ids *ids = percpu_ptr(cpu_ids, i);

        id_merge(arm64_host.id, ids->id, ids->midr == boot->midr);
        for (unsigned n = 0; n < WORKAROUNDS; n++)
            arm64_host.workaround[n] = workaround_merge(arm64_host.workaround[n], ids->workaround[n]);
        has_barrier |= workaround_barrier(ids->workaround) != 0;
        arm64_hcr |= traps_of(ids->id) | traps_of_others(ids, boot);
        every &= ids->vectors;
        any |= ids->vectors;
    }
    arm64_host.sve_length = (uint16_t)id_vector_bytes(every, any);
    arm64_host.sve_bytes = (uint16_t)sve_bytes(arm64_host.sve_length);
    host_make();
}
