/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_ARCH_H
#define VMM_VM_ARCH_H

#include "vcpu.h"

/*
 * What vmm/vm asks of the guest's architecture; one of vmm/x86 and vmm/arm64 is linked. Context: the vCPU's
 * thread, or any thread while that is parked, unless said otherwise.
 */
struct vm;
struct vm_config;
struct vm_error;
struct vm_register;

/* --- a vCPU --- */

/* At creation and at the end. -ENOMEM: nothing was taken. */
must_check int vcpu_arch_init(struct vcpu *vcpu);
void vcpu_arch_fini(struct vcpu *vcpu);
/* Power-on state, and whether it runs at once or waits to be started: vcpu->activity. */
void vcpu_arch_reset(struct vcpu *vcpu);
/* Its thread has entered the run loop, maybe after a pause: time as the guest reads it is told anew. */
void vcpu_arch_resumed(struct vcpu *vcpu);
/* Its thread has left the run loop: others may look at its state. */
void vcpu_arch_parked(struct vcpu *vcpu);
/* Requests that the run loop does not know itself: enum vcpu_arch_request, VCPU_REQ_CLOCK. */
void vcpu_arch_requests(struct vcpu *vcpu, unsigned requests);
/* Address of the instruction that it is at, and what the architecture calls that register. */
uint64_t vcpu_arch_pc(const struct vcpu *vcpu, const char **name);
/* What an operator sees of its registers, at most VM_REGISTERS_MAX; returns how many there are. */
unsigned vcpu_arch_registers(struct vcpu *vcpu, struct vm_register *out);

/*
 * Inline, in <guest/events.h>: vcpu_events_inject() gives the guest the events that it can take now, and asks
 * to be told when it can take the rest; vcpu_arch_halt_ends() says whether something ends the guest's halt.
 */

/* Handles vcpu->exit. */
void exit_handle(struct vcpu *vcpu);

/* --- a machine --- */

/* Whether there can be such a machine. -EINVAL with *error filled. Context: any. */
must_check int machine_config_check(const struct vm_config *config, struct vm_error *error);

/* Of guest-physical addresses: all slots and devices lie in as many. Context: any. */
unsigned machine_address_bits(const struct vm *vm);

/* Bytes of memory that its slots are to show: RAM as configured, and what else there is. The VM has its
 * images. Context: thread. */
uint64_t machine_memory(const struct vm *vm);

/* Memory slots, devices and interrupt controllers of a VM whose vCPUs exist. Undone by machine_destroy().
 * Context: thread. */
must_check int machine_create(struct vm *vm);
void machine_destroy(struct vm *vm);

/* Interrupt controllers as after power-on; no vCPU runs. */
void machine_reset(struct vm *vm);

/* What machine_create() and vcpu_arch_init() have taken from the host, but for what allocators round up. */
uint64_t machine_bytes(const struct vm *vm);

/* Pulls the machine's NMI line. The VM runs. Context: thread. */
void machine_nmi(struct vm *vm);

/* Power-on: loads kernel, initrd and tables, and has vCPU 0 start where the boot protocol says. Context:
 * thread, no vCPU runs. */
must_check int machine_boot(struct vm *vm, struct vm_error *error);

#endif
