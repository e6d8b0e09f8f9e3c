/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_ARM64_H
#define ARM64_ARM64_H

#include "../../mem/stage2.h"
#include "../backend.h"
#include "vmid.h"
#include <arch/tlb.h>
#include <core/percpu.h>

/* A CPU that runs guests. Its own; interrupts off. */
struct arm64_cpu {
    struct vcpu *live;      /* whose registers are the CPU's and newer than memory: its thread runs here */
    uint64_t last;          /* serial number of the vCPU that was loaded here last; 0: none */
    uint64_t vttbr;         /* what VTTBR_EL2 has */
    uint64_t vtcr;          /* and VTCR_EL2 */
    uint64_t cptr;          /* what CPTR_EL2 has */
    uint64_t cptr_traps;    /* what it is when FP and SVE trap */
    uint64_t predictors_vm; /* VCPU_SERIAL_VM() of whom branch predictors have learnt from */
    uint32_t barrier;       /* immutable after boot: call of firmware that makes them forget; 0: none */
};
DECLARE_PERCPU(struct arm64_cpu, arm64_cpu);

/* HCR_EL2 of guests: Arm ARM (DDI 0487), D24.2.47. */
#define HCR_VM        BIT(0)
#define HCR_SWIO      BIT(1)
#define HCR_PTW       BIT(2)
#define HCR_VSE       BIT(8)
#define HCR_FB        BIT(9)
#define HCR_BSU_INNER BIT(10)
#define HCR_TWI       BIT(13)
#define HCR_TID1      BIT(16)
#define HCR_TID2      BIT(17)
#define HCR_TID3      BIT(18)
#define HCR_TSC       BIT(19)
#define HCR_TIDCP     BIT(20)
#define HCR_TACR      BIT(21)
#define HCR_TSW       BIT(22)
#define HCR_TVM       BIT(26)
#define HCR_TDZ       BIT(28)
#define HCR_TLOR      BIT(35)
#define HCR_TERR      BIT(36)
#define HCR_TEA       BIT(37)
#define HCR_APK       BIT(40)
#define HCR_API       BIT(41)
#define HCR_FWB       BIT(46)
#define HCR_TID5      BIT(58)
/* What guests run with. Immutable once virtualization is enabled. */
extern uint64_t arm64_hcr;
extern bool arm64_has_ras;

/* A field of four bits of an ID register. */
static inline unsigned arm64_id_field(uint64_t reg, unsigned shift)
{
    return reg >> shift & 15;
}

/* --- features.c: boot --- */

/* Asks all CPUs what they have: arm64_host, arm64_hcr. Thread. */
void arm64_features_read(void);
/* For backend_features(), when all CPUs are enabled. */
void arm64_names_make(void);

/* --- predictors.c --- */

/* What this CPU needs: enum smccc_workaround[3]. Boot; not preemptible. */
void arm64_workarounds_read(const uint64_t *id, uint64_t midr, enum smccc_workaround decided[]);
/* A vCPU comes to this CPU. Interrupts off. */
void arm64_predictors_switch(struct arm64_cpu *cpu, const struct vcpu *vcpu);

/* --- switch.c --- */

/* Has what is live saved: memory is what counts then, and may be changed if `is_changed` is set after. Any
 * context of the vCPU's thread. */
void arm64_sync(struct vcpu *vcpu);
/* Has this CPU's VTTBR_EL2 name `s2`, under a VMID that is valid, so that TLB maintenance is about that.
 * Interrupts off; no thread of another VM. */
void arm64_stage2_borrow(struct arm64_cpu *cpu, struct stage2 *s2);
/* The VM is about to lose its tables: nothing in this CPU leads to them any more. Interrupts off. */
void arm64_stage2_forget(struct arm64_cpu *cpu, const struct stage2 *s2);

/* --- timer.c: interrupts off, the vCPU's thread --- */

must_check int arm64_timer_init(void);
void arm64_timer_cpu_enable(void);
void arm64_timer_vcpu_init(struct vcpu *vcpu);
void arm64_timer_vcpu_fini(struct vcpu *vcpu);
void arm64_timer_stop(struct vcpu *vcpu);
void arm64_timer_reset(struct vcpu *vcpu);
void arm64_timer_load(struct vcpu *vcpu);
void arm64_timer_save(struct vcpu *vcpu);
unsigned arm64_vtimer_intid(void);

/* --- interface.c: the same --- */

must_check int arm64_interface_init(void);
void arm64_interface_load(struct vcpu *vcpu);
void arm64_interface_save(struct vcpu *vcpu);

/* --- fp.c: interrupts off, the vCPU's thread --- */

/* Lengths of this CPU's vectors as far as firmware lets us use them, bit n: n + 1 times 128 bits. It has SVE.
 */
uint32_t arm64_sve_lengths(bool has_vhe);
/* This CPU's CPTR_EL2, what it says of FP and SVE excepted. */
void arm64_fp_cpu_enable(uint64_t cptr);
must_check int arm64_fp_vcpu_init(struct vcpu *vcpu);
void arm64_fp_vcpu_fini(struct vcpu *vcpu);
/* Own thread, or that is parked; interrupts on or off. */
void arm64_fp_reset(struct vcpu *vcpu);
/* The vCPU has come to this CPU: its registers may still be here, else using them traps. */
void arm64_fp_load(struct arm64_cpu *cpu, struct vcpu *vcpu);
/* It leaves the CPU: memory is what counts. The host may use the registers. */
void arm64_fp_leave(struct vcpu *vcpu);

/* --- stage2.c --- */

/* What VTCR_EL2 is for all VMs; each CPU. */
void arm64_stage2_cpu_enable(void);
uint64_t arm64_vttbr(const struct stage2 *s2, uint32_t vmid);
/* Drops what TLBs of all CPUs have of the VM. Interrupts off; VTTBR_EL2 is the VM's. */
static inline void arm64_tlbi_vm(void)
{
    __asm__ volatile("dsb ishst; tlbi vmalls12e1is" ::: "memory");
    arch_tlbi_end();
}

#endif
