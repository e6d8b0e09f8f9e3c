/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <errno.h>
#include <string.h>

#include "svm.h"

#define SVM_LEAF 0x8000000a

static const struct {
    const char *name;
    uint32_t leaf;
    uint8_t reg, bit; /* EAX 0 ... EDX 3 */
} feature_bits[SVM_FEATURE_COUNT] = {
    [SVM_FEATURE_NPT] = {"nested-paging", SVM_LEAF, 3, 0},
    [SVM_FEATURE_NRIPS] = {"next-rip", SVM_LEAF, 3, 3},
    [SVM_FEATURE_CLEAN_BITS] = {"clean-bits", SVM_LEAF, 3, 5},
    [SVM_FEATURE_FLUSH_ASID] = {"flush-by-asid", SVM_LEAF, 3, 6},
    [SVM_FEATURE_DECODE_ASSISTS] = {"decode-assists", SVM_LEAF, 3, 7},
    [SVM_FEATURE_PAUSE_FILTER] = {"pause-filter", SVM_LEAF, 3, 10},
    [SVM_FEATURE_IBPB] = {"ibpb", 0x80000008, 1, 12},
    [SVM_FEATURE_RDTSCP] = {"rdtscp", 0x80000001, 3, 27},
    [SVM_FEATURE_AIBRS] = {"automatic-ibrs", 0x80000021, 0, 8},
};

bool svm_features[SVM_FEATURE_COUNT];
static const char *names[SVM_FEATURE_COUNT + 1]; /* the same */

DEFINE_PERCPU(struct svm_cpu, svm_cpu);

const char *backend_name(void)
{
    return "svm";
}

const char *const *backend_features(void)
{
    return names;
}

static void features_read(void)
{
    uint32_t leaf_max = arch_cpuid(0x80000000, 0).eax;
    unsigned n = 0;

    for (unsigned i = 0; i < SVM_FEATURE_COUNT; i++) {
        struct cpuid r = {0};

        if (feature_bits[i].leaf <= leaf_max)
            r = arch_cpuid(feature_bits[i].leaf, 0);
        svm_features[i] = (&r.eax)[feature_bits[i].reg] >> feature_bits[i].bit & 1;
        if (svm_features[i])
            names[n++] = feature_bits[i].name;
    }
    names[n] = NULL;
}

int backend_cpu_prepare(unsigned cpu)
{
    struct svm_cpu *c = percpu_ptr(svm_cpu, cpu);
    hpa_t save_area = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);
    hpa_t host_vmcb = page_alloc(PAGE_ORDER_4K, PAGE_ZERO, NODE_ANY);

    c->save_area_pa = save_area.v;
    c->host_vmcb_pa = host_vmcb.v;
    return hpa_valid(save_area) && hpa_valid(host_vmcb) ? 0 : -ENOMEM;
}

/* Context: each CPU once, interrupts on or off, not preemptible. APM vol. 2, 15.4. */
int backend_cpu_enable(void)
{
    struct svm_cpu *c = this_cpu_ptr(svm_cpu);

    if (!cpu_has(CPU_FEATURE_SVM))
        return -ENODEV;
    if (arch_rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) {
        log_error("svm: disabled by firmware");
        return -ENODEV;
    }
    features_read();
    if (!svm_has(SVM_FEATURE_NPT)) {
        log_error("svm: this CPU has no nested paging");
        return -ENODEV;
    }
    arch_wrmsr(MSR_EFER, arch_rdmsr(MSR_EFER) | EFER_SVME | (svm_has(SVM_FEATURE_AIBRS) ? EFER_AIBRSE : 0));
    arch_wrmsr(MSR_VM_HSAVE_PA, c->save_area_pa);
    /* The host's FS, GS, TR, LDTR and system-call MSRs never change again: saved once, loaded after each
     * exit. */
    __asm__ volatile("vmsave %0" ::"a"(c->host_vmcb_pa) : "memory");
    svm_asid_cpu_init(c, arch_cpuid(SVM_LEAF, 0).ebx);
    return 0;
}

void backend_cpu_disable(void)
{
    /* A guest's STGI is intercepted, so GIF is set here; VMs must be gone (APM vol. 2, 15.31 for the SVME
     * rules). */
    arch_wrmsr(MSR_VM_HSAVE_PA, 0);
    arch_wrmsr(MSR_EFER, arch_rdmsr(MSR_EFER) & ~(uint64_t)EFER_SVME);
}
