/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_STATE_H
#define BACKEND_STATE_H

#include <arch/thread.h>
#include <core/compiler.h>
#include <core/fpu.h>
#include <core/time.h>
#include <core/types.h>
#include <guest/el1.h>

/*
 * The arm64 part of a vCPU, embedded in struct vcpu. Registers of EL1 and EL0 stay in a CPU while the vCPU's
 * thread has it: whatever the thread does meanwhile, exits do not touch them.
 */
struct arm64_cpu;

#define ARM64_PAUTH_KEYS 10

struct backend_vcpu {
    /* t, and whoever switches the thread: this CPU's registers are the vCPU's, and newer than what is here.
     */
    bool is_live;
    bool is_changed;                 /* t: what is here is newer than any CPU's registers */
    const struct arm64_cpu *last;    /* t: the CPU that they were in last */
    uint64_t el1[ARM64_EL1_REGS];    /* t */
    uint64_t keys[ARM64_PAUTH_KEYS]; /* t: APIAKeyLo_EL1 ... APGAKeyHi_EL1 */
    uint64_t hcr, vsesr, vdisr;      /* t: HCR_EL2, VSESR_EL2, VDISR_EL2 */
    uint64_t vpidr, vmpidr;          /* t: what MIDR_EL1 and MPIDR_EL1 read */

    /* FP, SIMD and SVE (fp.c). */
    bool is_fp_live; /* t, and whoever switches the thread: they are in this CPU, the guest's to use */
    bool has_sve;    /* t: `sve` has Z, P and FFR; else `fp` has V, and the rest is zero */
    struct fpu_home fp_home; /* t: of what is in memory */
    struct arch_fpu fp;      /* t */
    char *sve;               /* t: NULL: this host's guests have none */
    uint64_t zcr;            /* t: ZCR_EL1 */

    /* Timers (timer.c). */
    uint64_t counter_offset;      /* t: CNTVOFF_EL2 */
    uint64_t cntv_ctl, cntv_cval; /* t */
    uint64_t cntp_ctl, cntp_cval; /* t */
    bool is_vtimer_forwarded;     /* t: its interrupt waits for the guest's deactivation */
    struct timer vtimer, ptimer;  /* what becomes due while nothing of it is in hardware */
    struct vcpu *vcpu;            /* i: for them */

    /* Virtual CPU interface (interface.c). */
    struct gic_lrs *lrs; /* i once it runs: the image of list registers; t */
    bool are_lrs_live;   /* t: list registers are newer than the image; else it is, whatever they hold */
    uint8_t lrs_loaded;  /* t: how many list registers of this CPU hold something */
};

#endif
