/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/msr.h>
#include <core/cpu.h>
#include <core/percpu.h>

#include "svm.h"

/*
 * Address space identifiers tag a guest's translations in a CPU's TLB (APM vol. 2, 15.16). Each CPU hands out
 * its own, from 1 upwards; when they are used up it flushes everything and starts a new generation. A vCPU
 * that comes to a CPU, or whose translations are stale, takes a fresh one, which flushes nothing.
 */
struct asid_pool {
    uint64_t last;  /* serial number of the vCPU that was entered on this CPU last */
    uint64_t stamp; /* of this CPU and generation: never 0, and no other CPU's */
    uint32_t count; /* ASIDs are 1 .. count - 1 */
    uint32_t next;
    uint64_t tsc_aux; /* what TSC_AUX holds: nothing but entering a guest writes it */
};

static DEFINE_PERCPU(struct asid_pool, asids);

#define STAMP_CPU_SHIFT 48

void svm_asid_cpu_init(uint32_t asid_count)
{
    if (svm_has(SVM_FEATURE_RDTSCP))
        arch_wrmsr(MSR_TSC_AUX, 0);
    *this_cpu_ptr(asids) = (struct asid_pool){
        .count = asid_count, .next = 1, .stamp = ((uint64_t)cpu_id() + 1) << STAMP_CPU_SHIFT};
}

static void asid_take(struct asid_pool *pool, struct backend_vcpu *b)
{
    b->vmcb->control.tlb_control = SVM_TLB_KEEP;
    b->asid_stamp = pool->stamp;
    if (unlikely(pool->next >= pool->count)) {
        pool->next = 1;
        pool->stamp++;
        /* Not the new stamp: the next entry comes here again, and takes back the flush. */
        b->vmcb->control.tlb_control = SVM_TLB_FLUSH_ALL;
    }
    b->vmcb->control.asid = pool->next++;
}

/*
 * Another vCPU ran on this CPU before. One of another guest may have trained the branch predictors: AMD,
 * "Software techniques for managing speculation on AMD processors", mitigation V2-3.
 */
static void vcpu_changed(struct asid_pool *pool, uint64_t serial)
{
    bool is_same_vm = VCPU_SERIAL_VM(pool->last) == VCPU_SERIAL_VM(serial);

    pool->last = serial;
    if (!is_same_vm && svm_has(SVM_FEATURE_IBPB))
        arch_wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}

/* VMRUN does not switch it, and the host has no use for it: it stays until another vCPU comes, or it changes.
 */
static void tsc_aux_load(struct asid_pool *pool, uint64_t value)
{
    if (pool->tsc_aux == value || !svm_has(SVM_FEATURE_RDTSCP))
        return;
    arch_wrmsr(MSR_TSC_AUX, value);
    pool->tsc_aux = value;
}

static no_inline void prepare_slowly(struct asid_pool *pool, struct vcpu *vcpu)
{
    if (pool->last != vcpu->serial)
        vcpu_changed(pool, vcpu->serial);
    if (vcpu->backend.asid_stamp != pool->stamp)
        asid_take(pool, &vcpu->backend);
    tsc_aux_load(pool, vcpu->backend.tsc_aux);
}

void svm_asid_prepare(struct vcpu *vcpu)
{
    struct asid_pool *pool = this_cpu_ptr(asids);

    if (unlikely(vcpu->backend.asid_stamp != pool->stamp || pool->last != vcpu->serial))
        prepare_slowly(pool, vcpu);
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
