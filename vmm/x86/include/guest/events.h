/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include "../../../irqchip/lapic.h"
#include "../../../vm/arch.h"

/* The rest of vcpu_events_inject(): vmm/x86/vcpu.c. */
void x86_events_inject(struct vcpu *vcpu);

bool vcpu_arch_halt_ends(struct vcpu *vcpu);

static inline void vcpu_events_inject(struct vcpu *vcpu)
{
    if (unlikely(lapic_has_request(vcpu->arch.lapic) || vcpu->arch.is_event_waiting))
        x86_events_inject(vcpu);
}

#endif
