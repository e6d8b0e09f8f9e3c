/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_BACKEND_BACKEND_H
#define VMM_BACKEND_BACKEND_H

#include "../vm/vcpu.h"
#include "exit.h"

/*
 * What a virtualization backend does; exactly one is linked. It enters the guest and explains, in neutral
 * terms, why it came back; raw reason codes never leave it. Calls on a vCPU come from its own thread, unless
 * said otherwise. Functions of the exit path are inline.
 */
/* Memory that `cpu` needs for it: enabling happens in an interrupt, which cannot allocate. -ENOMEM. Thread.
 */
must_check int backend_cpu_prepare(unsigned cpu);
/* Turns virtualization on / off on the calling CPU. -ENODEV: the CPU cannot, or firmware forbids it. */
must_check int backend_cpu_enable(void);
void backend_cpu_disable(void);

/* Once per host, after every CPU is enabled: what all VMs share. -ENOMEM. */
must_check int backend_init(void);

/* What is linked and what the CPUs offer, for the log: "svm", "nested-paging next-rip ...". */
const char *backend_name(void);
const char *const *backend_features(void); /* NULL-terminated */

must_check int backend_vcpu_init(struct vcpu *vcpu);
void backend_vcpu_fini(struct vcpu *vcpu);

/* Makes this CPU ready for the vCPU. Interrupts off; backend_enter() must follow. */
static inline void backend_prepare(struct vcpu *vcpu);
/*
 * Runs the guest until the next exit, which is then described in vcpu->exit. Host interrupts that ended the
 * run have been taken on return. Interrupts off on entry, on at return; preemption may happen after. Returns
 * the vCPU, so that callers need not have kept it where the guest's registers cannot overwrite it.
 */
static inline struct vcpu *backend_enter(struct vcpu *vcpu);

/*
 * BACKEND_AWAY, a macro: NULL, or void f(void *vcpu) for when the vCPU's thread leaves its CPU to another and
 * has state of its guest in it (core/thread.h).
 */

/* The guest's translations are stale: dropped before its next entry. Own thread. */
void backend_tlb_flush(struct vcpu *vcpu);

/* What the guest's architecture asks of its backends beyond this, and the exit path's part by the one that is
 * linked. */
#include <guest/backend.h>

#include <backend/inline.h>

#endif
