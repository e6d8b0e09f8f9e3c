/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/msr.h>
#include <core/cpu.h>

#include "svm.h"

/*
 * Address space identifiers tag a guest's translations in a CPU's TLB (APM vol. 2, 15.16). Each CPU hands out
 * its own, from 1 upwards; when they are used up it flushes everything and starts a new generation. A vCPU
 * that comes to a CPU, or whose translations are stale, takes a fresh one, which flushes nothing.
 */
#define STAMP_CPU_SHIFT 48

void svm_asid_cpu_init(struct svm_cpu *cpu, uint32_t asid_count)
{
    if (svm_has(SVM_FEATURE_RDTSCP))
        arch_wrmsr(MSR_TSC_AUX, 0);
    cpu->asid_count = asid_count;
    cpu->asid_next = 1;
    cpu->stamp = ((uint64_t)cpu_id() + 1) << STAMP_CPU_SHIFT;
}

static void asid_take(struct svm_cpu *cpu, struct backend_vcpu *b)
{
    b->vmcb->control.tlb_control = SVM_TLB_KEEP;
    b->asid_stamp = cpu->stamp;
    if (unlikely(cpu->asid_next >= cpu->asid_count)) {
        cpu->asid_next = 1;
        cpu->stamp++;
        /* The vCPU keeps the old stamp: the next entry comes here again, and takes back the flush. */
        b->vmcb->control.tlb_control = SVM_TLB_FLUSH_ALL;
    }
    b->vmcb->control.asid = cpu->asid_next++;
}

/*
 * Another vCPU ran on this CPU before. One of another guest may have trained the branch predictors: AMD,
 * "Software techniques for managing speculation", IBPB.
 */
static void vcpu_changed(struct svm_cpu *cpu, uint64_t serial)
{
    bool is_same_vm = VCPU_SERIAL_VM(cpu->last) == VCPU_SERIAL_VM(serial);

    cpu->last = serial;
    if (!is_same_vm && svm_has(SVM_FEATURE_IBPB))
        arch_wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}

/* VMRUN does not switch it, and the host has no use for it: it stays until another vCPU comes, or it changes.
 */
static void tsc_aux_load(struct svm_cpu *cpu, uint64_t value)
{
    if (cpu->tsc_aux == value || !svm_has(SVM_FEATURE_RDTSCP))
        return;
    arch_wrmsr(MSR_TSC_AUX, value);
    cpu->tsc_aux = value;
}

void svm_prepare(struct svm_cpu *cpu, struct vcpu *vcpu)
{
    vcpu->backend.host_vmcb_pa = cpu->host_vmcb_pa;
    if (cpu->last != vcpu->serial)
        vcpu_changed(cpu, vcpu->serial);
    if (vcpu->backend.asid_stamp != cpu->stamp)
        asid_take(cpu, &vcpu->backend);
    tsc_aux_load(cpu, vcpu->backend.tsc_aux);
}

/* Without a stamp no CPU takes it for the one that it entered last, whatever that has in the register. */
void backend_tsc_aux_set(struct vcpu *vcpu, uint64_t value)
{
    vcpu->backend.tsc_aux = value;
    vcpu->backend.asid_stamp = 0;
}

void backend_tlb_flush(struct vcpu *vcpu)
{
    vcpu->backend.asid_stamp = 0;
}
