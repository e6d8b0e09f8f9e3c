/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_ARM64_H
#define VMM_ARM64_ARM64_H

#include "../backend/backend.h"
#include "smccc.h"

/* Between the files of vmm/arm64. On the vCPU's thread, unless said otherwise. */

/* --- exits --- */

/* MRS, MSR or a system instruction: sysreg_exit.c. */
void sysreg_exit(struct vcpu *vcpu);

/* A fault of stage 2: memory that is to be mapped, a device, or nothing: fault.c. */
void fault_exit(struct vcpu *vcpu);

/* Maintenance by set and way; a write of a register that is watched because of it (false: it is none);
 * VCPU_REQ_CLEAN; as after power-on; what else power-on takes of the one that boots, by whom nothing has run
 * since (no vCPU runs): caches.c. */
void caches_set_way(struct vcpu *vcpu);
must_check bool caches_register_write(struct vcpu *vcpu, unsigned key, uint64_t value);
void caches_clean_requested(struct vcpu *vcpu);
/* CSSELR_EL1 and CCSIDR_EL1, where they trap. */
void caches_size_access(struct vcpu *vcpu, unsigned key, bool is_read, uint64_t *value);
void caches_reset(struct vcpu *vcpu);
void caches_boot(struct vcpu *vcpu);

/* HVC or SMC, PC behind it: call.c. */
void call_exit(struct vcpu *vcpu);

/* --- a vCPU's power, as PSCI has it: power.c --- */

enum vcpu_power { VCPU_POWER_OFF, VCPU_POWER_ON_PENDING, VCPU_POWER_ON };

/* Its registers as after reset, running at `entry` with `context` in X0. Own thread, or no vCPU runs. */
void vcpu_power_on(struct vcpu *vcpu, uint64_t entry, uint64_t context);
/* Handles VCPU_REQ_ON. */
void vcpu_power_requested(struct vcpu *vcpu);
/* The calling vCPU stops until another starts it. */
void vcpu_power_off(struct vcpu *vcpu);
/* WFI and what is like it. */
void vcpu_wait(struct vcpu *vcpu);

/* CPU_ON, AFFINITY_INFO: another vCPU by its affinity; what PSCI returns. */
int64_t vcpu_power_start(struct vm *vm, uint32_t affinity, uint64_t entry, uint64_t context);
int64_t vcpu_power_get(struct vm *vm, uint32_t affinity);

/* --- stolen time: stolen.c --- */

/* Where the vCPU's record is for the guest, and now is kept; ~0: this machine has none. */
uint64_t stolen_time_enable(struct vcpu *vcpu);
void stolen_time_update(struct vcpu *vcpu);

#endif
