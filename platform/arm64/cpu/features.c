/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/sysreg.h>
#include <core/compiler.h>

#include "cpu.h"

/* ID registers that are looked at (Arm ARM, D24.2). */
enum { PFR0, PFR1, ISAR0, ISAR1, ISAR2, MMFR0, MMFR1, MMFR2, DFR0, ID_REGISTERS };

struct feature_field {
    const char *name;
    uint8_t reg, shift, least;
};

static const struct feature_field fields[CPU_FEATURE_COUNT] = {
    [CPU_FEATURE_VHE] = {"vhe", MMFR1, 8, 1},
    [CPU_FEATURE_NV2] = {"nv2", MMFR2, 24, 2},
    [CPU_FEATURE_SVE] = {"sve", PFR0, 32, 1},
    [CPU_FEATURE_SME] = {"sme", PFR1, 24, 1},
    [CPU_FEATURE_PAUTH] = {"pauth", ISAR1, 4, 1}, /* or APA3, GPA3, API: see cpu_features_read() */
    [CPU_FEATURE_BTI] = {"bti", PFR1, 0, 1},
    [CPU_FEATURE_MTE] = {"mte", PFR1, 8, 1},
    [CPU_FEATURE_LSE] = {"lse", ISAR0, 20, 2},
    [CPU_FEATURE_RNG] = {"rng", ISAR0, 60, 1},
    [CPU_FEATURE_FGT] = {"fgt", MMFR0, 56, 1},
    [CPU_FEATURE_ECV] = {"ecv", MMFR0, 60, 1},
    [CPU_FEATURE_WFXT] = {"wfxt", ISAR2, 0, 2},
    [CPU_FEATURE_TLBI_RANGE] = {"tlbi-range", ISAR0, 56, 2},
    [CPU_FEATURE_S2FWB] = {"s2fwb", MMFR2, 40, 1},
    [CPU_FEATURE_BBM2] = {"bbm2", MMFR2, 52, 2},
    [CPU_FEATURE_TTL] = {"ttl", MMFR2, 48, 1},
    [CPU_FEATURE_VMID16] = {"vmid16", MMFR1, 4, 2},
    [CPU_FEATURE_LPA2] = {"lpa2", MMFR0, 32, 3},
    [CPU_FEATURE_RAS] = {"ras", PFR0, 28, 1},
    [CPU_FEATURE_PMU] = {"pmu", DFR0, 8, 1},
    [CPU_FEATURE_CRC32] = {"crc32", ISAR0, 16, 1},
    [CPU_FEATURE_AES] = {"aes", ISAR0, 4, 1},
    [CPU_FEATURE_SHA2] = {"sha2", ISAR0, 12, 1},
    [CPU_FEATURE_GIC_SYSREGS] = {"gic-sysregs", PFR0, 24, 1},
};

static bool features[CPU_FEATURE_COUNT]; /* immutable after cpu_features_read() */

bool cpu_has(enum cpu_feature feature)
{
    return features[feature];
}

const char *cpu_feature_name(unsigned feature)
{
    return fields[feature].name;
}

void cpu_features_read(void)
{
    const uint64_t id[ID_REGISTERS] = {
        [PFR0] = arch_sysreg_read(id_aa64pfr0_el1),   [PFR1] = arch_sysreg_read(id_aa64pfr1_el1),
        [ISAR0] = arch_sysreg_read(id_aa64isar0_el1), [ISAR1] = arch_sysreg_read(id_aa64isar1_el1),
        [ISAR2] = arch_sysreg_read(s3_0_c0_c6_2),     [MMFR0] = arch_sysreg_read(id_aa64mmfr0_el1),
        [MMFR1] = arch_sysreg_read(id_aa64mmfr1_el1), [MMFR2] = arch_sysreg_read(id_aa64mmfr2_el1),
        [DFR0] = arch_sysreg_read(id_aa64dfr0_el1),
    };

    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        unsigned value = id[fields[i].reg] >> fields[i].shift & 15;

        /* 15 is "not standard" where it occurs: a PMU of an IMPLEMENTATION DEFINED kind, no TGRAN4. */
        features[i] = value >= fields[i].least && value != 15;
    }
    if (FIELD(id[ISAR1], 11, 8) || FIELD(id[ISAR2], 15, 12))
        features[CPU_FEATURE_PAUTH] = true;
}
