/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_RUN_H
#define VMM_VM_RUN_H

#include "vcpu.h"

/* The run loop's neighbours within vmm/vm. All on the vCPU's thread. */

/* The loop is entered / left (vmm/vm/life.c). */
void vm_vcpu_started(struct vcpu *vcpu);
void vm_vcpu_parked(struct vcpu *vcpu);

must_check int vcpu_create(struct vm *vm, unsigned id, struct vcpu **out);
must_check int vcpu_thread_start(struct vcpu *vcpu);
void vcpu_destroy(struct vcpu *vcpu);

#endif
