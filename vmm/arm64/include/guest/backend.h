/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_BACKEND_H
#define GUEST_BACKEND_H

#include "../../../vm/vcpu.h"
#include "../../smccc.h"
#include <guest/el1.h>

/*
 * What vmm/arm64 asks of a backend beyond <backend.h>, which includes this. X0 to X30, PC and PSTATE are in
 * vcpu->arch. Calls on a vCPU come from its own thread, or while that is parked, unless said otherwise.
 *
 * The backend runs the guest's generic timer: it sets the lines of PPI 27 (virtual) and 30 (physical), in the
 * guest and while it is out, so a timer that is due ends a halt like any other interrupt.
 */
#define ARM64_PPI_PMU         23
#define ARM64_PPI_MAINTENANCE 25
#define ARM64_PPI_VTIMER      27
#define ARM64_PPI_PTIMER      30

/* By enum arm64_el1_reg. */
extern const char *const arm64_el1_names[ARM64_EL1_REGS];

/* What all CPUs of this host have for guests. */
struct arm64_host {
    uint64_t id[ID_REGISTERS];           /* ID registers, by ID_INDEX(): what the CPUs have in common */
    uint64_t midr;                       /* MIDR_EL1 of the boot CPU */
    enum smccc_workaround workaround[3]; /* what guests are told of SMCCC_ARCH_WORKAROUND_1 to _3 */
    uint8_t ipa_bits;                    /* of guest-physical addresses, at most: PARange, up to 48 */
    uint8_t vmid_bits;                   /* 8, 16 */
    uint8_t lr_count, lr_pri_bits;       /* of struct gic_config; 0: no CPU interface for guests */
    uint32_t dir_trap, icc_ctlr;         /* likewise */
    uint16_t sve_length;                 /* bytes of a guest's longest vectors; 0: no SVE */
    uint16_t sve_bytes;                  /* of all of a vCPU's */
    bool has_vhe, has_fwb, has_pauth, has_fgt, has_ecv;
};
extern struct arm64_host arm64_host; /* immutable once virtualization is enabled */

/* Everything as after a warm reset at EL1 with the MMU off: X0 to X30 and PC 0, PSTATE EL1h with all
 * interrupts masked, timers off, FP registers 0. `mpidr` is what MPIDR_EL1 reads, RES1 included; `midr`
 * MIDR_EL1. */
void backend_reset(struct vcpu *vcpu, uint64_t midr, uint64_t mpidr);

/* The vCPU is about to park: nothing of it stays in this CPU, where others could not change it. Own thread.
 */
void backend_leave(struct vcpu *vcpu);

/* What this CPU has learnt of branches is not used any more, if it needs a call of firmware for that.
 * Context: any. */
void backend_predictors_clear(void);

/* EXIT_FP: the vCPU may use the registers now. False: it has none of that kind. Own thread. */
must_check bool backend_fp_use(struct vcpu *vcpu);

/* vcpu->arch.gic is there now: once, before it runs. */
void backend_gic_attached(struct vcpu *vcpu);

uint64_t backend_el1_get(struct vcpu *vcpu, enum arm64_el1_reg reg);
void backend_el1_set(struct vcpu *vcpu, enum arm64_el1_reg reg, uint64_t value);

/* Whether writes of the registers that rule stage 1 are exits, EXIT_SYSREG: HCR_EL2.TVM. */
void backend_stage1_watch(struct vcpu *vcpu, bool is_on);

/*
 * CNTVOFF_EL2: what the guest's counter is behind the host's, physical counter included. The same for all
 * vCPUs of a VM.
 */
void backend_counter_offset_set(struct vcpu *vcpu, uint64_t offset);

/*
 * The physical timer, whose accesses are trapped: CNTP_CTL_EL0, CNTP_CVAL_EL0, CNTP_TVAL_EL0, CNTPCT_EL0,
 * CNTPCTSS_EL0. False: `reg` (ARM64_SYSREG()) is none of them.
 */
must_check bool backend_timer_read(struct vcpu *vcpu, uint32_t reg, uint64_t *value);
must_check bool backend_timer_write(struct vcpu *vcpu, uint32_t reg, uint64_t value);

/*
 * Exceptions, taken to EL1 before the guest's next instruction: PSTATE, PC, ELR_EL1, SPSR_EL1 and ESR_EL1
 * become what the CPU would have made of them (Arm ARM, D1.3). `esr`: ESR_EL1 without IL, which is taken from
 * the exit. PC is the preferred return address.
 */
void backend_inject_sync(struct vcpu *vcpu, uint64_t esr);
/* Sync exceptions by what they are: undefined instruction; abort of a data access or a fetch at
 * `far`, `iss` being the rest of the syndrome. */
void backend_inject_undefined(struct vcpu *vcpu);
void backend_inject_abort(struct vcpu *vcpu, bool is_fetch, uint64_t iss, uint64_t far);
/* Becomes pending as a virtual SError, HCR_EL2.VSE; `esr`: its ISS if the CPU has FEAT_RAS. */
void backend_inject_serror(struct vcpu *vcpu, uint64_t esr);

/* The instruction that exited is done: PC is behind it, single step and branch target state advance. */
static inline void backend_skip(struct vcpu *vcpu);
/* The same, of an instruction that only AArch64 has. */
static inline void backend_skip_a64(struct vcpu *vcpu);

/*
 * What the host and the guest have written to memory that is mapped reaches a guest whose caches are off, and
 * nothing of it stays in caches; nor do instructions that were there before. In steps of which each is short:
 * false, that was the last, and only then all this is so. `walk` is {0} before the first. Memory that is
 * mapped later needs none of it. Context: as mapped_walk().
 */
struct vm;
struct mapped_walk;
must_check bool backend_memory_clean(struct vm *vm, struct mapped_walk *walk);

#endif
