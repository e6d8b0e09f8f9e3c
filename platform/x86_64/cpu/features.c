/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <arch/thread.h>
#include <core/boot.h>
#include <core/log.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum cpuid_register { EAX, EBX, ECX, EDX };

struct feature_bit {
    const char *name;
    uint32_t leaf, subleaf;
    uint8_t reg, bit;
};

/* SDM vol. 2, CPUID; APM vol. 3, appendix E. */
static const struct feature_bit feature_bits[CPU_FEATURE_COUNT] = {
    [CPU_FEATURE_X2APIC] = {"x2apic", 1, 0, ECX, 21},
    [CPU_FEATURE_TSC_DEADLINE] = {"tsc-deadline", 1, 0, ECX, 24},
    [CPU_FEATURE_INVARIANT_TSC] = {"invariant-tsc", 0x80000007, 0, EDX, 8},
    [CPU_FEATURE_XSAVE] = {"xsave", 1, 0, ECX, 26},
    [CPU_FEATURE_PAGE_1G] = {"page-1g", 0x80000001, 0, EDX, 26},
    [CPU_FEATURE_NX] = {"nx", 0x80000001, 0, EDX, 20},
    [CPU_FEATURE_PGE] = {"pge", 1, 0, EDX, 13},
    [CPU_FEATURE_PAT] = {"pat", 1, 0, EDX, 16},
    [CPU_FEATURE_SMEP] = {"smep", 7, 0, EBX, 7},
    [CPU_FEATURE_SMAP] = {"smap", 7, 0, EBX, 20},
    [CPU_FEATURE_UMIP] = {"umip", 7, 0, ECX, 2},
    [CPU_FEATURE_FSGSBASE] = {"fsgsbase", 7, 0, EBX, 0},
    [CPU_FEATURE_RDRAND] = {"rdrand", 1, 0, ECX, 30},
    [CPU_FEATURE_ARAT] = {"arat", 6, 0, EAX, 2},
    [CPU_FEATURE_MCE] = {"mce", 1, 0, EDX, 7},
    [CPU_FEATURE_SVM] = {"svm", 0x80000001, 0, ECX, 2},
    [CPU_FEATURE_VMX] = {"vmx", 1, 0, ECX, 5},
    [CPU_FEATURE_HYPERVISOR] = {"hypervisor", 1, 0, ECX, 31},
};

static bool features[CPU_FEATURE_COUNT]; /* immutable after cpu_features_read() */

bool cpu_has(enum cpu_feature feature)
{
    return features[feature];
}

const char *cpu_feature_name(unsigned feature)
{
    return feature_bits[feature].name;
}

bool arch_fpu_keeps_pointers;

/* APM vol. 3, CPUID 0 and 8000_0008; Hygon's CPUs are of the same make. */
static bool fpu_keeps_pointers(void)
{
    uint32_t vendor = arch_cpuid(0, 0).ebx;
    bool is_amd = vendor == FOURCC('A', 'u', 't', 'h') || vendor == FOURCC('H', 'y', 'g', 'o');

    return is_amd &&
           (arch_cpuid(0x80000000, 0).eax < 0x80000008 || !(arch_cpuid(0x80000008, 0).ebx & BIT(2)));
}

void cpu_features_read(void)
{
    arch_fpu_keeps_pointers = fpu_keeps_pointers();
    for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
        const struct feature_bit *f = &feature_bits[i];
        struct cpuid r;

        if (f->leaf > arch_cpuid(f->leaf & 0x80000000, 0).eax)
            continue;
        r = arch_cpuid(f->leaf, f->subleaf);
        features[i] = (&r.eax)[f->reg] >> f->bit & 1;
    }
}
