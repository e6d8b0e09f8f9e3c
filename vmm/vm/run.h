/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_RUN_H
#define VMM_VM_RUN_H

#include "vcpu.h"

/* The run loop's neighbours: exits, life cycle, and the architecture's policy. All on the vCPU's thread. */

/* Handles vcpu->exit (vmm/x86/exit.c). */
void exit_handle(struct vcpu *vcpu);

/* The loop is entered / left (vmm/vm/life.c). */
void vm_vcpu_started(struct vcpu *vcpu);
void vm_vcpu_parked(struct vcpu *vcpu);

must_check int vcpu_create(struct vm *vm, unsigned id, struct vcpu **out);
must_check int vcpu_thread_start(struct vcpu *vcpu);
void vcpu_destroy(struct vcpu *vcpu);

/* Power-on state, or that after INIT. The thread is parked, or it is the caller. */
void vcpu_reset(struct vcpu *vcpu, bool is_init);

/* vmm/x86: MSRs that software keeps; time as the guest reads it. */
void x86_msrs_reset(struct vcpu *vcpu);
void x86_clock_update(struct vcpu *vcpu);

#endif
