/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include "../../../irqchip/gic/gic.h"
#include "../../../vm/arch.h"

/* There may be more to do than belongs between two looks at the requests: then the loop comes by again. */
static inline void vcpu_events_inject(struct vcpu *vcpu)
{
    if (unlikely(gic_wants_entry(vcpu->arch.gic)) && unlikely(gic_entry(vcpu->arch.gic)))
        atomic_fetch_or(&vcpu->requests, VCPU_REQ_EVENT);
}

static inline bool vcpu_arch_halt_ends(struct vcpu *vcpu)
{
    return gic_is_signalled(vcpu->arch.gic);
}

#endif
