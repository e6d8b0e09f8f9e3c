/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "../backend.h"
#include "vmcb.h"

/* What this CPU has beyond the minimum: APM vol. 3, E.4. */
enum svm_feature {
    SVM_FEATURE_NPT,
    SVM_FEATURE_NRIPS,
    SVM_FEATURE_FLUSH_ASID,
    SVM_FEATURE_DECODE_ASSISTS,
    SVM_FEATURE_CLEAN_BITS,
    SVM_FEATURE_PAUSE_FILTER,
    SVM_FEATURE_IBPB, /* a barrier for branch predictors */
    SVM_FEATURE_RDTSCP,
    SVM_FEATURE_AIBRS, /* the host's branches do not use what guests have trained */
    SVM_FEATURE_COUNT,
};

extern bool svm_features[SVM_FEATURE_COUNT]; /* immutable after the boot CPU is enabled */

static inline bool svm_has(enum svm_feature feature)
{
    return svm_features[feature];
}

/* A CPU's ASIDs, from the start (asid.c). Once per CPU, interrupts off. */
void svm_asid_cpu_init(struct svm_cpu *cpu, uint32_t asid_count);

/* Permission maps shared by all guests. */
hpa_t svm_io_map(void);
hpa_t svm_msr_map(void);

/* DR0-DR3 belong to the guest from now on (vcpu.c). */
void svm_debug_registers_use(struct vcpu *vcpu);

#endif
