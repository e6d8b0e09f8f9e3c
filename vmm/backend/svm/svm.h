/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "../../vm/vcpu.h"
#include "../backend.h"
#include "vmcb.h"

/* CPUID 8000_000A: APM vol. 3, E.4.9. */
enum svm_feature {
    SVM_FEATURE_NPT,
    SVM_FEATURE_NRIPS,
    SVM_FEATURE_FLUSH_ASID,
    SVM_FEATURE_DECODE_ASSISTS,
    SVM_FEATURE_CLEAN_BITS,
    SVM_FEATURE_PAUSE_FILTER,
    SVM_FEATURE_COUNT,
};

extern bool svm_features[SVM_FEATURE_COUNT]; /* immutable after the boot CPU is enabled */

static inline bool svm_has(enum svm_feature feature)
{
    return svm_features[feature];
}

/* The backend's part of a vCPU. */
struct backend_vcpu {
    struct vmcb *vmcb;
    uint64_t vmcb_pa;
    uint64_t asid_generation; /* of the CPU it ran on last */
    unsigned asid_cpu;        /* that CPU */
    bool is_flush_wanted;
    bool in_nmi;       /* until the guest's IRET has been executed */
    bool is_iret_seen; /* the IRET at iret_rip is about to be */
    uint64_t iret_rip;
    bool uses_debug_registers; /* DR0-DR3 are switched at each entry */
    uint64_t dr[4];
};

/* Gives the vCPU an ASID of this CPU and the TLB control that goes with it. Interrupts off. */
void svm_asid_prepare(struct vcpu *vcpu);
void svm_asid_cpu_init(uint32_t asid_count);

/* Physical address of this CPU's VMCB with the host state that VMRUN does not switch. */
uint64_t svm_host_vmcb_pa(void);

/* Permission maps shared by all guests. */
hpa_t svm_io_map(void);
hpa_t svm_msr_map(void);

/* Turns what the VMCB says into a neutral exit (exits.c). */
void svm_exit_decode(struct vcpu *vcpu, struct vmexit *exit);

/* DR0-DR3, which VMRUN does not switch (vcpu.c). */
void svm_debug_registers_use(struct vcpu *vcpu);

/* An event whose delivery the exit interrupted is delivered again (events.c). */
void svm_event_redeliver(struct vmcb *vmcb);

void svm_enter(uint64_t vmcb_pa, uint64_t *gpr, uint64_t host_vmcb_pa);

#endif
