/* SPDX-License-Identifier: BSD-2-Clause */
#include "../vm/vm.h"
#include "arm64.h"
#include "machine.h"
#include <core/thread.h>
#include <core/time.h>
#include <stddef.h>

/* How long a vCPU that could have run had to wait for a CPU: Arm DEN 0057, 3.2. */

/* Shorter waits, as every wake-up has one, are told in sum. */
#define STOLEN_STEP_NS 50000

struct stolen_time {
    uint32_t revision, attributes; /* 0 */
    uint64_t nanoseconds;          /* written in one piece */
    uint8_t padding[48];
};
_Static_assert(sizeof(struct stolen_time) == MACHINE_STOLEN_STRIDE, "DEN 0057, 3.2.2");

static gpa_t record_of(const struct vcpu *vcpu)
{
    return gpa(MACHINE_STOLEN + vcpu->id * MACHINE_STOLEN_STRIDE);
}

void stolen_time_update(struct vcpu *vcpu)
{
    size_t length = sizeof(struct stolen_time);
    struct stolen_time *record;

    if (!vcpu->arch.has_stolen_time)
        return;
    record = gmem_ptr(&vcpu->vm->gmem, record_of(vcpu), &length, true);
    if (record != NULL && length >= sizeof(*record))
        __atomic_store_n(&record->nanoseconds,
                         clock_cycles_span_ns(thread_own_steal_cycles()) - vcpu->arch.stolen_base_ns,
                         __ATOMIC_RELEASE);
}

uint64_t stolen_time_enable(struct vcpu *vcpu)
{
    const struct stolen_time fresh = {0};

    if (gmem_write(&vcpu->vm->gmem, record_of(vcpu), &fresh, sizeof(fresh)) != 0)
        return ~0ULL;
    if (!vcpu->arch.has_stolen_time) {
        vcpu->arch.has_stolen_time = true;
        vcpu->arch.stolen_base_ns = clock_cycles_span_ns(thread_own_steal_cycles());
        thread_steal_watch(&vcpu->requests, VCPU_REQ_STEAL, STOLEN_STEP_NS);
    }
    return record_of(vcpu).v;
}
