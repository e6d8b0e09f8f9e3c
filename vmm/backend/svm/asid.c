/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/cpu.h>
#include <core/percpu.h>

#include "svm.h"

/*
 * Address space identifiers tag a guest's translations in a CPU's TLB (APM vol. 2, 15.16). Each CPU hands out
 * its own, from 1 upwards; when they are used up it flushes everything and starts a new generation. A vCPU
 * that comes to a CPU, or whose translations are stale, takes a fresh one, which flushes nothing.
 */
struct asid_pool {
    uint32_t count; /* ASIDs are 1 .. count - 1 */
    uint32_t next;
    uint64_t generation; /* starts at 1, so that 0 is never current */
};

static DEFINE_PERCPU(struct asid_pool, asids);

void svm_asid_cpu_init(uint32_t asid_count)
{
    *this_cpu_ptr(asids) = (struct asid_pool){.count = asid_count, .next = 1, .generation = 1};
}

void svm_asid_prepare(struct vcpu *vcpu)
{
    struct backend_vcpu *b = vcpu->backend;
    struct asid_pool *pool = this_cpu_ptr(asids);
    unsigned cpu = cpu_id();

    b->vmcb->control.tlb_control = SVM_TLB_KEEP;
    if (likely(b->asid_cpu == cpu && b->asid_generation == pool->generation && !b->is_flush_wanted))
        return;
    if (pool->next >= pool->count) {
        pool->next = 1;
        pool->generation++;
        b->vmcb->control.tlb_control = SVM_TLB_FLUSH_ALL;
    }
    b->vmcb->control.asid = pool->next++;
    b->asid_generation = pool->generation;
    b->asid_cpu = cpu;
    b->is_flush_wanted = false;
}

void backend_tlb_flush(struct vcpu *vcpu)
{
    vcpu->backend->is_flush_wanted = true;
}
