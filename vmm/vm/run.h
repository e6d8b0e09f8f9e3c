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
/* Tells the parked thread to end; vcpu_destroy() waits until it has. */
void vcpu_thread_end(struct vcpu *vcpu);
void vcpu_destroy(struct vcpu *vcpu);

/* An exit's name in the API. Context: any. */
const char *vm_exit_name(enum exit_kind kind);

#endif
