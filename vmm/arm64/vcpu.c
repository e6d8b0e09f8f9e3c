/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gic/gic.h"
#include "../vm/vm.h"
#include "arm64.h"
#include <core/time.h>
#include <guest/events.h>

/* An arm64 CPU between two entries. */

int vcpu_arch_init(struct vcpu *vcpu)
{
    (void)vcpu;
    return 0;
}

void vcpu_arch_fini(struct vcpu *vcpu)
{
    (void)vcpu;
}

void vcpu_arch_reset(struct vcpu *vcpu)
{
    vcpu->arch.device_page = ~0ULL;
    vcpu->arch.has_stolen_time = false;
    vcpu_power_on(vcpu, 0, 0);
    if (vcpu->id != 0) {
        vcpu->activity = VCPU_OFF;
        atomic_store(&vcpu->arch.power, VCPU_POWER_OFF);
    }
}

/* The guest's counter is at 0 when its VM's clock is; that stands still while nothing runs, and so the offset
 * is the same for all. */
void vcpu_arch_resumed(struct vcpu *vcpu)
{
    backend_counter_offset_set(vcpu, clock_ns_to_cycles(atomic_load(&vcpu->vm->clock.offset_ns)));
}

void vcpu_arch_parked(struct vcpu *vcpu)
{
    gic_leave(vcpu->arch.gic);
    backend_leave(vcpu);
}

void vcpu_arch_requests(struct vcpu *vcpu, unsigned requests)
{
    if (requests & VCPU_REQ_CLOCK)
        vcpu_arch_resumed(vcpu);
    if (requests & VCPU_REQ_STEAL)
        stolen_time_update(vcpu);
    if (requests & VCPU_REQ_CLEAN)
        caches_clean_requested(vcpu);
    if (requests & VCPU_REQ_ON)
        vcpu_power_requested(vcpu);
    /* What an operator's NMI is to this architecture: Linux prints where it is, and dumps if it is told to.
     */
    if ((requests & VCPU_REQ_SERROR) && vcpu->activity != VCPU_OFF) {
        backend_inject_serror(vcpu, 0);
        vcpu->activity = VCPU_RUNNING;
    }
}
