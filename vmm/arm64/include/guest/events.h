/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include "../../../irqchip/gic/gic.h"
#include "../../../vm/arch.h"

/* The rest of vcpu_events_inject(): vmm/arm64/vcpu.c. */
void arm64_events_inject(struct vcpu *vcpu);

static inline void vcpu_events_inject(struct vcpu *vcpu)
{
    if (unlikely(gic_wants_entry(vcpu->arch.gic)))
        arm64_events_inject(vcpu);
}

#endif
