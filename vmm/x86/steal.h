/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_STEAL_H
#define VMM_X86_STEAL_H

#include "../vm/vcpu.h"

/*
 * KVM's steal time, as Linux knows it: how long a vCPU that could have run had to wait for a CPU
 * (Documentation/virt/kvm/x86/msr.rst, MSR_KVM_STEAL_TIME). vCPU thread.
 */
must_check int steal_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
must_check int steal_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value);

/* Tells the guest, if it wants to know. */
void steal_update(struct vcpu *vcpu);

#endif
