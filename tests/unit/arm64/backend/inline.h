/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_INLINE_H
#define BACKEND_INLINE_H

static inline void backend_prepare(struct vcpu *vcpu)
{
    (void)vcpu;
}

static inline struct vcpu *backend_enter(struct vcpu *vcpu)
{
    return vcpu;
}

static inline void backend_skip_a64(struct vcpu *vcpu)
{
    vcpu->backend.skips++;
    vcpu->arch.pc += 4;
}

static inline void backend_skip(struct vcpu *vcpu)
{
    backend_skip_a64(vcpu);
}

#endif
