/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_VCPU_H
#define VMM_VM_VCPU_H

#include "../backend/exit.h"
#include <backend/state.h>
#include <core/audit.h>
#include <core/compiler.h>
#include <core/thread.h>
#include <core/types.h>
#include <guest/vcpu_arch.h>
#include <stdatomic.h>

/*
 * A virtual CPU: a thread that runs the guest. Who may touch a member: (i) immutable after creation, (t) its
 * own thread, (a) atomic.
 */
struct vm;

/* What others ask of a vCPU; handled by its thread before the next entry. */
enum vcpu_request {
    VCPU_REQ_PARK = 1 << 0, /* leave the run loop: pause, stop, reset */
    VCPU_REQ_TLB_FLUSH = 1 << 1,
    VCPU_REQ_EVENT = 1 << 2, /* look at the interrupt controller again */
    VCPU_REQ_CLOCK = 1 << 3, /* the guest's view of time is stale */
    /* From bit 16 on: enum vcpu_arch_request. */
};

/* Where the thread is, for whoever wants to interrupt it. */
enum vcpu_mode {
    VCPU_OUTSIDE,  /* runs host code: it sees requests before it enters the guest */
    VCPU_IN_GUEST, /* an interrupt of its CPU brings it out */
    VCPU_WAITING,  /* sleeps: thread_wake() ends that */
};

enum vcpu_activity {
    VCPU_RUNNING,
    VCPU_HALTED,
    VCPU_OFF, /* waits to be started by another: x86 INIT and start-up IPI, PSCI CPU_ON */
};

/* Of a vCPU's serial number, the part that all of its VM have in common. */
#define VCPU_SERIAL_VM_SHIFT   16
#define VCPU_SERIAL_VM(serial) ((serial) >> VCPU_SERIAL_VM_SHIFT)

struct vcpu_stats {
    uint64_t exits[EXIT_KINDS]; /* t; read by others */
    /* t; read by others: what handling exits did that it should not, by their kind. Debug builds only. */
    struct audit audits[IS_ENABLED(CONFIG_DEBUG) ? EXIT_KINDS : 1];
    uint64_t halted; /* t; read by others: vcpu_halted_cycles() */
};

struct vcpu {
    struct vcpu_arch arch; /* first: what assembly knows is at its start */

    struct vm *vm;               /* i */
    unsigned id;                 /* i */
    uint64_t serial;             /* i: of all vCPUs there ever were; 0: none */
    atomic_uint requests;        /* a: enum vcpu_request */
    atomic_uint mode;            /* a: enum vcpu_mode */
    atomic_uint cpu;             /* a: where it is in the guest */
    enum vcpu_activity activity; /* t */
    bool is_started;             /* t: since the last power-on */
    atomic_bool is_in_loop;      /* a: counted in vm->running; set while parked, cleared by its thread */
    atomic_bool is_dying;        /* a: the thread is to end; set while parked */
    struct thread *thread;       /* i: lives until the vCPU is destroyed; sleeps while halted or parked */
    struct vcpu_stats stats;
    struct vmexit exit; /* t */

    struct backend_vcpu backend; /* t */
};

/* How long it has been halted, this halt included; `steal_cycles` is what its thread has had to wait for a
 * CPU until now. Cycles of the clock's counter. Context: any. */
uint64_t vcpu_halted_cycles(const struct vcpu *vcpu, uint64_t steal_cycles);

/* Sets a request and makes sure that the vCPU notices soon. Context: any, interrupts included. */
void vcpu_request(struct vcpu *vcpu, unsigned request);

#endif
