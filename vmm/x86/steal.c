/* SPDX-License-Identifier: BSD-2-Clause */
#include "steal.h"

#include "../vm/vm.h"
#include <core/time.h>
#include <errno.h>

#define STEAL_ENABLE   BIT(0)
#define STEAL_RESERVED MASK(5, 1)
#define STEAL_ADDRESS  (~MASK(5, 0))

/* Shorter waits, as every wake-up has one, are told in sum. */
#define STEAL_STEP_NS 50000

/* struct kvm_steal_time: msr.rst. The guest is never told that it is preempted: `preempted` stays 0. */
struct steal_time {
    uint64_t steal;   /* nanoseconds */
    uint32_t version; /* odd while being written */
    uint32_t flags;
    uint8_t preempted;
    uint8_t padding[47];
};

_Static_assert(sizeof(struct steal_time) == 64 && offsetof(struct steal_time, preempted) == 16, "msr.rst");

void steal_update(struct vcpu *vcpu)
{
    size_t length = sizeof(struct steal_time);
    volatile struct steal_time *page;

    if (!(vcpu->arch.steal_msr & STEAL_ENABLE))
        return;
    page = gmem_ptr(&vcpu->vm->gmem, gpa(vcpu->arch.steal_msr & STEAL_ADDRESS), &length, true);
    if (page == NULL || length < sizeof(*page))
        return; /* the guest's own mistake */
    page->version |= 1;
    atomic_thread_fence(memory_order_release);
    page->steal = clock_cycles_span_ns(thread_own_steal_cycles()) - vcpu->arch.steal_base_ns;
    atomic_thread_fence(memory_order_release);
    page->version++;
}

int steal_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = vcpu->arch.steal_msr;
    return 0;
}

int steal_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    if (value & STEAL_RESERVED)
        return -EINVAL;
    vcpu->arch.steal_msr = value;
    vcpu->arch.steal_base_ns = clock_cycles_span_ns(thread_own_steal_cycles());
    if (value & STEAL_ENABLE)
        thread_steal_watch(&vcpu->requests, VCPU_REQ_STEAL, STEAL_STEP_NS);
    steal_update(vcpu);
    return 0;
}
