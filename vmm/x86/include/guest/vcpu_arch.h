/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_VCPU_ARCH_H
#define GUEST_VCPU_ARCH_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * What a vCPU is on x86 beyond what every architecture has: embedded in struct vcpu. RIP, RFLAGS, control
 * registers and segments are the backend's (<backend/inline.h>). Who may touch a member: see struct vcpu.
 */
struct lapic;
struct x86_caches;

/* Instructions that exit and whose length the hardware may not tell; a kernel has but a few of each. */
enum x86_fetch {
    X86_FETCH_CPUID,
    X86_FETCH_RDMSR,
    X86_FETCH_WRMSR,
    X86_FETCH_VMMCALL,
    X86_FETCH_HLT,
    X86_FETCH_KINDS,
    X86_FETCH_XSETBV = X86_FETCH_CPUID, /* seldom */
};
#define X86_FETCHES 32

struct vcpu_arch {
    /* By enum x86_reg; first, because assembly knows it. */
    uint64_t gpr[16]; /* t */

    struct lapic *lapic;         /* i */
    _Atomic uint8_t sipi_vector; /* a */
    bool is_nmi_pending;         /* t */
    bool is_window_open;         /* t: the backend is to tell when the guest can take an interrupt */
    bool is_event_waiting;       /* t: one of the two above, or an interrupt in replaced_irq */
    int replaced_irq;            /* t: taken from the local APIC, but an exception came first; -1: none */

    /* MSRs and registers that software keeps. */
    uint64_t xcr0;                                   /* t */
    uint64_t xcr0_host;                              /* i: what the host has in XCR0 */
    uint64_t mtrr[32];                               /* t: vmm/x86/msr.c */
    uint64_t misc_enable, tsc_aux, tsc_adjust;       /* t */
    uint64_t pvclock_msr, steal_msr, wall_clock_msr; /* t */
    uint64_t tsc_offset;                             /* t */
    uint64_t steal_base_ns; /* t: its thread's steal time that the guest has not seen */

    struct {
        uint64_t rip; /* ~0: none yet */
        const uint8_t *bytes;
    } fetches[X86_FETCH_KINDS]
             [X86_FETCHES];    /* t: where instructions were looked at, by RIP (vmm/x86/fetch.h) */
    uint64_t device_page;      /* t: guest-physical page number without RAM behind it; ~0: none known */
    struct x86_caches *caches; /* t: vmm/x86/caches.h */
};

/* Requests that only this architecture has; see enum vcpu_request. */
enum vcpu_arch_request {
    VCPU_REQ_NMI = 1 << 16,
    VCPU_REQ_INIT = 1 << 17,
    VCPU_REQ_SIPI = 1 << 18,
    VCPU_REQ_STEAL = 1 << 19, /* it has had to wait for a CPU: the scheduler's */
};

#endif
