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
    SVM_FEATURE_ERAPS, /* exits clear the return address predictor */
    SVM_FEATURE_COUNT,
};

extern bool svm_features[SVM_FEATURE_COUNT]; /* immutable after the boot CPU is enabled */

/* Read by enter.S: the return address predictor is to be filled after each exit. */
extern bool svm_needs_rsb_fill;

static inline bool svm_has(enum svm_feature feature)
{
    return svm_features[feature];
}

/* Gives the vCPU an ASID of this CPU and the TLB control that goes with it. Interrupts off. */
void svm_asid_prepare(struct vcpu *vcpu);
void svm_asid_cpu_init(uint32_t asid_count);

/* Physical address of this CPU's VMCB with the host state that VMRUN does not switch. */
uint64_t svm_host_vmcb_pa(void);

/* Permission maps shared by all guests. */
hpa_t svm_io_map(void);
hpa_t svm_msr_map(void);

/* Turns what the VMCB says into a neutral exit (exits.c). */
void svm_exit_decode(struct vcpu *vcpu);

/* DR0-DR3, which VMRUN does not switch (vcpu.c). */
void svm_debug_registers_use(struct vcpu *vcpu);

/* An event whose delivery the exit interrupted is delivered again (events.c). */
void svm_event_redeliver(struct vmcb *vmcb);

void svm_enter(uint64_t vmcb_pa, uint64_t *gpr, uint64_t host_vmcb_pa);

#endif
