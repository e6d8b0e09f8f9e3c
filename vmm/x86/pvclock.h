/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_PVCLOCK_H
#define VMM_X86_PVCLOCK_H

#include "../vm/vcpu.h"

/* KVM's paravirtual clock, as Linux knows it: Documentation/virt/kvm/x86/msr.rst. vCPU thread. */
must_check int pvclock_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
must_check int pvclock_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value);

#endif
