/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_VCPU_H
#define VMM_VM_VCPU_H

#include "../backend/backend.h"
#include "../x86/regs.h"
#include <core/compiler.h>
#include <core/thread.h>
#include <core/types.h>
#include <core/waitq.h>
#include <stdatomic.h>

/*
 * A virtual CPU: a thread that runs the guest. Who may touch a member: (i) immutable after creation, (t) its
 * own thread, (a) atomic.
 */
struct vm;
struct lapic;

/* What others ask of a vCPU; handled by its thread before the next entry. */
enum vcpu_request {
    VCPU_REQ_PARK = 1 << 0, /* leave the run loop: pause, stop, reset */
    VCPU_REQ_TLB_FLUSH = 1 << 1,
    VCPU_REQ_NMI = 1 << 2,
    VCPU_REQ_INIT = 1 << 3,
    VCPU_REQ_SIPI = 1 << 4,
    VCPU_REQ_EVENT = 1 << 5, /* look at the interrupt controller again */
    VCPU_REQ_CLOCK = 1 << 6, /* pvclock page or TSC offset is stale */
};

/* Where the thread is, for whoever wants to interrupt it. */
enum vcpu_mode {
    VCPU_OUTSIDE,  /* runs host code: it sees requests before it enters the guest */
    VCPU_IN_GUEST, /* an interrupt of its CPU brings it out */
    VCPU_WAITING,  /* sleeps on `wakeup` */
};

enum vcpu_activity {
    VCPU_RUNNING,
    VCPU_HALTED,
    VCPU_WAIT_SIPI, /* INIT received */
};

struct vcpu_stats {
    uint64_t exits[EXIT_KINDS]; /* t; read by others */
    uint64_t halted_ns;         /* t */
};

struct vcpu {
    /* What assembly knows: first. */
    uint64_t gpr[X86_GPRS]; /* t */
    uint64_t rip, rflags;   /* t */

    struct vm *vm;               /* i */
    struct lapic *lapic;         /* i */
    unsigned id;                 /* i */
    atomic_uint requests;        /* a: enum vcpu_request */
    atomic_uint mode;            /* a: enum vcpu_mode */
    atomic_uint cpu;             /* a: where it is in the guest */
    _Atomic uint8_t sipi_vector; /* a */
    enum vcpu_activity activity; /* t */
    bool is_nmi_pending;         /* t */
    bool is_started;             /* t: since the last power-on */
    atomic_bool is_in_loop;      /* a: counted in vm->running; set while parked, cleared by its thread */
    atomic_bool is_dying;        /* a: the thread is to end; set while parked */
    struct waitq wakeup;         /* halted or parked threads wait here */
    struct thread *thread;       /* i */
    struct vcpu_stats stats;
    struct vmexit exit; /* t */

    /* MSRs and registers that software keeps. */
    uint64_t xcr0;                                   /* t */
    uint64_t xcr0_host;                              /* i: what the host has in XCR0 */
    uint64_t apic_base;                              /* owner: lapic */
    uint64_t mtrr[32];                               /* t: vmm/x86/msr.c */
    uint64_t misc_enable, tsc_aux, tsc_adjust;       /* t */
    uint64_t pvclock_msr, steal_msr, wall_clock_msr; /* t */
    uint64_t tsc_offset;                             /* t */

    struct {
        uint64_t rip;
        const uint8_t *bytes;
        size_t size;
    } fetch_cache; /* t: where the last instruction was fetched (vmm/x86/fetch.c) */

    struct backend_vcpu *backend; /* i */
};
_Static_assert(offsetof(struct vcpu, rip) == 128, "vmm/backend/svm/enter.S");

/* Sets a request and makes sure that the vCPU notices soon. Context: any, interrupts included. */
void vcpu_request(struct vcpu *vcpu, unsigned request);

#endif
