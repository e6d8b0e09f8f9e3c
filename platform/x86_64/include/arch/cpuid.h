/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_CPUID_H
#define ARCH_CPUID_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid arch_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/* Feature bits of this machine, read once at boot (SDM vol. 2, CPUID; APM vol. 3, appendix E). */
enum cpu_feature {
    CPU_FEATURE_X2APIC,
    CPU_FEATURE_TSC_DEADLINE,
    CPU_FEATURE_INVARIANT_TSC,
    CPU_FEATURE_XSAVE,
    CPU_FEATURE_PAGE_1G,
    CPU_FEATURE_NX,
    CPU_FEATURE_PGE,
    CPU_FEATURE_PAT,
    CPU_FEATURE_SMEP,
    CPU_FEATURE_SMAP,
    CPU_FEATURE_UMIP,
    CPU_FEATURE_FSGSBASE,
    CPU_FEATURE_RDRAND,
    CPU_FEATURE_ARAT,
    CPU_FEATURE_MCE,
    CPU_FEATURE_SVM,
    CPU_FEATURE_VMX,
    CPU_FEATURE_HYPERVISOR,
    CPU_FEATURE_COUNT,
};

/* Context: any, after cpu_features_read(). */
bool cpu_has(enum cpu_feature feature);

#endif
